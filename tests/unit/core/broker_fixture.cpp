// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

#include <base/json/text.hpp>

namespace hookd::core::test {
namespace {

/// What the broker has of a wait.
class test_waiter final : public waiter {
public:
    test_waiter(wait& wait, std::size_t footprint_bytes) : waiter(footprint_bytes), wait_(wait) { wait.pending = this; }
    ~test_waiter() override { wait_.pending = nullptr; }

    void done(std::variant<protocol::wait_result, protocol::error> result) override { wait_.end(std::move(result)); }

private:
    wait& wait_;
};

/// Begins a wait by `begin(waiter)`; what is there at once ends it.
template <class Begin>
void start(wait& wait, std::size_t footprint_bytes, Begin begin) {
    std::unique_ptr<waiter> waiter = std::make_unique<test_waiter>(wait, footprint_bytes);
    auto started = begin(std::move(waiter));
    const bool is_pending = std::holds_alternative<broker::pending>(started);
    BOOST_REQUIRE_EQUAL(waiter == nullptr, is_pending);  // taken only if it waits
    if (auto* const verdict = std::get_if<protocol::wait_result>(&started)) {
        waiter->done(std::move(*verdict));
    } else if (auto* const failure = std::get_if<protocol::error>(&started)) {
        waiter->done(std::move(*failure));
    }
}

}  // namespace

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

void wait::end(std::variant<protocol::wait_result, protocol::error> ending) {
    BOOST_REQUIRE_MESSAGE(!over(), "a wait ended twice");
    if (auto* const why = std::get_if<protocol::error>(&ending)) {
        failure = std::move(*why);
    } else {
        result = std::get<protocol::wait_result>(std::move(ending));
        result->keep();
    }
}

std::string names_of(const protocol::passed_over_hooks& hooks) {
    std::string text;
    for (const auto& each : hooks.named) {
        text += (text.empty() ? "" : "; ") + each.name + ": " + std::string{to_string(each.why)};
    }
    return hooks.total > hooks.named.size() ? text + " of " + std::to_string(hooks.total) : text;
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

client& broker_fixture::join(const peer& peer, const client_options& options) {
    return broker.attach(peer, &sinks_.emplace_back(), options);
}

std::variant<protocol::emit_result, protocol::error> broker_fixture::try_emit(
    client& client, std::string_view event, const emit_options& options) {
    const protocol::emit_params params{.event = event,
        .payload = options.payload,
        .reserve = options.reserve,
        .operation_id = options.operation_id,
        .origin = options.origin ? &*options.origin : nullptr};
    auto result = broker.emit(client, params, {options.raw_params}, now);
    collect();
    return result;
}

protocol::emit_result broker_fixture::emit(client& client, std::string_view event, const emit_options& options) {
    const auto result = try_emit(client, event, options);
    if (const auto* const failure = std::get_if<protocol::error>(&result)) {
        BOOST_FAIL("emit failed: " << failure->message);
    }
    return std::get<protocol::emit_result>(result);
}

protocol::subscribe_params params_of(std::vector<std::string> patterns, const session_options& options) {
    return {.events = std::move(patterns),
        .name = options.name,
        .responds = options.responds,
        .asked_only = options.asked_only,
        .on_failure = options.on_failure,
        .order = options.order,
        .shadow = options.shadow,
        .cancellations = options.cancellations,
        .verdicts = options.verdicts,
        .where = options.where,
        .scope = options.scope,
        .after_seq = options.after_seq,
        .instance = options.instance};
}

std::variant<protocol::subscribe_result, protocol::error> broker_fixture::try_subscribe(
    client& client, std::vector<std::string> patterns, const session_options& options) {
    auto result = broker.subscribe(client, params_of(std::move(patterns), options), now);
    collect();
    return result;
}

protocol::subscribe_result broker_fixture::subscribe(
    client& client, std::vector<std::string> patterns, const session_options& options) {
    const auto result = try_subscribe(client, std::move(patterns), options);
    if (const auto* const failure = std::get_if<protocol::error>(&result)) {
        BOOST_FAIL("subscribe failed: " << failure->message);
    }
    return std::get<protocol::subscribe_result>(result);
}

client& broker_fixture::subscriber(std::vector<std::string> patterns, const session_options& options) {
    client& made = join();
    subscribe(made, std::move(patterns), options);
    return made;
}

wait& broker_fixture::emit_and_wait(client& client, std::string_view event, const wait_options& options) {
    wait& made = waits_.emplace_back();
    const protocol::emit_and_wait_params params{.event = event,
        .payload = options.payload,
        .timeout = options.timeout,
        .policy = options.policy,
        .on_failure = options.on_failure,
        .require_subscriber = options.require_subscriber,
        .require = options.require,
        .scope = options.scope,
        .operation_id = options.operation_id,
        .origin = options.origin ? &*options.origin : nullptr};
    start(made, options.footprint_bytes, [&](std::unique_ptr<waiter>&& waiter) {
        return broker.emit_and_wait(client, params, {options.raw_params}, std::move(waiter), now);
    });
    collect();
    return made;
}

wait& broker_fixture::await_response(client& client, std::string_view hook_event_id,
    std::optional<std::chrono::milliseconds> timeout, std::size_t footprint_bytes) {
    wait& made = waits_.emplace_back();
    start(made, footprint_bytes, [&](std::unique_ptr<waiter>&& waiter) {
        return broker.await_response(
            client, {.hook_event_id = hook_event_id, .timeout = timeout}, std::move(waiter), now);
    });
    collect();
    return made;
}

void broker_fixture::cancel(wait& wait) {
    BOOST_REQUIRE(wait.pending != nullptr);
    broker.cancel(*wait.pending, now);
    collect();
}

std::variant<protocol::respond_result, protocol::error> broker_fixture::try_respond(
    client& client, std::string_view hook_event_id, std::string_view response) {
    protocol::respond_params params{.hook_event_id = hook_event_id, .response = response};
    if (auto failure = protocol::check_reply(params)) {
        return std::move(*failure);
    }
    auto result = broker.respond(client, params, now);
    collect();
    return result;
}

refusal broker_fixture::reply(client& client, std::string_view hook_event_id, std::string_view response) {
    const auto result = try_respond(client, hook_event_id, response);
    if (const auto* const failure = std::get_if<protocol::error>(&result)) {
        BOOST_FAIL("respond failed: " << failure->message);
    }
    return std::get<protocol::respond_result>(result).reason;
}

refusal broker_fixture::abstain(client& client, std::string_view hook_event_id) {
    const auto result = broker.respond(client, {.hook_event_id = hook_event_id, .abstain = true}, now);
    collect();
    BOOST_REQUIRE(std::holds_alternative<protocol::respond_result>(result));
    return std::get<protocol::respond_result>(result).reason;
}

refusal broker_fixture::fail(client& client, std::string_view hook_event_id, std::string_view why) {
    const auto result = broker.respond(client, {.hook_event_id = hook_event_id, .failed = why}, now);
    collect();
    BOOST_REQUIRE(std::holds_alternative<protocol::respond_result>(result));
    return std::get<protocol::respond_result>(result).reason;
}

std::vector<received_event> broker_fixture::receive(client& client) {
    std::vector<event*> events;
    broker.peek_batch(client, std::size_t(-1), std::size_t(-1), events);
    std::vector<received_event> result;
    for (const event* const each : events) {
        result.push_back({each->seq(), std::string{each->name()}, text_of(each->id()), std::string{each->payload()},
            each->expects_response(), each->timeout(), std::string{each->host()}});
    }
    broker.sent(client, events.size());
    return result;
}

std::string broker_fixture::receive_names(client& client) {
    std::string text;
    for (const auto& each : receive(client)) {
        text += (text.empty() ? "" : " ") + std::to_string(each.seq) + ":" + each.name;
    }
    return text;
}

received_event broker_fixture::receive_one(client& client) {
    const auto all = receive(client);
    BOOST_REQUIRE_EQUAL(all.size(), 1U);
    return all.front();
}

std::string broker_fixture::receive_notices(client& client) {
    std::string text;
    while (const auto next = broker.take_notice(client)) {
        text += text.empty() ? "" : "; ";
        if (next->verdict) {
            text += next->verdict->body();
        } else {
            text += "cancelled " + std::string{to_string(next->reason)};
        }
    }
    return text;
}

std::string broker_fixture::take_ended(client& client) {
    const auto ended = broker.take_ended(client);
    return ended ? std::string{to_string(ended->reason)} + " after " + std::to_string(ended->last_seq) : std::string{};
}

void broker_fixture::collect() {
    while (broker.has_pending() || broker.has_completions()) {
        broker.advance_pending(now);
        while (broker.has_completions()) {
            auto next = broker.take_completion();
            BOOST_CHECK(!next.waiter->is_waiting());
            next.waiter->done(std::move(next.result));
        }
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
    base::json_cursor members{failure.data};
    while (const auto member = members.next()) {
        if (member->key.equals("limit")) {
            return std::string{member->value.substr(1, member->value.size() - 2)};
        }
    }
    return {};
}

}  // namespace hookd::core::test
