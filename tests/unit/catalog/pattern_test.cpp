// SPDX-License-Identifier: BSL-1.0
#include "catalog/pattern.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
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
        {"^(?<\\u0061\\u{62}1>y)$", "y", "a"},
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
        {"^\\s\\D[^\\S]$", "\u2028x\ufeff", "\u200bx "},
        {"^[^]$", "\n", ""},
        {"^(?:[]|a)$", "a", "b"},
        {"^.\\u{1F600}\\ud83d\\ude00$", "x😀😀", "\u2028😀😀"},
        {"^\\cJ\\0?$", "\n", "J"},
        {"^\\p{L}\\p{Lu}\\P{Letter}$", "äÄ1", "1Ä1"},
        {"^[\\p{Script=Greek}\\P{gc=Letter}]+$", "αβ1", "ab1"},
        {"^[\\w-a-z]+$", "a-z_", "+"},
        {"^[+-\\d.]+$", "+1-2.", "a"},
        {"\\B", "-é-", "aéa"},
        {"\\B$", "é", "éa"},
        {"^(?:\\b){3}a$", "a", "b"},
        {"^(?:(?:ab){0,3}c?){2,}$", "abababcab", "abb"},
    };
    for (const auto& each : rows) {
        BOOST_TEST(found(each.expression, each.matching), each.expression << " on " << each.matching);
        BOOST_TEST(!found(each.expression, each.other), each.expression << " on " << each.other);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_matched_in_linear_time_is_refused) {
    for (const char* const expression :
        {"(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(a)\\1", "\\k<x>", "a{20000}", "((a{100}){100}){100}", "(", ")", "[a",
            "a**", "*", "\\", "[b-a]", "a{3,2}", "\\x4", "(?i)a", "^*", "a{2}{3}", "{2}", "a|+", "(?<>a)", "(?<1>a)",
            "(?<\\u0031>a)", "(?<\\x61>a)", "\\01", "\\c1", "\\u{110000}", "\\u{}", "\\ud800", "\\p", "\\p{Alphabetic}",
            "\\p{C}", "\\p{Script=Nowhere}", "\\p{Greek}", "\\p{Script=Any}", "\\p{L}{10000}"}) {
        BOOST_CHECK_THROW(pattern{expression}, std::invalid_argument);
    }
    BOOST_CHECK_THROW(pattern{std::string(1000, '(')}, std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(repeats_count_beyond_what_re2_does) {
    const auto repeated = [](std::size_t count) { return std::string(count, 'a'); };
    // 1000 is what RE2 counts to, nested counts multiplied.
    for (const std::size_t count : {999U, 1000U, 1001U, 2000U, 2001U}) {
        const auto number = std::to_string(count);
        BOOST_TEST(found("^a{" + number + "}$", repeated(count)), number);
        BOOST_TEST(!found("^a{" + number + "}$", repeated(count + 1)), number);
        BOOST_TEST(!found("^a{" + number + "}$", repeated(count - 1)), number);
        BOOST_TEST(found("^a{1," + number + "}$", repeated(count)), number);
        BOOST_TEST(!found("^a{1," + number + "}$", repeated(count + 1)), number);
        BOOST_TEST(found("^a{" + number + ",}$", repeated(count + 7)), number);
        BOOST_TEST(!found("^a{" + number + ",}$", repeated(count - 1)), number);
    }
    const pattern names{"^(?:[a-z]{1,63}\\.){1,127}$"};
    const auto is_name = [&names](const std::string& text) {
        std::size_t steps = 10'000'000;
        return names.found_in(text, steps).value();
    };
    std::string name;
    for (int i = 0; i < 127; ++i) {
        BOOST_TEST(!is_name(name + "-"));
        name += "abc.";
        BOOST_TEST(is_name(name));
    }
    BOOST_TEST(!is_name(name + "abc."));
    BOOST_TEST(!is_name(repeated(64) + "."));
}

BOOST_AUTO_TEST_CASE(no_pattern_takes_exponential_time) {
    std::size_t steps = 10'000'000;
    BOOST_TEST(!pattern{"^(a+)+$"}.found_in(std::string(100'000, 'a') + "b", steps).value());
    BOOST_TEST(steps > 9'000'000U);
    // What needs more than there is gives up.
    steps = 1000;
    BOOST_TEST(!pattern{"^(a|b|c)*$"}.found_in(std::string(1'000'000, 'a'), steps).has_value());
    BOOST_TEST(steps == 0U);
}

BOOST_AUTO_TEST_CASE(a_match_that_meets_too_many_states_is_given_up_in_time) {
    // The states of these are the sets of the last 20 and 200 places; texts that repeat nothing meet them all.
    std::string text;
    std::uint32_t bits = 1;
    for (int i = 0; i < 1'000'000; ++i) {
        bits = bits * 1664525U + 1013904223U;
        text += (bits >> 31U) != 0 ? 'a' : 'b';
    }
    for (const char* const expression : {"[ab]*a[ab]{20}c", "[ab]*a[ab]{200}c", "a[ab]{200}c$"}) {
        const pattern wanted{expression};
        std::size_t steps = 500'000;  // 30 ms, for what would take seconds
        BOOST_TEST(!wanted.found_in(text, steps).has_value(), expression);
        BOOST_TEST(steps == 0U, expression);
        // It is as good as before.
        for (int again = 0; again < 3; ++again) {
            steps = 500'000;
            BOOST_TEST(wanted.found_in("aaabbbabababbbaaaababc", steps).has_value(), expression);
            BOOST_TEST(steps > 400'000U, expression);
        }
        steps = 500'000;
        BOOST_TEST(wanted.found_in(std::string(200, 'a') + "b" + std::string(200, 'a'), steps).has_value(), expression);
    }
}

BOOST_AUTO_TEST_CASE(a_match_is_charged_its_worst_case_where_that_is_asked_for) {
    const pattern wanted{"^[a-z]+$"};
    const std::string text(1000, 'a');
    std::size_t actual = 1'000'000;
    std::size_t worst = actual;
    BOOST_TEST(wanted.found_in(text, actual).value());
    BOOST_TEST(wanted.found_in(text, worst, pattern::charge::worst_case).value());
    BOOST_TEST(actual > 999'000U);
    BOOST_TEST(worst < 999'000U);
    std::size_t few = 1'000'000 - worst;
    BOOST_TEST(wanted.found_in(text, few, pattern::charge::worst_case).value());
    BOOST_TEST(few == 0U);
    few = 1'000'000 - worst - 1;
    BOOST_TEST(!wanted.found_in(text, few, pattern::charge::worst_case).has_value());
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
    while (large.found_in("b", steps, pattern::charge::worst_case).has_value()) {
        ++texts;
    }
    BOOST_TEST(steps == 0U);
    BOOST_TEST(texts < 10'000);
}

BOOST_AUTO_TEST_CASE(a_repeat_of_nothing_ends) { BOOST_TEST(found("^((){1000}){1000}$", "")); }

BOOST_AUTO_TEST_SUITE_END()
