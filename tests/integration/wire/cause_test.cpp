// SPDX-License-Identifier: BSL-1.0
// PROTOCOL.md, "Causes".
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace hookd::test;

BOOST_AUTO_TEST_SUITE(cause_suite)

BOOST_AUTO_TEST_CASE(an_event_carries_its_cause_to_its_subscribers) {
    test_daemon daemon;
    for (const auto kind : all_framings) {
        auto watcher = daemon.connect(kind);
        subscribe(watcher);
        auto emitter = daemon.connect(kind);
        emitter.result("emit", R"({"event":"c","cause":"pre_push,b","payload":{"cause":"x"}})");
        const auto seen = watcher.next_event();
        BOOST_TEST(seen.string("/params/cause") == "pre_push,b");
        BOOST_TEST(seen.raw({"params", "payload"}) == R"({"cause":"x"})");
        const auto id = send_emit_and_wait(emitter, "d", R"("cause":"c")");
        const auto waited = watcher.next_event();
        BOOST_TEST(waited.string("/params/cause") == "c");
        respond(watcher, waited.string("/params/hook_event_id"));
        BOOST_TEST(emitter.response_to(id).string("/result/outcome") == "answered");
    }
}

BOOST_AUTO_TEST_CASE(an_event_without_a_cause_has_no_such_member) {
    test_daemon daemon;
    auto watcher = daemon.connect();
    subscribe(watcher);
    auto emitter = daemon.connect();
    for (const auto* params : {R"({"event":"a"})", R"({"event":"a","cause":null})", R"({"event":"a","cause":""})"}) {
        emitter.result("emit", params);
        BOOST_TEST(!watcher.next_event().has({"params", "cause"}));
    }
}

BOOST_AUTO_TEST_CASE(a_resumed_session_gets_the_cause_too) {
    test_daemon daemon;
    auto emitter = daemon.connect();
    emitter.result("emit", R"({"event":"c","cause":"a"})");
    auto late = daemon.connect();
    subscribe(late, "*", R"("after_seq":0)");
    BOOST_TEST(late.next_event().string("/params/cause") == "a");
}

BOOST_AUTO_TEST_CASE(an_event_in_its_own_cause_is_a_recursion) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const auto* method : {"emit", "emit_and_wait"}) {
        for (const auto* cause : {"a", "a,b", "b,a", "b,a,c"}) {
            const auto refused = peer.failure(method, R"({"event":"a","cause":")" + std::string{cause} + R"("})");
            BOOST_TEST(refused.error_code() == -32602);
            BOOST_TEST(refused.error_message().find("recursion") != std::string::npos);
        }
    }
    peer.result("emit", R"({"event":"a","cause":"aa,b"})");
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 1);
}

BOOST_AUTO_TEST_CASE(the_same_event_of_gits_in_another_place_is_no_recursion) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto params = [](const std::string& cause, const std::string& payload,
                            const std::string& event = "git.pre_commit") {
        return R"({"event":")" + event + R"(","cause":")" + cause + R"(","payload":)" + payload + "}";
    };
    const std::string here = R"({"args":[],"git_dir":"/a b/.git"})";
    for (const auto* cause : {"git.pre_commit@/x/.git", "git.pre_commit@/a%20b/.gi", "git.pre_push@/a%20b/.git",
             "git.pre_commit@/x,git.pre_commit@/y"}) {
        peer.result("emit", params(cause, here));
    }
    for (const auto* cause :
        {"git.pre_commit", "git.pre_commit@/a%20b/.git", "git.pre_commit@/x,a,git.pre_commit@/a%20b/%2egit"}) {
        BOOST_TEST(
            peer.failure("emit", params(cause, here)).error_message().find("recursion") != std::string::npos, cause);
    }
    // Without a place it is the same one wherever it was.
    for (const auto* payload : {"{}", R"({"git_dir":7})", R"(["git_dir"])", "null"}) {
        BOOST_TEST(peer.failure("emit", params("git.pre_commit@/x", payload)).error_code() == -32602, payload);
    }
    BOOST_TEST(peer.failure("emit", params("a@/x", here, "a")).error_code() == -32602);
}

BOOST_AUTO_TEST_CASE(a_cause_has_at_most_8_names) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const std::string name(128, 'x');
    std::string cause = name + "1";
    cause.erase(0, 1);
    for (int names = 2; names <= 8; ++names) {
        cause += "," + std::string(127, 'x') + std::to_string(names);
        peer.result("emit", R"({"event":"a","cause":")" + cause + R"("})");
    }
    const auto refused = peer.failure("emit", R"({"event":"a","cause":")" + cause + R"(,b"})");
    BOOST_TEST(refused.error_code() == -32001);
    BOOST_TEST(refused.string("/error/data/limit") == "cause");
    BOOST_TEST(refused.integer("/error/data/max") == 8);
}

BOOST_AUTO_TEST_CASE(a_cause_that_is_no_list_of_names_is_refused) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const auto* cause : {R"(",")", R"("b,")", R"(",b")", R"("b, c")", R"("b c")", R"("b\n")", R"("*")", "7",
             R"(["b"])", R"({})", R"("b@")", R"("@x")", R"("b@x y")", R"("b@\\")", "\"b@\xc3\xa9\""}) {
        const auto refused = peer.failure("emit", R"({"event":"a","cause":)" + std::string{cause} + "}");
        BOOST_TEST(refused.error_code() == -32602);
        BOOST_TEST(refused.error_message().find("'cause'") != std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()
