// SPDX-License-Identifier: BSL-1.0
#include "command_parsers.hpp"

#include <hookd/protocol/limits.hpp>

#include <cstddef>
#include <utility>

namespace hookd::hookctl {

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

}  // namespace hookd::hookctl
