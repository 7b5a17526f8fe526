#include "method_fields.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace hookd::protocol {
namespace {

namespace json = boost::json;

json::object integer_schema(std::int64_t least) { return {{"type", "integer"}, {"minimum", least}}; }

json::object duration_schema() {
    return {{"type", "integer"}, {"minimum", 1}, {"maximum", max_timeout.count()}};
}

json::object uuid_schema() { return {{"type", "string"}, {"format", "uuid"}}; }

json::object typed(std::string_view type) { return {{"type", type}}; }

/// Writes OpenRPC content descriptors (OpenRPC 1.2.6, "Content Descriptor Object").
class descriptor_writer {
public:
    void event_name(std::string_view name, const text&, std::string_view meaning) {
        add(name, presence::required, meaning, {{"type", "string"}, {"pattern", "^[A-Za-z0-9_.:/-]{1,128}$"}});
    }
    void json(std::string_view name, std::string_view, std::string_view meaning) { add(name, presence::optional, meaning, {}); }
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
    void choice(std::string_view name, Enum standard, std::initializer_list<Enum> choices, std::string_view meaning) {
        json::array names;
        for (const Enum each : choices) {
            names.emplace_back(to_string(each));
        }
        add(name, presence::optional, meaning,
            {{"type", "string"}, {"enum", std::move(names)}, {"default", to_string(standard)}});
    }
    void boolean(std::string_view name, bool standard, std::string_view meaning) {
        add(name, presence::optional, meaning, {{"type", "boolean"}, {"default", standard}});
    }
    void free_text(std::string_view name, const text&, presence needed, std::string_view meaning) {
        add(name, needed, meaning, {{"type", "string"}, {"minLength", 1}});
    }
    void subscriber_name(std::string_view name, const text&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            {{"type", "string"}, {"minLength", 1}, {"maxLength", max_subscriber_name}});
    }
    void counter(std::string_view name, const std::optional<std::uint64_t>&, std::string_view meaning) {
        add(name, presence::optional, meaning, integer_schema(0));
    }
    void patterns(std::string_view name, const std::vector<std::string>&, std::string_view meaning) {
        add(name, presence::optional, meaning,
            {{"type", "array"},
             {"maxItems", max_patterns},
             {"items", json::object{{"type", "string"}, {"pattern", "^[A-Za-z0-9_.:/*?-]{1,128}$"}}}});
    }
    void request_id(std::string_view name, std::string_view, std::string_view meaning) {
        add(name, presence::required, meaning, {{"type", json::array{"string", "number"}}});
    }

    json::array take() { return std::move(descriptors_); }

private:
    void add(std::string_view name, presence needed, std::string_view meaning, json::object schema) {
        descriptors_.emplace_back(json::object{{"name", name},
                                               {"description", meaning},
                                               {"required", needed == presence::required},
                                               {"schema", std::move(schema)}});
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
        outcomes.emplace_back(to_string(static_cast<outcome>(i)));
    }
    return object_schema({{"hook_event_id", typed("string")},
                          {"seq", json::object{{"type", json::array{"integer", "null"}}}},
                          {"outcome", json::object{{"type", "string"}, {"enum", std::move(outcomes)}}},
                          {"abort", typed("string")},
                          {"responses", array_of(object_schema({{"response", typed("object")},
                                                                {"responder", typed("string")},
                                                                {"elapsed_ms", typed("number")}}))},
                          {"missing", array_of(object_schema({{"responder", typed("string")}, {"why", typed("string")}}))}});
}

template <class Params>
json::object method(std::string_view summary, json::object result) {
    Params params{};
    descriptor_writer writer;
    describe(writer, params);
    return {{"name", Params::method},
            {"summary", summary},
            {"paramStructure", "by-name"},
            {"params", writer.take()},
            {"result", json::object{{"name", "result"}, {"schema", std::move(result)}}}};
}

}  // namespace

std::string discover_document(std::string_view daemon_version) {
    json::array methods;
    methods.emplace_back(method<ping_params>("which daemon this is", object_schema({{"instance", uuid_schema()},
                                                                                    {"version", typed("string")},
                                                                                    {"protocol", typed("integer")},
                                                                                    {"pid", typed("integer")}})));
    methods.emplace_back(method<emit_params>("fires an event", object_schema({{"hook_event_id", uuid_schema()},
                                                                              {"seq", integer_schema(1)},
                                                                              {"subscribers", integer_schema(0)}})));
    methods.emplace_back(method<emit_and_wait_params>("fires an event and waits for the verdict", wait_schema()));
    methods.emplace_back(method<await_response_params>("waits for the reply to an event emitted with reserve_ms", wait_schema()));
    methods.emplace_back(method<subscribe_params>(
        "opens this connection's push session: events arrive as notifications `event`, its end as `closed`",
        object_schema({{"instance", uuid_schema()}, {"head_seq", integer_schema(0)}, {"resumed", typed("boolean")}})));
    methods.emplace_back(
        method<unsubscribe_params>("ends this connection's push session", object_schema({{"unsubscribed", typed("boolean")}})));
    methods.emplace_back(method<respond_params>(
        "replies to an event",
        object_schema({{"accepted", typed("boolean")}, {"reason", json::object{{"type", json::array{"string", "null"}}}}})));
    methods.emplace_back(method<stats_params>("counters and gauges", typed("object")));
    methods.emplace_back(method<discover_params>("this document", typed("object")));
    methods.emplace_back(method<cancel_params>("cancels a waiting request of this connection (a notification)", typed("null")));
    return json::serialize(
        json::object{{"openrpc", "1.2.6"},
                     {"info", json::object{{"title", "hookd"}, {"version", daemon_version}}},
                     {"methods", std::move(methods)}});
}

}  // namespace hookd::protocol
