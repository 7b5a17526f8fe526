// SPDX-License-Identifier: BSL-1.0
#include "hook_agreement.hpp"

#include "hookctl/daemon/daemon_program.hpp"
#include "hookctl/git/program.hpp"

#include <base/posix/private_directory.hpp>
#include <base/posix/read_file.hpp>
#include <base/posix/replace_file.hpp>

#include <system_error>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;
using contents = hook_agreement::contents;

constexpr std::size_t longest_copy = std::size_t{64} << 20U;

void write_file(const fs::path& path, const std::string& text) {
    base::make_private_directory(path.parent_path());
    base::replace_file(path, text, 0600);
}

/// All files below the directory, as write_copies() has left them; none where it is not there.
contents read_copies(const fs::path& directory) {
    contents found;
    std::error_code absent;
    for (const auto& each : fs::recursive_directory_iterator(directory, absent)) {
        if (each.is_regular_file()) {
            found[each.path().lexically_relative(directory).string()] =
                base::read_front(each.path(), longest_copy).value_or(std::string());
        }
    }
    return found;
}

void write_copies(const fs::path& directory, const contents& now) {
    const fs::path fresh = directory.string() + ".new";
    fs::remove_all(fresh);
    base::make_private_directory(fresh);
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
    base::make_private_directory(agreed());  // empty where nothing was agreed to yet
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
