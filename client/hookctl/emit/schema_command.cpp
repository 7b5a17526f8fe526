// SPDX-License-Identifier: BSL-1.0
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/terminal/output.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <hookd/protocol/methods.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

namespace {

struct event_schema {
    std::string name{};
    std::string version{};
    std::string description{};
    std::string_view payload{};
    std::string_view response{};
};

std::string string_or_text(std::string_view value) {
    return base::kind_of(value) == base::json_kind::string
               ? base::json_string{value.substr(1, value.size() - 2)}.decode()
               : std::string(value);
}

std::vector<event_schema> read_schemas(std::string_view result) {
    std::vector<event_schema> schemas;
    base::json_cursor members(result);
    const auto list = members.next();
    for (const auto& element : base::value_view(list ? list->value : std::string_view("[]")).elements()) {
        auto& schema = schemas.emplace_back();
        for (const auto& part : element.members()) {
            if (part.key.equals("event")) {
                schema.name = string_or_text(part.value);
            } else if (part.key.equals("schema_version")) {
                schema.version = string_or_text(part.value);
            } else if (part.key.equals("description")) {
                schema.description = string_or_text(part.value);
            } else if (part.key.equals("payload_schema")) {
                schema.payload = part.value;
            } else if (part.key.equals("response_schema")) {
                schema.response = part.value;
            }
        }
    }
    return schemas;
}

/// A line an event.
std::string list_of(const std::vector<event_schema>& schemas) {
    if (schemas.empty()) {
        return "the daemon has no catalog: every event name is valid\n";
    }
    const palette colour;
    std::size_t widest = 0;
    for (const auto& each : schemas) {
        widest = std::max(widest, each.name.size());
    }
    std::string text;
    for (const auto& each : schemas) {
        text.append(colour.bold()).append(each.name).append(colour.plain());
        text.append(widest - each.name.size() + 2, ' ').append(harmless(each.description)).append("\n");
    }
    return text;
}

/// All about one event, its schemas laid out as their author did.
std::string page_of(const event_schema& schema) {
    const palette colour;
    std::string text;
    text.append(colour.bold()).append(schema.name).append(colour.plain());
    text += ", version " + harmless(schema.version) + "\n" + harmless(schema.description) +
            (schema.description.empty() ? "" : "\n");
    text.append("\npayload: ").append(harmless(schema.payload, true)).append("\n");
    return text.append("\nresponse: ").append(harmless(schema.response, true)).append("\n");
}

/// The daemon's answer; empty where it has no such event, which is said then.
std::string ask_for_schemas(const invocation& call, const std::string& params) {
    try {
        return ask_daemon(call, protocol::schema_params::method, params);
    } catch (const error& failure) {
        if (failure.code() != static_cast<int>(protocol::errc::not_in_catalog)) {
            throw;
        }
        report_error(reason_of(failure, protocol::schema_params::method));
    }
    return {};
}

}  // namespace

int run_schema(const invocation& call, const schema_arguments& arguments) {
    std::string params;
    if (!arguments.event.empty()) {
        params = base::object_writer().text("event", arguments.event).finish();
    }
    const auto result = ask_for_schemas(call, params);
    if (result.empty()) {
        return exit_status::refused;
    }
    if (writes_for_programs(call.json)) {
        print(json_output(one_line(result)) + '\n');
        return exit_status::done;
    }
    const auto schemas = read_schemas(result);
    print(arguments.event.empty() || schemas.empty() ? list_of(schemas) : page_of(schemas.front()));
    return exit_status::done;
}

}  // namespace hookd::hookctl
