// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>

namespace hookd::base {

/// Makes the directory and those above it that are missing, each with mode 0700. One that is there stays as it is.
/// Throws std::filesystem::filesystem_error.
void make_private_directory(const std::filesystem::path& path);

/// Whether `path` is a directory, no link to one, that belongs to this user and that no other user may write to.
[[nodiscard]] bool is_private_directory(const std::filesystem::path& path) noexcept;

}  // namespace hookd::base
