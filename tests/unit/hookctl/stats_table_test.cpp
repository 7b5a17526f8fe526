// SPDX-License-Identifier: BSL-1.0
#include "sample_stats.hpp"
#include "support/text.hpp"

#include <hookctl/operate/stats_table.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace hookd::hookctl;
using hookd::hookctl::test::sample_stats;
using hookd::test::line_with;
using hookd::test::mentions;

const palette no_colour(false);

std::size_t end_of(const std::string& line, const std::string& word) {
    const auto at = line.find(word);
    BOOST_REQUIRE(at != std::string::npos);
    return at + word.size();
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
    BOOST_TEST(stats_table(sample_stats(), no_colour).find('\x1b') == std::string::npos);
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

BOOST_AUTO_TEST_CASE(hooks_have_a_table_with_their_vetoes) {
    const auto text = stats_table(sample_stats(), no_colour);
    const auto heading = line_with(text, "HOOK ");
    const auto guard = line_with(text, "guard");
    BOOST_TEST(end_of(heading, "VETOED") == end_of(guard, " 43"));
    BOOST_TEST(end_of(heading, "P99 MS") == end_of(guard, "30.00"));
    BOOST_TEST(mentions(line_with(text, "verdicts"), "proceeded 31, vetoed 32, failed closed 33"));
}

BOOST_AUTO_TEST_CASE(bytes_are_told_in_a_fitting_unit) {
    BOOST_TEST(describe_bytes(0) == "0 B");
    BOOST_TEST(describe_bytes(1023) == "1023 B");
    BOOST_TEST(describe_bytes(1536) == "1.5 KiB");
    BOOST_TEST(describe_bytes(64.0 * 1024 * 1024) == "64.0 MiB");
}

BOOST_AUTO_TEST_SUITE_END()
