// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hooks/trust.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace hookd::server {

/// Copies of trusted files, so that what runs is what was looked at, whatever becomes of the file between a look and a
/// start.
///
/// Each lies in a directory of its own, where only this user can write, under the file's own name and beside links to
/// the file's neighbours: a script finds what lies beside it as it would where it came from. All are removed with this
/// object; those of a daemon that was killed are left to whatever clears the system's directory for temporary files,
/// and one that was cleared is made again.
///
/// Thread-safety: none. Blocks as long as the disk does.
class private_copies {
public:
    private_copies() = default;
    private_copies(const private_copies&) = delete;
    private_copies& operator=(const private_copies&) = delete;
    ~private_copies();

    /// The path of a copy that has the content of `pin`; nothing where the file has it no longer. Throws
    /// std::runtime_error where the file cannot be read or the copy cannot be written.
    [[nodiscard]] std::optional<std::string> of(const file_pin& pin);

private:
    [[nodiscard]] const std::filesystem::path& root();

    std::filesystem::path root_{};  ///< empty: not made yet
    std::size_t last_ = 0;
    struct copy {
        std::string sha256{};
        std::filesystem::path path{};
    };
    std::map<std::string, copy> copies_{};  ///< by the original's path; a file has one content at a time
};

}  // namespace hookd::server
