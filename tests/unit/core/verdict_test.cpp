// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

// Policies, outcomes and failure policies: who decides, when, and what the verdict is.
namespace hookd::core::test {
namespace {

/// Hooks that are named a, b, c, … and one emitter that waits for them.
struct hooks_fixture : broker_fixture {
    std::vector<client*> hooks{};
    std::string id{};

    wait& ask(std::size_t count, const wait_options& how = {}) {
        for (std::size_t i = 0; i < count; ++i) {
            hooks.push_back(&subscriber({"push"}, {.name = std::string(1, static_cast<char>('a' + i))}));
        }
        wait& asked = emit_and_wait(join(), "push", how);
        BOOST_REQUIRE(!asked.over());
        for (client* const each : hooks) {
            id = receive_one(*each).id;
        }
        return asked;
    }
    void says(std::size_t hook, std::string_view response = "{}") {
        BOOST_CHECK_EQUAL(reply(*hooks[hook], id, response), refusal::none);
    }
    void vetoes(std::size_t hook) {
        says(hook, R"({"abort":"no, says )" + std::string(1, static_cast<char>('a' + hook)) + "\"}");
    }
    void abstains(std::size_t hook) { BOOST_CHECK_EQUAL(abstain(*hooks[hook], id), refusal::none); }
    void fails(std::size_t hook) { BOOST_CHECK_EQUAL(fail(*hooks[hook], id, "it broke"), refusal::none); }
    void leaves(std::size_t hook) { leave(*hooks[hook]); }
};

// What each of two hooks does, in order: r(eplies), v(etoes), s(tays away: abstains), f(ails), l(eaves), '.' nothing,
// then the time-out.
struct scenario {
    wait_policy policy;
    std::string_view what;
    outcome how;
    std::string_view responses;
    std::string_view missing;
    std::string_view abort = "";         // with an open failure policy
    bool closed_gives_a_reason = false;  // with a closed one
};

std::ostream& operator<<(std::ostream& out, const scenario& value) {
    return out << to_string(value.policy) << ' ' << value.what;
}

constexpr auto first = wait_policy::first;
constexpr auto veto = wait_policy::veto;
constexpr auto all = wait_policy::all;
constexpr std::string_view a_says = "{} by a";
constexpr std::string_view both_say = "{} by a; {} by b";
constexpr std::string_view a_vetoes = R"({"abort":"no, says a"} by a)";

constexpr scenario scenarios[] = {
    {first, "r", outcome::answered, a_says, ""},
    {first, "v", outcome::answered, a_vetoes, "", "no, says a"},
    {first, "s.", outcome::timeout, "", "b: timeout", "", true},
    {first, "sr", outcome::answered, "{} by b", ""},
    {first, "ss", outcome::abstained, "", ""},
    {first, "f.", outcome::timeout, "", "a: failed: it broke; b: timeout", "", true},
    {first, "fr", outcome::answered, "{} by b", "a: failed: it broke"},
    {first, "ff", outcome::abandoned, "", "a: failed: it broke; b: failed: it broke", "", true},
    {first, "fs", outcome::abandoned, "", "a: failed: it broke", "", true},
    {first, "sf", outcome::abandoned, "", "b: failed: it broke", "", true},
    {first, "ll", outcome::abandoned, "", "a: left; b: left", "", true},
    {first, "ls", outcome::abandoned, "", "a: left", "", true},
    {first, "lf", outcome::abandoned, "", "a: left; b: failed: it broke", "", true},
    {first, "lr", outcome::answered, "{} by b", "a: left"},
    {first, "..", outcome::timeout, "", "a: timeout; b: timeout", "", true},

    {veto, "v", outcome::answered, a_vetoes, "", "no, says a"},
    {veto, "rr", outcome::answered, both_say, ""},
    {veto, "rv", outcome::answered, R"({} by a; {"abort":"no, says b"} by b)", "", "no, says b"},
    {veto, "rs", outcome::answered, a_says, ""},
    {veto, "sr", outcome::answered, "{} by b", ""},
    {veto, "ss", outcome::abstained, "", ""},
    {veto, "rf", outcome::abandoned, a_says, "b: failed: it broke", "", true},
    {veto, "rl", outcome::abandoned, a_says, "b: left", "", true},
    {veto, "fv", outcome::answered, R"({"abort":"no, says b"} by b)", "a: failed: it broke", "no, says b"},
    {veto, "r.", outcome::timeout, a_says, "b: timeout", "", true},
    {veto, "f.", outcome::timeout, "", "a: failed: it broke; b: timeout", "", true},
    {veto, "fs", outcome::abandoned, "", "a: failed: it broke", "", true},
    {veto, "..", outcome::timeout, "", "a: timeout; b: timeout", "", true},

    {all, "rr", outcome::answered, both_say, ""},
    {all, "vr", outcome::answered, R"({"abort":"no, says a"} by a; {} by b)", "", "no, says a"},
    {all, "rv", outcome::answered, R"({} by a; {"abort":"no, says b"} by b)", "", "no, says b"},
    {all, "vv", outcome::answered, R"({"abort":"no, says a"} by a; {"abort":"no, says b"} by b)", "", "no, says a"},
    {all, "vs", outcome::answered, a_vetoes, "", "no, says a"},
    {all, "ss", outcome::abstained, "", ""},
    {all, "v.", outcome::timeout, a_vetoes, "b: timeout", "no, says a"},
    {all, "vl", outcome::abandoned, a_vetoes, "b: left", "no, says a"},
    {all, "rl", outcome::abandoned, a_says, "b: left", "", true},
    {all, "rf", outcome::abandoned, a_says, "b: failed: it broke", "", true},
    {all, "r.", outcome::timeout, a_says, "b: timeout", "", true},
    {all, "s.", outcome::timeout, "", "b: timeout", "", true},
    {all, "ll", outcome::abandoned, "", "a: left; b: left", "", true},
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(verdicts, hooks_fixture)

BOOST_DATA_TEST_CASE(two_hooks_decide,
    boost::unit_test::data::make(scenarios) *
        boost::unit_test::data::make({failure_policy::open, failure_policy::closed}),
    row, on_failure) {
    wait& asked = ask(2, {.policy = row.policy, .on_failure = on_failure});
    for (std::size_t hook = 0; hook < row.what.size(); ++hook) {
        BOOST_CHECK(!asked.over());  // not before the last of them has done what it does
        switch (row.what[hook]) {
            case 'r':
                says(hook);
                break;
            case 'v':
                vetoes(hook);
                break;
            case 's':
                abstains(hook);
                break;
            case 'f':
                fails(hook);
                break;
            case 'l':
                leaves(hook);
                break;
            default:
                break;
        }
    }
    if (row.how == outcome::timeout) {
        pass(30s - 1ns);
        BOOST_CHECK(!asked.over());
        pass(1ns);
    }
    BOOST_CHECK_EQUAL(asked.how(), row.how);
    BOOST_CHECK_EQUAL(asked.responses(), row.responses);
    BOOST_CHECK_EQUAL(asked.missing(), row.missing);
    BOOST_CHECK_EQUAL(asked.verdict().hook_event_id, id);
    BOOST_CHECK_EQUAL(asked.verdict().seq.value(), 1U);
    if (on_failure == failure_policy::closed && row.closed_gives_a_reason) {
        // It names what happened, and who is missing.
        BOOST_CHECK(asked.verdict().abort.find(to_string(row.how)) != std::string::npos);
        for (const auto& each : asked.verdict().missing) {
            BOOST_CHECK(asked.verdict().abort.find(each.responder + " ") != std::string::npos);
        }
    } else {
        BOOST_CHECK_EQUAL(asked.verdict().abort, row.abort);
    }
    BOOST_CHECK_EQUAL(outcomes(row.how), 1U);
    check_nobody_waits();
    BOOST_CHECK_EQUAL(broker.held().memory_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(reply_says_how_long_it_took) {
    wait& asked = ask(1);
    advance(1'234'567ns);
    says(0);
    BOOST_CHECK(asked.verdict().responses.at(0).elapsed == 1'234'567ns);
}

BOOST_AUTO_TEST_CASE(replies_stand_in_the_order_of_their_responders_then_by_name) {
    std::vector<client*> asked_ones;
    const std::pair<const char*, std::int64_t> wanted[] = {{"z", -1}, {"b", 0}, {"a", 0}, {"last", 7}};
    for (const auto& [name, order] : wanted) {
        asked_ones.push_back(&subscriber({"push"}, {.name = name, .order = order}));
    }
    wait& asked = emit_and_wait(join(), "push", {.policy = all});
    for (const std::size_t i : {3U, 1U, 2U, 0U}) {
        reply(*asked_ones[i], receive_one(*asked_ones[i]).id);
    }
    BOOST_CHECK_EQUAL(asked.responses(), "{} by z; {} by a; {} by b; {} by last");
}

BOOST_AUTO_TEST_CASE(reply_says_whose_process_it_came_from) {
    wait& asked = ask(1);
    says(0);
    BOOST_CHECK_EQUAL(asked.verdict().responses.at(0).uid, 1000U);
}

BOOST_AUTO_TEST_CASE(reply_is_kept_byte_for_byte) {
    wait& asked = ask(1);
    constexpr auto odd = R"({ "n":1.00000000000000000001, "n" : -0, "s":"é😀", "abort" : "" })"sv;
    says(0, odd);
    BOOST_CHECK_EQUAL(asked.verdict().responses.at(0).response, odd);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "");
}

BOOST_AUTO_TEST_CASE(reason_keeps_its_escapes) {
    wait& asked = ask(1);
    says(0, R"({"abort":"a \"quoted\" ☃\n"})");
    BOOST_CHECK_EQUAL(asked.verdict().abort, R"(a \"quoted\" ☃\n)");
}

BOOST_AUTO_TEST_CASE(empty_reason_does_not_veto) {
    wait& asked = ask(2, {.policy = veto});
    says(0, R"({"abort":""})");
    BOOST_CHECK(!asked.over());
    vetoes(1);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no, says b");
}

BOOST_AUTO_TEST_CASE(fast_approval_does_not_overtake_a_slow_veto) {
    wait& asked = ask(3, {.policy = veto});
    says(2);
    says(0);
    pass(29s);
    BOOST_CHECK(!asked.over());
    vetoes(1);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no, says b");
    BOOST_CHECK_EQUAL(asked.missing(), "");
}

BOOST_AUTO_TEST_CASE(those_who_had_not_replied_when_one_decided_are_not_missing) {
    wait& asked = ask(3);
    fails(1);
    vetoes(2);
    BOOST_CHECK_EQUAL(asked.missing(), "b: failed: it broke");
}

BOOST_AUTO_TEST_CASE(observers_are_not_waited_for) {
    client& observer = subscriber({}, {.name = "observer", .responds = false});
    wait& asked = ask(1, {.policy = all});
    says(0);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK(receive_one(observer).expects_response);
}

BOOST_AUTO_TEST_CASE(without_a_responder_it_ends_at_once) {
    client& observer = subscriber({}, {.responds = false});
    (void)subscriber({"pull"});
    wait& asked = emit_and_wait(join(), "push", {.timeout = 24h});
    BOOST_CHECK_EQUAL(asked.how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(asked.verdict().abort, "");
    BOOST_CHECK_EQUAL(asked.verdict().seq.value(), 1U);
    BOOST_CHECK_EQUAL(asked.verdict().hook_event_id.size(), 36U);
    BOOST_CHECK_EQUAL(receive_names(observer), "1:push");  // it is an event all the same
    BOOST_CHECK_EQUAL(outcomes(outcome::no_subscribers), 1U);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(without_a_responder_a_closed_failure_policy_says_no) {
    wait& asked = emit_and_wait(join(), "push", {.on_failure = failure_policy::closed});
    BOOST_CHECK_EQUAL(asked.how(), outcome::no_subscribers);
    BOOST_CHECK(asked.verdict().abort.find("no_subscribers") != std::string::npos);
}

// `abort` is the inside of a JSON string, whatever a failed hook said.
BOOST_AUTO_TEST_CASE(reason_of_a_closed_failure_policy_is_escaped) {
    wait& asked = ask(1, {.on_failure = failure_policy::closed});
    BOOST_CHECK_EQUAL(fail(*hooks[0], id, "\"quoted\"\n\x01"), refusal::none);
    const std::string& abort = asked.verdict().abort;
    BOOST_CHECK(abort.find(R"(\"quoted\"\n\u0001)") != std::string::npos);
    BOOST_CHECK_EQUAL(asked.missing(), "a: failed: \"quoted\"\n\x01");
}

BOOST_AUTO_TEST_CASE(reason_of_a_closed_failure_policy_stays_short) {
    for (int i = 0; i < 40; ++i) {
        (void)subscriber({}, {.name = "hook" + std::to_string(i)});
    }
    wait& asked = emit_and_wait(join(), "push", {.on_failure = failure_policy::closed});
    pass(30s);
    BOOST_CHECK_EQUAL(asked.verdict().missing.size(), 40U);
    BOOST_CHECK(asked.verdict().abort.find("hook15 did not reply in time and 24 more") != std::string::npos);
    BOOST_CHECK(asked.verdict().abort.find("hook16") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(responder_that_unsubscribes_has_left) {
    wait& asked = ask(2);
    unsubscribe(*hooks[0]);
    BOOST_CHECK(!asked.over());
    unsubscribe(*hooks[1]);
    BOOST_CHECK_EQUAL(asked.how(), outcome::abandoned);
    BOOST_CHECK_EQUAL(asked.missing(), "a: left; b: left");
}

BOOST_AUTO_TEST_CASE(those_who_subscribe_later_are_not_waited_for) {
    wait& asked = ask(1, {.policy = all});
    client& late = subscriber({"push"});
    says(0);
    BOOST_CHECK_EQUAL(asked.how(), outcome::answered);
    BOOST_CHECK_EQUAL(receive_names(late), "");
}

BOOST_AUTO_TEST_CASE(waits_for_the_same_hooks_do_not_mix) {
    client& hook = subscriber({}, {.name = "a"});
    std::vector<wait*> asked;
    for (int i = 0; i < 5; ++i) {
        asked.push_back(&emit_and_wait(join(), "push"));
    }
    const auto got = receive(hook);
    for (const std::size_t i : {3U, 0U, 4U, 2U, 1U}) {
        BOOST_CHECK_EQUAL(reply(hook, got[i].id, R"({"n":)" + std::to_string(i) + "}"), refusal::none);
        BOOST_CHECK_EQUAL(asked[i]->responses(), R"({"n":)" + std::to_string(i) + "} by a");
    }
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(emitter_may_wait_for_itself) {
    client& both = subscriber({}, {.name = "both"});
    wait& asked = emit_and_wait(both, "push");
    reply(both, receive_one(both).id);
    BOOST_CHECK_EQUAL(asked.responses(), "{} by both");
}

BOOST_AUTO_TEST_CASE(emitter_that_leaves_while_it_waits_for_itself_leaves_nothing) {
    client& both = subscriber();
    wait& asked = emit_and_wait(both, "push");
    leave(both);
    BOOST_CHECK(asked.over());
    check_nobody_waits();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
