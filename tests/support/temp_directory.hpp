// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace hookd::test {

/// A directory of mode 0700 of its own for each test, removed with all that is in it. Its path is short, since a
/// socket's may have 107 bytes only.
class temp_directory {
public:
    temp_directory();
    ~temp_directory();
    temp_directory(const temp_directory&) = delete;
    temp_directory& operator=(const temp_directory&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// The path of `name` in it.
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

/// Writes `text` to a new or emptied file.
void write_file(const std::string& path, const std::string& text);
[[nodiscard]] std::string read_file(const std::string& path);
/// Writes a file that its owner, and no other user, may execute. Returns `path`.
std::string write_script(const std::string& path, const std::string& text = "#!/bin/sh\n");
/// Writes a file that no other user may read. Returns `path`.
std::string write_secret(const std::string& path, const std::string& text);

}  // namespace hookd::test
