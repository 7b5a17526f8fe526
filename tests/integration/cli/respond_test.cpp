// SPDX-License-Identifier: BSL-1.0
// CLI.md, `respond`.
#include "hookctl_program.hpp"

#include "support/json_access.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace hookd::test;

namespace {

/// An emitter that waits, a responder that has the event and says nothing.
struct fixture {
    explicit fixture(const std::string& more = "") {
        subscribe(silent, "*", R"("name":"silent")");
        request = send_emit_and_wait(emitter, "e", more);
        id = silent.next_event().string("/params/hook_event_id");
    }

    finished_process respond(std::vector<std::string> arguments, const std::string& input = {}) {
        arguments.insert(arguments.begin(), {"respond", id});
        return hookctl(daemon.socket_path(), arguments, input);
    }
    boost::json::value verdict() { return emitter.response_to(request).at("/result"); }
    std::string raw_response() { return emitter.response_to(request).text; }

    test_daemon daemon{};
    wire_client silent = daemon.connect();
    wire_client emitter = daemon.connect();
    std::string request{};
    std::string id{};
};

void check_accepted(const finished_process& done) {
    BOOST_TEST(done.exit_status == 0);
    BOOST_TEST(done.err.empty());
    BOOST_TEST(done.out == "{\"accepted\":true,\"reason\":null}\n");
}

void check_not_accepted(const finished_process& done, const std::string& reason, const std::string& words) {
    BOOST_TEST(done.exit_status == 1);
    BOOST_TEST(done.out == "{\"accepted\":false,\"reason\":\"" + reason + "\"}\n");
    check_one_error(done, {"not accepted", reason, words});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_respond)

BOOST_AUTO_TEST_CASE(without_a_response_it_is_no_objection) {
    fixture setup;
    check_accepted(setup.respond({}));
    const auto verdict = setup.verdict();
    BOOST_TEST(text_at(verdict, "/outcome") == "answered");
    BOOST_TEST(text_at(verdict, "/abort") == "");
    BOOST_TEST(size_at(verdict, "/responses/0/response") == 0U);
}

BOOST_AUTO_TEST_CASE(a_response_arrives_byte_for_byte) {
    const std::string response = R"({ "n":1e999,"n" : [ ] })";
    for (const auto& [argument, input] :
        std::vector<std::pair<std::string, std::string>>{{response, ""}, {"-", response}}) {
        fixture setup;
        check_accepted(setup.respond({argument}, input));
        BOOST_TEST(setup.raw_response().find(response) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(abort_vetoes_with_any_text_as_the_reason) {
    fixture setup;
    const std::string reason = "--\"no\"\n\xc3\xa4 \\u0000";
    check_accepted(setup.respond({"--abort", reason}));
    BOOST_TEST(text_at(setup.verdict(), "/abort") == reason);
}

BOOST_AUTO_TEST_CASE(abort_goes_with_further_members_of_a_response) {
    fixture setup;
    check_accepted(setup.respond({"--abort", "no", R"( {"hint":1} )"}));
    const auto verdict = setup.verdict();
    BOOST_TEST(text_at(verdict, "/abort") == "no");
    BOOST_TEST(int_at(verdict, "/responses/0/response/hint") == 1);
}

BOOST_AUTO_TEST_CASE(abstain_and_failed_of_an_outsider_are_accepted_and_change_nothing) {
    fixture setup(R"("timeout_ms":86400000)");
    check_accepted(setup.respond({"--abstain"}));
    check_accepted(setup.respond({"--failed", "disk full"}));
    setup.daemon.wait_for_stat("/waiting", 1);
}

BOOST_AUTO_TEST_CASE(a_reply_after_the_decision_is_exit_status_1_with_the_reason_in_words) {
    fixture setup;
    check_accepted(setup.respond({}));
    check_not_accepted(setup.respond({"--abort", "too late"}), "answered", "another reply");
    BOOST_TEST(text_at(setup.verdict(), "/abort") == "");
}

BOOST_AUTO_TEST_CASE(a_reply_after_the_time_out_has_expired) {
    fixture setup(R"("timeout_ms":50)");
    BOOST_TEST(text_at(setup.verdict(), "/outcome") == "timeout");
    check_not_accepted(setup.respond({}), "expired", "ended");
}

BOOST_AUTO_TEST_CASE(a_reply_to_an_emitter_that_went_away_is_cancelled) {
    fixture setup;
    setup.emitter.close();
    setup.daemon.wait_for_stat("/waiting", 0);
    check_not_accepted(setup.respond({}), "cancelled", "disconnected");
}

BOOST_AUTO_TEST_CASE(an_id_that_never_was_is_unknown) {
    test_daemon daemon;
    check_not_accepted(hookctl(daemon.socket_path(), {"respond", "00000000-0000-4000-8000-000000000000"}), "unknown",
        "no emitter waits");
}

BOOST_AUTO_TEST_CASE(a_response_that_cannot_be_one_is_wrong_usage_and_nothing_is_sent) {
    fixture setup;
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"no json"}, {"[]"}, {"null"},
             {R"({"abort":1})"}, {R"({"abort":"a","abort":"b"})"}, {"--abort", "x", R"({"abort":"y"})"}}) {
        const auto done = setup.respond(arguments);
        BOOST_TEST(done.exit_status == 2);
        BOOST_TEST(done.out.empty());
        check_one_error(done, {"nothing was sent"});
    }
    check_accepted(setup.respond({}));  // the slot is still open
}

BOOST_AUTO_TEST_CASE(an_empty_id_is_the_daemons_error) {
    test_daemon daemon;
    const auto done = hookctl(daemon.socket_path(), {"respond", ""});
    BOOST_TEST(done.exit_status == 4);
    check_one_error(done, {"hook_event_id", "-32602"});
}

BOOST_AUTO_TEST_SUITE_END()
