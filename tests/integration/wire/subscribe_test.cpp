// SPDX-License-Identifier: BSL-1.0
// Section 3 of the wire contract: `subscribe` and `unsubscribe`. Resuming and lagging have files of their own.
#include "support/json_access.hpp"
#include "support/parallel.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>
#include <vector>

using namespace hookd::test;

namespace {

// Whether `name` reaches a session subscribed to `pattern`.
bool matches(wire_client& subscriber, wire_client& emitter, const std::string& pattern, const std::string& name) {
    subscribe(subscriber, pattern);
    const auto count = int_at(emit(emitter, name), "/subscribers");
    if (count == 1) {
        BOOST_TEST(subscriber.next_event().string("/params/event") == name);
    }
    subscriber.result("unsubscribe");
    subscriber.next_closed();
    return count == 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(subscribe_suite)

BOOST_AUTO_TEST_CASE(result_names_instance_and_head) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    emit(emitter, "e");
    emit(emitter, "e");
    auto subscriber = daemon.connect();
    const auto result = subscribe(subscriber);
    BOOST_TEST(members_of(result) == "head_seq instance resumed");
    BOOST_TEST((value_at(result, "/instance") == value_at(emitter.result("ping"), "/instance")));
    BOOST_TEST(int_at(result, "/head_seq") == 2);
    BOOST_TEST(!bool_at(result, "/resumed"));
}

BOOST_AUTO_TEST_CASE(globs_match_any_run_and_any_character) {
    struct expectation {
        const char* pattern;
        const char* name;
        bool match;
    };
    const std::vector<expectation> table{
        {"*", "a", true},
        {"a", "a", true},
        {"a", "b", false},
        {"a", "aa", false},
        {"a", "A", false},
        {"a*", "a", true},
        {"a*", "abc", true},
        {"a*", "ba", false},
        {"*a", "a", true},
        {"*a", "bca", true},
        {"*a", "ab", false},
        {"a*c", "ac", true},
        {"a*c", "abbbc", true},
        {"a*c", "abcd", false},
        {"?", "a", true},
        {"?", "ab", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"??", "ab", true},
        {"??*", "a", false},
        {"??*", "abc", true},
        {"**", "a", true},
        {"a.b", "a.b", true},
        {"a.b", "axb", false},
        {"git/*", "git/pre-commit", true},
        {"git/*", "git/a/b", true},
        {"git/*", "git", false},
        {"*:*", "a:b", true},
        {"*:*", "ab", false},
        {"*ab*ab*", "xabyabz", true},
        {"*ab*ab*", "xabz", false},
        {"*.post", "x.pre", false},
        {"a*b*c*d", "abcd", true},
        {"a*b*c*d", "acbd", false},
        {"*?", "x", true},
        {"a-b_c:d/e.f", "a-b_c:d/e.f", true},
        {"*aab", "aaab", true},
        {"*aab", "aaaab", true},
        {"a*a", "a", false},
        {"?*?", "a", false},
    };
    test_daemon daemon;
    auto subscriber = daemon.connect();
    auto emitter = daemon.connect();
    for (const auto& [pattern, name, match] : table) {
        BOOST_TEST(matches(subscriber, emitter, pattern, name) == match, pattern << " on " << name);
    }
}

BOOST_AUTO_TEST_CASE(costly_pattern_costs_little) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    std::string pattern;
    for (int i = 0; i < 60; ++i) {
        pattern += "*a";
    }
    subscribe(subscriber, pattern + "b");
    auto emitter = daemon.connect();
    // Exponential matching would not come back in a lifetime.
    BOOST_TEST(int_at(emit(emitter, std::string(128, 'a')), "/subscribers") == 0);
    BOOST_TEST(int_at(emit(emitter, std::string(127, 'a') + "b"), "/subscribers") == 1);
}

BOOST_AUTO_TEST_CASE(any_of_several_patterns_will_do_and_delivers_once) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscriber.result("subscribe", R"({"events":["a","b*","*x","b?","a"]})");
    auto emitter = daemon.connect();
    for (const char* name : {"a", "c", "bx", "cx", "d", "b"}) {
        emit(emitter, name);
    }
    for (const char* name : {"a", "bx", "cx", "b"}) {
        BOOST_TEST(subscriber.next_event().string("/params/event") == name);
    }
    subscriber.result("ping");
    BOOST_TEST(subscriber.kept_messages() == 0U);
}

BOOST_AUTO_TEST_CASE(absent_or_empty_patterns_mean_every_event) {
    test_daemon daemon;
    for (const char* params : {"{}", R"({"events":[]})", R"({"events":null})", R"({"name":"n"})", "null", "[]"}) {
        auto subscriber = daemon.connect();
        subscriber.result("subscribe", params);
        auto emitter = daemon.connect();
        emit(emitter, "any:thing");
        BOOST_TEST(subscriber.next_event().string("/params/event") == "any:thing");
    }
}

BOOST_AUTO_TEST_CASE(events_that_do_not_match_never_come) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber, "b");
    auto emitter = daemon.connect();
    for (const char* name : {"a", "c", "bb", "B", "b"}) {
        emit(emitter, name);
    }
    const auto event = subscriber.receive();
    BOOST_TEST(event.string("/params/event") == "b");
    BOOST_TEST(event.integer("/params/seq") == 5);
}

BOOST_AUTO_TEST_CASE(name_has_1_to_128_printable_characters) {
    test_daemon daemon;
    for (const std::string& name : {std::string{"a"}, std::string(128, 'n'), std::string{"pre-commit hook #1 (fast)"},
             std::string{"\"quoted\\\""}}) {
        auto peer = daemon.connect();
        subscribe(peer, "*", R"("name":)" + json_string(name));
        auto emitter = daemon.connect();
        const auto request = send_emit_and_wait(emitter, "e");
        respond(peer, peer.next_event().string("/params/hook_event_id"));
        BOOST_TEST(emitter.response_to(request).string("/result/responses/0/responder") == name);
        peer.result("unsubscribe");
    }
    auto peer = daemon.connect();
    for (const std::string& name :
        {std::string{}, std::string(129, 'n'), std::string{"a\tb"}, std::string{"\x7f"}, std::string{"a\x1b[0m"},
            std::string{"a\xe2\x80\xae"
                        "b"},
            std::string{"a\xe2\x80\x8b"}}) {
        const auto refused = peer.failure("subscribe", R"({"name":)" + json_string(name) + "}");
        BOOST_TEST(refused.error_code() == -32602);
        BOOST_TEST(refused.error_message().find("name") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(connection_has_one_push_session) {
    test_daemon daemon;
    auto peer = daemon.connect();
    subscribe(peer, "a");
    const auto refused = peer.failure("subscribe", R"({"events":["b"]})");
    BOOST_TEST(refused.error_code() == -32006);
    auto emitter = daemon.connect();
    emit(emitter, "b");
    emit(emitter, "a");
    BOOST_TEST(peer.next_event().string("/params/event") == "a");  // the first one stands unchanged
    BOOST_TEST((peer.result("unsubscribe") == json_of(R"({"unsubscribed":true})")));
    peer.next_closed();
    subscribe(peer, "b");
    emit(emitter, "a");
    emit(emitter, "b");
    BOOST_TEST(peer.next_event().string("/params/event") == "b");
}

BOOST_AUTO_TEST_CASE(unsubscribe_says_whether_there_was_a_session) {
    test_daemon daemon;
    auto peer = daemon.connect();
    BOOST_TEST((peer.result("unsubscribe") == json_of(R"({"unsubscribed":false})")));
    subscribe(peer);
    BOOST_TEST((peer.result("unsubscribe") == json_of(R"({"unsubscribed":true})")));
    BOOST_TEST((peer.result("unsubscribe") == json_of(R"({"unsubscribed":false})")));
    BOOST_TEST(peer.next_closed().string("/params/reason") == "unsubscribed");
    BOOST_TEST(peer.kept_messages() == 0U);
}

BOOST_AUTO_TEST_CASE(closed_names_reason_and_last_seq) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    emit(emitter, "e");
    emit(emitter, "e");
    auto peer = daemon.connect();
    subscribe(peer, "e");
    peer.result("unsubscribe");
    auto closed = peer.next_closed().json();
    BOOST_TEST(members_of(closed) == "jsonrpc method params");
    BOOST_TEST((value_at(closed, "/params") ==
                json_of(R"({"reason":"unsubscribed","last_seq":2})")));  // where the session began
    subscribe(peer, "e");
    emit(emitter, "e");
    peer.next_event();
    emit(emitter, "other");
    peer.result("unsubscribe");
    BOOST_TEST((peer.next_closed().at("/params") == json_of(R"({"reason":"unsubscribed","last_seq":3})")));
}

BOOST_AUTO_TEST_CASE(unsubscribe_drops_what_is_queued_after_a_gapless_prefix) {
    test_daemon daemon;
    auto peer = daemon.connect();
    subscribe(peer);
    auto emitter = daemon.connect();
    const auto payload = json_string(std::string(50000, 'x'));
    for (int i = 0; i < 200; ++i) {
        emit(emitter, "e", payload);
    }
    const auto id = peer.send_request("unsubscribe");
    std::int64_t last = 0;
    auto message = peer.next_notification();
    for (; message.method() == "event"; message = peer.next_notification()) {
        BOOST_TEST(message.integer("/params/seq") == ++last);
    }
    BOOST_TEST(message.integer("/params/last_seq") == last);
    BOOST_TEST(last < 200);  // ten megabytes don't fit the socket: most was dropped
    peer.response_to(id);
    subscribe(peer);
    emit(emitter, "e", "\"fresh\"");
    BOOST_TEST(peer.next_event().raw({"params", "payload"}) == "\"fresh\"");
}

BOOST_AUTO_TEST_CASE(observer_is_not_waited_for) {
    test_daemon daemon;
    auto observer = daemon.connect();
    subscribe(observer, "*", R"("responds":false,"name":"o")");
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("responds":true,"name":"r")");
    auto emitter = daemon.connect();
    const auto request = send_emit_and_wait(emitter, "e", R"("policy":"all")");
    const auto id = responder.next_event().string("/params/hook_event_id");
    respond(responder, id, R"("abstain":true)");
    BOOST_TEST(emitter.response_to(request).string("/result/outcome") == "abstained");
    BOOST_TEST(observer.next_event().string("/params/hook_event_id") == id);
}

BOOST_AUTO_TEST_CASE(events_arrive_in_order_of_seq_with_none_missing) {
    test_daemon daemon;
    auto all = daemon.connect();
    subscribe(all, "*", R"("responds":false)");
    auto some = daemon.connect(framing::line);
    subscribe(some, "b", R"("responds":false)");
    std::vector<wire_client> emitters;
    for (int i = 0; i < 4; ++i) {
        emitters.push_back(daemon.connect(all_framings[static_cast<std::size_t>(i) % 3]));
    }
    for (int round = 0; round < 60; ++round) {
        for (auto& emitter : emitters) {
            emitter.send_request("emit", R"({"event":"a"})");
            emitter.send_request("emit", R"({"event":"b"})");
        }
    }
    std::vector<std::int64_t> b_seqs;
    for (std::int64_t seq = 1; seq <= 480; ++seq) {
        const auto event = all.next_event();
        BOOST_TEST(event.integer("/params/seq") == seq);
        if (event.string("/params/event") == "b") {
            b_seqs.push_back(seq);
        }
    }
    BOOST_TEST(b_seqs.size() == 240U);
    for (const auto seq : b_seqs) {
        BOOST_TEST(some.next_event().integer("/params/seq") == seq);
    }
}

BOOST_AUTO_TEST_CASE(every_event_after_the_result_is_delivered) {
    test_daemon daemon;
    std::atomic<bool> done{false};
    in_parallel({[&] {
                     auto emitter = daemon.connect();
                     while (!done) {
                         emit(emitter, "e");
                     }
                 },
        [&] {
            const finally stop{[&] { done = true; }};
            for (int round = 0; round < 100; ++round) {
                auto subscriber = daemon.connect();
                auto next = int_at(subscribe(subscriber), "/head_seq") + 1;
                for (int i = 0; i < 10; ++i) {
                    require(subscriber.next_event().integer("/params/seq") == next++,
                        "an event after the result is missing");
                }
            }
        }});
}

BOOST_AUTO_TEST_CASE(subscriber_gets_its_own_events_too) {
    test_daemon daemon;
    auto peer = daemon.connect();
    subscribe(peer);
    BOOST_TEST(int_at(emit(peer, "e"), "/subscribers") == 1);
    BOOST_TEST(peer.next_event().integer("/params/seq") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
