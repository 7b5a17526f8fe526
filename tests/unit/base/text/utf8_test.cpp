// SPDX-License-Identifier: BSL-1.0
#include <base/text/utf8.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace {

using namespace hookd::base;

const std::string mixed = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";  // 1, 2, 3 and 4 bytes

}  // namespace

BOOST_AUTO_TEST_SUITE(utf8)

BOOST_AUTO_TEST_CASE(characters_of_one_to_four_bytes_are_counted_and_measured) {
    BOOST_TEST(character_count("") == 0U);
    BOOST_TEST(character_count(mixed) == 4U);
    std::string_view left = mixed;
    for (const std::size_t size : {1U, 2U, 3U, 4U}) {
        BOOST_TEST(front_character_size(left) == size);
        BOOST_TEST(character_end(left, 0) == size);
        left.remove_prefix(size);
    }
    BOOST_TEST(is_utf8(mixed));
    BOOST_TEST(is_utf8(""));
}

BOOST_AUTO_TEST_CASE(a_cut_never_divides_a_character) {
    const std::size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    for (std::size_t limit = 0; limit <= mixed.size(); ++limit) {
        BOOST_TEST(cut_at_character(mixed, limit).size() == whole[limit]);
        BOOST_TEST(is_utf8(cut_at_character(mixed, limit)));
    }
    BOOST_TEST(cut_at_character(mixed, 1000) == mixed);
    BOOST_TEST(cut_at_character("\x80\x80\x80", 2).empty());  // of no character at all
}

BOOST_AUTO_TEST_CASE(what_is_not_well_formed_is_recognised) {
    for (const std::string_view bytes : {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
             "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3(", "\xff"}) {
        BOOST_TEST(front_character_size(bytes) == 0U);
        BOOST_TEST(!is_utf8(bytes));
        BOOST_TEST(!is_utf8(mixed + std::string{bytes}));
    }
}

BOOST_AUTO_TEST_SUITE_END()
