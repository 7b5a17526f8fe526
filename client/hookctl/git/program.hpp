// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::hookctl {

/// What git is asked.
struct git_question {
    std::vector<std::string> arguments{};
    /// The repository's directory; empty: this process's own, and the repository that git takes there.
    std::string directory{};
    std::string input{};
    /// How long it may take; nothing: as long as it likes.
    std::optional<std::chrono::milliseconds> timeout{};
};

/// What git has said.
struct git_answer {
    int status = 0;
    std::string output{};
    std::string errors{};
    bool whole = true;  ///< it was neither cut after 1 MiB nor stopped in time

    [[nodiscard]] bool succeeded() const noexcept { return status == 0 && whole; }
};

/// Runs git and waits for it. Line ends at the end of both outputs are taken off. Throws usage_error where there is no
/// git.
[[nodiscard]] git_answer ask_git(git_question question);

/// The same for the repository at `directory`.
[[nodiscard]] inline git_answer ask_git(const std::string& directory, std::vector<std::string> arguments) {
    git_question question;
    question.directory = directory;
    question.arguments = std::move(arguments);
    return ask_git(std::move(question));
}

/// Whether a variable tells git which repository it is for: a hook of git's, or an alias, has some of them.
[[nodiscard]] bool names_a_repository(std::string_view variable);

}  // namespace hookd::hookctl
