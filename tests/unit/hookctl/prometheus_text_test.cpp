// SPDX-License-Identifier: BSL-1.0
#include "sample_stats.hpp"

#include <hookctl/operate/prometheus_text.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace {

using namespace hookd::hookctl;
using hookd::hookctl::test::sample_stats;

/// The samples of a page by series, checked against the text format: each family has its HELP and TYPE before its
/// samples, which stand together, and no series stands twice.
std::map<std::string, std::string> samples_of(const std::string& page) {
    static const std::regex sample_form(
        R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-z]+="(\\.|[^"\\])*",?)*\})? ([0-9.eE+-]+))");
    std::map<std::string, std::string> samples;
    std::set<std::string> families;
    std::string family;
    std::string type;
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream parts(line);
        std::string first;
        std::string second;
        std::string name;
        if (line.starts_with("# HELP ")) {
            parts >> first >> second >> name;
            BOOST_TEST(families.insert(name).second, name << " has two families");
            BOOST_TEST(line.size() > ("# HELP " + name + " ").size());
            family = name;
            type.clear();
        } else if (line.starts_with("# TYPE ")) {
            parts >> first >> second >> name >> type;
            BOOST_TEST(name == family);
            BOOST_TEST((type == "gauge" || type == "counter" || type == "histogram"));
            BOOST_TEST((type == "counter") == name.ends_with("_total"));
        } else {
            std::smatch match;
            BOOST_REQUIRE_MESSAGE(std::regex_match(line, match, sample_form), "no sample: " << line);
            const auto name_of_sample = match[1].str();
            const auto suffix = name_of_sample.substr(std::min(family.size(), name_of_sample.size()));
            BOOST_TEST(name_of_sample.starts_with(family));
            BOOST_TEST(
                (type == "histogram" ? suffix == "_bucket" || suffix == "_sum" || suffix == "_count" : suffix.empty()),
                line);
            BOOST_TEST((suffix == "_bucket") == (line.find("le=\"") != std::string::npos), line);
            BOOST_TEST(!type.empty());
            const auto series = match[1].str() + match[2].str();
            BOOST_TEST(samples.emplace(series, match[5]).second, series << " is repeated");
        }
    }
    BOOST_TEST(page.ends_with('\n'));
    return samples;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(prometheus_text_suite)

BOOST_AUTO_TEST_CASE(every_counter_is_there_in_base_units) {
    const auto samples = samples_of(prometheus_text(sample_stats()));
    BOOST_TEST(samples.at("hookd_uptime_seconds") == "3725.5");
    BOOST_TEST(samples.at("hookd_connections") == "11");
    BOOST_TEST(samples.at("hookd_subscribers") == "12");
    BOOST_TEST(samples.at("hookd_waiting") == "13");
    BOOST_TEST(samples.at("hookd_head_seq") == "18446744073709551615");
    BOOST_TEST(samples.at("hookd_retained_events") == "15");
    BOOST_TEST(samples.at("hookd_retained_bytes") == "1536");
    BOOST_TEST(samples.at("hookd_events_total") == "100");
    BOOST_TEST(samples.at("hookd_deliveries_total") == "200");
    BOOST_TEST(samples.at("hookd_replies_accepted_total") == "300");
    BOOST_TEST(samples.at("hookd_replies_refused_total{reason=\"expired\"}") == "402");
    BOOST_TEST(samples.at("hookd_outcomes_total{outcome=\"no_subscribers\"}") == "504");
    BOOST_TEST(samples.at("hookd_sessions_lagged_total") == "600");
    BOOST_TEST(samples.at("hookd_protocol_errors_total") == "700");
    BOOST_TEST(samples.at("hookd_received_bytes_total") == "800");
    BOOST_TEST(samples.at("hookd_sent_bytes_total") == "5242880");
    BOOST_TEST(samples.at("hookd_events_by_name_total{event=\"pre_push\"}") == "60");
}

// As promtool has it: cumulative buckets in ascending order up to +Inf, which is what _count says.
BOOST_AUTO_TEST_CASE(times_are_histograms) {
    const auto page = prometheus_text(sample_stats());
    const auto samples = samples_of(page);
    const auto bucket = [&samples](const std::string& le) {
        return samples.at("hookd_reply_seconds_bucket{event=\"pre_push\",le=\"" + le + "\"}");
    };
    BOOST_TEST(bucket("0.0001") == "0");
    BOOST_TEST(bucket("0.001") == "2");
    BOOST_TEST(bucket("0.0025") == "5");
    BOOST_TEST(bucket("600") == "6");
    BOOST_TEST(bucket("+Inf") == "7");
    BOOST_TEST(samples.at("hookd_reply_seconds_sum{event=\"pre_push\"}") == "0.4325");
    BOOST_TEST(samples.at("hookd_reply_seconds_count{event=\"pre_push\"}") == "7");
    BOOST_TEST(samples.at("hookd_hook_reply_seconds_count{hook=\"guard\"}") == "7");
    double bound = 0;
    std::uint64_t count = 0;
    const std::regex form(R"re(hookd_reply_seconds_bucket\{event="pre_push",le="([^"]*)"\} (\d+))re");
    std::size_t buckets = 0;
    for (std::sregex_iterator each(page.begin(), page.end(), form), end; each != end; ++each, ++buckets) {
        const auto next = (*each)[1] == "+Inf" ? HUGE_VAL : std::stod((*each)[1]);
        BOOST_TEST(next > bound);
        BOOST_TEST(std::stoull((*each)[2]) >= count);
        bound = next;
        count = std::stoull((*each)[2]);
    }
    BOOST_TEST(bound == HUGE_VAL);
    BOOST_TEST(buckets == hookd::protocol::reply_time_bounds.size() + 1);
}

BOOST_AUTO_TEST_CASE(verdicts_and_responders_are_counted) {
    const auto samples = samples_of(prometheus_text(sample_stats()));
    BOOST_TEST(samples.at(R"(hookd_verdicts_total{verdict="proceeded"})") == "31");
    BOOST_TEST(samples.at(R"(hookd_verdicts_total{verdict="vetoed"})") == "32");
    BOOST_TEST(samples.at(R"(hookd_verdicts_total{verdict="failed_closed"})") == "33");
    BOOST_TEST(samples.at(R"(hookd_hook_asked_total{hook="guard"})") == "41");
    BOOST_TEST(samples.at(R"(hookd_hook_replied_total{hook="guard"})") == "42");
    BOOST_TEST(samples.at(R"(hookd_hook_vetoed_total{hook="guard"})") == "43");
    BOOST_TEST(samples.at(R"(hookd_hook_failed_total{hook="guard"})") == "44");
    BOOST_TEST(samples.at(R"(hookd_hook_lagged_total{hook="guard"})") == "45");
    BOOST_TEST(samples.at(R"(hookd_verdicts_total{verdict="bypassed"})") == "34");
    BOOST_TEST(samples.at("hookd_bypass_left_seconds") == "1.5");
    BOOST_TEST(!samples.contains(R"(hookd_hook_enabled{hook="guard"})"));
    BOOST_TEST(samples.at(R"(hookd_hook_enabled{hook="new"})") == "0");
    BOOST_TEST(!samples.contains(R"(hookd_hook_reply_seconds_count{hook="new"})"));
}

BOOST_AUTO_TEST_CASE(every_reason_and_outcome_has_a_series) {
    const auto samples = samples_of(prometheus_text({}));
    for (std::size_t i = 1; i < hookd::protocol::refusal_count; ++i) {
        const auto name = std::string(to_string(static_cast<hookd::protocol::refusal>(i)));
        BOOST_TEST(samples.at("hookd_replies_refused_total{reason=\"" + name + "\"}") == "0");
    }
    for (std::size_t i = 0; i < hookd::protocol::outcome_count; ++i) {
        const auto name = std::string(to_string(static_cast<hookd::protocol::outcome>(i)));
        BOOST_TEST(samples.at("hookd_outcomes_total{outcome=\"" + name + "\"}") == "0");
    }
}

BOOST_AUTO_TEST_CASE(an_event_without_replies_has_no_reply_times) {
    const auto samples = samples_of(prometheus_text(sample_stats()));
    BOOST_TEST(samples.at("hookd_events_by_name_total{event=\"note:x\"}") == "40");
    BOOST_TEST(!samples.contains("hookd_reply_seconds_count{event=\"note:x\"}"));
}

BOOST_AUTO_TEST_CASE(label_values_are_escaped) {
    hookd::protocol::stats_result stats;
    stats.sessions = {{"a\\b\"c\nd", 1, 2, 3, true}};
    const auto samples = samples_of(prometheus_text(stats));
    const std::string labels = R"({name="a\\b\"c\nd",pid="1",uid="2"})";
    BOOST_TEST(samples.at("hookd_session_queued_events" + labels) == "3");
    BOOST_TEST(samples.at("hookd_session_lagged" + labels) == "1");
}

BOOST_AUTO_TEST_CASE(sessions_that_nothing_tells_apart_are_one_series) {
    hookd::protocol::stats_result stats;
    stats.sessions = {{"hook", 1, 2, 3, true}, {"hook", 1, 2, 4, false}, {"hook", 9, 2, 5, false}};
    const auto samples = samples_of(prometheus_text(stats));
    BOOST_TEST(samples.at(R"(hookd_session_queued_events{name="hook",pid="1",uid="2"})") == "7");
    BOOST_TEST(samples.at(R"(hookd_session_lagged{name="hook",pid="1",uid="2"})") == "1");
    BOOST_TEST(samples.at(R"(hookd_session_queued_events{name="hook",pid="9",uid="2"})") == "5");
}

BOOST_AUTO_TEST_SUITE_END()
