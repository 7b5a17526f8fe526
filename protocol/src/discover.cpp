// SPDX-License-Identifier: BSL-1.0
#include "method_fields.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace hookd::protocol {
namespace {

namespace json = boost::json;

json::object integer_schema(std::int64_t least) { return {{"type", "integer"}, {"minimum", least}}; }

json::object duration_schema() { return {{"type", "integer"}, {"minimum", 1}, {"maximum", max_timeout.count()}}; }

json::object uuid_schema() { return {{"type", "string"}, {"format", "uuid"}}; }

json::object typed(std::string_view type) { return {{"type", type}}; }

/// Writes OpenRPC content descriptors (OpenRPC 1.2.6, "Content Descriptor Object").
class descriptor_writer {
public:
    void event_name(std::string_view name, const text&, std::string_view meaning) {
        add(name, presence::required, meaning, {{"type", "string"}, {"pattern", "^[A-Za-z0-9_.:/-]{1,128}$"}});
    }
    void cause(std::string_view name, const text&, const text&, std::string_view, std::string_view meaning) {
        add(name, presence::optional, meaning,
            {{"type", "string"}, {"pattern", "^([A-Za-z0-9_.:/-]{1,128}(,[A-Za-z0-9_.:/-]{1,128}){0,7})?$"}});
    }
    void json(std::string_view name, std::string_view, std::string_view meaning) {
        add(name, presence::optional, meaning, {});
    }
    void object(std::string_view name, std::string_view, std::string_view meaning) {
        add(name, presence::optional, meaning,
            {{"type", "object"}, {"properties", json::object{{"abort", typed("string")}}}});
    }
    void duration(std::string_view name, const std::optional<std::chrono::milliseconds>&, std::string_view meaning) {
        add(name, presence::optional, meaning, duration_schema());
    }
    void uuid_text(std::string_view name, const std::optional<uuid>&, std::string_view meaning) {
        add(name, presence::optional, meaning, uuid_schema());
    }
    template <class Enum>
    void choice(std::string_view name, const std::optional<Enum>&, std::initializer_list<Enum> choices,
        std::string_view meaning) {
        json::array names;
        for (const Enum each : choices) {
            names.emplace_back(to_string(each));
        }
        add(name, presence::optional, meaning, {{"type", "string"}, {"enum", std::move(names)}});
    }
    void boolean(std::string_view name, bool standard, std::string_view meaning) {
        add(name, presence::optional, meaning, {{"type", "boolean"}, {"default", standard}});
    }
    void required_boolean(std::string_view name, bool, std::string_view meaning) {
        add(name, presence::required, meaning, {{"type", "boolean"}});
    }
    void count(std::string_view name, const std::optional<std::size_t>&, std::string_view meaning) {
        add(name, presence::optional, meaning, {{"type", "integer"}, {"minimum", 1}, {"maximum", max_jobs}});
    }
    void directory(std::string_view name, const std::string&, std::string_view meaning) {
        add(name, presence::optional, meaning, {{"type", "string"}, {"pattern", "^/"}, {"maxLength", max_path}});
    }
    void variables(std::string_view name, const std::vector<std::string>&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            {{"type", "object"}, {"maxProperties", max_variables},
                {"additionalProperties", json::object{{"type", "string"}}}});
    }
    void free_text(std::string_view name, const text&, presence needed, std::string_view meaning) {
        add(name, needed, meaning, {{"type", "string"}, {"minLength", 1}});
    }
    void subscriber_name(std::string_view name, const text&, presence needed, std::string_view meaning) {
        add(name, needed, meaning, {{"type", "string"}, {"minLength", 1}, {"maxLength", max_subscriber_name}});
    }
    void integer(std::string_view name, std::int64_t standard, std::string_view meaning) {
        add(name, presence::optional, meaning, {{"type", "integer"}, {"default", standard}});
    }
    void names(std::string_view name, const std::vector<std::string>&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            {{"type", "array"},
                {"items", json::object{{"type", "string"}, {"minLength", 1}, {"maxLength", max_subscriber_name}}}});
    }
    void conditions(std::string_view name, const std::vector<payload_condition>&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            {{"type", "object"}, {"maxProperties", max_conditions},
                {"propertyNames", json::object{{"pattern", "^(/([^/~]|~[01])*)*$"}, {"maxLength", max_pointer}}},
                {"additionalProperties", json::object{{"type", "string"}, {"maxLength", max_condition_glob}}}});
    }
    void counter(std::string_view name, const std::optional<std::uint64_t>&, std::string_view meaning) {
        add(name, presence::optional, meaning, integer_schema(0));
    }
    void command(std::string_view name, const std::vector<std::string>&, std::string_view meaning) {
        add(name, presence::required, meaning,
            {{"type", "array"}, {"minItems", 1}, {"maxItems", max_command_words}, {"items", typed("string")}});
    }
    void patterns(std::string_view name, const std::vector<std::string>&, presence needed, std::string_view meaning) {
        add(name, needed, meaning,
            {{"type", "array"}, {"maxItems", max_patterns},
                {"items", json::object{{"type", "string"}, {"pattern", "^[A-Za-z0-9_.:/*?-]{1,128}$"}}}});
    }
    void pattern(std::string_view name, const text&, std::string_view meaning) {
        add(name, presence::optional, meaning, {{"type", "string"}, {"pattern", "^[A-Za-z0-9_.:/*?-]{1,128}$"}});
    }
    void time(
        std::string_view name, const std::optional<std::chrono::system_clock::time_point>&, std::string_view meaning) {
        add(name, presence::optional, meaning, {{"type", "string"}, {"format", "date-time"}});
    }
    void page_size(std::string_view name, const std::optional<std::size_t>&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            {{"type", "integer"}, {"minimum", 1}, {"maximum", max_history}, {"default", default_history}});
    }
    void request_id(std::string_view name, std::string_view, std::string_view meaning) {
        add(name, presence::required, meaning, {{"type", json::array{"string", "number"}}});
    }

    json::array take() { return std::move(descriptors_); }

private:
    void add(std::string_view name, presence needed, std::string_view meaning, json::object schema) {
        descriptors_.emplace_back(json::object{{"name", name}, {"description", meaning},
            {"required", needed == presence::required}, {"schema", std::move(schema)}});
    }

    json::array descriptors_{};
};

json::object object_schema(json::object properties) {
    json::array required;
    for (const auto& each : properties) {
        required.emplace_back(each.key());
    }
    return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

json::object array_of(json::object items) { return {{"type", "array"}, {"items", std::move(items)}}; }

json::object wait_schema() {
    json::array outcomes;
    for (std::size_t i = 0; i < outcome_count; ++i) {
        if (static_cast<outcome>(i) != outcome::cancelled) {  // which no result has
            outcomes.emplace_back(to_string(static_cast<outcome>(i)));
        }
    }
    auto schema = object_schema(
        {{"hook_event_id", typed("string")}, {"seq", json::object{{"type", json::array{"integer", "null"}}}},
            {"outcome", json::object{{"type", "string"}, {"enum", std::move(outcomes)}}}, {"abort", typed("string")},
            {"responses", array_of(object_schema({{"response", typed("object")}, {"responder", typed("string")},
                              {"uid", integer_schema(0)}, {"elapsed_ms", typed("number")}}))},
            {"missing", array_of(object_schema({{"responder", typed("string")}, {"why", typed("string")}}))}});
    auto& members = schema["properties"].as_object();
    members["payload"] = typed("object");                      // of a chain alone
    members["bypassed"] = typed("string");                     // under a bypass alone
    for (const char* const list : {"responses", "missing"}) {  // where the responder is on another host
        members[list].as_object()["items"].as_object()["properties"].as_object()["host"] = typed("string");
    }
    return schema;
}

json::object bypass_schema() {
    auto bypass = object_schema({{"events", array_of(typed("string"))}, {"reason", typed("string")},
        {"uid", integer_schema(0)}, {"left_ms", integer_schema(0)}});
    bypass["type"] = json::array{"object", "null"};
    return object_schema({{"bypass", bypass}, {"ended", bypass}});
}

json::object timestamp_schema() { return {{"type", "string"}, {"format", "date-time"}}; }

// An entry of `history`: the params of the notification `verdict`, and when and in which run it was emitted.
json::object entry_schema() {
    auto schema = wait_schema();
    auto& properties = schema["properties"].as_object();
    auto& required = schema["required"].as_array();
    const auto add = [&](std::string_view name, json::object type) {
        properties[name] = std::move(type);
        required.emplace_back(name);
    };
    add("event", typed("string"));
    add("elapsed_ms", typed("number"));
    add("emitted_at", timestamp_schema());
    add("instance", uuid_schema());
    properties["bypassed"] = typed("string");
    return schema;
}

json::object trace_schema() {
    auto schema =
        object_schema({{"hook_event_id", uuid_schema()}, {"instance", uuid_schema()}, {"seq", integer_schema(1)},
            {"event", typed("string")}, {"emitted_at", timestamp_schema()}, {"expects_response", typed("boolean")},
            {"emitter",
                object_schema({{"pid", integer_schema(0)}, {"uid", integer_schema(0)}, {"program", typed("string")}})},
            {"subscribers", integer_schema(0)}, {"payload_bytes", integer_schema(0)},
            {"handed", array_of(object_schema({{"to", typed("string")}, {"after_ms", typed("number")}}))},
            {"verdict", json::object{{"type", json::array{"object", "null"}}}}});
    auto& properties = schema["properties"].as_object();
    properties["payload"] = json::object{};  // unless it is larger than the journal keeps
    properties["timeout_ms"] = integer_schema(1);
    properties["cause"] = typed("string");
    properties["ended"] = typed("string");
    return schema;
}

json::object replay_schema() {
    auto schema = object_schema({{"elapsed_ms", typed("number")}});
    auto& properties = schema["properties"].as_object();
    properties["response"] = typed("object");
    properties["failed"] = typed("string");
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

json::object who_schema() {
    auto responder = object_schema({{"name", typed("string")}, {"uid", integer_schema(0)},
        {"kind", json::object{{"type", "string"}, {"enum", json::array{"session", "registered"}}}},
        {"on_failure", one_of({failure_policy::open, failure_policy::closed})}, {"order", typed("integer")},
        {"state", typed("string")}});
    responder["properties"].as_object()["pid"] = integer_schema(1);  // where there is one
    responder["properties"].as_object()["host"] = typed("string");   // where it is another
    return object_schema({{"responders", array_of(std::move(responder))}, {"observers", integer_schema(0)},
        {"require", array_of(typed("string"))}, {"absent", array_of(typed("string"))},
        {"policy", one_of({wait_policy::first, wait_policy::veto, wait_policy::all, wait_policy::chain})},
        {"failure_policy", one_of({failure_policy::open, failure_policy::closed})}, {"timeout_ms", integer_schema(1)}});
}

json::object hook_schema() {
    const auto or_null = [](std::string_view type) { return json::object{{"type", json::array{type, "null"}}}; };
    return object_schema(
        {{"name", typed("string")}, {"command", array_of(typed("string"))}, {"events", array_of(typed("string"))},
            {"timeout_ms", or_null("integer")}, {"jobs", or_null("integer")}, {"cwd", or_null("string")},
            {"env", json::object{{"type", "object"}, {"additionalProperties", typed("string")}}},
            {"where", json::object{{"type", "object"}, {"additionalProperties", typed("string")}}},
            {"asked_only", typed("boolean")}, {"on_failure", one_of({failure_policy::open, failure_policy::closed})},
            {"order", typed("integer")}, {"shadow", typed("boolean")},
            {"scope", one_of({event_scope::local, event_scope::cluster})}, {"enabled", typed("boolean")},
            {"kept", typed("boolean")}, {"trust", one_of({hook_state::ok, hook_state::untrusted, hook_state::missing})},
            {"state", one_of({hook_state::ok, hook_state::untrusted, hook_state::missing, hook_state::inactive,
                          hook_state::disabled})},
            {"why", or_null("string")}, {"runs", integer_schema(0)}, {"last_outcome", or_null("string")},
            {"p50_ms", or_null("number")}, {"p99_ms", or_null("number")}});
}

// `command` and `env` are shown to the daemon's user and root alone.
json::object listed_hook_schema() {
    auto schema = hook_schema();
    auto& required = schema.at("required").as_array();
    for (const char* const hidden : {"command", "env"}) {
        required.erase(std::find(required.begin(), required.end(), json::value(hidden)));
    }
    return schema;
}

template <class Params>
json::object method(std::string_view summary, json::object result) {
    Params params{};
    descriptor_writer writer;
    describe(writer, params);
    return {{"name", Params::method}, {"summary", summary}, {"paramStructure", "by-name"}, {"params", writer.take()},
        {"result", json::object{{"name", "result"}, {"schema", std::move(result)}}}};
}

}  // namespace

std::string discover_document(std::string_view daemon_version) {
    json::array methods;
    methods.emplace_back(method<ping_params>("which daemon this is",
        object_schema({{"instance", uuid_schema()}, {"version", typed("string")}, {"protocol", typed("integer")},
            {"pid", typed("integer")}, {"host", typed("string")}})));
    methods.emplace_back(
        method<emit_params>("fires an event", object_schema({{"hook_event_id", uuid_schema()},
                                                  {"seq", integer_schema(1)}, {"subscribers", integer_schema(0)}})));
    methods.emplace_back(method<emit_and_wait_params>("fires an event and waits for the verdict", wait_schema()));
    methods.emplace_back(
        method<await_response_params>("waits for the reply to an event emitted with reserve_ms", wait_schema()));
    methods.emplace_back(method<subscribe_params>(
        "opens this connection's push session: events arrive as notifications `event`, its end as `closed`",
        object_schema({{"instance", uuid_schema()}, {"head_seq", integer_schema(0)}, {"resumed", typed("boolean")}})));
    methods.emplace_back(method<unsubscribe_params>(
        "ends this connection's push session", object_schema({{"unsubscribed", typed("boolean")}})));
    methods.emplace_back(method<respond_params>("replies to an event",
        object_schema(
            {{"accepted", typed("boolean")}, {"reason", json::object{{"type", json::array{"string", "null"}}}}})));
    methods.emplace_back(method<who_params>("whom an emit_and_wait of this event would ask now", who_schema()));
    methods.emplace_back(method<history_params>("the verdicts that the journal holds, newest first",
        object_schema({{"verdicts", array_of(entry_schema())}, {"more", typed("boolean")}})));
    methods.emplace_back(method<trace_params>("all that the journal holds of one event", trace_schema()));
    methods.emplace_back(method<replay_params>(
        "hands an event of the journal to one responder again, which decides nothing", replay_schema()));
    methods.emplace_back(method<schema_params>("what the catalog says of its events",
        object_schema(
            {{"schemas", array_of(object_schema({{"event", typed("string")},
                             {"schema_version", json::object{{"type", json::array{"number", "string"}}}},
                             {"description", typed("string")},
                             {"payload_schema", json::object{{"type", json::array{"object", "boolean"}}}},
                             {"response_schema", json::object{{"type", json::array{"object", "boolean"}}}}}))}})));
    methods.emplace_back(
        method<register_hook_params>("registers a command that the daemon runs for events", hook_schema()));
    methods.emplace_back(
        method<deregister_hook_params>("ends a registered hook", object_schema({{"deleted", typed("boolean")}})));
    methods.emplace_back(
        method<list_hooks_params>("the registered hooks", object_schema({{"hooks", array_of(listed_hook_schema())}})));
    methods.emplace_back(method<trust_hook_params>("trusts a registered hook's files as they are now", hook_schema()));
    methods.emplace_back(method<enable_hook_params>("has a registered hook asked again, or no longer", hook_schema()));
    methods.emplace_back(method<cluster_hosts_params>("the hosts of the cluster, this one first",
        object_schema({{"hosts",
            array_of(
                object_schema({{"host", typed("string")}, {"state", typed("string")}, {"lease_ms", integer_schema(0)},
                    {"hooks", array_of(object_schema({{"name", typed("string")}, {"events", array_of(typed("string"))},
                                  {"responds", typed("boolean")}}))}}))}})));
    methods.emplace_back(method<bypass_params>("for a while, no veto of these events counts", bypass_schema()));
    methods.emplace_back(method<stats_params>("counters and gauges", typed("object")));
    methods.emplace_back(method<discover_params>("this document", typed("object")));
    methods.emplace_back(
        method<cancel_params>("cancels a waiting request of this connection (a notification)", typed("null")));
    return json::serialize(json::object{{"openrpc", "1.2.6"},
        {"info", json::object{{"title", "hookd"}, {"version", daemon_version}}}, {"methods", std::move(methods)}});
}

}  // namespace hookd::protocol
