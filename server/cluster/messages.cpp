// SPDX-License-Identifier: BSL-1.0
#include "cluster/messages.hpp"

#include "cluster/link/frame.hpp"

#include <base/json/text.hpp>
#include <base/text/timestamp.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace hookd::cluster {

namespace {

using base::json_kind;
using base::object_writer;
using hookd::link::fields;
using hookd::link::malformed_message;

constexpr std::array<std::string_view, 4> state_names{"down", "connecting", "entering", "up"};
constexpr std::size_t most_answer_bytes = std::size_t{16} << 20;
constexpr std::size_t most_reason_bytes = 1024;

// --- reading ---

/// A text for people, which is bounded.
std::string reason_in(const fields& params, std::string_view name) {
    return params.text_or_empty(name).substr(0, most_reason_bytes);
}

uuid id_in(const fields& params) {
    const auto found = protocol::parse_uuid(params.text("hook_event_id"));
    if (!found) {
        fields::refuse("hook_event_id", "is not a UUID");
    }
    return *found;
}

std::string host_in(const fields& params) {
    auto found = params.text("host");
    if (!protocol::is_host_name(found)) {
        fields::refuse("host", "is not a host's name");
    }
    return found;
}

protocol::failure_policy on_failure_in(const fields& params) {
    return params.text_or_empty("on_failure") == to_string(protocol::failure_policy::closed)
               ? protocol::failure_policy::closed
               : protocol::failure_policy::open;
}

state_message read_state(const fields& params) {
    const auto name = params.text("state");
    const auto* const known = std::find(state_names.begin(), state_names.end(), name);
    if (known == state_names.end()) {
        fields::refuse("state", "is unknown");
    }
    return {
        static_cast<link_state>(known - state_names.begin()), reason_in(params, "reason"), reason_in(params, "engine")};
}

visible_session read_session(std::string_view element) {
    const fields session{element};
    return {.name = session.text("name"),
        .uid = session.number_or<std::uint32_t>("uid", 0),
        .responds = session.boolean_or_false("responds"),
        .events = session.texts("events"),
        .on_failure = on_failure_in(session),
        .order = session.number_or<std::int64_t>("order", 0),
        .registered = session.text_or_empty("kind") == "registered"};
}

hosts_message read_hosts(const fields& params) {
    hosts_message result;
    if (!params.find("queue_permille").empty()) {
        result.queue_permille = params.number<std::uint32_t>("queue_permille");
    }
    params.each_of("hosts", [&result](std::string_view element) {
        const fields about{element};
        auto& host = result.hosts.emplace_back();
        host.name = host_in(about);
        host.lease = std::chrono::milliseconds{about.number_or<std::int64_t>("lease_ms", 0)};
        about.each_of(
            "sessions", [&host](std::string_view session) { host.sessions.push_back(read_session(session)); });
    });
    return result;
}

asked_message read_asked(const fields& params) {
    asked_message result{id_in(params), {}};
    params.each_of("hosts", [&result](std::string_view element) {
        const fields host{element};
        const auto name = host_in(host);
        host.each_of("responders", [&](std::string_view one) {
            const fields responder{one};
            result.responders.push_back({.host = name,
                .name = responder.text("name"),
                .insists = on_failure_in(responder) == protocol::failure_policy::closed,
                .order = responder.number_or<std::int64_t>("order", 0)});
        });
    });
    return result;
}

told_message read_told(const fields& params) {
    told_message result{params.number<std::uint64_t>("request"), std::nullopt};
    if (!params.find("failed").empty()) {
        result.failed = reason_in(params, "failed");
    }
    return result;
}

// A time that this host's clock cannot express would arrive as another one: the earliest or latest that it can, to
// within two seconds.
std::chrono::system_clock::time_point read_emitted_at(const fields& params) {
    using time = std::chrono::system_clock::time_point;
    constexpr std::chrono::seconds margin{2};
    const auto found = base::parse_timestamp(params.text("emitted_at"));
    if (!found || *found < time::min() + margin || *found > time::max() - margin) {
        fields::refuse("emitted_at", "is not a time in RFC 3339 that the clock can express");
    }
    return *found;
}

void read_content(const fields& params, event_message& result) {
    result.event = params.text("event");
    if (!protocol::is_event_name(result.event)) {
        fields::refuse("event", "is not an event's name");
    }
    result.payload = params.raw("payload");
    result.cause = params.text_or_empty("cause");
    result.emitted_at = read_emitted_at(params);
    if (result.timeout) {
        const auto policy = params.text("policy");
        for (const auto each : {protocol::wait_policy::veto, protocol::wait_policy::all}) {
            result.policy = policy == to_string(each) ? each : result.policy;
        }
    }
}

// What the helper adds must be right; the rest is another host's, whose faults are not the helper's.
event_message read_event(const fields& params) {
    event_message result;
    result.host = host_in(params);
    result.id = id_in(params);
    if (!params.find("timeout_ms").empty()) {
        const auto left = params.number<std::int64_t>("timeout_ms");
        result.timeout =
            std::clamp(std::chrono::milliseconds{left}, std::chrono::milliseconds{1}, protocol::max_timeout);
    }
    try {
        read_content(params, result);
    } catch (const malformed_message& wrong) {
        result.fault = wrong.what();
    }
    return result;
}

core::remote_answer read_answer(std::string_view text) {
    const fields result{text};
    core::remote_answer answer;
    result.each_of("replies", [&answer](std::string_view element) {
        const fields about{element};
        auto& reply = answer.replies.emplace_back();
        reply.response = about.required("response", json_kind::object);
        reply.responder = about.text("responder");
        reply.uid = about.number_or<std::uint32_t>("uid", 0);
        reply.elapsed = std::chrono::nanoseconds{about.number_or<std::int64_t>("elapsed_ns", 0)};
    });
    result.each_of("missing", [&answer](std::string_view element) {
        const fields about{element};
        answer.missing.push_back({.responder = about.text("responder"),
            .why = about.text("why"),
            .insists = about.boolean_or_false("insists")});
    });
    answer.silent.abstained = result.texts("abstained");
    answer.silent.passed = result.texts("passed");
    answer.failed = result.text_or_empty("failed");
    return answer;
}

// An answer that cannot be read is that host's failure, as no answer is.
settled_message read_settled(const fields& params) {
    settled_message result{host_in(params), id_in(params), {}};
    try {
        result.answer = read_answer(params.required("result", json_kind::object));
    } catch (const malformed_message& wrong) {
        result.answer = {};
        result.answer.failed = std::string{"its answer cannot be read: "} + wrong.what();
    }
    return result;
}

incoming read_params(std::string_view method, const fields& params) {
    if (method == "cluster.state") {
        return read_state(params);
    }
    if (method == "cluster.pong") {
        return pong_message{};
    }
    if (method == "cluster.hosts") {
        return read_hosts(params);
    }
    if (method == "cluster.session_ready") {
        return session_ready_message{params.number<std::uint64_t>("session")};
    }
    if (method == "cluster.asked") {
        return read_asked(params);
    }
    if (method == "cluster.ask_failed") {
        return ask_failed_message{id_in(params), reason_in(params, "reason")};
    }
    if (method == "cluster.told") {
        return read_told(params);
    }
    if (method == "cluster.event") {
        return read_event(params);
    }
    if (method == "cluster.cancel") {
        return cancel_message{id_in(params)};
    }
    if (method == "cluster.settled") {
        return read_settled(params);
    }
    if (method == "cluster.host_left") {
        return host_left_message{host_in(params), reason_in(params, "why")};
    }
    if (method == "cluster.gap") {
        return gap_message{reason_in(params, "reason")};
    }
    if (method == "cluster.fatal") {
        return fatal_message{reason_in(params, "reason")};
    }
    throw malformed_message("there is no such message");
}

// --- writing ---

using hookd::link::begin_notification;
using hookd::link::frame_of;

void append_id(std::string& out, const uuid& id) {
    out += '"';
    protocol::append_uuid(out, id);
    out += '"';
}

object_writer& write_event(object_writer& params, const core::cluster_event& event) {
    append_id(params.member("hook_event_id"), event.id);
    params.text("event", event.name).raw("payload", event.payload);
    params.optional_text("cause", event.cause);
    std::array<char, base::timestamp_size> time;
    base::write_timestamp(time.data(), event.emitted_at);
    return params.text("emitted_at", {time.data(), time.size()});
}

void append_reply(std::string& out, const protocol::wait_result::reply& reply) {
    object_writer{out}
        .raw("response", reply.text())
        .text("responder", reply.responder)
        .number("uid", reply.uid)
        .number("elapsed_ns", reply.elapsed.count())
        .end();
}

void append_absentee(std::string& out, const protocol::wait_result::absentee& absentee) {
    object_writer{out}
        .text("responder", absentee.responder)
        .text("why", absentee.why)
        .optional_flag("insists", absentee.insists)
        .end();
}

void append_answer(std::string& out, const core::remote_answer& answer) {
    object_writer{out}
        .array("replies", answer.replies, append_reply)
        .array("missing", answer.missing, append_absentee)
        .texts("abstained", answer.silent.abstained)
        .texts("passed", answer.silent.passed)
        .optional_text("failed", answer.failed)
        .end();
}

/// What is left of answers that no helper could carry: vetoes with their reasons.
core::remote_answer with_verdicts_alone(core::remote_answer answer) {
    for (auto& each : answer.replies) {
        protocol::respond_params params{.response = each.text()};
        const bool vetoes = !protocol::check_reply(params) && !params.abort.raw.empty();
        const std::string reason{
            params.abort.raw.size() <= most_reason_bytes ? params.abort.raw : "the reason is too long for the cluster"};
        each.passed_on = {};
        each.response = vetoes ? R"({"abort":")" + reason + "\"}" : "{}";
    }
    return answer;
}

std::string write_reply(std::string_view origin, const uuid& id, bool decides, const core::remote_answer& answer) {
    auto params = begin_notification("reply");
    params.text("origin", origin);
    append_id(params.member("hook_event_id"), id);
    params.flag("decides", decides);
    append_answer(params.member("result"), answer);
    return frame_of(params);
}

}  // namespace

std::string_view to_string(link_state value) noexcept { return state_names[static_cast<std::size_t>(value)]; }

incoming read(std::string_view frame) {
    const hookd::link::notification received{frame};
    const auto method = received.method();
    try {
        return read_params(method, received.params());
    } catch (const malformed_message& wrong) {
        throw malformed_message(method.substr(0, 64) + ": " + wrong.what());
    }
}

std::string hello_frame(const hello& greeting) {
    std::string instance;
    protocol::append_uuid(instance, greeting.instance);
    return frame_of(begin_notification("hello")
                        .number("protocol", protocol_version)
                        .text("url", greeting.url)
                        .text("host", greeting.host)
                        .text("instance", instance)
                        .number("lease_ms", greeting.lease.count()));
}

std::string ping_frame() { return frame_of(begin_notification("ping")); }

std::string session_frame(std::uint64_t number, const visible_session& session) {
    return frame_of(begin_notification("session")
                        .number("session", number)
                        .text("name", session.name)
                        .number("uid", session.uid)
                        .flag("responds", session.responds)
                        .texts("events", session.events)
                        .text("on_failure", to_string(session.on_failure))
                        .number("order", session.order)
                        .text("kind", session.registered ? "registered" : "session"));
}

std::string session_gone_frame(std::uint64_t number) {
    return frame_of(begin_notification("session_gone").number("session", number));
}

std::string ask_frame(const core::cluster_event& question) {
    auto params = begin_notification("ask");
    return frame_of(write_event(params, question)
                        .number("timeout_ms", question.timeout.count())
                        .text("policy", to_string(question.policy)));
}

std::string tell_frame(std::uint64_t request, const core::cluster_event& event) {
    auto params = begin_notification("tell");
    return frame_of(write_event(params.number("request", request), event));
}

std::string close_frame(const uuid& id) {
    auto params = begin_notification("close");
    append_id(params.member("hook_event_id"), id);
    return frame_of(params);
}

std::string reply_frame(std::string_view origin, const uuid& id, bool decides, const core::remote_answer& answer) {
    auto frame = write_reply(origin, id, decides, answer);
    const bool is_carried = frame.size() <= most_answer_bytes && !base::find_json_fault(hookd::link::body_of(frame));
    return is_carried ? frame : write_reply(origin, id, decides, with_verdicts_alone(answer));
}

}  // namespace hookd::cluster
