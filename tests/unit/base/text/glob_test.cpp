// SPDX-License-Identifier: BSL-1.0
#include <base/text/glob.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::base {
namespace {

struct glob_case {
    std::string_view pattern;
    std::string_view name;
    bool matches;
};

std::ostream& operator<<(std::ostream& out, const glob_case& value) {
    return out << '\'' << value.pattern << "' on '" << value.name << '\'';
}

constexpr glob_case cases[] = {
    {"pre_push", "pre_push", true},
    {"pre_push", "pre_pus", false},
    {"pre_push", "pre_push_", false},
    {"pre_push", "Pre_push", false},
    {"*", "a", true},
    {"*", "any/name:at.all-1", true},
    {"**", "a", true},
    {"?", "a", true},
    {"?", "ab", false},
    {"??", "a", false},
    {"?*", "a", true},
    {"*?", "a", true},
    {"*??", "a", false},
    {"pre_*", "pre_push", true},
    {"pre_*", "pre_", true},
    {"pre_*", "pre", false},
    {"*_push", "pre_push", true},
    {"*_push", "pre_push_", false},
    {"*_push", "_push", true},
    {"p*h", "push", true},
    {"p*h", "ph", true},
    {"p*h", "pushes", false},
    {"p?sh", "push", true},
    {"p?sh", "psh", false},
    {"*a*b*c*", "xxaxxbxxcxx", true},
    {"*a*b*c*", "xxaxxcxxbxx", false},
    {"a*a", "a", false},
    {"a*a", "aa", true},
    {"*ab", "aab", true},  // the star has to take one more than it did at first
    {"*aab", "aaaab", true},
    {"*a?b*", "aaxaxb", true},
    {"a*b*c", "abbcbc", true},  // only the last star is taken back
    {"a*b?d", "abxbxd", true},
    {"*.*", "a.b", true},
    {"*.*", "ab", false},
    {"a.b", "axb", false},  // no regular expression
    {"a:b/c-d.*", "a:b/c-d.e", true},
    {"", "", true},
    {"", "a", false},
    {"*", "", true},
    {"?", "", false},
    {"***?***", "a", true},
    {"*?*?*?*", "ab", false},
};

// Says the same as the rule does, in exponential time.
bool matches_slowly(std::string_view pattern, std::string_view name) {
    if (pattern.empty()) {
        return name.empty();
    }
    if (pattern.front() == '*') {
        return matches_slowly(pattern.substr(1), name) || (!name.empty() && matches_slowly(pattern, name.substr(1)));
    }
    return !name.empty() && (pattern.front() == '?' || pattern.front() == name.front()) &&
           matches_slowly(pattern.substr(1), name.substr(1));
}

bool subject_matches(std::string_view pattern, std::string_view name) { return glob_subject{name}.matches(pattern); }

// 126 characters that have to be followed up to the last.
std::string nasty_pattern() {
    std::string pattern;
    while (pattern.size() + 2 <= 127) {
        pattern += "*a";
    }
    return pattern + "b*";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(glob)

BOOST_DATA_TEST_CASE(pattern_matches_the_whole_name, boost::unit_test::data::make(cases)) {
    BOOST_CHECK_EQUAL(glob_matches(sample.pattern, sample.name), sample.matches);
    BOOST_CHECK_EQUAL(subject_matches(sample.pattern, sample.name), sample.matches);
}

BOOST_AUTO_TEST_CASE(question_mark_is_one_character_however_many_bytes_it_has) {
    BOOST_CHECK(glob_matches("?", "\xc3\xa9"));  // é
    BOOST_CHECK(!glob_matches("??", "\xc3\xa9"));
    BOOST_CHECK(glob_matches("/caf?/*", "/caf\xc3\xa9/x"));
    BOOST_CHECK(glob_matches("*?b",
        "\xf0\x9f\x98\x80"
        "b"));  // four bytes
    BOOST_CHECK(!glob_matches("*??b",
        "\xf0\x9f\x98\x80"
        "b"));
    BOOST_CHECK(glob_matches("*\xa9", "\xc3\xa9") == false);  // half a character is none
}

BOOST_AUTO_TEST_CASE(every_short_pattern_agrees_with_the_plain_rule) {
    const std::string_view pattern_letters = "ab*?";
    const std::string_view name_letters = "ab";
    const auto all_texts = [](std::string_view letters, std::size_t longest) {
        std::vector<std::string> texts{""};
        for (std::size_t i = 0; texts[i].size() < longest; ++i) {
            for (const char letter : letters) {
                texts.push_back(texts[i] + letter);
            }
        }
        return texts;
    };
    const auto names = all_texts(name_letters, 5);
    for (const auto& pattern : all_texts(pattern_letters, 4)) {
        for (const auto& name : names) {
            const bool expected = matches_slowly(pattern, name);
            if (glob_matches(pattern, name) != expected || subject_matches(pattern, name) != expected) {
                BOOST_ERROR("'" << pattern << "' on '" << name << "'");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(long_random_patterns_agree_with_the_plain_rule) {
    std::mt19937 random{20261123};
    for (int round = 0; round < 20'000; ++round) {
        std::string name(random() % 14, 'a');
        for (char& each : name) {
            each = "ab"[random() % 2];
        }
        std::string pattern(random() % 10, 'a');
        for (char& each : pattern) {
            each = "aab**?"[random() % 6];
        }
        const bool expected = matches_slowly(pattern, name);
        if (glob_matches(pattern, name) != expected || subject_matches(pattern, name) != expected) {
            BOOST_ERROR("'" << pattern << "' on '" << name << "'");
        }
    }
}

// Names that need one, two and three words of bits.
BOOST_AUTO_TEST_CASE(long_names_agree_with_the_plain_rule) {
    std::mt19937 random{20261130};
    for (int round = 0; round < 20'000; ++round) {
        std::string name(50 + random() % 79, 'a');
        for (char& each : name) {
            each = "aaab"[random() % 4];
        }
        std::string pattern = name.substr(random() % name.size());
        for (char& each : pattern) {
            const auto dice = random() % 12;
            each = dice == 0 ? '*' : dice == 1 ? '?' : each;
        }
        pattern.insert(0, random() % 2, '*');
        if (glob_matches(pattern, name) != subject_matches(pattern, name)) {
            BOOST_ERROR("'" << pattern << "' on '" << name << "'");
        }
    }
}

BOOST_AUTO_TEST_CASE(pattern_takes_as_many_steps_as_it_has_characters_at_most) {
    glob_subject name{
        std::string_view{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}};
    const auto nasty = nasty_pattern();
    BOOST_CHECK(!name.matches(nasty));
    BOOST_CHECK_GE(name.steps(), nasty.size() - 2);
    BOOST_CHECK_LE(name.steps(), nasty.size() + 2);
    const auto before = name.steps();
    BOOST_CHECK(!name.matches("b" + nasty));  // its first character says no
    BOOST_CHECK_EQUAL(name.steps(), before + 1);
}

// Backtracking into every star would take longer than the universe has.
BOOST_AUTO_TEST_CASE(pattern_made_of_stars_costs_no_more_than_its_length_times_the_names) {
    std::string pattern;
    while (pattern.size() + 2 <= 127) {
        pattern += "*a";
    }
    pattern += 'b';
    BOOST_CHECK(!glob_matches(pattern, std::string(128, 'a')));
}

BOOST_AUTO_TEST_CASE(glob_is_a_pattern_with_a_star_or_a_question_mark) {
    BOOST_CHECK(is_glob("*"));
    BOOST_CHECK(is_glob("a?"));
    BOOST_CHECK(is_glob("pre_*"));
    BOOST_CHECK(!is_glob("pre_push"));
    BOOST_CHECK(!is_glob(""));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::base
