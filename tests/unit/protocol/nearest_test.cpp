#include <hookd/protocol/nearest.hpp>

#include <boost/test/unit_test.hpp>

#include <string_view>
#include <vector>

namespace {

using hookd::protocol::nearest;

const std::vector<std::string_view> commands{"emit", "listen", "on", "respond", "stats", "top", "ping", "call"};

}  // namespace

BOOST_AUTO_TEST_SUITE(nearest_suite)

BOOST_AUTO_TEST_CASE(a_letter_missing_added_wrong_or_swapped_is_recognised) {
    BOOST_TEST(nearest("emt", commands) == "emit");
    BOOST_TEST(nearest("emiit", commands) == "emit");
    BOOST_TEST(nearest("emot", commands) == "emit");
    BOOST_TEST(nearest("eimt", commands) == "emit");
    BOOST_TEST(nearest("lisetn", commands) == "listen");
    BOOST_TEST(nearest("plian", {"plain", "pre_push"}) == "plain");
}

BOOST_AUTO_TEST_CASE(the_only_name_that_begins_with_the_word_is_meant) {
    BOOST_TEST(nearest("resp", commands) == "respond");
    BOOST_TEST(nearest("--wait-for", {"--wait", "--wait-for-subscriber", "--policy"}) == "--wait-for-subscriber");
}

BOOST_AUTO_TEST_CASE(a_word_like_none_of_them_has_no_nearest) {
    BOOST_TEST(nearest("frobnicate", commands).empty());
    BOOST_TEST(nearest("", commands).empty());
    BOOST_TEST(nearest("emit", {}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
