// SPDX-License-Identifier: BSL-1.0
#include "script.hpp"

#include "hookctl/exit_status.hpp"

#include <algorithm>
#include <utility>

namespace hookd::hookctl {

namespace {

constexpr std::string_view shell_line = "#!/bin/sh\n";
constexpr std::string_view interpreter_command = "git-hook";
constexpr std::size_t longest_first_line = 127;  // Linux cuts a longer one, before 5.1 without a word
constexpr std::string_view script_mark =
    "# Written by \"hookctl git install\"; \"hookctl git uninstall\" takes it away, and puts back what was here "
    "before.\n";
constexpr std::string_view hook_comment = "# hook: ";
constexpr std::string_view ending = "# End of what \"hookctl git install\" has written.\n";
constexpr std::string_view about_interpreter =
    "# git starts hookctl itself, which the first line names; sh does the same with the rest. If git can't start this\n"
    "# file, that hookctl is gone: install it there, or run \"hookctl git install\" again, or delete this file.\n";
constexpr std::string_view run_start = "\nexec \"$hookctl\" git run ";
constexpr std::string_view program_start = "\nhookctl=";
constexpr std::string_view socket_option = " --installed-socket ";

std::string first_line_for(std::string_view program) {
    return std::string("#!").append(program).append(" ").append(interpreter_command).append("\n");
}

/// Where the mark begins: behind the first line, or a few more that somebody has put there. npos: nowhere.
std::size_t find_mark(std::string_view text) {
    constexpr int most_lines = 8;
    std::size_t at = 0;
    for (int line = 0; line < most_lines && at < text.size(); ++line) {
        if (text.substr(at).starts_with(script_mark)) {
            return at;
        }
        const auto end = text.find('\n', at);
        at = end == std::string_view::npos ? text.size() : end + 1;
    }
    return std::string_view::npos;
}

/// Takes the word at the front of `text` off that single_quoted has written.
std::string take_quoted_word(std::string_view& text) {
    std::string word;
    for (text.remove_prefix(1);;) {
        const auto quote = std::min(text.find('\''), text.size());
        word.append(text.substr(0, quote));
        text.remove_prefix(quote);
        if (!text.starts_with("'\\''")) {
            text.remove_prefix(std::min<std::size_t>(text.size(), 1));
            return word;
        }
        word += '\'';
        text.remove_prefix(4);
    }
}

/// The first word as single_quoted writes it behind `start`; empty where there is none.
std::string word_after(std::string_view start, std::string_view text) {
    const auto at = text.find(start);
    if (at == std::string_view::npos || !text.substr(at + start.size()).starts_with('\'')) {
        return {};
    }
    text.remove_prefix(at + start.size());
    return take_quoted_word(text);
}

/// The words that a shell makes of `text`, each with a space behind it: quoted by single_quoted, or without anything
/// that means something to a shell. Nothing where there is something else.
std::optional<std::vector<std::string>> words_of(std::string_view text) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.,:/@%+=";
    std::vector<std::string> words;
    while (!text.empty()) {
        if (text.front() == '\'') {
            words.push_back(take_quoted_word(text));
        } else {
            const auto end = std::min(text.find_first_not_of(plain), text.size());
            words.emplace_back(text.substr(0, end));
            text.remove_prefix(end);
        }
        if (words.back().empty() || !text.starts_with(' ')) {
            return std::nullopt;
        }
        text.remove_prefix(1);
    }
    return words;
}

/// What the script gives `hookctl git run`, before the hook's name; empty where it can't be told.
std::string_view arguments_of(const git_hook& hook, std::string_view text) {
    const auto at = text.find(run_start);
    if (at == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(at + run_start.size());
    const auto end = text.find("-- " + std::string(hook.name) + " \"$@\"\n");
    return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

/// Sets $hookctl to a program that can be run, or ends.
std::string find_hookctl(const git_hook& hook, const git_script_options& options) {
    const auto status = hook.vetoes && !options.proceeds_without_hookctl ? exit_status::no_daemon : exit_status::done;
    const auto complaint = hook.vetoes ? "echo \"hookctl is not there, or may not be run: no hook was asked about " +
                                             event_of(hook) + "\" >&2; "
                                       : std::string();
    // A shell takes an empty file, as a full disk leaves it, for a script that succeeds.
    return "[ -x \"$hookctl\" ] && [ -s \"$hookctl\" ] || hookctl=$(command -v hookctl) || { " + complaint + "exit " +
           std::to_string(status) + "; }\n";
}

std::string run_arguments(const git_hook& hook, const git_script_options& options) {
    return "git run " + options.arguments + "-- " + std::string(hook.name);
}

/// Whether the script's first line names hookctl. Not that of pre-push: where git (2.39) can't start that, it waits for
/// whichever of its processes ends, which is the one that waits for git to push.
bool is_direct(const git_hook& hook, const git_script_options& options, const std::vector<std::string>& kept) {
    return kept.empty() && !options.proceeds_without_hookctl && can_be_interpreter(options.hookctl) &&
           hook.input != git_input::pushes;
}

std::string nothing_for(const git_hook& hook) {
    return hook.input != git_input::none ? "exec cat >/dev/null" : "exit 0";
}

/// A pattern of `case`: a hook that this one has been called by is of the same name, and for the same repository.
std::string called_by_same(const git_hook& hook) { return "*\":" + std::string(hook.name) + "@$PWD:\"*"; }

/// $HOOKD_GIT_CHAIN begins with the process of the script that was called first. Once that has ended the variable is
/// what some process has left that one of its hooks started, a terminal or an editor: commits from there are no part of
/// it.
constexpr std::string_view forget_old_chain = "kill -0 \"${HOOKD_GIT_CHAIN%%:*}\" 2>/dev/null || HOOKD_GIT_CHAIN=\n";

/// Under another name it does nothing, and neither where what it runs calls it: a manager's hook would go on for ever.
std::string guards(const git_hook& hook) {
    return "[ \"${0##*/}\" = " + std::string(hook.name) + " ] || " + nothing_for(hook) +
           "\n"
           "cd -P .\n" +
           std::string(forget_old_chain) + "case $HOOKD_GIT_CHAIN in " + called_by_same(hook) + ") " +
           nothing_for(hook) + " ;; esac\n";
}

/// The same where hooks are kept. A link may have led to one of them before: through a link it runs them, whatever its
/// name and whoever calls it, but once. $here is the directory beside which they are; a link whose target has another
/// name now leads to a script that was moved.
std::string guards_of_kept(const git_hook& hook) {
    const std::string name(hook.name);
    return "[ \"${0##*/}\" = " + name + " ] || [ -h \"$0\" ] || " + nothing_for(hook) +
           "\n"
           "cd -P .\n" +
           std::string(forget_old_chain) +
           "self=$0\n"
           "[ ! -h \"$0\" ] || self=$(readlink -f \"$0\")\n"
           "[ \"${self##*/}\" = " +
           name +
           " ] || self=$0\n"
           "case $self in */*) here=${self%/*} ;; *) here=. ;; esac\n"
           "here=$(CDPATH= cd -P -- \"$here\" && pwd)\n"
           "case $HOOKD_GIT_CHAIN in\n"
           "*\":" +
           name + "@$here@$PWD:\"*) " + nothing_for(hook) + " ;;\n" + called_by_same(hook) + ") [ -h \"$0\" ] || " +
           nothing_for(hook) +
           " ;;\n"
           "esac\n";
}

/// Runs the hooks that were there before, with what git gives them. $status is the last that was not 0; where git heeds
/// that, it ends here.
std::string run_kept(const git_hook& hook, const std::vector<std::string>& kept) {
    const std::string name(hook.name);
    // ".." is the directory's real parent, even where the directory was reached through a link.
    std::string text = "chain=\"${HOOKD_GIT_CHAIN:-$$}:" + name + "@$PWD:" + name + "@$here@$PWD:\"\n";
    std::string run = "HOOKD_GIT_CHAIN=$chain \"$before\" \"$@\"";
    if (hook.input != git_input::none) {
        // All are to read the input.
        text +=
            "input=$(cat)\n"
            "feed() { [ -z \"$input\" ] || printf '%s\\n' \"$input\" 2>/dev/null; }\n";
        run = "feed | " + run;
    }
    text +=
        "status=0\n"
        "for before in";
    for (const auto& each : kept) {
        text += " " + single_quoted(each);
    }
    return text +
           "; do\n"
           "    before=$here/../$before/" +
           name +
           "\n"
           "    [ ! -x \"$before\" ] || " +
           run + " || status=$?\n" + (hook.vetoes ? "    [ \"$status\" = 0 ] || exit \"$status\"\n" : "") +
           "done\n"
           "[ \"${0##*/}\" = " +
           name +
           " ] || exit \"$status\"\n"
           "case $HOOKD_GIT_CHAIN in " +
           called_by_same(hook) + ") exit \"$status\" ;; esac\n";
}

}  // namespace

std::string single_quoted(std::string_view text) {
    std::string word = "'";
    for (const char c : text) {
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return word += "'";
}

std::string git_script(const git_hook& hook, const git_script_options& options, const std::vector<std::string>& kept) {
    const bool starts_hookctl = is_direct(hook, options, kept);
    std::string text = starts_hookctl ? first_line_for(options.hookctl) : std::string(shell_line);
    text.append(script_mark)
        .append(hook_comment)
        .append(hook.name)
        .append("\n")
        .append(starts_hookctl ? about_interpreter : "");
    text.append(kept.empty() ? guards(hook) : guards_of_kept(hook));
    const auto run = "\"$hookctl\" " + run_arguments(hook, options) + " \"$@\"\n";
    const auto program = "hookctl=" + single_quoted(options.hookctl) + "\n";
    if (kept.empty()) {
        return text.append(program).append(find_hookctl(hook, options)).append("exec ").append(run).append(ending);
    }
    text += run_kept(hook, kept) + program + find_hookctl(hook, options);
    if (hook.input != git_input::none) {
        text += "feed | " + run;
    } else {
        text += (hook.vetoes ? "exec " : "") + run;
    }
    // What has happened is told whatever the hooks from before say, whose exit status is the script's.
    return text.append(hook.vetoes ? "" : "exit \"$status\"\n").append(ending);
}

std::string git_hook_command(const git_hook& hook, const git_script_options& options) {
    auto find = find_hookctl(hook, options);
    find.pop_back();
    return "hookctl=" + single_quoted(options.hookctl) + "; " + find + "; \"$hookctl\" " + run_arguments(hook, options);
}

bool is_git_script(std::string_view text) {
    return text.starts_with("#!") && find_mark(text) != std::string_view::npos;
}

bool has_additions(std::string_view text) {
    const auto end = text.find(ending);
    const bool has_more = end != std::string_view::npos && end + ending.size() < text.size();
    const auto first = text.substr(0, find_mark(text));
    return is_git_script(text) &&
           (has_more || (first != shell_line && first != first_line_for(hookctl_of_script(text))));
}

std::optional<std::string_view> hook_of_script(std::string_view text) {
    if (!is_git_script(text)) {
        return std::nullopt;
    }
    auto name = text.substr(find_mark(text) + script_mark.size());
    if (!name.starts_with(hook_comment)) {
        return std::nullopt;
    }
    name.remove_prefix(hook_comment.size());
    return name.substr(0, name.find('\n'));
}

bool can_be_interpreter(std::string_view program) {
    return program.starts_with('/') && program.find_first_of(" \t\r\n") == std::string_view::npos &&
           first_line_for(program).size() <= longest_first_line;
}

bool is_run_by_hookctl(std::string_view text) { return text.starts_with(first_line_for(hookctl_of_script(text))); }

std::optional<git_script_call> call_of_script(std::string_view text) {
    const auto name = hook_of_script(text);
    const auto* const hook = name ? find_git_hook(*name) : nullptr;
    if (hook == nullptr) {
        return std::nullopt;
    }
    git_script_options options;
    options.hookctl = hookctl_of_script(text);
    options.arguments = arguments_of(*hook, text);
    auto words = words_of(options.arguments);
    if (!words || !is_run_by_hookctl(text) || text != git_script(*hook, options, {})) {
        return std::nullopt;
    }
    words->insert(words->begin(), {"git", "run"});
    words->insert(words->end(), {"--", std::string(hook->name)});
    return git_script_call{hook, std::move(*words)};
}

std::string hookctl_of_script(std::string_view text) { return word_after(program_start, text); }

std::string installed_socket_of(std::string_view text) { return word_after(socket_option, text); }

}  // namespace hookd::hookctl
