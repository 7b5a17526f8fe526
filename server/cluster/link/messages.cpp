// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/messages.hpp"

#include "cluster/link/frame.hpp"

#include <base/json/scanner.hpp>
#include <base/json/text.hpp>

#include <array>

namespace hookd::link {
namespace {

using base::json_kind;

std::string text_of(std::string_view value) { return std::string{value}; }

milliseconds duration_in(const fields& params, std::string_view name) {
    constexpr std::int64_t longest = 10LL * 86'400'000;
    const auto count = params.number<std::int64_t>(name);
    if (count < 0 || count > longest) {
        fields::refuse(name, "is out of range");
    }
    return milliseconds{count};
}

event_content read_event(const fields& params) {
    return {.id = params.text("hook_event_id"),
        .name = params.text("event"),
        .payload_json = text_of(params.raw("payload")),
        .cause_json = text_of(params.find("cause")),
        .emitted_at_json = text_of(params.raw("emitted_at"))};
}

command read_hello(const fields& params) {
    if (const auto spoken = params.number<std::int64_t>("protocol"); spoken != 1) {
        throw malformed_message(
            "hookd speaks version " + std::to_string(spoken) +
            " of the link's protocol, and this program version 1: install the same release of both");
    }
    return hello{params.text("url"), params.text("host"), params.text("instance"), duration_in(params, "lease_ms")};
}

command read_session(const fields& params) {
    return session{.number = params.number<std::int64_t>("session"),
        .name = params.text_or_empty("name"),
        .uid = params.number_or<std::int64_t>("uid", 0),
        .responds = params.boolean("responds"),
        .events = params.texts("events"),
        .on_failure = params.text_or_empty("on_failure"),
        .order = params.number_or<std::int64_t>("order", 0),
        .kind = params.text_or_empty("kind")};
}

command read_reply(const fields& params) {
    return reply{.origin = params.text("origin"),
        .id = params.text("hook_event_id"),
        .result_json = text_of(params.required("result", json_kind::object)),
        .decides = params.boolean("decides")};
}

command read_params(std::string_view method, const fields& params) {
    if (method == "cluster.ping") {
        return ping{};
    }
    if (method == "cluster.ask") {
        return ask{read_event(params), duration_in(params, "timeout_ms"), params.text("policy")};
    }
    if (method == "cluster.tell") {
        return tell{params.number<std::int64_t>("request"), read_event(params)};
    }
    if (method == "cluster.reply") {
        return read_reply(params);
    }
    if (method == "cluster.close") {
        return close_event{params.text("hook_event_id")};
    }
    if (method == "cluster.session") {
        return read_session(params);
    }
    if (method == "cluster.session_gone") {
        return session_gone{params.number<std::int64_t>("session")};
    }
    if (method == "cluster.hello") {
        return read_hello(params);
    }
    throw malformed_message("the method is unknown");
}

void append_session(std::string& out, const host_session& each) {
    base::object_writer session{out};
    session.text("name", each.name).texts("events", each.events).flag("responds", each.responds);
    if (!each.kind.empty()) {
        session.number("uid", each.uid)
            .text("on_failure", each.on_failure)
            .number("order", each.order)
            .text("kind", each.kind);
    }
    session.end();
}

void append_host(std::string& out, const host& each) {
    base::object_writer{out}
        .text("host", each.name)
        .number("lease_ms", each.lease.count())
        .array("sessions", each.sessions, append_session)
        .end();
}

void append_asked_host(std::string& out, const asked_host& each) {
    base::object_writer{out}.text("host", each.name).array("responders", each.responders, append_responder).end();
}

constexpr std::array<std::string_view, 4> state_names{"down", "connecting", "entering", "up"};

}  // namespace

command parse_command(std::string_view frame) {
    const notification received{frame};
    const auto method = received.method();
    try {
        return read_params(method, received.params());
    } catch (const malformed_message& fault) {
        throw malformed_message(method + ": " + fault.what());
    }
}

std::string encode(const state_report& report) {
    return frame_of(begin_notification("state")
                        .text("state", state_names[static_cast<std::size_t>(report.state)])
                        .optional_text("reason", report.reason)
                        .optional_text("engine", report.engine));
}

std::string encode(const pong&) { return frame_of(begin_notification("pong")); }

std::string encode(const hosts_report& report) {
    return frame_of(begin_notification("hosts")
                        .array("hosts", report.hosts, append_host)
                        .optional_number("queue_permille", report.queue_permille));
}

std::string encode(const session_ready& report) {
    return frame_of(begin_notification("session_ready").number("session", report.number));
}

std::string encode(const asked& report) {
    return frame_of(
        begin_notification("asked").text("hook_event_id", report.id).array("hosts", report.hosts, append_asked_host));
}

std::string encode(const ask_failed& report) {
    return frame_of(begin_notification("ask_failed").text("hook_event_id", report.id).text("reason", report.reason));
}

std::string encode(const told& report) {
    return frame_of(begin_notification("told").number("request", report.request).number("hosts", report.hosts));
}

std::string encode(const tell_failed& report) {
    return frame_of(begin_notification("told").number("request", report.request).text("failed", report.reason));
}

std::string encode(const foreign_event& report) {
    auto params = begin_notification("event");
    params.text("host", report.host)
        .text("hook_event_id", report.event.id)
        .text("event", report.event.name)
        .raw("payload", report.event.payload_json)
        .optional_raw("cause", report.event.cause_json)
        .raw("emitted_at", report.event.emitted_at_json);
    if (report.asks) {
        params.text("policy", report.asks->policy).number("timeout_ms", report.asks->left.count());
    }
    return frame_of(params);
}

std::string encode(const cancel& report) {
    return frame_of(begin_notification("cancel").text("hook_event_id", report.id));
}

std::string encode(const settled& report) {
    return frame_of(begin_notification("settled")
                        .text("host", report.host)
                        .text("hook_event_id", report.id)
                        .raw("result", report.result_json));
}

std::string encode(const host_left& report) {
    return frame_of(begin_notification("host_left").text("host", report.host).text("why", report.why));
}

std::string encode(const gap& report) { return frame_of(begin_notification("gap").text("reason", report.reason)); }

std::string encode(const fatal& report) { return frame_of(begin_notification("fatal").text("reason", report.reason)); }

std::string result_without_answer(std::string_view failure) {
    return base::object_writer{}
        .raw("replies", "[]")
        .raw("missing", "[]")
        .raw("abstained", "[]")
        .raw("passed", "[]")
        .optional_text("failed", failure)
        .finish();
}

bool is_json(std::string_view text) {
    base::json_scanner scanner{text, content_depth};
    const char* const end = scanner.skip_value(scanner.begin());
    return end != nullptr && end == scanner.end();
}

void append_responder(std::string& out, const responder& each) {
    base::object_writer{out}
        .text("name", each.name)
        .text("on_failure", each.on_failure)
        .number("order", each.order)
        .end();
}

}  // namespace hookd::link
