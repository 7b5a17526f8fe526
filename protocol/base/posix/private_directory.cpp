// SPDX-License-Identifier: BSL-1.0
#include "private_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace hookd::base {

void make_private_directory(const std::filesystem::path& path) {
    std::error_code unknown;
    if (path.empty() || std::filesystem::is_directory(path, unknown)) {
        return;
    }
    make_private_directory(path.parent_path());
    if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        throw std::filesystem::filesystem_error(
            "cannot make the directory", path, std::error_code{errno, std::generic_category()});
    }
}

bool is_private_directory(const std::filesystem::path& path) noexcept {
    struct stat found {};
    return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::geteuid() &&
           (found.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace hookd::base
