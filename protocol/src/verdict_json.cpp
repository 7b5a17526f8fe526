// SPDX-License-Identifier: BSL-1.0
#include "json_values.hpp"

#include <base/text/number.hpp>

// The result of a wait and the notification `verdict`. Written piece by piece: one is written for each operation, and
// its replies may be large.
namespace hookd::protocol {
namespace {

using base::append_milliseconds;
using detail::append_number;

void append_host(std::string& out, std::string_view host) {
    if (!host.empty()) {
        out += R"(,"host":")";
        out += host;  // a host's name needs no escape
        out += '"';
    }
}

// The members that the result of a wait and the notification `verdict` share, after `hook_event_id`.
void append_how_it_ended(std::string& out, const wait_result& result) {
    out += R"("outcome":")";
    out += to_string(result.outcome);
    out += R"(","abort":")";
    out += result.abort;
    out += R"(","responses":[)";
    bool first = true;
    for (const auto& each : result.responses) {
        out += first ? R"({"response":)" : R"(,{"response":)";
        first = false;
        out += each.text();
        out += R"(,"responder":)";
        base::append_json_string(out, each.responder);
        out += R"(,"uid":)";
        append_number(out, each.uid);
        out += R"(,"elapsed_ms":)";
        append_milliseconds(out, each.elapsed);
        append_host(out, each.host);
        if (each.omitted_bytes != 0) {
            out += R"(,"response_bytes":)";
            append_number(out, each.omitted_bytes);
        }
        out += '}';
    }
    out += R"(],"missing":[)";
    first = true;
    for (const auto& each : result.missing) {
        out += first ? R"({"responder":)" : R"(,{"responder":)";
        first = false;
        base::append_json_string(out, each.responder);
        out += R"(,"why":)";
        base::append_json_string(out, each.why);
        append_host(out, each.host);
        out += '}';
    }
    out += ']';
    if (!result.payload.empty()) {
        out += R"(,"payload":)";
        out += result.payload;
    }
    if (!result.bypassed.empty()) {
        out += R"(,"bypassed":)";
        base::append_json_string(out, result.bypassed);
    }
}

// Replies may be large: their memory is taken once.
void reserve_for(std::string& out, const wait_result& result) {
    constexpr std::size_t around_each = 512;
    std::size_t bytes = around_each + result.abort.size() + result.payload.size();
    for (const auto& each : result.responses) {
        bytes += each.text().size() + around_each;
    }
    if (bytes > out.capacity() - out.size()) {
        out.reserve(out.size() + bytes);
    }
}

}  // namespace

void append_json(std::string& out, const wait_result& result) {
    reserve_for(out, result);
    out += R"({"hook_event_id":)";
    base::append_json_string(out, result.hook_event_id);
    out += R"(,"seq":)";
    if (result.seq) {
        append_number(out, *result.seq);
    } else {
        out += "null";
    }
    out += ',';
    append_how_it_ended(out, result);
    out += '}';
}

void append_json(std::string& out, const passed_over_hooks& hooks) {
    base::object_writer members{out};
    detail::add_passed_over(members, hooks);
    members.end();
}

void append_verdict(
    std::string& out, std::string_view event, const wait_result& verdict, std::chrono::nanoseconds elapsed) {
    reserve_for(out, verdict);
    out += verdict_head;
    out += R"({"seq":)";
    append_number(out, verdict.seq.value_or(0));
    out += R"(,"hook_event_id":)";
    base::append_json_string(out, verdict.hook_event_id);
    out += R"(,"event":)";
    base::append_json_string(out, event);
    out += ',';
    append_how_it_ended(out, verdict);
    if (verdict.passed_over) {
        std::string members;
        append_json(members, *verdict.passed_over);
        out.append(",").append(members, 1, members.size() - 2);
    }
    out += R"(,"elapsed_ms":)";
    append_milliseconds(out, elapsed);
    out += "}}";
}

}  // namespace hookd::protocol
