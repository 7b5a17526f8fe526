// SPDX-License-Identifier: BSL-1.0
#include "stand_in.hpp"

#include <algorithm>
#include <array>

namespace hookd::hookctl {

namespace {

constexpr std::string_view about_stand_in =
    "# It does nothing: it stands in for a script of hookctl's, which another hook moved here and calls. \"hookctl "
    "git\n"
    "# uninstall\" takes it away once that hook does not.\n";

std::string stand_in_front(const git_hook& hook) {
    return std::string("#!/bin/sh\n").append(about_stand_in).append("# stands in for: ").append(hook.name).append("\n");
}

bool is_of_a_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

/// Whether the line has the word, and not as the front of a longer one.
bool names_file(std::string_view line, std::string_view word) {
    for (auto at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
        if (at + word.size() == line.size() || !is_of_a_name(line[at + word.size()])) {
            return true;
        }
    }
    return false;
}

/// Whether the line looks for a file, in the words of a shell, of Python, Ruby, Perl or JavaScript.
bool looks_for_a_file(std::string_view line) {
    constexpr std::array<std::string_view, 13> tests{"-x ", "-f ", "-e ", "-s ", "-r ", "exist", "access", "isfile",
        "is_file", "isFile", "file?", "executable?", "command -v"};
    return std::any_of(tests.begin(), tests.end(),
        [line](std::string_view each) { return line.find(each) != std::string_view::npos; });
}

/// What a hook says of the file where it does not say its name: `$0.legacy`.
std::string_view ending_of(std::string_view file, const git_hook& hook) {
    return file.starts_with(hook.name) ? file.substr(hook.name.size()) : file;
}

}  // namespace

std::string git_stand_in(const git_hook& hook) {
    return stand_in_front(hook).append(hook.input != git_input::none ? "exec cat >/dev/null\n" : "exit 0\n");
}

bool is_git_stand_in(std::string_view text, const git_hook& hook) { return text.starts_with(stand_in_front(hook)); }

bool calls_unchecked(std::string_view hook_text, const git_hook& hook, std::string_view file) {
    const auto ending = ending_of(file, hook);
    bool calls = false;
    while (!hook_text.empty()) {
        auto line = hook_text.substr(0, hook_text.find('\n'));
        hook_text.remove_prefix(std::min(hook_text.size(), line.size() + 1));
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (line.starts_with('#') || !names_file(line, ending)) {
            continue;
        }
        if (looks_for_a_file(line)) {
            return false;
        }
        calls = true;
    }
    return calls;
}

}  // namespace hookd::hookctl
