#include "git_script.hpp"

#include "exit_status.hpp"

namespace hookd::hookctl {

namespace {

constexpr std::string_view beginning =
    "#!/bin/sh\n"
    "# Written by \"hookctl git install\"; \"hookctl git uninstall\" takes it away, and puts back what was here before.\n";

}  // namespace

std::string shell_word(std::string_view text) {
    std::string word = "'";
    for (const char c : text) {
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return word += "'";
}

std::string git_script(const git_hook& hook, const git_script_options& options) {
    const std::string name(hook.name);
    const bool reads = hook.input != git_input::none;

    std::string text(beginning);
    // ".." is the directory's real parent, even where the directory was reached through a link.
    text += "before=\"${0%/*}\"/../" + shell_word(options.kept_directory) + "/" + name + "\n";
    text += "hookctl=" + shell_word(options.hookctl) + "\n";
    text += "status=0\n";
    if (reads) {
        // Two are to read the input where there is a hook from before; else hookctl reads it from git: no other process is needed.
        text += "chained=\n"
                "feed() { [ -z \"$input\" ] || printf '%s\\n' \"$input\" 2>/dev/null; }\n"
                "if [ -x \"$before\" ]; then\n"
                "    chained=1\n"
                "    input=$(cat)\n"
                "    feed | \"$before\" \"$@\" || status=$?\n"
                "fi\n";
    } else {
        text += "if [ -x \"$before\" ]; then\n"
                "    \"$before\" \"$@\" || status=$?\n"
                "fi\n";
    }
    text += "set -- git run " + options.arguments + "-- " + name + " \"$@\"\n";
    if (hook.vetoes) {
        text += "[ \"$status\" = 0 ] || exit \"$status\"\n"
                "[ -x \"$hookctl\" ] || hookctl=$(command -v hookctl) || {\n"
                "    echo \"hookctl is not there: no hook was asked about " + event_of(hook) + "\" >&2\n"
                "    exit " + std::to_string(options.proceed_without_daemon ? exit_status::done : exit_status::no_daemon) + "\n"
                "}\n";
        text += reads ? "[ \"$chained\" ] || exec \"$hookctl\" \"$@\"\n"
                        "feed | \"$hookctl\" \"$@\"\n"
                      : "exec \"$hookctl\" \"$@\"\n";
    } else {
        // What has happened is told whatever the hook from before says, whose exit status is the script's.
        text += "[ -x \"$hookctl\" ] || hookctl=$(command -v hookctl) || exit \"$status\"\n";
        text += reads ? "if [ \"$chained\" ]; then\n"
                        "    feed | \"$hookctl\" \"$@\"\n"
                        "else\n"
                        "    \"$hookctl\" \"$@\"\n"
                        "fi\n"
                      : "\"$hookctl\" \"$@\"\n";
        text += "exit \"$status\"\n";
    }
    return text;
}

bool is_git_script(std::string_view text) {
    return text.starts_with(beginning);
}

}  // namespace hookd::hookctl
