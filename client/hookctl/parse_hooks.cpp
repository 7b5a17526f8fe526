// SPDX-License-Identifier: BSL-1.0
#include "command_parsers.hpp"

#include "help_text.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/text/utf8.hpp>
#include <hookd/protocol/command_environment.hpp>
#include <hookd/protocol/limits.hpp>

#include <utility>

namespace hookd::hookctl {

namespace {

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
    if (equals == std::string::npos || !base::is_utf8(text) || !protocol::is_condition(result)) {
        options.fail("--where takes a JSON pointer and a glob, as in /cwd=/src/*, not " + in_quotes(harmless(text)));
    }
    return result;
}

/// The options that `on`, `register` and `ask` have in common. Targets of the reader: it must live until finish().
class guard_option_reader {
public:
    explicit guard_option_reader(option_reader& options) : options_(options) {
        options.values("--where", conditions_);
        options.value("--repo", repository_);
        options.flag("--fail-closed", fail_closed_);
    }

    /// Once the options are parsed: for hook_arguments or ask_arguments.
    template <class Arguments>
    void finish(Arguments& result) {
        for (const auto& each : conditions_) {
            result.as_responder.where.push_back(condition_of(options_, each));
        }
        if (repository_) {
            result.repository = repository_->empty() ? "." : *repository_;
        }
        result.as_responder.on_failure = fail_closed_ ? failure_policy::closed : failure_policy::open;
    }

private:
    option_reader& options_;
    optional_text repository_{};
    words conditions_{};
    bool fail_closed_ = false;
};

/// The options that `on` and `register` have in common. Targets of the reader: it must live until finish().
class hook_option_reader {
public:
    explicit hook_option_reader(option_reader& options) : options_(options), guard_(options) {
        options.value("--jobs", jobs_);
        options.value("--order", order_);
        options.value("--scope", scope_);
        options.values("--env", environment_);
        options.flag("--asked-only", asked_only_);
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
        guard_.finish(result);
        auto& responder = result.as_responder;
        if (order_) {
            responder.order = options_.order("--order", *order_);
        }
        responder.scope = scope_of(options_, scope_).value_or(event_scope::local);
        responder.asked_only = asked_only_;
        responder.shadow = shadow_;
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
    guard_option_reader guard_;
    optional_text jobs_{};
    optional_text order_{};
    optional_text scope_{};
    words environment_{};
    bool asked_only_ = false;
    bool shadow_ = false;
};

}  // namespace

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
    guard_option_reader common(options);
    options.value("--name", name);
    options.value("--notify", notify);
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
    common.finish(result);
    return result;
}

}  // namespace hookd::hookctl
