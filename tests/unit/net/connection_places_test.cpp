// SPDX-License-Identifier: BSL-1.0
#include "net/connection_places.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

// max_connections, shared out by user, at n - 1, n and n + 1.
namespace hookd::server {
namespace {

const core::peer own{1, 1000, false};
const core::peer root{1, 0, false};
const core::peer ann{1, 70'001, true};
const core::peer bob{1, 70'002, true};
const core::peer carol{1, 70'003, true};

// Takes as many places as there are; returns how many those were.
std::size_t take_all(connection_places& places, const core::peer& peer) {
    std::size_t taken = 0;
    for (; !places.refuse(peer); ++taken) {
        places.take(peer);
    }
    return taken;
}

std::string data_of(const std::optional<protocol::error>& failure) { return failure ? failure->data : std::string{}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(connections_by_user)

BOOST_AUTO_TEST_CASE(one_named_user_has_half_and_some_are_kept_for_the_daemons_user_and_root) {
    connection_places places{100};
    BOOST_TEST(take_all(places, ann) == 50U);
    BOOST_TEST(data_of(places.refuse(ann)) == R"({"limit":"max_connections","max":50})");
    BOOST_TEST(take_all(places, bob) == 34U);
    BOOST_TEST(data_of(places.refuse(bob)) == R"({"limit":"max_connections","max":84})");
    BOOST_TEST(take_all(places, carol) == 0U);
    BOOST_TEST(take_all(places, own) == 16U);
    BOOST_TEST(data_of(places.refuse(root)) == R"({"limit":"max_connections","max":100})");
    places.give_back(ann);
    BOOST_TEST(take_all(places, carol) == 0U);  // it is one of those that are kept
    BOOST_TEST(take_all(places, root) == 1U);
}

BOOST_AUTO_TEST_CASE(place_that_is_given_back_is_free_again) {
    connection_places places{100};
    BOOST_TEST(take_all(places, ann) == 50U);
    places.give_back(ann);
    BOOST_TEST(take_all(places, ann) == 1U);
    for (int i = 0; i < 50; ++i) {
        places.give_back(ann);
    }
    BOOST_TEST(take_all(places, own) == 100U);
}

BOOST_AUTO_TEST_CASE(of_few_half_is_kept) {
    connection_places places{8};
    BOOST_TEST(take_all(places, ann) == 4U);
    BOOST_TEST(take_all(places, bob) == 0U);
    BOOST_TEST(take_all(places, own) == 4U);
    connection_places one{1};
    BOOST_TEST(take_all(one, ann) == 1U);
    BOOST_TEST(take_all(one, own) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server
