#include "net/batch.hpp"

#include <boost/test/unit_test.hpp>

namespace hookd::server {

BOOST_AUTO_TEST_SUITE(batches)

BOOST_AUTO_TEST_CASE(answers_stand_in_the_order_of_the_requests) {
    batch three{3};
    BOOST_CHECK(!three.complete(2, "c"));
    BOOST_CHECK(!three.complete(0, "a"));
    BOOST_CHECK(three.complete(1, "b"));
    BOOST_CHECK_EQUAL(three.take(), "[a,b,c]");
}

// JSON-RPC 2.0, section 6: notifications get no answer.
BOOST_AUTO_TEST_CASE(notifications_are_left_out) {
    batch some{4};
    BOOST_CHECK(!some.complete(0, ""));
    BOOST_CHECK(!some.complete(1, "b"));
    BOOST_CHECK(!some.complete(2, ""));
    BOOST_CHECK(some.complete(3, "d"));
    BOOST_CHECK_EQUAL(some.take(), "[b,d]");
}

// "If there are no Response objects contained within the Response array … the server MUST NOT return an empty Array".
BOOST_AUTO_TEST_CASE(notifications_only_give_nothing) {
    batch quiet{2};
    BOOST_CHECK(!quiet.complete(1, ""));
    BOOST_CHECK(quiet.complete(0, ""));
    BOOST_CHECK_EQUAL(quiet.take(), "");
}

BOOST_AUTO_TEST_CASE(batch_of_one_is_still_an_array) {
    batch one{1};
    BOOST_CHECK(one.complete(0, "a"));
    BOOST_CHECK_EQUAL(one.take(), "[a]");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server
