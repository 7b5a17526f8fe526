// SPDX-License-Identifier: BSL-1.0
#include "encoding.hpp"

#include "errors.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <hookd/protocol/framing.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/message.hpp>

#include <charconv>
#include <cstdlib>

namespace hookd::detail {
namespace {

constexpr std::size_t room_for_names = 256;

std::optional<std::int64_t> count_of(std::optional<std::chrono::milliseconds> span) {
    return span ? std::optional<std::int64_t>{span->count()} : std::nullopt;
}

std::string_view name_of(std::optional<event_scope> scope) { return scope ? to_string(*scope) : std::string_view{}; }

void check_json(std::string_view name, std::string_view text) {
    if (const auto fault = base::find_json_fault(text)) {
        throw invalid_argument_error("the " + std::string{name} + " is not JSON (byte " +
                                     std::to_string(fault->offset) + "): " + std::string{fault->reason});
    }
}

template <class Options>
std::string_view cause_of(const Options& options) {
    if (options.cause) {
        return *options.cause;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): said in the header.
    const char* const inherited = std::getenv("HOOK_CAUSE");
    return inherited == nullptr ? std::string_view{} : inherited;
}

void append_responder(base::object_writer& params, const responder_options& options) {
    params.optional_flag("asked_only", options.asked_only).optional_flag("shadow", options.shadow);
    if (options.on_failure != failure_policy::open) {
        params.text("on_failure", to_string(options.on_failure));
    }
    if (options.scope != event_scope::local) {
        params.optional_text("scope", name_of(options.scope));
    }
    if (options.order != 0) {
        params.number("order", options.order);
    }
    if (!options.where.empty()) {
        base::object_writer conditions;
        for (const payload_condition& each : options.where) {
            conditions.text(each.pointer, each.glob);
        }
        params.raw("where", conditions.finish());
    }
}

}  // namespace

std::string encode_emit(std::string_view name, std::string_view payload, const emit_options& options) {
    check_json("payload", payload);
    return base::object_writer{}
        .reserve(payload.size() + room_for_names)
        .text("event", name)
        .raw("payload", payload)
        .optional_number("reserve_ms", count_of(options.reserve))
        .optional_text("cause", cause_of(options))
        .optional_text("scope", name_of(options.scope))
        .optional_text("operation_id", options.operation_id)
        .finish();
}

std::string encode_emit_and_wait(std::string_view name, std::string_view payload, const wait_options& options) {
    check_json("payload", payload);
    base::object_writer params;
    params.reserve(payload.size() + room_for_names)
        .text("event", name)
        .raw("payload", payload)
        .optional_number("timeout_ms", count_of(options.timeout));
    if (options.policy) {
        params.text("policy", to_string(*options.policy));
    }
    if (options.on_failure) {
        params.text("failure_policy", to_string(*options.on_failure));
    }
    if (!options.require_subscriber) {
        params.flag("require_subscriber", false);
    }
    params.optional_texts("require", options.require);
    params.optional_text("cause", cause_of(options)).optional_text("scope", name_of(options.scope));
    return params.optional_text("operation_id", options.operation_id).finish();
}

std::string encode_await_response(std::string_view hook_event_id, std::optional<std::chrono::milliseconds> timeout) {
    return base::object_writer{}
        .text("hook_event_id", hook_event_id)
        .optional_number("timeout_ms", count_of(timeout))
        .finish();
}

std::string encode_respond(std::string_view hook_event_id, const reply& answer) {
    base::object_writer params;
    params.reserve(answer.text().size() + room_for_names).text("hook_event_id", hook_event_id);
    switch (answer.type()) {
        case reply::kind::response:
            params.raw("response", answer.text());
            break;
        case reply::kind::abstain:
            params.flag("abstain", true);
            break;
        case reply::kind::failed:
            params.text("failed", answer.text());
            break;
    }
    return params.finish();
}

std::string encode_subscribe(const subscribe_options& options, const wanted_notices& notices) {
    base::object_writer params;
    params.flag("responds", options.responds)
        .optional_text("name", options.name)
        .optional_texts("events", options.events);
    append_responder(params, options.as_responder);
    params.optional_flag("cancellations", notices.cancellations).optional_flag("verdicts", notices.verdicts);
    if (options.resume_from) {
        params.number("after_seq", options.resume_from->after_seq)
            .optional_text("instance", options.resume_from->instance);
    }
    return params.finish();
}

std::string encode_cancel(std::uint64_t id) { return base::object_writer{}.number("id", id).finish(); }

void check_params(std::string_view params) {
    if (params.empty()) {
        return;
    }
    check_json("params", params);
    const auto start = params.find_first_not_of(" \t\r\n");
    if (params[start] != '{') {
        throw invalid_argument_error(
            "the params are not a JSON object: hookd takes parameters by name only, e.g. {\"event\": \"x\"}");
    }
}

void append_request_frame(std::string& out, std::uint64_t id, std::string_view method, std::string_view params) {
    const std::size_t start = out.size();
    char prefix[protocol::max_frame_prefix];
    // The native framing's prefix has the same size for every length: room for it is left first, and filled in last.
    const std::size_t prefix_bytes = protocol::write_frame_prefix(protocol::framing::length_prefix, 0, prefix);
    out.reserve(start + params.size() + method.size() + 96);
    out.append(prefix_bytes, '\0');

    char digits[20];
    const auto id_text =
        id == 0 ? std::string_view{}
                : std::string_view{
                      digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, id).ptr - digits)};
    protocol::append_request(out, id_text, method, params);

    const std::size_t body_bytes = out.size() - start - prefix_bytes;
    if (body_bytes > protocol::max_max_frame_bytes) {
        out.resize(start);
        throw invalid_argument_error("the request has " + std::to_string(body_bytes) +
                                     " bytes; a daemon reads at most " + std::to_string(protocol::max_max_frame_bytes) +
                                     ": send a reference to the data instead");
    }
    protocol::write_frame_prefix(protocol::framing::length_prefix, body_bytes, out.data() + start);
}

}  // namespace hookd::detail
