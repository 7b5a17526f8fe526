// SPDX-License-Identifier: BSL-1.0
#include <hookctl/emit/pattern_sample.hpp>

#include <boost/test/unit_test.hpp>

#include <regex>
#include <string>

using hookd::hookctl::pattern_sample;

BOOST_AUTO_TEST_SUITE(pattern_sample_suite)

BOOST_AUTO_TEST_CASE(a_sample_matches_its_pattern) {
    for (const std::string pattern : {"^([0-9a-f]{40}|[0-9a-f]{64})$", "^[A-Z]{3}-\\d+$", "^v\\d+\\.\\d+(\\.\\d+)?$",
             "^refs/(?:heads|tags)/[^/\\s]+$", "^[^a-z]{2,}?$", "^(a|b)*[-x]c{2,3}.$", "^[\\w.-]+@[\\w-]+\\.[a-z]{2}$",
             "^\\$\\{[ -~]\\}$", "x"}) {
        const auto sample = pattern_sample(pattern);
        BOOST_REQUIRE(sample.has_value());
        BOOST_TEST(std::regex_search(*sample, std::regex(pattern)), pattern << " is not matched by " << *sample);
    }
    BOOST_TEST(pattern_sample("^ab{2}$").value() == "abb");
    BOOST_TEST(pattern_sample("^\xc3\xa4{2}$").value() == "\xc3\xa4\xc3\xa4");
}

BOOST_AUTO_TEST_CASE(what_may_be_repeated_is_as_long_as_it_must_be) {
    BOOST_TEST(pattern_sample("^[a-z]*$").value().empty());
    BOOST_TEST(pattern_sample("^[a-z]*$", 3).value() == "aaa");
    BOOST_TEST(pattern_sample("^x\\d{2,}$", 5).value().size() >= 5U);
}

BOOST_AUTO_TEST_CASE(what_is_not_known_has_no_sample) {
    for (const std::string pattern : {"^(?=x)", "(?<n>a)", "\\bword", "(a)\\1", "\\u0041", "[^\\s\\S]", "(", "[a", "a)",
             "*", "a{", "a{9999}", "(a{100}){100}", "\\", "[z-a]", "[\xc3\xa4]"}) {
        BOOST_TEST(!pattern_sample(pattern).has_value(), pattern);
    }
    BOOST_TEST(!pattern_sample(std::string(1000, '(')).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
