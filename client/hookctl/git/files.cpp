// SPDX-License-Identifier: BSL-1.0
#include "files.hpp"

#include "program.hpp"

#include <chrono>
#include <unordered_set>
#include <utility>

namespace hookd::hookctl {

namespace {

constexpr std::chrono::seconds longest_search{2};
constexpr std::size_t most_excluded_refs = 64;  // each is an argument

/// Hooks of a commit that is not made yet: the index has what will be in it.
bool asks_about_a_commit(const git_hook& hook) noexcept {
    return hook.name == "pre-commit" || hook.name == "pre-merge-commit" || hook.name == "pre-applypatch";
}

bool is_no_object(std::string_view oid) noexcept { return oid.find_first_not_of('0') == std::string_view::npos; }

/// The words of each line.
std::vector<std::vector<std::string_view>> lines_of(std::string_view input) {
    std::vector<std::vector<std::string_view>> lines;
    while (!input.empty()) {
        auto line = input.substr(0, input.find('\n'));
        input.remove_prefix(std::min(input.size(), line.size() + 1));
        auto& words = lines.emplace_back();
        while (!line.empty()) {
            words.push_back(line.substr(0, line.find(' ')));
            line.remove_prefix(std::min(line.size(), words.back().size() + 1));
        }
    }
    return lines;
}

/// What `git log` is to walk: the commits that come, less those that were there.
class pushed_commits {
public:
    /// `old` may be unknown here, or no object at all.
    void add(std::string_view before, std::string_view after) {
        if (is_no_object(after)) {
            return;
        }
        revisions_.append(after).append("\n");
        any_ = true;
        if (is_no_object(before)) {
            starts_something_ = true;
        } else {
            revisions_.append("^").append(before).append("\n");
        }
    }
    [[nodiscard]] bool any() const noexcept { return any_; }
    /// One that starts a ref has no end of its own: what is already there elsewhere ends it.
    [[nodiscard]] bool starts_something() const noexcept { return starts_something_; }
    [[nodiscard]] std::string take() { return std::move(revisions_); }

private:
    std::string revisions_{};
    bool any_ = false;
    bool starts_something_ = false;
};

git_question log_question() {
    git_question question;
    // Merges count with what they change themselves. What is not in a shallow or partial clone is passed over.
    question.arguments = {"log", "--format=", "--name-only", "-z", "-c", "--no-renames", "--no-ext-diff",
        "--no-show-signature", "--ignore-submodules=none", "--ignore-missing", "--stdin"};
    question.timeout = longest_search;
    return question;
}

git_question staged_question() {
    git_question question;
    question.arguments = {"diff", "--cached", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-relative",
        "--ignore-submodules=none"};
    question.timeout = longest_search;
    return question;
}

git_files read_names(const git_answer& answer) {
    git_files found;
    found.cut = !answer.succeeded();
    std::unordered_set<std::string_view> seen;
    std::size_t bytes = 0;
    std::string_view rest = answer.output;
    while (!rest.empty()) {
        const auto end = rest.find('\0');
        if (end == std::string_view::npos) {
            break;  // a part of a name
        }
        const auto name = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        if (name.empty() || !seen.insert(name).second) {
            continue;
        }
        bytes += name.size();
        if (found.names.size() == max_git_files || bytes > max_git_file_bytes) {
            found.cut = true;
            break;
        }
        found.names.emplace_back(name);
    }
    return found;
}

git_files find_pushed(const git_hook& hook, std::string_view remote, std::string_view input) {
    const bool leaves = hook.input == git_input::pushes;
    const bool has_happened = !hook.vetoes;
    pushed_commits commits;
    auto question = log_question();
    std::vector<std::string> own_refs;
    for (const auto& words : lines_of(input)) {
        if (leaves && words.size() >= 4) {  // a local ref may have spaces
            commits.add(words.back(), words[words.size() - 3]);
        } else if (!leaves && words.size() >= 3) {
            commits.add(words[0], words[1]);
            own_refs.push_back("--exclude=" + std::string(words[2]));
        }
    }
    if (!commits.any()) {
        return {};
    }
    question.input = commits.take();
    auto& arguments = question.arguments;
    bool knows_all = true;
    if (commits.starts_something()) {
        arguments.emplace_back("--not");
        if (leaves) {
            arguments.push_back(remote.empty() || remote.find_first_of("*?[/:") != std::string_view::npos
                                    ? "--remotes"
                                    : "--remotes=" + std::string(remote));
        } else {
            // Not --all, which has HEAD, too: that may lead to a ref that was pushed.
            if (has_happened && own_refs.size() <= most_excluded_refs) {
                arguments.insert(arguments.end(), own_refs.begin(), own_refs.end());
            }
            knows_all = !has_happened || own_refs.size() <= most_excluded_refs;
            arguments.emplace_back("--glob=refs/*");
        }
    }
    auto found = read_names(ask_git(std::move(question)));
    found.cut = found.cut || !knows_all;
    return found;
}

}  // namespace

bool has_files(const git_hook& hook) noexcept {
    return asks_about_a_commit(hook) || hook.input == git_input::pushes || hook.input == git_input::updates;
}

git_files find_git_files(const git_hook& hook, std::string_view remote, std::string_view input) {
    return asks_about_a_commit(hook) ? read_names(ask_git(staged_question())) : find_pushed(hook, remote, input);
}

}  // namespace hookd::hookctl
