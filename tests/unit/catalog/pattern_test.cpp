// SPDX-License-Identifier: BSL-1.0
#include "catalog/pattern.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

using hookd::catalogs::pattern;

bool found(const std::string& expression, const std::string& subject) {
    std::size_t steps = 10'000'000;
    return pattern{expression}.found_in(subject, steps).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pattern_suite)

BOOST_AUTO_TEST_CASE(matches_as_ecma_262_does) {
    struct row {
        const char* expression;
        const char* matching;
        const char* other;
    };
    const row rows[] = {
        {"b", "abc", "ac"},
        {"^ab?c$", "ac", "abbc"},
        {"^(ab|c)+$", "abcab", "abd"},
        {"^[a-c_]{2,3}$", "a_c", "abca"},
        {"^[^a-c]$", "d", "b"},
        {"^[\\d.-]+$", "1.2-3", "1,2"},
        {"^\\w+\\s\\S+$", "one two", "one"},
        {"^a{3}$", "aaa", "aa"},
        {"^a{2,}$", "aaaa", "a"},
        {"^a.c$", "abc", "a\nc"},
        {"^(?:x|(?<name>y))z$", "yz", "z"},
        {"\\bfoo\\b", "a foo b", "afoo"},
        {"\\Boo", "foo", "oo"},
        {"^\\u00e4\\x41\\/$", "äA/", "aA/"},
        {"^.$", "😀", "😀😀"},
        {"^[à-ü]+$", "äöü", "abc"},
        {"^\\D\\W$", "a-", "1-"},
        {"^a*?b$", "aab", "ac"},
        {"^(a*)*$", "aaa", "b"},
        {"^[a\\]]+$", "a]", "b"},
        {"^x{,2}$", "x{,2}", "xx"},
        {"^(|a)$", "", "b"},
        {"^$", "", "\n"},
    };
    for (const auto& each : rows) {
        BOOST_TEST(found(each.expression, each.matching), each.expression << " on " << each.matching);
        BOOST_TEST(!found(each.expression, each.other), each.expression << " on " << each.other);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_matched_in_linear_time_is_refused) {
    for (const char* const expression :
        {"(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(a)\\1", "\\k<x>", "a{2000}", "((a{100}){100}){100}", "(", ")", "[a",
            "a**", "*", "\\", "[b-a]", "a{3,2}", "\\x4", "\\p{L}", "(?i)a", "^*"}) {
        BOOST_CHECK_THROW(pattern{expression}, std::invalid_argument);
    }
    BOOST_CHECK_THROW(pattern{std::string(1000, '(')}, std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(no_pattern_takes_exponential_time) {
    std::size_t steps = 10'000'000;
    BOOST_TEST(!pattern{"^(a+)+$"}.found_in(std::string(100'000, 'a') + "b", steps).value());
    BOOST_TEST(steps > 8'000'000U);
    // What needs more than there is gives up.
    steps = 1000;
    BOOST_TEST(!pattern{"^(a|b|c)*$"}.found_in(std::string(1'000'000, 'a'), steps).has_value());
}

BOOST_AUTO_TEST_CASE(a_class_of_thousands_is_looked_up_not_read) {
    std::string even;
    for (int code = 0x4e00; code < 0x4e00 + 8000; code += 2) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", code);
        even += escape;
    }
    BOOST_TEST(found("^[" + even + "]$", "\u4e02"));
    BOOST_TEST(!found("^[" + even + "]$", "\u4e03"));
    BOOST_TEST(found("^[^" + even + "]$", "\u4e03"));
    // Half a minute, if each character were held against each range.
    std::string text;
    for (int each = 0; each < 2'000'000; ++each) {
        text += "\u5801";
    }
    BOOST_TEST(!found("[" + even + "]{3}", text));
}

BOOST_AUTO_TEST_CASE(ranges_may_overlap_and_come_in_any_order) {
    for (const char* const within : {"a", "c", "f", "m", "x", "z", "5"}) {
        BOOST_TEST(found("^[x-zc-fa-da-b\\dm]$", within), within);
    }
    for (const char* const outside : {"g", "l", "n", "w", "A"}) {
        BOOST_TEST(!found("^[x-zc-fa-da-b\\dm]$", outside), outside);
        BOOST_TEST(found("^[^x-zc-fa-da-b\\dm]$", outside), outside);
    }
}

BOOST_AUTO_TEST_CASE(many_short_texts_for_a_large_pattern_run_out_of_steps) {
    const pattern large{"^(?:a{900}){10}$"};
    std::size_t steps = 1'000'000;
    int texts = 0;
    while (large.found_in("b", steps).has_value()) {
        ++texts;
    }
    BOOST_TEST(steps == 0U);
    BOOST_TEST(texts < 10'000);
}

BOOST_AUTO_TEST_CASE(a_repeat_of_nothing_ends) { BOOST_TEST(found("^((){1000}){1000}$", "")); }

BOOST_AUTO_TEST_SUITE_END()
