// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

#include "core/operation_table.hpp"
#include "core/slot.hpp"

// What the table remembers and for how long. That requests get the right results is tested with the broker
// (operation_id_test.cpp).
namespace hookd::core::test {
namespace {

protocol::wait_result result_of_size(std::size_t bytes) {
    protocol::wait_result result;
    result.abort.assign(bytes, 'x');
    return result;
}

struct table_fixture {
    memory_budget budget{100'000};
    durability none{};
    operation_table table{budget, none};
    broker_limits limits{};
    budgets all{limits, budget, table};

    connection_account::pointer account = all.connect(1000, false);
    protocol::event_fields event{};
    slot opened{{.event = event}, {}, *account, all};
    instant now{};

    void add(std::uint64_t number, std::size_t bytes = 0) {
        table.add(numbered_uuid(number), "emit_and_wait", "{}", result_of_size(bytes), now);
    }
    [[nodiscard]] bool knows(std::uint64_t number) {
        const auto found = table.find(numbered_uuid(number), "emit_and_wait", "{}", now);
        return std::get<operation_table::operation*>(found) != nullptr;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(operations)

BOOST_FIXTURE_TEST_CASE(unknown_id_is_nothing, table_fixture) { BOOST_CHECK(!knows(1)); }

BOOST_FIXTURE_TEST_CASE(result_is_found_again_by_the_same_request_only, table_fixture) {
    table.add(numbered_uuid(1), "emit", R"({"event":"a"})", protocol::emit_result{.seq = 7}, now);
    const auto same = table.find(numbered_uuid(1), "emit", R"({"event":"a"})", now);
    const auto* const found = std::get<operation_table::operation*>(same);
    BOOST_REQUIRE(found != nullptr);
    BOOST_CHECK_EQUAL(std::get<protocol::emit_result>(found->done).seq, 7U);
    for (const auto& [method, params] : {std::pair{"emit"sv, R"({"event": "a"})"sv}, std::pair{"emit"sv, ""sv},
             std::pair{"emit_and_wait"sv, R"({"event":"a"})"sv}}) {
        const auto other = table.find(numbered_uuid(1), method, params, now);
        BOOST_REQUIRE(std::holds_alternative<protocol::error>(other));
        BOOST_CHECK_EQUAL(std::get<protocol::error>(other).code, errc::invalid_params);
        BOOST_CHECK(std::get<protocol::error>(other).message.find("operation_id") != std::string::npos);
    }
}

BOOST_FIXTURE_TEST_CASE(params_of_any_length_that_differ_anywhere_are_other_params, table_fixture) {
    std::uint64_t number = 0;
    for (std::size_t length = 0; length <= 40; ++length) {
        const std::string params(length, 'p');
        table.add(numbered_uuid(++number), "emit", params, protocol::emit_result{}, now);
        const auto is_known = [&](const std::string& asked) {
            return std::holds_alternative<operation_table::operation*>(
                table.find(numbered_uuid(number), "emit", asked, now));
        };
        BOOST_CHECK(is_known(params));
        BOOST_CHECK(!is_known(params + 'p'));
        BOOST_CHECK(!is_known(params + '\0'));
        for (std::size_t bit = 0; bit < 8 * length; ++bit) {
            std::string other = params;
            other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
            BOOST_CHECK(!is_known(other));
        }
        if (length > 0) {
            std::string other = params;
            other.back() = '\0';
            table.add(numbered_uuid(++number), "emit", other, protocol::emit_result{}, now);
            BOOST_CHECK(is_known(other));
            BOOST_CHECK(!is_known(other.substr(0, length - 1)));
        }
    }
}

BOOST_FIXTURE_TEST_CASE(operation_under_way_becomes_a_result, table_fixture) {
    table.begin(numbered_uuid(1), "emit_and_wait", "{}", opened);
    const auto under_way = table.find(numbered_uuid(1), "emit_and_wait", "{}", now);
    BOOST_CHECK_EQUAL(std::get<operation_table::operation*>(under_way)->under_way, &opened);
    table.finish(numbered_uuid(1), result_of_size(3), now);
    const auto done = table.find(numbered_uuid(1), "emit_and_wait", "{}", now);
    BOOST_CHECK(std::get<operation_table::operation*>(done)->under_way == nullptr);
    BOOST_CHECK_EQUAL(std::get<protocol::wait_result>(std::get<operation_table::operation*>(done)->done).abort, "xxx");
}

BOOST_FIXTURE_TEST_CASE(operation_under_way_is_never_too_old, table_fixture) {
    table.begin(numbered_uuid(1), "emit_and_wait", "{}", opened);
    now.steady += 24h;
    BOOST_CHECK(knows(1));
    table.finish(numbered_uuid(1), {}, now);
    now.steady += 10min - 1ns;
    BOOST_CHECK(knows(1));
    now.steady += 1ns;
    BOOST_CHECK(!knows(1));
    BOOST_CHECK_EQUAL(budget.used(), 0U);
}

BOOST_AUTO_TEST_CASE(last_4096_results_are_remembered) {
    memory_budget ample{64 << 20};
    durability none;
    operation_table table{ample, none};
    const auto knows = [&table](std::uint64_t number) {
        return std::get<operation_table::operation*>(table.find(numbered_uuid(number), "emit", "", instant{})) !=
               nullptr;
    };
    for (std::uint64_t i = 1; i <= 4096; ++i) {
        table.add(numbered_uuid(i), "emit", "", protocol::emit_result{}, instant{});
    }
    BOOST_CHECK(knows(1));
    table.add(numbered_uuid(4097), "emit", "", protocol::emit_result{}, instant{});
    BOOST_CHECK(!knows(1));
    BOOST_CHECK(knows(2));
    BOOST_CHECK(knows(4097));
}

BOOST_FIXTURE_TEST_CASE(oldest_results_make_room_for_new_ones, table_fixture) {
    add(1, 40'000);
    add(2, 40'000);
    BOOST_CHECK(knows(1));
    add(3, 40'000);
    BOOST_CHECK(!knows(1));
    BOOST_CHECK(knows(2));
    BOOST_CHECK(knows(3));
    BOOST_CHECK_LE(budget.used(), budget.limit());
}

BOOST_FIXTURE_TEST_CASE(result_that_can_never_fit_is_not_remembered, table_fixture) {
    add(1, 100'001);
    BOOST_CHECK(!knows(1));
    BOOST_CHECK_EQUAL(budget.used(), 0U);
    add(2, 1);
    BOOST_CHECK(knows(2));
}

BOOST_FIXTURE_TEST_CASE(make_room_forgets_only_as_much_as_it_must, table_fixture) {
    add(1, 40'000);
    add(2, 40'000);
    BOOST_CHECK(table.make_room(10'000));
    BOOST_CHECK(knows(1));
    BOOST_CHECK(table.make_room(50'000));
    BOOST_CHECK(!knows(1));
    BOOST_CHECK(knows(2));
    BOOST_CHECK(table.make_room(100'000));
    BOOST_CHECK(!knows(2));
    BOOST_CHECK(!table.make_room(100'001));
}

BOOST_AUTO_TEST_CASE(budget_fits_exactly_its_limit) {
    memory_budget budget{10};
    BOOST_CHECK(budget.fits(10));
    BOOST_CHECK(!budget.fits(11));
    BOOST_CHECK(!budget.fits(std::size_t(-1)));
    budget.take(4);
    BOOST_CHECK(budget.fits(6));
    BOOST_CHECK(!budget.fits(7));
    budget.give_back(4);
    BOOST_CHECK(budget.fits(10));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
