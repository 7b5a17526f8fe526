// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::base {

/// A command as it is to be registered, so that it means the same wherever it runs: its program by the absolute path
/// where it was found, and each argument absolute that names a regular file, or begins with ./ or ../ whether or not
/// anything is there.
///
/// `directory`: what relative names count from. `path`: as $PATH, where a program without a slash is looked up. What is
/// not found stays as it is. Precondition: `words` is not empty.
[[nodiscard]] std::vector<std::string> resolved_command(
    std::vector<std::string> words, const std::filesystem::path& directory, std::string_view path);

}  // namespace hookd::base
