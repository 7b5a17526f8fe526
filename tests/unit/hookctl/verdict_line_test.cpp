// SPDX-License-Identifier: BSL-1.0
#include <hookctl/journal/trace_text.hpp>
#include <hookctl/journal/verdict_line.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace hookd::hookctl;

namespace {

/// `members` come after those that any verdict has, and count in their place.
std::string entry_of(const std::string& members) {
    return R"({"emitted_at":"2026-11-23T12:58:36Z","event":"pre_push","outcome":"answered","abort":"","responses":[],"missing":[],"elapsed_ms":1.25,)" +
           members + "}";
}

/// The line on a screen of 128 columns, without time and event.
std::string line_of(const std::string& members) {
    const auto line = verdict_line(entry_of(members), 128, palette(false));
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
    BOOST_TEST(line_of(R"("outcome":"no_subscribers")") == "✓                             1.2 ms  no hook asked");
    BOOST_TEST(line_of(R"("bypassed":"the build host is down")") ==
               "✓                             1.2 ms  bypassed: the build host is down");
    BOOST_TEST(
        line_of(
            R"("responses":[{"responder":"a","response":{}},{"responder":"b","response":{}},{"responder":"c","response":{}},{"responder":"d","response":{}}])") ==
        "✓  a, b, c +1                 1.2 ms");
}

BOOST_AUTO_TEST_CASE(first_digits_of_the_id_are_after_the_time) {
    const auto line = verdict_line(
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

BOOST_AUTO_TEST_CASE(columns_are_aligned_and_no_line_is_wider_than_the_screen) {
    const auto long_one = entry_of(
        R"("event":"agent.permission_request.of.a.long.name","abort":"a reason that has more words than there is room for on most screens, and then some more of them until none is wide enough","responses":[{"responder":"fine1","response":{}}],"missing":[{"responder":"die1","why":"left"}])");
    const auto short_one = entry_of(R"("responses":[{"responder":"a","response":{"note":"ok"}}])");
    const auto column_of = [](const std::string& line, std::string_view text) {
        return columns_of(std::string_view(line).substr(0, line.find(text)));
    };
    for (const std::size_t columns : {80U, 100U, 200U}) {
        const auto longer = verdict_line(long_one, columns, palette(false));
        const auto shorter = verdict_line(short_one, columns, palette(false));
        BOOST_TEST(columns_of(longer) == columns, longer);
        BOOST_TEST(longer.ends_with("…"), longer);
        BOOST_TEST(columns_of(shorter) <= columns);
        BOOST_TEST(column_of(longer, "1.2 ms") == column_of(shorter, "1.2 ms"));
        BOOST_TEST(column_of(longer, "a reason") == column_of(shorter, "ok"));
    }
    BOOST_TEST(verdict_line(long_one, 80, palette(false)).find("  agent.permissi…  ✗  fine1, die…") == 14U);
    for (std::size_t columns = 0; columns < 80; ++columns) {
        BOOST_TEST(columns_of(verdict_line(long_one, columns, palette(false))) <= columns);
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
    BOOST_TEST(text.find("✗ stopped after 100.0 ms, answered\n  no\n") != std::string::npos, text);
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

BOOST_AUTO_TEST_CASE(what_has_no_verdict_says_why) {
    const std::string head =
        R"({"event":"e","seq":7,"emitted_at":"?","emitter":{"pid":5,"uid":6,"program":""},"payload_bytes":99,"handed":[],"responses":[],"missing":[],"verdict":null)";
    BOOST_TEST(trace_text(head + R"(,"expects_response":true})", 100, palette(false)).find("no verdict yet") !=
               std::string::npos);
    BOOST_TEST(trace_text(head + R"(,"expects_response":true,"ended":"cancelled"})", 100, palette(false))
                   .find("no verdict: cancelled") != std::string::npos);
    const auto told = trace_text(head + R"(,"expects_response":false})", 100, palette(false));
    BOOST_TEST(told.find("verdict") == std::string::npos);
    BOOST_TEST(told.ends_with("payload of 99 bytes, which the journal has not kept\n"), told);
}

BOOST_AUTO_TEST_SUITE_END()
