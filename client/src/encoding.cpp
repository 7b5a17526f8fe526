// SPDX-License-Identifier: BSL-1.0
#include "encoding.hpp"

#include "errors.hpp"

#include <hookd/protocol/framing.hpp>
#include <hookd/protocol/json_text.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/message.hpp>

#include <charconv>
#include <cstdlib>

namespace hookd::detail {
namespace {

std::string number_text(std::int64_t value) { return std::to_string(value); }

// An object that is written member by member; every method has at least one.
class object_writer {
public:
    explicit object_writer(std::size_t expected_bytes) { out_.reserve(expected_bytes + 256); }

    object_writer& raw(std::string_view key, std::string_view json) {
        out_ += out_.empty() ? "{\"" : ",\"";
        out_ += key;
        out_ += "\":";
        out_ += json;
        return *this;
    }
    object_writer& text(std::string_view key, std::string_view plain) {
        raw(key, {});
        protocol::append_json_string(out_, plain);
        return *this;
    }
    object_writer& optional_text(std::string_view key, std::string_view plain) {
        return plain.empty() ? *this : text(key, plain);
    }
    object_writer& optional_duration(std::string_view key, std::optional<std::chrono::milliseconds> value) {
        return value ? raw(key, number_text(value->count())) : *this;
    }
    object_writer& optional_texts(std::string_view key, const std::vector<std::string>& plain) {
        if (!plain.empty()) {
            raw(key, {});
            protocol::append_strings(out_, plain);
        }
        return *this;
    }
    object_writer& optional_scope(std::optional<event_scope> value) {
        return value ? text("scope", to_string(*value)) : *this;
    }
    object_writer& optional_true(std::string_view key, bool value) { return value ? raw(key, "true") : *this; }
    [[nodiscard]] std::string finish() {
        out_ += '}';
        return std::move(out_);
    }

private:
    std::string out_;
};

void check_json(std::string_view name, std::string_view text) {
    if (const auto fault = protocol::find_json_fault(text)) {
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

void append_responder(object_writer& params, const responder_options& options) {
    params.optional_true("asked_only", options.asked_only).optional_true("shadow", options.shadow);
    if (options.on_failure != failure_policy::open) {
        params.text("on_failure", to_string(options.on_failure));
    }
    if (options.scope != event_scope::local) {
        params.optional_scope(options.scope);
    }
    if (options.order != 0) {
        params.raw("order", number_text(options.order));
    }
    if (!options.where.empty()) {
        object_writer where{0};
        for (const payload_condition& each : options.where) {
            std::string pointer;
            protocol::append_json_string(pointer, each.pointer);
            where.text(std::string_view{pointer}.substr(1, pointer.size() - 2), each.glob);
        }
        params.raw("where", where.finish());
    }
}

}  // namespace

std::string encode_emit(std::string_view name, std::string_view payload, const emit_options& options) {
    check_json("payload", payload);
    return object_writer{payload.size()}
        .text("event", name)
        .raw("payload", payload)
        .optional_duration("reserve_ms", options.reserve)
        .optional_text("cause", cause_of(options))
        .optional_scope(options.scope)
        .optional_text("operation_id", options.operation_id)
        .finish();
}

std::string encode_emit_and_wait(std::string_view name, std::string_view payload, const wait_options& options) {
    check_json("payload", payload);
    object_writer params{payload.size()};
    params.text("event", name).raw("payload", payload).optional_duration("timeout_ms", options.timeout);
    if (options.policy) {
        params.text("policy", to_string(*options.policy));
    }
    if (options.on_failure) {
        params.text("failure_policy", to_string(*options.on_failure));
    }
    if (!options.require_subscriber) {
        params.raw("require_subscriber", "false");
    }
    params.optional_texts("require", options.require);
    params.optional_text("cause", cause_of(options)).optional_scope(options.scope);
    return params.optional_text("operation_id", options.operation_id).finish();
}

std::string encode_await_response(std::string_view hook_event_id, std::optional<std::chrono::milliseconds> timeout) {
    return object_writer{0}.text("hook_event_id", hook_event_id).optional_duration("timeout_ms", timeout).finish();
}

std::string encode_respond(std::string_view hook_event_id, const reply& answer) {
    object_writer params{answer.text().size()};
    params.text("hook_event_id", hook_event_id);
    switch (answer.type()) {
        case reply::kind::response:
            params.raw("response", answer.text());
            break;
        case reply::kind::abstain:
            params.raw("abstain", "true");
            break;
        case reply::kind::failed:
            params.text("failed", answer.text());
            break;
    }
    return params.finish();
}

std::string encode_subscribe(const subscribe_options& options, const wanted_notices& notices) {
    object_writer params{0};
    params.raw("responds", options.responds ? "true" : "false")
        .optional_text("name", options.name)
        .optional_texts("events", options.events);
    append_responder(params, options.as_responder);
    params.optional_true("cancellations", notices.cancellations).optional_true("verdicts", notices.verdicts);
    if (options.resume_from) {
        params.raw("after_seq", std::to_string(options.resume_from->after_seq))
            .optional_text("instance", options.resume_from->instance);
    }
    return params.finish();
}

std::string encode_cancel(std::uint64_t id) { return object_writer{0}.raw("id", std::to_string(id)).finish(); }

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
