// SPDX-License-Identifier: BSL-1.0
#include "settings_file.hpp"

#include "hookctl/arguments.hpp"

#include <base/posix/read_file.hpp>
#include <base/posix/replace_file.hpp>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_settings = std::size_t{16} << 20U;

[[noreturn]] void fail(const std::string& action, const std::string& path, int error) {
    throw usage_error("can't " + action + " " + path + ": " + std::generic_category().message(error));
}

void check_link(const settings_path& path, const fs::path& link) {
    if (!path.follows_links) {
        throw usage_error(link.string() +
                          " is a link, and in a project hookctl follows none: change the file that it leads to by "
                          "hand, or replace the link");
    }
    struct stat found {};
    if (::lstat(link.c_str(), &found) == 0 && found.st_uid != ::geteuid() && found.st_uid != 0) {
        throw usage_error(link.string() + " is a link of another user: replace it with one of your own");
    }
    std::error_code ignored;
    if (!fs::exists(link, ignored)) {
        throw usage_error(link.string() + " is a link to nothing: make what it leads to, or remove the link");
    }
}

/// Where the file is, with no link left in the part below `path.base`.
fs::path place_of(const settings_path& path) {
    fs::path at(path.base);
    bool is_linked = false;
    for (const auto& part : fs::path(path.rest)) {
        at /= part;
        std::error_code ignored;
        if (fs::is_symlink(fs::symlink_status(at, ignored))) {
            check_link(path, at);
            is_linked = true;
        }
    }
    return is_linked ? fs::weakly_canonical(at) : at;
}

/// Another file could be put in place of one that may not be written, which its owner has not agreed to.
void refuse_read_only(const fs::path& file) {
    if (::faccessat(AT_FDCWD, file.c_str(), W_OK, AT_EACCESS) != 0 && errno != ENOENT) {
        fail("change", file.string(), errno);
    }
}

/// Whether a directory is also for others than agents, so that an empty one may have been there before.
bool is_shared(const fs::path& directory) { return directory.filename() == ".github"; }

}  // namespace

std::optional<std::string> read_settings(const settings_path& path) {
    const auto place = place_of(path);
    try {
        return base::read_file(place, {.max_bytes = longest_settings});
    } catch (const base::read_error& failure) {
        if (failure.why() == base::read_error::reason::absent) {
            return std::nullopt;
        }
        throw usage_error("can't read " + place.string() + ": " + failure.what());
    }
}

void write_settings(const settings_path& path, const std::string& text) {
    const auto target = place_of(path);
    refuse_read_only(target);
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    if (error) {
        fail("make", target.parent_path().string(), error.value());
    }
    struct stat there {};
    const bool is_there = ::stat(target.c_str(), &there) == 0;
    try {
        base::replace_file(target, text, is_there ? there.st_mode & 07777U : 0600U);
    } catch (const fs::filesystem_error& failure) {
        fail("write", failure.path1().string(), failure.code().value());
    }
}

void remove_settings(const settings_path& path) {
    const auto target = place_of(path);
    if (fs::is_symlink(path.whole())) {
        write_settings(path, "");  // whoever keeps it elsewhere has the link and the file under version control
        return;
    }
    refuse_read_only(target);
    if (::unlink(target.c_str()) != 0 && errno != ENOENT) {
        fail("remove", target.string(), errno);
    }
    for (auto rest = fs::path(path.rest).parent_path(); !rest.empty() && !is_shared(rest); rest = rest.parent_path()) {
        if (::rmdir((fs::path(path.base) / rest).c_str()) != 0) {
            return;  // it holds other files
        }
    }
}

}  // namespace hookd::hookctl
