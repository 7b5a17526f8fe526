// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include "cluster/nats/roster.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace hookd::nats;
using namespace std::chrono_literals;

namespace {

const roster::time_point start{};

presence about(const std::string& host, const std::string& entry) { return {{host, entry}, "instance", {}}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(roster_)

BOOST_AUTO_TEST_CASE(a_new_entry_of_a_host_replaces_the_old_one) {
    roster known;
    BOOST_TEST(!known.update(about("b", "1"), start).has_value());
    BOOST_TEST(!known.update(about("b", "1"), start + 1s).has_value());
    const auto before = known.update(about("b", "2"), start + 2s);
    BOOST_REQUIRE(before.has_value());
    BOOST_TEST(before->who.entry == "1");
    BOOST_TEST(!known.remove({"b", "1"}).has_value());
    BOOST_TEST(known.remove({"b", "2"}).has_value());
    BOOST_TEST(known.find("b") == nullptr);
}

BOOST_AUTO_TEST_CASE(lost_messages_are_counted) {
    roster known;
    known.update(about("b", "1"), start);
    BOOST_TEST(known.note_sequence({"b", "1"}, 5) == 0U);  // the first that is heard
    BOOST_TEST(known.note_sequence({"b", "1"}, 6) == 0U);
    BOOST_TEST(known.note_sequence({"b", "1"}, 9) == 2U);
    BOOST_TEST(known.note_sequence({"b", "1"}, 9) == 0U);
    BOOST_TEST(known.note_sequence({"b", "0"}, 99) == 0U);  // another entry counts for itself
    known.update(about("c", "1"), start);
    known.set_base({"c", "1"}, 3);
    known.set_base({"c", "1"}, 1);
    BOOST_TEST(known.note_sequence({"c", "1"}, 6) == 2U);
}

BOOST_AUTO_TEST_CASE(a_reading_of_the_bucket_says_who_came_and_went) {
    roster known;
    known.update(about("b.x", "1"), start);
    known.update(about("c", "1"), start + 10s);
    BOOST_TEST((known.unknown_of({"b=2Ex", "d"}) == std::vector<std::string>{"d"}));
    const auto vanished = known.vanished_from({}, start + 5s);
    BOOST_REQUIRE(vanished.size() == 1U);  // c was heard of after the bucket had been read
    BOOST_TEST(vanished[0].host == "b.x");
    BOOST_TEST(known.vanished_from({"b=2Ex", "c"}, start + 20s).empty());
}

BOOST_AUTO_TEST_SUITE_END()
