// SPDX-License-Identifier: BSL-1.0
#include "discover.hpp"
#include "method_fields.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <initializer_list>
#include <string>
#include <utility>

namespace hookd::protocol {
namespace {

namespace json = boost::json;

json::object pattern_schema() { return {{"type", "string"}, {"pattern", "^[A-Za-z0-9_.:/*?-]{1,128}$"}}; }

json::object name_schema() { return {{"type", "string"}, {"minLength", 1}, {"maxLength", max_subscriber_name}}; }

// `asked_only` as `AskedOnly`.
std::string title_of(std::string_view name) {
    std::string title;
    bool begins_word = true;
    for (const char each : name) {
        if (each == '_') {
            begins_word = true;
        } else {
            title += begins_word && each >= 'a' && each <= 'z' ? static_cast<char>(each - 'a' + 'A') : each;
            begins_word = false;
        }
    }
    return title;
}

constexpr std::string_view type_of(wait_policy) { return "Policy"; }
constexpr std::string_view type_of(failure_policy) { return "FailurePolicy"; }
constexpr std::string_view type_of(event_scope) { return "Scope"; }

/// Writes OpenRPC content descriptors (OpenRPC 1.3.2, "Content Descriptor Object").
class descriptor_writer {
public:
    void event_name(std::string_view name, const text&, std::string_view meaning) {
        add(name, presence::required, meaning,
            titled("EventName", {{"type", "string"}, {"pattern", "^[A-Za-z0-9_.:/-]{1,128}$"}}));
    }
    void cause(std::string_view name, const text&, const text&, std::string_view, std::string_view meaning) {
        add(name, presence::optional, meaning,
            titled("Cause",
                {{"type", "string"}, {"pattern", "^([A-Za-z0-9_.:/-]{1,128}(,[A-Za-z0-9_.:/-]{1,128}){0,7})?$"}}));
    }
    void json(std::string_view name, std::string_view, std::string_view meaning) {
        add(name, presence::optional, meaning, schema_reference("Json"));
    }
    void object(std::string_view name, std::string_view, std::string_view meaning) {
        add(name, presence::optional, meaning,
            titled(
                "Response", {{"type", "object"}, {"properties", json::object{{"abort", schema_reference("Text")}}}}));
    }
    void duration(std::string_view name, const std::optional<std::chrono::milliseconds>&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            titled("Milliseconds", {{"type", "integer"}, {"minimum", 1}, {"maximum", max_timeout.count()}}));
    }
    void uuid_text(std::string_view name, const std::optional<uuid>&, std::string_view meaning) {
        add(name, presence::optional, meaning, schema_reference("Uuid"));
    }
    template <class Enum>
    void choice(
        std::string_view name, const std::optional<Enum>&, std::initializer_list<Enum>, std::string_view meaning) {
        add(name, presence::optional, meaning, schema_reference(type_of(Enum{})));
    }
    void boolean(std::string_view name, bool standard, std::string_view meaning) {
        add(name, presence::optional, meaning, titled(title_of(name), {{"type", "boolean"}, {"default", standard}}));
    }
    void required_boolean(std::string_view name, bool, std::string_view meaning) {
        add(name, presence::required, meaning, schema_reference("Flag"));
    }
    void count(std::string_view name, const std::optional<std::size_t>&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            titled("Jobs", {{"type", "integer"}, {"minimum", 1}, {"maximum", max_jobs}}));
    }
    void directory(std::string_view name, const std::string&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            titled("Directory", {{"type", "string"}, {"pattern", "^/"}, {"maxLength", max_path}}));
    }
    void variables(std::string_view name, const std::vector<std::string>&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            titled("Environment", {{"type", "object"}, {"maxProperties", max_variables},
                                      {"additionalProperties", schema_reference("Text")}}));
    }
    void free_text(std::string_view name, const text&, presence needed, std::string_view meaning) {
        add(name, needed, meaning, titled("NonEmptyText", {{"type", "string"}, {"minLength", 1}}));
    }
    void subscriber_name(std::string_view name, const text&, presence needed, std::string_view meaning) {
        add(name, needed, meaning, titled("Name", name_schema()));
    }
    void integer(std::string_view name, std::int64_t standard, std::string_view meaning) {
        add(name, presence::optional, meaning, titled(title_of(name), {{"type", "integer"}, {"default", standard}}));
    }
    void names(std::string_view name, const std::vector<std::string>&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            titled("NameList", {{"type", "array"}, {"items", titled("Name", name_schema())}}));
    }
    void conditions(std::string_view name, const std::vector<payload_condition>&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            titled("Conditions",
                {{"type", "object"}, {"maxProperties", max_conditions},
                    {"propertyNames", titled("Pointer", {{"type", "string"}, {"pattern", "^(/([^/~]|~[01])*)*$"},
                                                            {"maxLength", max_pointer}})},
                    {"additionalProperties",
                        titled("Glob", {{"type", "string"}, {"maxLength", max_condition_glob}})}}));
    }
    void counter(std::string_view name, const std::optional<std::uint64_t>&, std::string_view meaning) {
        add(name, presence::optional, meaning, schema_reference("Count"));
    }
    void command(std::string_view name, const std::vector<std::string>&, std::string_view meaning) {
        add(name, presence::required, meaning,
            titled("Command", {{"type", "array"}, {"minItems", 1}, {"maxItems", max_command_words},
                                  {"items", schema_reference("Text")}}));
    }
    void patterns(std::string_view name, const std::vector<std::string>&, presence needed, std::string_view meaning) {
        add(name, needed, meaning,
            titled("Patterns",
                {{"type", "array"}, {"maxItems", max_patterns}, {"items", titled("Pattern", pattern_schema())}}));
    }
    void pattern(std::string_view name, const text&, std::string_view meaning) {
        add(name, presence::optional, meaning, titled("Pattern", pattern_schema()));
    }
    void time(
        std::string_view name, const std::optional<std::chrono::system_clock::time_point>&, std::string_view meaning) {
        add(name, presence::optional, meaning, schema_reference("Timestamp"));
    }
    void page_size(std::string_view name, const std::optional<std::size_t>&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            titled("PageSize",
                {{"type", "integer"}, {"minimum", 1}, {"maximum", max_history}, {"default", default_history}}));
    }
    void request_id(std::string_view name, std::string_view, std::string_view meaning) {
        add(name, presence::required, meaning,
            titled("RequestId", {{"oneOf", json::array{schema_reference("Text"), schema_reference("Decimal"),
                                               schema_reference("Null")}}}));
    }

    json::array take() { return std::move(descriptors_); }

private:
    void add(std::string_view name, presence needed, std::string_view meaning, json::object schema) {
        descriptors_.emplace_back(json::object{{"name", name}, {"description", meaning},
            {"required", needed == presence::required}, {"schema", std::move(schema)}});
    }

    json::array descriptors_{};
};

/// What is said of a method beside its parameters. `example_params` and `example_result` are JSON texts; `errors` are
/// those that it may end with beside the ones of every method.
struct method_text {
    std::string_view summary;
    std::string_view result;  ///< the name of its type; empty for a notification
    std::initializer_list<std::string_view> errors;
    std::string_view example_params;
    std::string_view example_result;
};

json::array errors_of(std::initializer_list<std::string_view> own) {
    json::array errors;
    const auto add = [&errors](std::string_view name) {
        errors.emplace_back(json::object{{"$ref", "#/components/errors/" + std::string{name}}});
    };
    for (const auto each : {"InvalidParams", "LimitExceeded", "ShuttingDown", "NotAllowed", "InternalError"}) {
        add(each);
    }
    for (const auto each : own) {
        add(each);
    }
    return errors;
}

// OpenRPC 1.3.2, "Example Pairing Object".
json::object example_of(std::string_view method, const method_text& text) {
    const auto values = json::parse(text.example_params);
    json::array params;
    for (const auto& each : values.as_object()) {
        params.emplace_back(json::object{{"name", each.key()}, {"value", each.value()}});
    }
    json::object example{{"name", method}, {"params", std::move(params)}};
    if (!text.result.empty()) {
        example["result"] = json::object{{"name", "result"}, {"value", json::parse(text.example_result)}};
    }
    return example;
}

template <class Params>
json::object method(const method_text& text) {
    Params params{};
    descriptor_writer writer;
    describe(writer, params);
    json::object method{{"name", Params::method}, {"summary", text.summary}, {"paramStructure", "by-name"},
        {"params", writer.take()}, {"examples", json::array{example_of(Params::method, text)}}};
    if (!text.result.empty()) {
        method["result"] = json::object{{"name", "result"}, {"schema", schema_reference(text.result)}};
        method["errors"] = errors_of(text.errors);
    }
    return method;
}

}  // namespace

std::string discover_document(std::string_view daemon_version) {
    json::array methods;
    methods.emplace_back(method<ping_params>({.summary = "which daemon this is",
        .result = "PingResult",
        .errors = {},
        .example_params = R"({})",
        .example_result = R"({"instance":"0b9e5a52-7c1d-4f3a-9d6e-3a1f4f0f2c11","version":"0.2.0","protocol":1,)"
                          R"("pid":4711,"host":"laptop"})"}));
    methods.emplace_back(method<emit_params>({.summary = "fires an event",
        .result = "EmitResult",
        .errors = {"NotInCatalog", "ClusterUnavailable"},
        .example_params = R"({"event":"build_done","payload":{"status":0}})",
        .example_result = R"({"hook_event_id":"5a0d1f7e-2d86-4b9e-a1bb-64f24ec0c0c3","seq":1,"subscribers":1})"}));
    methods.emplace_back(method<emit_and_wait_params>({.summary = "fires an event and waits for the verdict",
        .result = "Verdict",
        .errors = {"NotInCatalog", "ClusterUnavailable", "Cancelled"},
        .example_params = R"({"event":"pre_push","payload":{"branch":"main"},"policy":"veto","timeout_ms":5000})",
        .example_result = R"({"hook_event_id":"5a0d1f7e-2d86-4b9e-a1bb-64f24ec0c0c3","seq":2,"outcome":"answered",)"
                          R"("abort":"main is closed","responses":[{"response":{"abort":"main is closed"},)"
                          R"("responder":"no-main","uid":1000,"elapsed_ms":0.9}],"missing":[]})"}));
    methods.emplace_back(
        method<await_response_params>({.summary = "waits for the reply to an event emitted with reserve_ms",
            .result = "Verdict",
            .errors = {"Cancelled"},
            .example_params = R"({"hook_event_id":"5a0d1f7e-2d86-4b9e-a1bb-64f24ec0c0c3","timeout_ms":5000})",
            .example_result = R"({"hook_event_id":"5a0d1f7e-2d86-4b9e-a1bb-64f24ec0c0c3","seq":2,"outcome":"answered",)"
                              R"("abort":"main is closed","responses":[{"response":{"abort":"main is closed"},)"
                              R"("responder":"no-main","uid":1000,"elapsed_ms":0.9}],"missing":[]})"}));
    methods.emplace_back(method<subscribe_params>({.summary = "opens the push session of this connection: events "
                                                              "arrive as notifications `event`, its end as `closed`",
        .result = "SubscribeResult",
        .errors = {"NotInCatalog", "ResumeImpossible", "AlreadySubscribed", "ClusterUnavailable"},
        .example_params = R"({"events":["pre_*"],"name":"no-main"})",
        .example_result = R"({"instance":"0b9e5a52-7c1d-4f3a-9d6e-3a1f4f0f2c11","head_seq":1,"resumed":false})"}));
    methods.emplace_back(method<unsubscribe_params>({.summary = "ends the push session of this connection",
        .result = "UnsubscribeResult",
        .errors = {},
        .example_params = R"({})",
        .example_result = R"({"unsubscribed":true})"}));
    methods.emplace_back(method<respond_params>({.summary = "replies to an event",
        .result = "RespondResult",
        .errors = {"NotInCatalog"},
        .example_params = R"({"hook_event_id":"5a0d1f7e-2d86-4b9e-a1bb-64f24ec0c0c3",)"
                          R"("response":{"abort":"main is closed"}})",
        .example_result = R"({"accepted":true,"reason":null})"}));
    methods.emplace_back(method<who_params>({.summary = "whom an emit_and_wait of this event would ask now",
        .result = "WhoResult",
        .errors = {"NotInCatalog", "ClusterUnavailable"},
        .example_params = R"({"event":"pre_push"})",
        .example_result = R"({"responders":[{"name":"no-main","pid":4711,"uid":1000,"kind":"session",)"
                          R"("on_failure":"open","order":0,"state":"ok"}],"observers":0,"require":[],"absent":[],)"
                          R"("policy":"first","failure_policy":"open","timeout_ms":30000})"}));
    methods.emplace_back(method<history_params>({.summary = "the verdicts that the journal holds, newest first",
        .result = "HistoryResult",
        .errors = {"Cancelled"},
        .example_params = R"({"vetoed":true,"limit":1})",
        .example_result = R"({"verdicts":[{"hook_event_id":"5a0d1f7e-2d86-4b9e-a1bb-64f24ec0c0c3","seq":2,)"
                          R"("outcome":"answered","abort":"main is closed",)"
                          R"("responses":[{"response":{"abort":"main is closed"},"responder":"no-main","uid":1000,)"
                          R"("elapsed_ms":0.9}],"missing":[],"event":"pre_push","elapsed_ms":0.9,)"
                          R"("emitted_at":"2026-11-23T12:58:36.000000001Z",)"
                          R"("instance":"0b9e5a52-7c1d-4f3a-9d6e-3a1f4f0f2c11"}],"more":false})"}));
    methods.emplace_back(method<trace_params>({.summary = "all that the journal holds of one event",
        .result = "TraceResult",
        .errors = {"Cancelled"},
        .example_params = R"({"hook_event_id":"5a0d1f7e-2d86-4b9e-a1bb-64f24ec0c0c3"})",
        .example_result = R"({"hook_event_id":"5a0d1f7e-2d86-4b9e-a1bb-64f24ec0c0c3",)"
                          R"("instance":"0b9e5a52-7c1d-4f3a-9d6e-3a1f4f0f2c11","seq":2,"event":"pre_push",)"
                          R"("emitted_at":"2026-11-23T12:58:36.000000001Z","expects_response":true,)"
                          R"("timeout_ms":30000,"emitter":{"pid":4711,"uid":1000,"program":"hookctl"},)"
                          R"("payload_bytes":17,"payload":{"branch":"main"},"subscribers":1,)"
                          R"("handed":[{"to":"no-main","asked":true,"after_ms":0.1}],)"
                          R"("responses":[{"response":{"abort":"main is closed"},"responder":"no-main","uid":1000,)"
                          R"("elapsed_ms":0.9}],"missing":[],"verdict":{"outcome":"answered",)"
                          R"("abort":"main is closed","elapsed_ms":0.9}})"}));
    methods.emplace_back(
        method<replay_params>({.summary = "hands an event of the journal to one responder again, which decides nothing",
            .result = "ReplayResult",
            .errors = {"Cancelled"},
            .example_params = R"({"hook_event_id":"5a0d1f7e-2d86-4b9e-a1bb-64f24ec0c0c3","to":"no-main"})",
            .example_result = R"({"response":{"abort":"main is closed"},"elapsed_ms":1.2})"}));
    methods.emplace_back(method<schema_params>({.summary = "what the catalog says of its events",
        .result = "GetHookEventSchemaResult",
        .errors = {"NotInCatalog"},
        .example_params = R"({"event":"pre_push"})",
        .example_result = R"({"schemas":[{"event":"pre_push","schema_version":1,)"
                          R"("description":"A push is about to begin.","payload_schema":{"required":["branch"]},)"
                          R"("response_schema":true}]})"}));
    methods.emplace_back(method<register_hook_params>({.summary = "registers a command that the daemon runs for events",
        .result = "Hook",
        .errors = {"NotInCatalog"},
        .example_params = R"({"name":"no-main","command":["/usr/local/bin/no-main"],"events":["pre_push"]})",
        .example_result = R"({"name":"no-main","command":["/usr/local/bin/no-main"],"events":["pre_push"],)"
                          R"("timeout_ms":null,"jobs":null,"cwd":null,"env":{},"where":{},"asked_only":false,)"
                          R"("on_failure":"open","order":0,"shadow":false,"scope":"local","enabled":true,"kept":true,)"
                          R"("trust":"ok","state":"ok","why":null,"runs":0,"last_outcome":null,"p50_ms":null,)"
                          R"("p99_ms":null})"}));
    methods.emplace_back(method<deregister_hook_params>({.summary = "ends a registered hook",
        .result = "DeregisterHookResult",
        .errors = {},
        .example_params = R"({"name":"no-main"})",
        .example_result = R"({"deleted":true})"}));
    methods.emplace_back(method<list_hooks_params>({.summary = "the registered hooks",
        .result = "ListHooksResult",
        .errors = {},
        .example_params = R"({})",
        .example_result = R"({"hooks":[{"name":"no-main","command":["/usr/local/bin/no-main"],"events":["pre_push"],)"
                          R"("timeout_ms":null,"jobs":null,"cwd":null,"env":{},"where":{},"asked_only":false,)"
                          R"("on_failure":"open","order":0,"shadow":false,"scope":"local","enabled":true,"kept":true,)"
                          R"("trust":"ok","state":"ok","why":null,"runs":0,"last_outcome":null,"p50_ms":null,)"
                          R"("p99_ms":null}]})"}));
    methods.emplace_back(method<trust_hook_params>({.summary = "trusts a registered hook's files as they are now",
        .result = "Hook",
        .errors = {},
        .example_params = R"({"name":"no-main"})",
        .example_result = R"({"name":"no-main","command":["/usr/local/bin/no-main"],"events":["pre_push"],)"
                          R"("timeout_ms":null,"jobs":null,"cwd":null,"env":{},"where":{},"asked_only":false,)"
                          R"("on_failure":"open","order":0,"shadow":false,"scope":"local","enabled":true,"kept":true,)"
                          R"("trust":"ok","state":"ok","why":null,"runs":0,"last_outcome":null,"p50_ms":null,)"
                          R"("p99_ms":null})"}));
    methods.emplace_back(method<enable_hook_params>({.summary = "has a registered hook asked again, or no longer",
        .result = "Hook",
        .errors = {},
        .example_params = R"({"name":"no-main","enabled":false})",
        .example_result = R"({"name":"no-main","command":["/usr/local/bin/no-main"],"events":["pre_push"],)"
                          R"("timeout_ms":null,"jobs":null,"cwd":null,"env":{},"where":{},"asked_only":false,)"
                          R"("on_failure":"open","order":0,"shadow":false,"scope":"local","enabled":false,)"
                          R"("kept":true,"trust":"ok","state":"disabled",)"
                          R"("why":"it is disabled: run hookctl enable no-main","runs":0,"last_outcome":null,)"
                          R"("p50_ms":null,"p99_ms":null})"}));
    methods.emplace_back(method<cluster_hosts_params>({.summary = "the hosts of the cluster, this one first",
        .result = "ClusterHostsResult",
        .errors = {"ClusterUnavailable"},
        .example_params = R"({})",
        .example_result = R"({"hosts":[{"host":"laptop","state":"up","lease_ms":15000,"hooks":[{"name":"no-main",)"
                          R"("events":["pre_push"],"responds":true}]}]})"}));
    methods.emplace_back(method<bypass_params>({.summary = "for a while, no veto of these events counts",
        .result = "BypassResult",
        .errors = {},
        .example_params = R"({"events":["pre_*"],"for_ms":600000,"reason":"the linter is broken"})",
        .example_result = R"({"bypass":{"events":["pre_*"],"reason":"the linter is broken","uid":1000,)"
                          R"("left_ms":600000},"ended":null})"}));
    methods.emplace_back(method<stats_params>({.summary = "counters and gauges",
        .result = "StatsResult",
        .errors = {},
        .example_params = R"({})",
        .example_result = R"({"host":"laptop","uptime_s":12.5,"connections":2,"subscribers":1,"waiting":0,)"
                          R"("head_seq":2,"retained_events":2,"retained_bytes":640,"totals":{"events":2,)"
                          R"("deliveries":1,"accepted":1,"refused":{"answered":0,"expired":0,"cancelled":0,)"
                          R"("unknown":0},"outcomes":{"answered":1,"abstained":0,"timeout":0,"abandoned":0,)"
                          R"("no_subscribers":1,"shutdown":0,"unknown":0,"cancelled":0},"lagged":0,)"
                          R"("protocol_errors":0,"bytes_in":512,"bytes_out":690},"verdicts":{"proceeded":1,)"
                          R"("vetoed":1,"failed_closed":0,"bypassed":0},"bypass":null,"histogram_ms":[1,10,100],)"
                          R"("events":{"pre_push":{"count":2,"p50_ms":0.9,"p90_ms":0.9,"p99_ms":0.9,"max_ms":0.9,)"
                          R"("histogram":{"count":1,"sum_ms":0.9,"buckets":[1,0,0,0]}}},)"
                          R"("hooks":{"no-main":{"asked":1,"replied":1,"vetoed":1,"failed":0,"lagged":0,"p50_ms":0.9,)"
                          R"("p90_ms":0.9,"p99_ms":0.9,"max_ms":0.9,"histogram":null}},"journal":{"file":null,)"
                          R"("bytes":0,"events":0,"dropped":0},"sessions":[{"name":"no-main","pid":4711,"uid":1000,)"
                          R"("queued":0,"lagged":false}]})"}));
    methods.emplace_back(method<discover_params>({.summary = "this document",
        .result = "JsonObject",
        .errors = {},
        .example_params = R"({})",
        .example_result = R"({"openrpc":"1.3.2"})"}));
    methods.emplace_back(method<cancel_params>({.summary = "cancels a waiting request of this connection",
        .result = "",
        .errors = {},
        .example_params = R"({"id":7})",
        .example_result = ""}));
    return json::serialize(
        json::object{{"openrpc", "1.3.2"}, {"info", json::object{{"title", "hookd"}, {"version", daemon_version}}},
            {"methods", std::move(methods)}, {"x-notifications", discover_notifications()},
            {"components", json::object{{"schemas", discover_schemas()}, {"errors", discover_errors()}}}});
}

}  // namespace hookd::protocol
