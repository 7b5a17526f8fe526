// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// capacity_bytes bounds what has been handed out and is not read, too: who holds it pays, and who reads is served.
namespace hookd::core::test {
namespace {

const std::string large = '"' + std::string(100'000, 'x') + '"';

const std::size_t one = footprint_of("x0", large);

/// There is room for four large events, and each of four sessions that read nothing has been handed one.
struct full_fixture : broker_fixture {
    full_fixture() : broker_fixture({.capacity_bytes = 4 * one + one / 8}) {
        for (const auto* const name : {"x0", "x1", "x2", "x3"}) {
            lazy.push_back(&subscriber({name}, {.name = name}));
            emit(emitter, name, {.payload = large});
            BOOST_CHECK_EQUAL(peek_batch(*lazy.back()), 1U);
        }
    }

    std::size_t peek_batch(client& to) {
        std::vector<event*> events;
        broker.peek_batch(to, 100, std::size_t(-1), events);
        return events.size();
    }
    /// Whether it is listed since that was last asked.
    bool is_ready(const client& which) {
        bool found = false;
        while (const auto* const next = broker.take_next_ready()) {
            found = found || next == which.sink();
        }
        return found;
    }
    std::size_t pressed() const {
        return static_cast<std::size_t>(
            std::count_if(lazy.begin(), lazy.end(), [this](const client* each) { return broker.must_read(*each); }));
    }

    client& emitter = join();
    std::vector<client*> lazy{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(event_memory, full_fixture)

BOOST_AUTO_TEST_CASE(up_to_the_bound_nobody_must_read) {
    BOOST_CHECK_EQUAL(broker.held().peeked_bytes, 4 * one);
    BOOST_CHECK_EQUAL(pressed(), 0U);
    emit(emitter, "small");
    BOOST_CHECK_EQUAL(pressed(), 0U);
    BOOST_CHECK_EQUAL(stats().lagged, 0U);
}

BOOST_AUTO_TEST_CASE(past_the_bound_nothing_is_peeked_and_as_many_as_are_needed_must_read) {
    client& fifth = subscriber({"x4"});
    (void)is_ready(fifth);
    emit(emitter, "x4", {.payload = large});
    BOOST_CHECK_EQUAL(broker.held().event_bytes, 5 * one);  // the newest always fits
    BOOST_CHECK_EQUAL(pressed(), 1U);
    BOOST_CHECK(broker.must_read(*lazy[0]));
    BOOST_CHECK(is_ready(*lazy[0]));
    BOOST_CHECK_EQUAL(peek_batch(fifth), 0U);
    BOOST_CHECK_EQUAL(broker.held().peeked_bytes, 4 * one);
    BOOST_CHECK_EQUAL(pressed(), 1U);
    BOOST_CHECK_EQUAL(stats().lagged, 0U);
}

BOOST_AUTO_TEST_CASE(who_was_held_back_goes_on_when_another_has_read_or_is_gone) {
    for (const bool reads : {true, false}) {
        full_fixture fixture;
        client& fifth = fixture.subscriber({"x4"});
        client& sixth = fixture.subscriber({"x4"});
        fixture.emit(fixture.emitter, "x4", {.payload = large});
        BOOST_CHECK_EQUAL(fixture.peek_batch(fifth), 0U);
        BOOST_CHECK_EQUAL(fixture.peek_batch(sixth), 0U);
        (void)fixture.is_ready(fifth);
        if (reads) {
            fixture.broker.sent(*fixture.lazy[0], 1);
            BOOST_CHECK(!fixture.broker.must_read(*fixture.lazy[0]));
        } else {
            fixture.leave(*fixture.lazy[0]);
        }
        BOOST_CHECK(fixture.is_ready(fifth));
        BOOST_CHECK_EQUAL(fixture.peek_batch(fifth), 1U);
        BOOST_CHECK(fixture.is_ready(sixth));
        BOOST_CHECK_EQUAL(fixture.peek_batch(sixth), 1U);  // the same event takes its memory once
        BOOST_CHECK_EQUAL(fixture.broker.held().peeked_bytes, 4 * one);
    }
}

BOOST_AUTO_TEST_CASE(peer_that_reads_is_served_and_never_pushed_out) {
    client& guard = subscriber({"push"}, {.name = "guard"});
    client& fifth = subscriber({"x4"});
    emit(emitter, "x4", {.payload = large});
    BOOST_CHECK_EQUAL(peek_batch(fifth), 0U);
    for (int i = 0; i < 50; ++i) {
        emit(emitter, "push");
        emit(emitter, "push");
        wait& asked = emit_and_wait(emitter, "push", {.policy = wait_policy::veto});
        reply(guard, receive(guard).back().id, R"({"abort":"no"})");
        BOOST_CHECK_EQUAL(asked.verdict().abort, "no");
    }
    BOOST_CHECK_EQUAL(take_ended(guard), "");
}

BOOST_AUTO_TEST_CASE(what_waits_for_a_session_goes_before_another_must_read) {
    client& fifth = subscriber({"x4", "x5"}, {.name = "fifth"});
    emit(emitter, "x4", {.payload = large});
    emit(emitter, "x5", {.payload = large});
    BOOST_CHECK_EQUAL(broker.held().event_bytes, 5 * one);
    BOOST_CHECK_EQUAL(take_ended(fifth), "lagged after 4");
    for (int i = 0; i < 20; ++i) {
        emit(emitter, "x6", {.payload = large});
        BOOST_CHECK_LE(broker.held().event_bytes, 5 * one + one / 8);
    }
    BOOST_CHECK_EQUAL(broker.held().peeked_bytes, 4 * one);
}

BOOST_AUTO_TEST_CASE(small_events_are_peeked_to_a_quarter_beyond_the_bound) {
    const std::string small = '"' + std::string(50'000, 'x') + '"';
    std::size_t peeked = 0;
    for (int i = 0; i < 10; ++i) {
        client& more = subscriber({"s" + std::to_string(i)});
        emit(emitter, "s" + std::to_string(i), {.payload = small});
        peeked += peek_batch(more);
    }
    BOOST_CHECK_GE(peeked, 1U);
    BOOST_CHECK_LT(peeked, 10U);
    BOOST_CHECK_LE(broker.held().peeked_bytes, 5 * (4 * one + one / 8) / 4);
}

BOOST_AUTO_TEST_CASE(all_is_given_back) {
    client& fifth = subscriber({"x4"});
    emit(emitter, "x4", {.payload = large});
    BOOST_CHECK_EQUAL(peek_batch(fifth), 0U);
    leave(fifth);
    for (client* const each : lazy) {
        broker.forget_peeked(*each);
    }
    BOOST_CHECK_EQUAL(broker.held().peeked_bytes, 0U);
    BOOST_CHECK_EQUAL(broker.held().event_bytes, stats().retained_bytes);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
