// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::base {

/// What of an argument may name a file: all of it, unless it is an option, and FILE of `--option=FILE`, `NAME=FILE`
/// and, if it is absolute, of `-oFILE`; each is a suffix of `word`, and empty if there is none.
[[nodiscard]] std::array<std::string_view, 2> file_names_in(std::string_view word) noexcept;

/// A command as it is to be registered, so that it means the same wherever it runs: its program by the absolute path
/// where it was found, and absolute each file_names_in() an argument that is a regular file's, or begins with ./ or ../
/// whether or not anything is there.
///
/// `directory`: what relative names count from. `path`: as $PATH, where a program without a slash is looked up. What is
/// not found stays as it is. Precondition: `words` is not empty.
[[nodiscard]] std::vector<std::string> resolved_command(
    std::vector<std::string> words, const std::filesystem::path& directory, std::string_view path);

}  // namespace hookd::base
