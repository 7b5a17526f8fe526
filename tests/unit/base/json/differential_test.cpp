// SPDX-License-Identifier: BSL-1.0
#include <base/json/text.hpp>

#include <support/json_cases.hpp>

#include <support/json_opinion.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using hookd::test::opinion;
using namespace std::string_view_literals;

namespace {

opinion opinion_of(std::string_view text) { return hookd::test::opinion_of_boost(text, hookd::base::max_json_depth); }

/// A random text of JSON's vocabulary, mostly valid.
class text_maker {
public:
    explicit text_maker(unsigned seed) : random_(seed) {}

    std::string make() {
        std::string text;
        append_value(text, 0);
        return text;
    }

    /// One to four small damages.
    std::string damage(std::string text) {
        for (std::size_t times = 1 + pick(4); times != 0; --times) {
            const std::size_t at = pick(text.size() + 1);
            switch (pick(6)) {
                case 0:
                    text.insert(at, 1, static_cast<char>(pick(256)));
                    break;
                case 1:
                    text.insert(at, fragments_[pick(std::size(fragments_))]);
                    break;
                case 2:
                    text.erase(at, 1 + pick(3));
                    break;
                case 3:
                    text.insert(at, text.substr(pick(text.size() + 1), pick(12)));
                    break;
                case 4:
                    text.resize(at);
                    break;
                default:
                    if (at < text.size()) {
                        text[at] = static_cast<char>(pick(256));
                    }
                    break;
            }
        }
        return text;
    }

    std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>{0, below - 1}(random_); }

private:
    void append_space(std::string& text) {
        for (std::size_t n = pick(4) == 0 ? pick(20) : 0; n != 0; --n) {
            text += " \t\r\n"[pick(4)];
        }
    }

    void append_string(std::string& text) {
        static constexpr std::string_view pieces[] = {"a", "plain text of some length", "\\n", "\\\"", "\\\\", "\\/",
            "\\u0041", "\\uD83D\\uDE00", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\x7f", "[", "}", ",", ":",
            " "};
        text += '"';
        for (std::size_t n = pick(12); n != 0; --n) {
            text += pieces[pick(std::size(pieces))];
        }
        text += '"';
    }

    void append_value(std::string& text, unsigned depth) {
        append_space(text);
        switch (pick(depth < 6 ? 7 : 4)) {
            case 0:
                text += literals_[pick(std::size(literals_))];
                break;
            case 1:
                text += numbers_[pick(std::size(numbers_))];
                break;
            case 2:
                append_string(text);
                break;
            case 3:
                text += std::to_string(pick(1'000'000));
                break;
            case 4:
                text += '[';
                for (std::size_t n = pick(5); n != 0; --n) {
                    append_value(text, depth + 1);
                    text += n > 1 ? "," : "";
                }
                append_space(text);
                text += ']';
                break;
            default:
                text += '{';
                for (std::size_t n = pick(5); n != 0; --n) {
                    append_space(text);
                    append_string(text);
                    append_space(text);
                    text += ':';
                    append_value(text, depth + 1);
                    text += n > 1 ? "," : "";
                }
                append_space(text);
                text += '}';
                break;
        }
        append_space(text);
    }

    static constexpr std::string_view literals_[] = {"true", "false", "null"};
    static constexpr std::string_view numbers_[] = {
        "0", "-0", "0.0", "1e5", "-1.25E-3", "123456789012345678901234567890", "0e+0", "9.99e307"};
    static constexpr std::string_view fragments_[] = {"\"", "\\", "\\u", "\\uD800", "{", "}", "[", "]", ",", ":", "-",
        "+", ".", "e", "E", "0", "00", "1", " ", "\n", "\t", "true", "nul", "\xEF\xBB\xBF", "\xC0\x80", "\xED\xA0\x80",
        "\xF4\x90\x80\x80", "\xE2\x82", "\x80", "\0"sv, "/*", "//", "'", "\"\"", "{}", "[]", ",,", "\"a\":1"};
    std::mt19937 random_;
};

std::string printable(std::string_view text) {
    std::string shown;
    hookd::base::append_json_string(shown, text.substr(0, 400));
    return shown;
}

/// Returns whether Boost.JSON had an opinion.
bool check_agreement(std::string_view text) {
    const opinion expected = opinion_of(text);
    if (expected == opinion::none) {
        return false;
    }
    const bool is_valid = !hookd::base::find_json_fault(text).has_value();
    // BOOST_TEST would count each of a hundred thousand agreements.
    if (is_valid != (expected == opinion::valid)) {
        BOOST_ERROR("hookd " << (is_valid ? "accepts" : "refuses") << ", Boost.JSON does not: " << printable(text));
    }
    return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_against_boost)

BOOST_AUTO_TEST_CASE(known_texts_are_judged_alike) {
    for (const auto& [name, text] : hookd::test::valid_json) {
        check_agreement(text);
    }
    for (const auto& [name, text] : hookd::test::accepted_json) {
        BOOST_TEST(check_agreement(text), name);
    }
    for (const auto& [name, text] : hookd::test::invalid_json) {
        BOOST_TEST(check_agreement(text), name);
    }
}

BOOST_AUTO_TEST_CASE(random_texts_are_judged_alike) {
    text_maker maker{20'240'229};
    std::size_t valid = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::string text = maker.make();
        BOOST_REQUIRE(check_agreement(text));
        valid += opinion_of(text) == opinion::valid ? 1U : 0U;
    }
    // What is made here is valid, or this test compares less than it says.
    BOOST_TEST(valid == 10'000U);
}

BOOST_AUTO_TEST_CASE(damaged_texts_are_judged_alike) {
    text_maker maker{1'234'567};
    std::vector<std::string> seeds;
    for (const auto& [name, text] : hookd::test::valid_json) {
        seeds.emplace_back(text);
    }
    for (const auto& [name, text] : hookd::test::invalid_json) {
        seeds.emplace_back(text);
    }
    std::size_t valid = 0;
    std::size_t invalid = 0;
    for (int i = 0; i < 60'000; ++i) {
        const std::string text = maker.damage(i % 2 == 0 ? maker.make() : seeds[maker.pick(seeds.size())]);
        if (check_agreement(text)) {
            (hookd::base::find_json_fault(text).has_value() ? invalid : valid) += 1;
        }
    }
    // Both kinds are met often.
    BOOST_TEST(valid > 2'000U);
    BOOST_TEST(invalid > 20'000U);
}

BOOST_AUTO_TEST_CASE(nesting_is_counted_alike) {
    for (std::size_t depth = 1; depth < hookd::base::max_json_depth + 4; ++depth) {
        check_agreement(std::string(depth, '[') + std::string(depth, ']'));
        check_agreement(std::string(depth, '[') + "1" + std::string(depth, ']'));
        std::string objects;
        for (std::size_t i = 0; i < depth; ++i) {
            objects += "{\"a\":";
        }
        check_agreement(objects + "1" + std::string(depth, '}'));
    }
}

BOOST_AUTO_TEST_SUITE_END()
