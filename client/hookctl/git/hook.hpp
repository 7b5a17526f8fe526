// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// What git writes to a hook's standard input, a line each.
enum class git_input : unsigned char {
    none,
    pushes,        ///< LOCAL-REF LOCAL-OID REMOTE-REF REMOTE-OID
    updates,       ///< OLD-OID NEW-OID REF
    transactions,  ///< OLD-VALUE NEW-VALUE REF
    rewrites,      ///< OLD-OID NEW-OID [EXTRA]
};

/// What an argument is to its readers.
enum class git_argument_form : unsigned char {
    text,
    path,     ///< a file, relative to the directory where the hook runs
    message,  ///< the same, a text that people have written
    url,      ///< where a repository is; may hold credentials
    flag,     ///< `1` or `0`
    rest,     ///< this argument and all after it
};

struct git_argument {
    std::string_view member{};  ///< what the payload calls it
    git_argument_form form = git_argument_form::text;
};

/// A hook of git (githooks(5)) that can be an event: one that vetoes or is told. Those that do a part of git's own work
/// are none: fsmonitor-watchman, proc-receive, push-to-checkout.
struct git_hook {
    std::string_view name{};                  ///< as git calls it: `pre-commit`
    bool vetoes = false;                      ///< git heeds its exit status
    bool usual = true;                        ///< installed unless the user says which; others run many times a command
    std::size_t required = 0;                 ///< so many arguments are always there
    std::array<git_argument, 3> arguments{};  ///< an empty `member` ends them
    git_input input = git_input::none;
};

/// All of them, in the order in which githooks(5) has them.
[[nodiscard]] std::span<const git_hook> git_hooks() noexcept;

/// By git's name; null for any other.
[[nodiscard]] const git_hook* find_git_hook(std::string_view name) noexcept;

/// Reads one word of `--events`: `pre-commit`, `pre_commit` or `git.pre_commit`. Throws usage_error, which names the
/// nearest.
[[nodiscard]] const git_hook& git_hook_called(std::string_view word);

/// `git.pre_commit`
[[nodiscard]] std::string event_of(const git_hook& hook);

/// Whether git waits for leave this time: a transaction's hook can only stop it while it is prepared.
[[nodiscard]] bool asks_for_leave(const git_hook& hook, const std::vector<std::string>& arguments);

}  // namespace hookd::hookctl
