#include "net/connection_places.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <string>

// max_connections, shared out by user, at n - 1, n and n + 1.
namespace hookd::server {
namespace {

const peer_credentials own{1, ::geteuid(), 0};
const peer_credentials root{1, 0, 0};
const peer_credentials ann{1, 70'001, 0};
const peer_credentials bob{1, 70'002, 0};
const peer_credentials carol{1, 70'003, 0};

// Takes as many places as there are; returns how many those were.
std::size_t take_all(connection_places& places, const peer_credentials& peer) {
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
