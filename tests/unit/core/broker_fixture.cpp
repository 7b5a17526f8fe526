// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

#include <hookd/protocol/json_text.hpp>

namespace hookd::core::test {

std::string wait::responses() const {
    std::string text;
    for (const auto& each : verdict().responses) {
        text += (text.empty() ? "" : "; ") + each.response + " by " + (each.host.empty() ? "" : each.host + "/") +
                each.responder;
    }
    return text;
}

std::string wait::missing() const {
    std::string text;
    for (const auto& each : verdict().missing) {
        text +=
            (text.empty() ? "" : "; ") + (each.host.empty() ? "" : each.host + "/") + each.responder + ": " + each.why;
    }
    return text;
}

void wait::end(std::variant<protocol::wait_result, protocol::error> how) {
    BOOST_REQUIRE_MESSAGE(!over(), "a wait ended twice");
    if (auto* const why = std::get_if<protocol::error>(&how)) {
        failure = std::move(*why);
    } else {
        result = std::get<protocol::wait_result>(std::move(how));
        result->keep();
    }
}

std::string text_of(const protocol::uuid& id) {
    std::string text;
    protocol::append_uuid(text, id);
    return text;
}

protocol::uuid numbered_uuid(std::uint64_t number) {
    protocol::uuid id{};
    for (std::size_t i = 0; i < 8; ++i) {
        id.data[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    return id;
}

client& broker_fixture::join(std::int64_t pid) {
    owners_.emplace_back();
    return broker.attach({pid, 1000}, &owners_.back());
}

client& broker_fixture::join_as(std::uint32_t uid) {
    owners_.emplace_back();
    return broker.attach({uid, uid, true}, &owners_.back());
}

std::variant<protocol::emit_result, protocol::error> broker_fixture::try_emit(
    client& by, std::string_view event, const emit_options& how) {
    const protocol::emit_params params{.event = event,
        .payload = how.payload,
        .reserve = how.reserve,
        .operation_id = how.operation_id,
        .origin = how.origin ? &*how.origin : nullptr};
    auto result = broker.emit(by, params, how.raw_params, now);
    collect();
    return result;
}

protocol::emit_result broker_fixture::emit(client& by, std::string_view event, const emit_options& how) {
    const auto result = try_emit(by, event, how);
    if (const auto* const failure = std::get_if<protocol::error>(&result)) {
        BOOST_FAIL("emit failed: " << failure->message);
    }
    return std::get<protocol::emit_result>(result);
}

std::variant<protocol::subscribe_result, protocol::error> broker_fixture::try_subscribe(
    client& by, std::vector<std::string> patterns, const session_options& how) {
    const protocol::subscribe_params params{.events = std::move(patterns),
        .name = how.name,
        .responds = how.responds,
        .asked_only = how.asked_only,
        .on_failure = how.on_failure,
        .order = how.order,
        .shadow = how.shadow,
        .cancellations = how.cancellations,
        .verdicts = how.verdicts,
        .where = how.where,
        .scope = how.scope,
        .after_seq = how.after_seq,
        .instance = how.instance};
    auto result = broker.subscribe(by, params, now);
    collect();
    return result;
}

protocol::subscribe_result broker_fixture::subscribe(
    client& by, std::vector<std::string> patterns, const session_options& how) {
    const auto result = try_subscribe(by, std::move(patterns), how);
    if (const auto* const failure = std::get_if<protocol::error>(&result)) {
        BOOST_FAIL("subscribe failed: " << failure->message);
    }
    return std::get<protocol::subscribe_result>(result);
}

client& broker_fixture::subscriber(std::vector<std::string> patterns, const session_options& how) {
    client& made = join();
    subscribe(made, std::move(patterns), how);
    return made;
}

wait& broker_fixture::emit_and_wait(client& by, std::string_view event, const wait_options& how) {
    wait& made = waits_.emplace_back();
    made.footprint_bytes = how.footprint_bytes;
    const protocol::emit_and_wait_params params{.event = event,
        .payload = how.payload,
        .timeout = how.timeout,
        .policy = how.policy,
        .on_failure = how.on_failure,
        .require_subscriber = how.require_subscriber,
        .require = how.require,
        .scope = how.scope,
        .operation_id = how.operation_id,
        .origin = how.origin ? &*how.origin : nullptr};
    auto result = broker.emit_and_wait(by, params, how.raw_params, made, now);
    collect();
    if (auto* const verdict = std::get_if<protocol::wait_result>(&result)) {
        made.end(std::move(*verdict));
    } else if (auto* const failure = std::get_if<protocol::error>(&result)) {
        made.end(std::move(*failure));
    }
    return made;
}

wait& broker_fixture::await_response(client& by, std::string_view hook_event_id,
    std::optional<std::chrono::milliseconds> timeout, std::size_t footprint_bytes) {
    wait& made = waits_.emplace_back();
    made.footprint_bytes = footprint_bytes;
    auto result = broker.await_response(by, {.hook_event_id = hook_event_id, .timeout = timeout}, made, now);
    collect();
    if (auto* const verdict = std::get_if<protocol::wait_result>(&result)) {
        made.end(std::move(*verdict));
    } else if (auto* const failure = std::get_if<protocol::error>(&result)) {
        made.end(std::move(*failure));
    }
    return made;
}

std::variant<protocol::respond_result, protocol::error> broker_fixture::try_respond(
    client& by, std::string_view hook_event_id, std::string_view response) {
    protocol::respond_params params{.hook_event_id = hook_event_id, .response = response};
    if (auto failure = protocol::check_reply(params)) {
        return std::move(*failure);
    }
    auto result = broker.respond(by, params, now);
    collect();
    return result;
}

refusal broker_fixture::reply(client& by, std::string_view hook_event_id, std::string_view response) {
    const auto result = try_respond(by, hook_event_id, response);
    if (const auto* const failure = std::get_if<protocol::error>(&result)) {
        BOOST_FAIL("respond failed: " << failure->message);
    }
    return std::get<protocol::respond_result>(result).reason;
}

refusal broker_fixture::abstain(client& by, std::string_view hook_event_id) {
    const auto result = broker.respond(by, {.hook_event_id = hook_event_id, .abstain = true}, now);
    collect();
    BOOST_REQUIRE(std::holds_alternative<protocol::respond_result>(result));
    return std::get<protocol::respond_result>(result).reason;
}

refusal broker_fixture::fail(client& by, std::string_view hook_event_id, std::string_view why) {
    const auto result = broker.respond(by, {.hook_event_id = hook_event_id, .failed = why}, now);
    collect();
    BOOST_REQUIRE(std::holds_alternative<protocol::respond_result>(result));
    return std::get<protocol::respond_result>(result).reason;
}

std::vector<received_event> broker_fixture::receive(client& by) {
    std::vector<event*> events;
    broker.peek_batch(by, std::size_t(-1), std::size_t(-1), events);
    std::vector<received_event> result;
    for (const event* const each : events) {
        result.push_back({each->seq(), std::string{each->name()}, text_of(each->id()), std::string{each->payload()},
            each->expects_response(), each->timeout(), std::string{each->host()}});
    }
    broker.sent(by, events.size());
    return result;
}

std::string broker_fixture::receive_names(client& by) {
    std::string text;
    for (const auto& each : receive(by)) {
        text += (text.empty() ? "" : " ") + std::to_string(each.seq) + ":" + each.name;
    }
    return text;
}

received_event broker_fixture::receive_one(client& by) {
    const auto all = receive(by);
    BOOST_REQUIRE_EQUAL(all.size(), 1U);
    return all.front();
}

std::string broker_fixture::receive_notices(client& by) {
    std::string text;
    while (const auto next = broker.take_notice(by)) {
        text += text.empty() ? "" : "; ";
        if (next->verdict) {
            text += next->verdict->view();
        } else {
            text += "cancelled " + std::string{to_string(next->reason)};
        }
    }
    return text;
}

std::string broker_fixture::take_ended(client& of) {
    const auto ended = broker.take_ended(of);
    return ended ? std::string{to_string(ended->reason)} + " after " + std::to_string(ended->last_seq) : std::string{};
}

void broker_fixture::collect() {
    for (auto& each : broker.take_completions()) {
        auto& which = static_cast<wait&>(*each.who);
        BOOST_CHECK(which.waits_on == nullptr);
        BOOST_CHECK(which.asked_by == nullptr);
        which.end(std::move(each.result));
    }
}

void broker_fixture::check_nobody_waits() const {
    const auto held = broker.held();
    BOOST_CHECK_EQUAL(held.open_slots, 0U);
    BOOST_CHECK_EQUAL(held.extra_waiters, 0U);
    BOOST_CHECK_EQUAL(held.expected_replies, 0U);
    BOOST_CHECK_EQUAL(held.held_bytes, 0U);
    BOOST_CHECK_EQUAL(stats().waiting, 0U);
    BOOST_CHECK(!broker.next_deadline());
}

std::size_t footprint_of(std::string_view name, std::string_view payload) {
    broker_fixture fixture;
    fixture.emit(fixture.join(), name, {.payload = std::string{payload}});
    return fixture.broker.held().event_bytes;
}

std::string limit_of(const protocol::error& failure) {
    if (failure.code != errc::limit_exceeded || failure.data.empty()) {
        return {};
    }
    protocol::json_cursor members{failure.data};
    while (const auto member = members.next()) {
        if (member->key.equals("limit")) {
            return std::string{member->value.substr(1, member->value.size() - 2)};
        }
    }
    return {};
}

}  // namespace hookd::core::test
