// SPDX-License-Identifier: BSL-1.0
#include <hookctl/journal/trace_text.hpp>
#include <hookctl/journal/verdict_line.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>

using namespace hookd::hookctl;

namespace {

/// `members` come after those that any verdict has, and count in their place.
std::string entry_of(const std::string& members) {
    return R"({"emitted_at":"2026-11-23T12:58:36Z","event":"pre_push","outcome":"answered","abort":"","responses":[],"missing":[],"elapsed_ms":1.25,)" +
           members + "}";
}

/// The line on a screen of 128 columns, without time and event.
std::string line_of(const std::string& members) {
    const auto line = verdict_text(entry_of(members), 128, palette(false));
    return line.substr(line.find("pre_push") + 30);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(verdict_lines)

BOOST_AUTO_TEST_CASE(who_said_what_is_on_the_line) {
    BOOST_TEST(
        line_of(
            R"("responses":[{"responder":"lint","response":{}},{"responder":"size","response":{"note":"a\nb"}}])") ==
        "✓  lint, size                 1.2 ms  a …");
    BOOST_TEST(
        line_of(
            R"("abort":"no","responses":[{"responder":"lint","response":{}},{"responder":"size","response":{"abort":"no"}}])") ==
        "✗  size                       1.2 ms  no");
    BOOST_TEST(
        line_of(
            R"("abort":"closed","outcome":"timeout","missing":[{"responder":"slow","why":"timeout"}],"elapsed_ms":2500)") ==
        "✗  slow missing                2.5 s  closed");
    BOOST_TEST(line_of(R"("outcome":"no_subscribers")") == "✓                             1.2 ms  no hook was asked");
    BOOST_TEST(line_of(R"("outcome":"abandoned")") == "✓                             1.2 ms  a hook failed or left");
    BOOST_TEST(line_of(R"("bypassed":"the build host is down")") ==
               "✓                             1.2 ms  bypassed: the build host is down");
    BOOST_TEST(
        line_of(
            R"("responses":[{"responder":"a","response":{}},{"responder":"b","response":{}},{"responder":"c","response":{}},{"responder":"d","response":{}}])") ==
        "✓  a, b, c +1                 1.2 ms");
}

BOOST_AUTO_TEST_CASE(first_digits_of_the_id_are_after_the_time) {
    const auto line = verdict_text(
        entry_of(R"("hook_event_id":"5a0d1f7e-2d86-4b9e-a1bb-64f24ec0c0c3","abort":"no")"), 80, palette(false));
    BOOST_TEST(line.find("  5a0d1f7e  pre_push ") == 14U, line);
    BOOST_TEST(line.ends_with("no"), line);
}

BOOST_AUTO_TEST_CASE(a_note_stands_beside_the_reason) {
    const std::string responses =
        R"("responses":[{"responder":"a","response":{"note":"fine"}},{"responder":"b","response":{"abort":"bad","note":"run make fmt"}}])";
    BOOST_TEST(
        line_of(R"("abort":"bad",)" + responses) == "✗  b                          1.2 ms  bad; note: run make fmt");
    BOOST_TEST(line_of(R"("bypassed":"fire",)" + responses) ==
               "✓  b                          1.2 ms  bypassed: fire; note: run make fmt");
}

BOOST_AUTO_TEST_CASE(a_hook_that_was_not_asked_is_named_where_that_may_be_why_nothing_was_stopped) {
    const auto passed = [](const std::string& hooks) { return R"("passed_over":[)" + hooks + "]"; };
    const auto hook = [](const std::string& name, const std::string& why) {
        return R"({"responder":")" + name + R"(","why":")" + why + "\"}";
    };
    BOOST_TEST(line_of(R"("outcome":"no_subscribers",)" + passed(hook("a", "disabled") + "," + hook("b", "shadow"))) ==
               "✓                             1.2 ms\n    no hook was asked; a is disabled, b is a shadow");
    BOOST_TEST(line_of(R"("outcome":"no_subscribers",)" + passed(hook("a", "where"))) ==
               "✓                             1.2 ms\n    no hook was asked; the conditions of a do not match");
    const auto all = passed(hook("lint", "disabled") + "," + hook("b", "shadow") + "," + hook("c", "where"));
    BOOST_TEST(line_of(R"("responses":[{"responder":"a","response":{}}],)" + all) ==
               "✓  a                          1.2 ms  lint is disabled");
    BOOST_TEST(line_of(R"("responses":[{"responder":"a","response":{"note":"ok"}}],)" + all) ==
               "✓  a                          1.2 ms  ok; lint is disabled");
    BOOST_TEST(line_of(R"("abort":"no","responses":[{"responder":"a","response":{"abort":"no"}}],)" + all) ==
               "✗  a                          1.2 ms  no");
}

BOOST_AUTO_TEST_CASE(columns_are_aligned_and_no_line_is_wider_than_the_screen) {
    const auto long_one = entry_of(
        R"("event":"agent.permission_request.of.a.long.name","abort":"a reason that has more words than there is room for on most screens, and then some more of them until none is wide enough","responses":[{"responder":"fine1","response":{}}],"missing":[{"responder":"die1","why":"left"}])");
    const auto short_one = entry_of(R"("responses":[{"responder":"a","response":{"note":"ok"}}])");
    const auto column_of = [](const std::string& line, std::string_view text) {
        return columns_of(std::string_view(line).substr(0, line.find(text)));
    };
    for (const std::size_t columns : {80U, 100U, 200U}) {
        const auto longer = verdict_text(long_one, columns, palette(false));
        const auto shorter = verdict_text(short_one, columns, palette(false));
        BOOST_TEST(columns_of(shorter) <= columns);
        BOOST_TEST(column_of(longer, "1.2 ms") == column_of(shorter, "1.2 ms"));
        BOOST_TEST(longer.find("\n    a reason that has more words") != std::string::npos, longer);
        BOOST_TEST(longer.ends_with("enough"), longer);
        for (std::string_view rest = longer; !rest.empty();) {
            const auto line = rest.substr(0, rest.find('\n'));
            BOOST_TEST(columns_of(line) <= columns, longer);
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        }
    }
    BOOST_TEST(verdict_text(long_one, 80, palette(false)).find("  agent.permissi…  ✗  fine1, die…") == 14U);
    for (std::size_t columns = 0; columns < 80; ++columns) {
        const auto text = verdict_text(long_one, columns, palette(false));
        BOOST_TEST(columns_of(text.substr(0, text.find('\n'))) <= columns);
    }
}

BOOST_AUTO_TEST_CASE(a_trace_has_a_bar_from_the_hand_out_to_the_reply) {
    const auto text = trace_text(
        R"({"event":"e","seq":7,"emitted_at":"?","emitter":{"pid":5,"uid":6,"program":"git"},"expects_response":true,"payload":[1],
        "handed":[{"to":"guard","asked":true,"after_ms":50},{"to":"slow","asked":true,"after_ms":2},{"to":"watcher","asked":false,"after_ms":1}],"responses":[{"responder":"guard","elapsed_ms":100,"response":{"abort":"no"}}],
        "missing":[],"verdict":{"outcome":"answered","abort":"no","elapsed_ms":100}})",
        100, palette(false));
    BOOST_TEST(text.starts_with("e #7, ?, by git (pid 5, user 6)\n"), text);
    BOOST_TEST(
        text.find("  guard                   ███████████████  100.0 ms  vetoes: no\n") != std::string::npos, text);
    BOOST_TEST(trace_text(R"({"handed":[],"responses":[{"responder":"a","elapsed_ms":1}]})", 80, palette(false))
                   .find("  a  ████████████████  1.0 ms") != std::string::npos);
    BOOST_TEST(text.find("  watcher  ·") != std::string::npos, text);
    BOOST_TEST(text.find("  2.0 ms  asked, and had not replied\n") != std::string::npos, text);
    BOOST_TEST(text.find("  1.0 ms  only listens\n") != std::string::npos, text);
    BOOST_TEST(text.find("✗ stopped after 100.0 ms: guard vetoed\n  no\n") != std::string::npos, text);
    BOOST_TEST(text.ends_with("payload [1]\n"), text);
}

BOOST_AUTO_TEST_CASE(a_trace_says_told_only_of_what_nobody_waited_for) {
    const std::string trace =
        R"({"event":"e","seq":7,"emitted_at":"?","emitter":{"pid":5,"uid":6,"program":""},"payload":1,"handed":[{"to":"a","after_ms":1}],"missing":[],)";
    const auto shown = [&trace](const std::string& members) {
        return trace_text(trace + members + "}", 100, palette(false));
    };
    const auto has = [](const std::string& text, std::string_view part) {
        return text.find(part) != std::string::npos;
    };
    BOOST_TEST(has(shown(R"("expects_response":false,"responses":[],"verdict":null)"), "  told\n"));
    BOOST_TEST(has(shown(R"("expects_response":true,"responses":[],"verdict":null)"), "  asked\n"));
    BOOST_TEST(has(
        shown(
            R"("expects_response":true,"responses":[{"responder":"a","elapsed_ms":2,"response":{"abort":"bad","note":"run make fmt"}}],"verdict":{"outcome":"answered","abort":"bad","elapsed_ms":2})"),
        "  vetoes: bad; note: run make fmt\n"));
    const auto shadowed = shown(
        R"("expects_response":true,"responses":[],"shadows":[{"responder":"a","elapsed_ms":2,"response":{"abort":"bad"}},{"responder":"b","elapsed_ms":2,"failed":"exit status 126"}],"verdict":null)");
    BOOST_TEST(has(shadowed, "  shadow, decides nothing: vetoes: bad\n"), shadowed);
    BOOST_TEST(has(shadowed, "  shadow, decides nothing: failed: exit status 126\n"), shadowed);
}

BOOST_AUTO_TEST_CASE(a_trace_says_in_a_sentence_why_it_was_stopped_or_not) {
    const auto sentence_of = [](const std::string& verdict, const std::string& members = "") {
        const auto text = trace_text(
            R"({"expects_response":true,"payload":1,)" + members + R"("verdict":{"elapsed_ms":5,)" + verdict + "}}",
            100, palette(false));
        const auto begin = text.find("after 5.0 ms: ");
        BOOST_REQUIRE_MESSAGE(begin != std::string::npos, text);
        return text.substr(begin + 14, text.find('\n', begin) - begin - 14);
    };
    const std::string veto = R"("responses":[{"responder":"guard","elapsed_ms":1,"response":{"abort":"no"}}],)";
    BOOST_TEST(sentence_of(R"("outcome":"answered","abort":"")") == "no hook objected");
    BOOST_TEST(sentence_of(R"("outcome":"answered","abort":"no")", veto) == "guard vetoed");
    BOOST_TEST(sentence_of(R"("outcome":"answered","abort":"guard is missing")") == "a hook was missing");
    BOOST_TEST(sentence_of(R"("outcome":"abandoned","abort":"no hook decided")") == "a hook failed or left");
    BOOST_TEST(sentence_of(R"("outcome":"no_subscribers","abort":"")") == "no hook was asked");
    BOOST_TEST(sentence_of(R"("outcome":"timeout","abort":"")") == "the time limit passed");
    BOOST_TEST(sentence_of(R"("outcome":"abstained","abort":"")") == "every hook abstained");
    BOOST_TEST(sentence_of(R"("outcome":"answered","abort":"","bypassed":"deploying")", veto) ==
               "guard vetoed, but a bypass was in force: deploying");
    BOOST_TEST(sentence_of(R"("outcome":"abandoned","abort":"","bypassed":"deploying")") ==
               "it would have been stopped, but a bypass was in force: deploying");
}

BOOST_AUTO_TEST_CASE(a_trace_names_the_hooks_that_were_not_asked_and_what_to_type) {
    const std::string head =
        R"({"event":"e","expects_response":true,"payload":1,"verdict":{"outcome":"no_subscribers","abort":"","elapsed_ms":0},)";
    const auto text = trace_text(
        head +
            R"("handed":[{"to":"trial","asked":false,"after_ms":1}],"passed_over":[{"responder":"my lint","why":"disabled"},{"responder":"trial","why":"shadow"},{"responder":"there","why":"where"}],"passed_over_total":5})",
        80, palette(false));
    BOOST_TEST(
        text.find("  my lint  not asked: it is disabled: hookctl enable 'my lint'\n") != std::string::npos, text);
    BOOST_TEST(text.find("  shadow, decides nothing: had not replied\n") != std::string::npos, text);
    BOOST_TEST(text.find("  there  not asked: the payload does not match its conditions: hookctl hooks\n"
                         "         shows those of registered hooks\n") != std::string::npos,
        text);
    BOOST_TEST(text.find("  and 2 more hooks\n✓ proceeded") != std::string::npos, text);
    BOOST_TEST(
        trace_text(head + R"("handed":[]})", 80, palette(false))
            .find("  no hook subscribes to it: hookctl hooks lists the hooks and their events\n") != std::string::npos);
    const auto told = trace_text(
        R"({"event":"e","expects_response":false,"verdict":null,"passed_over":[{"responder":"a","why":"asked_only"}]})",
        80, palette(false));
    BOOST_TEST(told.find("  a  not notified: it takes only events that an emitter waits for (--asked-only)\n") !=
                   std::string::npos,
        told);
}

BOOST_AUTO_TEST_CASE(what_has_no_verdict_says_why) {
    const std::string head =
        R"({"event":"e","seq":7,"emitted_at":"?","emitter":{"pid":5,"uid":6,"program":""},"payload_bytes":99,"handed":[],"responses":[],"missing":[],"verdict":null)";
    BOOST_TEST(trace_text(head + R"(,"expects_response":true})", 100, palette(false)).find("no verdict yet") !=
               std::string::npos);
    BOOST_TEST(trace_text(head + R"(,"expects_response":true,"ended":"cancelled"})", 100, palette(false))
                   .find("no verdict: the emitter left or cancelled before there was one\n") != std::string::npos);
    const auto told = trace_text(head + R"(,"expects_response":false})", 100, palette(false));
    BOOST_TEST(told.find("verdict") == std::string::npos);
    BOOST_TEST(told.find("the emitter did not wait for an answer, so no hook could stop it\n") != std::string::npos);
    BOOST_TEST(told.ends_with("payload of 99 bytes, which the journal has not kept\n"), told);
}

BOOST_AUTO_TEST_SUITE_END()
