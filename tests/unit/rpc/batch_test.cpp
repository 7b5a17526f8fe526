// SPDX-License-Identifier: BSL-1.0
#include "rpc/batch.hpp"

#include <boost/test/unit_test.hpp>

namespace hookd::server::rpc {

namespace {

byte_chain chain_of(std::string text) {
    byte_chain result;
    result.append(std::move(text));
    return result;
}

std::string array_of(batch& answers) {
    byte_chain out;
    const auto bytes = answers.array_bytes();
    if (bytes != 0) {
        answers.take(out);
    }
    BOOST_CHECK_EQUAL(out.size(), bytes);
    std::string text;
    out.for_each([&text](std::string_view piece) { text += piece; });
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(batches)

BOOST_AUTO_TEST_CASE(answers_stand_in_the_order_of_the_requests) {
    batch three{3, std::make_shared<batch_memory>()};
    BOOST_CHECK(!three.complete(2, chain_of("c")));
    BOOST_CHECK(!three.complete(0, chain_of("a")));
    BOOST_CHECK(three.complete(1, chain_of("b")));
    BOOST_CHECK_EQUAL(array_of(three), "[a,b,c]");
}

// JSON-RPC 2.0, section 6: notifications get no answer.
BOOST_AUTO_TEST_CASE(notifications_are_left_out) {
    batch some{4, std::make_shared<batch_memory>()};
    BOOST_CHECK(!some.complete(0, chain_of("")));
    BOOST_CHECK(!some.complete(1, chain_of("b")));
    BOOST_CHECK(!some.complete(2, chain_of("")));
    BOOST_CHECK(some.complete(3, chain_of("d")));
    BOOST_CHECK_EQUAL(array_of(some), "[b,d]");
}

// "If there are no Response objects contained within the Response array … the server MUST NOT return an empty Array".
BOOST_AUTO_TEST_CASE(notifications_only_give_nothing) {
    batch quiet{2, std::make_shared<batch_memory>()};
    BOOST_CHECK(!quiet.complete(1, chain_of("")));
    BOOST_CHECK(quiet.complete(0, chain_of("")));
    BOOST_CHECK_EQUAL(array_of(quiet), "");
}

BOOST_AUTO_TEST_CASE(batch_of_one_is_still_an_array) {
    batch one{1, std::make_shared<batch_memory>()};
    BOOST_CHECK(one.complete(0, chain_of("a")));
    BOOST_CHECK_EQUAL(array_of(one), "[a]");
}

BOOST_AUTO_TEST_CASE(what_unfinished_batches_hold_is_charged_and_given_back) {
    const auto memory = std::make_shared<batch_memory>();
    constexpr std::size_t limit = batch_memory::limit;
    {
        batch held{2, memory};
        constexpr std::size_t left = limit - batch::footprint_of(2);
        BOOST_CHECK(held.has_room_for(left));
        BOOST_CHECK(!held.has_room_for(left + 1));
        BOOST_CHECK(!held.complete(0, chain_of(std::string(left - 1, 'x'))));
        batch other{0, memory};
        BOOST_CHECK(other.has_room_for(1));
        BOOST_CHECK(!other.has_room_for(2));
        BOOST_CHECK(held.complete(1, chain_of("y")));
        BOOST_CHECK(!other.has_room_for(0));
        BOOST_CHECK_EQUAL(array_of(held).size(), left + 3);
    }
    BOOST_CHECK(memory->has_room_for(limit));
    BOOST_CHECK(!memory->has_room_for(limit + 1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server::rpc
