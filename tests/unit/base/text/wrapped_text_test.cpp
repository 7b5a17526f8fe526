// SPDX-License-Identifier: BSL-1.0
#include <base/text/wrapped_text.hpp>

#include <boost/test/unit_test.hpp>

using namespace hookd::base;

BOOST_AUTO_TEST_SUITE(wrapped_texts)

BOOST_AUTO_TEST_CASE(a_line_ends_between_words_and_never_past_the_columns) {
    const std::string_view text = "the quick brown fox jumps over the lazy dog and sleeps";
    BOOST_TEST(wrapped(text, 0, 2, 30) == "the quick brown fox jumps over\n  the lazy dog and sleeps");
    BOOST_TEST(wrapped(text, 0, 2, 29) == "the quick brown fox jumps\n  over the lazy dog and\n  sleeps");
    BOOST_TEST(wrapped(text, 10, 2, 40) == "the quick brown fox jumps over\n  the lazy dog and sleeps");
    BOOST_TEST(wrapped(text, 0, 2, 54) == text);
    BOOST_TEST(wrapped(text, 0, 2, 0) == text);
    BOOST_TEST(wrapped("", 0, 2, 30) == "");
}

BOOST_AUTO_TEST_CASE(a_word_longer_than_the_room_stands_whole_on_a_line) {
    BOOST_TEST(wrapped("see /a/path/that/is/longer/than/thirty/columns for more", 0, 2, 30) ==
               "see\n  /a/path/that/is/longer/than/thirty/columns\n  for more");
}

BOOST_AUTO_TEST_CASE(characters_of_several_bytes_count_as_one_column) {
    BOOST_TEST(wrapped("ä ö ü ä ö ü ä ö ü ä ö ü ä ö ü ß", 0, 2, 31) == "ä ö ü ä ö ü ä ö ü ä ö ü ä ö ü ß");
    BOOST_TEST(wrapped("ä ö ü ä ö ü ä ö ü ä ö ü ä ö ü ß", 0, 2, 30) == "ä ö ü ä ö ü ä ö ü ä ö ü ä ö ü\n  ß");
}

BOOST_AUTO_TEST_CASE(an_indentation_that_leaves_little_room_is_a_small_one) {
    BOOST_TEST(wrapped("one two three four", 30, 30, 40) == "one two\n    three four");
    BOOST_TEST(wrapped("/a/longer/path and more", 30, 30, 40) == "\n    /a/longer/path and more");
}

BOOST_AUTO_TEST_CASE(line_ends_of_the_text_stay) {
    BOOST_TEST(wrapped("one two\nthree", 0, 2, 40) == "one two\n  three");
    BOOST_TEST(wrapped("one\n\nthree", 0, 2, 40) == "one\n  \n  three");
}

BOOST_AUTO_TEST_SUITE_END()
