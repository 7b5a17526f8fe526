// SPDX-License-Identifier: BSL-1.0
#include "net/input_buffer.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace hookd::server::net {
namespace {

constexpr std::size_t usual = buffer_pool::usual_bytes;
constexpr std::size_t longest = std::size_t{16} << 20;

struct buffer_fixture {
    buffer_pool pool{};
    input_budget budget{std::size_t{64} << 20};
    input_buffer input{pool, budget, longest};

    // Reads `bytes` as far as there is room; returns how much.
    std::size_t read(std::string_view bytes) {
        BOOST_REQUIRE(input.make_room());
        const auto count = std::min(bytes.size(), input.free_bytes());
        BOOST_REQUIRE_GT(count, 0U);
        std::copy_n(bytes.begin(), count, input.free_begin());
        input.append(count);
        return count;
    }
    void read_all(std::string_view bytes) {
        while (!bytes.empty()) {
            bytes.remove_prefix(read(bytes));
        }
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(input_buffers, buffer_fixture)

BOOST_AUTO_TEST_CASE(it_has_memory_only_while_it_holds_something) {
    BOOST_TEST(input.capacity() == 0U);
    read_all("abc");
    BOOST_TEST(input.capacity() == usual);
    input.consume(1, 0);
    input.release();
    BOOST_TEST(input.unread() == "bc");
    input.consume(2, 0);
    input.release();
    BOOST_TEST(input.capacity() == 0U);
    BOOST_TEST(budget.used() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_unread_is_kept_byte_for_byte_as_it_grows) {
    std::string all;
    for (std::size_t i = 0; all.size() < 5 * usual; ++i) {
        all += std::to_string(i) + ' ';
    }
    read_all(std::string_view{all}.substr(0, 100));
    input.consume(50, 0);
    read_all(std::string_view{all}.substr(100));
    BOOST_TEST((input.unread() == std::string_view{all}.substr(50)));
    BOOST_TEST(budget.used() == input.capacity());
    input.clear();
    BOOST_TEST(budget.used() == 0U);
}

BOOST_AUTO_TEST_CASE(announced_frame_gets_its_memory_at_once) {
    read_all(std::string(usual, 'x'));
    input.consume(0, std::size_t{3} << 20);
    BOOST_TEST(input.make_room());
    BOOST_TEST(input.capacity() == std::size_t{3} << 20);
}

BOOST_AUTO_TEST_CASE(rest_of_a_larger_frame_has_to_come_first) {
    read_all(std::string(usual, 'x'));
    input.consume(0, std::size_t{20} << 20);
    BOOST_TEST(input.make_room());
    BOOST_TEST(input.capacity() == std::size_t{16} << 20);
    input.append(input.free_bytes());
    BOOST_TEST(input.make_room());
    BOOST_TEST(input.capacity() == std::size_t{20} << 20);
}

BOOST_AUTO_TEST_CASE(who_shares_its_memory_keeps_it_when_it_grows) {
    read_all(std::string(2 * usual, 'x'));
    const auto shared = input.memory();
    const std::string more(2 * usual, 'y');
    read_all(more);
    BOOST_TEST(std::string_view(shared.get(), 2 * usual) == std::string(2 * usual, 'x'));
    BOOST_TEST(input.unread() == std::string(2 * usual, 'x') + more);
    const auto all = std::string{input.unread()};
    read_all(more);  // nobody shares it now
    BOOST_TEST(input.unread() == all + more);
}

BOOST_AUTO_TEST_CASE(above_half_of_the_budget_it_grows_only_as_bytes_arrive) {
    BOOST_TEST(budget.try_take(budget.limit() / 2));
    read_all(std::string(usual, 'x'));
    input.consume(0, std::size_t{3} << 20);
    BOOST_TEST(input.make_room());
    BOOST_TEST(input.capacity() == 2 * usual);
    budget.give_back(budget.limit() / 2);
}

BOOST_AUTO_TEST_CASE(budget_is_a_limit_to_the_byte) {
    for (const std::size_t left : {2 * usual - 1, 2 * usual, 2 * usual + 1}) {
        BOOST_REQUIRE(budget.try_take(budget.limit() - left));
        read_all(std::string(usual, 'x'));
        BOOST_TEST(input.make_room() == (left >= 2 * usual));
        input.clear();
        budget.give_back(budget.limit() - left);
        BOOST_TEST(budget.used() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(frame_of_unknown_length_takes_no_more_than_the_longest) {
    read_all(std::string(longest, 'x'));
    while (input.make_room() && input.free_bytes() > 0 && input.capacity() < input_buffer::longest_input(longest)) {
        input.append(input.free_bytes());
    }
    BOOST_TEST(input.capacity() == input_buffer::longest_input(longest));
}

BOOST_AUTO_TEST_CASE(memory_that_an_event_keeps_is_left_to_it) {
    read_all(std::string(3 * usual, 'x') + "abc");
    const auto kept = input.memory();
    input.consume(3 * usual, 0);
    input.abandon_memory();
    BOOST_TEST(input.unread() == "abc");
    BOOST_TEST((input.memory() != kept));
    BOOST_TEST(budget.used() == 0U);
    BOOST_TEST(kept.use_count() == 1);
    input.consume(3, 0);
    input.abandon_memory();
    BOOST_TEST(input.capacity() == 0U);
}

BOOST_AUTO_TEST_CASE(charge_ends_with_the_buffer) {
    {
        input_buffer other{pool, budget, longest};
        BOOST_REQUIRE(other.make_room());
        other.append(other.free_bytes());
        BOOST_REQUIRE(other.make_room());
        BOOST_TEST(budget.used() == 2 * usual);
    }
    BOOST_TEST(budget.used() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::server::net
