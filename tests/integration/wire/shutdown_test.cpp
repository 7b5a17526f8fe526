// SPDX-License-Identifier: BSL-1.0
// How the daemon ends: CLI.md ("SIGTERM and SIGINT") and the `shutdown` reasons and outcomes of the wire contract.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <string>

using namespace hookd::test;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(shutdown_suite)

BOOST_DATA_TEST_CASE(
    everybody_is_told_and_the_socket_removed, data::make({SIGTERM, SIGINT}) * data::make(all_framings), signal, kind) {
    test_daemon daemon;
    auto subscriber = daemon.connect(kind);
    subscribe(subscriber, "*", R"("name":"r")");
    auto observer = daemon.connect(kind);
    subscribe(observer, "*", R"("responds":false)");
    auto idle = daemon.connect(kind);
    idle.result("ping");
    auto silent = daemon.connect(kind);
    auto emitter = daemon.connect(kind);
    const auto waiting = send_emit_and_wait(emitter, "e", R"("failure_policy":"closed")");
    subscriber.next_event();
    const auto reserved = text_at(idle.result("emit", R"({"event":"f","reserve_ms":60000})"), "/hook_event_id");
    const auto asking = idle.send_request("await_response", R"({"hook_event_id":)" + json_string(reserved) + "}");
    idle.result("ping");

    BOOST_TEST(daemon.stop(signal) == 0);

    const auto verdict = emitter.response_to(waiting);
    BOOST_TEST(verdict.string("/result/outcome") == "shutdown");
    BOOST_TEST(!verdict.string("/result/abort").empty());
    BOOST_TEST((verdict.at("/result/missing") == json_of(R"([{"responder":"r","why":"shutdown"}])")));
    BOOST_TEST(idle.response_to(asking).string("/result/outcome") == "shutdown");
    subscriber.next_event();
    BOOST_TEST((subscriber.next_closed().at("/params") == json_of(R"({"reason":"shutdown","last_seq":2})")));
    observer.next_event();
    observer.next_event();
    BOOST_TEST(observer.next_closed().string("/params/reason") == "shutdown");
    for (auto* peer : {&subscriber, &observer, &idle, &silent, &emitter}) {
        peer->wait_for_close();
        BOOST_TEST(peer->kept_messages() == 0U);
    }
    BOOST_TEST(!std::filesystem::exists(daemon.socket_path()));
}

BOOST_AUTO_TEST_CASE(replies_so_far_are_in_the_result) {
    test_daemon daemon;
    auto fast = daemon.connect();
    subscribe(fast, "*", R"("name":"fast")");
    auto slow = daemon.connect();
    subscribe(slow, "*", R"("name":"slow")");
    auto emitter = daemon.connect();
    const auto open = send_emit_and_wait(emitter, "e", R"("policy":"veto")");
    respond(fast, fast.next_event().string("/params/hook_event_id"), R"("response":{"x":1})");
    const auto closed = send_emit_and_wait(emitter, "e", R"("policy":"all","failure_policy":"closed")");
    respond(fast, fast.next_event().string("/params/hook_event_id"), R"("response":{"abort":"no"})");
    BOOST_TEST(daemon.stop() == 0);
    const auto first = emitter.response_to(open);
    BOOST_TEST(first.string("/result/outcome") == "shutdown");
    BOOST_TEST(first.string("/result/abort").empty());
    BOOST_TEST(first.string("/result/responses/0/responder") == "fast");
    BOOST_TEST((first.at("/result/missing") == json_of(R"([{"responder":"slow","why":"shutdown"}])")));
    BOOST_TEST(emitter.response_to(closed).string("/result/abort") == "no");
}

BOOST_AUTO_TEST_CASE(queued_events_are_flushed_before_the_end) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    const auto payload = json_string(std::string(50000, 'x'));
    for (int i = 0; i < 100; ++i) {
        emit(emitter, "e", payload);  // five megabytes: most still wait in the daemon
    }
    daemon.process().signal(SIGTERM);
    for (int seq = 1; seq <= 100; ++seq) {
        BOOST_TEST(subscriber.next_event().integer("/params/seq") == seq);
    }
    BOOST_TEST((subscriber.next_closed().at("/params") == json_of(R"({"reason":"shutdown","last_seq":100})")));
    BOOST_TEST(subscriber.wait_for_close());
    BOOST_TEST(daemon.wait() == 0);
}

BOOST_AUTO_TEST_CASE(peer_that_reads_nothing_holds_the_end_up_for_two_seconds_at_most) {
    test_daemon daemon;
    auto deaf = daemon.connect();
    subscribe(deaf, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    const auto payload = json_string(std::string(50000, 'x'));
    for (int i = 0; i < 100; ++i) {
        emit(emitter, "e", payload);
    }
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(daemon.stop() == 0);
    BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds(2) + patience / 4));
    BOOST_TEST(!std::filesystem::exists(daemon.socket_path()));
}

BOOST_AUTO_TEST_CASE(end_without_debts_takes_no_two_seconds) {
    // The best of some: the machine may be busy, but not every time.
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 5; ++i) {
        test_daemon daemon;
        auto subscriber = daemon.connect();
        subscribe(subscriber);
        const auto start = std::chrono::steady_clock::now();
        BOOST_TEST(daemon.stop() == 0);
        best = std::min(best, std::chrono::steady_clock::now() - start);
    }
    BOOST_TEST((best < std::chrono::seconds(1)));
}

BOOST_AUTO_TEST_CASE(request_during_the_shutdown_is_refused_as_such) {
    test_daemon daemon;
    auto deaf = daemon.connect();  // keeps the daemon flushing for its two seconds
    subscribe(deaf, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    for (int i = 0; i < 100; ++i) {
        emit(emitter, "e", json_string(std::string(50000, 'x')));
    }
    auto peer = daemon.connect();
    subscribe(peer, "told", R"("responds":false)");
    daemon.process().signal(SIGTERM);
    peer.next_closed();
    try {
        const auto response = peer.call("emit", R"({"event":"e"})");
        BOOST_TEST(response.error_code() == -32002);
        BOOST_TEST(!response.error_message().empty());
    } catch (const connection_closed&) {
        // Told all it was owed, it may be closed already.
    }
    BOOST_TEST(daemon.wait() == 0);
}

BOOST_AUTO_TEST_CASE(second_signal_changes_nothing) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber);
    daemon.process().signal(SIGTERM);
    if (!daemon.process().has_ended()) {
        daemon.process().signal(SIGTERM);
    }
    BOOST_TEST(daemon.wait() == 0);
    BOOST_TEST(subscriber.next_closed().string("/params/reason") == "shutdown");
}

BOOST_AUTO_TEST_CASE(path_is_free_for_the_next_daemon) {
    temp_directory directory;
    for (int i = 0; i < 5; ++i) {
        test_daemon daemon(directory / "s", {});
        wire_client(directory / "s").result("ping");
        BOOST_TEST(daemon.stop() == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
