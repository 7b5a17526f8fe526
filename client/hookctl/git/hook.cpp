// SPDX-License-Identifier: BSL-1.0
#include "hook.hpp"

#include "hookctl/arguments.hpp"

#include <base/text/nearest.hpp>

#include <algorithm>

namespace hookd::hookctl {

namespace {

using argument_form = git_argument_form;

constexpr bool often = false;
constexpr bool vetoes = true;
constexpr bool is_told = false;

constexpr std::array hooks{
    git_hook{"applypatch-msg", vetoes, true, 1, {{{"message_file", argument_form::message}}}},
    git_hook{"pre-applypatch", vetoes},
    git_hook{"post-applypatch", is_told},
    git_hook{"pre-commit", vetoes},
    git_hook{"pre-merge-commit", vetoes},
    git_hook{
        "prepare-commit-msg", vetoes, true, 1, {{{"message_file", argument_form::message}, {"source"}, {"commit"}}}},
    git_hook{"commit-msg", vetoes, true, 1, {{{"message_file", argument_form::message}}}},
    git_hook{"post-commit", is_told},
    git_hook{"pre-rebase", vetoes, true, 1, {{{"upstream"}, {"rebased_branch"}}}},
    git_hook{
        "post-checkout", is_told, true, 3, {{{"old_head"}, {"new_head"}, {"branch_checkout", argument_form::flag}}}},
    git_hook{"post-merge", is_told, true, 1, {{{"squash", argument_form::flag}}}},
    git_hook{"pre-push", vetoes, true, 2, {{{"remote", argument_form::url}, {"url", argument_form::url}}},
        git_input::pushes},
    git_hook{"pre-receive", vetoes, true, 0, {}, git_input::updates},
    git_hook{"update", vetoes, true, 3, {{{"ref"}, {"old_oid"}, {"new_oid"}}}},
    git_hook{"post-receive", is_told, true, 0, {}, git_input::updates},
    git_hook{"post-update", is_told, true, 0, {{{"refs", argument_form::rest}}}},
    git_hook{"reference-transaction", vetoes, often, 1, {{{"state"}}}, git_input::transactions},
    git_hook{"pre-auto-gc", vetoes},
    git_hook{"post-rewrite", is_told, true, 1, {{{"command"}}}, git_input::rewrites},
    git_hook{"sendemail-validate", vetoes, true, 1,
        {{{"patch_file", argument_form::path}, {"header_file", argument_form::path}}}},
    git_hook{"post-index-change", is_told, often, 2,
        {{{"working_tree_updated", argument_form::flag}, {"skip_worktree_changed", argument_form::flag}}}},
    git_hook{"p4-changelist", vetoes, true, 1, {{{"message_file", argument_form::message}}}},
    git_hook{"p4-prepare-changelist", vetoes, true, 1, {{{"message_file", argument_form::message}, {"source"}}}},
    git_hook{"p4-post-changelist", is_told},
    git_hook{"p4-pre-submit", vetoes},
};

constexpr std::string_view git_prefix = "git.";

/// `text` with each `from` as `to`.
std::string replaced(std::string_view text, char old_character, char new_character) {
    std::string result(text);
    std::replace(result.begin(), result.end(), old_character, new_character);
    return result;
}

}  // namespace

std::span<const git_hook> git_hooks() noexcept { return hooks; }

const git_hook* find_git_hook(std::string_view name) noexcept {
    const auto found = std::find_if(hooks.begin(), hooks.end(), [name](const auto& each) { return each.name == name; });
    return found != hooks.end() ? &*found : nullptr;
}

const git_hook& git_hook_called(std::string_view word) {
    const auto name = replaced(word.starts_with(git_prefix) ? word.substr(git_prefix.size()) : word, '_', '-');
    if (const auto* hook = find_git_hook(name)) {
        return *hook;
    }
    if (name == "proc-receive" || name == "push-to-checkout" || name == "fsmonitor-watchman") {
        throw usage_error(name + " does a part of git's own work and can't be an event" +
                          (name == "fsmonitor-watchman" ? "" : "; pre-receive and update can stop a push"));
    }
    std::vector<std::string_view> names;
    names.reserve(std::size(hooks));
    for (const auto& each : hooks) {
        names.push_back(each.name);
    }
    const auto near = base::nearest(name, names);
    throw usage_error("git has no hook '" + std::string(word) + "'" +
                      (near.empty() ? "; githooks(5) lists them" : "; did you mean " + std::string(near) + "?"));
}

std::string event_of(const git_hook& hook) { return std::string(git_prefix) + replaced(hook.name, '-', '_'); }

bool asks_for_leave(const git_hook& hook, const std::vector<std::string>& arguments) {
    return hook.vetoes && (hook.input != git_input::transactions || arguments.front() == "prepared");
}

}  // namespace hookd::hookctl
