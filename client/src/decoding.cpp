// SPDX-License-Identifier: BSL-1.0
#include "decoding.hpp"

#include "errors.hpp"

#include <base/json/text.hpp>
#include <base/text/number.hpp>

namespace hookd::detail {
namespace {

using base::json_cursor;
using base::json_kind;
using base::json_member;
using base::json_string;
using base::kind_of;

[[noreturn]] void fail(std::string_view part) { throw not_understood_error(part); }

// Walks an object's members, or an array's elements, once: `visit(member)`.
template <class Visitor>
void for_each(std::string_view value, json_kind expected, std::string_view part, Visitor visit) {
    if (value.empty() || kind_of(value) != expected) {
        fail(part);
    }
    json_cursor cursor{value};
    while (const auto member = cursor.next()) {
        visit(*member);
    }
}

std::string text_of(const json_member& member) {
    if (kind_of(member.value) != json_kind::string) {
        fail(member.key.raw);
    }
    return json_string{member.value.substr(1, member.value.size() - 2)}.decode();
}

template <class Number>
Number number_of(const json_member& member) {
    const auto number = base::parse_number<Number>(member.value);
    if (!number) {
        fail(member.key.raw);
    }
    return *number;
}

bool boolean_of(const json_member& member) {
    if (kind_of(member.value) != json_kind::boolean) {
        fail(member.key.raw);
    }
    return member.value == "true";
}

bool is_null(const json_member& member) { return kind_of(member.value) == json_kind::null; }

outcome outcome_of(const json_member& member) {
    const std::string name = text_of(member);
    for (std::size_t i = 0; i < protocol::outcome_count; ++i) {
        if (to_string(static_cast<outcome>(i)) == name) {
            return static_cast<outcome>(i);
        }
    }
    fail("outcome " + name);
}

verdict::response decode_response(std::string_view element) {
    verdict::response response;
    for_each(element, json_kind::object, "responses", [&](const json_member& member) {
        if (member.key.equals("response")) {
            if (kind_of(member.value) != json_kind::object) {
                fail("a response that is no object");
            }
            response.text = member.value;
        } else if (member.key.equals("responder")) {
            response.responder = text_of(member);
        } else if (member.key.equals("uid")) {
            response.uid = number_of<std::uint32_t>(member);
        } else if (member.key.equals("elapsed_ms")) {
            response.elapsed = decltype(response.elapsed){number_of<double>(member)};
        } else if (member.key.equals("host")) {
            response.host = text_of(member);
        }
    });
    if (response.text.empty()) {
        fail("responses without a response");
    }
    return response;
}

bool proceeds_unconsulted(const verdict& result) {
    const bool is_consulted = result.outcome == outcome::answered || result.outcome == outcome::abstained;
    return result.proceed() && !is_consulted && result.bypassed.empty();
}

verdict::missing_responder decode_missing(std::string_view element) {
    verdict::missing_responder missing;
    for_each(element, json_kind::object, "missing", [&](const json_member& member) {
        if (member.key.equals("responder")) {
            missing.responder = text_of(member);
        } else if (member.key.equals("why")) {
            missing.why = text_of(member);
        } else if (member.key.equals("host")) {
            missing.host = text_of(member);
        }
    });
    return missing;
}

}  // namespace

emission decode_emission(std::string_view result) {
    emission out;
    for_each(result, json_kind::object, "the result of emit", [&](const json_member& member) {
        if (member.key.equals("hook_event_id")) {
            out.hook_event_id = text_of(member);
        } else if (member.key.equals("seq")) {
            out.seq = number_of<std::uint64_t>(member);
        } else if (member.key.equals("subscribers")) {
            out.subscribers = number_of<std::uint64_t>(member);
        }
    });
    if (out.hook_event_id.empty()) {
        fail("the result of emit has no hook_event_id");
    }
    return out;
}

verdict decode_verdict(std::string_view result, std::optional<protocol::failure_policy> on_failure) {
    verdict out;
    bool has_outcome = false;
    bool has_abort = false;
    for_each(result, json_kind::object, "a verdict", [&](const json_member& member) {
        if (member.key.equals("hook_event_id")) {
            out.hook_event_id = text_of(member);
        } else if (member.key.equals("seq")) {
            if (!is_null(member)) {
                out.seq = number_of<std::uint64_t>(member);
            }
        } else if (member.key.equals("outcome")) {
            out.outcome = outcome_of(member);
            has_outcome = true;
        } else if (member.key.equals("abort")) {
            out.abort = text_of(member);
            has_abort = true;
        } else if (member.key.equals("responses")) {
            for_each(member.value, json_kind::array, "responses",
                [&](const json_member& element) { out.responses.push_back(decode_response(element.value)); });
        } else if (member.key.equals("missing")) {
            for_each(member.value, json_kind::array, "missing",
                [&](const json_member& element) { out.missing.push_back(decode_missing(element.value)); });
        } else if (member.key.equals("payload")) {
            out.payload = member.value;
        } else if (member.key.equals("bypassed")) {
            out.bypassed = text_of(member);
        }
    });
    // What is no verdict must never be read as a permission.
    if (!has_outcome || !has_abort) {
        fail("a verdict without outcome or abort");
    }
    if (on_failure == protocol::failure_policy::closed && proceeds_unconsulted(out)) {
        fail("a verdict that proceeds under failure policy closed, though its outcome is " +
             std::string{to_string(out.outcome)});
    }
    out.text = result;
    return out;
}

respond_result decode_respond_result(std::string_view result) {
    respond_result out;
    for_each(result, json_kind::object, "the result of respond", [&](const json_member& member) {
        if (member.key.equals("accepted")) {
            out.accepted = boolean_of(member);
        } else if (member.key.equals("reason") && !is_null(member)) {
            out.reason = text_of(member);
        }
    });
    return out;
}

daemon_info decode_daemon_info(std::string_view result) {
    daemon_info out;
    for_each(result, json_kind::object, "the result of ping", [&](const json_member& member) {
        if (member.key.equals("instance")) {
            out.instance = text_of(member);
        } else if (member.key.equals("version")) {
            out.version = text_of(member);
        } else if (member.key.equals("protocol")) {
            out.protocol = number_of<int>(member);
        } else if (member.key.equals("pid")) {
            out.pid = number_of<std::int64_t>(member);
        } else if (member.key.equals("host")) {
            out.host = text_of(member);
        }
    });
    return out;
}

subscription decode_subscription(std::string_view result) {
    subscription out;
    for_each(result, json_kind::object, "the result of subscribe", [&](const json_member& member) {
        if (member.key.equals("instance")) {
            out.instance = text_of(member);
        } else if (member.key.equals("head_seq")) {
            out.head_seq = number_of<std::uint64_t>(member);
        } else if (member.key.equals("resumed")) {
            out.resumed = boolean_of(member);
        }
    });
    return out;
}

bool decode_unsubscribed(std::string_view result) {
    bool out = false;
    for_each(result, json_kind::object, "the result of unsubscribe", [&](const json_member& member) {
        if (member.key.equals("unsubscribed")) {
            out = boolean_of(member);
        }
    });
    return out;
}

ended_wait decode_ended_wait(std::string_view params) {
    ended_wait out;
    for_each(params, json_kind::object, "cancelled", [&](const json_member& member) {
        if (member.key.equals("hook_event_id")) {
            out.hook_event_id = text_of(member);
        } else if (member.key.equals("reason")) {
            out.reason = text_of(member);
        }
    });
    return out;
}

verdict_notice decode_verdict_notice(std::string_view params) {
    verdict_notice out;
    out.how = decode_verdict(params);
    for_each(params, json_kind::object, "verdict", [&](const json_member& member) {
        if (member.key.equals("event")) {
            out.event = text_of(member);
        } else if (member.key.equals("elapsed_ms")) {
            out.elapsed = decltype(out.elapsed){number_of<double>(member)};
        }
    });
    return out;
}

session_end decode_session_end(std::string_view params) {
    session_end out;
    for_each(params, json_kind::object, "closed", [&](const json_member& member) {
        if (member.key.equals("reason")) {
            const std::string reason = text_of(member);
            if (reason == to_string(protocol::close_reason::lagged)) {
                out.why = session_end::reason::lagged;
            } else if (reason == to_string(protocol::close_reason::shutdown)) {
                out.why = session_end::reason::shutdown;
            } else if (reason == to_string(protocol::close_reason::unsubscribed)) {
                out.why = session_end::reason::unsubscribed;
            } else if (reason == to_string(protocol::close_reason::gap)) {
                out.why = session_end::reason::gap;
            } else {
                fail("closed for " + reason);
            }
        } else if (member.key.equals("last_seq")) {
            out.last_seq = number_of<std::uint64_t>(member);
        }
    });
    return out;
}

event_parts decode_event(std::string_view params) {
    event_parts out;
    for_each(params, json_kind::object, "an event", [&](const json_member& member) {
        if (member.key.equals("seq")) {
            out.seq = number_of<std::uint64_t>(member);
        } else if (member.key.equals("hook_event_id")) {
            out.hook_event_id = text_of(member);
        } else if (member.key.equals("event")) {
            out.name = text_of(member);
        } else if (member.key.equals("emitted_at")) {
            out.emitted_at = text_of(member);
        } else if (member.key.equals("cause")) {
            out.cause = text_of(member);
        } else if (member.key.equals("host")) {
            out.host = text_of(member);
        } else if (member.key.equals("expects_response")) {
            out.expects_response = boolean_of(member);
        } else if (member.key.equals("timeout_ms")) {
            out.timeout = std::chrono::milliseconds{number_of<std::int64_t>(member)};
        } else if (member.key.equals("payload")) {
            out.payload = member.value;
        }
    });
    if (out.seq == 0 || out.name.empty() || out.payload.empty()) {
        fail("an event without seq, event or payload");
    }
    return out;
}

std::optional<std::uint64_t> decode_id(std::string_view id) noexcept { return base::parse_number<std::uint64_t>(id); }

}  // namespace hookd::detail
