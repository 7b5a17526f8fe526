// SPDX-License-Identifier: BSL-1.0
#include "discover.hpp"

#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

namespace hookd::protocol {
namespace {

namespace json = boost::json;

json::object typed(std::string_view type) { return {{"type", type}}; }

json::object with_format(std::string_view format) { return {{"type", "string"}, {"format", format}}; }

// The three ways in which a member has another type than that of its name.
json::object list_of(std::string_view item) {
    return titled(std::string{item} + "List", {{"type", "array"}, {"items", schema_reference(item)}});
}

json::object map_of(std::string_view value) {
    return titled(std::string{value} + "Map", {{"type", "object"}, {"additionalProperties", schema_reference(value)}});
}

json::object nullable(std::string_view value) {
    return titled(
        std::string{value} + "OrNull", {{"oneOf", json::array{schema_reference(value), schema_reference("Null")}}});
}

/// A member of an object type, which is always there unless it is optional.
struct member {
    std::string_view name;
    json::object schema;
    bool is_optional = false;

    member(std::string_view member_name, std::string_view type) : name(member_name), schema(schema_reference(type)) {}
    member(std::string_view member_name, json::object type) : name(member_name), schema(std::move(type)) {}
};

member optional(member always) {
    always.is_optional = true;
    return always;
}

void add_members(json::object& schema, std::initializer_list<member> members) {
    auto& properties = schema["properties"].as_object();
    auto& required = schema["required"].as_array();
    for (const auto& each : members) {
        properties[each.name] = each.schema;
        if (!each.is_optional) {
            required.emplace_back(each.name);
        }
    }
}

json::object object_of(std::string_view description, std::initializer_list<member> members) {
    json::object schema{
        {"description", description}, {"type", "object"}, {"properties", json::object{}}, {"required", json::array{}}};
    add_members(schema, members);
    return schema;
}

json::object extended(json::object schema, std::string_view description, std::initializer_list<member> members) {
    schema["description"] = description;
    add_members(schema, members);
    return schema;
}

template <class Enum>
json::object one_of(std::initializer_list<Enum> values) {
    json::array names;
    for (const auto each : values) {
        names.emplace_back(to_string(each));
    }
    return {{"type", "string"}, {"enum", std::move(names)}};
}

void add_values(json::object& schemas) {
    schemas["Text"] = typed("string");
    schemas["Flag"] = typed("boolean");
    schemas["Null"] = typed("null");
    schemas["Integer"] = typed("integer");
    schemas["Count"] = json::object{{"type", "integer"}, {"minimum", 0}};
    schemas["Decimal"] = typed("number");
    schemas["Uuid"] = with_format("uuid");
    schemas["Timestamp"] = with_format("date-time");
    schemas["Json"] = json::object{{"description", "any JSON value"}};
    schemas["JsonObject"] = typed("object");
    schemas["Schema"] = json::object{{"description", "a JSON Schema (draft 7)"},
        {"oneOf", json::array{schema_reference("JsonObject"), schema_reference("Flag")}}};
    schemas["SchemaVersion"] =
        json::object{{"oneOf", json::array{schema_reference("Decimal"), schema_reference("Text")}}};
}

void add_choices(json::object& schemas) {
    schemas["Policy"] = one_of({wait_policy::first, wait_policy::veto, wait_policy::all, wait_policy::chain});
    schemas["FailurePolicy"] = one_of({failure_policy::open, failure_policy::closed});
    schemas["Scope"] = one_of({event_scope::local, event_scope::cluster});
    schemas["Outcome"] = one_of({outcome::answered, outcome::abstained, outcome::timeout, outcome::abandoned,
        outcome::no_subscribers, outcome::shutdown, outcome::unknown});
    schemas["Refusal"] = one_of({refusal::answered, refusal::expired, refusal::cancelled, refusal::unknown});
    schemas["CloseReason"] =
        one_of({close_reason::lagged, close_reason::shutdown, close_reason::unsubscribed, close_reason::gap});
    schemas["TrustState"] = one_of({hook_state::ok, hook_state::untrusted, hook_state::missing});
    schemas["HookState"] = one_of(
        {hook_state::ok, hook_state::untrusted, hook_state::missing, hook_state::inactive, hook_state::disabled});
    schemas["PassReason"] =
        one_of({pass_reason::disabled, pass_reason::shadow, pass_reason::where, pass_reason::asked_only});
    schemas["ResponderKind"] = json::object{{"type", "string"}, {"enum", json::array{"session", "registered"}}};
}

void add_verdicts(json::object& schemas) {
    schemas["Reply"] = object_of("what a responder replied",
        {{"response", "JsonObject"}, {"responder", "Text"}, {"uid", "Count"}, {"elapsed_ms", "Decimal"},
            optional({"host", "Text"}), optional({"response_bytes", "Count"})});
    schemas["Missing"] = object_of("a responder that gave no reply, and why",
        {{"responder", "Text"}, {"why", "Text"}, optional({"host", "Text"})});
    const auto ending = object_of("how a wait ended",
        {{"outcome", "Outcome"}, {"abort", "Text"}, {"responses", list_of("Reply")}, {"missing", list_of("Missing")},
            optional({"payload", "Json"}), optional({"bypassed", "Text"})});
    schemas["Verdict"] = extended(ending, "the operation proceeds if abort is empty; payload is that of a chain",
        {{"hook_event_id", "Text"}, {"seq", nullable("Count")}});
    const auto notice = extended(ending, "a verdict as the notification `verdict` has it",
        {{"seq", "Count"}, {"hook_event_id", "Uuid"}, {"event", "Text"}, {"elapsed_ms", "Decimal"},
            optional({"passed_over", list_of("PassedOver")}), optional({"passed_over_total", "Count"})});
    schemas["PassedOver"] = object_of("a hook whose events match, and on whose reply the verdict did not depend",
        {{"responder", "Text"}, {"why", "PassReason"}});
    schemas["VerdictNotice"] = notice;
    schemas["HistoryEntry"] =
        extended(notice, "a verdict of the journal", {{"emitted_at", "Timestamp"}, {"instance", "Uuid"}});
    schemas["BypassState"] = object_of("a bypass: no veto of its events counts",
        {{"events", list_of("Text")}, {"reason", "Text"}, {"uid", "Count"}, {"left_ms", "Count"}});
}

void add_journal(json::object& schemas) {
    schemas["HistoryResult"] = object_of(
        "a page of the journal, newest verdict first", {{"verdicts", list_of("HistoryEntry")}, {"more", "Flag"}});
    schemas["Emitter"] =
        object_of("the process that emitted an event", {{"pid", "Count"}, {"uid", "Count"}, {"program", "Text"}});
    schemas["Handed"] =
        object_of("a session or hook that got the event, whether the emitter waited for its reply, and after what time",
            {{"to", "Text"}, optional({"asked", "Flag"}), {"after_ms", "Decimal"}});
    schemas["TraceVerdict"] = object_of(
        "how the wait for an event ended", {{"outcome", "Outcome"}, {"abort", "Text"}, {"elapsed_ms", "Decimal"},
                                               optional({"payload", "Json"}), optional({"bypassed", "Text"})});
    schemas["ShadowReply"] = object_of("what a shadow said, which decided nothing",
        {{"responder", "Text"}, optional({"response", "JsonObject"}), optional({"response_bytes", "Count"}),
            optional({"failed", "Text"}), {"elapsed_ms", "Decimal"}});
    schemas["TraceResult"] =
        object_of("one event of the journal; payload is absent if it is larger than the journal keeps",
            {{"hook_event_id", "Uuid"}, {"instance", "Uuid"}, {"seq", "Count"}, {"event", "Text"},
                {"emitted_at", "Timestamp"}, {"expects_response", "Flag"}, optional({"timeout_ms", "Count"}),
                optional({"cause", "Text"}), {"emitter", "Emitter"}, {"payload_bytes", "Count"},
                optional({"payload", "Json"}), {"subscribers", "Count"}, {"handed", list_of("Handed")},
                {"responses", list_of("Reply")}, {"missing", list_of("Missing")},
                optional({"shadows", list_of("ShadowReply")}), optional({"passed_over", list_of("PassedOver")}),
                optional({"passed_over_total", "Count"}), optional({"ended", "Text"}),
                {"verdict", nullable("TraceVerdict")}});
    schemas["ReplayResult"] = object_of("what the responder said this time: a response, or why it failed",
        {optional({"response", "JsonObject"}), optional({"failed", "Text"}), {"elapsed_ms", "Decimal"}});
}

void add_hooks(json::object& schemas) {
    schemas["Responder"] = object_of("whom an emit_and_wait would ask",
        {{"name", "Text"}, optional({"pid", "Count"}), {"uid", "Count"}, {"kind", "ResponderKind"},
            {"on_failure", "FailurePolicy"}, {"order", "Integer"}, optional({"host", "Text"}), {"state", "Text"}});
    schemas["WhoResult"] = object_of("whom an emit_and_wait of an event would ask now, under which policies",
        {{"responders", list_of("Responder")}, {"observers", "Count"}, {"require", list_of("Text")},
            {"absent", list_of("Text")}, {"policy", "Policy"}, {"failure_policy", "FailurePolicy"},
            {"timeout_ms", "Count"}, optional({"passed_over", list_of("PassedOver")}),
            optional({"passed_over_total", "Count"})});
    schemas["Hook"] = object_of("a registered hook; command and env are shown to the daemon's user and root alone",
        {{"name", "Text"}, optional({"command", list_of("Text")}), {"events", list_of("Text")},
            {"timeout_ms", nullable("Count")}, {"jobs", nullable("Count")}, {"cwd", nullable("Text")},
            optional({"env", map_of("Text")}), {"where", map_of("Text")}, {"asked_only", "Flag"},
            {"on_failure", "FailurePolicy"}, {"order", "Integer"}, {"shadow", "Flag"}, {"scope", "Scope"},
            {"enabled", "Flag"}, {"kept", "Flag"}, {"trust", "TrustState"}, {"state", "HookState"},
            {"why", nullable("Text")}, {"runs", "Count"}, {"last_outcome", nullable("Text")},
            {"p50_ms", nullable("Decimal")}, {"p99_ms", nullable("Decimal")}});
    schemas["ListHooksResult"] = object_of("the registered hooks", {{"hooks", list_of("Hook")}});
    schemas["DeregisterHookResult"] = object_of("whether there was a hook of that name", {{"deleted", "Flag"}});
    schemas["BypassResult"] = object_of("the bypass that is in force now, and the one that this request ended",
        {{"bypass", nullable("BypassState")}, {"ended", nullable("BypassState")}});
    schemas["EventSchema"] = object_of(
        "an event of the catalog", {{"event", "Text"}, {"schema_version", "SchemaVersion"}, {"description", "Text"},
                                       {"payload_schema", "Schema"}, {"response_schema", "Schema"}});
    schemas["GetHookEventSchemaResult"] = object_of("events of the catalog", {{"schemas", list_of("EventSchema")}});
    schemas["HostHook"] =
        object_of("a hook of scope cluster", {{"name", "Text"}, {"events", list_of("Text")}, {"responds", "Flag"}});
    schemas["Host"] = object_of("a host of the cluster",
        {{"host", "Text"}, {"state", "Text"}, {"lease_ms", "Count"}, {"hooks", list_of("HostHook")}});
    schemas["ClusterHostsResult"] = object_of("the hosts of the cluster, this one first", {{"hosts", list_of("Host")}});
}

void add_sessions(json::object& schemas) {
    schemas["PingResult"] = object_of(
        "which daemon this is", {{"instance", "Uuid"}, {"version", "Text"}, {"protocol", "Integer"}, {"pid", "Count"},
                                    {"host", "Text"}, optional({"cluster", "ClusterStats"})});
    schemas["EmitResult"] =
        object_of("an event that was fired", {{"hook_event_id", "Uuid"}, {"seq", "Count"}, {"subscribers", "Count"}});
    schemas["SubscribeResult"] =
        object_of("a push session that was opened", {{"instance", "Uuid"}, {"head_seq", "Count"}, {"resumed", "Flag"}});
    schemas["UnsubscribeResult"] = object_of("whether there was a push session", {{"unsubscribed", "Flag"}});
    schemas["RespondResult"] = object_of("whether a reply reached a waiting slot, and if not, why",
        {{"accepted", "Flag"}, {"reason", nullable("Refusal")}});
    schemas["EventNotice"] = object_of("an event as a subscriber gets it",
        {{"seq", "Count"}, {"hook_event_id", "Uuid"}, {"event", "Text"}, {"emitted_at", "Timestamp"},
            {"expects_response", "Flag"}, optional({"timeout_ms", "Count"}), optional({"cause", "Text"}),
            optional({"host", "Text"}), optional({"replayed", "Flag"}), {"payload", "Json"}});
    schemas["ClosedNotice"] = object_of("how a push session ended", {{"reason", "CloseReason"}, {"last_seq", "Count"}});
    schemas["CancelledNotice"] = object_of("an event whose wait ended before this session had replied",
        {{"hook_event_id", "Uuid"}, {"reason", "Refusal"}});
}

void add_stats(json::object& schemas) {
    schemas["Histogram"] = object_of("how many times were at most each bound of histogram_ms, and one more: above all",
        {{"count", "Count"}, {"sum_ms", "Decimal"}, {"buckets", list_of("Count")}});
    const auto times = object_of("how long replies took",
        {{"p50_ms", nullable("Decimal")}, {"p90_ms", nullable("Decimal")}, {"p99_ms", nullable("Decimal")},
            {"max_ms", nullable("Decimal")}, {"histogram", nullable("Histogram")}});
    schemas["Times"] = times;
    schemas["EventStats"] =
        extended(times, "an event: how often it was emitted, how long replies took", {{"count", "Count"}});
    schemas["HookStats"] = extended(times, "a hook: how often it was asked and what became of that",
        {{"asked", "Count"}, {"replied", "Count"}, {"vetoed", "Count"}, {"failed", "Count"}, {"lagged", "Count"},
            optional({"enabled", "Flag"})});
    schemas["SessionStats"] = object_of("a push session",
        {{"name", "Text"}, {"pid", "Count"}, {"uid", "Count"}, {"queued", "Count"}, {"lagged", "Flag"}});
    schemas["TotalStats"] = object_of("counters since the daemon's start",
        {{"events", "Count"}, {"deliveries", "Count"}, {"accepted", "Count"}, {"refused", map_of("Count")},
            {"outcomes", map_of("Count")}, {"lagged", "Count"}, {"protocol_errors", "Count"}, {"bytes_in", "Count"},
            {"bytes_out", "Count"}});
    schemas["VerdictStats"] = object_of("how many waits ended in which way",
        {{"proceeded", "Count"}, {"vetoed", "Count"}, {"failed_closed", "Count"}, {"bypassed", "Count"}});
    schemas["JournalStats"] =
        object_of("the journal", {{"file", nullable("Text")}, {"bytes", "Count"}, {"events", "Count"},
                                     {"dropped", "Count"}, optional({"failure", "Text"})});
    const auto link = object_of("a link to other hosts",
        {{"engine", nullable("Text")}, {"state", "Text"}, {"events", list_of("Text")}, {"hosts", "Count"},
            {"asked", "Count"}, {"answered", "Count"}, {"failed", "Count"}, {"gaps", "Count"}, {"reconnects", "Count"},
            {"queue_usage", nullable("Decimal")}, {"ask_ms", "Times"}});
    schemas["LinkStats"] = link;
    schemas["ClusterStats"] = extended(link, "the first link to other hosts; if there are several, links has all",
        {optional({"links", list_of("LinkStats")})});
    schemas["StatsResult"] = object_of("counters and gauges",
        {{"host", "Text"}, {"uptime_s", "Decimal"}, {"connections", "Count"}, {"subscribers", "Count"},
            {"waiting", "Count"}, {"head_seq", "Count"}, {"retained_events", "Count"}, {"retained_bytes", "Count"},
            {"totals", "TotalStats"}, {"verdicts", "VerdictStats"}, {"bypass", nullable("BypassState")},
            {"histogram_ms", list_of("Decimal")}, {"events", map_of("EventStats")}, {"hooks", map_of("HookStats")},
            {"journal", "JournalStats"}, {"sessions", list_of("SessionStats")}, optional({"cluster", "ClusterStats"})});
}

}  // namespace

json::object titled(std::string_view title, json::object schema) {
    schema.insert_or_assign("title", title);
    return schema;
}

json::object schema_reference(std::string_view name) { return {{"$ref", "#/components/schemas/" + std::string{name}}}; }

json::object discover_schemas() {
    json::object schemas;
    add_values(schemas);
    add_choices(schemas);
    add_verdicts(schemas);
    add_journal(schemas);
    add_hooks(schemas);
    add_sessions(schemas);
    add_stats(schemas);
    for (auto& each : schemas) {
        auto& schema = each.value().as_object();
        schema.insert_or_assign("title", each.key());
    }
    return schemas;
}

json::array discover_notifications() {
    auto schemas = discover_schemas();
    const auto notification = [&schemas](std::string_view name, std::string_view summary, std::string_view type) {
        const auto& schema = schemas.at(type).as_object();
        const auto& required = schema.at("required").as_array();
        json::array params;
        for (const auto& each : schema.at("properties").as_object()) {
            const bool is_required =
                std::find(required.begin(), required.end(), json::value(each.key())) != required.end();
            params.emplace_back(
                json::object{{"name", each.key()}, {"required", is_required}, {"schema", each.value()}});
        }
        return json::object{
            {"name", name}, {"summary", summary}, {"paramStructure", "by-name"}, {"params", std::move(params)}};
    };
    return {notification("event", "an event that matches a pattern of the session, in the order of seq", "EventNotice"),
        notification("closed", "the push session has ended", "ClosedNotice"),
        notification("cancelled", "a wait has ended before this session replied (subscribe with cancellations)",
            "CancelledNotice"),
        notification("verdict", "the wait for a matching event has ended (subscribe with verdicts)", "VerdictNotice")};
}

}  // namespace hookd::protocol
