// SPDX-License-Identifier: BSL-1.0
// Section 3 of the wire contract: subscribers that lag, by count and by bytes, and what they cost others: nothing.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace hookd::test;

namespace {

// More than a socket buffers: a peer that does not read has most of some hundred of these waiting for it in the daemon.
const std::string big = json_string(std::string(50000, 'x'));

// Reads events with seq `first`, first + `step`, … up to `closed`, checks that none is missing, and returns `closed`'s
// params.
boost::json::value read_prefix(wire_client& peer, std::int64_t first, std::int64_t& last, std::int64_t step = 1) {
    auto expected = first;
    last = first - step;
    auto message = peer.next_notification();
    for (; message.method() == "event"; message = peer.next_notification()) {
        BOOST_TEST(message.integer("/params/seq") == expected);
        last = expected;
        expected += step;
    }
    return message.at("/params");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lag_suite)

BOOST_AUTO_TEST_CASE(slow_subscriber_is_closed_as_lagged_after_a_gapless_prefix) {
    test_daemon daemon({"--capacity", "16"});
    auto slow = daemon.connect();
    subscribe(slow, "*", R"("responds":false,"name":"slow")");
    auto emitter = daemon.connect();
    for (int i = 0; i < 200; ++i) {
        emit(emitter, "e", big);
    }
    daemon.wait_for_stat("/totals/lagged", 1);
    BOOST_TEST(int_at(emit(emitter, "e"), "/subscribers") == 0);  // nothing is queued for it any more
    std::int64_t last = 0;
    const auto closed = read_prefix(slow, 1, last);
    BOOST_TEST(text_at(closed, "/reason") == "lagged");
    BOOST_TEST(int_at(closed, "/last_seq") == last);
    BOOST_TEST(last > 0);
    BOOST_TEST(last < 200);
    // The same connection may go on: afresh, …
    BOOST_TEST(slow.failure("subscribe", R"({"after_seq":)" + std::to_string(last) + "}").error_code() == -32005);
    subscribe(slow, "*", R"("responds":false)");
    emit(emitter, "e", "\"fresh\"");
    BOOST_TEST(slow.next_event().raw({"params", "payload"}) == "\"fresh\"");
}

BOOST_AUTO_TEST_CASE(lagged_subscriber_can_resume_where_it_was_told_it_was) {
    test_daemon daemon({"--capacity", "64"});
    auto slow = daemon.connect();
    subscribe(slow, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    std::int64_t emitted = 0;
    while (int_at(daemon.stats(), "/totals/lagged") == 0) {
        emit(emitter, "e", big);
        ++emitted;
        BOOST_REQUIRE(emitted < 1000);
    }
    std::int64_t last = 0;
    const auto closed = read_prefix(slow, 1, last);
    BOOST_TEST(int_at(closed, "/last_seq") == last);
    if (const auto response = slow.call("subscribe", R"({"responds":false,"after_seq":)" + std::to_string(last) + "}");
        response.error_code() == 0) {
        for (auto seq = last + 1; seq <= emitted; ++seq) {
            BOOST_TEST(slow.next_event().integer("/params/seq") == seq);
        }
    } else {
        // What was queued when it was closed may have been dropped since, but then it is told.
        BOOST_TEST(response.error_code() == -32005);
        BOOST_TEST(response.integer("/error/data/oldest_seq") > last + 1);
    }
}

BOOST_AUTO_TEST_CASE(as_many_events_as_the_capacity_may_wait) {
    // The socket takes some events, and up to `capacity` more wait: so many never make it lag.
    test_daemon daemon({"--capacity", "100"});
    auto slow = daemon.connect();
    subscribe(slow, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    for (int i = 0; i < 100; ++i) {
        emit(emitter, "e", big);
    }
    for (int seq = 1; seq <= 100; ++seq) {
        BOOST_TEST(slow.next_event().integer("/params/seq") == seq);
    }
    BOOST_TEST(int_at(daemon.stats(), "/totals/lagged") == 0);
}

BOOST_AUTO_TEST_CASE(events_that_do_not_match_never_push_a_session_out) {
    test_daemon daemon({"--capacity", "16"});
    auto slow = daemon.connect();
    subscribe(slow, "a", R"("responds":false)");
    auto emitter = daemon.connect();
    for (int i = 0; i < 16; ++i) {
        emit(emitter, "a", big);
    }
    for (int i = 0; i < 2000; ++i) {
        emit(emitter, "b");
    }
    emit(emitter, "b", big);
    for (int seq = 1; seq <= 16; ++seq) {
        BOOST_TEST(slow.next_event().integer("/params/seq") == seq);
    }
    emit(emitter, "a", "1");
    BOOST_TEST(slow.next_event().raw({"params", "payload"}) == "1");
    BOOST_TEST(int_at(daemon.stats(), "/totals/lagged") == 0);
}

BOOST_AUTO_TEST_CASE(fast_subscriber_gets_everything_beside_a_slow_one) {
    test_daemon daemon({"--capacity", "16"});
    auto slow = daemon.connect();
    subscribe(slow, "*", R"("responds":false)");
    auto fast = daemon.connect();
    subscribe(fast, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    for (int seq = 1; seq <= 300; ++seq) {
        emit(emitter, "e", big);
        BOOST_TEST(fast.next_event().integer("/params/seq") == seq);
    }
    daemon.wait_for_stat("/totals/lagged", 1);
    BOOST_TEST(int_at(emit(emitter, "e"), "/subscribers") == 1);
}

BOOST_AUTO_TEST_CASE(lagged_responder_owes_what_it_is_handed) {
    test_daemon daemon({"--capacity", "8"});
    auto slow = daemon.connect();
    subscribe(slow, "*", R"("name":"slow")");
    auto emitter = daemon.connect();
    const auto request = send_emit_and_wait(emitter, "e");
    auto other = daemon.connect();
    for (int i = 0; i < 100; ++i) {
        emit(other, "e", big);
    }
    const auto lagged = other.result("emit_and_wait", R"({"event":"e","failure_policy":"closed"})");
    BOOST_TEST(text_at(lagged, "/outcome") == "abandoned");
    BOOST_TEST((value_at(lagged, "/missing") == json_of(R"([{"responder":"slow","why":"lagged"}])")));
    BOOST_TEST(!text_at(lagged, "/abort").empty());
    const auto id = slow.next_event().string("/params/hook_event_id");
    std::int64_t last = 0;
    BOOST_TEST(text_at(read_prefix(slow, 2, last), "/reason") == "lagged");
    BOOST_TEST(text_at(other.result("emit_and_wait", R"({"event":"e"})"), "/missing/0/why") ==
               "lagged");  // until it subscribes again
    BOOST_TEST(bool_at(respond(slow, id, R"("response":{"abort":"no"})"), "/accepted"));
    BOOST_TEST(emitter.response_to(request).string("/result/abort") == "no");
}

BOOST_AUTO_TEST_CASE(past_the_bytes_the_session_with_most_waiting_is_closed) {
    test_daemon daemon({"--capacity-bytes", "2MiB", "--capacity", "100000"});
    auto bystander = daemon.connect();  // has less waiting than `slow`, and matches, too
    subscribe(bystander, "few", R"("responds":false)");
    auto slow = daemon.connect();
    subscribe(slow, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    for (int i = 0; i < 12; ++i) {
        emit(emitter, "few", big);
    }
    int emitted = 12;
    while (int_at(daemon.stats(), "/totals/lagged") == 0) {
        emit(emitter, "many", big);
        BOOST_REQUIRE(++emitted < 500);
    }
    BOOST_TEST(emitted >= 35);  // 2 MiB hold some forty of them, besides what the socket takes
    BOOST_TEST(int_at(emit(emitter, "few"), "/subscribers") == 1);
    std::int64_t last = 0;
    const auto closed = read_prefix(slow, 1, last);
    BOOST_TEST(text_at(closed, "/reason") == "lagged");
    BOOST_TEST(int_at(closed, "/last_seq") == last);
    for (int seq = 1; seq <= 12; ++seq) {
        BOOST_TEST(bystander.next_event().integer("/params/seq") == seq);
    }
}

BOOST_AUTO_TEST_CASE(session_with_most_bytes_goes_whatever_the_new_event_is) {
    test_daemon daemon({"--capacity-bytes", "2MiB", "--capacity", "100000"});
    auto heavy = daemon.connect();
    subscribe(heavy, "a", R"("responds":false)");
    auto light = daemon.connect();
    subscribe(light, "b", R"("responds":false)");
    auto emitter = daemon.connect();
    for (int i = 0; i < 30; ++i) {
        emit(emitter, "a", big);  // 1.5 MB: most of what may wait
    }
    int emitted = 0;
    while (int_at(daemon.stats(), "/totals/lagged") == 0) {
        emit(emitter, "b", big);
        BOOST_REQUIRE(++emitted < 500);
    }
    std::int64_t last = 0;
    BOOST_TEST(text_at(read_prefix(heavy, 1, last), "/reason") == "lagged");
    for (int i = 0; i < emitted; ++i) {
        BOOST_TEST(light.next_event().integer("/params/seq") == 31 + i);
    }
}

BOOST_AUTO_TEST_CASE(retained_events_go_before_any_session_does) {
    test_daemon daemon({"--capacity-bytes", "2MiB", "--capacity", "100000"});
    auto reader = daemon.connect();
    subscribe(reader, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    for (int seq = 1; seq <= 300; ++seq) {
        emit(emitter, "e", big);
        BOOST_TEST(reader.next_event().integer("/params/seq") == seq);
    }
    const auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/totals/lagged") == 0);
    BOOST_TEST(int_at(stats, "/retained_bytes") <= 2 * 1024 * 1024);
    BOOST_TEST(int_at(stats, "/retained_events") >= 20);
}

BOOST_AUTO_TEST_CASE(newest_event_always_fits) {
    test_daemon daemon({"--capacity-bytes", "64KiB", "--capacity", "1"});
    auto subscriber = daemon.connect();
    subscribe(subscriber, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    const auto huge = json_string(std::string(3000000, 'h'));
    for (int seq = 1; seq <= 5; ++seq) {
        BOOST_TEST(int_at(emit(emitter, "e", huge), "/subscribers") == 1);
        const auto event = subscriber.next_event();
        BOOST_TEST(event.integer("/params/seq") == seq);
        BOOST_TEST((event.raw({"params", "payload"}) == huge));
        // Only once the daemon has seen that it was taken is there room for the next of its size.
        eventually("nothing waits", [&] { return int_at(daemon.stats(), "/sessions/0/queued") == 0; });
    }
    auto late = daemon.connect();
    subscribe(late, "*", R"("responds":false,"after_seq":4)");
    BOOST_TEST((late.next_event().raw({"params", "payload"}) == huge));
}

BOOST_AUTO_TEST_CASE(lagging_costs_no_memory_beyond_the_capacity) {
    test_daemon daemon({"--capacity-bytes", "4MiB"});
    auto emitter = daemon.connect();
    emit(emitter, "e", big);
    const auto before = daemon.resident_bytes();
    for (int round = 0; round < 10; ++round) {
        auto slow = daemon.connect();
        subscribe(slow, "*", R"("responds":false)");
        for (int i = 0; i < 150; ++i) {
            emit(emitter, "e", big);
        }
    }
    // 75 MB went through. Allocators keep some, and sanitizers quarantine what was freed.
    const auto grown = static_cast<double>(daemon.resident_bytes()) - static_cast<double>(before);
    if (!hookd_is_sanitized()) {
        BOOST_TEST(grown < 32e6);
    }
}

BOOST_AUTO_TEST_SUITE_END()
