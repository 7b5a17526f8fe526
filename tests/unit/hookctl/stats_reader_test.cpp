// SPDX-License-Identifier: BSL-1.0
#include "sample_stats.hpp"

#include <hookctl/operate/stats_reader.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace hookd::hookctl;
using hookd::hookctl::test::sample_stats;

std::string json_of(const hookd::protocol::stats_result& stats) {
    std::string text;
    append_json(text, stats);
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stats_reader_suite)

BOOST_AUTO_TEST_CASE(everything_that_the_daemon_writes_is_read) {
    const auto read = read_stats(json_of(sample_stats()));
    BOOST_TEST(json_of(read) == json_of(sample_stats()));
    BOOST_TEST(read.head_seq == sample_stats().head_seq);  // beyond what a double holds
    BOOST_TEST(read.events.at(0).p99_ms.value() == 30.0);
    BOOST_TEST(!read.events.at(1).p50_ms);
    BOOST_TEST(read.sessions.at(0).name == sample_stats().sessions.at(0).name);
    BOOST_TEST(read.sessions.at(1).lagged);
}

BOOST_AUTO_TEST_CASE(an_idle_daemon_has_nothing_but_zeros) {
    BOOST_TEST(json_of(read_stats(json_of({}))) == json_of({}));
}

BOOST_AUTO_TEST_CASE(members_of_another_release_are_left_out_and_missing_ones_are_zero) {
    const auto read = read_stats(R"( {"connections" : 3, "new_one": {"a": [1]}, "totals": {"events": 7, "new": 1},
        "events": {"e": {"count": 2, "p75_ms": 1}}, "sessions": [{"pid": 5, "new": null}], "waiting": "odd"} )");
    BOOST_TEST(read.connections == 3U);
    BOOST_TEST(read.events_total == 7U);
    BOOST_TEST(read.waiting == 0U);
    BOOST_REQUIRE(read.events.size() == 1U);
    BOOST_TEST(read.events[0].count == 2U);
    BOOST_REQUIRE(read.sessions.size() == 1U);
    BOOST_TEST(read.sessions[0].pid == 5);
    BOOST_TEST(read.sessions[0].name.empty());
}

BOOST_AUTO_TEST_SUITE_END()
