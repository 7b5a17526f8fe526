// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <concepts>
#include <type_traits>

/// Which parameters each method has: the one description that binding (bind.cpp) and the OpenRPC document
/// (discover.cpp) are made from. A visitor has one member function a kind of parameter: `visit.KIND(name, member,
/// required-or-optional, what it means)`.
namespace hookd::protocol {

enum class presence : bool { optional, required };

/// The parameters of one method: to be filled, or const to be looked at.
template <class Params, class Method>
concept params_of = std::same_as<std::remove_const_t<Params>, Method>;

void describe(auto&, params_of<ping_params> auto&) {}

void describe(auto& visit, params_of<emit_params> auto& params) {
    visit.event_name("event", params.event, "the event's name");
    visit.json("payload", params.payload, "any JSON value; it reaches every subscriber byte for byte");
    visit.duration("reserve_ms", params.reserve, "keep a slot this long for await_response");
    visit.cause("cause", params.cause, params.event, params.payload,
        "the events that led to this one, oldest first, separated by commas ($HOOK_CAUSE)");
    visit.choice("scope", params.scope, {event_scope::local, event_scope::cluster},
        "cluster: hooks of scope cluster on the cluster's other hosts see it, too; absent: as the catalog says, else "
        "local");
    visit.uuid_text("operation_id", params.operation_id, "makes a retry safe");
}

void describe(auto& visit, params_of<emit_and_wait_params> auto& params) {
    visit.event_name("event", params.event, "the event's name");
    visit.json("payload", params.payload, "any JSON value; it reaches every subscriber byte for byte");
    visit.duration("timeout_ms", params.timeout, "how long to wait for the verdict");
    visit.choice("policy", params.policy, {wait_policy::first, wait_policy::veto, wait_policy::all, wait_policy::chain},
        "when the verdict is complete; absent: as the catalog says, else first");
    visit.choice("failure_policy", params.on_failure, {failure_policy::open, failure_policy::closed},
        "what the verdict is where the hooks gave none; absent: as the catalog says, else open");
    visit.boolean("require_subscriber", params.require_subscriber, "false: wait for a first responder to subscribe");
    visit.names("require", params.require,
        "responders that must have replied or abstained for the operation to proceed, at most 16");
    visit.cause("cause", params.cause, params.event, params.payload,
        "the events that led to this one, oldest first, separated by commas ($HOOK_CAUSE)");
    visit.choice("scope", params.scope, {event_scope::local, event_scope::cluster},
        "cluster: hooks of scope cluster on the cluster's other hosts are asked, too; absent: as the catalog says, "
        "else local");
    visit.uuid_text("operation_id", params.operation_id, "makes a retry safe");
}

void describe(auto& visit, params_of<await_response_params> auto& params) {
    visit.free_text("hook_event_id", params.hook_event_id, presence::required, "the id that emit gave");
    visit.duration("timeout_ms", params.timeout, "how long to wait for the reply");
}

void describe(auto& visit, params_of<subscribe_params> auto& params) {
    visit.patterns(
        "events", params.events, presence::optional, "names or globs (* any run, ? one character); none: every event");
    visit.subscriber_name(
        "name", params.name, presence::optional, "what logs, stats and `responder` call this session");
    visit.boolean("responds", params.responds, "false: an observer, for which no emitter waits");
    visit.boolean("asked_only", params.asked_only, "true: only events that an emitter waits for");
    visit.choice("on_failure", params.on_failure, {failure_policy::open, failure_policy::closed},
        "closed: where this responder is missing, for whatever reason, the operation does not proceed; absent: open");
    visit.integer("order", params.order, "its turn in a chain and its place among the responses; ties by name");
    visit.boolean("shadow", params.shadow, "true: asked and recorded, but it decides and delays nothing");
    visit.boolean("cancellations", params.cancellations,
        "true: the notification `cancelled` says that a wait ended while this session worked on it");
    visit.boolean(
        "verdicts", params.verdicts, "true: the notification `verdict` says how the wait for a matching event ended");
    visit.conditions(
        "where", params.where, "JSON pointers into the payload and the globs that the strings there must match");
    visit.choice("scope", params.scope, {event_scope::local, event_scope::cluster},
        "cluster: events of scope cluster of the cluster's other hosts, too; absent: local");
    visit.counter("after_seq", params.after_seq, "resume: first replay the retained events after this one");
    visit.free_text("instance", params.instance, presence::optional, "the run of the daemon that after_seq belongs to");
}

void describe(auto&, params_of<unsubscribe_params> auto&) {}

void describe(auto& visit, params_of<respond_params> auto& params) {
    visit.free_text("hook_event_id", params.hook_event_id, presence::required, "the id that the event carries");
    visit.object("response", params.response, "the reply; a non-empty string `abort` in it vetoes");
    visit.boolean("abstain", params.abstain, "true: no opinion");
    visit.free_text("failed", params.failed, presence::optional, "why the hook could not tell");
}

void describe(auto& visit, params_of<who_params> auto& params) {
    visit.event_name("event", params.event, "the event's name");
    visit.json("payload", params.payload, "the payload that `where` of the subscribers is compared with");
    visit.choice("scope", params.scope, {event_scope::local, event_scope::cluster}, "as in emit_and_wait");
}

void describe(auto& visit, params_of<history_params> auto& params) {
    visit.pattern("event", params.event, "a name or glob (* any run, ? one character); absent: every event");
    visit.subscriber_name(
        "responder", params.responder, presence::optional, "only where this responder replied or was missing");
    visit.boolean("vetoed", params.vetoed, "true: only operations that were stopped");
    visit.time("since", params.since, "only events emitted then or later");
    visit.counter("before_seq", params.before_seq, "only events before this one: the next page");
    visit.uuid_text(
        "instance", params.instance, "the run of the daemon that before_seq belongs to; absent: this one alone");
    visit.page_size("limit", params.limit, "how many at most; absent: 100");
}

void describe(auto& visit, params_of<trace_params> auto& params) {
    visit.free_text(
        "hook_event_id", params.hook_event_id, presence::required, "the id of an event that the journal holds");
}

void describe(auto& visit, params_of<replay_params> auto& params) {
    visit.free_text(
        "hook_event_id", params.hook_event_id, presence::required, "the id of an event that the journal holds");
    visit.subscriber_name("to", params.to, presence::required, "the name of the responder that gets it once more");
}

void describe(auto& visit, params_of<schema_params> auto& params) {
    visit.free_text("event", params.event, presence::optional, "the event's name; absent: all events of the catalog");
    visit.json("payload", params.payload, "refused as `emit` of the event would refuse it");
    visit.object("response", params.response, "refused as `respond` to the event would refuse it");
}

void describe(auto& visit, params_of<register_hook_params> auto& params) {
    visit.subscriber_name(
        "name", params.name, presence::required, "what verdicts and logs call it; one of that name is replaced");
    visit.command("command", params.hook.command, "the program and its arguments");
    visit.patterns("events", params.hook.events, presence::required,
        "names or globs (* any run, ? one character); none: every event");
    visit.duration("timeout_ms", params.hook.timeout, "how long it may run, within the time that the emitter waits");
    visit.count("jobs", params.hook.jobs, "how many commands of it may run at a time; absent: as hookd is configured");
    visit.directory("cwd", params.hook.directory, "where it runs; absent: where hookd does");
    visit.variables("env", params.hook.environment, "further variables of its environment");
    visit.conditions(
        "where", params.hook.where, "JSON pointers into the payload and the globs that the strings there must match");
    visit.boolean("asked_only", params.hook.asked_only, "true: only events that an emitter waits for");
    visit.choice("on_failure", params.on_failure, {failure_policy::open, failure_policy::closed},
        "closed: where this hook is missing, for whatever reason, the operation does not proceed; absent: open");
    visit.integer("order", params.hook.order, "its turn in a chain and its place among the responses; ties by name");
    visit.boolean("shadow", params.hook.shadow, "true: asked and recorded, but it decides and delays nothing");
    visit.choice("scope", params.scope, {event_scope::local, event_scope::cluster},
        "cluster: events of scope cluster of the cluster's other hosts, too; absent: local");
    visit.uuid_text("operation_id", params.operation_id, "makes a retry safe");
}

void describe(auto& visit, params_of<deregister_hook_params> auto& params) {
    visit.subscriber_name("name", params.name, presence::required, "the name of a registered hook");
    visit.uuid_text("operation_id", params.operation_id, "makes a retry safe");
}

void describe(auto&, params_of<list_hooks_params> auto&) {}

void describe(auto& visit, params_of<trust_hook_params> auto& params) {
    visit.subscriber_name("name", params.name, presence::required, "the name of a registered hook");
    visit.uuid_text("operation_id", params.operation_id, "makes a retry safe");
}

void describe(auto& visit, params_of<enable_hook_params> auto& params) {
    visit.subscriber_name("name", params.name, presence::required, "the name of a registered hook");
    visit.required_boolean("enabled", params.enabled, "false: it is not asked any more, over restarts too");
    visit.uuid_text("operation_id", params.operation_id, "makes a retry safe");
}

void describe(auto&, params_of<cluster_hosts_params> auto&) {}

void describe(auto& visit, params_of<bypass_params> auto& params) {
    visit.patterns("events", params.events, presence::required,
        "names or globs (* any run, ? one character); []: the bypass in force ends");
    visit.duration("for_ms", params.duration, "how long it lasts, at most a day");
    visit.free_text("reason", params.reason, presence::optional, "why, for verdicts and logs; at most 1024 bytes");
}

void describe(auto&, params_of<stats_params> auto&) {}

void describe(auto&, params_of<discover_params> auto&) {}

void describe(auto& visit, params_of<cancel_params> auto& params) {
    visit.request_id("id", params.id, "the id of a waiting request of this connection");
}

}  // namespace hookd::protocol
