// SPDX-License-Identifier: BSL-1.0
#include <hookctl/journal/trace_text.hpp>
#include <hookctl/journal/verdict_line.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace hookd::hookctl;

namespace {

/// Without time and event. `members` come after those that any verdict has, and count in their place.
std::string line_of(const std::string& members) {
    const auto line = verdict_line(
        R"({"emitted_at":"?","event":"e","outcome":"answered","abort":"","responses":[],"missing":[],"elapsed_ms":1.25,)" +
            members + "}",
        palette(false));
    return line.substr(line.find("e ") + 26);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(verdict_lines)

BOOST_AUTO_TEST_CASE(who_said_what_is_on_the_line) {
    BOOST_TEST(
        line_of(
            R"("responses":[{"responder":"lint","response":{}},{"responder":"size","response":{"note":"a\nb"}}])") ==
        "✓  lint, size           1.2 ms  a …");
    BOOST_TEST(
        line_of(
            R"("abort":"no","responses":[{"responder":"lint","response":{}},{"responder":"size","response":{"abort":"no"}}])") ==
        "✗  size                 1.2 ms  no");
    BOOST_TEST(
        line_of(
            R"("abort":"closed","outcome":"timeout","missing":[{"responder":"slow","why":"timeout"}],"elapsed_ms":2500)") ==
        "✗  slow missing          2.5 s  closed");
    BOOST_TEST(line_of(R"("outcome":"no_subscribers")") == "✓                       1.2 ms  no hook asked");
    BOOST_TEST(line_of(R"("bypassed":"the build host is down")") ==
               "✓                       1.2 ms  bypassed: the build host is down");
    BOOST_TEST(
        line_of(
            R"("responses":[{"responder":"a","response":{}},{"responder":"b","response":{}},{"responder":"c","response":{}},{"responder":"d","response":{}}])") ==
        "✓  a, b, c +1           1.2 ms");
}

BOOST_AUTO_TEST_CASE(a_trace_has_a_bar_from_the_hand_out_to_the_reply) {
    const auto text = trace_text(
        R"({"event":"e","seq":7,"emitted_at":"?","emitter":{"pid":5,"uid":6,"program":"git"},"expects_response":true,"payload":[1],
        "handed":[{"to":"guard","after_ms":50},{"to":"watcher","after_ms":1}],"responses":[{"responder":"guard","elapsed_ms":100,"response":{"abort":"no"}}],
        "missing":[],"verdict":{"outcome":"answered","abort":"no","elapsed_ms":100}})",
        palette(false));
    BOOST_TEST(text.starts_with("e #7, ?, by git (pid 5, user 6)\n"), text);
    BOOST_TEST(
        text.find("  guard                   ███████████████  100.0 ms  vetoes: no\n") != std::string::npos, text);
    BOOST_TEST(text.find("  watcher  ·") != std::string::npos, text);
    BOOST_TEST(text.find("✗ stopped after 100.0 ms, answered\n  no\n") != std::string::npos, text);
    BOOST_TEST(text.ends_with("payload [1]\n"), text);
}

BOOST_AUTO_TEST_CASE(what_has_no_verdict_says_why) {
    const std::string head =
        R"({"event":"e","seq":7,"emitted_at":"?","emitter":{"pid":5,"uid":6,"program":""},"payload_bytes":99,"handed":[],"responses":[],"missing":[],"verdict":null)";
    BOOST_TEST(
        trace_text(head + R"(,"expects_response":true})", palette(false)).find("no verdict yet") != std::string::npos);
    BOOST_TEST(trace_text(head + R"(,"expects_response":true,"ended":"cancelled"})", palette(false))
                   .find("no verdict: cancelled") != std::string::npos);
    const auto told = trace_text(head + R"(,"expects_response":false})", palette(false));
    BOOST_TEST(told.find("verdict") == std::string::npos);
    BOOST_TEST(told.ends_with("payload of 99 bytes, which the journal has not kept\n"), told);
}

BOOST_AUTO_TEST_SUITE_END()
