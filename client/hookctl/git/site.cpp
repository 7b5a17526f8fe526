// SPDX-License-Identifier: BSL-1.0
#include "site.hpp"

#include "hookctl/arguments.hpp"
#include "program.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;

/// What git says of a failure, without its `fatal:`, and what to do about it.
std::string failure_text(std::string_view errors) {
    constexpr std::string_view fatal = "fatal: ";
    errors.remove_prefix(errors.starts_with(fatal) ? fatal.size() : 0);
    std::string text(errors.empty() ? "git did not say where the repository is" : errors);
    if (errors.starts_with("not a git repository")) {
        text += "; change to a directory of one, or make one with git init";
    }
    return text;
}

std::string answer_of_git(const std::string& repository, std::vector<std::string> arguments) {
    auto answer = ask_git(repository, std::move(arguments));
    if (answer.status != 0) {
        throw usage_error(failure_text(answer.errors));
    }
    return std::move(answer.output);
}

/// A path as git prints it in `repository`, whole.
fs::path path_in(const std::string& repository, const std::string& path) {
    return fs::weakly_canonical(fs::absolute(repository.empty() ? fs::path(".") : fs::path(repository))) / path;
}

/// The number at the front of `text`, which is taken off with the point behind it; -1 where there is none.
int take_number(std::string_view& text) {
    int number = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with('.')) {
        text.remove_prefix(1);
    }
    return error == std::errc{} ? number : -1;
}

}  // namespace

git_record git_site::record() const {
    return git_record(global ? git_record::global_file() : common_dir / "hookd-hooks");
}

std::string git_site::cure_of_empty_hooks_path() const {
    if (hooks_path_scope == "command") {
        return "core.hooksPath is empty, by git -c or $GIT_CONFIG_COUNT, so that git runs no script; leave it out "
               "there";
    }
    return "core.hooksPath is empty, so that git runs no script; unset it with: git config --" + hooks_path_scope +
           " --unset core.hooksPath";
}

protocol::payload_condition events_of_repository(const std::string& directory) {
    return {"/common_dir", path_glob(fs::canonical(git_path(directory, "--git-common-dir")).string())};
}

std::string git_path(const std::string& repository, const std::string& option) {
    auto path = answer_of_git(repository, {"rev-parse", "--path-format=absolute", option});
    if (path.empty()) {
        throw usage_error("this repository has no work tree, which is needed here");
    }
    return path;
}

std::string path_glob(std::string path) {
    std::replace(path.begin(), path.end(), '*', '?');
    return path;
}

git_site find_git_site(const std::string& repository, bool global) {
    git_site site;
    site.repository = repository;
    site.global = global;
    if (global) {
        if (const auto path = ask_git({}, {"config", "--global", "--type=path", "--get", "core.hooksPath"});
            path.succeeded()) {
            site.hooks_path = path.output;
            site.hooks_path_scope = "global";
            site.hooks = path.output;
        }
        return site;
    }
    site.hooks = path_in(repository, answer_of_git(repository, {"rev-parse", "--git-path", "hooks"}));
    site.common_dir = git_path(repository, "--git-common-dir");
    if (const auto set = ask_git(repository, {"config", "--show-scope", "--get", "core.hooksPath"}); set.succeeded()) {
        site.hooks_path_scope = set.output.substr(0, set.output.find('\t'));
        site.hooks_path = set.output.substr(set.output.find('\t') + 1);
        if (site.hooks_path.empty()) {
            site.hooks.clear();
        }
    }
    return site;
}

bool git_has_configured_hooks() {
    constexpr std::string_view title = "git version ";
    const auto output = ask_git({}, {"--version"}).output;
    if (!output.starts_with(title)) {
        return false;
    }
    std::string_view version = output;
    version.remove_prefix(title.size());
    const int major = take_number(version);
    const int minor = take_number(version);
    return std::pair(major, minor) >= std::pair(2, 54);
}

}  // namespace hookd::hookctl
