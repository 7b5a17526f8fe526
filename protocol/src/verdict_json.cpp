// SPDX-License-Identifier: BSL-1.0
#include "json_values.hpp"

#include <base/text/number.hpp>

#include <utility>

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

// The members that the result of a wait and the notification `verdict` share, after `hook_event_id`. Each reply's text
// is appended by `append_reply(reply)`.
template <class Result, class AppendReply>
void append_how_it_ended(std::string& out, Result& result, AppendReply append_reply) {
    out += R"("outcome":")";
    out += to_string(result.outcome);
    out += R"(","abort":")";
    out += result.abort;
    out += R"(","responses":[)";
    bool first = true;
    for (auto& each : result.responses) {
        out += first ? R"({"response":)" : R"(,{"response":)";
        first = false;
        append_reply(each);
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

// Replies may be large: the memory of those that are copied is taken once.
void reserve_for(std::string& out, const wait_result& result, std::size_t large_bytes) {
    constexpr std::size_t around_each = 512;
    std::size_t bytes = around_each + result.abort.size() + result.payload.size();
    for (const auto& each : result.responses) {
        bytes += (each.text().size() < large_bytes ? each.text().size() : 0) + around_each;
    }
    if (bytes > out.capacity() - out.size()) {
        out.reserve(out.size() + bytes);
    }
}

template <class Result, class AppendReply>
void append_wait_result(std::string& out, Result& result, AppendReply append_reply) {
    out += R"({"hook_event_id":)";
    base::append_json_string(out, result.hook_event_id);
    out += R"(,"seq":)";
    if (result.seq) {
        append_number(out, *result.seq);
    } else {
        out += "null";
    }
    out += ',';
    append_how_it_ended(out, result, append_reply);
    out += '}';
}

constexpr auto all_are_small = std::size_t(-1);

}  // namespace

void append_json(std::string& out, const wait_result& result) {
    reserve_for(out, result, all_are_small);
    append_wait_result(out, result, [&out](const wait_result::reply& each) { out += each.text(); });
}

void append_json(std::string& out, wait_result&& result, std::size_t large_bytes, std::vector<inserted_text>& large) {
    reserve_for(out, result, large_bytes);
    append_wait_result(out, result, [&](wait_result::reply& each) {
        if (each.text().size() < large_bytes) {
            out += each.text();
        } else {
            each.keep();
            large.push_back({out.size(), std::move(each.response)});
        }
    });
}

void append_json(std::string& out, const passed_over_hooks& hooks) {
    base::object_writer members{out};
    detail::add_passed_over(members, hooks);
    members.end();
}

void append_verdict(
    std::string& out, std::string_view event, const wait_result& verdict, std::chrono::nanoseconds elapsed) {
    reserve_for(out, verdict, all_are_small);
    out += verdict_head;
    out += R"({"seq":)";
    append_number(out, verdict.seq.value_or(0));
    out += R"(,"hook_event_id":)";
    base::append_json_string(out, verdict.hook_event_id);
    out += R"(,"event":)";
    base::append_json_string(out, event);
    out += ',';
    append_how_it_ended(out, verdict, [&out](const wait_result::reply& each) { out += each.text(); });
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
