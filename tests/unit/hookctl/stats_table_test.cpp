#include "sample_stats.hpp"

#include <hookctl/stats_table.hpp>

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace hookd::hookctl;
using hookd::hookctl::test::sample_stats;

const palette no_colour(false);

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

std::string line_with(const std::string& text, const std::string& part) {
    for (const auto& line : lines_of(text)) {
        if (line.find(part) != std::string::npos) {
            return line;
        }
    }
    BOOST_FAIL("no line has '" << part << "'");
    return {};
}

std::size_t end_of(const std::string& line, const std::string& word) {
    const auto at = line.find(word);
    BOOST_REQUIRE(at != std::string::npos);
    return at + word.size();
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stats_table_suite)

BOOST_AUTO_TEST_CASE(values_stand_in_one_column) {
    const auto text = stats_table(sample_stats(), no_colour);
    BOOST_TEST(line_with(text, "connections").find("11") == line_with(text, "uptime").find("62 min"));
    BOOST_TEST(mentions(line_with(text, "sent"), "5.0 MiB"));
    BOOST_TEST(mentions(line_with(text, "outcomes"), "no_subscribers 504"));
    BOOST_TEST(mentions(line_with(text, "replies refused"), "expired 402"));
}

BOOST_AUTO_TEST_CASE(events_and_sessions_are_tables_with_aligned_columns) {
    const auto text = stats_table(sample_stats(), no_colour);
    const auto heading = line_with(text, "EVENT ");
    BOOST_TEST(end_of(heading, "COUNT") == end_of(line_with(text, "pre_push"), " 60"));
    BOOST_TEST(end_of(heading, "P50 MS") == end_of(line_with(text, "pre_push"), "1.50"));
    BOOST_TEST(end_of(heading, "P50 MS") == end_of(line_with(text, "note:x"), " -"));
    BOOST_TEST(end_of(line_with(text, "SESSION"), "PID") == end_of(line_with(text, "laggard"), "4243"));
}

BOOST_AUTO_TEST_CASE(names_cannot_drive_the_terminal) {
    for (const auto& text : {stats_table(sample_stats(), no_colour), top_screen({sample_stats(), {}, 1}, 40, 200, no_colour)}) {
        BOOST_TEST(text.find('\x1b') == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(colour_is_an_addition_only) {
    auto text = stats_table(sample_stats(), palette(true));
    BOOST_TEST(mentions(text, "\x1b["));
    for (auto at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b')) {
        text.erase(at, text.find('m', at) - at + 1);
    }
    BOOST_TEST(text == stats_table(sample_stats(), no_colour));
}

BOOST_AUTO_TEST_CASE(an_idle_daemon_has_no_empty_tables) {
    const auto text = stats_table({}, no_colour);
    BOOST_TEST(!mentions(text, "EVENT"));
    BOOST_TEST(!mentions(text, "SESSION"));
}

BOOST_AUTO_TEST_CASE(top_shows_rates_between_two_snapshots) {
    const auto before = sample_stats();
    auto now = before;
    now.events_total += 50;
    now.events[1].count += 50;
    now.bytes_out += 4096;
    const auto text = top_screen({now, before, 2}, 40, 200, no_colour);
    BOOST_TEST(mentions(text, "events 25.0"));
    BOOST_TEST(mentions(text, "out 2.0 KiB/s"));
    BOOST_TEST(mentions(line_with(text, "note:x"), "25.0"));
    BOOST_TEST(text.find("note:x") < text.find("pre_push"));  // the busiest first
    BOOST_TEST(mentions(line_with(text, "laggard"), "lagged"));
}

BOOST_AUTO_TEST_CASE(a_restarted_daemon_has_no_negative_rates) {
    const auto text = top_screen({{}, sample_stats(), 1}, 40, 200, no_colour);
    BOOST_TEST(!mentions(text, "-"));
    BOOST_TEST(mentions(text, "events 0.0"));
}

BOOST_AUTO_TEST_CASE(top_never_exceeds_the_screen) {
    auto stats = sample_stats();
    for (int i = 0; i < 100; ++i) {
        stats.events.push_back({"event_" + std::to_string(i), 1, {}, {}, {}, {}});
        stats.sessions.push_back({"session_\xc3\xa4_" + std::to_string(i), i, 0, 0, false});
    }
    for (std::size_t rows = 1; rows <= 60; ++rows) {
        for (const std::size_t columns : {1U, 10U, 80U, 200U}) {
            const auto lines = lines_of(top_screen({stats, {}, 1}, rows, columns, no_colour));
            BOOST_TEST(lines.size() <= rows);
            for (const auto& line : lines) {
                BOOST_TEST(columns_of(line) <= columns);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_counted) {
    auto stats = sample_stats();
    stats.events.clear();
    for (int i = 0; i < 100; ++i) {
        stats.events.push_back({"event_" + std::to_string(i), 1, {}, {}, {}, {}});
    }
    const auto text = top_screen({stats, {}, 1}, 24, 120, no_colour);
    std::size_t shown = 0;
    for (const auto& line : lines_of(text)) {
        shown += line.starts_with("event_") ? 1U : 0U;
    }
    BOOST_TEST(shown > 5U);
    BOOST_TEST(mentions(text, "... " + std::to_string(100 - shown) + " more"));
    BOOST_TEST(mentions(text, "laggard"));  // sessions keep their share
}

BOOST_AUTO_TEST_CASE(bytes_are_told_in_a_fitting_unit) {
    BOOST_TEST(describe_bytes(0) == "0 B");
    BOOST_TEST(describe_bytes(1023) == "1023 B");
    BOOST_TEST(describe_bytes(1536) == "1.5 KiB");
    BOOST_TEST(describe_bytes(64.0 * 1024 * 1024) == "64.0 MiB");
}

BOOST_AUTO_TEST_SUITE_END()
