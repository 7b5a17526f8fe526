// SPDX-License-Identifier: BSL-1.0
#include "fake_daemon.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <hookd/client.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace hookd::test {
namespace {

constexpr auto operation = "0d4c5d2e-5c36-4a0b-9c4f-6b1f7f5a1c11";
constexpr auto emission_result = R"({"hook_event_id":"an-id","seq":7,"subscribers":2})";
constexpr auto verdict_result =
    R"({"hook_event_id":"an-id","seq":7,"outcome":"answered","abort":"no \"way\"","responses":[)"
    R"({"response":{"abort":"no \"way\"", "big":12345678901234567890123},"responder":"lint","elapsed_ms":1.5}],)"
    R"("missing":[{"responder":"slow","why":"timeout"}]})";

}  // namespace

BOOST_AUTO_TEST_SUITE(blocking_client)

BOOST_AUTO_TEST_CASE(ping_says_who_is_there) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto request = peer.receive("ping");
        require(request.params.empty(), "ping has no params");
        peer.result(request, R"({"instance":"run-1","version":"1.2.3","protocol":1,"pid":4711,"later":[]})");
    }};
    const auto info = caller.ping();
    BOOST_TEST(info.instance == "run-1");
    BOOST_TEST(info.version == "1.2.3");
    BOOST_TEST(info.protocol == 1);
    BOOST_TEST(info.pid == 4711);
    script.finish();
}

BOOST_AUTO_TEST_CASE(emit_sends_the_payload_byte_for_byte) {
    const std::string payload = "{\"b\" : 1.000000000000000000000000001,\n \"a\":\"\\u00e9\", \"a\":-0}";
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    std::string sent;
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto request = peer.receive("emit");
        sent = request.params;
        peer.result(request, emission_result);
    }};
    const auto done = caller.emit("pre\"push", payload, {.reserve = 250ms, .operation_id = operation});
    script.finish();
    BOOST_TEST(done.hook_event_id == "an-id");
    BOOST_TEST(done.seq == 7U);
    BOOST_TEST(done.subscribers == 2U);
    BOOST_TEST(raw_member(sent, "payload").value() == payload);
    const auto params = json_of(sent);
    BOOST_TEST(text_at(params, "/event") == "pre\"push");
    BOOST_TEST(int_at(params, "/reserve_ms") == 250);
    BOOST_TEST(text_at(params, "/operation_id") == operation);
}

BOOST_AUTO_TEST_CASE(what_was_not_asked_for_is_not_sent) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    std::string emitted;
    std::string waited;
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto first = peer.receive("emit");
        emitted = first.params;
        peer.result(first, emission_result);
        const auto second = peer.receive("emit_and_wait");
        waited = second.params;
        peer.result(second, verdict_result);
    }};
    caller.emit("x");
    caller.emit_and_wait("x");
    script.finish();
    BOOST_TEST(members_of(json_of(emitted)) == "event payload");
    BOOST_TEST(members_of(json_of(waited)) == "event payload");
}

BOOST_AUTO_TEST_CASE(emit_and_wait_sends_its_options_and_reads_the_verdict) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    std::string sent;
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto request = peer.receive("emit_and_wait");
        sent = request.params;
        peer.result(request, verdict_result);
    }};
    const auto decided = caller.emit_and_wait("x", "[]",
        {.timeout = 1500ms,
            .policy = wait_policy::veto,
            .on_failure = failure_policy::closed,
            .require_subscriber = false,
            .operation_id = operation});
    script.finish();
    const auto params = json_of(sent);
    BOOST_TEST(int_at(params, "/timeout_ms") == 1500);
    BOOST_TEST(text_at(params, "/policy") == "veto");
    BOOST_TEST(text_at(params, "/failure_policy") == "closed");
    BOOST_TEST(!bool_at(params, "/require_subscriber"));
    BOOST_TEST(text_at(params, "/operation_id") == operation);

    BOOST_TEST(!decided.proceed());
    BOOST_TEST(decided.abort == "no \"way\"");
    BOOST_TEST(to_string(decided.outcome) == "answered");
    BOOST_TEST(decided.seq.value() == 7U);
    BOOST_TEST(decided.hook_event_id == "an-id");
    BOOST_REQUIRE(decided.responses.size() == 1U);
    BOOST_TEST(decided.responses[0].text == R"({"abort":"no \"way\"", "big":12345678901234567890123})");
    BOOST_TEST(decided.responses[0].responder == "lint");
    BOOST_TEST(decided.responses[0].elapsed.count() == 1.5);
    BOOST_REQUIRE(decided.missing.size() == 1U);
    BOOST_TEST(decided.missing[0].responder == "slow");
    BOOST_TEST(decided.missing[0].why == "timeout");
    BOOST_TEST(decided.text == verdict_result);
}

BOOST_AUTO_TEST_CASE(await_response_of_an_unknown_id_has_no_seq) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    std::string sent;
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto request = peer.receive("await_response");
        sent = request.params;
        peer.result(
            request, R"({"hook_event_id":"x","seq":null,"outcome":"unknown","abort":"","responses":[],"missing":[]})");
    }};
    const auto decided = caller.await_response("x", 20ms);
    script.finish();
    BOOST_TEST(!decided.seq.has_value());
    BOOST_TEST((decided.outcome == outcome::unknown));
    BOOST_TEST(decided.proceed());
    BOOST_TEST(text_at(json_of(sent), "/hook_event_id") == "x");
    BOOST_TEST(int_at(json_of(sent), "/timeout_ms") == 20);
}

BOOST_AUTO_TEST_CASE(each_kind_of_reply_has_its_own_parameter) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    std::vector<std::string> sent;
    fake_script script{[&] {
        auto peer = daemon.accept();
        for (int i = 0; i < 5; ++i) {
            sent.push_back(peer.take_reply(i == 4 ? "expired" : ""));
        }
    }};
    caller.respond("an-id", respond_with(R"({"n": 1e400, "abort": ""})"));
    caller.respond("an-id", veto("line\n\"quote\""));
    caller.respond("an-id", abstain());
    BOOST_TEST(caller.respond("an-id", failed("broke")).accepted);
    const auto late = caller.respond("an-id", proceed());
    script.finish();
    BOOST_TEST(raw_member(sent[0], "response").value() == R"({"n": 1e400, "abort": ""})");
    BOOST_TEST(text_at(json_of(sent[1]), "/response/abort") == "line\n\"quote\"");
    BOOST_TEST(members_of(json_of(sent[2])) == "abstain hook_event_id");
    BOOST_TEST(bool_at(json_of(sent[2]), "/abstain"));
    BOOST_TEST(members_of(json_of(sent[3])) == "failed hook_event_id");
    BOOST_TEST(text_at(json_of(sent[3]), "/failed") == "broke");
    BOOST_TEST(raw_member(sent[4], "response").value() == "{}");
    BOOST_TEST(!late.accepted);
    BOOST_TEST(late.reason == "expired");
}

BOOST_AUTO_TEST_CASE(call_and_stats_return_the_result_as_it_came) {
    const std::string result = "{\"big\":1e999 , \"k\":1,\"k\":2}";
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto request = peer.receive("what/ever");
        require(request.params == "{\"a\" : 1}", "params arrive as given");
        peer.result(request, result);
        peer.result(peer.receive("stats"), "{\"uptime_s\":0.25}");
    }};
    BOOST_TEST(caller.call("what/ever", "{\"a\" : 1}") == result);
    BOOST_TEST(caller.stats() == "{\"uptime_s\":0.25}");
    script.finish();
}

BOOST_AUTO_TEST_CASE(what_is_not_json_is_never_sent) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    auto peer = daemon.accept();
    for (const char* text : {"{", "", "{} {}", "{\"a\":01}", "\"\xff\""}) {
        BOOST_TEST((failure_of([&] { caller.emit("x", text); }).kind() == error_kind::invalid_argument));
        BOOST_TEST((failure_of([&] { caller.emit_and_wait("x", text); }).kind() == error_kind::invalid_argument));
    }
    BOOST_TEST((failure_of([&] { caller.call("emit", "[1]"); }).kind() == error_kind::invalid_argument));
    BOOST_TEST((failure_of([&] { caller.call("emit", "{}}"); }).kind() == error_kind::invalid_argument));
    for (const char* text : {"", "[]", "{\"abort\":}", "{},\"x\":{}"}) {
        BOOST_TEST((failure_of([&] { std::ignore = respond_with(text); }).kind() == error_kind::invalid_argument));
    }
    { const client gone = std::move(caller); }
    peer.expect_end();
}

BOOST_AUTO_TEST_CASE(an_error_of_the_daemon_keeps_its_code_and_data) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.fail(peer.receive("emit").id, -32001, "Too \"much\".", R"({"limit":"max_waiting","max":1})");
        peer.fail(peer.receive("emit_and_wait").id, -32800, "Cancelled.");
        peer.result(peer.receive("ping"), R"({"instance":"still"})");
    }};
    const auto refused = failure_of([&] { caller.emit("x"); });
    BOOST_TEST((refused.kind() == error_kind::refused));
    BOOST_TEST(refused.code() == -32001);
    BOOST_TEST(refused.data() == R"({"limit":"max_waiting","max":1})");
    BOOST_TEST(refused.what() == "emit: Too \"much\".");
    BOOST_TEST((failure_of([&] { caller.emit_and_wait("x"); }).kind() == error_kind::cancelled));
    BOOST_TEST(caller.ping().instance == "still");
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_refusal_that_was_sent_before_the_close_is_told_although_writing_failed) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    fake_script script{[&] {
        // Nothing is read: the request does not fit into the socket, and the write fails when this closes.
        auto peer = daemon.accept();
        peer.expect_bytes();
        peer.fail("null", -32003, "User 7 is not allowed.");
    }};
    const auto failure = failure_of([&] { caller.emit("x", json_string(std::string(std::size_t{4} << 20, 'x'))); });
    script.finish();
    BOOST_TEST((failure.kind() == error_kind::refused));
    BOOST_TEST(failure.code() == -32003);
    BOOST_TEST(failure.what() == "User 7 is not allowed.");
}

BOOST_AUTO_TEST_CASE(nobody_there_names_the_path_and_how_to_start_a_daemon) {
    const temp_directory directory;
    const auto path = directory / "none";
    const auto absent = failure_of([&] { client{{.path = path}}; });
    BOOST_TEST((absent.kind() == error_kind::no_daemon));
    BOOST_TEST(contains(absent.what(), "hookd --socket " + path));

    fake_daemon stopped;
    stopped.stop_listening();
    const auto stale = failure_of([&] { client{{.path = stopped.path()}}; });
    BOOST_TEST((stale.kind() == error_kind::no_daemon));
    BOOST_TEST(contains(stale.what(), stopped.path()));

    const auto too_long = failure_of([&] { client{{.path = "/" + std::string(107, 'x')}}; });
    BOOST_TEST((too_long.kind() == error_kind::invalid_argument));
    BOOST_TEST(contains(too_long.what(), "107"));
}

BOOST_AUTO_TEST_CASE(the_path_comes_from_the_environment) {
    fake_daemon daemon;
    ::setenv("HOOKD_SOCKET", daemon.path().c_str(), 1);
    const client caller;
    ::unsetenv("HOOKD_SOCKET");
    BOOST_TEST(caller.path() == daemon.path());
    std::ignore = daemon.accept();
}

BOOST_AUTO_TEST_CASE(a_connection_that_breaks_within_a_frame_is_told_and_nothing_is_sent_twice) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.receive("emit");
        peer.send_bytes(std::string("\0\0\1\0{\"jsonrpc\"", 14));
        peer.close();
        // The next thing that ever comes is the next call.
        auto next = daemon.accept();
        next.result(next.receive("ping"), R"({"instance":"run-2"})");
    }};
    BOOST_TEST((failure_of([&] { caller.emit("x"); }).kind() == error_kind::broken));
    BOOST_TEST(caller.ping().instance == "run-2");
    script.finish();
}

BOOST_AUTO_TEST_CASE(an_operation_id_makes_a_broken_call_repeat_itself_once) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    std::string first;
    std::string second;
    fake_script script{[&] {
        first = daemon.accept().receive("emit_and_wait").params;
        {
            auto peer = daemon.accept();
            const auto request = peer.receive("emit_and_wait");
            second = request.params;
            peer.result(request, verdict_result);
            peer.receive("emit");
        }
        daemon.accept().receive("emit");
        auto last = daemon.accept();
        last.result(last.receive("ping"), R"({"instance":"run-1"})");
    }};
    BOOST_TEST(caller.emit_and_wait("x", "{}", {.operation_id = operation}).seq.value() == 7U);
    BOOST_TEST(first == second);
    BOOST_TEST((failure_of([&] { caller.emit("x", "{}", {.operation_id = operation}); }).kind() == error_kind::broken));
    BOOST_TEST(caller.ping().instance == "run-1");
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_repetition_that_finds_nobody_still_says_broken) {
    // "No daemon" would promise that nothing was sent.
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.receive("emit");
        daemon.stop_listening();
    }};
    BOOST_TEST((failure_of([&] { caller.emit("x", "{}", {.operation_id = operation}); }).kind() == error_kind::broken));
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_closed_while_idle_is_replaced) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    {
        auto first = daemon.accept();
        first.notify("event", event_params(1, "x", false, "{}"));
    }
    fake_script script{[&] {
        auto second = daemon.accept();
        second.result(second.receive("emit"), emission_result);
    }};
    BOOST_TEST(caller.emit("x").seq == 7U);
    script.finish();
}

BOOST_AUTO_TEST_CASE(events_and_answers_that_came_too_late_are_skipped) {
    fake_daemon daemon;
    client caller{{.path = daemon.path(), .answer_timeout = 20ms}};
    std::promise<void> given_up;
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto slow = peer.receive("emit");
        given_up.get_future().get();
        peer.result(slow, R"({"hook_event_id":"late","seq":1,"subscribers":0})");
        const auto request = peer.receive("emit");
        peer.event(1, "x");
        peer.notify("something/new", "{}");
        peer.result(request, emission_result);
    }};
    BOOST_TEST((failure_of([&] { caller.emit("x"); }).kind() == error_kind::timed_out));
    given_up.set_value();
    // With an answer_timeout of its own: this one has to come.
    BOOST_TEST(contains(caller.call("emit", R"({"event":"x"})", patience), "an-id"));
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_wait_without_an_end_goes_on_as_long_as_the_daemon_says_that_it_lives) {
    fake_daemon daemon;
    client caller{{.path = daemon.path(), .answer_timeout = 1500ms}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto request = peer.receive("emit_and_wait");
        peer.result(peer.receive("ping"), R"({"instance":"run-1"})");
        // The next is answered after the verdict: the next call must not take it for its own.
        const auto late = peer.receive("ping");
        peer.result(request, verdict_result);
        const auto next = peer.receive("emit");
        peer.result(late, R"({"instance":"run-1"})");
        peer.result(next, emission_result);
    }};
    BOOST_TEST(caller.emit_and_wait("x").seq.value() == 7U);
    BOOST_TEST(caller.emit("x").seq == 7U);
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_daemon_that_says_nothing_at_all_ends_a_wait_without_an_end) {
    fake_daemon daemon;
    client caller{{.path = daemon.path(), .answer_timeout = 20ms}};
    auto peer = daemon.accept();
    BOOST_TEST((failure_of([&] { caller.emit_and_wait("x"); }).kind() == error_kind::timed_out));
    BOOST_TEST((failure_of([&] { caller.await_response("x"); }).kind() == error_kind::timed_out));
    BOOST_TEST((failure_of([&] { caller.call("emit_and_wait"); }).kind() == error_kind::timed_out));
    // A request that does not fit into the socket, too.
    const std::string large = json_string(std::string(std::size_t{4} << 20, 'x'));
    BOOST_TEST((failure_of([&] { caller.emit_and_wait("x", large); }).kind() == error_kind::timed_out));
    for (const char* method : {"emit_and_wait", "ping", "await_response", "ping", "emit_and_wait", "ping"}) {
        std::ignore = peer.receive(method);
    }
}

BOOST_AUTO_TEST_CASE(the_longest_times_are_for_ever) {
    constexpr auto longest = std::chrono::milliseconds::max();
    fake_daemon daemon;
    client caller{{.path = daemon.path(), .connect_timeout = longest, .answer_timeout = longest}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.expect_bytes();
        peer.result(peer.receive("emit"), emission_result);
        peer.expect_bytes();
        peer.result(peer.receive("emit_and_wait"), verdict_result);
        peer.expect_bytes();
        peer.result(peer.receive("emit_and_wait"), verdict_result);
        peer.expect_bytes();
        peer.result(peer.receive("stats"), "{}");
    }};
    BOOST_TEST(caller.emit("x").seq == 7U);
    BOOST_TEST(caller.emit_and_wait("x").seq.value() == 7U);
    BOOST_TEST(caller.emit_and_wait("x", "{}", {.timeout = longest}).seq.value() == 7U);
    BOOST_TEST(caller.call("stats", {}, longest) == "{}");
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_wait_that_the_system_refuses_ends_the_call) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    auto peer = daemon.accept();
    // poll(2) refuses more descriptors than this.
    rlimit usual{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
    const rlimit none{0, usual.rlim_max};
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    std::optional<error> failure;
    try {
        caller.emit("x");
    } catch (const error& why) {
        failure = why;
    }
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &usual) == 0);
    BOOST_REQUIRE(failure.has_value());
    BOOST_TEST((failure->kind() == error_kind::broken));
}

BOOST_AUTO_TEST_CASE(a_payload_and_a_reply_of_16_mib_pass) {
    const std::string large = json_string(std::string(std::size_t{16} << 20, 'p'));
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto request = peer.receive("echo");
        peer.result(request, request.params);
    }};
    const std::string params = R"({"payload":)" + large + "}";
    BOOST_TEST((caller.call("echo", params) == params));
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_frame_above_256_mib_is_given_up_with_the_reason) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.receive("emit");
        peer.send_bytes(std::string_view{"\x10\x00\x00\x01{", 5});
        peer.expect_end();
    }};
    const auto failure = failure_of([&] { caller.emit("x"); });
    BOOST_TEST((failure.kind() == error_kind::broken));
    BOOST_TEST(contains(failure.what(), "268435456"));
    script.finish();
}

BOOST_AUTO_TEST_CASE(whatever_is_no_hookd_is_told) {
    for (const char* text : {"HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\2{}", "\0\0\0\4nope"}) {
        fake_daemon daemon;
        client caller{{.path = daemon.path()}};
        fake_script script{[&] {
            auto peer = daemon.accept();
            peer.receive("emit");
            peer.send_bytes(text[0] == 'H' ? std::string_view{text}
                                           : std::string_view{text, static_cast<std::size_t>(4 + text[3])});
            peer.expect_end();
        }};
        BOOST_TEST((failure_of([&] { caller.emit("x"); }).kind() == error_kind::broken));
        script.finish();
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_verdict_is_no_permission) {
    for (const std::string_view members :
        {R"("outcome":"answered")", R"("abort":"")", R"("outcome":"who knows","abort":"")",
            R"("outcome":"answered","abort":null)", R"("outcome":"answered","abort":"","responses":[5])",
            R"("outcome":"answered","abort":"","responses":[{"responder":"h"}])",
            R"("outcome":"answered","abort":"","responses":[{"responder":"h","response":5}])"}) {
        fake_daemon daemon;
        client caller{{.path = daemon.path()}};
        fake_script script{[&] {
            auto peer = daemon.accept();
            peer.result(peer.receive("emit_and_wait"), R"({"hook_event_id":"x","seq":1,)" + std::string(members) + "}");
        }};
        BOOST_TEST((failure_of([&] { caller.emit_and_wait("x"); }).kind() == error_kind::broken), members);
        script.finish();
    }
}

namespace {

/// What a caller of failure policy `closed` makes of a verdict with these members.
template <class Look>
void get_closed_verdict(const std::string& members, Look look) {
    fake_daemon daemon;
    client caller{{.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.result(peer.receive("emit_and_wait"), R"({"hook_event_id":"x","seq":1,)" + members + "}");
    }};
    look([&caller] { return caller.emit_and_wait("x", "{}", {.on_failure = failure_policy::closed}); });
    script.finish();
}

}  // namespace

BOOST_AUTO_TEST_CASE(under_failure_policy_closed_only_a_completed_consultation_is_consent) {
    for (const std::string outcome : {"timeout", "abandoned", "no_subscribers", "shutdown", "unknown", "cancelled"}) {
        const auto ended = R"("outcome":")" + outcome + R"(","abort":)";
        get_closed_verdict(
            ended + R"("")", [&](auto ask) { BOOST_TEST((failure_of(ask).kind() == error_kind::broken), outcome); });
        get_closed_verdict(ended + R"("no")", [&](auto ask) { BOOST_TEST(!ask().proceed(), outcome); });
        get_closed_verdict(ended + R"("","bypassed":"fire")", [&](auto ask) { BOOST_TEST(ask().proceed(), outcome); });
    }
    for (const std::string outcome : {"answered", "abstained"}) {
        get_closed_verdict(
            R"("abort":"","outcome":")" + outcome + R"(")", [&](auto ask) { BOOST_TEST(ask().proceed(), outcome); });
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::test
