// SPDX-License-Identifier: BSL-1.0
#include <base/text/visible_text.hpp>

#include <boost/spirit/home/support/char_encoding/unicode/query.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <string>

namespace {

using hookd::base::has_line_that_begins_with;
using hookd::base::shows_nothing;
namespace ucd = boost::spirit::ucd;
using ucd::properties;

bool is_blank_or_control(std::uint32_t code) {
    const auto category = ucd::get_category(code);
    return category == properties::control || category == properties::format ||
           category == properties::space_separator || category == properties::line_separator ||
           category == properties::paragraph_separator;
}

// Boost's table is of an older edition of Unicode.
BOOST_AUTO_TEST_SUITE(visible_text)

BOOST_AUTO_TEST_CASE(controls_formats_and_separators_show_nothing) {
    for (std::uint32_t code = 0; code < 0x110000; ++code) {
        if (is_blank_or_control(code)) {
            BOOST_REQUIRE_MESSAGE(shows_nothing(code), "U+" << std::hex << code);
        }
    }
}

BOOST_AUTO_TEST_CASE(letters_numbers_punctuation_and_symbols_are_shown) {
    for (std::uint32_t code = 0; code < 0x110000; ++code) {
        const auto major = ucd::get_major_category(code);
        const bool is_shown = ucd::is_alphabetic(code) || major == properties::number ||
                              major == properties::punctuation || major == properties::symbol;
        if (is_shown && !ucd::is_default_ignorable_code_point(code)) {
            BOOST_REQUIRE_MESSAGE(!shows_nothing(code), "U+" << std::hex << code);
        }
    }
}

BOOST_AUTO_TEST_CASE(line_begins_with_the_first_character_that_is_shown) {
    const auto found = [](const std::string& text) { return has_line_that_begins_with(text, '{', '['); };
    BOOST_TEST(!found(""));
    BOOST_TEST(found("{"));
    BOOST_TEST(found("x\n\t ["));
    BOOST_TEST(!found("x {"));
    BOOST_TEST(!found("x\x1b[1m{"));  // a colour leaves the cursor where it is
    BOOST_TEST(found("x\x1b[1G{"));
    BOOST_TEST(!found("\x1b[{"));  // the end of the sequence
    BOOST_TEST(found("\x1b[{{"));
    BOOST_TEST(!found("\x1b]0;{ and no end"));
    BOOST_TEST(found("\x1b]0;no end\n{"));
    BOOST_TEST(found("\x1b[\x1b[m{"));  // the second cuts the first one off
    BOOST_TEST(found("\x1b[3\x18{"));
    BOOST_TEST(!found("see \x1b]8;;x:y\x1b\\{}\x1b]8;;\x1b\\"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
