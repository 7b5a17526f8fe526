// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

#include <cctype>

// Replies that come late, twice, from others, or for nothing.
namespace hookd::core::test {
namespace {

struct asked_fixture : broker_fixture {
    client& hook = subscriber({}, {.name = "hook"});
    client& emitter = join();

    /// The event's id; the wait is `asked`.
    std::string ask(const wait_options& how = {}) {
        asked = &emit_and_wait(emitter, "push", how);
        return receive_one(hook).id;
    }
    wait* asked = nullptr;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(replies, asked_fixture)

BOOST_AUTO_TEST_CASE(accepted_and_refused_replies_are_counted) {
    const auto id = ask();
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::none);
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::answered);
    BOOST_CHECK_EQUAL(reply(hook, "who knows"), refusal::unknown);
    BOOST_CHECK_EQUAL(stats().accepted, 1U);
    BOOST_CHECK_EQUAL(refused(refusal::answered), 1U);
    BOOST_CHECK_EQUAL(refused(refusal::unknown), 1U);
}

BOOST_AUTO_TEST_CASE(reply_after_the_deadline_is_late_though_nobody_has_looked_at_the_clock) {
    const auto id = ask({.timeout = 50ms});
    advance(50ms);
    BOOST_CHECK_EQUAL(reply(hook, id, R"({"abort":"too late"})"), refusal::expired);
    collect();
    BOOST_CHECK_EQUAL(asked->how(), outcome::timeout);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(reply_after_another_decided_is_refused_as_answered) {
    client& second = subscriber();
    const auto id = ask();
    BOOST_CHECK_EQUAL(reply(second, id), refusal::none);
    BOOST_CHECK_EQUAL(reply(hook, id, R"({"abort":"too late"})"), refusal::answered);
    BOOST_CHECK_EQUAL(abstain(hook, id), refusal::answered);
    BOOST_CHECK_EQUAL(fail(hook, id), refusal::answered);
    BOOST_CHECK_EQUAL(asked->verdict().abort, "");
}

BOOST_AUTO_TEST_CASE(second_word_of_the_same_responder_is_refused_as_answered) {
    client& second = subscriber({}, {.name = "second"});
    for (const int kind : {0, 1, 2}) {
        const auto id = ask({.policy = wait_policy::all});
        (void)receive(second);
        BOOST_CHECK_EQUAL(kind == 0 ? reply(hook, id) : kind == 1 ? abstain(hook, id) : fail(hook, id), refusal::none);
        BOOST_CHECK_EQUAL(reply(hook, id, R"({"abort":"again"})"), refusal::answered);
        BOOST_CHECK_EQUAL(abstain(hook, id), refusal::answered);
        BOOST_CHECK_EQUAL(fail(hook, id), refusal::answered);
        reply(second, id);
        BOOST_CHECK_EQUAL(asked->verdict().abort, "");
        BOOST_CHECK_EQUAL(asked->missing(), kind == 2 ? "hook: failed: it broke" : "");
    }
}

BOOST_AUTO_TEST_CASE(reply_after_the_time_out_is_refused_as_expired) {
    const auto id = ask({.timeout = 1s});
    pass(1s);
    BOOST_CHECK_EQUAL(asked->how(), outcome::timeout);
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::expired);
    BOOST_CHECK_EQUAL(abstain(hook, id), refusal::expired);
    BOOST_CHECK_EQUAL(refused(refusal::expired), 2U);
}

BOOST_AUTO_TEST_CASE(reply_after_everybody_gave_up_is_refused_as_expired) {
    const auto id = ask();
    fail(hook, id);
    BOOST_CHECK_EQUAL(asked->how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::expired);
    const auto other = ask();
    abstain(hook, other);
    BOOST_CHECK_EQUAL(asked->how(), outcome::abstained);
    BOOST_CHECK_EQUAL(reply(join(), other), refusal::expired);
}

BOOST_AUTO_TEST_CASE(reply_after_the_emitter_cancelled_is_refused_as_cancelled) {
    const auto id = ask();
    cancel(*asked);
    BOOST_CHECK_EQUAL(asked->error_code(), errc::cancelled);
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::cancelled);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(reply_after_the_emitter_left_is_refused_as_cancelled) {
    const auto id = ask();
    leave(emitter);
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::cancelled);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(reply_to_an_event_that_nobody_waits_for_is_unknown) {
    emit(emitter, "push");
    BOOST_CHECK_EQUAL(reply(hook, receive_one(hook).id), refusal::unknown);
    BOOST_CHECK_EQUAL(abstain(hook, text_of(numbered_uuid(1))), refusal::unknown);
}

BOOST_AUTO_TEST_CASE(reply_to_an_event_that_had_no_subscribers_is_expired) {
    client& observer = subscriber({"lonely"}, {.responds = false});
    unsubscribe(hook);
    wait& lonely = emit_and_wait(emitter, "lonely");
    BOOST_CHECK_EQUAL(lonely.how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(reply(observer, receive_one(observer).id), refusal::expired);
}

BOOST_AUTO_TEST_CASE(ends_of_the_last_65536_slots_are_remembered) {
    const auto id = ask();
    reply(hook, id);
    unsubscribe(hook);
    for (int i = 0; i < 65'535; ++i) {
        emit_and_wait(emitter, "push");  // no_subscribers: a slot that is over
    }
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::answered);
    emit_and_wait(emitter, "push");
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::unknown);
}

BOOST_AUTO_TEST_CASE(id_is_read_in_either_case) {
    auto id = ask();
    for (char& each : id) {
        each = static_cast<char>(std::toupper(each));
    }
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::none);
}

BOOST_AUTO_TEST_CASE(reply_of_an_outsider_decides_as_any_other) {
    const auto id = ask();
    BOOST_CHECK_EQUAL(reply(join(77), id, R"({"abort":"outside"})"), refusal::none);
    BOOST_CHECK_EQUAL(asked->responses(), R"({"abort":"outside"} by pid 77)");
    BOOST_CHECK_EQUAL(asked->verdict().abort, "outside");
    BOOST_CHECK_EQUAL(asked->missing(), "");
}

BOOST_AUTO_TEST_CASE(outsider_does_not_speak_for_a_responder) {
    client& outsider = join(77);
    const auto id = ask({.policy = wait_policy::all});
    BOOST_CHECK_EQUAL(reply(outsider, id), refusal::none);
    BOOST_CHECK_EQUAL(reply(outsider, id), refusal::answered);  // once is enough
    BOOST_CHECK_EQUAL(reply(join(78), id), refusal::none);
    BOOST_CHECK(!asked->over());
    reply(hook, id);
    BOOST_CHECK_EQUAL(asked->responses(), "{} by hook; {} by pid 77; {} by pid 78");
}

BOOST_AUTO_TEST_CASE(outsider_that_abstains_or_fails_changes_nothing) {
    client& outsider = join(77);
    const auto id = ask();
    BOOST_CHECK_EQUAL(abstain(outsider, id), refusal::none);
    BOOST_CHECK_EQUAL(fail(outsider, id), refusal::none);
    BOOST_CHECK_EQUAL(abstain(outsider, id), refusal::none);
    BOOST_CHECK(!asked->over());
    BOOST_CHECK_EQUAL(reply(outsider, id), refusal::none);  // it still may reply
    BOOST_CHECK_EQUAL(asked->responses(), "{} by pid 77");
    BOOST_CHECK_EQUAL(asked->missing(), "");
}

BOOST_AUTO_TEST_CASE(observer_may_reply_but_nobody_waits_for_it) {
    client& observer = subscriber({}, {.name = "observer", .responds = false});
    const auto id = ask({.policy = wait_policy::all});
    (void)receive(observer);
    BOOST_CHECK_EQUAL(reply(observer, id), refusal::none);
    BOOST_CHECK(!asked->over());
    reply(hook, id);
    BOOST_CHECK_EQUAL(asked->responses(), "{} by hook; {} by observer");
}

// It cannot be told from its first session's point of view, but its word counts as anybody's.
BOOST_AUTO_TEST_CASE(responder_that_came_back_speaks_as_an_outsider) {
    client& second = subscriber({}, {.name = "second"});
    const auto id = ask({.policy = wait_policy::all});
    unsubscribe(hook);
    subscribe(hook, {}, {.name = "again"});
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::none);
    BOOST_CHECK(!asked->over());
    reply(second, id);
    BOOST_CHECK_EQUAL(asked->how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(asked->missing(), "hook: left");
    BOOST_CHECK_EQUAL(asked->responses(), "{} by again; {} by second");
}

BOOST_AUTO_TEST_CASE(reply_of_one_whose_session_lagged_counts) {
    broker_fixture small{{.capacity = 1}};
    client& slow = small.subscriber({}, {.name = "slow"});
    client& other = small.subscriber({}, {.name = "other"});
    wait& pending = small.emit_and_wait(small.join(), "push", {.policy = wait_policy::all});
    const auto id = small.receive_one(other).id;
    small.emit(small.join(), "push");  // slow lags
    BOOST_CHECK_EQUAL(small.receive_one(slow).id, id);
    BOOST_CHECK_EQUAL(small.reply(slow, id), refusal::none);
    small.reply(other, id);
    BOOST_CHECK_EQUAL(pending.missing(), "");
    BOOST_CHECK_EQUAL(pending.responses(), "{} by other; {} by slow");
}

BOOST_AUTO_TEST_CASE(refused_reply_ends_nothing) {
    const auto id = ask({.timeout = 1s});
    pass(1s);
    reply(hook, id);
    emit(emitter, "push");
    BOOST_CHECK_EQUAL(receive_names(hook), "2:push");
    const auto next = ask();
    BOOST_CHECK_EQUAL(reply(hook, next), refusal::none);
}

// Only names among the 1,024 most recent ones have reply times.
BOOST_AUTO_TEST_CASE(reply_to_a_name_that_is_no_longer_recent_is_accepted) {
    const auto id = ask({.policy = wait_policy::all});
    client& second = subscriber({}, {.responds = false});
    for (int i = 0; i < 1024; ++i) {
        emit(emitter, "e" + std::to_string(i));
        (void)receive(hook);
        (void)receive(second);
    }
    BOOST_CHECK_EQUAL(reply(hook, id), refusal::none);
    BOOST_CHECK_EQUAL(asked->how(), outcome::answered);
    BOOST_CHECK_EQUAL(stats().events.size(), 1024U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
