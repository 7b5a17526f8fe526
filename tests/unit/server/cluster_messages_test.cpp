// SPDX-License-Identifier: BSL-1.0
// What hookd and a cluster's helper program say to one another.
#include "cluster/cluster_options.hpp"
#include "cluster/messages.hpp"

#include <base/text/timestamp.hpp>

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

using namespace hookd::cluster;
using hookd::core::remote_answer;

namespace {

constexpr std::string_view id_text = "4c0f0cb4-8c1c-4c1e-9d0e-0d3f0b6f2a11";
const uuid id = *hookd::protocol::parse_uuid(id_text);

std::string message(std::string_view method, std::string_view params) {
    return R"({"jsonrpc":"2.0","method":"cluster.)" + std::string{method} + R"(","params":)" + std::string{params} +
           "}";
}

std::string_view body_of(const std::string& frame) { return std::string_view{frame}.substr(4); }

/// What another host reads of what one answers.
remote_answer carried(const remote_answer& answer) {
    const auto frame = reply_frame("a", id, false, answer);
    const auto text = body_of(frame);
    const auto begin = text.find(R"("result":)") + 9;
    const auto result = text.substr(begin, text.size() - begin - 2);
    return std::get<settled_message>(read(message("settled", R"({"host":"b","hook_event_id":")" + std::string{id_text} +
                                                                 R"(","result":)" + std::string{result} + "}")))
        .answer;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cluster_messages_suite)

BOOST_AUTO_TEST_CASE(an_answer_arrives_as_it_was_given) {
    remote_answer answer;
    answer.replies.push_back({.response = R"({ "abort" : "n\u006f", "n": 1.50 })",
        .responder = "gu\"ard",
        .uid = 7,
        .elapsed = std::chrono::nanoseconds{1'500}});
    answer.missing = {{.responder = "x", .why = "failed: no disk", .insists = true}, {.responder = "y", .why = "left"}};
    answer.silent = {{"quiet"}, {"picky"}};
    const auto got = carried(answer);
    BOOST_REQUIRE(got.replies.size() == 1U);
    BOOST_TEST(got.replies[0].response == answer.replies[0].response);
    BOOST_TEST(got.replies[0].responder == "gu\"ard");
    BOOST_TEST(got.replies[0].uid == 7U);
    BOOST_TEST(got.replies[0].elapsed.count() == 1'500);
    BOOST_REQUIRE(got.missing.size() == 2U);
    BOOST_TEST(got.missing[0].why == "failed: no disk");
    BOOST_TEST(got.missing[0].insists);
    BOOST_TEST(!got.missing[1].insists);
    BOOST_TEST(got.silent.abstained == std::vector<std::string>{"quiet"}, boost::test_tools::per_element());
    BOOST_TEST(got.silent.passed == std::vector<std::string>{"picky"}, boost::test_tools::per_element());
    BOOST_TEST(got.failed == "");
    BOOST_TEST(carried({.failed = "busy"}).failed == "busy");
}

BOOST_AUTO_TEST_CASE(of_an_answer_that_no_helper_could_carry_the_veto_arrives) {
    for (const auto& member : {std::string(124, '[') + std::string(124, ']'), '"' + std::string(17 << 20, 'x') + '"'}) {
        remote_answer answer;
        answer.replies.push_back({.response = R"({"abort":"no","x":)" + member + "}", .responder = "guard"});
        answer.replies.push_back({.response = "{}", .responder = "other"});
        const auto got = carried(answer);
        BOOST_REQUIRE(got.replies.size() == 2U);
        BOOST_TEST(got.replies[0].response == R"({"abort":"no"})");
        BOOST_TEST(got.replies[1].response == "{}");
    }
}

BOOST_AUTO_TEST_CASE(an_event_keeps_its_bytes_and_its_time) {
    const auto frame = message("event",
        R"({"host":"b","hook_event_id":")" + std::string{id_text} +
            R"(","event":"e","payload":{ "n": 1.50 },"emitted_at":"2026-11-23T14:07:44.5Z","policy":"all","timeout_ms":99999999999})");
    const auto event = std::get<event_message>(read(frame));
    BOOST_TEST(event.payload == R"({ "n": 1.50 })");
    BOOST_TEST((event.policy == hookd::protocol::wait_policy::all));
    BOOST_TEST(event.timeout->count() == hookd::protocol::max_timeout.count());
    std::string when(hookd::base::timestamp_size, ' ');
    hookd::base::write_timestamp(when.data(), event.emitted_at);
    BOOST_TEST(when == "2026-11-23T14:07:44.500000000Z");
}

BOOST_AUTO_TEST_CASE(a_time_is_read_as_the_protocol_has_it) {
    const auto read_at = [](const std::string& time) {
        const auto event = std::get<event_message>(
            read(message("event", R"({"host":"b","hook_event_id":")" + std::string{id_text} +
                                      R"(","event":"e","payload":null,"emitted_at":")" + time + R"("})")));
        std::string when(hookd::base::timestamp_size, ' ');
        hookd::base::write_timestamp(when.data(), event.emitted_at);
        return event.fault.empty() ? when : event.fault;
    };
    BOOST_TEST(read_at("2026-11-23T14:07:44.1234567891+01:00") == "2026-11-23T13:07:44.123456789Z");
    BOOST_TEST(read_at("1970-01-01T00:00:00Z") == "1970-01-01T00:00:00.000000000Z");
    BOOST_TEST(read_at("9999-12-31T23:59:59Z") == "emitted_at is not a time in RFC 3339 that the clock can express");
}

BOOST_AUTO_TEST_CASE(what_a_helper_must_not_say_is_refused) {
    for (const auto& wrong : {std::string{"{]"}, std::string{"[]"}, message("sing", "{}"), message("state", "{}"),
             message("state", R"({"state":"upp"})"), message("asked", R"({"hook_event_id":"x","hosts":[]})"),
             message("asked",
                 R"({"hook_event_id":")" + std::string{id_text} + R"(","hosts":[{"host":"a b","responders":[]}]})"),
             message("told", R"({"request":-1})"), message("told", R"({"request":"1"})"),
             message("session_ready", "[]"), message("hosts", R"({"hosts":{}})"),
             message("hosts", R"({"hosts":[{"host":"b","sessions":[{"name":"x","events":[1]}]}]})")}) {
        BOOST_CHECK_THROW((void)read(wrong), hookd::link::malformed_message);
    }
}

// The helper passes on what another host has sent: that host has failed, and the link goes on.
BOOST_AUTO_TEST_CASE(what_another_host_must_not_say_is_its_failure) {
    const auto of_b = [](std::string_view method, const std::string& rest) {
        return read(message(method, R"({"host":"b","hook_event_id":")" + std::string{id_text} + "\"," + rest + "}"));
    };
    for (const char* const wrong :
        {R"("result":{"replies":[{"response":1,"responder":"x"}]})", R"("result":[])", R"("results":{})"}) {
        BOOST_TEST(
            std::get<settled_message>(of_b("settled", wrong)).answer.failed.starts_with("its answer cannot be read: "),
            wrong);
    }
    for (const char* const wrong : {R"("event":"e f","payload":{},"emitted_at":"2026-11-23T14:07:44Z")",
             R"("event":"e","payload":{},"emitted_at":"2026-13-23T14:07:44Z","timeout_ms":5,"policy":"veto")",
             R"("event":"e","payload":{},"emitted_at":"now")",
             R"("event":"e","payload":{},"emitted_at":"2026-11-23T99:07:44Z")",
             R"("event":"e","payload":{},"emitted_at":"9999-12-31T23:59:59Z")",
             R"("event":"e","payload":{},"emitted_at":"0001-01-01T00:00:00Z")",
             R"("event":"e","payload":{},"emitted_at":1764498000000)"}) {
        BOOST_TEST(!std::get<event_message>(of_b("event", wrong)).fault.empty(), wrong);
    }
}

BOOST_AUTO_TEST_CASE(what_a_newer_helper_adds_is_ignored) {
    BOOST_TEST(std::get<state_message>(read(message("state", R"({"state":"up","epoch":"x","engine":"E 1"})"))).engine ==
               "E 1");
    BOOST_TEST(std::holds_alternative<pong_message>(read(R"({"jsonrpc":"2.0","method":"cluster.pong"})")));
}

BOOST_AUTO_TEST_CASE(a_membership_is_a_file_and_the_events_that_it_takes) {
    const auto all = parse_membership("/etc/hookd/cluster.url");
    BOOST_TEST(all.url_file == "/etc/hookd/cluster.url");
    BOOST_TEST(all.events.empty());
    const auto some = parse_membership("/c.url,events=deploy.*:release");
    BOOST_TEST(some.events == (std::vector<std::string>{"deploy.*", "release"}), boost::test_tools::per_element());
    BOOST_TEST(membership_text(some) == "/c.url,events=deploy.*:release");
    for (const char* wrong :
        {"", ",events=a", "/c.url,", "/c.url,event=a", "/c.url,events=", "/c.url,events=a::b", "/c.url,events=a b"}) {
        BOOST_CHECK_THROW((void)parse_membership(wrong), std::invalid_argument);
    }
}

BOOST_AUTO_TEST_SUITE_END()
