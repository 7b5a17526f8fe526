// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hook.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// So many names, and so many bytes of them, are in a payload at most.
inline constexpr std::size_t max_git_files = 1000;
inline constexpr std::size_t max_git_file_bytes = std::size_t{256} * 1024;

/// Paths from the top of the repository, as git has them, each once.
struct git_files {
    std::vector<std::string> names{};
    bool cut = false;  ///< there are more
};

/// Whether the payload of this hook says which files it is about.
[[nodiscard]] bool has_files(const git_hook& hook) noexcept;

/// What is staged, or what the commits touch that a push brings, as the hook's `input` names them. Asks git once, for
/// two seconds at most. `remote`: of pre-push, its first argument.
[[nodiscard]] git_files find_git_files(const git_hook& hook, std::string_view remote, std::string_view input);

}  // namespace hookd::hookctl
