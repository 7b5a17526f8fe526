// SPDX-License-Identifier: BSL-1.0
#include "json_values.hpp"

#include <base/text/timestamp.hpp>

#include <cstring>

namespace hookd::protocol {
namespace {

using detail::append_number;
using detail::most_digits;
using detail::text_of;
using detail::write_number;

std::size_t digits_of(std::uint64_t value) noexcept {
    std::size_t digits = 1;
    for (std::uint64_t next = 10; value >= next && digits < most_digits; next *= 10) {
        ++digits;
    }
    return digits;
}

char* write_text(char* out, std::string_view text) noexcept {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

// The notification `event`, piece by piece.
constexpr std::string_view before_seq = R"({"jsonrpc":"2.0","method":"event","params":{"seq":)";
constexpr std::string_view before_id = R"(,"hook_event_id":")";
constexpr std::string_view before_name = R"(","event":")";
constexpr std::string_view before_time = R"(","emitted_at":")";
constexpr std::string_view before_expects = R"(","expects_response":)";
constexpr std::string_view before_timeout = R"(,"timeout_ms":)";
constexpr std::string_view before_cause = R"(,"cause":")";
constexpr std::string_view before_host = R"(,"host":")";
constexpr std::string_view replayed_text = R"(,"replayed":true)";
constexpr std::string_view before_payload = R"(,"payload":)";

}  // namespace

event_head measure_event_head(const event_fields& fields) noexcept {
    event_head result;
    result.name_offset =
        before_seq.size() + digits_of(fields.seq) + before_id.size() + uuid_text_size + before_name.size();
    result.size = result.name_offset + fields.event.size() + before_time.size() + base::timestamp_size +
                  before_expects.size() + text_of(fields.expects_response).size() + before_payload.size();
    if (fields.timeout) {
        result.size += before_timeout.size() + digits_of(static_cast<std::uint64_t>(fields.timeout->count()));
    }
    if (!fields.cause.empty()) {
        result.cause_offset = result.size - before_payload.size() + before_cause.size();
        result.size += before_cause.size() + fields.cause.size() + 1;
    }
    if (!fields.host.empty()) {
        result.host_offset = result.size - before_payload.size() + before_host.size();
        result.size += before_host.size() + fields.host.size() + 1;
    }
    result.size += fields.replayed ? replayed_text.size() : 0;
    return result;
}

char* write_event_head(char* out, const event_fields& fields) noexcept {
    out = write_text(out, before_seq);
    out = write_number(out, fields.seq);
    out = write_text(out, before_id);
    out = write_uuid(out, fields.hook_event_id);
    out = write_text(out, before_name);
    out = write_text(out, fields.event);  // an event name needs no escape
    out = write_text(out, before_time);
    out = base::write_timestamp(out, fields.emitted_at);
    out = write_text(out, before_expects);
    out = write_text(out, text_of(fields.expects_response));
    if (fields.timeout) {
        out = write_text(out, before_timeout);
        out = write_number(out, static_cast<std::uint64_t>(fields.timeout->count()));
    }
    if (!fields.cause.empty()) {
        out = write_text(out, before_cause);
        out = write_text(out, fields.cause);  // names and commas need no escape either
        out = write_text(out, "\"");
    }
    if (!fields.host.empty()) {
        out = write_text(out, before_host);
        out = write_text(out, fields.host);
        out = write_text(out, "\"");
    }
    if (fields.replayed) {
        out = write_text(out, replayed_text);
    }
    return write_text(out, before_payload);
}

void append_closed(std::string& out, close_reason reason, std::uint64_t last_seq) {
    out += R"({"jsonrpc":"2.0","method":"closed","params":{"reason":")";
    out += to_string(reason);
    out += R"(","last_seq":)";
    append_number(out, last_seq);
    out += "}}";
}

void append_cancelled(std::string& out, const uuid& hook_event_id, refusal reason) {
    out += R"({"jsonrpc":"2.0","method":"cancelled","params":{"hook_event_id":")";
    append_uuid(out, hook_event_id);
    out += R"(","reason":")";
    out += to_string(reason);
    out += R"("}})";
}

}  // namespace hookd::protocol
