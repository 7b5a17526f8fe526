// SPDX-License-Identifier: BSL-1.0
// PROTOCOL.md, section 6: a bypass.
#include "support/json_access.hpp"
#include "support/preconditions.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace hookd::test;

namespace {

std::string id_of(const wire_message& event) { return event.string("/params/hook_event_id"); }

boost::json::value vetoed(wire_client& emitter, wire_client& hook, const std::string& event) {
    const auto id = send_emit_and_wait(emitter, event);
    hook.result("respond", R"({"hook_event_id":")" + id_of(hook.next_event()) + R"(","response":{"abort":"not now"}})");
    return emitter.response_to(id).at("/result");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bypass_suite)

BOOST_AUTO_TEST_CASE(a_veto_is_overridden_until_the_bypass_ends) {
    test_daemon daemon;
    auto hook = daemon.connect();
    subscribe(hook, "*", R"("name":"guard")");
    auto emitter = daemon.connect();
    const auto begun = emitter.result("bypass", R"({"events":["git.*"],"for_ms":60000,"reason":"deploying"})");
    BOOST_TEST(members_of(begun) == "bypass ended");
    BOOST_TEST(members_of(value_at(begun, "/bypass")) == "events left_ms reason uid");
    BOOST_TEST(int_at(begun, "/bypass/left_ms") == 60000);
    BOOST_TEST(value_at(begun, "/ended").is_null());

    const auto verdict = vetoed(emitter, hook, "git.pre_push");
    BOOST_TEST(text_at(verdict, "/abort") == "");
    BOOST_TEST(text_at(verdict, "/bypassed") == "deploying");
    BOOST_TEST(text_at(verdict, "/outcome") == "answered");
    BOOST_TEST(text_at(verdict, "/responses/0/response/abort") == "not now");
    const auto other = vetoed(emitter, hook, "agent.stop");
    BOOST_TEST(text_at(other, "/abort") == "not now");
    BOOST_TEST(!has_at(other, "/bypassed"));

    const auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/verdicts/bypassed") == 1);
    BOOST_TEST(int_at(stats, "/verdicts/vetoed") == 1);
    BOOST_TEST(text_at(stats, "/bypass/reason") == "deploying");
    BOOST_TEST(int_at(stats, "/bypass/left_ms") <= 60000);
    BOOST_TEST(text_at(stats, "/bypass/events/0") == "git.*");

    BOOST_TEST(text_at(emitter.result("bypass", R"({"events":[]})"), "/ended/reason") == "deploying");
    BOOST_TEST(text_at(vetoed(emitter, hook, "git.pre_push"), "/abort") == "not now");
    BOOST_TEST(value_at(daemon.stats(), "/bypass").is_null());
    daemon.process().wait_for_err("the bypass of git.* (deploying) was begun by user ");
    daemon.process().wait_for_err("overrode \"not now\" on git.pre_push #1 (");
    daemon.process().wait_for_err("the bypass of git.* (deploying) was ended by user ");
}

BOOST_AUTO_TEST_CASE(its_end_is_logged_when_its_time_is_over) {
    test_daemon daemon;
    auto peer = daemon.connect();
    peer.result("bypass", R"({"events":["a"],"for_ms":1,"reason":"x"})");
    daemon.process().wait_for_err("the bypass of a (x) has expired; 0 verdicts bypassed");
    BOOST_TEST(value_at(daemon.stats(), "/bypass").is_null());
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_refused_by_name) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto refusal = [&peer](const std::string& params) {
        const auto refused = peer.failure("bypass", params);
        BOOST_TEST(refused.error_code() == -32602, params);
        return refused.error_message();
    };
    BOOST_TEST(refusal("{}").find("events") != std::string::npos);
    BOOST_TEST(refusal(R"({"events":["a"],"reason":"x"})").find("for_ms") != std::string::npos);
    BOOST_TEST(refusal(R"({"events":["a"],"for_ms":1})").find("reason") != std::string::npos);
    BOOST_TEST(refusal(R"({"events":["a"],"for_ms":1,"reason":""})").find("reason") != std::string::npos);
    BOOST_TEST(refusal(R"({"events":["a"],"for_ms":1,"reason":")" + std::string(1025, 'x') + "\"}").find("reason") !=
               std::string::npos);
    for (const char* const duration : {"0", "86400001", "-1", "1.5", "\"1\""}) {
        BOOST_TEST(refusal(R"({"events":["a"],"reason":"x","for_ms":)" + std::string{duration} + "}").find("for_ms") !=
                   std::string::npos);
    }
    BOOST_TEST(refusal(R"({"events":["a b"],"for_ms":1,"reason":"x"})").find("a b") != std::string::npos);
    peer.result("bypass", R"({"events":["a"],"for_ms":86400000,"reason":")" + std::string(1024, 'x') + "\"}");
}

BOOST_AUTO_TEST_CASE(only_the_daemons_user_and_root_may, *boost::unit_test::precondition(as_root)) {
    test_daemon daemon({"--allow-user", std::to_string(stranger) + ":emit,observe,answer"});
    open_to_others(daemon);
    wire_client peer{connect_as(stranger, daemon.socket_path())};
    BOOST_TEST(peer.failure("bypass", R"({"events":["a"],"for_ms":1000,"reason":"x"})").error_code() == -32003);
    BOOST_TEST(peer.failure("bypass", R"({"events":[]})").error_code() == -32003);
    BOOST_TEST(value_at(daemon.stats(), "/bypass").is_null());
}

BOOST_AUTO_TEST_SUITE_END()
