// SPDX-License-Identifier: BSL-1.0
#include "place.hpp"

#include "program.hpp"

#include <base/posix/read_file.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view white = " \t\r\n";

bool exists_unfollowed(const fs::path& path) {
    std::error_code ignored;
    return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

/// Without links; as it stands where that is not possible.
fs::path resolved(const fs::path& path) {
    std::error_code unresolved;
    auto real = fs::canonical(path, unresolved);
    return unresolved ? path : real;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(white);
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(white) - first + 1);
}

/// What follows `key` on the first line of a file: `gitdir: PATH`, `ref: NAME`, or with no key a path alone.
std::string value_after(std::string_view key, const fs::path& file) {
    constexpr std::size_t longest = 8192;
    const auto text = base::read_front(file, longest);
    if (!text || !text->starts_with(key)) {
        return {};
    }
    const auto line = std::string_view(*text).substr(key.size());
    return std::string(trimmed(line.substr(0, line.find('\n'))));
}

const char* variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

bool is_git_directory(const fs::path& path) {
    return exists_unfollowed(path / "HEAD") &&
           (exists_unfollowed(path / "commondir") ||
               (exists_unfollowed(path / "objects") && exists_unfollowed(path / "refs")));
}

/// The repository that a `.git` stands for, or $GIT_DIR: a directory, or a file that names one.
fs::path followed(const fs::path& path) {
    std::error_code ignored;
    const auto named = fs::is_regular_file(path, ignored) ? value_after("gitdir:", path) : std::string();
    return named.empty() ? path : path.parent_path() / named;
}

/// Empty where only git can tell: in a subdirectory of a working tree, and outside of any.
fs::path git_directory(const fs::path& directory) {
    if (const char* given = variable("GIT_DIR")) {
        return followed(directory / given);
    }
    if (exists_unfollowed(directory / ".git")) {
        return followed(directory / ".git");
    }
    return is_git_directory(directory) ? directory : fs::path();
}

/// As gitrepository-layout(5) has it.
fs::path recorded_common_directory(const fs::path& git_dir) {
    const auto named = value_after("", git_dir / "commondir");
    return named.empty() ? git_dir : git_dir / named;
}

fs::path common_directory(const fs::path& git_dir) {
    if (const char* given = variable("GIT_COMMON_DIR")) {
        return given;
    }
    return recorded_common_directory(git_dir);
}

/// What a repository's own configuration says of its working tree.
struct work_tree_settings {
    std::optional<bool> bare{};
    std::string work_tree{};
};

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
        [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

/// From the file; nothing where it takes more to understand it: includes, quotes, a configuration for each worktree.
std::optional<work_tree_settings> read_settings(const fs::path& common_dir) {
    constexpr std::size_t longest = std::size_t{64} * 1024;
    const auto text = base::read_front(common_dir / "config", longest + 1);
    if (!text || text->size() > longest) {
        return std::nullopt;
    }
    work_tree_settings found;
    bool in_core = false;
    for (std::string_view rest = *text; !rest.empty();) {
        const auto line = trimmed(rest.substr(0, rest.find('\n')));
        rest.remove_prefix(
            std::min(rest.size(), rest.find('\n') == std::string_view::npos ? rest.size() : rest.find('\n') + 1));
        if (line.starts_with('[')) {
            const auto section = lower(line);
            in_core = section == "[core]";
            if (section.starts_with("[include") || (section.starts_with("[core") && !in_core)) {
                return std::nullopt;
            }
            continue;
        }
        const auto name = lower(trimmed(line.substr(0, line.find('='))));
        const auto value = line.find('=') == std::string_view::npos ? std::string_view("true")
                                                                    : trimmed(line.substr(line.find('=') + 1));
        if (name == "worktreeconfig") {
            return std::nullopt;
        }
        if (!in_core || (name != "bare" && name != "worktree")) {
            continue;
        }
        if (value.find_first_of("\"\\#;") != std::string_view::npos) {
            return std::nullopt;
        }
        if (name == "worktree") {
            found.work_tree = value;
        } else if (lower(value) == "true" || lower(value) == "false") {
            found.bare = lower(value) == "true";
        } else {
            return std::nullopt;
        }
    }
    return found;
}

work_tree_settings ask_settings() {
    work_tree_settings found;
    if (const auto bare = ask_git({}, {"config", "--type=bool", "--get", "core.bare"}); bare.succeeded()) {
        found.bare = bare.output == "true";
    }
    if (const auto tree = ask_git({}, {"config", "--type=path", "--get", "core.worktree"}); tree.succeeded()) {
        found.work_tree = tree.output;
    }
    return found;
}

/// git starts hooks at the top of the working tree, and those of a push in the repository itself.
fs::path work_tree_of(const git_place& place, const fs::path& directory) {
    if (const char* given = variable("GIT_WORK_TREE")) {
        return directory / given;
    }
    if (place.git_dir != directory && variable("GIT_DIR") == nullptr) {
        return directory;
    }
    if (place.git_dir != place.common_dir) {  // a linked worktree names the `.git` in it
        if (const auto file = value_after("", place.git_dir / "gitdir"); !file.empty()) {
            return (place.git_dir / file).parent_path();
        }
    }
    const auto settings = read_settings(place.common_dir);
    const auto answer = settings ? *settings : ask_settings();
    if (!answer.work_tree.empty()) {
        return place.git_dir / answer.work_tree;
    }
    const bool beside = place.git_dir.filename() == ".git";
    if (answer.bare.value_or(!beside)) {
        return {};
    }
    if (place.git_dir != directory) {
        return directory;
    }
    return beside ? place.git_dir.parent_path() : fs::path();
}

/// The ref that HEAD leads to, over links and symbolic refs, as far as git follows them.
std::string head_ref(const git_place& place) {
    constexpr int most_steps = 5;  // SYMREF_MAXDEPTH
    std::string ref = "HEAD";
    for (int step = 0; step < most_steps; ++step) {
        const auto file = (ref == "HEAD" ? place.git_dir : place.common_dir) / ref;
        std::error_code no_link;
        auto next = fs::read_symlink(file, no_link).string();
        if (no_link || !next.starts_with("refs/")) {
            next = value_after("ref:", file);
        }
        if (!next.starts_with("refs/") || next.find("..") != std::string::npos) {
            return ref;
        }
        ref = std::move(next);
    }
    return ref;
}

std::string branch_of(const git_place& place) {
    constexpr std::string_view branches = "refs/heads/";
    const auto ref = head_ref(place);
    if (ref == "refs/heads/.invalid") {  // so that older gits keep out: the refs are in tables (reftable)
        return ask_git({}, {"branch", "--show-current"}).output;
    }
    return ref.starts_with(branches) ? ref.substr(branches.size()) : std::string();
}

git_place asked_place() {
    git_place place;
    const auto said =
        ask_git({}, {"rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir", "--show-toplevel"});
    const auto first = said.output.find('\n');
    if (first == std::string::npos) {
        return place;
    }
    const auto second = said.output.find('\n', first + 1);
    place.git_dir = said.output.substr(0, first);
    place.common_dir = said.output.substr(first + 1, second - first - 1);
    if (said.succeeded() && second != std::string::npos) {
        place.work_tree = said.output.substr(second + 1);
    }
    place.branch = branch_of(place);
    return place;
}

}  // namespace

git_place find_git_place(const fs::path& directory) {
    const auto git_dir = git_directory(directory);
    if (git_dir.empty()) {
        return asked_place();
    }
    git_place place;
    place.git_dir = resolved(git_dir);
    place.common_dir = resolved(common_directory(place.git_dir));
    if (const auto tree = work_tree_of(place, directory); !tree.empty()) {
        place.work_tree = resolved(tree);
    }
    place.branch = branch_of(place);
    return place;
}

fs::path common_directory_above(const fs::path& directory) {
    for (auto tree = directory.lexically_normal(); tree.has_relative_path(); tree = tree.parent_path()) {
        if (const auto git_dir = followed(tree / ".git"); is_git_directory(git_dir)) {
            return resolved(recorded_common_directory(git_dir));
        }
    }
    return {};
}

}  // namespace hookd::hookctl
