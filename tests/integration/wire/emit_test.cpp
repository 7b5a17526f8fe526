// SPDX-License-Identifier: BSL-1.0
// Section 3 of the wire contract: `ping` and `emit`.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <chrono>
#include <ctime>
#include <regex>
#include <set>
#include <string>

using namespace hookd::test;

namespace {

// Seconds since the epoch of "2026-11-23T13:15:38.123456789Z".
double seconds_of(const std::string& text) {
    std::tm when{};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &when);
    return static_cast<double>(::timegm(&when)) + std::stod("0" + std::string{rest});
}

double now_seconds() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(emit_suite)

BOOST_AUTO_TEST_CASE(ping_names_this_run_of_the_daemon) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto result = peer.result("ping");
    BOOST_TEST(members_of(result) == "host instance pid protocol version");
    BOOST_TEST(is_uuid_v4(text_at(result, "/instance")));
    BOOST_TEST(int_at(result, "/pid") == daemon.pid());
    BOOST_TEST(int_at(result, "/protocol") == 1);
    BOOST_TEST(!text_at(result, "/version").empty());
    BOOST_TEST((daemon.connect(framing::line).result("ping") == result));
}

BOOST_AUTO_TEST_CASE(instance_is_new_for_every_run) {
    temp_directory directory;
    std::set<std::string> instances;
    for (int run = 0; run < 3; ++run) {
        test_daemon daemon(directory / "s", {});
        instances.insert(text_at(wire_client{directory / "s"}.result("ping"), "/instance"));
        BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 0);
    }
    BOOST_TEST(instances.size() == 3U);
}

BOOST_AUTO_TEST_CASE(emit_returns_id_seq_and_subscribers) {
    test_daemon daemon;
    auto peer = daemon.connect();
    const auto result = emit(peer, "e");
    BOOST_TEST(members_of(result) == "hook_event_id seq subscribers");
    BOOST_TEST(is_uuid_v4(text_at(result, "/hook_event_id")));
    BOOST_TEST(int_at(result, "/seq") == 1);
    BOOST_TEST(int_at(result, "/subscribers") == 0);
}

BOOST_AUTO_TEST_CASE(seq_grows_by_one_whoever_emits_whatever) {
    test_daemon daemon;
    auto one = daemon.connect();
    auto two = daemon.connect(framing::line);
    for (int seq = 1; seq <= 50; ++seq) {
        switch (seq % 3) {
            case 0:
                BOOST_TEST(int_at(emit(one, "a"), "/seq") == seq);
                break;
            case 1:
                BOOST_TEST(int_at(emit(two, "b"), "/seq") == seq);
                break;
            default:
                BOOST_TEST(int_at(one.result("emit_and_wait", R"({"event":"c"})"), "/seq") == seq);
        }
        one.call("emit", R"({"event":"not a name"})");  // what is refused takes no number
    }
}

BOOST_AUTO_TEST_CASE(ids_are_all_different) {
    test_daemon daemon;
    auto peer = daemon.connect();
    std::set<std::string> ids;
    for (int i = 0; i < 2000; ++i) {
        ids.insert(text_at(emit(peer, "e"), "/hook_event_id"));
    }
    BOOST_TEST(ids.size() == 2000U);
}

BOOST_AUTO_TEST_CASE(subscribers_counts_the_sessions_that_it_was_queued_for) {
    test_daemon daemon;
    auto all = daemon.connect();
    subscribe(all);
    auto observer = daemon.connect();
    subscribe(observer, "a*", R"("responds":false)");
    auto other = daemon.connect();
    subscribe(other, "b");
    auto idle = daemon.connect();
    auto peer = daemon.connect();
    BOOST_TEST(int_at(emit(peer, "abc"), "/subscribers") == 2);
    BOOST_TEST(int_at(emit(peer, "b"), "/subscribers") == 2);
    BOOST_TEST(int_at(emit(peer, "c"), "/subscribers") == 1);
    observer.result("unsubscribe");
    BOOST_TEST(int_at(emit(peer, "abc"), "/subscribers") == 1);
    all.close();
    daemon.wait_for_stat("/subscribers", 1);
    BOOST_TEST(int_at(emit(peer, "abc"), "/subscribers") == 0);
}

BOOST_AUTO_TEST_CASE(event_name_has_1_to_128_of_the_allowed_characters) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const std::string& name : {std::string{"a"}, std::string{"-"}, std::string{"0"}, std::string(128, 'x'),
             std::string{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/-"}}) {
        BOOST_TEST(peer.call("emit", R"({"event":)" + json_string(name) + "}").error_code() == 0, name);
    }
    for (const std::string& name : {std::string{}, std::string(129, 'x'), std::string{"a b"}, std::string{"a*"},
             std::string{"?"}, std::string{"a\n"}, std::string{"é"}, std::string{"a,b"}, std::string{"a\\b"},
             std::string{"a\0b", 3}, std::string{" a"}}) {
        for (const char* method : {"emit", "emit_and_wait"}) {
            const auto response = peer.failure(method, R"({"event":)" + json_string(name) + "}");
            BOOST_TEST(response.error_code() == -32602, name);
            BOOST_TEST(response.error_message().find("event") != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(event_carries_what_was_emitted) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber, "*", R"("responds":false)");
    auto emitter = daemon.connect();
    const auto before = now_seconds();
    const auto emitted = emit(emitter, "git/pre-commit", R"({"b":1,"a":[2.50]})");
    const auto notification = subscriber.receive().json();
    const auto after = now_seconds();
    BOOST_TEST(members_of(notification) == "jsonrpc method params");
    BOOST_TEST(text_at(notification, "/jsonrpc") == "2.0");
    BOOST_TEST(text_at(notification, "/method") == "event");
    const auto params = value_at(notification, "/params");
    BOOST_TEST(members_of(params) == "emitted_at event expects_response hook_event_id payload seq");
    BOOST_TEST(int_at(params, "/seq") == int_at(emitted, "/seq"));
    BOOST_TEST(text_at(params, "/hook_event_id") == text_at(emitted, "/hook_event_id"));
    BOOST_TEST(text_at(params, "/event") == "git/pre-commit");
    BOOST_TEST(!bool_at(params, "/expects_response"));
    const auto when = text_at(params, "/emitted_at");
    BOOST_TEST(std::regex_match(when, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)")), when);
    BOOST_TEST(seconds_of(when) >= before - 0.001);
    BOOST_TEST(seconds_of(when) <= after + 0.001);
}

BOOST_AUTO_TEST_CASE(absent_payload_is_an_empty_object) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber);
    auto emitter = daemon.connect();
    emitter.result("emit", R"({"event":"e"})");
    BOOST_TEST(subscriber.next_event().raw({"params", "payload"}) == "{}");
    const auto id = send_emit_and_wait(emitter, "e");
    const auto event = subscriber.next_event();
    BOOST_TEST(event.raw({"params", "payload"}) == "{}");
    respond(subscriber, event.string("/params/hook_event_id"));
    emitter.response_to(id);
}

BOOST_AUTO_TEST_CASE(event_says_whether_and_for_how_long_an_emitter_waits) {
    test_daemon daemon;
    auto subscriber = daemon.connect();
    subscribe(subscriber);
    auto emitter = daemon.connect();
    send_emit_and_wait(emitter, "e", R"("timeout_ms":45678)");
    auto event = subscriber.next_event();
    BOOST_TEST(event.raw({"params", "expects_response"}) == "true");
    BOOST_TEST(event.integer("/params/timeout_ms") == 45678);
    emitter.result("emit", R"({"event":"e","reserve_ms":86400000})");
    event = subscriber.next_event();
    BOOST_TEST(event.raw({"params", "expects_response"}) == "true");
    BOOST_TEST(event.integer("/params/timeout_ms") == 86400000);
    emitter.result("emit", R"({"event":"e"})");
    event = subscriber.next_event();
    BOOST_TEST(event.raw({"params", "expects_response"}) == "false");
    BOOST_TEST(!event.has({"params", "timeout_ms"}));
}

BOOST_AUTO_TEST_CASE(timeouts_from_1_to_86400000_are_taken) {
    test_daemon daemon;
    auto peer = daemon.connect();
    for (const char* span : {"1", "2", "86399999", "86400000"}) {
        BOOST_TEST(peer.call("emit", R"({"event":"e","reserve_ms":)" + std::string{span} + "}").error_code() == 0);
        BOOST_TEST(
            peer.call("emit_and_wait", R"({"event":"e","timeout_ms":)" + std::string{span} + "}").error_code() == 0);
    }
    for (const char* span : {"0", "-1", "86400001", "18446744073709551617"}) {
        BOOST_TEST(
            peer.failure("emit", R"({"event":"e","reserve_ms":)" + std::string{span} + "}").error_code() == -32602);
        BOOST_TEST(
            peer.failure("emit_and_wait", R"({"event":"e","timeout_ms":)" + std::string{span} + "}").error_code() ==
            -32602);
    }
}

BOOST_AUTO_TEST_SUITE_END()
