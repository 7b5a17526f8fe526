// SPDX-License-Identifier: BSL-1.0
#include "sample_stats.hpp"
#include "support/text.hpp"

#include <hookctl/operate/top_view.hpp>
#include <hookctl/terminal/screen_text.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace hookd::hookctl;
using hookd::hookctl::test::sample_stats;
using hookd::test::line_with;
using hookd::test::lines_of;
using hookd::test::mentions;
using clock_type = top_model::clock;

const palette no_colour(false);
const clock_type::time_point start = clock_type::time_point{} + std::chrono::hours(1);

top_model::past_verdict verdict_of(const std::string& event, const std::string& abort = {}) {
    top_model::past_verdict past{
        7, "id-" + event, "12:34:56", event, {}, {}, std::chrono::duration<double, std::milli>(12.5)};
    past.how.outcome = hookd::outcome::answered;
    past.how.abort = abort;
    past.how.responses.push_back({abort.empty() ? "{}" : R"({"abort":")" + abort + "\"}", "lint", 0, {}});
    return past;
}

top_model::open_wait wait_of(const std::string& event) {
    return {7, event, R"({"branch":"main"})", start, std::chrono::seconds(30), {}};
}

top_model sample_model() {
    top_model model;
    model.take_stats(sample_stats(), start);
    return model;
}

std::string screen_of(
    const top_model& model, const top_choices& choices = {}, std::size_t rows = 40, std::size_t columns = 100) {
    return top_screen(model, choices, rows, columns, no_colour, start + std::chrono::milliseconds(1500));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(top_view_suite)

BOOST_AUTO_TEST_CASE(rates_are_those_between_two_looks) {
    auto model = sample_model();
    auto now = sample_stats();
    now.events_total += 50;
    now.events[1].count += 50;
    now.bytes_out += 4096;
    now.vetoed += 4;
    model.take_stats(now, start + std::chrono::seconds(2));
    const auto text = screen_of(model);
    BOOST_TEST(mentions(text, "events 25.0/s"));
    BOOST_TEST(mentions(text, "vetoes 2.0/s"));
    BOOST_TEST(mentions(text, "out 2.0 KiB/s"));
    BOOST_TEST(mentions(line_with(text, "note:x"), "25.0"));
    BOOST_TEST(text.find("note:x") < text.find("pre_push"));  // the busiest first
    BOOST_TEST(mentions(line_with(text, "laggard"), "lagged"));
}

BOOST_AUTO_TEST_CASE(a_restarted_daemon_has_no_negative_rates) {
    auto model = sample_model();
    model.take_stats({}, start + std::chrono::seconds(1));
    BOOST_TEST(mentions(screen_of(model), "events 0.0/s"));
    BOOST_TEST(!mentions(screen_of(model), "-"));
}

BOOST_AUTO_TEST_CASE(who_waits_for_whom_and_since_when) {
    auto model = sample_model();
    model.take_question("id-pre_push", wait_of("pre_push"));
    BOOST_TEST(mentions(screen_of(model), "#7  pre_push  1.5 s of 30 s\n"));
    model.set_asked("id-pre_push", "lint, tests");
    BOOST_TEST(mentions(screen_of(model), "#7  pre_push  1.5 s of 30 s  for lint, tests\n"));
    model.take_verdict(verdict_of("pre_push"));
    BOOST_TEST(!mentions(screen_of(model), "WAITING"));
}

BOOST_AUTO_TEST_CASE(a_wait_that_has_no_verdict_goes_when_its_time_is_over) {
    auto model = sample_model();
    model.take_question("a", wait_of("pre_push"));
    model.take_stats(sample_stats(), start + std::chrono::seconds(20));
    BOOST_TEST(model.waits().size() == 1U);
    model.take_stats(sample_stats(), start + std::chrono::seconds(33));
    BOOST_TEST(model.waits().empty());
    model.take_question("b", wait_of("pre_push"));
    model.take_stats({}, start + std::chrono::seconds(3));
    BOOST_TEST(model.waits().empty(), "the daemon has no wait");
}

BOOST_AUTO_TEST_CASE(a_verdict_says_who_stopped_it_and_why) {
    auto model = sample_model();
    model.take_verdict(verdict_of("pre_commit"));
    model.take_verdict(verdict_of("pre_push", "too late"));
    const auto text = screen_of(model);
    BOOST_TEST(mentions(text, "> 12:34:56  \xe2\x9c\x97 pre_push  12.5 ms  lint: too late\n"));
    BOOST_TEST(mentions(text, "  12:34:56  \xe2\x9c\x93 pre_commit  12.5 ms  lint\n"));
}

BOOST_AUTO_TEST_CASE(a_bypassed_veto_is_shown_as_one_with_its_reason) {
    auto model = sample_model();
    auto bypassed = verdict_of("pre_push", "too late");
    bypassed.how.abort.clear();
    bypassed.how.bypassed = "the build host is down";
    model.take_verdict(bypassed);
    auto now = sample_stats();
    now.bypassed = 3;
    model.take_stats(now, start + std::chrono::seconds(1));
    const auto text = screen_of(model);
    BOOST_TEST(
        mentions(text, "> 12:34:56  ! pre_push  12.5 ms  bypassed: the build host is down (lint: too late)\n"), text);
    BOOST_TEST(mentions(lines_of(text).at(2), "  bypassed 3  "), text);
    top_choices choices;
    choices.opened = true;
    const auto opened = screen_of(model, choices);
    BOOST_TEST(mentions(opened, "bypassed  12.5 ms  at 12:34:56\n"), opened);
    BOOST_TEST(mentions(opened, "\nthe build host is down\n"), opened);
}

BOOST_AUTO_TEST_CASE(hooks_have_bars_and_their_vetoes) {
    const auto line = line_with(screen_of(sample_model()), "guard");
    BOOST_TEST(mentions(line, "  43  "));
    BOOST_TEST(mentions(line, bar(1, 10)));
}

BOOST_AUTO_TEST_CASE(a_filter_leaves_what_has_the_name) {
    auto model = sample_model();
    model.take_verdict(verdict_of("pre_commit"));
    model.take_verdict(verdict_of("deploy"));
    top_choices choices;
    choices.filter = "pre_";
    const auto text = screen_of(model, choices);
    BOOST_TEST(mentions(text, "only pre_"));
    BOOST_TEST(mentions(text, "pre_commit"));
    BOOST_TEST(!mentions(text, "deploy"));
    BOOST_TEST(!mentions(text, "note:x"));
    BOOST_TEST(!mentions(text, "laggard"));
    choices.filter = "lint";
    BOOST_TEST(chosen_verdicts(model, choices).size() == 2U, "by the name of a hook, too");
}

BOOST_AUTO_TEST_CASE(enter_shows_the_payload_and_each_word) {
    auto model = sample_model();
    model.take_question("id-pre_push", wait_of("pre_push"));
    model.take_verdict(verdict_of("pre_push", "too late"));
    top_choices choices;
    choices.opened = true;
    const auto text = screen_of(model, choices);
    BOOST_TEST(mentions(text, "pre_push  #7  id-pre_push\n"));
    BOOST_TEST(mentions(text, "vetoed  12.5 ms  at 12:34:56\n"));
    BOOST_TEST(mentions(text, "  lint  0.0 ms  vetoes: too late\n"));
    BOOST_TEST(mentions(text, "{\n  \"branch\": \"main\"\n}\n"));
    choices.scrolled = 1000;
    BOOST_TEST(mentions(screen_of(model, choices, 5), "}\n"));
}

BOOST_AUTO_TEST_CASE(it_never_exceeds_the_screen) {
    auto model = sample_model();
    auto stats = sample_stats();
    for (int i = 0; i < 100; ++i) {
        const auto number = std::to_string(i);
        stats.events.push_back({"event_" + number, 1, {}, {}, {}, {}});
        stats.sessions.push_back({"session_\xc3\xa4_" + number, i, 0, 0, false});
        model.take_verdict(verdict_of("event_" + number, "reason"));
        model.take_question(number, wait_of("wait_" + number));
    }
    model.take_stats(stats, start + std::chrono::seconds(1));
    top_choices opened;
    opened.opened = true;
    top_choices lost;
    lost.trouble =
        "no hookd at /run/hookd/hookd.sock: no process listens there; start one with: hookd --socket /run/it";
    for (std::size_t rows = 1; rows <= 60; ++rows) {
        for (const std::size_t columns : {1U, 10U, 80U, 150U, 200U}) {
            for (const auto& choices : {top_choices(), opened, lost}) {
                const auto lines = lines_of(screen_of(model, choices, rows, columns));
                BOOST_TEST(lines.size() <= rows);
                for (const auto& line : lines) {
                    BOOST_TEST(columns_of(line) <= columns);
                }
            }
        }
    }
    const auto small = screen_of(model, {}, 24, 80);
    for (const std::string heading : {"WAITING", "HOOK", "VERDICT", "EVENT", "SESSION", "q quit"}) {
        BOOST_TEST(mentions(small, heading), heading << " has no room in\n" << small);
    }
    BOOST_TEST(mentions(small, " more"));
    BOOST_TEST(mentions(screen_of(model, lost, 24, 80), "hookd --socket /run/it"));
}

BOOST_AUTO_TEST_CASE(names_and_reasons_cannot_drive_the_terminal) {
    auto model = sample_model();
    model.take_verdict(verdict_of("pre_push", "\x1b[2J"));
    model.take_question("a", {7, "e", {}, start, {}, "\x1b[31m"});
    for (const std::size_t columns : {100U, 200U}) {
        BOOST_TEST(screen_of(model, {}, 40, columns).find('\x1b') == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(colour_is_an_addition_only) {
    auto model = sample_model();
    model.take_verdict(verdict_of("pre_push", "no"));
    for (const std::size_t columns : {80U, 200U}) {
        auto text = top_screen(model, {}, 30, columns, palette(true), start);
        BOOST_TEST(mentions(text, "\x1b["));
        for (auto at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b')) {
            text.erase(at, text.find('m', at) - at + 1);
        }
        BOOST_TEST(text == top_screen(model, {}, 30, columns, no_colour, start));
    }
}

BOOST_AUTO_TEST_CASE(sparklines_and_bars_are_in_eighths) {
    const std::vector<double> values{0, 1, 3.5, 7};
    BOOST_TEST(sparkline(values) == "\xe2\x96\x81\xe2\x96\x82\xe2\x96\x85\xe2\x96\x88");
    BOOST_TEST(sparkline(std::vector<double>{0, 0}) == "\xe2\x96\x81\xe2\x96\x81");
    BOOST_TEST(bar(0, 2) == "  ");
    BOOST_TEST(bar(1, 2) == "\xe2\x96\x88\xe2\x96\x88");
    BOOST_TEST(bar(0.25, 2) == "\xe2\x96\x8c ");
}

BOOST_AUTO_TEST_SUITE_END()
