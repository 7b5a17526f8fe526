// SPDX-License-Identifier: BSL-1.0
#include <base/text/terminal_text.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using hookd::base::front_character;
using hookd::base::harmless;

}  // namespace

BOOST_AUTO_TEST_SUITE(terminal_text)

BOOST_AUTO_TEST_CASE(what_could_drive_a_terminal_becomes_a_question_mark) {
    BOOST_TEST(harmless("a\x1b[2Jb\rc\nd\te\x7f") == "a?[2Jb?c?d?e?");
    BOOST_TEST(harmless("\xc2\x9b"
                        "31m") == "?31m");  // CSI as one character of C1
    BOOST_TEST(harmless("a\xe2\x80\xae"
                        "b\xe2\x81\xa6"
                        "c") == "a?b?c");      // the direction of writing
    BOOST_TEST(harmless("\x9b\xff") == "??");  // no UTF-8
}

BOOST_AUTO_TEST_CASE(text_stays_as_it_is_and_its_lines_where_they_may) {
    const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \xe2\x80\x93";
    BOOST_TEST(harmless(text) == text);
    BOOST_TEST(harmless("a\nb\tc\x1b", true) == "a\nb\tc?");
    BOOST_TEST(harmless("").empty());
}

BOOST_AUTO_TEST_CASE(a_harmful_character_is_told_with_its_code_point_and_size) {
    BOOST_TEST(front_character("\x1bx").harmful.value() == 0x1bU);
    BOOST_TEST(front_character("\xc2\x85").harmful.value() == 0x85U);
    BOOST_TEST(front_character("\xc2\x85").bytes == 2U);
    BOOST_TEST(front_character("\xe2\x80\xae").harmful.value() == 0x202eU);
    BOOST_TEST(front_character("\xff").harmful.value() == 0xfffdU);
    BOOST_TEST(!front_character("\xc3\xa4").harmful);
}

BOOST_AUTO_TEST_SUITE_END()
