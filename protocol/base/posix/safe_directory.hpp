// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <string_view>

namespace hookd::base {

/// Makes sure that `directory` is one where nobody but this user and root can replace a file: walks to it from its
/// first component, one by one, looks at each that exists, and makes each that is missing with mode 0700.
///
/// A directory is accepted where it belongs to this user or root and nobody else may write to it, or where it is sticky
/// and root's (PROTOCOL.md, "Who may talk"); a symbolic link where it belongs to this user or root. What is refused is
/// never touched: std::runtime_error, with a message that names it and says what to do: to choose another path with
/// `option`.
void prepare_directory(const std::filesystem::path& directory, std::string_view option);

/// The same, but what is missing is refused, too.
void check_directory(const std::filesystem::path& directory, std::string_view option);

/// The same for a file, which belongs to this user or root, and which nobody else may write to.
void check_file(const std::filesystem::path& file, std::string_view option);

}  // namespace hookd::base
