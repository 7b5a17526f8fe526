// SPDX-License-Identifier: BSL-1.0
// Section 5 of the wire contract: each limit at n-1, n and n+1. Those of frames, batches and nesting are in
// framing_test and batch_test.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <deque>
#include <string>

using namespace hookd::test;
namespace data = boost::unit_test::data;

namespace {

void check_limit(const wire_message& response, const std::string& limit, std::int64_t max) {
    BOOST_TEST(response.error_code() == -32001, response.text.substr(0, 300));
    BOOST_TEST((response.at("/error/data") == boost::json::value{{"limit", limit}, {"max", max}}), response.text);
    BOOST_TEST(!response.error_message().empty());
}

std::string patterns(std::size_t count) {
    std::string text = R"({"responds":false,"events":[)";
    for (std::size_t i = 1; i <= count; ++i) {
        text += (i == 1 ? "" : ",") + json_string("p" + std::to_string(i) + "*");
    }
    return text + "]}";
}

std::string reserve(wire_client& peer) {
    return text_at(peer.result("emit", R"({"event":"e","reserve_ms":60000})"), "/hook_event_id");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(limits_suite)

BOOST_DATA_TEST_CASE(connection_over_the_limit_is_told_and_closed, data::make(all_framings), kind) {
    test_daemon daemon({"--max-connections", "3"});
    std::deque<wire_client> peers;
    for (int i = 0; i < 3; ++i) {
        peers.push_back(daemon.connect(kind));
        peers.back().result("ping");
    }
    auto refused = daemon.connect(kind);
    try {
        refused.send(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
    } catch (const connection_closed&) {
        // The refusal may have been faster.
    }
    const auto response = refused.receive();
    check_limit(response, "max_connections", 3);
    BOOST_TEST(refused.wait_for_close());  // an end, though the daemon has not looked at all that was sent
    BOOST_TEST(refused.kept_messages() == 0U);
    for (auto& peer : peers) {
        peer.result("ping");  // those inside don't notice
    }
    peers.pop_front();
    eventually("a place is free", [&] {
        auto next = daemon.connect(kind);
        try {
            return next.call("ping").error_code() == 0;
        } catch (const connection_closed&) {
            return false;
        }
    });
}

BOOST_AUTO_TEST_CASE(each_of_a_crowd_over_the_limit_is_told) {
    test_daemon daemon({"--max-connections", "2"});
    std::deque<wire_client> inside;
    std::deque<wire_client> crowd;
    for (int i = 0; i < 2; ++i) {
        inside.push_back(daemon.connect());
        inside.back().result("ping");
    }
    daemon.process().signal(SIGSTOP);  // so that all of them are there at once
    for (int i = 0; i < 200; ++i) {
        crowd.push_back(daemon.connect(framing::line));
        crowd.back().send(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
    }
    daemon.process().signal(SIGCONT);
    for (auto& peer : crowd) {
        check_limit(peer.receive(), "max_connections", 2);
        BOOST_TEST(peer.wait_for_close());
    }
}

// Incomplete frames of all connections have 256 MiB, which is 16 of these.
BOOST_AUTO_TEST_CASE(crowd_of_large_frames_is_refused_only_in_part) {
    test_daemon daemon;
    constexpr std::size_t enough = 12'000'000;
    const std::string text = encode_frame(framing::length, std::string(std::size_t{16} << 20, ' ')).substr(0, enough);
    struct sender {
        wire_client peer;
        std::size_t sent = 0;
    };
    std::deque<sender> crowd;
    for (int i = 0; i < 40; ++i) {
        crowd.push_back({daemon.connect()});
    }
    std::size_t refused = 0;
    eventually("all have sent, or were refused", [&] {
        bool done = true;
        for (auto& each : crowd) {
            try {
                each.sent += each.peer.try_send_raw(std::string_view{text}.substr(each.sent, std::size_t{256} << 10));
            } catch (const connection_closed&) {
                each.sent = enough;
            }
            done = done && each.sent == enough;
        }
        return done;
    });
    daemon.connect().result("ping");
    for (auto& each : crowd) {
        if (each.peer.has_message()) {
            check_limit(each.peer.receive(), "memory", std::int64_t{256} << 20);
            ++refused;
        }
    }
    BOOST_TEST(refused > 0U);
    BOOST_TEST(refused < crowd.size());  // what is refused makes room at once, so that others get through
}

// What they have announced is not what they hold.
BOOST_AUTO_TEST_CASE(crowd_of_beginnings_of_large_frames_takes_nothing_from_others) {
    test_daemon daemon;
    const std::string large =
        encode_frame(framing::length, R"({"jsonrpc":"2.0","id":1,"method":"ping"})" + std::string(16'000'000, ' '));
    std::deque<wire_client> crowd;
    constexpr std::size_t beginning = 80'000;
    for (int i = 0; i < 150; ++i) {
        crowd.push_back(daemon.connect());
        crowd.back().send_raw(std::string_view{large}.substr(0, beginning));
    }
    eventually("all of it has come", [&] {
        return int_at(daemon.stats(), "/totals/bytes_in") >= static_cast<std::int64_t>(beginning * crowd.size());
    });
    auto other = daemon.connect();
    // Byte by byte, to have as many looks at whether there is room.
    for (int i = 0; i < 8; ++i) {
        for (auto& each : crowd) {
            each.send_raw(" ");
        }
        other.result("ping");
        other.result("ping");  // by now they have come
    }
    other.send_raw(large);
    BOOST_TEST(other.receive().integer("/result/protocol") == 1);  // all the same
    for (auto& each : crowd) {
        BOOST_TEST(!each.has_message());
    }
}

BOOST_AUTO_TEST_CASE(connection_has_at_most_so_many_waiting_requests) {
    test_daemon daemon({"--max-waiting-per-connection", "3"});
    auto responder = daemon.connect();
    subscribe(responder);
    auto peer = daemon.connect();
    std::string last;
    for (int i = 0; i < 3; ++i) {
        last = send_emit_and_wait(peer, "e");
        responder.next_event();
    }
    check_limit(peer.failure("emit_and_wait", R"({"event":"e"})"), "max_waiting_per_connection", 3);
    check_limit(peer.failure("emit", R"({"event":"e","reserve_ms":1000})"), "max_waiting_per_connection", 3);
    emit(peer, "free");                                                    // what doesn't wait isn't limited
    BOOST_TEST(responder.next_event().string("/params/event") == "free");  // what was refused wasn't emitted
    auto other = daemon.connect();
    send_emit_and_wait(other, "e");  // each connection has its own
    responder.next_event();
    peer.notify("$/cancelRequest", R"({"id":)" + last + "}");
    peer.response_to(last);
    send_emit_and_wait(peer, "e");
    responder.next_event();
    check_limit(peer.failure("emit_and_wait", R"({"event":"e"})"), "max_waiting_per_connection", 3);
    BOOST_TEST(int_at(daemon.stats(), "/waiting") == 4);
}

BOOST_AUTO_TEST_CASE(default_of_waiting_requests_a_connection_is_1024) {
    test_daemon daemon({"--capacity", "100000"});
    auto responder = daemon.connect();
    subscribe(responder);
    auto peer = daemon.connect();
    for (int i = 0; i < 1024; ++i) {
        send_emit_and_wait(peer, "e");
        responder.next_event();
    }
    check_limit(peer.failure("emit_and_wait", R"({"event":"e"})"), "max_waiting_per_connection", 1024);
}

BOOST_AUTO_TEST_CASE(await_response_counts_as_a_waiting_request_of_its_connection) {
    test_daemon daemon({"--max-waiting-per-connection", "2"});
    auto emitter = daemon.connect();
    const auto id = reserve(emitter);
    auto asker = daemon.connect();
    for (int i = 0; i < 2; ++i) {
        asker.send_request("await_response", R"({"hook_event_id":)" + json_string(id) + "}");
    }
    check_limit(asker.failure("await_response", R"({"hook_event_id":)" + json_string(id) + "}"),
        "max_waiting_per_connection", 2);
}

BOOST_AUTO_TEST_CASE(daemon_has_at_most_so_many_waiting_slots) {
    test_daemon daemon({"--max-waiting", "4", "--max-reserved", "3"});
    auto responder = daemon.connect();
    subscribe(responder);
    auto one = daemon.connect();
    auto two = daemon.connect();
    const auto request = send_emit_and_wait(one, "e");
    const auto id = responder.next_event().string("/params/hook_event_id");
    send_emit_and_wait(two, "e");
    responder.next_event();
    reserve(two);
    responder.next_event();
    auto gone = daemon.connect();
    reserve(gone);
    responder.next_event();
    gone.close();  // its reservation stays
    for (auto* peer : {&one, &two}) {
        check_limit(peer->failure("emit_and_wait", R"({"event":"e"})"), "max_waiting", 4);
        check_limit(peer->failure("emit", R"({"event":"e","reserve_ms":1000})"), "max_waiting", 4);
    }
    respond(responder, id);
    one.response_to(request);
    send_emit_and_wait(one, "e");
    responder.next_event();
    check_limit(one.failure("emit_and_wait", R"({"event":"e"})"), "max_waiting", 4);
}

BOOST_AUTO_TEST_CASE(subscribe_takes_at_most_256_patterns) {
    test_daemon daemon;
    for (const std::size_t count : {255U, 256U}) {
        auto peer = daemon.connect();
        peer.result("subscribe", patterns(count));
        auto emitter = daemon.connect();
        emit(emitter, "p" + std::to_string(count) + "x");
        peer.next_event();
    }
    auto peer = daemon.connect();
    check_limit(peer.failure("subscribe", patterns(257)), "patterns", 256);
    subscribe(peer);  // and nothing was opened
}

BOOST_AUTO_TEST_CASE(at_most_capacity_events_wait_for_a_session) {
    test_daemon daemon({"--capacity", "20"});
    auto slow = daemon.connect();
    subscribe(slow, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    const auto payload = json_string(std::string(60000, 'x'));
    std::int64_t most = 0;
    for (int i = 0; i < 200; ++i) {
        emit(emitter, "e", payload);
        const auto stats = daemon.stats();
        if (int_at(stats, "/subscribers") == 0) {
            break;
        }
        most = std::max(most, int_at(stats, "/sessions/0/queued"));
    }
    BOOST_TEST(most == 20);
    BOOST_TEST(int_at(daemon.stats(), "/totals/lagged") == 1);
}

BOOST_AUTO_TEST_CASE(retained_events_are_at_most_capacity) {
    test_daemon daemon({"--capacity", "20"});
    auto emitter = daemon.connect();
    for (int i = 1; i <= 30; ++i) {
        emit(emitter, "e");
        BOOST_TEST(int_at(daemon.stats(), "/retained_events") == std::min(i, 20));
    }
}

BOOST_AUTO_TEST_CASE(kept_replies_have_64_mebibytes) {
    test_daemon daemon;
    auto peer = daemon.connect();
    std::deque<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        ids.push_back(reserve(peer));
    }
    const auto reply = R"("response":{"x":")" + std::string(15 * 1024 * 1024, 'r') + "\"}";
    for (std::size_t i = 0; i < 4; ++i) {
        BOOST_TEST(bool_at(respond(peer, ids[i], reply), "/accepted"));
    }
    const auto fifth = R"({"hook_event_id":)" + json_string(ids[4]) + "," + reply + "}";
    check_limit(peer.failure("respond", fifth), "memory", 64 * 1024 * 1024);
    BOOST_TEST(bool_at(respond(peer, ids[4], R"("response":{})"), "/accepted"));  // its slot is as open as before
    BOOST_TEST(text_at(peer.result("await_response", R"({"hook_event_id":)" + json_string(ids[0]) + "}"), "/outcome") ==
               "answered");
    const auto sixth = reserve(peer);
    BOOST_TEST(bool_at(respond(peer, sixth, reply), "/accepted"));  // one was fetched: there is room again
}

BOOST_AUTO_TEST_CASE(oldest_remembered_results_go_where_memory_is_short) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto peer = daemon.connect();
    const auto reply = R"("response":{"x":")" + std::string(15 * 1024 * 1024, 'r') + "\"}";
    const auto request = [&](int number) {
        return send_emit_and_wait(
            peer, "e", R"("operation_id":"0000000)" + std::to_string(number) + R"(-0000-4000-8000-000000000000")");
    };
    for (int number = 1; number <= 6; ++number) {
        const auto id = request(number);
        BOOST_TEST(
            bool_at(respond(responder, responder.next_event().string("/params/hook_event_id"), reply), "/accepted"));
        BOOST_TEST(peer.response_to(id).integer("/result/seq") == number);
    }
    BOOST_TEST(peer.response_to(request(6)).integer("/result/seq") == 6);
    const auto redone = request(1);
    respond(responder, responder.next_event().string("/params/hook_event_id"));
    BOOST_TEST(peer.response_to(redone).integer("/result/seq") == 7);
}

BOOST_DATA_TEST_CASE(daemon_stops_reading_from_a_peer_that_reads_no_replies, data::make(all_framings), kind) {
    test_daemon daemon({"--write-stall-timeout", "10m"});
    auto deaf = daemon.connect(kind);
    const auto filler = std::string(1000, ' ');
    std::size_t asked = 0;
    std::string rest;
    // Until the socket has been full through a hundred round trips of another: the daemon reads no further.
    auto other = daemon.connect();
    for (int full = 0; full < 100;) {
        if (rest.empty()) {
            rest = encode_frame(
                kind, R"({"jsonrpc":"2.0","id":)" + std::to_string(asked++) + R"(,"method":"ping")" + filler + "}");
        }
        const auto sent = deaf.try_send_raw(rest);
        rest.erase(0, sent);
        if (sent == 0) {
            ++full;
            other.result("ping");
        } else {
            full = 0;
        }
        BOOST_REQUIRE(asked < 200000);  // 200 MB: it reads on and on
    }
    BOOST_TEST_MESSAGE("the daemon took " << asked << " requests before it stopped reading");
    // Once the peer reads, every reply comes, in order, and the daemon reads again.
    for (std::size_t id = 0; id + 1 < asked; ++id) {
        BOOST_REQUIRE(deaf.receive().raw({"id"}) == std::to_string(id));
    }
    deaf.send_raw(rest);
    BOOST_TEST(deaf.receive().raw({"id"}) == std::to_string(asked - 1));
}

BOOST_AUTO_TEST_CASE(peer_that_reads_nothing_is_disconnected_after_the_write_stall_timeout) {
    test_daemon daemon({"--write-stall-timeout", "200ms"});
    auto deaf = daemon.connect();
    subscribe(deaf, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    const auto payload = json_string(std::string(1000000, 'x'));
    emit(emitter, "e", payload);
    emit(emitter, "e", payload);
    daemon.wait_for_stat("/subscribers", 0);
    daemon.wait_for_stat("/connections", 2);
    BOOST_CHECK_THROW(
        {
            for (int i = 0; i < 3; ++i) {
                deaf.receive();
            }
        },
        connection_closed);
}

BOOST_AUTO_TEST_CASE(peer_that_reads_slowly_but_goes_on_reading_is_not_disconnected) {
    test_daemon daemon({"--write-stall-timeout", "2s"});
    auto slow = daemon.connect();
    subscribe(slow, "big", R"("responds":false)");
    auto emitter = daemon.connect();
    const auto payload = json_string(std::string(10'000'000, 'x'));
    emit(emitter, "big", payload);
    emit(emitter, "big", "\"last\"");
    // A bite every tenth of a second, by the daemon's own clock, for two stall time-outs: too little for the socket to
    // become writable in one.
    for (int i = 0; i < 45; ++i) {
        slow.read_more(8000);
        emitter.result("emit_and_wait", R"({"event":"tick","require_subscriber":false,"timeout_ms":100})");
    }
    BOOST_TEST((slow.next_event().raw({"params", "payload"}) == payload));
    BOOST_TEST(slow.next_event().raw({"params", "payload"}) == "\"last\"");
}

BOOST_AUTO_TEST_CASE(peer_with_nothing_to_read_is_left_alone) {
    test_daemon daemon({"--write-stall-timeout", "50ms"});
    auto idle = daemon.connect();
    idle.result("ping");
    auto subscriber = daemon.connect();
    subscribe(subscriber, "*", R"("responds":false)");
    // Many stall time-outs pass, by another's clock.
    auto other = daemon.connect();
    for (int i = 0; i < 10; ++i) {
        other.result("emit_and_wait", R"({"event":"e","require_subscriber":false,"timeout_ms":50})");
    }
    idle.result("ping");
    for (int i = 0; i < 10; ++i) {
        subscriber.next_event();
    }
}

BOOST_AUTO_TEST_SUITE_END()
