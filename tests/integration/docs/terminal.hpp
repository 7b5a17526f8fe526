// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/deadline.hpp"
#include "support/process.hpp"

#include <base/posix/unique_fd.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace hookd::test::docs {

/// The shells that the documents are for.
enum class shell { bash, zsh, fish };

/// Its name, which is that of its program.
[[nodiscard]] std::string to_string(shell which);

/// A person's terminal: a shell on a pseudo-terminal, 100 columns wide, that runs one command at a time. Standard input
/// is empty. Colours are left out of what it prints. The destructor ends what still runs in it.
class terminal {
public:
    terminal(shell which, const std::string& directory, std::map<std::string, std::optional<std::string>> environment);
    ~terminal();
    terminal(const terminal&) = delete;
    terminal& operator=(const terminal&) = delete;

    /// Runs a command, and returns its exit status once it has ended (one with `&` does so at once) and `enough` holds.
    /// Every line that is printed meanwhile, by whichever program, goes to `on_line`. Throws std::runtime_error where
    /// the limit passes.
    int run(const std::string& command, const std::function<void(const std::string&)>& on_line,
        const std::function<bool()>& enough, deadline limit);

private:
    void read_more(deadline limit);

    base::unique_fd master_;
    base::unique_fd slave_;
    std::optional<child_process> shell_{};
    std::string unread_{};
};

}  // namespace hookd::test::docs
