// SPDX-License-Identifier: BSL-1.0
#include <base/text/nearest.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace {

using hookd::base::nearest;

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

BOOST_AUTO_TEST_CASE(case_and_separators_make_no_difference) {
    const std::vector<std::string_view> events{"post_push", "pre_push", "git.pre_commit"};
    for (const std::string_view word : {"PRE_PUSH", "PrePush", "pre-push", "prePsuh", "PRE:PSH", "pre_push*"}) {
        BOOST_TEST(nearest(word, events) == "pre_push", word);
    }
    BOOST_TEST(nearest("Git/PreCommit", events) == "git.pre_commit");
    BOOST_TEST(nearest("Socket", {"--socket", "--timeout"}) == "--socket");
}

BOOST_AUTO_TEST_CASE(long_names_are_near_where_they_differ_little) {
    const std::string name(125, 'x');
    const auto with = [&name](std::size_t at, const std::string& part) {
        return std::string(name).replace(at, part.size(), part);
    };
    BOOST_TEST(nearest(with(60, "ab"), {name}) == name);
    BOOST_TEST(nearest(with(0, "abcd"), {name}) == name);
    BOOST_TEST(nearest(name.substr(4), {name}) == name);
    BOOST_TEST(nearest(with(120, "abcde"), {name}).empty());
    BOOST_TEST(nearest(with(0, "ab") + "abc", {name}).empty());
    BOOST_TEST(nearest(with(60, "ab"), {with(60, "cdef"), with(59, "ba"), name}) == with(59, "ba"));
}

BOOST_AUTO_TEST_CASE(a_word_like_none_of_them_has_no_nearest) {
    BOOST_TEST(nearest("frobnicate", commands).empty());
    BOOST_TEST(nearest("", commands).empty());
    BOOST_TEST(nearest("-", {"a"}).empty());
    BOOST_TEST(nearest("emit", {}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
