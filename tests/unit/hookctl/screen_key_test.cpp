// SPDX-License-Identifier: BSL-1.0
#include <hookctl/terminal/screen_key.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using hookd::hookctl::screen_key;
using hookd::hookctl::take_key;
using kind = screen_key::kind;

BOOST_AUTO_TEST_SUITE(screen_key_suite)

BOOST_AUTO_TEST_CASE(keys_come_one_by_one) {
    std::string sent = "q\r\x1b[A\x1bOB\x1b[6~\x1b[1;5C\xc3\xa4\x7f\x01\x1b";
    std::vector<kind> seen;
    std::string characters;
    while (const auto key = take_key(sent)) {
        seen.push_back(key->pressed);
        characters += key->text;
    }
    BOOST_TEST((seen == std::vector{kind::character, kind::enter, kind::up, kind::down, kind::page_down, kind::other,
                            kind::character, kind::backspace, kind::other, kind::escape}));
    BOOST_TEST(characters == "q\xc3\xa4");
    BOOST_TEST(sent.empty());
}

BOOST_AUTO_TEST_CASE(what_is_cut_off_is_taken_as_it_is) {
    for (const std::string cut : {"\x1b[", "\x1b[1", "\xc3", "\xff"}) {
        auto sent = cut;
        BOOST_TEST(take_key(sent).has_value());
        BOOST_TEST(sent.empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
