// SPDX-License-Identifier: BSL-1.0
// Section 3 of the wire contract: `subscribe` with `after_seq`.
#include "support/json_access.hpp"
#include "support/parallel.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>

using namespace hookd::test;

namespace {

void emit_many(wire_client& emitter, int count, const std::string& event = "e") {
    for (int i = 0; i < count; ++i) {
        emit(emitter, event, std::to_string(i));
    }
}

boost::json::value resume(
    wire_client& peer, std::int64_t after_seq, const std::string& pattern = "*", const std::string& more = "") {
    return subscribe(peer, pattern,
        R"("responds":false,"after_seq":)" + std::to_string(after_seq) + (more.empty() ? "" : "," + more));
}

// Tries to resume, and says whether that was refused as impossible, with the data that go with it.
bool refused(
    wire_client& peer, std::int64_t after_seq, const std::string& pattern = "*", const std::string& more = "") {
    const auto response = peer.call("subscribe",
        R"({"events":[)" + json_string(pattern) + R"(],"after_seq":)" + std::to_string(after_seq) + more + "}");
    if (response.error_code() == 0) {
        peer.result("unsubscribe");
        while (peer.next_notification().method() != "closed") {
        }
        return false;
    }
    BOOST_TEST(response.error_code() == -32005);
    BOOST_TEST(!response.error_message().empty());
    BOOST_TEST(members_of(response.at("/error/data")) == "head_seq instance oldest_seq");
    return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resume_suite)

BOOST_AUTO_TEST_CASE(resume_replays_what_is_retained_and_goes_on_live) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    emit_many(emitter, 10);
    for (const int after : {0, 3, 9, 10}) {
        auto subscriber = daemon.connect();
        const auto result = resume(subscriber, after);
        BOOST_TEST(bool_at(result, "/resumed"));
        const auto head = int_at(result, "/head_seq");
        emit(emitter, "live");
        for (auto seq = std::int64_t{after} + 1; seq <= head + 1; ++seq) {
            BOOST_TEST(subscriber.next_event().integer("/params/seq") == seq);
        }
        subscriber.result("ping");
        BOOST_TEST(subscriber.kept_messages() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(what_is_retained_no_longer_comes_out_of_the_journal) {
    const temp_directory directory;
    test_daemon daemon{directory / "s", {"--capacity", "8", "--journal", directory / "journal.db"}};
    auto emitter = daemon.connect();
    emit_many(emitter, 40);
    auto subscriber = daemon.connect();
    BOOST_TEST(bool_at(resume(subscriber, 2), "/resumed"));
    for (std::int64_t seq = 3; seq <= 40;) {
        const auto next = subscriber.next_notification();
        if (next.method() == "event") {
            BOOST_TEST(next.integer("/params/seq") == seq);
            BOOST_TEST(next.integer("/params/payload") == seq - 1);
            ++seq;
        } else {  // it has had as much as a queue holds
            BOOST_TEST(next.string("/params/reason") == "lagged");
            BOOST_TEST(next.integer("/params/last_seq") == seq - 1);
            resume(subscriber, seq - 1);
        }
    }
    emit(emitter, "live");
    BOOST_TEST(subscriber.next_event().integer("/params/seq") == 41);
    // Two at once, of which one goes.
    auto gone = daemon.connect();
    gone.send_request("subscribe", R"({"after_seq":0})");
    gone.close();
    auto guard = daemon.connect();
    BOOST_TEST(bool_at(resume(guard, 30), "/resumed"));
    BOOST_TEST(guard.next_event().integer("/params/seq") == 31);
}

BOOST_AUTO_TEST_CASE(replayed_events_are_as_they_were) {
    test_daemon daemon;
    auto live = daemon.connect();
    subscribe(live);
    auto emitter = daemon.connect();
    emit(emitter, "e", R"({ "a":1.50,"a":2 })");
    emitter.result("emit", R"({"event":"f","reserve_ms":60000})");
    for (const auto kind : all_framings) {
        auto late = daemon.connect(kind);
        resume(late, 0);
        late.next_event();
        late.next_event();
    }
    auto late = daemon.connect();
    resume(late, 0);
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(late.next_event().raw({"params"}) == live.next_event().raw({"params"}));
    }
}

BOOST_AUTO_TEST_CASE(replay_holds_matching_events_only) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    for (int i = 0; i < 10; ++i) {
        emit(emitter, i % 3 == 0 ? "a" : "b");
    }
    auto subscriber = daemon.connect();
    resume(subscriber, 1, "a");
    for (const int seq : {4, 7, 10}) {
        BOOST_TEST(subscriber.next_event().integer("/params/seq") == seq);
    }
    subscriber.result("ping");
    BOOST_TEST(subscriber.kept_messages() == 0U);
}

BOOST_AUTO_TEST_CASE(resume_with_the_instance_of_this_run) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    emit_many(emitter, 3);
    const auto instance = json_string(text_at(emitter.result("ping"), "/instance"));
    auto subscriber = daemon.connect();
    BOOST_TEST(bool_at(resume(subscriber, 2, "*", R"("instance":)" + instance), "/resumed"));
    BOOST_TEST(subscriber.next_event().integer("/params/seq") == 3);
}

BOOST_AUTO_TEST_CASE(resume_of_another_instance_is_refused) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    emit_many(emitter, 3);
    auto subscriber = daemon.connect();
    for (const char* other : {"00000000-0000-4000-8000-000000000000", "no uuid at all"}) {
        BOOST_TEST(refused(subscriber, 1, "*", R"(,"instance":)" + json_string(other)));
    }
}

BOOST_AUTO_TEST_CASE(resume_past_the_head_is_refused) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    auto subscriber = daemon.connect();
    BOOST_TEST(!refused(subscriber, 0));
    BOOST_TEST(refused(subscriber, 1));
    emit_many(emitter, 3);
    BOOST_TEST(!refused(subscriber, 3));
    BOOST_TEST(refused(subscriber, 4));
    BOOST_TEST(refused(subscriber, 9007199254740993));
}

BOOST_AUTO_TEST_CASE(resume_before_what_is_retained_is_refused_with_what_is) {
    test_daemon daemon({"--capacity", "4"});
    auto emitter = daemon.connect();
    auto subscriber = daemon.connect();
    emit_many(emitter, 4);
    BOOST_TEST(!refused(subscriber, 0));  // nothing dropped yet
    emit_many(emitter, 6);
    BOOST_TEST(refused(subscriber, 0));
    BOOST_TEST(refused(subscriber, 5));  // 6 is gone
    BOOST_TEST(!refused(subscriber, 6));
    const auto response = subscriber.failure("subscribe", R"({"after_seq":5})");
    BOOST_TEST((response.at("/error/data/instance") == value_at(emitter.result("ping"), "/instance")));
    BOOST_TEST(response.integer("/error/data/oldest_seq") == 7);
    BOOST_TEST(response.integer("/error/data/head_seq") == 10);
}

BOOST_AUTO_TEST_CASE(refused_resume_opens_nothing) {
    test_daemon daemon({"--capacity", "4"});
    auto emitter = daemon.connect();
    emit_many(emitter, 10);
    auto subscriber = daemon.connect();
    BOOST_TEST(refused(subscriber, 0));
    BOOST_TEST(int_at(daemon.stats(), "/subscribers") == 0);
    BOOST_TEST(int_at(emit(emitter, "e"), "/subscribers") == 0);
    subscribe(subscriber);
    emit(emitter, "e", "\"mine\"");
    BOOST_TEST(subscriber.next_event().raw({"params", "payload"}) == "\"mine\"");
}

BOOST_AUTO_TEST_CASE(dropped_events_that_do_not_match_spoil_no_resume) {
    test_daemon daemon({"--capacity", "4"});
    auto emitter = daemon.connect();
    emit_many(emitter, 1, "git/push");
    emit_many(emitter, 100, "noise");
    auto subscriber = daemon.connect();
    BOOST_TEST(!refused(subscriber, 0, "build/*"));
    BOOST_TEST(!refused(subscriber, 1, "git/*"));
    BOOST_TEST(refused(subscriber, 0, "git/*"));
    BOOST_TEST(refused(subscriber, 50, "noise"));
    emit_many(emitter, 1, "build/done");
    emit_many(emitter, 2, "noise");
    resume(subscriber, 0, "build/*");
    BOOST_TEST(subscriber.next_event().integer("/params/seq") == 102);
}

BOOST_AUTO_TEST_CASE(the_last_1024_dropped_names_are_remembered) {
    test_daemon daemon({"--capacity", "4"});
    auto emitter = daemon.connect();
    auto subscriber = daemon.connect();
    // 4 more than are dropped: those are retained still.
    for (int i = 1; i <= 1024 + 4; ++i) {
        emit(emitter, "name-" + std::to_string(i));
    }
    BOOST_TEST(!refused(subscriber, 0, "absent"));
    BOOST_TEST(refused(subscriber, 0, "name-1"));
    for (int i = 1029; i <= 1100; ++i) {
        emit(emitter, "name-" + std::to_string(i));
    }
    // Some names are forgotten now: nobody can say that none of them matched.
    BOOST_TEST(refused(subscriber, 0, "absent"));
    BOOST_TEST(!refused(subscriber, 1000, "absent"));
    BOOST_TEST(refused(subscriber, 1000, "name-1050"));
    BOOST_TEST(!refused(subscriber, 1050, "name-1050"));
}

BOOST_AUTO_TEST_CASE(resume_while_events_come_misses_none_and_repeats_none) {
    test_daemon daemon({"--capacity", "100000"});
    std::atomic<bool> done{false};
    const auto emitting = [&] {
        auto emitter = daemon.connect();
        while (!done) {
            emit(emitter, "e");
        }
    };
    const auto resuming = [&] {
        // A subscriber that comes back again and again sees one gapless sequence.
        std::int64_t last = 0;
        for (int round = 0; round < 100; ++round) {
            auto subscriber = daemon.connect();
            resume(subscriber, last);
            for (int i = 0; i < 20; ++i) {
                require(
                    subscriber.next_event().integer("/params/seq") == last + 1, "an event is missing or comes twice");
                ++last;
            }
        }
    };
    in_parallel({emitting, [&] {
                     const finally stop{[&] { done = true; }};
                     resuming();
                 }});
}

BOOST_AUTO_TEST_CASE(long_replay_does_not_count_as_lagging) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    const auto payload = json_string(std::string(2000, 'x'));
    for (int i = 0; i < 1024; ++i) {
        emit(emitter, "e", payload);
    }
    auto subscriber = daemon.connect();
    resume(subscriber, 0);
    for (int seq = 1; seq <= 1024; ++seq) {
        BOOST_TEST(subscriber.next_event().integer("/params/seq") == seq);
    }
    emit(emitter, "e");
    BOOST_TEST(subscriber.next_event().integer("/params/seq") == 1025);
}

BOOST_AUTO_TEST_CASE(session_that_replays_is_not_waited_for_but_its_reply_is_taken) {
    test_daemon daemon;
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("name":"r")");
    auto emitter = daemon.connect();
    auto request = send_emit_and_wait(emitter, "e", R"("policy":"all")");
    const auto id = responder.next_event().string("/params/hook_event_id");
    auto replayer = daemon.connect();
    subscribe(replayer, "*", R"("after_seq":0,"name":"late")");
    const auto replayed = replayer.next_event();
    BOOST_TEST(replayed.string("/params/hook_event_id") == id);
    BOOST_TEST(replayed.raw({"params", "expects_response"}) == "true");
    BOOST_TEST(bool_at(respond(replayer, id, R"("response":{"abort":"late but in time"})"), "/accepted"));
    BOOST_TEST(bool_at(respond(responder, id), "/accepted"));
    auto verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "answered");
    BOOST_TEST(verdict.string("/result/abort") == "late but in time");
    BOOST_TEST(size_at(verdict.json(), "/result/responses") == 2U);
    // Without its reply nobody misses it.
    replayer.result("unsubscribe");
    request = send_emit_and_wait(emitter, "e", R"("policy":"all")");
    const auto second = responder.next_event().string("/params/hook_event_id");
    auto another = daemon.connect();
    subscribe(another, "*", R"("after_seq":1)");
    BOOST_TEST(another.next_event().string("/params/hook_event_id") == second);
    respond(responder, second);
    verdict = emitter.response_to(request);
    BOOST_TEST(verdict.string("/result/outcome") == "answered");
    BOOST_TEST(size_at(verdict.json(), "/result/missing") == 0U);
}

BOOST_AUTO_TEST_CASE(replay_does_not_wait_for_bytes_that_are_gone) {
    // Retained events go by bytes, too: what is left can be resumed, what went can't.
    test_daemon daemon({"--capacity-bytes", "256KiB"});
    auto emitter = daemon.connect();
    const auto payload = json_string(std::string(20000, 'x'));
    for (int i = 0; i < 50; ++i) {
        emit(emitter, "e", payload);
    }
    const auto stats = daemon.stats();
    const auto retained = int_at(stats, "/retained_events");
    BOOST_TEST(retained >= 5);
    BOOST_TEST(retained <= 13);
    BOOST_TEST(int_at(stats, "/retained_bytes") <= 256 * 1024);
    auto subscriber = daemon.connect();
    BOOST_TEST(refused(subscriber, 50 - retained - 1));
    resume(subscriber, 50 - retained);
    for (auto seq = 50 - retained + 1; seq <= 50; ++seq) {
        BOOST_TEST(subscriber.next_event().integer("/params/seq") == seq);
    }
}

BOOST_AUTO_TEST_SUITE_END()
