// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// emit_and_wait with require_subscriber false: an event that waits for its first responder.
namespace hookd::core::test {
namespace {

struct parked_fixture : broker_fixture {
    client& emitter = join();

    wait& ask(std::string_view event = "push", wait_options how = {}) {
        how.require_subscriber = false;
        return emit_and_wait(emitter, event, how);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(parked, parked_fixture)

BOOST_AUTO_TEST_CASE(first_matching_responder_gets_the_event_and_is_waited_for) {
    wait& asked = ask();
    BOOST_CHECK(!asked.over());
    pass(10s);
    client& hook = subscriber({"p*"}, {.name = "late"});
    const auto got = receive_one(hook);
    BOOST_CHECK_EQUAL(got.seq, 1U);
    BOOST_CHECK(got.expects_response);
    BOOST_CHECK_EQUAL(reply(hook, got.id), refusal::none);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by late");
    BOOST_CHECK(asked.verdict().responses.at(0).elapsed == 10s);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(only_the_first_one_gets_it) {
    wait& asked = ask("push", {.policy = wait_policy::all});
    client& first = subscriber({}, {.name = "first"});
    client& second = subscriber({}, {.name = "second"});
    BOOST_CHECK_EQUAL(receive_names(second), "");
    reply(first, receive_one(first).id);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by first");
}

BOOST_AUTO_TEST_CASE(observers_and_those_who_do_not_match_are_not_the_first_responder) {
    client& before = subscriber({}, {.responds = false});
    wait& asked = ask();
    client& observer = subscriber({}, {.responds = false});
    client& other = subscriber({"pull"});
    client& quiet = join();
    half_close(quiet);
    subscribe(quiet);
    BOOST_CHECK_EQUAL(receive_names(before), "1:push");
    BOOST_CHECK_EQUAL(receive_names(observer), "");
    BOOST_CHECK_EQUAL(receive_names(other), "");
    BOOST_CHECK_EQUAL(receive_names(quiet), "");
    client& hook = subscriber({"push"});
    reply(hook, receive_one(hook).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(with_a_responder_it_waits_as_usual) {
    client& hook = subscriber({}, {.name = "hook"});
    wait& asked = ask();
    (void)receive(hook);
    client& late = subscriber();
    BOOST_CHECK_EQUAL(receive_names(late), "");
    leave(hook);
    BOOST_CHECK_EQUAL(asked.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(broker.held().held_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(first_responder_that_leaves_is_the_end_of_it) {
    wait& asked = ask();
    client& hook = subscriber({}, {.name = "first"});
    unsubscribe(hook);
    BOOST_CHECK_EQUAL(asked.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(asked.missing(), "first: left");
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(nobody_comes_in_time) {
    wait& asked = ask("push", {.timeout = 5s, .on_failure = failure_policy::closed});
    pass(5s - 1ns);
    BOOST_CHECK(!asked.over());
    pass(1ns);
    BOOST_CHECK_EQUAL(asked.how(), outcome::timeout);
    BOOST_CHECK_EQUAL(asked.missing(), "");
    BOOST_CHECK(asked.verdict().abort.find("timeout") != std::string::npos);
    client& late = subscriber();
    BOOST_CHECK_EQUAL(receive_names(late), "");
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(outsider_may_answer_meanwhile) {
    wait& approved = ask("push", {.policy = wait_policy::veto});
    client& spy = subscriber({}, {.responds = false, .after_seq = 0});
    const auto id = receive_one(spy).id;
    BOOST_CHECK_EQUAL(reply(join(9), id), refusal::none);
    BOOST_CHECK(!approved.over());  // under `veto`, nobody has spoken for whom it waits
    BOOST_CHECK_EQUAL(reply(join(10), id, R"({"abort":"no"})"), refusal::none);
    BOOST_CHECK_EQUAL(approved.responses(), R"({"abort":"no"} by pid 10; {} by pid 9)");
    client& late = subscriber();
    BOOST_CHECK_EQUAL(receive_names(late), "");
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(wait_that_is_cancelled_takes_its_event_along) {
    wait& asked = ask();
    cancel(asked);
    client& late = subscriber();
    BOOST_CHECK_EQUAL(receive_names(late), "");
    ask("other");
    leave(emitter);
    client& later = subscriber();
    BOOST_CHECK_EQUAL(receive_names(later), "");
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(several_are_assigned_in_order_before_anything_live) {
    wait& first = ask("a");
    wait& second = ask("b");
    wait& third = ask("a");
    client& hook = subscriber({"a"});
    emit(emitter, "a");
    BOOST_CHECK_EQUAL(receive_names(hook), "1:a 3:a 4:a");
    client& other = subscriber();
    const auto got = receive_one(other);
    BOOST_CHECK_EQUAL(got.name, "b");
    reply(other, got.id);
    BOOST_CHECK_EQUAL(second.how(), outcome::answered);
    leave(hook);
    BOOST_CHECK_EQUAL(first.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(third.how(), outcome::abandoned);
    check_nobody_waits();
}

// "last_seq is the highest one delivered, or where the session began if that is higher".
BOOST_AUTO_TEST_CASE(old_event_does_not_take_the_session_back) {
    ask("push");
    emit(emitter, "other");
    emit(emitter, "other");
    client& hook = subscriber({"push"});
    BOOST_CHECK_EQUAL(receive_names(hook), "1:push");
    BOOST_CHECK_EQUAL(broker.unsubscribe(hook, now).last_seq, 3U);
}

BOOST_AUTO_TEST_CASE(event_is_kept_for_it_though_the_log_has_dropped_it) {
    broker_fixture small{{.capacity = 1}};
    client& by = small.join();
    wait& asked = small.emit_and_wait(by, "push", {.payload = "[1]", .require_subscriber = false});
    small.emit(by, "other");
    small.emit(by, "other");
    client& hook = small.subscriber({"push"});
    const auto got = small.receive_one(hook);
    BOOST_CHECK_EQUAL(got.payload, "[1]");
    small.reply(hook, got.id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(small.broker.held().event_bytes, small.stats().retained_bytes);
}

BOOST_AUTO_TEST_CASE(one_that_resumes_past_it_does_not_get_it) {
    wait& asked = ask("push");
    emit(emitter, "push");
    client& resumed = subscriber({}, {.after_seq = 1});
    BOOST_CHECK_EQUAL(receive_names(resumed), "2:push");
    BOOST_CHECK(!asked.over());
    client& fresh = subscriber();
    reply(fresh, receive_one(fresh).id);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(one_that_resumes_before_it_gets_it_once_and_in_its_place) {
    emit(emitter, "push");
    wait& asked = ask("push");
    emit(emitter, "push");
    client& resumed = subscriber({}, {.name = "resumed", .after_seq = 0});
    const auto got = receive(resumed);
    BOOST_REQUIRE_EQUAL(got.size(), 3U);
    BOOST_CHECK_EQUAL(got[1].seq, 2U);
    reply(resumed, got[1].id);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by resumed");
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(newcomer_gets_no_more_of_them_than_may_wait_for_it) {
    broker_fixture small{{.capacity = 2}};
    client& by = small.join();
    std::vector<wait*> asked;
    for (int i = 0; i < 5; ++i) {
        asked.push_back(&small.emit_and_wait(by, "push", {.require_subscriber = false}));
    }
    client& first = small.subscriber();
    BOOST_CHECK_EQUAL(small.receive_names(first), "1:push 2:push");
    client& second = small.subscriber();
    BOOST_CHECK_EQUAL(small.receive_names(second), "3:push 4:push");
    BOOST_CHECK_EQUAL(small.stats().lagged, 0U);
    small.leave(first);
    small.leave(second);
    for (std::size_t i = 0; i < 5; ++i) {
        BOOST_CHECK_EQUAL(asked[i]->over(), i < 4);
    }
}

BOOST_AUTO_TEST_CASE(they_take_no_more_bytes_than_all_events_may) {
    const std::string kilobyte = '"' + std::string(998, 'x') + '"';
    broker_fixture small{{.capacity_bytes = 4000}};
    client& by = small.join();
    int accepted = 0;
    while (accepted < 100) {
        wait& asked = small.emit_and_wait(by, "push", {.payload = kilobyte, .require_subscriber = false});
        if (asked.over()) {
            BOOST_CHECK_EQUAL(limit_of(*asked.failure), "capacity_bytes");
            break;
        }
        ++accepted;
    }
    BOOST_CHECK_GE(accepted, 2);
    BOOST_CHECK_LE(accepted, 4);
    BOOST_CHECK_EQUAL(small.stats().head_seq, static_cast<std::uint64_t>(accepted));  // the refused one is no event
    // With a responder there is nothing to keep.
    client& hook = small.subscriber({"other"});
    BOOST_CHECK(!small.emit_and_wait(by, "other", {.payload = kilobyte, .require_subscriber = false}).over());
    BOOST_CHECK_EQUAL(small.receive(hook).size(), 1U);
    small.leave(by);
    BOOST_CHECK_EQUAL(small.broker.held().held_bytes, 0U);
    BOOST_CHECK(!small.emit_and_wait(small.join(), "push", {.payload = kilobyte, .require_subscriber = false}).over());
}

// What the pattern of one costs is bounded, and the others keep what they wait for.
BOOST_AUTO_TEST_CASE(patterns_that_take_too_long_to_compare_with_all_that_wait_are_refused) {
    broker_fixture fixture;
    std::vector<wait*> waits;
    client& asking = fixture.join();
    for (int i = 0; i < 1000; ++i) {
        waits.push_back(
            &fixture.emit_and_wait(asking, std::string(120, 'a') + std::to_string(i), {.require_subscriber = false}));
    }
    const std::vector<std::string> nasty(256, "*" + std::string(60, 'a') + "b*");
    client& slow = fixture.join();
    const auto refused = fixture.try_subscribe(slow, nasty);
    const auto* const failure = std::get_if<protocol::error>(&refused);
    BOOST_REQUIRE(failure != nullptr);
    BOOST_CHECK_EQUAL(limit_of(*failure), "match_steps");
    BOOST_CHECK(failure->message.find("'events'") != std::string::npos);
    BOOST_CHECK_EQUAL(fixture.stats().subscribers, 0U);
    client& quick = fixture.subscriber({"*a*7"});
    BOOST_CHECK_EQUAL(fixture.receive(quick).size(), 100U);
    fixture.subscribe(slow, {"*9"});
    BOOST_CHECK_EQUAL(fixture.receive(slow).size(), 100U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
