// SPDX-License-Identifier: BSL-1.0
#include "hooks_directory.hpp"

#include "author.hpp"
#include "hookctl/arguments.hpp"
#include "stand_in.hpp"

#include <base/posix/file_lock.hpp>
#include <base/posix/read_file.hpp>
#include <base/posix/replace_file.hpp>
#include <base/posix/unique_fd.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr const char* ignoring_all = ".gitignore";
constexpr std::size_t longest_hook = std::size_t{64} << 20U;
constexpr std::size_t most_kept = 9;        // hooks that run before a script
constexpr std::size_t most_superseded = 9;  // and that do not run any more

bool is_there(const fs::path& path) { return fs::symlink_status(path).type() != fs::file_type::not_found; }

std::string text_of(const fs::path& path) { return base::read_front(path, longest_hook).value_or(std::string()); }

bool is_link(const fs::path& path) { return fs::is_symlink(fs::symlink_status(path)); }

/// The directory's own name below the real path of its parent: a link in its place stays one.
fs::path unfollowed(const fs::path& directory) {
    auto named = directory.lexically_normal();
    if (!named.has_filename()) {
        named = named.parent_path();
    }
    return fs::weakly_canonical(named.parent_path()) / named.filename();
}

/// The lock on a directory; not held if the directory is not there or has no locks: then whoever changes it at the same
/// time is not kept away.
base::file_lock locked(const fs::path& directory) {
    base::file_lock lock(base::unique_fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    try {
        if (lock.file()) {
            lock.lock();
        }
    } catch (const std::system_error&) {
        return {};
    }
    return lock;
}

constexpr mode_t script_mode = 0755;  // whoever may use the repository runs its hooks

/// Whether a script of ours is there. A link to one is somebody else's: it led there before, or its target was written
/// over since.
bool holds_script(const fs::path& path) {
    return fs::is_regular_file(fs::symlink_status(path)) && is_git_script(text_of(path));
}

/// Whether what stands in for a script of ours is there: under git's name, too, where a manager has put back what it
/// had moved.
bool holds_stand_in(const fs::path& path, const git_hook& hook) {
    return fs::is_regular_file(fs::symlink_status(path)) && is_git_stand_in(text_of(path), hook);
}

/// The files of a directory and of the directories in it that `is_wanted`, no links among them.
template <class Predicate>
std::vector<fs::path> files_below(const fs::path& directory, Predicate is_wanted) {
    std::vector<fs::path> found;
    std::error_code none;
    const auto add = [&](const fs::path& path) {
        if (!is_link(path) && fs::is_regular_file(path, none) && is_wanted(path)) {
            found.push_back(path);
        }
    };
    for (const auto& each : fs::directory_iterator(directory, none)) {
        add(each.path());
        if (!is_link(each.path()) && fs::is_directory(each.path(), none)) {
            for (const auto& inner : fs::directory_iterator(each.path(), none)) {
                add(inner.path());
            }
        }
    }
    return found;
}

/// What git itself reads in a directory of a working tree. It takes no link there, and one with other contents would be
/// wrong.
bool is_gits_own(const fs::path& name) { return name.string().starts_with(".git"); }

constexpr std::string_view superseded_mark = ".superseded-";

/// Has the name under which a manager would call a kept hook.
fs::path place_note(const fs::path& kept) { return kept.string() + ".place"; }

/// Whether both are hooks of one manager, an older and a newer one.
bool same_author(const fs::path& one, const fs::path& other) {
    const auto author = author_of(text_of(one));
    return !author.empty() && author == author_of(text_of(other));
}

/// Whether `path` is one of the links that tidy makes.
bool is_neighbour(const fs::path& path, const fs::path& directory) {
    return fs::is_symlink(path) && fs::read_symlink(path) == ".." / directory.filename() / path.filename();
}

bool same_content(const fs::path& one, const fs::path& other) {
    if (is_link(one) || is_link(other)) {
        return is_link(one) && is_link(other) && fs::read_symlink(one) == fs::read_symlink(other);
    }
    std::error_code different;
    if (fs::equivalent(one, other, different)) {
        return true;
    }
    return text_of(one) == text_of(other) && fs::status(one).permissions() == fs::status(other).permissions();
}

}  // namespace

git_hooks_directory::git_hooks_directory(const fs::path& directory)
    : directory_(unfollowed(directory)), lock_(locked(directory_.parent_path())) {}

fs::path git_hooks_directory::kept_directory(std::size_t number) const {
    auto name = directory_.filename().string() + ".before-hookd";
    if (number > 1) {
        name += "." + std::to_string(number);
    }
    return directory_.parent_path() / name;
}

bool git_hooks_directory::has_script(const git_hook& hook) const { return holds_script(directory_ / hook.name); }

std::vector<fs::path> git_hooks_directory::kept(const git_hook& hook) const {
    std::vector<fs::path> found;
    for (std::size_t number = 1; number <= most_kept; ++number) {
        const auto directory = kept_directory(number);
        const auto file = directory / hook.name;
        if (!is_link(directory) && is_there(file) && !is_neighbour(file, directory_)) {
            found.push_back(file);
        }
    }
    return found;
}

std::vector<fs::path> git_hooks_directory::superseded(const git_hook& hook) const {
    std::vector<fs::path> found;
    for (std::size_t number = 1; number <= most_kept; ++number) {
        const auto directory = kept_directory(number);
        for (std::size_t age = 1; !is_link(directory) && age <= most_superseded; ++age) {
            auto file = directory / (std::string(hook.name).append(superseded_mark) + std::to_string(age));
            if (is_there(file)) {
                found.push_back(std::move(file));
            }
        }
    }
    return found;
}

std::vector<fs::path> git_hooks_directory::moved_scripts(const git_hook& hook) const {
    return files_below(directory_, [&](const fs::path& file) {
        constexpr std::size_t enough = 512;
        const auto text = base::read_front(file, enough).value_or("");
        // An early release's script does not say what it is for; its name begins as it was.
        return file != directory_ / hook.name && is_git_script(text) &&
               hook_of_script(text).value_or(file.stem().string()) == hook.name;
    });
}

std::vector<fs::path> git_hooks_directory::stand_ins(const git_hook& hook) const {
    return files_below(
        directory_, [&](const fs::path& file) { return file != directory_ / hook.name && holds_stand_in(file, hook); });
}

void git_hooks_directory::check(const git_hook& hook) const {
    const auto place = directory_ / hook.name;
    if (is_link(directory_)) {
        throw usage_error(
            directory_.string() +
            " is a link, which hookctl does not follow; name the directory itself, as in: git config core.hooksPath '" +
            fs::weakly_canonical(directory_).string() + "'");
    }
    for (std::size_t number = 1; number <= most_kept; ++number) {
        if (is_link(kept_directory(number))) {
            throw usage_error(kept_directory(number).string() + " is a link, where hooks are to be kept: remove it");
        }
    }
    if (fs::is_directory(fs::symlink_status(place))) {
        throw usage_error(place.string() + " is a directory: move it away");
    }
    if (is_there(place) && !has_script(hook) && is_there(kept_directory(most_kept) / hook.name)) {
        throw usage_error(std::to_string(most_kept) + " previous hooks are kept beside " + directory_.string() +
                          " as " + kept_name() + "*/" + std::string(hook.name) +
                          ": move those away that are not needed");
    }
}

std::string git_hooks_directory::script(const git_hook& hook, const git_script_options& options) const {
    std::vector<std::string> directories;
    for (const auto& each : kept(hook)) {
        directories.push_back(each.parent_path().filename().string());
    }
    return git_script(hook, options, directories);
}

/// Whether there was anything to take back. Where a manager that wrote another hook would have moved the newest of
/// those that are kept is noted beside that.
bool git_hooks_directory::take_back_moved(const git_hook& hook) const {
    const auto moved = moved_scripts(hook);
    const auto all = kept(hook);
    const auto place = directory_ / hook.name;
    for (const auto& each : moved) {
        if (!all.empty() && is_there(place) && !has_script(hook) && !same_content(place, all.back()) &&
            !same_author(place, all.back())) {
            const auto note = place_note(all.back());
            fs::remove(note);
            base::replace_file(note, each.lexically_relative(directory_).string(), 0644);
        }
        withdraw(hook, each);
    }
    bool any_gone = !moved.empty();
    for (const auto& each : stand_ins(hook)) {
        any_gone = withdraw(hook, each) || any_gone;
    }
    return any_gone;
}

/// Takes a moved script, or what stands in for one, away; whether nothing has to stand there for a hook that calls it.
bool git_hooks_directory::withdraw(const git_hook& hook, const fs::path& file) const {
    auto callers = kept(hook);
    if (!has_script(hook)) {
        callers.push_back(directory_ / hook.name);
    }
    const auto name = file.lexically_relative(directory_).string();
    const bool is_called = std::any_of(callers.begin(), callers.end(),
        [&](const fs::path& each) { return calls_unchecked(text_of(each), hook, name); });
    if (!is_called) {
        fs::remove(file);
    } else if (!holds_stand_in(file, hook)) {
        base::replace_file(file, git_stand_in(hook), script_mode);
    }
    return !is_called;
}

void git_hooks_directory::put_where_managers_look(const git_hook& hook) const {
    for (const auto& each : kept(hook)) {
        const auto note = place_note(each);
        const auto name = base::read_front(note, NAME_MAX).value_or("");
        const auto file = directory_ / fs::path(name).lexically_normal();
        const bool is_below = !name.empty() && file.lexically_relative(directory_).begin()->string() != "..";
        if (is_below && fs::is_directory(file.parent_path()) && (!is_there(file) || holds_stand_in(file, hook))) {
            fs::rename(each, file);
        }
        fs::remove(note);
    }
}

git_hooks_directory::change git_hooks_directory::install(const git_hook& hook, const git_script_options& options) {
    check(hook);
    const bool was_moved = take_back_moved(hook);
    const auto place = directory_ / hook.name;
    if (has_script(hook)) {
        const auto text = script(hook, options);
        if (text_of(place) == text && (fs::status(place).permissions() & fs::perms::owner_exec) != fs::perms::none) {
            return was_moved ? change::updated : change::none;
        }
        keep_additions(hook);
        base::replace_file(place, text, script_mode);
        return change::updated;
    }

    fs::create_directories(directory_);
    // On a full disk nothing is changed: this is as long as the script at least.
    { const base::staged_file rehearsal(place, script(hook, options), script_mode); }
    if (is_there(place)) {
        keep(hook);
    }
    base::replace_file(place, script(hook, options), script_mode);
    return kept(hook).empty() ? change::installed : change::chained;
}

git_hooks_directory::change git_hooks_directory::uninstall(const git_hook& hook) {
    bool was_moved = take_back_moved(hook);
    const auto place = directory_ / hook.name;
    if (is_there(place) && !has_script(hook) && !holds_stand_in(place, hook)) {
        put_where_managers_look(hook);
        auto all = kept(hook);
        if (!all.empty() && same_content(place, all.back())) {
            fs::remove(all.back());  // its manager has put it back already
            all.pop_back();
            was_moved = true;
        }
        return !all.empty() ? change::foreign : was_moved ? change::removed : change::none;
    }
    keep_additions(hook);
    const auto all = kept(hook);
    if (!all.empty()) {
        fs::rename(all.back(), place);
        fs::remove(place_note(all.back()));
        put_where_managers_look(hook);
        return change::restored;
    }
    return fs::remove(place) || was_moved ? change::removed : change::none;
}

void git_hooks_directory::keep(const git_hook& hook) const {
    const auto place = directory_ / hook.name;
    if (holds_stand_in(place, hook)) {
        return;
    }
    const auto all = kept(hook);
    if (all.empty()) {
        return keep_in(1, hook);
    }
    if (same_content(place, all.back())) {
        return;  // the script takes its place
    }
    for (std::size_t number = most_kept; number > 0; --number) {
        if (all.back() == kept_directory(number) / hook.name) {
            if (same_author(place, all.back())) {
                supersede(all.back(), all.back().parent_path(), hook);
                return keep_in(number, hook);
            }
            return keep_in(number + 1, hook);
        }
    }
}

/// What a manager has added to a script is kept with it.
void git_hooks_directory::keep_additions(const git_hook& hook) const {
    const auto place = directory_ / hook.name;
    if (is_there(place) && has_additions(text_of(place))) {
        make_kept_directory(1);
        supersede(place, kept_directory(1), hook);
    }
}

void git_hooks_directory::supersede(const fs::path& older, const fs::path& directory, const git_hook& hook) const {
    for (std::size_t age = 1; age <= most_superseded; ++age) {
        const auto name = directory / (std::string(hook.name).append(superseded_mark) + std::to_string(age));
        if (!is_there(name)) {
            // As keep_in does it; the caller takes the first name away.
            if (::linkat(AT_FDCWD, older.c_str(), AT_FDCWD, name.c_str(), 0) != 0) {
                fs::copy(older, name, fs::copy_options::copy_symlinks);
            }
            return;
        }
        if (same_content(name, older)) {
            return;
        }
    }
    throw usage_error(std::to_string(most_superseded) + " older hooks are kept in " + directory.string() + " as " +
                      std::string(hook.name) + std::string(superseded_mark) + "*: move those away that are not needed");
}

void git_hooks_directory::make_kept_directory(std::size_t number) const {
    const auto directory = kept_directory(number);
    fs::create_directories(directory);
    // Hooks may be in the working tree (core.hooksPath): what is kept there is nothing to commit.
    fs::remove(directory / ignoring_all);
    base::replace_file(directory / ignoring_all, "*\n", 0644);
}

void git_hooks_directory::keep_in(std::size_t number, const git_hook& hook) const {
    make_kept_directory(number);
    const auto place = directory_ / hook.name;
    const auto kept = kept_directory(number) / hook.name;
    fs::remove(kept);  // a link to this very hook
    // A second name first, so that the hook is in its place all the time; a file system without such names has a moment
    // without it.
    if (::linkat(AT_FDCWD, place.c_str(), AT_FDCWD, kept.c_str(), 0) != 0) {
        fs::rename(place, kept);
    }
    if (holds_script(kept)) {
        fs::remove(kept);  // put there since we looked, where there are no locks: it would call itself
    }
}

void git_hooks_directory::tidy() const {
    for (std::size_t number = 1; number <= most_kept; ++number) {
        if (fs::is_directory(fs::symlink_status(kept_directory(number)))) {
            tidy(kept_directory(number));
        }
    }
}

void git_hooks_directory::tidy(const fs::path& kept_directory) const {
    std::vector<fs::path> links;
    bool keeps_any = false;
    for (const auto& each : fs::directory_iterator(kept_directory)) {
        if (is_neighbour(each.path(), directory_)) {
            links.push_back(each.path());
        } else if (each.path().filename() != ignoring_all) {
            keeps_any = true;
        }
    }
    for (const auto& each : links) {
        fs::remove(each);
    }
    if (!keeps_any) {
        fs::remove(kept_directory / ignoring_all);
        fs::remove(kept_directory);
        return;
    }
    std::error_code gone;
    for (const auto& each : fs::directory_iterator(directory_, gone)) {
        const auto name = each.path().filename();
        const auto* hook = find_git_hook(name.string());
        // A script of ours there would call itself.
        if (name.extension() != ".sample" && !is_gits_own(name) && (hook == nullptr || !has_script(*hook)) &&
            !is_there(kept_directory / name)) {
            fs::create_symlink(".." / directory_.filename() / name, kept_directory / name);
        }
    }
}

}  // namespace hookd::hookctl
