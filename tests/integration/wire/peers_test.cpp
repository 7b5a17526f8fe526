// SPDX-License-Identifier: BSL-1.0
// What peers may do to the daemon and to each other: half-close, vanish, stall, send rubbish. The rest go on.
#include "fairness.hpp"
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

using namespace hookd::test;
namespace data = boost::unit_test::data;

namespace {

// Processor time that a process has used so far, in clock ticks.
long cpu_ticks(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    std::istringstream rest(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) {
        rest >> skipped;
    }
    long user = 0;
    long system = 0;
    rest >> user >> system;
    return user + system;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(peers_suite)

// --- half-close ---

BOOST_DATA_TEST_CASE(half_closed_peer_gets_every_reply_it_is_owed, data::make(all_framings), kind) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto peer = daemon.connect(kind);
    const auto ping = peer.send_request("ping");
    const auto wait = send_emit_and_wait(peer, "e");
    const auto emitted = peer.send_request("emit", R"({"event":"f"})");
    peer.half_close();
    peer.response_to(ping);
    BOOST_TEST(peer.response_to(emitted).integer("/result/seq") == 2);
    const auto id = responder.next_event().string("/params/hook_event_id");
    daemon.wait_for_stat("/waiting", 1);  // its slot has stayed
    respond(responder, id, R"("response":{"abort":"no"})");
    BOOST_TEST(peer.response_to(wait).string("/result/abort") == "no");
    BOOST_TEST(peer.wait_for_close());
    BOOST_TEST(peer.kept_messages() == 0U);
}

BOOST_DATA_TEST_CASE(half_closed_peer_without_session_or_debt_is_closed, data::make(all_framings), kind) {
    test_daemon daemon;
    auto peer = daemon.connect(kind);
    peer.result("ping");
    peer.half_close();
    BOOST_TEST(peer.wait_for_close());
    auto silent = daemon.connect(kind);
    silent.half_close();
    BOOST_TEST(silent.read_to_end().empty());
}

BOOST_DATA_TEST_CASE(
    half_closed_peer_is_closed_at_the_end_of_what_it_wanted_no_answer_to, data::make(all_framings), kind) {
    test_daemon daemon;
    for (const char* what :
        {R"({"jsonrpc":"2.0","method":"emit_and_wait","params":{"event":"e","require_subscriber":false,"timeout_ms":1}})",
            R"({"jsonrpc":"2.0","method":"list_hooks"})",
            R"([{"jsonrpc":"2.0","method":"list_hooks"},{"jsonrpc":"2.0","method":"list_hooks"}])"}) {
        auto peer = daemon.connect(kind);
        peer.send(what);
        peer.half_close();
        BOOST_TEST(peer.read_to_end().empty());
    }
}

BOOST_DATA_TEST_CASE(half_closed_subscriber_keeps_its_session_as_an_observer, data::make(all_framings), kind) {
    test_daemon daemon;
    auto peer = daemon.connect(kind);
    peer.send_request("subscribe", R"({"events":["*"],"name":"half"})");
    peer.half_close();
    BOOST_TEST(peer.next_response().integer("/result/head_seq") == 0);
    auto emitter = daemon.connect();
    // As soon as the daemon has seen the end of its stream, nobody waits for it.
    eventually("it is an observer", [&] {
        const auto verdict = emitter.result("emit_and_wait", R"({"event":"e","timeout_ms":200})");
        return text_at(verdict, "/outcome") == "no_subscribers";
    });
    std::int64_t seq = int_at(emit(emitter, "last"), "/seq");
    for (std::int64_t expected = 1; expected <= seq; ++expected) {
        BOOST_TEST(peer.next_event().integer("/params/seq") == expected);
    }
    BOOST_TEST(int_at(daemon.stats(), "/subscribers") == 1);
    peer.close();
    daemon.wait_for_stat("/subscribers", 0);
}

BOOST_AUTO_TEST_CASE(responder_that_half_closes_while_waited_for_has_left) {
    test_daemon daemon;
    auto peer = daemon.connect();
    subscribe(peer, "*", R"("name":"half")");
    auto emitter = daemon.connect();
    const auto request = send_emit_and_wait(emitter, "e");
    peer.next_event();
    peer.half_close();
    const auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "abandoned");
    BOOST_TEST((verdict.at("/result/missing") == json_of(R"([{"responder":"half","why":"left"}])")));
    emit(emitter, "next");
    BOOST_TEST(peer.next_event().string("/params/event") == "next");
}

BOOST_AUTO_TEST_CASE(reply_sent_before_the_half_close_counts) {
    test_daemon daemon;
    auto peer = daemon.connect();
    subscribe(peer, "*", R"("name":"half")");
    auto emitter = daemon.connect();
    const auto request = send_emit_and_wait(emitter, "e");
    const auto id = peer.next_event().raw({"params", "hook_event_id"});
    peer.send_request("respond", R"({"hook_event_id":)" + id + R"(,"response":{"abort":"no"}})");
    peer.half_close();
    BOOST_TEST(emitter.response_to(request).string("/result/abort") == "no");
    BOOST_TEST(bool_at(peer.next_response().json(), "/result/accepted"));
}

BOOST_AUTO_TEST_CASE(one_line_through_socat_is_answered) {
    if (run_program({"/bin/sh", "-c", "command -v socat"}).exit_status != 0) {
        BOOST_TEST_MESSAGE("skipped: socat is not installed");
        return;
    }
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    child_process socat({"/bin/sh", "-c",
        R"(printf '{"jsonrpc":"2.0","id":1,"method":"emit_and_wait","params":{"event":"e"}}' | socat -t5 - "UNIX:$0")",
        daemon.socket_path()});
    respond(responder, responder.next_event().string("/params/hook_event_id"), R"("response":{"abort":"no"})");
    const auto answer = json_of(socat.next_line());
    BOOST_TEST(text_at(answer, "/result/abort") == "no");
    BOOST_TEST(socat.wait() == 0);  // the daemon closes once it owes nothing: nobody has to wait for the five seconds
}

// --- going away ---

BOOST_DATA_TEST_CASE(what_a_peer_sent_before_it_closed_is_carried_out, data::make(all_framings), kind) {
    test_daemon daemon;
    auto observer = daemon.connect();
    subscribe(observer, "*", R"("responds":false)");
    for (int round = 0; round < 20; ++round) {
        auto peer = daemon.connect(kind);
        std::string bytes;
        for (int i = 0; i < 50; ++i) {
            bytes += encode_frame(kind, R"({"jsonrpc":"2.0","method":"emit","params":{"event":"e","payload":)" +
                                            std::to_string(round * 50 + i) + "}}");
        }
        peer.send_raw(bytes);
        peer.close();
        for (int i = 0; i < 50; ++i) {
            BOOST_TEST(observer.next_event().raw({"params", "payload"}) == std::to_string(round * 50 + i));
        }
    }
}

BOOST_DATA_TEST_CASE(what_a_peer_sent_is_carried_out_though_it_reads_no_answer, data::make(all_framings), kind) {
    test_daemon daemon;
    auto observer = daemon.connect();
    subscribe(observer, "*", R"("responds":false)");
    auto peer = daemon.connect(kind);
    std::string bytes;
    for (int i = 0; i < 50; ++i) {
        bytes += encode_frame(kind,
            R"({"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"e","payload":)" + std::to_string(i) + "}}");
    }
    peer.send_raw(bytes);
    peer.close();
    for (int i = 0; i < 50; ++i) {
        BOOST_TEST(observer.next_event().raw({"params", "payload"}) == std::to_string(i));
    }
}

BOOST_DATA_TEST_CASE(peer_that_vanishes_in_the_middle_of_a_frame_harms_nobody, data::make(all_framings), kind) {
    test_daemon daemon;
    auto other = daemon.connect();
    subscribe(other);
    const auto frame = encode_frame(kind, R"({"jsonrpc":"2.0","id":1,"method":"emit","params":{"event":"cut"}})");
    for (std::size_t cut = 1; cut < frame.size() - 2; ++cut) {
        auto peer = daemon.connect(kind);
        peer.send_raw(frame.substr(0, cut));
        peer.close();
    }
    emit(other, "whole");
    BOOST_TEST(other.next_event().string("/params/event") == "whole");  // half a request is none
    daemon.wait_for_stat("/connections", 2);
}

BOOST_AUTO_TEST_CASE(peer_that_is_gone_costs_nothing_from_then_on) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder);
    auto peer = daemon.connect();
    subscribe(peer, "*", R"("responds":false)");
    for (int i = 0; i < 5; ++i) {
        send_emit_and_wait(peer, "e", R"("timeout_ms":86400000)");
        responder.next_event();
    }
    auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/waiting") == 5);
    BOOST_TEST(int_at(stats, "/subscribers") == 2);
    peer.close();
    daemon.wait_for_stat("/waiting", 0);
    daemon.wait_for_stat("/subscribers", 1);
    daemon.wait_for_stat("/connections", 2);
}

BOOST_AUTO_TEST_CASE(responder_that_vanishes_ends_the_wait_at_once) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    for (int round = 0; round < 10; ++round) {
        auto responder = daemon.connect();
        subscribe(responder, "*", R"("name":"r")");
        const auto request = send_emit_and_wait(emitter, "e", R"("timeout_ms":86400000)");
        responder.next_event();
        responder.close();
        const auto verdict = emitter.response_to(request);
        BOOST_TEST(verdict.string("/result/outcome") == "abandoned");
        BOOST_TEST((verdict.at("/result/missing") == json_of(R"([{"responder":"r","why":"left"}])")));
    }
}

BOOST_AUTO_TEST_CASE(memory_of_peers_that_are_gone_is_given_back) {
    test_daemon daemon;
    const auto storm = [&](int count) {
        const auto payload = json_string(std::string(100000, 'x'));
        for (int i = 0; i < count; ++i) {
            auto peer = daemon.connect(all_framings[static_cast<std::size_t>(i) % 3]);
            subscribe(peer, "*", R"("responds":false)");
            emit(peer, "e", payload);
            peer.next_event();
        }
        daemon.wait_for_stat("/subscribers", 0);
    };
    storm(100);
    const auto before = daemon.resident_bytes();
    storm(600);
    if (!hookd_is_sanitized()) {
        // What is retained may grow to 64 MiB; everything else was given back.
        BOOST_TEST(daemon.resident_bytes() < before + 80U * 1024 * 1024);
    }
    BOOST_TEST(int_at(daemon.stats(), "/connections") == 1);
}

// --- stalling ---

BOOST_AUTO_TEST_CASE(peer_that_reads_nothing_delays_nobody) {
    test_daemon daemon({"--write-stall-timeout", "10m"});
    std::deque<wire_client> deaf;
    for (int i = 0; i < 5; ++i) {
        deaf.push_back(daemon.connect());
        subscribe(deaf.back(), "*", R"("responds":false)");
    }
    auto responder = daemon.connect();
    subscribe(responder);
    auto emitter = daemon.connect();
    const auto payload = R"("payload":)" + json_string(std::string(50000, 'x'));
    for (int i = 0; i < 100; ++i) {
        const auto request = send_emit_and_wait(emitter, "e", payload);
        respond(responder, responder.next_event().string("/params/hook_event_id"));
        BOOST_TEST(emitter.response_to(request).string("/result/outcome") == "answered");
    }
}

BOOST_AUTO_TEST_CASE(peer_that_writes_half_a_frame_delays_nobody) {
    test_daemon daemon;
    std::deque<wire_client> slow;
    for (const auto kind : all_framings) {
        slow.push_back(daemon.connect(kind));
        slow.back().send_raw(encode_frame(kind, R"({"jsonrpc":"2.0","id":1,"method":"ping"})").substr(0, 20));
    }
    auto emitter = daemon.connect();
    for (int i = 0; i < 100; ++i) {
        emit(emitter, "e");
    }
    for (std::size_t i = 0; i < slow.size(); ++i) {
        slow[i].send_raw(encode_frame(slow[i].kind(), R"({"jsonrpc":"2.0","id":1,"method":"ping"})").substr(20));
        BOOST_TEST(slow[i].receive().integer("/result/protocol") == 1);
    }
}

BOOST_AUTO_TEST_CASE(requests_that_take_long_let_others_have_their_turn) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (int i = 0; i < 1000; ++i) {
        emit(peer, std::string(100, 'x') + std::to_string(i));
    }
    // To resume is to match all that is retained with the patterns: some milliseconds for these.
    std::string resume = R"({"jsonrpc":"2.0","method":"subscribe","params":{"after_seq":0,"events":[)";
    for (int i = 0; i < 30; ++i) {
        resume += (i == 0 ? "" : ",") + json_string("*" + std::string(50, 'x') + "y*");
    }
    resume = encode_frame(peer.kind(), resume + "]}}") +
             encode_frame(peer.kind(), R"({"jsonrpc":"2.0","method":"unsubscribe"})");
    std::string bytes = encode_frame(peer.kind(), R"({"jsonrpc":"2.0","method":"emit","params":{"event":"begun"}})");
    for (int i = 0; i < 14; ++i) {
        bytes += resume;
    }
    bytes += encode_frame(peer.kind(), R"({"jsonrpc":"2.0","method":"emit","params":{"event":"ended"}})");
    check_that_others_have_their_turn(
        daemon, [&] { peer.send_raw(bytes); }, [] {});
}

// --- rubbish ---

BOOST_AUTO_TEST_CASE(random_bytes_harm_nobody) {
    test_daemon daemon({"--max-frame", "64KiB"});
    auto witness = daemon.connect();
    std::mt19937 random(20260101);
    const std::string ping =
        R"({"jsonrpc":"2.0","id":1,"method":"emit_and_wait","params":{"event":"e","timeout_ms":1}})";
    for (int round = 0; round < 400; ++round) {
        const auto kind = all_framings[random() % 3];
        auto peer = daemon.connect(kind);
        std::string bytes;
        for (int i = 0; i < 5; ++i) {
            bytes += encode_frame(kind, ping);
        }
        // From one flipped byte to nothing but noise.
        for (std::size_t flips = std::size_t{1} << random() % 10; flips > 0; --flips) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        try {
            peer.send_raw(bytes);
            peer.half_close();
            peer.read_to_end();
        } catch (const connection_closed&) {
            // It was refused before it had said everything.
        }
        BOOST_TEST(int_at(witness.result("ping"), "/protocol") == 1);
    }
    daemon.wait_for_stat("/connections", 2);
    daemon.wait_for_stat("/waiting", 0);
}

// --- too many open files ---

BOOST_AUTO_TEST_CASE(daemon_out_of_descriptors_waits_for_one_and_spins_not) {
    if (hookd_is_sanitized()) {
        // UBSan opens a pipe to see whether an address can be read, and takes the lack of descriptors for a bad object.
        BOOST_TEST_MESSAGE("skipped: sanitizers need descriptors of their own");
        return;
    }
    spawn_options options;
    options.open_files = 40;
    test_daemon daemon({}, options);
    auto inside = daemon.connect();
    inside.result("ping");
    std::deque<wire_client> crowd;
    for (int i = 0; i < 60; ++i) {
        crowd.push_back(daemon.connect());
        crowd.back().send_request("ping");
    }
    // Those that got in are served; the rest wait in the listen queue.
    crowd.front().response_to("1");
    inside.result("ping");
    const auto before = cpu_ticks(daemon.pid());
    inside.result("emit_and_wait", R"({"event":"e","require_subscriber":false,"timeout_ms":1000})");
    const auto used = cpu_ticks(daemon.pid()) - before;
    BOOST_TEST(used <= 50, "used " << used << " ticks within a second of idling");
    while (crowd.size() > 20) {
        crowd.pop_front();
    }
    for (auto& peer : crowd) {
        peer.response_to("1");  // now everybody gets a turn
    }
}

BOOST_AUTO_TEST_CASE(each_time_that_descriptors_run_out_is_told) {
    if (hookd_is_sanitized()) {
        BOOST_TEST_MESSAGE("skipped: sanitizers need descriptors of their own");
        return;
    }
    spawn_options options;
    options.open_files = 40;
    test_daemon daemon({}, options);
    auto inside = daemon.connect();
    const auto warnings = [&] {
        const auto log = daemon.log();
        const std::string words = "cannot accept a connection";
        int count = 0;
        for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) {
            ++count;
        }
        return count;
    };
    // Not more than once a second: it may take some rounds.
    eventually("it is told again", [&] {
        std::deque<wire_client> crowd;
        for (int i = 0; i < 60; ++i) {
            crowd.push_back(daemon.connect());
            crowd.back().send_request("ping");
        }
        inside.result("ping");
        inside.result("ping");  // by now it has run out
        while (!crowd.empty()) {
            crowd.front().response_to("1");
            crowd.pop_front();  // which makes room for another at once
        }
        return warnings() >= 2;
    });
}

BOOST_AUTO_TEST_SUITE_END()
