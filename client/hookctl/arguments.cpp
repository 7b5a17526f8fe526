// SPDX-License-Identifier: BSL-1.0
#include "arguments.hpp"

#include "command_parsers.hpp"
#include "help_text.hpp"
#include "option_reader.hpp"

#include <base/text/nearest.hpp>
#include <hookd/protocol/version.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hookd::hookctl {

namespace {

/// Of a command that takes nothing.
template <class Arguments>
command_arguments parse_nothing(option_reader& options) {
    if (options.parse()) {
        (void)options.positionals(0, 0);
    }
    return Arguments{};
}

/// Of a command that takes the name of a registered hook and nothing else.
template <class Arguments>
command_arguments parse_hook_name(option_reader& options) {
    Arguments result;
    if (options.parse()) {
        result.name = std::move(options.positionals(1, 1)[0]);
        options.check_name("NAME", result.name);
    }
    return result;
}

template <bool Enabled>
command_arguments parse_enable(option_reader& options) {
    auto result = std::get<enable_arguments>(parse_hook_name<enable_arguments>(options));
    result.enabled = Enabled;
    return result;
}

/// Where the command's name stands: the first word that is neither an option nor the value of a general one.
words::const_iterator find_command(const words& arguments) {
    for (auto word = arguments.begin(); word != arguments.end() && *word != "--"; ++word) {
        if (*word == "--socket" || *word == "--timeout" || *word == "--daemon-user") {
            if (std::next(word) != arguments.end()) {
                ++word;
            }
        } else if (!is_option(*word)) {
            return word;
        }
    }
    return arguments.end();
}

using parser = command_arguments (*)(option_reader& options, const std::optional<words>& argv);

/// A parser of a command that takes nothing behind `--`.
template <command_arguments (*Parse)(option_reader&)>
command_arguments alone(option_reader& options, const std::optional<words>&) {
    return Parse(options);
}

constexpr std::array<std::pair<std::string_view, parser>, 31> parsers{{
    {"emit", alone<parse_emit>},
    {"listen", alone<parse_listen>},
    {"on", parse_on},
    {"register", parse_register},
    {"deregister", alone<parse_hook_name<deregister_arguments>>},
    {"trust", alone<parse_hook_name<trust_arguments>>},
    {"enable", alone<parse_enable<true>>},
    {"disable", alone<parse_enable<false>>},
    {"bypass", alone<parse_bypass>},
    {"hooks", alone<parse_nothing<hooks_arguments>>},
    {"respond", alone<parse_respond>},
    {"schema", alone<parse_schema>},
    {"who", alone<parse_who>},
    {"log", alone<parse_log>},
    {"trace", alone<parse_trace>},
    {"replay", alone<parse_replay>},
    {"hosts", alone<parse_nothing<hosts_arguments>>},
    {"stats", alone<parse_stats>},
    {"top", alone<parse_top>},
    {"ping", alone<parse_nothing<ping_arguments>>},
    {"git", alone<parse_git>},
    {"jj", parse_jj},
    {"agent-hook", alone<parse_agent_hook>},
    {"agent", alone<parse_agent>},
    {"doctor", alone<parse_nothing<doctor_arguments>>},
    {"test", parse_test},
    {"ask", alone<parse_ask>},
    {"init", alone<parse_nothing<init_arguments>>},
    {"sync", alone<parse_nothing<sync_arguments>>},
    {"unsync", alone<parse_nothing<unsync_arguments>>},
    {"call", alone<parse_call>},
}};

command_arguments parse_command(option_reader& options, std::string_view command, const std::optional<words>& argv) {
    const auto at =
        std::find_if(parsers.begin(), parsers.end(), [command](const auto& each) { return each.first == command; });
    return at->second(options, argv);
}

/// What the kernel makes of a script of git_script's: `hookctl git-hook SCRIPT ARG...`. None of it is an option.
invocation parse_script_call(const words& arguments) {
    if (arguments.size() < 2) {
        throw usage_error("git-hook is for the first line of a git hook's script, which hookctl git install writes");
    }
    git_arguments result;
    result.action = git_action::interpret;
    result.script = arguments[1];
    result.hook_arguments.assign(arguments.begin() + 2, arguments.end());
    invocation call;
    call.command = std::move(result);
    return call;
}

/// One of command_names(). Throws usage_error, which names the nearest.
std::string_view command_called(const std::string& word) {
    if (word == "unregister") {
        return "deregister";
    }
    const auto& names = command_names();
    const auto known = std::find(names.begin(), names.end(), word);
    if (known == names.end()) {
        const auto near = base::nearest(word, names);
        throw usage_error("there is no command " + in_quotes(word) +
                          (near.empty() ? std::string() : "; did you mean " + std::string(near) + "?") +
                          " (hookctl --help)");
    }
    return *known;
}

information help_of(std::string_view command) {
    return {std::string(command.empty() ? general_help() : command_help(command))};
}

/// Whether a word is what a command can be told to do first: `install` of `git install|uninstall|...`.
bool is_action_of(std::string_view command, const std::string& word) {
    auto usage = command_usage(command);
    usage.remove_prefix(std::min(command.size() + 1, usage.size()));
    const auto actions = "|" + std::string(usage.substr(0, usage.find(' '))) + "|";
    return actions.find("|" + word + "|") != std::string::npos;
}

information parse_help(option_reader& options) {
    if (!options.parse()) {
        return help_of("help");
    }
    const auto& given = options.positionals(0, words().max_size());
    if (given.empty()) {
        return help_of({});
    }
    const auto command = command_called(given[0]);
    const bool has_action = given.size() > 1 && is_action_of(command, given[1]);
    (void)options.positionals(1, has_action ? 2 : 1);
    return help_of(command);
}

information version_text() {
    return {
        std::string("hookctl ") + protocol::release_version + ", protocol " + std::to_string(protocol::version) + "\n"};
}

std::string all_commands() {
    std::string text;
    for (std::string_view separator; const auto name : command_names()) {
        text.append(separator).append(name);
        separator = ", ";
    }
    return text;
}

}  // namespace

std::variant<invocation, information> parse_arguments(const std::vector<std::string>& arguments) {
    if (!arguments.empty() && arguments.front() == "git-hook") {
        return parse_script_call(arguments);
    }
    const auto found = find_command(arguments);
    words rest(arguments.begin(), found);
    std::string_view command;
    std::optional<words> argv;
    if (found != arguments.end()) {
        command = command_called(*found);
        auto end = arguments.end();
        if (command == "on" || command == "register" || command == "test" || command == "jj") {
            end = std::find(found, arguments.end(), "--");
            if (end != arguments.end()) {
                argv.emplace(std::next(end), arguments.end());
            }
        }
        rest.insert(rest.end(), std::next(found), end);
    }

    option_reader options(command, std::move(rest));
    if (command == "help") {
        return parse_help(options);
    }
    invocation result;
    if (command == "version") {
        if (options.parse()) {
            (void)options.positionals(0, 0);
            return version_text();
        }
    } else if (!command.empty()) {
        result.command = parse_command(options, command, argv);
    } else if (options.parse()) {
        options.fail("name a command: " + all_commands());
    }

    if (options.version_wanted()) {
        return version_text();
    }
    if (options.help_wanted()) {
        return help_of(command);
    }
    result.socket = options.socket();
    result.daemon_user = options.daemon_user();
    result.timeout = options.timeout();
    result.json = options.json();
    result.autostart = options.autostart();
    return result;
}

}  // namespace hookd::hookctl
