// SPDX-License-Identifier: BSL-1.0
#include "record.hpp"

#include <base/posix/read_file.hpp>
#include <base/posix/replace_file.hpp>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_file = std::size_t{1024} * 1024;
constexpr std::string_view record_title = "hookd hooks 2";

/// Whose record a file is: a copy of the repository has that of the original, whose scripts are not its own.
std::string owner_of(const fs::path& file) { return fs::weakly_canonical(file.parent_path()).string(); }

}  // namespace

// `HOOK DIRECTORY`, each ended by a NUL, since paths may have line ends; before them what the file is, and the
// directory that it was written in.
git_record::git_record(fs::path file) : file_(std::move(file)) {
    std::error_code none;
    if (!fs::is_regular_file(fs::symlink_status(file_, none))) {
        return;
    }
    const auto text = base::read_front(file_, longest_file).value_or("");
    std::string_view rest = text;
    const auto next = [&rest] {
        const auto entry = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
        return entry;
    };
    if (next() != record_title || next() != owner_of(file_)) {
        return;
    }
    while (!rest.empty()) {
        const auto entry = next();
        if (const auto space = entry.find(' '); space != std::string_view::npos) {
            add({std::string(entry.substr(0, space)), fs::path(entry.substr(space + 1))});
        }
    }
}

std::vector<fs::path> git_record::directories() const {
    std::vector<fs::path> all;
    for (const auto& each : scripts_) {
        if (std::find(all.begin(), all.end(), each.directory) == all.end()) {
            all.push_back(each.directory);
        }
    }
    return all;
}

void git_record::add(installed_script script) {
    if (std::find(scripts_.begin(), scripts_.end(), script) == scripts_.end()) {
        scripts_.push_back(std::move(script));
    }
}

void git_record::remove(const installed_script& script) { std::erase(scripts_, script); }

void git_record::save() const {
    if (scripts_.empty()) {
        std::error_code none;
        fs::remove(file_, none);
        return;
    }
    fs::create_directories(file_.parent_path());
    std::string text(record_title);
    text.append(1, '\0').append(owner_of(file_)).append(1, '\0');
    for (const auto& each : scripts_) {
        text.append(each.hook).append(" ").append(each.directory.string()).append(1, '\0');
    }
    base::replace_file(file_, text, 0644);
}

fs::path git_record::global_file() {
    const char* state = std::getenv("XDG_STATE_HOME");
    if (state != nullptr && *state == '/') {
        return fs::path(state) / "hookd" / "git-hooks";
    }
    const char* home = std::getenv("HOME");
    return fs::path(home != nullptr ? home : "/") / ".local/state/hookd/git-hooks";
}

}  // namespace hookd::hookctl
