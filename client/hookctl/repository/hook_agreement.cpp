// SPDX-License-Identifier: BSL-1.0
#include "hook_agreement.hpp"

#include "hookctl/arguments.hpp"
#include "hookctl/daemon/daemon_program.hpp"
#include "hookctl/git/program.hpp"

#include <base/exec/command_runner.hpp>
#include <base/posix/private_directory.hpp>
#include <base/posix/read_file.hpp>
#include <base/posix/replace_file.hpp>
#include <base/text/quantity.hpp>

#include <algorithm>
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

std::size_t size_of(const contents& files, const std::string& path) {
    const auto found = files.find(path);
    return found == files.end() ? 0 : found->second.size();
}

/// Names the file that has most of what is to be shown.
std::string describe_unshowable(const contents& before, const contents& now) {
    std::string longest;
    std::size_t most = 0;
    std::size_t total_now = 0;
    const auto compare = [&](const std::string& path) {
        const auto size = std::max(size_of(before, path), size_of(now, path));
        const bool is_same = before.contains(path) && now.contains(path) && before.at(path) == now.at(path);
        if (!is_same && size > most) {
            longest = path;
            most = size;
        }
    };
    for (const auto& each : now) {
        compare(each.first);
        total_now += each.second.size();
    }
    for (const auto& each : before) {
        compare(each.first);
    }
    const bool fits_alone = !before.empty() && total_now < base::max_output_bytes;
    const std::string advice =
        fits_alone ? "Type hookctl unsync, after which hookctl sync shows it without what it replaces; or have"
                   : "Have";
    return "what has changed cannot be shown whole, since it is longer than " +
           base::describe_size(base::max_output_bytes) + ": most of it is in " + longest + ", of " +
           std::to_string(most) + " bytes. " + advice +
           " the hook run a shorter script, or review that file and register its hook by hand: hookctl register";
}

}  // namespace

hook_agreement::hook_agreement(const hook_repository& repository)
    : directory_(state_directory() / "repositories" / repository.common_dir.relative_path()) {}

bool hook_agreement::is_agreed(const contents& now) const { return read_copies(agreed()) == now; }

bool hook_agreement::is_shown(const contents& now) const { return read_copies(shown()) == now; }

std::string hook_agreement::show(const contents& now) const {
    write_copies(shown(), now);
    base::make_private_directory(agreed());  // empty where nothing was agreed to yet
    const auto answer = ask_git(
        directory_.string(), {"-c", "core.quotePath=false", "diff", "--no-index", "--no-ext-diff", "--no-textconv",
                                 "--text", "--no-color", "--src-prefix=", "--dst-prefix=", "--", "agreed", "shown"});
    constexpr int differs = 1;
    if (answer.whole && (answer.status == 0 || answer.status == differs)) {
        return answer.output + "\n";
    }
    fs::remove_all(shown());
    if (!answer.whole) {
        throw unshowable_change(describe_unshowable(read_copies(agreed()), now));
    }
    throw usage_error("git could not show what has changed: " + answer.errors);
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
