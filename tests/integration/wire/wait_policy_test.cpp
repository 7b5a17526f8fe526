// SPDX-License-Identifier: BSL-1.0
// Section 3 of the wire contract: `emit_and_wait`, its policies and outcomes.
#include "support/json_access.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

using namespace hookd::test;
namespace data = boost::unit_test::data;

namespace {

// A daemon with an emitter and some responders called a, b, c, …
struct fixture {
    explicit fixture(std::size_t count, std::vector<std::string> arguments = {})
        : daemon(std::move(arguments)), emitter(daemon.connect()) {
        for (std::size_t i = 0; i < count; ++i) {
            responders.push_back(daemon.connect());
            subscribe(responders.back(), "*", R"("name":")" + name(i) + "\"");
        }
    }

    static std::string name(std::size_t i) { return std::string(1, static_cast<char>('a' + i)); }

    // Emits and waits until every responder has the event.
    void begin(std::string_view policy, std::string_view more = "") {
        request = send_emit_and_wait(
            emitter, "e", R"("policy":")" + std::string{policy} + "\"" + (more.empty() ? "" : ",") + std::string{more});
        for (auto& responder : responders) {
            event_id = responder.next_event().string("/params/hook_event_id");
        }
    }

    boost::json::value say(std::size_t responder, std::string_view members) {
        return respond(responders.at(responder), event_id, members);
    }
    void accept(std::size_t responder, std::string_view members) {
        BOOST_TEST(bool_at(say(responder, members), "/accepted"));
    }

    boost::json::value verdict() { return emitter.response_to(request).at("/result"); }
    // That the verdict is not there yet, after all that was said so far.
    void still_waits() {
        BOOST_TEST(int_at(daemon.stats(), "/waiting") == 1);
        emitter.result("ping");
        BOOST_TEST(emitter.kept_messages() == 0U);
    }

    test_daemon daemon;
    wire_client emitter;
    std::deque<wire_client> responders{};
    std::string request{};
    std::string event_id{};
};

constexpr std::string_view fine = R"("response":{})";
constexpr std::string_view no = R"("response":{"abort":"no"})";
constexpr std::string_view nay = R"("response":{"abort":"nay"})";
constexpr std::string_view abstain = R"("abstain":true)";
constexpr std::string_view broken = R"("failed":"disk full")";
constexpr const char* policies[] = {"first", "veto", "all"};

void check(const boost::json::value& verdict, std::string_view outcome, std::string_view abort,
    std::string_view who_replied, std::string_view who_is_missing) {
    BOOST_TEST(members_of(verdict) == "abort hook_event_id missing outcome responses seq");
    BOOST_TEST(text_at(verdict, "/outcome") == outcome);
    BOOST_TEST(text_at(verdict, "/abort") == abort);
    std::string replied;
    for (const auto& entry : verdict.at("responses").as_array()) {
        BOOST_TEST(members_of(entry) == "elapsed_ms responder response uid");
        BOOST_TEST(number_at(entry, "/elapsed_ms") >= 0);
        replied += text_at(entry, "/responder");
    }
    BOOST_TEST(replied == who_replied);
    std::string missing;
    for (const auto& entry : verdict.at("missing").as_array()) {
        BOOST_TEST(members_of(entry) == "responder why");
        missing += (missing.empty() ? "" : ", ") + text_at(entry, "/responder") + " " + text_at(entry, "/why");
    }
    BOOST_TEST(missing == who_is_missing);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wait_policy_suite)

BOOST_AUTO_TEST_CASE(result_names_the_event) {
    fixture s(1);
    const auto request = send_emit_and_wait(s.emitter, "e", R"("payload":[1])");
    const auto event = s.responders[0].next_event();
    BOOST_TEST(event.raw({"params", "payload"}) == "[1]");
    s.event_id = event.string("/params/hook_event_id");
    BOOST_TEST(is_uuid_v4(s.event_id));
    s.accept(0, R"("response":{"extra":[1.0],"abort":""})");
    const auto result = s.emitter.response_to(request);
    BOOST_TEST(result.string("/result/hook_event_id") == s.event_id);
    BOOST_TEST(result.integer("/result/seq") == event.integer("/params/seq"));
    check(result.at("/result"), "answered", "", "a", "");
    const auto responses = result.raw({"result", "responses"});
    BOOST_TEST(raw_member(raw_elements(responses).at(0), "response").value() == R"({"extra":[1.0],"abort":""})");
}

BOOST_AUTO_TEST_CASE(slot_exists_before_any_subscriber_sees_the_event) {
    fixture s(1);
    for (int i = 0; i < 300; ++i) {
        s.begin("first");
        s.accept(0, fine);
        BOOST_TEST(text_at(s.verdict(), "/outcome") == "answered");
    }
}

// --- first ---

BOOST_AUTO_TEST_CASE(first_reply_decides_under_first) {
    fixture s(3);
    s.begin("first");
    s.accept(1, no);
    check(s.verdict(), "answered", "no", "b", "");
    for (const std::size_t late : {0U, 2U, 1U}) {
        const auto refused = s.say(late, fine);
        BOOST_TEST(!bool_at(refused, "/accepted"));
        BOOST_TEST(text_at(refused, "/reason") == "answered");
    }
}

BOOST_AUTO_TEST_CASE(first_is_the_default_policy) {
    fixture s(2);
    const auto request = send_emit_and_wait(s.emitter, "e");
    s.event_id = s.responders[0].next_event().string("/params/hook_event_id");
    s.accept(0, fine);
    check(s.emitter.response_to(request).at("/result"), "answered", "", "a", "");
}

BOOST_AUTO_TEST_CASE(abstention_decides_nothing_under_first) {
    fixture s(2);
    s.begin("first");
    s.accept(0, abstain);
    s.still_waits();
    s.accept(1, no);
    check(s.verdict(), "answered", "no", "b", "");
}

BOOST_AUTO_TEST_CASE(failed_hook_decides_nothing_under_first_and_is_listed) {
    fixture s(2);
    s.begin("first");
    s.accept(0, broken);
    s.still_waits();
    s.accept(1, fine);
    check(s.verdict(), "answered", "", "b", "a failed: disk full");
}

// --- veto ---

BOOST_AUTO_TEST_CASE(fast_fine_does_not_overtake_a_slower_veto) {
    fixture s(3);
    s.begin("veto");
    s.accept(0, fine);
    s.accept(2, R"("response":{"abort":""})");
    s.still_waits();
    s.accept(1, no);
    check(s.verdict(), "answered", "no", "abc", "");
}

BOOST_AUTO_TEST_CASE(veto_decides_at_once_whoever_has_not_replied) {
    fixture s(3);
    s.begin("veto");
    s.accept(0, no);
    check(s.verdict(), "answered", "no", "a", "");
    BOOST_TEST(text_at(s.say(1, nay), "/reason") == "answered");
}

BOOST_AUTO_TEST_CASE(veto_ends_when_everybody_is_fine) {
    fixture s(3);
    s.begin("veto");
    s.accept(0, fine);
    s.accept(1, abstain);
    s.accept(2, fine);
    check(s.verdict(), "answered", "", "ac", "");
}

// --- all ---

BOOST_AUTO_TEST_CASE(all_waits_for_everybody_even_after_a_veto) {
    fixture s(3);
    s.begin("all", R"("failure_policy":"closed")");
    s.accept(2, fine);
    s.accept(0, no);
    s.still_waits();
    s.accept(1, nay);
    check(s.verdict(), "answered", "no", "abc", "");
}

BOOST_AUTO_TEST_CASE(all_counts_an_abstention_as_done) {
    fixture s(2);
    s.begin("all");
    s.accept(0, abstain);
    s.still_waits();
    s.accept(1, fine);
    check(s.verdict(), "answered", "", "b", "");
}

BOOST_AUTO_TEST_CASE(second_reply_of_one_responder_is_refused_under_all) {
    fixture s(2);
    s.begin("all");
    s.accept(0, fine);
    const auto again = s.say(0, no);
    BOOST_TEST(!bool_at(again, "/accepted"));
    BOOST_TEST(text_at(again, "/reason") == "answered");
    s.accept(1, fine);
    check(s.verdict(), "answered", "", "ab", "");
}

// --- outcomes under every policy ---

BOOST_DATA_TEST_CASE(
    everybody_abstained, data::make(policies) * data::make({"open", "closed"}), policy, failure_policy) {
    fixture s(2);
    s.begin(policy, R"("failure_policy":")" + std::string{failure_policy} + "\"");
    s.accept(0, abstain);
    s.accept(1, abstain);
    check(s.verdict(), "abstained", "", "", "");
}

BOOST_DATA_TEST_CASE(everybody_failed_or_left, data::make(policies), policy) {
    fixture s(3);
    s.begin(policy);
    s.accept(0, broken);
    s.responders[1].close();
    s.daemon.wait_for_stat("/subscribers", 2);
    s.still_waits();
    s.responders[2].result("unsubscribe");
    check(s.verdict(), "abandoned", "", "", "a failed: disk full, b left, c left");
}

BOOST_DATA_TEST_CASE(some_abstained_and_the_rest_left, data::make(policies), policy) {
    fixture s(2);
    s.begin(policy);
    s.accept(0, abstain);
    s.responders[1].close();
    check(s.verdict(), "abandoned", "", "", "b left");
}

BOOST_DATA_TEST_CASE(one_was_fine_and_the_rest_failed, data::make({"veto", "all"}), policy) {
    fixture s(2);
    s.begin(policy);
    s.accept(0, fine);
    s.accept(1, broken);
    check(s.verdict(), "abandoned", "", "a", "b failed: disk full");
}

BOOST_DATA_TEST_CASE(nobody_replied_in_time, data::make(policies), policy) {
    fixture s(3);
    s.begin(policy, R"("timeout_ms":150)");
    const auto start = std::chrono::steady_clock::now();
    s.accept(1, abstain);
    check(s.verdict(), "timeout", "", "", "a timeout, c timeout");
    BOOST_TEST((std::chrono::steady_clock::now() - start < patience / 2));
    BOOST_TEST(text_at(s.say(0, no), "/reason") == "expired");
    BOOST_TEST(text_at(s.say(1, no), "/reason") != "unknown");
}

BOOST_DATA_TEST_CASE(some_replied_in_time, data::make({"veto", "all"}), policy) {
    fixture s(3);
    s.begin(policy, R"("timeout_ms":2000)");
    s.accept(1, fine);
    s.accept(2, broken);
    check(s.verdict(), "timeout", "", "b", "a timeout, c failed: disk full");
}

BOOST_AUTO_TEST_CASE(timeout_does_not_come_early) {
    fixture s(1);
    for (const int span : {1, 10, 100, 400}) {
        const auto start = std::chrono::steady_clock::now();
        s.begin("first", R"("timeout_ms":)" + std::to_string(span));
        check(s.verdict(), "timeout", "", "", "a timeout");
        BOOST_TEST((std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(span)));
    }
}

BOOST_AUTO_TEST_CASE(earlier_veto_stands_when_the_rest_time_out_under_all) {
    fixture s(2);
    s.begin("all", R"("timeout_ms":2000,"failure_policy":"closed")");
    s.accept(0, no);
    check(s.verdict(), "timeout", "no", "a", "b timeout");
}

BOOST_DATA_TEST_CASE(no_responder_matched, data::make(policies), policy) {
    fixture s(0);
    auto other = s.daemon.connect();
    subscribe(other, "something-else");
    auto observer = s.daemon.connect();
    subscribe(observer, "*", R"("responds":false)");
    s.begin(policy);
    check(s.verdict(), "no_subscribers", "", "", "");
    const auto event = observer.next_event();  // observers get it all the same
    BOOST_TEST(event.string("/params/event") == "e");
    BOOST_TEST(text_at(respond(observer, event.string("/params/hook_event_id")), "/reason") == "expired");
}

// --- failure_policy ---

BOOST_DATA_TEST_CASE(closed_turns_a_lack_of_answers_into_a_veto, data::make(policies), policy) {
    fixture s(2);
    s.begin(policy, R"("failure_policy":"closed","timeout_ms":100)");
    auto verdict = s.verdict();
    BOOST_TEST(text_at(verdict, "/outcome") == "timeout");
    auto reason = text_at(verdict, "/abort");
    BOOST_TEST(reason.find("a") != std::string::npos);
    BOOST_TEST(reason.find("b") != std::string::npos);

    s.begin(policy, R"("failure_policy":"closed")");
    s.accept(0, broken);
    s.responders[1].close();
    verdict = s.verdict();
    BOOST_TEST(text_at(verdict, "/outcome") == "abandoned");
    reason = text_at(verdict, "/abort");
    BOOST_TEST(reason.find("a") != std::string::npos);
    BOOST_TEST(reason.find("b") != std::string::npos);

    s.responders[0].result("unsubscribe");
    s.request = send_emit_and_wait(s.emitter, "e", R"("failure_policy":"closed")");
    verdict = s.verdict();
    BOOST_TEST(text_at(verdict, "/outcome") == "no_subscribers");
    BOOST_TEST(!text_at(verdict, "/abort").empty());
}

BOOST_AUTO_TEST_CASE(closed_reason_names_who_is_missing_and_not_who_replied) {
    test_daemon daemon;
    auto fast = daemon.connect();
    subscribe(fast, "*", R"("name":"linter-of-style")");
    auto slow = daemon.connect();
    subscribe(slow, "*", R"("name":"secret-scanner")");
    auto emitter = daemon.connect();
    const auto request =
        send_emit_and_wait(emitter, "e", R"("policy":"all","failure_policy":"closed","timeout_ms":2000)");
    respond(fast, fast.next_event().string("/params/hook_event_id"));
    const auto reason = emitter.response_to(request).string("/result/abort");
    BOOST_TEST(reason.find("secret-scanner") != std::string::npos, reason);
    BOOST_TEST(reason.find("linter-of-style") == std::string::npos, reason);
}

BOOST_DATA_TEST_CASE(closed_changes_nothing_when_hooks_answered, data::make(policies), policy) {
    fixture s(2);
    s.begin(policy, R"("failure_policy":"closed")");
    s.accept(0, fine);
    if (std::string_view{policy} != "first") {
        s.accept(1, abstain);
    }
    check(s.verdict(), "answered", "", "a", "");
}

// --- who counts ---

BOOST_AUTO_TEST_CASE(responder_without_a_name_is_its_pid) {
    test_daemon daemon;
    auto responder = daemon.connect();
    responder.result("subscribe");
    auto emitter = daemon.connect();
    auto request = send_emit_and_wait(emitter, "e");
    respond(responder, responder.next_event().string("/params/hook_event_id"));
    const auto self = "pid " + std::to_string(::getpid());
    check(emitter.response_to(request).at("/result"), "answered", "", self, "");
    request = send_emit_and_wait(emitter, "e", R"("timeout_ms":50)");
    check(emitter.response_to(request).at("/result"), "timeout", "", "", self + " timeout");
}

BOOST_AUTO_TEST_CASE(reply_of_an_outsider_decides_under_first) {
    fixture s(1);
    auto outsider = s.daemon.connect();
    s.begin("first");
    const auto taken = respond(outsider, s.event_id, no);
    BOOST_TEST(members_of(taken) == "accepted reason");
    BOOST_TEST(bool_at(taken, "/accepted"));
    BOOST_TEST(value_at(taken, "/reason").is_null());
    check(s.verdict(), "answered", "no", "pid " + std::to_string(::getpid()), "");
    BOOST_TEST(text_at(s.say(0, fine), "/reason") == "answered");
}

BOOST_AUTO_TEST_CASE(reply_of_an_outsider_is_not_the_responders) {
    fixture s(1);
    auto outsider = s.daemon.connect();
    s.begin("all");
    BOOST_TEST(bool_at(respond(outsider, s.event_id), "/accepted"));
    s.still_waits();
    s.accept(0, no);
    check(s.verdict(), "answered", "no", "apid " + std::to_string(::getpid()), "");
}

BOOST_AUTO_TEST_CASE(veto_of_an_outsider_decides_at_once) {
    fixture s(2);
    auto outsider = s.daemon.connect();
    s.begin("veto");
    BOOST_TEST(bool_at(respond(outsider, s.event_id), "/accepted"));
    s.still_waits();
    auto another = s.daemon.connect();
    BOOST_TEST(bool_at(respond(another, s.event_id, no), "/accepted"));
    const auto pid = "pid " + std::to_string(::getpid());
    check(s.verdict(), "answered", "no", pid + pid, "");
}

BOOST_AUTO_TEST_CASE(reply_of_an_outsider_is_a_reply_though_all_responders_abstain) {
    fixture s(1);
    auto outsider = s.daemon.connect();
    s.begin("all");
    BOOST_TEST(bool_at(respond(outsider, s.event_id, no), "/accepted"));
    s.accept(0, abstain);
    check(s.verdict(), "answered", "no", "pid " + std::to_string(::getpid()), "");
}

BOOST_AUTO_TEST_CASE(responder_that_abstained_or_failed_has_had_its_say) {
    fixture s(3);
    s.begin("all");
    s.accept(0, abstain);
    s.accept(1, broken);
    for (const std::size_t done : {0U, 1U}) {
        const auto again = s.say(done, no);
        BOOST_TEST(!bool_at(again, "/accepted"));
        BOOST_TEST(text_at(again, "/reason") == "answered");
    }
    s.accept(2, fine);
    check(s.verdict(), "abandoned", "", "c", "b failed: disk full");
}

BOOST_DATA_TEST_CASE(abstention_or_failure_of_an_outsider_changes_nothing, data::make(policies), policy) {
    fixture s(1);
    auto outsider = s.daemon.connect();
    s.begin(policy);
    BOOST_TEST(bool_at(respond(outsider, s.event_id, abstain), "/accepted"));
    BOOST_TEST(bool_at(respond(outsider, s.event_id, broken), "/accepted"));
    s.still_waits();
    s.accept(0, fine);
    check(s.verdict(), "answered", "", "a", "");
}

BOOST_AUTO_TEST_CASE(peer_may_emit_and_respond_over_one_connection) {
    test_daemon daemon;
    auto peer = daemon.connect();
    subscribe(peer, "*", R"("name":"self")");
    const auto request = send_emit_and_wait(peer, "e");
    BOOST_TEST(bool_at(respond(peer, peer.next_event().string("/params/hook_event_id"), no), "/accepted"));
    check(peer.response_to(request).at("/result"), "answered", "no", "self", "");
}

BOOST_DATA_TEST_CASE(responder_that_comes_during_a_wait_is_not_waited_for, data::make(policies), policy) {
    fixture s(1);
    s.begin(policy);
    auto newcomer = s.daemon.connect();
    subscribe(newcomer, "*", R"("name":"new")");
    s.accept(0, abstain);
    check(s.verdict(), "abstained", "", "", "");
}

// --- the emitter goes away ---

BOOST_AUTO_TEST_CASE(emitter_that_goes_away_takes_its_slot_along) {
    fixture s(1);
    s.begin("first");
    s.emitter.close();
    s.daemon.wait_for_stat("/waiting", 0);
    const auto late = s.say(0, no);
    BOOST_TEST(!bool_at(late, "/accepted"));
    BOOST_TEST(text_at(late, "/reason") == "cancelled");
}

BOOST_AUTO_TEST_CASE(default_timeout_is_30_seconds_and_configurable) {
    fixture usual(1);
    send_emit_and_wait(usual.emitter, "e");
    BOOST_TEST(usual.responders[0].next_event().integer("/params/timeout_ms") == 30000);
    fixture brief(1, {"--default-timeout", "250ms"});
    const auto request = send_emit_and_wait(brief.emitter, "e");
    BOOST_TEST(brief.responders[0].next_event().integer("/params/timeout_ms") == 250);
    check(brief.emitter.response_to(request).at("/result"), "timeout", "", "", "a timeout");
}

BOOST_AUTO_TEST_SUITE_END()
