// SPDX-License-Identifier: BSL-1.0
#include "hook_agreement.hpp"

#include "hookctl/daemon/daemon_program.hpp"
#include "hookctl/git/program.hpp"
#include "hookctl/json/file_text.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;
using contents = hook_agreement::contents;

void make_private_directories(const fs::path& path) {
    if (!fs::is_directory(path)) {
        make_private_directories(path.parent_path());
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
            throw std::system_error(errno, std::generic_category(), path.string());
        }
    }
}

void write_file(const fs::path& path, const std::string& text) {
    make_private_directories(path.parent_path());
    if (!write_whole(path, text)) {
        throw std::system_error(errno, std::generic_category(), path.string());
    }
}

/// All files below the directory, as write_copies() has left them; none where it is not there.
contents read_copies(const fs::path& directory) {
    contents found;
    std::error_code absent;
    for (const auto& each : fs::recursive_directory_iterator(directory, absent)) {
        if (each.is_regular_file()) {
            found[each.path().lexically_relative(directory).string()] = read_whole(each.path()).value_or("");
        }
    }
    return found;
}

void write_copies(const fs::path& directory, const contents& now) {
    const fs::path fresh = directory.string() + ".new";
    fs::remove_all(fresh);
    make_private_directories(fresh);
    for (const auto& [path, text] : now) {
        write_file(fresh / path, text);
    }
    fs::remove_all(directory);
    fs::rename(fresh, directory);
}

}  // namespace

hook_agreement::hook_agreement(const hook_repository& repository)
    : directory_(state_directory() / "repositories" / repository.common_dir.relative_path()) {}

bool hook_agreement::is_agreed(const contents& now) const { return read_copies(agreed()) == now; }

bool hook_agreement::was_another_shown(const contents& now) const {
    const auto before = read_copies(shown());
    return !before.empty() && before != now;
}

std::string hook_agreement::show(const contents& now) const {
    write_copies(shown(), now);
    make_private_directories(agreed());  // empty where nothing was agreed to yet
    const auto said = ask_git(
        directory_.string(), {"-c", "core.quotePath=false", "diff", "--no-index", "--no-ext-diff", "--no-textconv",
                                 "--text", "--no-color", "--src-prefix=", "--dst-prefix=", "--", "agreed", "shown"});
    return said.output + (said.whole ? "\n" : "\n[...]\n");
}

void hook_agreement::agree(const contents& now) const {
    write_copies(agreed(), now);
    fs::remove_all(shown());
}

void hook_agreement::forget() const {
    fs::remove_all(agreed());
    fs::remove_all(shown());
}

}  // namespace hookd::hookctl
