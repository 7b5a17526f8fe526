// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

// Retries: the same operation_id, method and params get the same result.
namespace hookd::core::test {
namespace {

struct retry_fixture : broker_fixture {
    client& hook = subscriber({}, {.name = "hook"});
    client& emitter = join();
    const protocol::uuid operation = numbered_uuid(7);

    wait& ask(client& by, wait_options how = {}) {
        how.operation_id = operation;
        return emit_and_wait(by, "push", how);
    }
    [[nodiscard]] std::size_t events() const { return static_cast<std::size_t>(stats().head_seq); }
};

errc code_of(const std::variant<protocol::emit_result, protocol::error>& result) {
    BOOST_REQUIRE(std::holds_alternative<protocol::error>(result));
    return std::get<protocol::error>(result).code;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(retries, retry_fixture)

BOOST_AUTO_TEST_CASE(emit_is_done_once) {
    const auto first = emit(emitter, "push", {.operation_id = operation});
    const auto again = emit(join(), "push", {.operation_id = operation});
    BOOST_CHECK(first.hook_event_id == again.hook_event_id);
    BOOST_CHECK_EQUAL(again.seq, 1U);
    BOOST_CHECK_EQUAL(again.subscribers, 1U);
    BOOST_CHECK_EQUAL(events(), 1U);
    BOOST_CHECK_EQUAL(receive_names(hook), "1:push");
}

BOOST_AUTO_TEST_CASE(verdict_is_given_again) {
    wait& first = ask(emitter);
    reply(hook, receive_one(hook).id, R"({"abort":"no"})");
    wait& again = ask(join());
    BOOST_CHECK_EQUAL(again.responses(), first.responses());
    BOOST_CHECK_EQUAL(again.verdict().abort, "no");
    BOOST_CHECK_EQUAL(again.verdict().hook_event_id, first.verdict().hook_event_id);
    BOOST_CHECK(again.verdict().seq == first.verdict().seq);
    BOOST_CHECK_EQUAL(events(), 1U);
    BOOST_CHECK_EQUAL(outcomes(outcome::answered), 1U);
}

BOOST_AUTO_TEST_CASE(verdict_without_subscribers_is_given_again) {
    unsubscribe(hook);
    wait& first = ask(emitter);
    BOOST_CHECK_EQUAL(first.how(), outcome::no_subscribers);
    subscribe(hook);
    wait& again = ask(emitter);
    BOOST_CHECK_EQUAL(again.how(), outcome::no_subscribers);
    BOOST_CHECK_EQUAL(again.verdict().hook_event_id, first.verdict().hook_event_id);
}

BOOST_AUTO_TEST_CASE(retry_joins_what_is_under_way) {
    wait& first = ask(emitter);
    wait& joined = ask(join());
    wait& third = ask(emitter);
    BOOST_CHECK_EQUAL(events(), 1U);
    reply(hook, receive_one(hook).id);
    for (wait* const each : {&first, &joined, &third}) {
        BOOST_CHECK_EQUAL(each->responses(), "{} by hook");
    }
    BOOST_CHECK_EQUAL(outcomes(outcome::answered), 1U);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(slot_lives_on_without_its_emitter_so_that_a_retry_joins_it) {
    wait& first = ask(emitter, {.timeout = 10s});
    leave(emitter);
    BOOST_CHECK_EQUAL(first.error_code(), errc::cancelled);
    pass(5s);
    wait& again = ask(join(), {.timeout = 10s});
    BOOST_CHECK(!again.over());
    BOOST_CHECK_EQUAL(reply(hook, receive_one(hook).id), refusal::none);
    BOOST_CHECK_EQUAL(again.how(), outcome::answered);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(reply_that_comes_while_nobody_is_there_is_remembered) {
    ask(emitter);
    leave(emitter);
    BOOST_CHECK_EQUAL(reply(hook, receive_one(hook).id), refusal::none);
    wait& again = ask(join());
    BOOST_CHECK_EQUAL(again.responses(), "{} by hook");
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(no_wait_outlives_the_time_out_of_the_first) {
    ask(emitter, {.timeout = 10s});
    leave(emitter);
    pass(9s);
    wait& again = ask(join(), {.timeout = 10s});
    pass(1s);
    BOOST_CHECK_EQUAL(again.how(), outcome::timeout);
    BOOST_CHECK_EQUAL(ask(join(), {.timeout = 10s}).how(), outcome::timeout);
    BOOST_CHECK_EQUAL(reply(hook, receive_one(hook).id), refusal::expired);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_takes_its_operation_along_and_a_retry_asks_anew) {
    cancel(ask(emitter));
    const auto first = receive_one(hook).id;
    BOOST_CHECK_EQUAL(reply(hook, first), refusal::cancelled);
    wait& again = ask(emitter);
    reply(hook, receive_one(hook).id);
    BOOST_CHECK_EQUAL(again.how(), outcome::answered);
    BOOST_CHECK_EQUAL(events(), 2U);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(an_operation_that_another_request_has_joined_outlives_a_cancelled_one) {
    wait& first = ask(emitter);
    wait& second = ask(emitter);
    cancel(first);
    reply(hook, receive_one(hook).id);
    BOOST_CHECK_EQUAL(second.how(), outcome::answered);
    BOOST_CHECK_EQUAL(events(), 1U);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(other_params_are_refused) {
    emit(emitter, "push", {.operation_id = operation, .raw_params = R"({"event":"push"})"});
    BOOST_CHECK_EQUAL(
        code_of(try_emit(emitter, "push", {.operation_id = operation, .raw_params = R"({"event": "push"})"})),
        errc::invalid_params);
    BOOST_CHECK_EQUAL(ask(emitter, {.raw_params = R"({"event":"push"})"}).error_code(), errc::invalid_params);
    BOOST_CHECK_EQUAL(events(), 1U);
    emit(emitter, "push", {.operation_id = operation, .raw_params = R"({"event":"push"})"});
    BOOST_CHECK_EQUAL(events(), 1U);
}

BOOST_AUTO_TEST_CASE(other_params_are_refused_while_the_first_is_under_way) {
    wait& first = ask(emitter);
    BOOST_CHECK_EQUAL(ask(emitter, {.raw_params = "{ }"}).error_code(), errc::invalid_params);
    BOOST_CHECK(!first.over());
}

// A request that is carried out asynchronously, as register_hook is.
struct async_fixture : retry_fixture {
    std::vector<std::string> told{};

    broker::async_start begin(client& by, const std::string& who, std::string_view params = "{}") {
        return broker.begin_async(
            by, operation, "register_hook", params,
            [this, who](const deferred_result& result) {
                const auto* const text = std::get_if<std::string>(&result);
                told.push_back(who + ": " + (text != nullptr ? *text : std::get<protocol::error>(result).message));
            },
            now);
    }
    static bool is_first(const broker::async_start& answer) {
        return std::holds_alternative<broker::new_operation>(answer);
    }
    static bool has_joined(const broker::async_start& answer) {
        return std::holds_alternative<broker::pending>(answer);
    }
};

BOOST_FIXTURE_TEST_CASE(what_is_carried_out_asynchronously_is_joined_and_then_remembered, async_fixture) {
    BOOST_CHECK(is_first(begin(emitter, "first")));
    client& other = join();
    BOOST_CHECK(has_joined(begin(other, "joined")));
    BOOST_CHECK_EQUAL(other.account().in_flight(), 1U);
    const auto differs = begin(other, "differs", "{ }");
    BOOST_CHECK_EQUAL(std::get<protocol::error>(differs).code, errc::invalid_params);
    broker.finish_async(operation, "[1]"s, now);
    BOOST_CHECK((told == std::vector<std::string>{"first: [1]", "joined: [1]"}));
    BOOST_CHECK_EQUAL(std::get<std::string>(begin(other, "late")), "[1]");
    BOOST_CHECK_EQUAL(told.size(), 2U);
    BOOST_CHECK_EQUAL(other.account().in_flight(), 0U);
}

BOOST_FIXTURE_TEST_CASE(error_of_what_is_carried_out_asynchronously_is_told_and_not_remembered, async_fixture) {
    BOOST_CHECK(is_first(begin(emitter, "first")));
    BOOST_CHECK(has_joined(begin(emitter, "joined")));
    broker.finish_async(operation, protocol::error{errc::internal_error, "disk full"}, now);
    BOOST_CHECK((told == std::vector<std::string>{"first: disk full", "joined: disk full"}));
    BOOST_CHECK(is_first(begin(emitter, "again")));
}

BOOST_FIXTURE_TEST_CASE(answers_in_flight_are_bounded, async_fixture) {
    for (std::size_t i = 0; i < broker_limits{}.max_waiting_per_connection; ++i) {
        BOOST_REQUIRE(!std::holds_alternative<protocol::error>(begin(emitter, "one")));
    }
    BOOST_CHECK_EQUAL(std::get<protocol::error>(begin(emitter, "one more")).code, errc::limit_exceeded);
    const auto refused = broker.defer(emitter, [](const deferred_result&) {});
    BOOST_CHECK_EQUAL(std::get<protocol::error>(refused).code, errc::limit_exceeded);
    BOOST_CHECK(has_joined(begin(join(), "another")));
}

BOOST_AUTO_TEST_CASE(results_are_remembered_for_ten_minutes) {
    ask(emitter, {.timeout = 24h});
    advance(1h);
    reply(hook, receive_one(hook).id);
    advance(10min - 1ns);
    BOOST_CHECK_EQUAL(ask(emitter, {.timeout = 24h}).how(), outcome::answered);
    BOOST_CHECK_EQUAL(events(), 1U);
    advance(1ns);
    BOOST_CHECK(!ask(emitter, {.timeout = 24h}).over());
    BOOST_CHECK_EQUAL(events(), 2U);
}

BOOST_AUTO_TEST_CASE(last_4096_results_are_remembered) {
    for (std::uint64_t i = 1; i <= 4097; ++i) {
        emit(emitter, "other", {.operation_id = numbered_uuid(i)});
        (void)receive(hook);
    }
    emit(emitter, "other", {.operation_id = numbered_uuid(2)});
    BOOST_CHECK_EQUAL(events(), 4097U);
    emit(emitter, "other", {.operation_id = numbered_uuid(1)});
    BOOST_CHECK_EQUAL(events(), 4098U);
}

BOOST_AUTO_TEST_CASE(errors_are_not_remembered) {
    broker_fixture strict{{.max_waiting_per_connection = 1}};
    client& busy = strict.join();
    (void)strict.subscriber();
    wait& first = strict.emit_and_wait(busy, "push");
    const wait_options retried{.operation_id = operation};
    BOOST_CHECK_EQUAL(strict.emit_and_wait(busy, "push", retried).error_code(), errc::limit_exceeded);
    strict.cancel(first);
    BOOST_CHECK(!strict.emit_and_wait(busy, "push", retried).over());
}

BOOST_AUTO_TEST_CASE(reserved_event_can_be_retried) {
    const emit_options how{.reserve = 10s, .operation_id = operation};
    const auto first = emit(emitter, "push", how);
    const auto again = emit(emitter, "push", how);
    BOOST_CHECK(first.hook_event_id == again.hook_event_id);
    BOOST_CHECK_EQUAL(stats().waiting, 1U);
    reply(hook, text_of(first.hook_event_id));
    BOOST_CHECK_EQUAL(await_response(emitter, text_of(again.hook_event_id)).how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(result_of_a_wait_that_ended_for_everybody_frees_all_but_what_is_remembered) {
    ask(emitter);
    reply(hook, receive_one(hook).id);
    const auto remembered = broker.held().memory_bytes;
    BOOST_CHECK_GT(remembered, 0U);
    advance(10min);
    emit(emitter, "push", {.operation_id = numbered_uuid(8)});  // whoever asks lets the old ones go
    BOOST_CHECK_LT(broker.held().memory_bytes, remembered);
    check_nobody_waits();
}

BOOST_AUTO_TEST_CASE(wait_for_a_first_subscriber_lives_on_too) {
    unsubscribe(hook);
    ask(emitter, {.require_subscriber = false});
    leave(emitter);
    subscribe(hook, {}, {.name = "late"});
    wait& again = ask(join(), {.require_subscriber = false});
    reply(hook, receive_one(hook).id);
    BOOST_CHECK_EQUAL(again.responses(), "{} by late");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
