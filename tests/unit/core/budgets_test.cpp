// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

#include "core/budgets.hpp"
#include "core/operation_table.hpp"

#include <thread>

// What tokens take and give back, and who is refused at which limit: without a broker.
namespace hookd::core::test {
namespace {

struct budgets_fixture {
    explicit budgets_fixture(const broker_limits& wanted = {}) : limits(wanted), memory(limits.memory_bytes) {}

    broker_limits limits;
    memory_budget memory;
    durability none{};
    operation_table results{memory, none};
    budgets all{limits, memory, results};

    connection_account::pointer owner = all.connect(1000, false);
    connection_account::pointer ann = all.connect(2000, true);
    connection_account::pointer bob = all.connect(3000, true);
};

std::string limit_of(const std::optional<protocol::error>& failure) {
    return failure ? test::limit_of(*failure) : std::string{};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(budget_tokens)

BOOST_AUTO_TEST_CASE(wait_counts_for_its_connection_its_user_and_all_until_its_permit_goes) {
    budgets_fixture fixture;
    const auto other = fixture.all.connect(1000, false);
    {
        const auto first = fixture.all.begin_wait(*fixture.owner);
        const auto second = fixture.all.begin_wait(*other);
        BOOST_CHECK_EQUAL(fixture.owner->waiting(), 1U);
        BOOST_CHECK_EQUAL(fixture.owner->user().waits(), 2U);  // of both of its connections
        BOOST_CHECK_EQUAL(fixture.all.waits(), 2U);
    }
    BOOST_CHECK_EQUAL(fixture.owner->waiting(), 0U);
    BOOST_CHECK_EQUAL(fixture.owner->user().waits(), 0U);
    BOOST_CHECK_EQUAL(fixture.all.waits(), 0U);
}

BOOST_AUTO_TEST_CASE(permit_that_has_moved_gives_back_once) {
    budgets_fixture fixture;
    auto first = fixture.all.begin_wait(*fixture.owner);
    wait_permit second = std::move(first);
    BOOST_CHECK_EQUAL(fixture.all.waits(), 1U);
    second = fixture.all.begin_wait(*fixture.owner);
    second = {};
    BOOST_CHECK_EQUAL(fixture.all.waits(), 0U);
}

// A reservation lives on when the connection that made it has gone.
BOOST_AUTO_TEST_CASE(permit_may_outlive_its_connection) {
    budgets_fixture fixture;
    auto permit = fixture.all.begin_wait(*fixture.owner);
    auto& user = fixture.owner->user();
    fixture.owner.reset();
    BOOST_CHECK_EQUAL(user.waits(), 1U);
    permit = {};
    BOOST_CHECK_EQUAL(user.waits(), 0U);
}

BOOST_AUTO_TEST_CASE(connection_waits_up_to_its_limit) {
    budgets_fixture fixture{{.max_waiting_per_connection = 2}};
    const auto first = fixture.all.begin_wait(*fixture.owner);
    BOOST_CHECK(!fixture.all.refuse_wait(*fixture.owner));
    auto second = fixture.all.begin_wait(*fixture.owner);
    BOOST_CHECK_EQUAL(limit_of(fixture.all.refuse_wait(*fixture.owner)), "max_waiting_per_connection");
    BOOST_CHECK(!fixture.all.refuse_wait(*fixture.all.connect(1000, false)));
    second = {};
    BOOST_CHECK(!fixture.all.refuse_wait(*fixture.owner));
}

BOOST_AUTO_TEST_CASE(named_user_has_half_of_the_waits_and_some_are_kept_for_owners) {
    budgets_fixture fixture{{.max_waiting = 8}};  // 4 for one user, 4 of 8 kept for owners
    std::vector<wait_permit> taken;
    for (int i = 0; i < 4; ++i) {
        BOOST_CHECK(!fixture.all.refuse_wait(*fixture.ann));
        taken.push_back(fixture.all.begin_wait(*fixture.ann));
    }
    BOOST_CHECK_EQUAL(limit_of(fixture.all.refuse_wait(*fixture.ann)), "max_waiting");
    BOOST_CHECK_EQUAL(limit_of(fixture.all.refuse_wait(*fixture.bob)), "max_waiting");
    for (int i = 0; i < 4; ++i) {
        BOOST_CHECK(!fixture.all.refuse_wait(*fixture.owner));
        taken.push_back(fixture.all.begin_wait(*fixture.owner));
    }
    BOOST_CHECK_EQUAL(limit_of(fixture.all.refuse_wait(*fixture.owner)), "max_waiting");
    taken.clear();
    BOOST_CHECK(!fixture.all.refuse_wait(*fixture.bob));
}

BOOST_AUTO_TEST_CASE(reservations_are_bounded_for_a_named_user_and_for_all) {
    budgets_fixture fixture{{.max_reserved = 4}};
    std::vector<reservation> taken;
    BOOST_CHECK(!fixture.all.refuse_reservation(*fixture.ann));
    taken.push_back(fixture.all.reserve(*fixture.ann));
    BOOST_CHECK_EQUAL(limit_of(fixture.all.refuse_reservation(*fixture.ann)), "max_reserved");
    for (int i = 0; i < 3; ++i) {
        BOOST_CHECK(!fixture.all.refuse_reservation(*fixture.owner));
        taken.push_back(fixture.all.reserve(*fixture.owner));
    }
    BOOST_CHECK_EQUAL(limit_of(fixture.all.refuse_reservation(*fixture.owner)), "max_reserved");
    taken.erase(taken.begin());
    BOOST_CHECK_EQUAL(fixture.all.reservations(), 3U);
    BOOST_CHECK(!fixture.all.refuse_reservation(*fixture.ann));
}

BOOST_AUTO_TEST_CASE(memory_that_is_charged_counts_for_the_user_and_for_all) {
    budgets_fixture fixture;
    auto& user = fixture.owner->user();
    {
        auto charge = fixture.all.charge(user);
        BOOST_CHECK_EQUAL(fixture.all.memory_bytes(), 0U);
        charge.resize(100);
        charge.resize(70);
        BOOST_CHECK_EQUAL(fixture.all.memory_bytes(), 70U);
        BOOST_CHECK_EQUAL(user.memory_bytes(), 70U);
        const memory_charge moved = std::move(charge);
        BOOST_CHECK_EQUAL(moved.bytes(), 70U);
        BOOST_CHECK_EQUAL(fixture.all.memory_bytes(), 70U);
    }
    BOOST_CHECK_EQUAL(fixture.all.memory_bytes(), 0U);
    BOOST_CHECK_EQUAL(user.memory_bytes(), 0U);
}

BOOST_AUTO_TEST_CASE(memory_is_bounded_to_the_byte) {
    budgets_fixture fixture{{.memory_bytes = 1000}};
    auto charge = fixture.all.charge(fixture.owner->user());
    charge.resize(900);
    BOOST_CHECK(!fixture.all.refuse_memory(fixture.owner->user(), 100));
    BOOST_CHECK_EQUAL(limit_of(fixture.all.refuse_memory(fixture.owner->user(), 101)), "memory");
    charge.resize(0);
    BOOST_CHECK(!fixture.all.refuse_memory(fixture.ann->user(), 500));  // half of it, for one named user
    BOOST_CHECK_EQUAL(limit_of(fixture.all.refuse_memory(fixture.ann->user(), 501)), "memory");
}

BOOST_AUTO_TEST_CASE(reply_counts_for_its_author_but_not_twice_for_all) {
    budgets_fixture fixture{{.memory_bytes = 1000}};
    {
        const reply_charge charge{fixture.ann->user(), 400};
        BOOST_CHECK_EQUAL(fixture.ann->user().memory_bytes(), 400U);
        BOOST_CHECK_EQUAL(fixture.all.memory_bytes(), 0U);
        BOOST_CHECK(!fixture.all.refuse_share(fixture.ann->user(), 100));
        BOOST_CHECK_EQUAL(limit_of(fixture.all.refuse_share(fixture.ann->user(), 101)), "memory");
    }
    BOOST_CHECK_EQUAL(fixture.ann->user().memory_bytes(), 0U);
}

BOOST_AUTO_TEST_CASE(remembered_results_give_way_to_replies) {
    budgets_fixture fixture{{.memory_bytes = 10'000}};
    protocol::wait_result result;
    result.abort = std::string(8000, 'x');
    fixture.results.add(numbered_uuid(1), "emit_and_wait", "{}", std::move(result), {});
    BOOST_CHECK_GE(fixture.all.memory_bytes(), 8000U);
    BOOST_CHECK(!fixture.all.refuse_memory(fixture.owner->user(), 9000));
    BOOST_CHECK(!fixture.results.knows(numbered_uuid(1)));
    BOOST_CHECK_EQUAL(fixture.all.memory_bytes(), 0U);
}

// The first always fits.
BOOST_AUTO_TEST_CASE(events_that_slots_keep_are_bounded) {
    budgets_fixture fixture{{.capacity_bytes = 1000}};
    BOOST_CHECK(!fixture.all.refuse_held_event(5000));
    auto held = fixture.all.hold_event(600);
    BOOST_CHECK(!fixture.all.refuse_held_event(400));
    BOOST_CHECK_EQUAL(limit_of(fixture.all.refuse_held_event(401)), "capacity_bytes");
    held = {};
    BOOST_CHECK_EQUAL(fixture.all.held_bytes(), 0U);
    BOOST_CHECK(!fixture.all.refuse_held_event(5000));
}

BOOST_AUTO_TEST_CASE(answers_in_flight_are_bounded_by_connection) {
    budgets_fixture fixture{{.max_waiting_per_connection = 2}};
    in_flight_answer first{fixture.owner->shared_in_flight()};
    BOOST_CHECK(!fixture.all.refuse_in_flight(*fixture.owner));
    {
        const in_flight_answer second{fixture.owner->shared_in_flight()};
        BOOST_CHECK_EQUAL(limit_of(fixture.all.refuse_in_flight(*fixture.owner)), "max_waiting_per_connection");
        BOOST_CHECK(!fixture.all.refuse_in_flight(*fixture.ann));
    }
    BOOST_CHECK_EQUAL(fixture.owner->in_flight(), 1U);
    first.release();
    first.release();
    BOOST_CHECK_EQUAL(fixture.owner->in_flight(), 0U);
}

// Its handler may be dropped by whatever thread had it, when the connection has gone.
BOOST_AUTO_TEST_CASE(answer_in_flight_may_be_given_up_on_another_thread) {
    budgets_fixture fixture;
    auto answer = std::make_unique<in_flight_answer>(fixture.owner->shared_in_flight());
    const auto count = fixture.owner->shared_in_flight();
    fixture.owner.reset();
    std::thread{[gone = std::move(answer)]() mutable { gone.reset(); }}.join();
    BOOST_CHECK_EQUAL(count->load(), 0U);
}

BOOST_AUTO_TEST_CASE(patterns_with_a_glob_are_bounded_by_bytes) {
    budgets_fixture fixture;
    constexpr std::size_t most = std::size_t{1} << 20;
    BOOST_CHECK(!budgets::refuse_patterns(fixture.owner->user(), most - 10, 10));
    BOOST_CHECK_EQUAL(limit_of(budgets::refuse_patterns(fixture.owner->user(), most - 10, 11)), "pattern_bytes");
    BOOST_CHECK(!budgets::refuse_patterns(fixture.ann->user(), most / 2 - 10, 10));
    BOOST_CHECK_EQUAL(limit_of(budgets::refuse_patterns(fixture.ann->user(), most / 2 - 10, 11)), "pattern_bytes");
    BOOST_CHECK(!budgets::refuse_patterns(fixture.ann->user(), most, 0));  // names take none
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
