// SPDX-License-Identifier: BSL-1.0
#include "json_values.hpp"

#include <base/text/number.hpp>

namespace hookd::protocol {
namespace {

using base::append_milliseconds;
using detail::add_uuid;
using detail::append_bypass;
using detail::append_fraction_or_null;
using detail::append_number;
using detail::append_text_or_null;
using detail::text_of;

void append_variables(std::string& out, const std::vector<std::string>& variables) {
    base::object_writer object{out};
    for (const std::string_view each : variables) {
        const auto equals = each.find('=');
        base::append_json_string(object.member(each.substr(0, equals)), each.substr(equals + 1));
    }
    object.end();
}

void append_conditions(std::string& out, const std::vector<payload_condition>& conditions) {
    base::object_writer object{out};
    for (const auto& each : conditions) {
        object.text(each.pointer, each.glob);
    }
    object.end();
}

// As register_hook takes it.
void append_definition(base::object_writer& out, const hook_definition& hook, bool shows_command) {
    out.text("name", hook.name);
    if (shows_command) {
        out.texts("command", hook.command);
    }
    out.texts("events", hook.events);
    out.raw("timeout_ms", hook.timeout ? std::to_string(hook.timeout->count()) : "null");
    out.raw("jobs", hook.jobs ? std::to_string(*hook.jobs) : "null");
    append_text_or_null(out.member("cwd"), hook.directory);
    if (shows_command) {
        append_variables(out.member("env"), hook.environment);
    }
    append_conditions(out.member("where"), hook.where);
    out.flag("asked_only", hook.asked_only);
    out.text("on_failure", to_string(hook.on_failure));
    out.number("order", hook.order);
    out.flag("shadow", hook.shadow);
    out.text("scope", to_string(hook.scope));
}

void append_responder(std::string& out, const who_result::responder& responder) {
    base::object_writer one{out};
    one.text("name", responder.name);
    if (responder.pid != 0) {
        one.number("pid", static_cast<std::uint64_t>(responder.pid));
    }
    one.number("uid", responder.uid);
    one.text("kind", responder.registered ? "registered" : "session");
    one.text("on_failure", to_string(responder.on_failure));
    one.number("order", responder.order);
    one.optional_text("host", responder.host);
    one.text("state", responder.state);
    one.end();
}

void append_hook(std::string& out, const cluster_hosts_result::hook& hook) {
    base::object_writer{out}.text("name", hook.name).texts("events", hook.events).flag("responds", hook.responds).end();
}

void append_host_json(std::string& out, const cluster_hosts_result::host& host) {
    base::object_writer{out}
        .text("host", host.name)
        .text("state", host.state)
        .number("lease_ms", static_cast<std::uint64_t>(host.lease.count()))
        .array("hooks", host.hooks, append_hook)
        .end();
}

}  // namespace

// These two are written once an event: piece by piece is faster than member by member.

void append_json(std::string& out, const emit_result& result) {
    out += R"({"hook_event_id":")";
    append_uuid(out, result.hook_event_id);
    out += R"(","seq":)";
    append_number(out, result.seq);
    out += R"(,"subscribers":)";
    append_number(out, result.subscribers);
    out += '}';
}

void append_json(std::string& out, const respond_result& result) {
    out += R"({"accepted":)";
    out += text_of(result.accepted());
    out += R"(,"reason":)";
    if (result.accepted()) {
        out += "null";
    } else {
        out += '"';
        out += to_string(result.reason);
        out += '"';
    }
    out += '}';
}

void append_json(std::string& out, const subscribe_result& result) {
    base::object_writer members{out};
    add_uuid(members, "instance", result.instance);
    members.number("head_seq", result.head_seq).flag("resumed", result.resumed).end();
}

void append_json(std::string& out, const unsubscribe_result& result) {
    base::object_writer{out}.flag("unsubscribed", result.unsubscribed).end();
}

void append_json(std::string& out, const who_result& result) {
    base::object_writer document{out};
    document.array("responders", result.responders, append_responder);
    document.number("observers", result.observers);
    document.texts("require", result.require);
    document.texts("absent", result.absent);
    document.text("policy", to_string(result.policy));
    document.text("failure_policy", to_string(result.on_failure));
    document.number("timeout_ms", static_cast<std::uint64_t>(result.timeout.count()));
    if (result.passed_over) {
        detail::add_passed_over(document, *result.passed_over);
    }
    document.end();
}

void append_json(std::string& out, const hook_definition& hook) {
    base::object_writer members{out};
    append_definition(members, hook, true);
    members.end();
}

void append_json(std::string& out, const hook_info& result) {
    base::object_writer hook{out};
    append_definition(hook, result.definition, result.shows_command);
    hook.flag("enabled", result.enabled);
    hook.flag("kept", result.kept);
    hook.text("trust", to_string(result.trust));
    hook.text("state", to_string(result.state));
    append_text_or_null(hook.member("why"), result.why);
    hook.number("runs", result.runs);
    append_text_or_null(hook.member("last_outcome"), result.last_outcome);
    append_fraction_or_null(hook.member("p50_ms"), result.p50_ms);
    append_fraction_or_null(hook.member("p99_ms"), result.p99_ms);
    hook.end();
}

void append_json(std::string& out, const deregister_hook_result& result) {
    base::object_writer{out}.flag("deleted", result.deleted).end();
}

void append_json(std::string& out, const list_hooks_result& result) {
    base::object_writer{out}
        .array("hooks", result.hooks, [](std::string& hooks, const hook_info& each) { append_json(hooks, each); })
        .end();
}

void append_json(std::string& out, const cluster_hosts_result& result) {
    base::object_writer{out}.array("hosts", result.hosts, append_host_json).end();
}

void append_json(std::string& out, const bypass_result& result) {
    base::object_writer document{out};
    append_bypass(document.member("bypass"), result.bypass);
    append_bypass(document.member("ended"), result.ended);
    document.end();
}

void append_json(std::string& out, const replay_result& result) {
    base::object_writer document{out};
    if (!result.response.empty()) {
        document.member("response") += result.response;
    } else if (!result.failed.empty()) {
        document.text("failed", result.failed);
    }
    append_milliseconds(document.member("elapsed_ms"), result.elapsed);
    document.end();
}

std::string resume_data(const uuid& instance, std::uint64_t oldest_seq, std::uint64_t head_seq) {
    base::object_writer members;
    add_uuid(members, "instance", instance);
    return members.number("oldest_seq", oldest_seq).number("head_seq", head_seq).finish();
}

}  // namespace hookd::protocol
