// SPDX-License-Identifier: BSL-1.0
#include "arguments.hpp"

#include "help_text.hpp"
#include "hookctl/agent/dialect.hpp"
#include "hookctl/terminal/since_text.hpp"
#include "option_reader.hpp"

#include <base/text/nearest.hpp>
#include <hookd/protocol/command_environment.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/version.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace hookd::hookctl {

namespace {

std::optional<event_scope> scope_of(const option_reader& options, const optional_text& given) {
    return given ? std::optional(options.choice<event_scope>(
                       "--scope", *given, {{"local", event_scope::local}, {"cluster", event_scope::cluster}}))
                 : std::nullopt;
}

command_arguments parse_emit(option_reader& options) {
    emit_arguments result;
    optional_text policy;
    optional_text abort_exit_code;
    optional_text no_daemon;
    optional_text scope;
    options.value("--scope", scope);
    options.flag("--wait", result.wait);
    options.flag("--fail-closed", result.fail_closed);
    options.flag("--wait-for-subscriber", result.wait_for_subscriber);
    options.flag("-q,--quiet", result.quiet);
    options.value("--policy", policy);
    options.values("--require", result.require);
    options.value("--abort-exit-code", abort_exit_code);
    options.value("--no-daemon", no_daemon);
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(1, 2);
    result.event = std::move(given[0]);
    options.check_event(result.event);
    if (given.size() > 1) {
        result.payload = std::move(given[1]);
    }
    result.scope = scope_of(options, scope);
    if (policy) {
        result.policy = options.choice<wait_policy>("--policy", *policy,
            {{"veto", wait_policy::veto}, {"all", wait_policy::all}, {"first", wait_policy::first},
                {"chain", wait_policy::chain}});
    }
    if (result.require.size() > protocol::max_required) {
        options.fail("--require takes at most " + std::to_string(protocol::max_required) + " names");
    }
    for (const auto& each : result.require) {
        options.check_name("--require", each);
    }
    if (abort_exit_code) {
        result.abort_exit_code = static_cast<int>(options.number("--abort-exit-code", *abort_exit_code, 1, 255));
    }
    if (no_daemon) {
        result.proceed_without_daemon = options.proceeds_without_daemon(*no_daemon);
    }
    if (!result.wait) {
        // Without a wait they would do nothing, and a veto that nobody waits for is a guard that guards nothing.
        if (policy || !result.require.empty() || abort_exit_code || result.fail_closed || result.wait_for_subscriber) {
            options.fail("--policy, --require, --fail-closed, --wait-for-subscriber and --abort-exit-code need --wait");
        }
    }
    return result;
}

command_arguments parse_listen(option_reader& options) {
    listen_arguments result;
    optional_text after_seq;
    optional_text count;
    optional_text scope;
    options.value("--scope", scope);
    options.value("--after-seq", after_seq);
    options.value("--count", count);
    if (!options.parse()) {
        return result;
    }

    result.patterns = std::move(options.positionals(0, words().max_size()));
    options.check_patterns(result.patterns);
    result.scope = scope_of(options, scope).value_or(event_scope::local);
    constexpr auto max = static_cast<std::uint64_t>(INT64_MAX);
    if (after_seq) {
        result.after_seq = options.number("--after-seq", *after_seq, 0, max);
    }
    if (count) {
        result.count = options.number("--count", *count, 1, max);
    }
    return result;
}

words command_after_dashes(const option_reader& options, std::string_view command, const std::optional<words>& argv) {
    if (!argv || argv->empty() || argv->front().empty()) {
        options.fail("put -- and the command at the end: hookctl " + std::string(command_usage(command)));
    }
    return *argv;
}

/// What `--where` says.
payload_condition condition_of(const option_reader& options, const std::string& text) {
    const auto equals = text.find('=');
    payload_condition result{text.substr(0, equals), equals == std::string::npos ? "" : text.substr(equals + 1)};
    if (equals == std::string::npos || !protocol::is_condition(result)) {
        options.fail("--where takes a JSON pointer and a glob, as in /cwd=/src/*, not " + in_quotes(text));
    }
    return result;
}

/// The options that `on` and `register` have in common. Targets of the reader: it must live until finish().
class hook_option_reader {
public:
    explicit hook_option_reader(option_reader& options) : options_(options) {
        options.value("--jobs", jobs_);
        options.value("--order", order_);
        options.value("--scope", scope_);
        options.values("--env", environment_);
        options.values("--where", conditions_);
        options.value("--repo", repository_);
        options.flag("--asked-only", asked_only_);
        options.flag("--fail-closed", fail_closed_);
        options.flag("--shadow", shadow_);
    }

    /// Once the options are parsed.
    void finish(hook_arguments& result) {
        if (jobs_) {
            result.jobs = options_.number("--jobs", *jobs_, 1, protocol::max_jobs);
        }
        for (const auto& each : environment_) {
            check_variable(each);
        }
        result.environment = std::move(environment_);
        auto& responder = result.as_responder;
        for (const auto& each : conditions_) {
            responder.where.push_back(condition_of(options_, each));
        }
        if (repository_) {
            result.repository = repository_->empty() ? "." : *repository_;
        }
        if (order_) {
            responder.order = options_.integer("--order", *order_);
        }
        responder.scope = scope_of(options_, scope_).value_or(event_scope::local);
        responder.asked_only = asked_only_;
        responder.shadow = shadow_;
        responder.on_failure = fail_closed_ ? failure_policy::closed : failure_policy::open;
    }

private:
    void check_variable(const std::string& text) const {
        const auto variable = text.substr(0, text.find('='));
        if (variable.empty()) {
            options_.fail("--env takes NAME or NAME=VALUE, not " + in_quotes(text));
        }
        if (protocol::command_environment::is_for_event(variable)) {
            options_.fail("--env cannot set " + variable + ": that says which event the command runs for");
        }
    }

    option_reader& options_;
    optional_text jobs_{};
    optional_text order_{};
    optional_text scope_{};
    optional_text repository_{};
    words environment_{};
    words conditions_{};
    bool asked_only_ = false;
    bool fail_closed_ = false;
    bool shadow_ = false;
};

command_arguments parse_on(option_reader& options, const std::optional<words>& argv) {
    on_arguments result;
    optional_text name;
    hook_option_reader common(options);
    options.value("--name", name);
    options.flag("--git", result.git);
    if (!options.parse()) {
        return result;
    }

    result.argv = command_after_dashes(options, "on", argv);
    result.patterns = std::move(options.positionals(1, words().max_size()));
    options.check_patterns(result.patterns);
    common.finish(result);
    const auto& program = result.argv.front();
    result.name = name ? *name : program.substr(program.rfind('/') + 1);
    options.check_name("--name", result.name);
    return result;
}

command_arguments parse_register(option_reader& options, const std::optional<words>& argv) {
    register_arguments result;
    optional_text directory;
    hook_option_reader common(options);
    options.values("--on", result.patterns);
    options.flag("--git", result.git);
    options.value("--cwd", directory);
    if (!options.parse()) {
        return result;
    }

    result.argv = command_after_dashes(options, "register", argv);
    auto& given = options.positionals(1, words().max_size());
    result.name = std::move(given[0]);
    options.check_name("NAME", result.name);
    if (result.patterns.empty()) {
        options.fail("name its events with --on");
    }
    result.patterns.insert(result.patterns.end(), given.begin() + 1, given.end());  // as in --on 'pre_*' 'post_*'
    options.check_patterns(result.patterns);
    common.finish(result);
    if (directory && directory->empty()) {
        options.fail("--cwd needs a directory");
    }
    result.directory = directory.value_or("");
    return result;
}

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

command_arguments parse_bypass(option_reader& options) {
    bypass_arguments result;
    optional_text duration;
    optional_text reason;
    bool end = false;
    options.value("--for", duration);
    options.value("--reason", reason);
    options.flag("--end", end);
    if (!options.parse()) {
        return result;
    }

    result.patterns = std::move(options.positionals(0, words().max_size()));
    if (end) {
        if (!result.patterns.empty() || duration || reason) {
            options.fail("--end ends the bypass, whatever it is of: give nothing else");
        }
        return result;
    }
    if (result.patterns.empty() || !duration || !reason) {
        options.fail(
            "say which events, for how long and why (or --end): hookctl " + std::string(command_usage("bypass")));
    }
    options.check_patterns(result.patterns);
    result.duration = options.duration("--for", *duration, protocol::max_bypass);
    if (reason->empty() || reason->size() > protocol::max_bypass_reason) {
        options.fail("--reason takes a text of 1 to " + std::to_string(protocol::max_bypass_reason) + " bytes");
    }
    result.reason = std::move(*reason);
    return result;
}

command_arguments parse_respond(option_reader& options) {
    respond_arguments result;
    options.flag("--abstain", result.abstain);
    options.value("--abort", result.abort);
    options.value("--failed", result.failed);
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(1, 2);
    result.id = std::move(given[0]);
    if (given.size() > 1) {
        result.response = std::move(given[1]);
    }
    if (result.abort && result.abort->empty()) {
        options.fail("--abort needs a reason");
    }
    if (result.failed && result.failed->empty()) {
        options.fail("--failed needs a reason");
    }
    const int answers = (result.abstain ? 1 : 0) + (result.failed ? 1 : 0) + (result.abort || result.response ? 1 : 0);
    if (answers > 1) {
        options.fail("give one answer: a RESPONSE or --abort, or --abstain, or --failed");
    }
    return result;
}

command_arguments parse_schema(option_reader& options) {
    schema_arguments result;
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(0, 1);
    if (!given.empty()) {
        result.event = std::move(given[0]);
        options.check_event(result.event);
    }
    return result;
}

command_arguments parse_who(option_reader& options) {
    who_arguments result;
    optional_text scope;
    options.value("--scope", scope);
    if (!options.parse()) {
        return result;
    }

    result.scope = scope_of(options, scope);

    auto& given = options.positionals(1, 2);
    result.event = std::move(given[0]);
    options.check_event(result.event);
    if (given.size() > 1) {
        result.payload = std::move(given[1]);
    }
    return result;
}

command_arguments parse_log(option_reader& options) {
    log_arguments result;
    optional_text event;
    optional_text hook;
    optional_text since;
    options.flag("-f,--follow", result.follow);
    options.value("--event", event);
    options.value("--hook", hook);
    options.flag("--vetoed", result.vetoed);
    options.value("--since", since);
    if (!options.parse()) {
        return result;
    }

    (void)options.positionals(0, 0);
    if (event) {
        options.check_patterns({*event});
        result.event = *event;
    }
    if (hook) {
        options.check_name("--hook", *hook);
        result.hook = *hook;
    }
    if (since) {
        result.since = parse_since(*since, std::chrono::system_clock::now());
        if (!result.since) {
            options.fail(
                "--since takes how long ago, as in 90s, 2h or 3d, or a time such as 2026-11-23T12:58:36Z, not " +
                in_quotes(*since));
        }
    }
    return result;
}

command_arguments parse_trace(option_reader& options) {
    trace_arguments result;
    if (options.parse()) {
        result.id = std::move(options.positionals(1, 1)[0]);
    }
    return result;
}

command_arguments parse_replay(option_reader& options) {
    replay_arguments result;
    optional_text to;
    options.value("--to", to);
    if (!options.parse()) {
        return result;
    }

    result.id = std::move(options.positionals(1, 1)[0]);
    if (!to) {
        options.fail("say which hook is to get it again: --to NAME");
    }
    options.check_name("--to", *to);
    result.to = *to;
    return result;
}

command_arguments parse_stats(option_reader& options) {
    stats_arguments result;
    options.flag("--watch", result.watch);
    options.flag("--prometheus", result.prometheus);
    if (!options.parse()) {
        return result;
    }

    (void)options.positionals(0, 0);
    if (result.prometheus && (result.watch || options.json())) {
        options.fail("--prometheus prints one page of text: leave out --watch and --json");
    }
    return result;
}

command_arguments parse_top(option_reader& options) {
    if (options.parse()) {
        (void)options.positionals(0, 0);
        if (options.json()) {
            options.fail("top is for people: use stats --watch --json");
        }
    }
    return top_arguments{};
}

command_arguments parse_git(option_reader& options) {
    git_arguments result;
    optional_text events;
    optional_text repository;
    optional_text no_daemon;
    optional_text installed_socket;
    options.value("--events", events);
    options.value("--repo", repository);
    options.flag("--global", result.global);
    options.flag("--fail-closed", result.fail_closed);
    options.value("--no-daemon", no_daemon);
    options.value("--installed-socket", installed_socket);
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(1, words().max_size());
    result.action = options.choice<git_action>("git", given[0],
        {{"install", git_action::install}, {"uninstall", git_action::uninstall}, {"run", git_action::run},
            {"status", git_action::status}, {"exec", git_action::exec}});
    if (no_daemon) {
        result.proceed_without_daemon = options.proceeds_without_daemon(*no_daemon);
        result.is_proceed_given = result.proceed_without_daemon;
    }
    if (result.action == git_action::run || result.action == git_action::exec) {
        if (events || repository || result.global) {
            options.fail("--events, --repo and --global are for install, uninstall and status");
        }
        result.installed_socket = installed_socket.value_or("");
        result.hook = std::move(options.positionals(2, words().max_size())[1]);
        result.hook_arguments.assign(given.begin() + 2, given.end());
        return result;
    }
    (void)options.positionals(1, 1);
    if (result.action != git_action::install && (no_daemon || result.fail_closed)) {
        options.fail("--no-daemon and --fail-closed are for install and run");
    }
    if (installed_socket) {
        options.fail("--installed-socket is for run: install takes --socket");
    }
    if ((events && events->empty()) || (repository && repository->empty())) {
        options.fail("--events needs names of hooks, and --repo a directory");
    }
    if (repository && result.global) {
        options.fail("give --repo or --global");
    }
    result.events = events.value_or("");
    result.repository = repository.value_or("");
    return result;
}

command_arguments parse_jj(option_reader& options, const std::optional<words>& push_options) {
    jj_arguments result;
    optional_text no_daemon;
    options.flag("--fail-closed", result.fail_closed);
    options.value("--no-daemon", no_daemon);
    if (!options.parse()) {
        return result;
    }

    if (options.positionals(1, 1)[0] != "push") {
        options.fail("jj takes push, with options for jj git push behind --");
    }
    if (no_daemon) {
        result.proceed_without_daemon = options.proceeds_without_daemon(*no_daemon);
    }
    result.push_options = push_options.value_or(words());
    return result;
}

command_arguments parse_agent_hook(option_reader& options) {
    agent_hook_arguments result;
    optional_text agent;
    optional_text no_daemon;
    options.value("--agent", agent);
    options.flag("--fail-closed", result.fail_closed);
    options.flag("--stop-once", result.stop_once);
    options.value("--no-daemon", no_daemon);
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(0, 1);
    if (!given.empty()) {
        result.input = std::move(given[0]);
    }
    if (agent && *agent != "auto") {
        if (find_agent_dialect(*agent) == nullptr) {
            options.fail("--agent takes one of auto, " + agent_names() + ", not " + in_quotes(*agent));
        }
        result.agent = *agent;
    }
    if (no_daemon) {
        result.proceed_without_daemon = options.proceeds_without_daemon(*no_daemon);
    }
    return result;
}

command_arguments parse_agent(option_reader& options) {
    agent_arguments result;
    optional_text no_daemon;
    options.flag("--project", result.project);
    options.flag("--fail-closed", result.fail_closed);
    options.flag("--stop-once", result.stop_once);
    options.value("--no-daemon", no_daemon);
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(1, words().max_size());
    result.action = options.choice<agent_action>("agent", given[0],
        {{"install", agent_action::install}, {"status", agent_action::status}, {"uninstall", agent_action::uninstall}});
    result.agents.assign(given.begin() + 1, given.end());
    if (no_daemon) {
        (void)options.proceeds_without_daemon(*no_daemon);
        result.no_daemon = *no_daemon;
    }
    if (result.action != agent_action::install && (result.fail_closed || result.stop_once || no_daemon)) {
        options.fail("--fail-closed, --stop-once and --no-daemon are for install");
    }
    return result;
}

command_arguments parse_test(option_reader& options, const std::optional<words>& argv) {
    test_arguments result;
    optional_text event;
    options.value("--event", event);
    options.value("--payload", result.payload);
    if (!options.parse()) {
        return result;
    }

    result.argv = command_after_dashes(options, "test", argv);
    (void)options.positionals(0, 0);
    result.event = event.value_or(result.event);
    options.check_event(result.event);
    return result;
}

command_arguments parse_ask(option_reader& options) {
    ask_arguments result;
    optional_text name;
    optional_text notify;
    optional_text repository;
    words conditions;
    bool fail_closed = false;
    options.value("--name", name);
    options.value("--notify", notify);
    options.value("--repo", repository);
    options.values("--where", conditions);
    options.flag("--fail-closed", fail_closed);
    if (!options.parse()) {
        return result;
    }

    result.patterns = std::move(options.positionals(1, words().max_size()));
    options.check_patterns(result.patterns);
    if (options.json()) {
        options.fail("ask is for people: a program answers with hookctl on");
    }
    if (name) {
        options.check_name("--name", *name);
        result.name = *name;
    }
    if (notify && notify->empty()) {
        options.fail("--notify needs a command for the shell");
    }
    result.notify = notify.value_or("");
    if (repository) {
        result.repository = repository->empty() ? "." : *repository;
    }
    for (const auto& each : conditions) {
        result.as_responder.where.push_back(condition_of(options, each));
    }
    result.as_responder.on_failure = fail_closed ? failure_policy::closed : failure_policy::open;
    return result;
}

command_arguments parse_call(option_reader& options) {
    call_arguments result;
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(1, 2);
    result.method = std::move(given[0]);
    if (given.size() > 1) {
        result.params = std::move(given[1]);
    }
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

command_arguments parse_command(option_reader& options, std::string_view command, const std::optional<words>& argv) {
    if (command == "emit") {
        return parse_emit(options);
    }
    if (command == "listen") {
        return parse_listen(options);
    }
    if (command == "on") {
        return parse_on(options, argv);
    }
    if (command == "register") {
        return parse_register(options, argv);
    }
    if (command == "deregister") {
        return parse_hook_name<deregister_arguments>(options);
    }
    if (command == "trust") {
        return parse_hook_name<trust_arguments>(options);
    }
    if (command == "enable") {
        return parse_enable<true>(options);
    }
    if (command == "disable") {
        return parse_enable<false>(options);
    }
    if (command == "bypass") {
        return parse_bypass(options);
    }
    if (command == "hooks") {
        return parse_nothing<hooks_arguments>(options);
    }
    if (command == "respond") {
        return parse_respond(options);
    }
    if (command == "schema") {
        return parse_schema(options);
    }
    if (command == "who") {
        return parse_who(options);
    }
    if (command == "log") {
        return parse_log(options);
    }
    if (command == "trace") {
        return parse_trace(options);
    }
    if (command == "replay") {
        return parse_replay(options);
    }
    if (command == "hosts") {
        return parse_nothing<hosts_arguments>(options);
    }
    if (command == "stats") {
        return parse_stats(options);
    }
    if (command == "top") {
        return parse_top(options);
    }
    if (command == "ping") {
        return parse_nothing<ping_arguments>(options);
    }
    if (command == "git") {
        return parse_git(options);
    }
    if (command == "jj") {
        return parse_jj(options, argv);
    }
    if (command == "agent-hook") {
        return parse_agent_hook(options);
    }
    if (command == "agent") {
        return parse_agent(options);
    }
    if (command == "doctor") {
        return parse_nothing<doctor_arguments>(options);
    }
    if (command == "test") {
        return parse_test(options, argv);
    }
    if (command == "ask") {
        return parse_ask(options);
    }
    if (command == "init") {
        return parse_nothing<init_arguments>(options);
    }
    if (command == "sync") {
        return parse_nothing<sync_arguments>(options);
    }
    if (command == "unsync") {
        return parse_nothing<unsync_arguments>(options);
    }
    return parse_call(options);
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

information parse_help(option_reader& options) {
    if (!options.parse()) {
        return help_of("help");
    }
    const auto& given = options.positionals(0, 1);
    return help_of(given.empty() ? std::string_view() : command_called(given[0]));
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
