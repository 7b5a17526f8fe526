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
    const auto event = event_of(hook);
    const bool reads = hook.input != git_input::none;
    const std::string feed = reads ? "feed | " : "";

    std::string text(beginning);
    // ".." is the directory's real parent, even where the directory was reached through a link.
    text += "before=\"${0%/*}\"/../" + shell_word(options.kept_directory) + "/" + name + "\n";
    text += "hookctl=" + shell_word(options.hookctl) + "\n";
    if (reads) {
        text += "input=$(cat)\n"
                "feed() { [ -z \"$input\" ] || printf '%s\\n' \"$input\" 2>/dev/null; }\n";
    }
    if (hook.vetoes) {
        // Its exit status is the script's, where it is not 0.
        text += "if [ -x \"$before\" ]; then\n"
                "    " + feed + "\"$before\" \"$@\" || exit\n"
                "fi\n"
                "[ -x \"$hookctl\" ] || hookctl=$(command -v hookctl) || {\n"
                "    echo \"hookctl is not there: no hook was asked about " + event + "\" >&2\n"
                "    exit " + std::to_string(options.proceed_without_daemon ? exit_status::done : exit_status::no_daemon) + "\n"
                "}\n" +
                feed + "\"$hookctl\" git run " + options.arguments + "-- " + name + " \"$@\"\n";
    } else {
        text += "status=0\n"
                "if [ -x \"$before\" ]; then\n"
                "    " + feed + "\"$before\" \"$@\" || status=$?\n"
                "fi\n"
                "if [ -x \"$hookctl\" ] || hookctl=$(command -v hookctl); then\n"
                "    " + feed + "\"$hookctl\" git run " + options.arguments + "-- " + name + " \"$@\"\n"
                "fi\n"
                "exit \"$status\"\n";
    }
    return text;
}

bool is_git_script(std::string_view text) {
    return text.starts_with(beginning);
}

}  // namespace hookd::hookctl
