// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// emit with reserve_ms, and await_response.
namespace hookd::core::test {
namespace {

struct reserved_fixture : broker_fixture {
    client& hook = subscriber({}, {.name = "hook"});
    client& emitter = join(1);

    std::string reserve(std::chrono::milliseconds duration = 10s) {
        const auto id = text_of(emit(emitter, "push", {.reserve = duration}).hook_event_id);
        for (const auto& each : receive(hook)) {
            BOOST_CHECK(each.expects_response);
        }
        return id;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reservations, reserved_fixture)

BOOST_AUTO_TEST_CASE(reply_that_comes_first_is_kept) {
    const auto id = reserve();
    advance(3ms);
    BOOST_CHECK_EQUAL(reply(hook, id, R"({"abort":"no"})"), refusal::none);
    advance(1s);
    wait& asked = await_response(join(), id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(asked.responses(), R"({"abort":"no"} by hook)");
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no");
    BOOST_CHECK_EQUAL(asked.verdict().hook_event_id, id);
    BOOST_CHECK_EQUAL(asked.verdict().seq.value(), 1U);
    BOOST_CHECK(asked.verdict().responses.at(0).elapsed == 3ms);
    BOOST_CHECK_EQUAL(outcomes(outcome::answered), 1U);
    check_nobody_waits();
    BOOST_CHECK_EQUAL(broker.held().memory_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(without_a_required_responder_it_does_not_proceed) {
    client& guard = subscriber({}, {.name = "guard"});
    const protocol::emit_params push{.event = "push", .reserve = 10s};
    const auto reserve_for = [&](std::vector<std::string> names) {
        const auto result =
            broker.emit(emitter, push, {}, now, {.on_failure = failure_policy::closed, .require = std::move(names)});
        return text_of(std::get<protocol::emit_result>(result).hook_event_id);
    };
    const auto id = reserve_for({"guard"});
    wait& early = await_response(join(), id, 1s);
    BOOST_CHECK_EQUAL(reply(hook, id, R"({"x":1})"), refusal::none);
    BOOST_CHECK(!early.over());
    pass(1s);
    BOOST_CHECK_EQUAL(early.how(), outcome::timeout);
    BOOST_CHECK_EQUAL(early.responses(), R"({"x":1} by hook)");
    BOOST_TEST(early.verdict().abort.find("guard") != std::string::npos);
    wait& again = await_response(join(), id);
    BOOST_CHECK_EQUAL(reply(guard, id), refusal::none);
    BOOST_CHECK_EQUAL(again.how(), outcome::answered);
    BOOST_CHECK_EQUAL(again.responses(), R"({} by guard; {"x":1} by hook)");
    BOOST_CHECK_EQUAL(again.verdict().abort, "");

    const auto without = reserve_for({"nobody"});
    reply(hook, without);
    wait& asked = await_response(join(), without);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_TEST(asked.verdict().abort.find("nobody") != std::string::npos);
    check_nobody_waits();
    BOOST_CHECK_EQUAL(broker.held().memory_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(one_who_asks_first_waits_for_it) {
    const auto id = reserve();
    wait& asked = await_response(join(), id);
    BOOST_CHECK(!asked.over());
    reply(hook, id);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by hook");
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(answer_is_given_to_one_only) {
    const auto id = reserve();
    reply(hook, id);
    BOOST_CHECK_EQUAL(await_response(join(), id).how(), outcome::answered);
    wait& second = await_response(join(), id);
    BOOST_CHECK_EQUAL(second.how(), outcome::unknown);
    BOOST_CHECK(!second.verdict().seq);
    BOOST_CHECK_EQUAL(second.verdict().hook_event_id, id);
    BOOST_CHECK_EQUAL(second.verdict().abort, "");
}

BOOST_AUTO_TEST_CASE(all_who_wait_when_it_comes_get_it) {
    const auto id = reserve();
    wait& one = await_response(join(), id);
    wait& two = await_response(emitter, id);
    wait& three = await_response(emitter, id);
    reply(hook, id, R"({"n":1})");
    for (wait* const each : {&one, &two, &three}) {
        BOOST_CHECK_EQUAL(each->responses(), R"({"n":1} by hook)");
    }
    BOOST_CHECK_EQUAL(await_response(emitter, id).how(), outcome::unknown);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(second_reply_is_refused_while_the_first_is_kept) {
    const auto id = reserve();
    reply(hook, id);
    BOOST_CHECK_EQUAL(reply(join(), id), refusal::answered);
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::answered);
    BOOST_CHECK_EQUAL(await_response(emitter, id).verdict().responses.size(), 1U);
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::answered);
}

BOOST_AUTO_TEST_CASE(one_may_ask_again_after_a_time_out) {
    const auto id = reserve(10s);
    wait& first = await_response(join(), id, 2s);
    pass(2s);
    BOOST_CHECK_EQUAL(first.how(), outcome::timeout);
    BOOST_CHECK_EQUAL(first.missing(), "hook: timeout");
    BOOST_CHECK_EQUAL(first.verdict().seq.value(), 1U);
    wait& second = await_response(join(), id, 2s);
    BOOST_CHECK(!second.over());
    reply(hook, id);
    BOOST_CHECK_EQUAL(second.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(end_of_the_reservation_is_a_time_out_for_who_still_waits) {
    const auto id = reserve(10s);
    wait& one = await_response(join(), id, 60s);
    wait& two = await_response(join(), id);
    pass(10s - 1ns);
    BOOST_CHECK(!one.over());
    pass(1ns);
    BOOST_CHECK_EQUAL(one.how(), outcome::timeout);
    BOOST_CHECK_EQUAL(two.how(), outcome::timeout);
    BOOST_CHECK_EQUAL(await_response(join(), id).how(), outcome::unknown);
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::expired);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(wait_that_ends_with_the_reservation_ends_once) {
    const auto id = reserve(10s);
    wait& asked = await_response(join(), id, 10s);
    pass(10s);
    BOOST_CHECK_EQUAL(asked.how(), outcome::timeout);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(reservation_that_nobody_asked_for_ends_quietly) {
    const auto id = reserve(10s);
    const auto kept = reserve(10s);
    reply(hook, kept);
    BOOST_CHECK_EQUAL(stats().waiting, 2U);
    pass(10s);
    BOOST_CHECK_EQUAL(await_response(join(), kept).how(), outcome::unknown);
    BOOST_CHECK_EQUAL(await_response(join(), id).how(), outcome::unknown);
    BOOST_CHECK_EQUAL(reply(hook, kept), refusal::answered);
    check_nobody_waits();
    BOOST_CHECK_EQUAL(broker.held().memory_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(it_outlives_the_connection_that_made_it) {
    const auto id = reserve();
    leave(emitter);
    reply(hook, id);
    BOOST_CHECK_EQUAL(await_response(join(), id).how(), outcome::answered);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(one_who_asked_and_left_disturbs_nobody) {
    const auto id = reserve();
    client& gone = join();
    wait& asked = await_response(gone, id);
    wait& other = await_response(join(), id);
    leave(gone);
    BOOST_CHECK_EQUAL(asked.error_code(), errc::cancelled);
    reply(hook, id);
    BOOST_CHECK_EQUAL(other.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(cancelled_wait_leaves_the_reservation_open) {
    const auto id = reserve();
    wait& asked = await_response(join(), id);
    cancel(asked);
    BOOST_CHECK_EQUAL(asked.error_code(), errc::cancelled);
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::none);
    BOOST_CHECK_EQUAL(await_response(join(), id).how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(it_waits_for_any_peer_even_without_a_subscriber) {
    unsubscribe(hook);
    const auto id = text_of(emit(emitter, "push", {.reserve = 10s}).hook_event_id);
    wait& asked = await_response(join(), id);
    BOOST_CHECK(!asked.over());
    BOOST_CHECK_EQUAL(reply(join(9), id), refusal::none);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by pid 9");
}

BOOST_AUTO_TEST_CASE(it_is_not_abandoned_when_its_responders_leave_or_fail) {
    const auto id = reserve();
    fail(hook, id);
    wait& asked = await_response(join(), id);
    BOOST_CHECK(!asked.over());
    leave(hook);
    BOOST_CHECK(!asked.over());
    reply(join(9), id);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by pid 9");
    BOOST_CHECK_EQUAL(asked.missing(), "hook: failed: it broke");
}

BOOST_AUTO_TEST_CASE(abstention_of_everybody_is_kept_too) {
    const auto id = reserve();
    BOOST_CHECK_EQUAL(abstain(hook, id), refusal::none);
    BOOST_CHECK_EQUAL(await_response(join(), id).how(), outcome::abstained);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(ids_that_were_never_reserved_are_unknown) {
    const auto plain = text_of(emit(emitter, "push").hook_event_id);
    wait& waiting = emit_and_wait(emitter, "push");
    const auto waited = receive(hook).back().id;
    for (const auto& id : {plain, waited, "no uuid"s, ""s, text_of(numbered_uuid(3))}) {
        wait& asked = await_response(join(), id);
        BOOST_CHECK_EQUAL(asked.how(), outcome::unknown);
        BOOST_CHECK_EQUAL(asked.verdict().hook_event_id, id);
        BOOST_CHECK(!asked.verdict().seq);
    }
    BOOST_CHECK_EQUAL(outcomes(outcome::unknown), 5U);
    BOOST_CHECK(!waiting.over());
}

BOOST_AUTO_TEST_CASE(kept_reply_survives_until_the_end_of_the_reservation) {
    const auto id = reserve(10s);
    reply(hook, id);
    pass(10s - 1ns);
    BOOST_CHECK_EQUAL(await_response(join(), id).how(), outcome::answered);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
