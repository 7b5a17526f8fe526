// SPDX-License-Identifier: BSL-1.0
#include <base/json/scanner.hpp>
#include <base/json/text.hpp>

#include <support/json_cases.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

using namespace hookd::base;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

std::string repeated(std::string_view piece, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) {
        text += piece;
    }
    return text;
}

/// RFC 3629 by decoding: how many bytes the sequence at the start takes, or 0. Slow and plain, to compare with.
std::size_t reference_utf8(std::string_view bytes) {
    const auto byte = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
    const unsigned first = byte(0);
    const std::size_t length = (first & 0xE0U) == 0xC0U   ? 2
                               : (first & 0xF0U) == 0xE0U ? 3
                               : (first & 0xF8U) == 0xF0U ? 4
                                                          : 0;
    if (length == 0) {
        return 0;
    }
    unsigned code_point = first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) {
            return 0;
        }
        code_point = code_point << 6U | (byte(i) & 0x3FU);
    }
    const unsigned least = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    return code_point >= least && code_point <= 0x10FFFF && !is_surrogate ? length : 0;
}

std::string appended(std::string_view plain) {
    std::string out;
    append_json_string(out, plain);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_text)

BOOST_AUTO_TEST_CASE(valid_texts_pass) {
    for (const auto& [name, text] : hookd::test::valid_json) {
        const auto fault = find_json_fault(text);
        BOOST_TEST(!fault.has_value(), name << ": " << (fault ? fault->reason : ""sv));
    }
}

BOOST_AUTO_TEST_CASE(lone_surrogate_escapes_pass) {
    for (const auto& [name, text] : hookd::test::accepted_json) {
        BOOST_TEST(!find_json_fault(text).has_value(), name);
    }
}

BOOST_AUTO_TEST_CASE(invalid_texts_are_refused_with_a_reason_and_a_place) {
    for (const auto& [name, text] : hookd::test::invalid_json) {
        const auto fault = find_json_fault(text);
        BOOST_TEST(fault.has_value(), name);
        if (fault) {
            BOOST_TEST(!fault->reason.empty(), name);
            BOOST_TEST(fault->offset <= text.size(), name);
        }
    }
}

BOOST_AUTO_TEST_CASE(reasons_say_what_is_wrong_and_where) {
    struct example {
        std::string_view text;
        std::size_t offset;
        std::string_view in_reason;
    };
    const auto examples = std::to_array<example>({
        {"[01]", 2, "leading zero"},
        {"[1.]", 3, "decimal point"},
        {"[1e]", 3, "exponent"},
        {"[-x]", 2, "minus"},
        {"{\"a\" 1}", 5, "colon"},
        {"{a:1}", 1, "name"},
        {"{\"a\":1]", 6, "brace"},
        {"[1}", 2, "bracket"},
        {"[\"a]", 1, "not terminated"},
        {"[\"\\x\"]", 2, "escape"},
        {"[\"\\u12\"]", 2, "four hexadecimal"},
        {"\"\xFF\"", 1, "UTF-8"},
        {"\xEF\xBB\xBF{}", 0, "byte order mark"},
        {"{} x", 3, "follows"},
        {"[tru]", 1, "bare words"},
        {"", 0, "ends"},
    });
    for (const auto& [text, offset, in_reason] : examples) {
        const auto fault = find_json_fault(text);
        BOOST_REQUIRE_MESSAGE(fault.has_value(), text);
        BOOST_TEST(fault->offset == offset, text);
        BOOST_TEST(fault->reason.find(in_reason) != std::string_view::npos, text << ": " << fault->reason);
    }
}

BOOST_AUTO_TEST_CASE(no_proper_prefix_of_an_object_is_valid) {
    const auto text = "{\"a\":[1.5e+3,true,null,false,\"x\\n\\u00e9\xE2\x82\xAC\",{\"b\":{}}],\"c\":-0}"sv;
    BOOST_TEST(!find_json_fault(text).has_value());
    for (std::size_t length = 0; length < text.size(); ++length) {
        // A copy of exactly that size, so that a sanitizer sees any read past its end.
        const std::vector<char> prefix(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length));
        BOOST_TEST(find_json_fault({prefix.data(), prefix.size()}).has_value(), "prefix of " << length);
    }
}

BOOST_AUTO_TEST_CASE(every_control_character_in_a_string_is_refused) {
    for (int c = 0; c < 0x20; ++c) {
        const std::string text = "\"a"s + static_cast<char>(c) + "b\"";
        const auto fault = find_json_fault(text);
        BOOST_TEST(fault.has_value(), "character " << c);
        BOOST_TEST((fault && fault->offset == 2), "character " << c);
    }
}

BOOST_AUTO_TEST_CASE(only_eight_characters_and_u_may_follow_a_backslash) {
    for (int c = 0; c < 256; ++c) {
        const std::string text = "\"\\"s + static_cast<char>(c) + "\"";
        const bool is_allowed = c != 0 && "\"\\/bfnrt"sv.find(static_cast<char>(c)) != std::string_view::npos;
        BOOST_TEST(!find_json_fault(text).has_value() == is_allowed, "character " << c);
    }
}

BOOST_AUTO_TEST_CASE(only_four_characters_are_white_space) {
    for (int c = 0; c < 256; ++c) {
        const bool is_space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        const std::string around(1, static_cast<char>(c));
        BOOST_TEST(!find_json_fault("[true" + around + "]").has_value() == is_space, "inside, character " << c);
        BOOST_TEST(!find_json_fault("true" + around).has_value() == is_space, "after, character " << c);
        BOOST_TEST(!find_json_fault(around + "true").has_value() == is_space, "before, character " << c);
    }
}

BOOST_AUTO_TEST_CASE(depth_128_passes_and_129_does_not) {
    BOOST_TEST(max_json_depth == 128U);
    for (const std::size_t depth :
        {max_json_depth - 1, max_json_depth, max_json_depth + 1, 2 * max_json_depth, std::size_t{200'000}}) {
        const bool allowed = depth <= max_json_depth;
        BOOST_TEST(
            !find_json_fault(repeated("[", depth) + repeated("]", depth)).has_value() == allowed, "arrays, " << depth);
        BOOST_TEST(!find_json_fault(repeated("[", depth) + "1" + repeated("]", depth)).has_value() == allowed,
            "full arrays, " << depth);
        BOOST_TEST(
            !find_json_fault(repeated("{\"a\":", depth - 1) + "{}" + repeated("}", depth - 1)).has_value() == allowed,
            "objects, " << depth);
        BOOST_TEST(!find_json_fault(repeated("{\"a\":", depth) + "\"x\"" + repeated("}", depth)).has_value() == allowed,
            "full objects, " << depth);
    }
    BOOST_TEST(find_json_fault(repeated("[", 100'000)).has_value());
}

BOOST_AUTO_TEST_CASE(each_level_remembers_whether_it_is_an_object) {
    // Brackets in a pattern with no short period, closed rightly, and then with one of them closed wrongly.
    std::string opening;
    std::string closing;
    for (std::size_t level = 0; level < max_json_depth; ++level) {
        const bool object = (level * level + level / 3) % 2 == 0;
        opening += object ? "{\"k\":" : "[";
        closing.insert(closing.begin(), object ? '}' : ']');
    }
    BOOST_TEST(!find_json_fault(opening + "0" + closing).has_value());
    for (std::size_t i = 0; i < closing.size(); ++i) {
        std::string wrong = closing;
        wrong[i] = wrong[i] == '}' ? ']' : '}';
        BOOST_TEST(find_json_fault(opening + "0" + wrong).has_value(), "level " << max_json_depth - i);
    }
}

BOOST_AUTO_TEST_CASE(a_level_that_was_closed_is_forgotten) {
    const std::string sibling = repeated("[", 100) + repeated("]", 100);
    BOOST_TEST(!find_json_fault("[" + sibling + "," + sibling + ",{\"a\":" + sibling + "}]").has_value());
}

BOOST_AUTO_TEST_CASE(utf8_is_told_as_a_plain_decoder_tells_it) {
    static constexpr auto tails =
        std::to_array<unsigned char>({0x00, 0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF});
    std::size_t differences = 0;
    for (unsigned first = 0x80; first < 0x100; ++first) {
        for (unsigned second = 0; second < 0x100; ++second) {
            for (const unsigned third : tails) {
                for (const unsigned fourth : tails) {
                    const std::array<char, 4> bytes{static_cast<char>(first), static_cast<char>(second),
                        static_cast<char>(third), static_cast<char>(fourth)};
                    for (std::size_t length = 1; length <= 4; ++length) {
                        const std::string_view view{bytes.data(), length};
                        differences +=
                            utf8_sequence(view.data(), view.data() + length) != reference_utf8(view) ? 1U : 0U;
                    }
                }
            }
        }
    }
    BOOST_TEST(differences == 0U);
}

BOOST_AUTO_TEST_CASE(a_plain_run_ends_at_the_right_byte_at_every_alignment) {
    const auto specials = "\"\\\x1f\x80\xff"sv;
    const std::string buffer(160, 'x');
    for (std::size_t start = 0; start < 33; ++start) {
        for (std::size_t length = 0; length < 70; ++length) {
            for (std::size_t place = 0; place <= length; ++place) {
                std::string text = buffer.substr(0, start + length);
                if (place < length) {
                    text[start + place] = specials[place % specials.size()];
                }
                // What stands before the start must not matter.
                if (start > 0) {
                    text[start - 1] = '"';
                }
                const std::vector<char> exact(text.begin(), text.end());
                const char* const begin = exact.data();
                const char* const end = begin + exact.size();
                const auto found = find_special(begin, begin + start, end) - begin;
                const auto by_words = find_special_by_words(begin + start, end) - begin;
                BOOST_REQUIRE_EQUAL(found, static_cast<std::ptrdiff_t>(start + place));
                BOOST_REQUIRE_EQUAL(by_words, static_cast<std::ptrdiff_t>(start + place));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(every_byte_is_told_special_or_not_by_both_searches) {
    for (int c = 0; c < 256; ++c) {
        const bool special = c < 0x20 || c == '"' || c == '\\' || c >= 0x80;
        for (std::size_t place = 0; place < 16; ++place) {
            std::string text(16, 'a');
            text[place] = static_cast<char>(c);
            const char* const begin = text.data();
            const char* const end = begin + text.size();
            const char* const expected = special ? begin + place : end;
            BOOST_REQUIRE(find_special(begin, begin, end) == expected);
            BOOST_REQUIRE(find_special_by_words(begin, end) == expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(strings_of_every_length_around_sixteen_end_where_they_end) {
    for (std::size_t indent = 0; indent < 18; ++indent) {
        for (std::size_t length = 0; length < 68; ++length) {
            const std::string text = std::string(indent, ' ') + '"' + std::string(length, 'a') + '"';
            BOOST_REQUIRE(!find_json_fault(text).has_value());
            BOOST_REQUIRE(find_json_fault(text.substr(0, text.size() - 1)).has_value());
            BOOST_REQUIRE(!find_json_fault("[" + text + ",1]").has_value());
            for (std::size_t place = 0; place < length; ++place) {
                std::string bad = text;
                bad[indent + 1 + place] = '\n';
                const auto fault = find_json_fault(bad);
                BOOST_REQUIRE(fault.has_value());
                BOOST_REQUIRE_EQUAL(fault->offset, indent + 1 + place);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(kinds_are_told_by_the_first_byte) {
    BOOST_TEST((kind_of("{}") == json_kind::object));
    BOOST_TEST((kind_of("[1]") == json_kind::array));
    BOOST_TEST((kind_of("\"x\"") == json_kind::string));
    BOOST_TEST((kind_of("-1") == json_kind::number));
    BOOST_TEST((kind_of("0") == json_kind::number));
    BOOST_TEST((kind_of("true") == json_kind::boolean));
    BOOST_TEST((kind_of("false") == json_kind::boolean));
    BOOST_TEST((kind_of("null") == json_kind::null));
}

BOOST_AUTO_TEST_CASE(strings_equal_what_they_decode_to_and_nothing_else) {
    struct decoding {
        std::string_view raw;
        std::string_view plain;
    };
    const auto decodings = std::to_array<decoding>({
        {"", ""},
        {"abc", "abc"},
        {"\\u0061bc", "abc"},
        {"a\\u0062\\u0063", "abc"},
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
        {"\\u0000", "\0"sv},
        {"x\\u0000y", "x\0y"sv},
        {"\\u00e9", "\xC3\xA9"},
        {"\\u20AC", "\xE2\x82\xAC"},
        {"\\uD83D\\ude00", "\xF0\x9F\x98\x80"},
        {"\\uD800", "\xEF\xBF\xBD"},
        {"\\uDC00x", "\xEF\xBF\xBDx"},
        {"\\uD800\\uD83D\\uDE00", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
        {"\\uD800\\n", "\xEF\xBF\xBD\n"},
        {"\\uD800\\u0041",
            "\xEF\xBF\xBD"
            "A"},
        {"\\uDBFF\\uDFFF", "\xF4\x8F\xBF\xBF"},
        {"\xC3\xA9", "\xC3\xA9"},
    });
    for (const auto& [raw, plain] : decodings) {
        const json_string token{raw};
        BOOST_TEST(token.decode() == plain);
        BOOST_TEST(token.equals(plain), raw);
        BOOST_TEST(!token.equals(std::string{plain} + "x"), raw);
        BOOST_TEST((plain.empty() || !token.equals(plain.substr(1))), raw);
        BOOST_TEST((plain.empty() || !token.equals(plain.substr(0, plain.size() - 1))), raw);
    }
    // The same number of bytes, but one of the two is an escape.
    BOOST_TEST(!json_string{"\\n"}.equals("\\n"));
    BOOST_TEST(!json_string{"\\u0061"}.equals("b"));
    BOOST_TEST(!json_string{"abd"}.equals("abc"));
}

BOOST_AUTO_TEST_CASE(cursor_walks_members_as_sent) {
    const auto text = "{ \"a\" : 1.50 , \"b\\n\":[1, {\"x\":\"]\"}],\"\":\"}\" ,\n\"a\":null}"sv;
    json_cursor members{text};
    const auto expect = [&](std::string_view key, std::string_view value) {
        const auto member = members.next();
        BOOST_REQUIRE(member.has_value());
        BOOST_TEST(member->key.raw == key);
        BOOST_TEST(member->value == value);
    };
    expect("a", "1.50");
    expect("b\\n", "[1, {\"x\":\"]\"}]");
    expect("", "\"}\"");
    expect("a", "null");
    BOOST_TEST(!members.next().has_value());
    BOOST_TEST(!members.next().has_value());
}

BOOST_AUTO_TEST_CASE(cursor_walks_elements_as_sent) {
    json_cursor elements{"[ 1,\"a,b\" , [2,3] ,{}]"};
    for (const auto expected : {"1"sv, "\"a,b\""sv, "[2,3]"sv, "{}"sv}) {
        const auto element = elements.next();
        BOOST_REQUIRE(element.has_value());
        BOOST_TEST(element->value == expected);
        BOOST_TEST(element->key.raw.empty());
    }
    BOOST_TEST(!elements.next().has_value());
}

BOOST_AUTO_TEST_CASE(cursor_of_an_empty_container_ends_at_once) {
    for (const auto text : {"{}"sv, "{ }"sv, "[]"sv, "[\n]"sv}) {
        json_cursor cursor{text};
        BOOST_TEST(!cursor.next().has_value(), text);
    }
}

BOOST_AUTO_TEST_CASE(appended_strings_are_escaped_as_little_as_json_allows) {
    BOOST_TEST(appended("") == "\"\"");
    BOOST_TEST(appended("plain / text \x7f") == "\"plain / text \x7f\"");
    BOOST_TEST(appended("\"\\\b\f\n\r\t") == "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
    BOOST_TEST(appended("\0\x01\x1f"sv) == "\"\\u0000\\u0001\\u001f\"");
    BOOST_TEST(appended("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") == "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8_are_replaced_when_appended) {
    BOOST_TEST(appended("a\xFFz") == "\"a\xEF\xBF\xBDz\"");
    BOOST_TEST(appended("\xE2\x82") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    BOOST_TEST(appended("\xC0\xAF") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    BOOST_TEST(appended("\xED\xA0\x80").size() == 2U + 9U);
}

BOOST_AUTO_TEST_CASE(whatever_is_appended_is_valid_json_that_decodes_to_it) {
    // Every pair of bytes, at places on either side of the sixteen-byte steps.
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; second += first < 0x80 ? 5 : 1) {
            const std::string plain = std::string(static_cast<std::size_t>(first) % 17, 'p') +
                                      static_cast<char>(first) + static_cast<char>(second) + "tail";
            const std::string token = appended(plain);
            BOOST_REQUIRE(!find_json_fault(token).has_value());
            const bool is_ascii = first < 0x80 && second < 0x80;
            if (is_ascii) {
                BOOST_REQUIRE_EQUAL(json_string{std::string_view{token}.substr(1, token.size() - 2)}.decode(), plain);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
