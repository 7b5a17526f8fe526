// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <string_view>

#include <sys/types.h>

namespace hookd::base {

/// A file that is written beside the place where it is to be: it is there, whole and on the disk, before anything
/// else changes, and it is gone if it was not put in its place.
///
/// Its name until then is the place's with `.new-PID` behind it. No link is followed there. Thread-safety: none; two
/// objects for one place must not live at a time in one process. Errors: std::filesystem::filesystem_error.
class staged_file {
public:
    /// Writes `text` to a new file with exactly the permissions `mode`.
    staged_file(std::filesystem::path place, std::string_view text, mode_t mode);
    staged_file(const staged_file&) = delete;
    staged_file& operator=(const staged_file&) = delete;
    ~staged_file();

    /// Puts it in its place, in one step: who opens the place finds the old file or the new one. To be called once.
    void commit();

private:
    std::filesystem::path place_;
    std::filesystem::path staged_;  // empty once it was committed
};

/// Replaces the file at `path`, or makes it. When it returns, the change is on the disk, too: whenever the machine
/// stops, the file is the old one or the new one. A symbolic link at `path` is replaced, not followed.
///
/// Throws std::filesystem::filesystem_error.
void replace_file(const std::filesystem::path& path, std::string_view text, mode_t mode);

/// When it returns, it is on the disk which files are in the directory `path`; empty: the working directory.
///
/// Throws std::filesystem::filesystem_error.
void sync_directory(const std::filesystem::path& path);

}  // namespace hookd::base
