// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"
#include "cluster_fixture.hpp"
#include "memory_log.hpp"

#include <set>

// What waits for the durable log, what becomes of it when that fails, and what a restart takes up.
namespace hookd::core::test {
namespace {

constexpr broker_limits few_events{.capacity = 4};

/// A daemon with --durable whose log commits when the test says so.
struct durable_fixture : broker_fixture {
    explicit durable_fixture(memory_log& where, broker_limits limits = {}) : broker_fixture(limits), log(where) {
        now.wall += 1000h;
        broker.make_durable(log, log.records(), now);
        commit();
    }
    void commit(std::size_t batches = SIZE_MAX) {
        broker.write_changes();
        if (const auto position = log.commit(batches); position != 0) {
            broker.committed(position, now);
        }
        collect();
    }
    void lose() {
        broker.write_changes();
        log.lose();
        broker.lost("no space left on device", now);
        collect();
    }

    memory_log& log;
};

/// A daemon, and others that take its place. What has not been committed dies with it.
struct restarted_fixture {
    memory_log log{};
    durable_fixture before{log};
};

std::string limit_of_answer(const protocol::error* lost) { return lost == nullptr ? "none" : limit_of(*lost); }

const auto operation = std::optional{numbered_uuid(7)};

}  // namespace

BOOST_AUTO_TEST_SUITE(durable)

BOOST_AUTO_TEST_CASE(event_is_delivered_after_its_commit) {
    memory_log log;
    durable_fixture daemon{log};
    client& hook = daemon.subscriber();
    daemon.emit(daemon.join(), "a");
    daemon.broker.write_changes();
    daemon.emit(daemon.join(), "b");
    BOOST_CHECK_EQUAL(daemon.receive_names(hook), "");
    daemon.commit(1);
    BOOST_CHECK_EQUAL(daemon.receive_names(hook), "1:a");
    daemon.commit();
    BOOST_CHECK_EQUAL(daemon.receive_names(hook), "2:b");
}

BOOST_AUTO_TEST_CASE(single_events_are_taken_after_their_commit) {
    memory_log log;
    durable_fixture daemon{log};
    client& hook = daemon.subscriber();
    daemon.emit(daemon.join(), "a");
    BOOST_CHECK(!daemon.broker.take_next(hook));
    while (daemon.broker.take_next_ready() != nullptr) {
    }
    daemon.commit();
    BOOST_CHECK(daemon.broker.take_next_ready() != nullptr);
    BOOST_CHECK(daemon.broker.take_next(hook));
}

BOOST_AUTO_TEST_CASE(answer_waits_for_the_commit_of_its_batch_and_for_no_other) {
    memory_log log;
    durable_fixture daemon{log};
    client& emitter = daemon.join();
    std::string order;
    daemon.broker.once_durable(emitter, [&](const protocol::error* lost) { order += "idle " + limit_of_answer(lost); });
    BOOST_CHECK_EQUAL(order, "idle none");
    daemon.emit(emitter, "a");
    daemon.broker.once_durable(emitter, [&](const protocol::error*) { order += ", a"; });
    daemon.broker.write_changes();
    daemon.emit(emitter, "b");
    daemon.broker.once_durable(emitter, [&](const protocol::error*) { order += ", b"; });
    BOOST_CHECK(emitter.is_owed_anything());
    BOOST_CHECK_EQUAL(order, "idle none");
    daemon.commit(1);
    BOOST_CHECK_EQUAL(order, "idle none, a");
    daemon.commit();
    BOOST_CHECK_EQUAL(order, "idle none, a, b");
    BOOST_CHECK(!emitter.is_owed_anything());
}

BOOST_AUTO_TEST_CASE(verdict_of_a_plain_wait_needs_no_commit_of_its_own) {
    memory_log log;
    durable_fixture daemon{log};
    client& hook = daemon.subscriber();
    wait& asked = daemon.emit_and_wait(daemon.join(), "a");
    daemon.commit();
    const auto event = daemon.receive_one(hook);
    daemon.reply(hook, event.id, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no");
    BOOST_CHECK_EQUAL(log.waiting(), 0U);
    BOOST_CHECK_EQUAL(log.count(durable_kind::wait), 0U);
}

BOOST_AUTO_TEST_CASE(verdict_of_an_operation_is_given_once_its_result_is_committed) {
    memory_log log;
    durable_fixture daemon{log};
    client& hook = daemon.subscriber({}, {.name = "hook"});
    wait& asked = daemon.emit_and_wait(daemon.join(), "a", {.operation_id = operation});
    daemon.commit();
    BOOST_CHECK_EQUAL(log.count(durable_kind::wait), 1U);
    daemon.reply(hook, daemon.receive_one(hook).id, R"({"abort":"no"})");
    BOOST_CHECK(!asked.over());
    daemon.commit();
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no");
    BOOST_CHECK_EQUAL(log.count(durable_kind::wait), 0U);
    BOOST_CHECK_EQUAL(log.count(durable_kind::reply), 0U);
    BOOST_CHECK_EQUAL(log.count(durable_kind::operation), 1U);
}

BOOST_AUTO_TEST_CASE(wait_that_lost_its_responder_ends_after_the_commit_of_its_event) {
    memory_log log;
    durable_fixture daemon{log};
    client& hook = daemon.subscriber();
    wait& asked = daemon.emit_and_wait(daemon.join(), "a");
    daemon.leave(hook);
    BOOST_CHECK(!asked.over());
    daemon.commit();
    BOOST_CHECK_EQUAL(asked.how(), outcome::abandoned);
}

BOOST_AUTO_TEST_CASE(next_turn_of_a_chain_waits_for_the_commit_of_the_payload_that_it_gets) {
    memory_log log;
    durable_fixture daemon{log};
    client& first = daemon.subscriber({}, {.name = "first", .order = 1});
    client& second = daemon.subscriber({}, {.name = "second", .order = 2});
    wait& asked = daemon.emit_and_wait(daemon.join(), "a", {.policy = wait_policy::chain, .operation_id = operation});
    daemon.commit();
    daemon.reply(first, daemon.receive_one(first).id, R"({"payload":{"changed":true}})");
    BOOST_CHECK_EQUAL(daemon.receive_names(second), "");
    daemon.commit();
    const auto event = daemon.receive_one(second);
    BOOST_CHECK_EQUAL(event.payload, R"({"changed":true})");
    daemon.reply(second, event.id);
    daemon.commit();
    BOOST_CHECK_EQUAL(asked.verdict().payload, R"({"changed":true})");
}

BOOST_AUTO_TEST_CASE(cluster_is_asked_after_the_commit_of_the_event) {
    memory_log log;
    cluster_world daemon;
    daemon.broker.make_durable(log, {}, daemon.now);
    wait& asked = daemon.ask(daemon.join());
    BOOST_CHECK_EQUAL(daemon.cluster.take(), "");
    daemon.broker.write_changes();
    daemon.broker.committed(log.commit(), daemon.now);
    BOOST_CHECK_EQUAL(daemon.cluster.take(), "ask e first");
    daemon.delegate({"b/far"});
    BOOST_CHECK(daemon.reply_from("b", "far", R"({"abort":"no"})"));
    BOOST_CHECK_EQUAL(asked.verdict().abort, "no");
}

BOOST_AUTO_TEST_CASE(cluster_is_not_asked_for_an_event_that_is_lost) {
    memory_log log;
    cluster_world daemon;
    daemon.broker.make_durable(log, {}, daemon.now);
    wait& asked = daemon.ask(daemon.join());
    daemon.broker.write_changes();
    log.lose();
    daemon.broker.lost("no space left on device", daemon.now);
    daemon.collect();
    BOOST_CHECK_EQUAL(daemon.cluster.take(), "");
    BOOST_CHECK_EQUAL(limit_of(asked), "journal");
    daemon.check_nobody_waits();
}

// --- failures ---

BOOST_AUTO_TEST_CASE(emit_that_is_lost_is_refused_and_its_event_never_was) {
    memory_log log;
    durable_fixture daemon{log};
    client& hook = daemon.subscriber();
    client& emitter = daemon.join();
    daemon.emit(emitter, "a");
    daemon.commit();
    daemon.emit(emitter, "b", {.operation_id = operation});
    std::string answer;
    daemon.broker.once_durable(emitter, [&](const protocol::error* lost) { answer = limit_of_answer(lost); });
    daemon.lose();
    BOOST_CHECK_EQUAL(answer, "journal");
    BOOST_CHECK_EQUAL(log.resumed, 1);
    BOOST_CHECK_EQUAL(daemon.receive_names(hook), "1:a");
    BOOST_CHECK_EQUAL(daemon.stats().head_seq, 1U);
    // A retry does it anew, and the next event has the next number.
    BOOST_CHECK_EQUAL(daemon.emit(emitter, "b", {.operation_id = operation}).seq, 2U);
    daemon.commit();
    BOOST_CHECK_EQUAL(daemon.receive_names(hook), "2:b");
    BOOST_CHECK_EQUAL(daemon.stats().retained_events, 2U);
}

BOOST_AUTO_TEST_CASE(wait_that_is_lost_ends_with_an_error_and_is_no_consent) {
    memory_log log;
    durable_fixture daemon{log};
    client& hook = daemon.subscriber();
    wait& plain = daemon.emit_and_wait(daemon.join(), "a");
    wait& with_operation = daemon.emit_and_wait(daemon.join(), "a", {.operation_id = operation});
    daemon.lose();
    for (wait* const each : {&plain, &with_operation}) {
        BOOST_CHECK(each->error_code() == errc::limit_exceeded);
        BOOST_CHECK_EQUAL(limit_of(*each), "journal");
        BOOST_CHECK(each->failure->message.find("no space left") != std::string::npos);
    }
    BOOST_CHECK_EQUAL(daemon.receive_names(hook), "");
    daemon.check_nobody_waits();
    wait& retry = daemon.emit_and_wait(daemon.join(), "a", {.operation_id = operation});
    daemon.commit();
    daemon.reply(hook, daemon.receive_one(hook).id);
    daemon.commit();
    BOOST_CHECK_EQUAL(retry.how(), outcome::answered);
}

BOOST_AUTO_TEST_CASE(watcher_of_verdicts_hears_of_none_that_is_lost) {
    memory_log log;
    durable_fixture daemon{log};
    client& watcher = daemon.subscriber({}, {.responds = false, .verdicts = true});
    (void)daemon.emit_and_wait(daemon.join(), "refused");
    daemon.lose();
    BOOST_CHECK(!daemon.broker.take_notice(watcher));
    (void)daemon.emit_and_wait(daemon.join(), "asked");
    daemon.commit();
    BOOST_CHECK_EQUAL(daemon.receive_names(watcher), "1:asked");
    const auto next = daemon.broker.take_notice(watcher);
    BOOST_REQUIRE(next);
    BOOST_TEST(next->verdict->body().find(R"("event":"asked")") != std::string_view::npos, next->verdict->body());
}

BOOST_AUTO_TEST_CASE(watcher_hears_of_an_operation_once_its_result_is_committed) {
    memory_log log;
    durable_fixture daemon{log};
    client& hook = daemon.subscriber({"a"}, {.name = "hook"});
    client& watcher = daemon.subscriber({"a"}, {.responds = false, .verdicts = true});
    (void)daemon.emit_and_wait(daemon.join(), "a", {.operation_id = operation});
    daemon.commit();
    (void)daemon.receive(watcher);
    daemon.reply(hook, daemon.receive_one(hook).id, R"({"abort":"no"})");
    BOOST_CHECK(!daemon.broker.take_notice(watcher));
    daemon.commit();
    BOOST_CHECK(daemon.broker.take_notice(watcher));
}

BOOST_AUTO_TEST_CASE(verdict_that_is_lost_is_an_error_and_a_retry_gets_it_once_it_is_committed) {
    memory_log log;
    durable_fixture daemon{log};
    client& hook = daemon.subscriber({}, {.name = "hook"});
    wait& asked = daemon.emit_and_wait(daemon.join(), "a", {.operation_id = operation});
    daemon.commit();
    daemon.reply(hook, daemon.receive_one(hook).id, R"({"abort":"no"})");
    daemon.lose();
    BOOST_CHECK_EQUAL(limit_of(asked), "journal");
    for (const bool is_lost_again : {true, false}) {
        client& emitter = daemon.join();
        wait& retry = daemon.emit_and_wait(emitter, "a", {.operation_id = operation});
        std::string answer;
        daemon.broker.once_durable(emitter, [&](const protocol::error* lost) { answer = limit_of_answer(lost); });
        BOOST_CHECK_EQUAL(answer, "");  // it waits for the commit
        is_lost_again ? daemon.lose() : daemon.commit();
        BOOST_CHECK_EQUAL(answer, is_lost_again ? "journal" : "none");
        BOOST_CHECK_EQUAL(retry.verdict().abort, "no");
        BOOST_CHECK_EQUAL(retry.verdict().seq.value(), 1U);
    }
    BOOST_CHECK_EQUAL(daemon.receive_names(hook), "");  // it was not asked again
    durable_fixture after{log};
    BOOST_CHECK_EQUAL(after.emit_and_wait(after.join(), "a", {.operation_id = operation}).verdict().abort, "no");
}

BOOST_AUTO_TEST_CASE(session_that_began_after_a_lost_event_misses_none_of_its_number) {
    memory_log log;
    durable_fixture daemon{log};
    daemon.emit(daemon.join(), "a");
    client& late = daemon.subscriber();
    daemon.lose();
    daemon.emit(daemon.join(), "b");
    daemon.commit();
    BOOST_CHECK_EQUAL(daemon.receive_names(late), "1:b");
}

BOOST_AUTO_TEST_CASE(newest_number_is_written_again_after_a_loss) {
    memory_log log;
    durability durable;
    durable.begin(log, "run");
    durable.begin_after(7);
    durable.event_dropped(7);
    durable.write();
    log.lose();
    durable.lost({errc::limit_exceeded, "no space left on device"});
    BOOST_CHECK(!durable.has_changes());
    durable.put(durable_kind::operation, "key", "value");
    durable.write();
    durable.committed(log.commit());
    const auto records = log.records();
    const auto head = std::find_if(
        records.begin(), records.end(), [](const durable_change& each) { return each.kind == durable_kind::head; });
    BOOST_REQUIRE(head != records.end());
    BOOST_CHECK_EQUAL(decode_number(head->value.value()), 7U);
}

BOOST_AUTO_TEST_CASE(requests_are_held_up_while_half_of_the_capacity_waits_for_the_log) {
    memory_log log;
    durable_fixture daemon{log, few_events};
    client& emitter = daemon.join();
    daemon.emit(emitter, "a");
    BOOST_CHECK(!daemon.broker.must_wait_for_log());
    daemon.emit(emitter, "a");
    BOOST_CHECK(daemon.broker.must_wait_for_log());
    daemon.commit();
    BOOST_CHECK(!daemon.broker.must_wait_for_log());
    daemon.emit(emitter, "a");
    daemon.emit(emitter, "a");
    daemon.lose();
    BOOST_CHECK(!daemon.broker.must_wait_for_log());
}

// --- restarts ---

BOOST_FIXTURE_TEST_CASE(restart_keeps_the_instance_the_numbers_and_the_events, restarted_fixture) {
    client& emitter = before.join();
    for (const char* const name : {"a", "b", "c"}) {
        before.emit(emitter, name, {.payload = R"({"of":")"s + name + "\"}"});
    }
    before.commit();
    before.emit(emitter, "never committed");
    durable_fixture after{log};
    BOOST_CHECK(after.broker.instance() == before.broker.instance());
    client& hook = after.subscriber({}, {.after_seq = 1, .instance = text_of(before.broker.instance())});
    const auto events = after.receive(hook);
    BOOST_REQUIRE_EQUAL(events.size(), 2U);
    BOOST_CHECK_EQUAL(events[0].seq, 2U);
    BOOST_CHECK_EQUAL(events[0].payload, R"({"of":"b"})");
    BOOST_CHECK_EQUAL(events[1].name, "c");
    BOOST_CHECK_EQUAL(after.emit(after.join(), "d").seq, 4U);
}

BOOST_AUTO_TEST_CASE(restart_keeps_what_is_retained_and_no_more) {
    memory_log log;
    {
        durable_fixture before{log, few_events};
        for (int i = 0; i < 10; ++i) {
            before.emit(before.join(), "a");
            before.commit();
        }
        BOOST_CHECK_EQUAL(log.count(durable_kind::event), 4U);
    }
    durable_fixture after{log, few_events};
    BOOST_CHECK_EQUAL(after.receive_names(after.subscriber({}, {.after_seq = 6})), "7:a 8:a 9:a 10:a");
    const auto refused = after.try_subscribe(after.join(), {}, {.after_seq = 5});
    BOOST_CHECK(std::get<protocol::error>(refused).code == errc::resume_impossible);
    durable_fixture smaller{log, {.capacity = 2}};
    BOOST_CHECK_EQUAL(smaller.receive_names(smaller.subscriber({}, {.after_seq = 8})), "9:a 10:a");
    BOOST_CHECK_EQUAL(log.count(durable_kind::event), 2U);
}

BOOST_AUTO_TEST_CASE(restart_knows_the_newest_number_where_no_event_is_retained) {
    memory_log log;
    const auto bytes = 3 * footprint_of("a", "{}");
    {
        durable_fixture before{log, {.capacity_bytes = bytes}};
        client& watcher = before.subscriber({}, {.name = "watcher", .verdicts = true});
        (void)watcher;
        for (int i = 0; i < 3; ++i) {
            (void)before.emit_and_wait(before.join(), "b", {.require = {std::string(64, 'x')}});
            before.commit();
        }
    }
    durable_fixture after{log, {.capacity_bytes = bytes}};
    BOOST_CHECK_EQUAL(after.emit(after.join(), "c").seq, 4U);
}

BOOST_FIXTURE_TEST_CASE(restart_remembers_the_results_of_operations, restarted_fixture) {
    const auto first = before.emit(before.join(), "a", {.operation_id = operation});
    client& hook = before.subscriber();
    wait& asked = before.emit_and_wait(
        before.join(), "b", {.policy = wait_policy::all, .operation_id = numbered_uuid(8), .raw_params = R"({"b":1})"});
    before.commit();
    before.reply(hook, before.receive(hook).back().id, R"({"n":[1, 2],"abort":"no \"b\""})");
    before.commit();
    durable_fixture after{log};
    const auto again = after.emit(after.join(), "a", {.operation_id = operation});
    BOOST_CHECK_EQUAL(again.seq, first.seq);
    BOOST_CHECK(again.hook_event_id == first.hook_event_id);
    wait& retry = after.emit_and_wait(
        after.join(), "b", {.policy = wait_policy::all, .operation_id = numbered_uuid(8), .raw_params = R"({"b":1})"});
    BOOST_CHECK_EQUAL(retry.responses(), asked.responses());
    BOOST_CHECK_EQUAL(retry.verdict().abort, asked.verdict().abort);
    BOOST_CHECK_EQUAL(retry.verdict().hook_event_id, asked.verdict().hook_event_id);
    wait& other = after.emit_and_wait(after.join(), "b", {.operation_id = numbered_uuid(8), .raw_params = "{}"});
    BOOST_CHECK(other.error_code() == errc::invalid_params);
    after.pass(10min);
    after.commit();
    (void)after.emit(after.join(), "c", {.operation_id = numbered_uuid(9)});
    after.commit();
    BOOST_CHECK_EQUAL(log.count(durable_kind::operation), 1U);
}

BOOST_FIXTURE_TEST_CASE(reservation_and_the_reply_that_is_kept_in_it_outlive_the_daemon, restarted_fixture) {
    client& hook = before.subscriber({}, {.name = "hook"});
    const auto kept = text_of(before.emit(before.join(), "a", {.reserve = 10s}).hook_event_id);
    const auto open = text_of(before.emit(before.join(), "b", {.reserve = 10s}).hook_event_id);
    before.commit();
    before.receive(hook);
    before.reply(hook, kept, R"({"abort":"no"})");
    before.commit();
    durable_fixture after{log};
    after.advance(1s);
    BOOST_CHECK_EQUAL(after.broker.held().reserved_slots, 2U);
    wait& first = after.await_response(after.join(), kept);
    BOOST_CHECK_EQUAL(first.responses(), R"({"abort":"no"} by hook)");
    BOOST_CHECK_EQUAL(first.verdict().abort, "no");
    wait& second = after.await_response(after.join(), open, 60s);
    BOOST_CHECK(!second.over());
    client& back = after.subscriber({}, {.name = "hook", .after_seq = 2});
    BOOST_CHECK_EQUAL(after.receive_names(back), "");
    BOOST_CHECK_EQUAL(after.reply(back, open), refusal::none);
    after.commit();
    BOOST_CHECK_EQUAL(second.responses(), "{} by hook");
    after.check_nobody_waits();
    BOOST_CHECK_EQUAL(log.count(durable_kind::wait), 0U);
    BOOST_CHECK_EQUAL(log.count(durable_kind::reply), 0U);
}

BOOST_FIXTURE_TEST_CASE(reservation_that_ended_meanwhile_is_over_after_the_restart, restarted_fixture) {
    const auto id = text_of(before.emit(before.join(), "a", {.reserve = 10s}).hook_event_id);
    before.commit();
    broker_fixture clock;
    durable_fixture after{log};
    after.pass(10s);
    after.commit();
    BOOST_CHECK_EQUAL(after.await_response(after.join(), id).how(), outcome::unknown);
    after.check_nobody_waits();
    BOOST_CHECK_EQUAL(log.count(durable_kind::wait), 0U);
}

BOOST_FIXTURE_TEST_CASE(retry_continues_an_open_wait_and_its_responders_are_asked_again, restarted_fixture) {
    client& quick = before.subscriber({}, {.name = "quick", .order = 2});
    (void)before.subscriber({}, {.name = "slow", .order = 1});
    const wait_options terms{.timeout = 60s, .policy = wait_policy::all, .operation_id = operation};
    wait& asked = before.emit_and_wait(before.join(), "a", terms);
    before.commit();
    const auto id = before.receive_one(quick).id;
    before.reply(quick, id, R"({"note":"fine"})");
    before.commit();
    BOOST_CHECK(!asked.over());

    durable_fixture after{log};
    wait& retry = after.emit_and_wait(after.join(), "a", terms);
    BOOST_CHECK(!retry.over());
    client& back = after.subscriber({}, {.name = "slow", .order = 1});
    BOOST_CHECK_EQUAL(after.receive_one(back).id, id);
    BOOST_CHECK_EQUAL(after.reply(back, id, R"({"abort":"no"})"), refusal::none);
    BOOST_CHECK(!retry.over());
    after.commit();
    BOOST_CHECK_EQUAL(retry.responses(), R"({"abort":"no"} by slow; {"note":"fine"} by quick)");
    BOOST_CHECK_EQUAL(retry.verdict().abort, "no");
    after.check_nobody_waits();
    BOOST_CHECK_EQUAL(log.count(durable_kind::wait), 0U);
}

BOOST_FIXTURE_TEST_CASE(responder_that_does_not_come_back_is_missing_at_the_time_out, restarted_fixture) {
    (void)before.subscriber({}, {.name = "gone", .on_failure = failure_policy::closed});
    const wait_options terms{.timeout = 60s, .operation_id = operation};
    (void)before.emit_and_wait(before.join(), "a", terms);
    before.commit();
    durable_fixture after{log};
    wait& retry = after.emit_and_wait(after.join(), "a", terms);
    after.pass(60s);
    after.commit();
    BOOST_CHECK_EQUAL(retry.how(), outcome::timeout);
    BOOST_CHECK_EQUAL(retry.missing(), "gone: timeout");
    BOOST_CHECK(!retry.verdict().abort.empty());
    after.check_nobody_waits();
}

BOOST_FIXTURE_TEST_CASE(responder_that_resumes_before_the_event_gets_it_once, restarted_fixture) {
    (void)before.subscriber({}, {.name = "hook"});
    const wait_options terms{.operation_id = operation};
    before.emit(before.join(), "told");
    (void)before.emit_and_wait(before.join(), "asked", terms);
    before.emit(before.join(), "told");
    before.commit();
    durable_fixture after{log};
    wait& retry = after.emit_and_wait(after.join(), "asked", terms);
    client& back = after.subscriber({}, {.name = "hook", .after_seq = 0});
    const auto events = after.receive(back);
    BOOST_REQUIRE_EQUAL(events.size(), 3U);
    after.reply(back, events[1].id);
    after.commit();
    BOOST_CHECK_EQUAL(retry.responses(), "{} by hook");
    BOOST_CHECK_EQUAL(after.receive_names(back), "");
}

BOOST_FIXTURE_TEST_CASE(event_that_a_wait_needs_is_kept_though_it_is_not_retained, restarted_fixture) {
    (void)before;
    memory_log small;
    durable_fixture first{small, few_events};
    client& hook = first.subscriber({"asked"}, {.name = "hook"});
    (void)hook;
    const wait_options terms{.operation_id = operation};
    (void)first.emit_and_wait(first.join(), "asked", terms);
    for (int i = 0; i < 6; ++i) {
        first.emit(first.join(), "told");
        first.commit();
    }
    BOOST_CHECK_EQUAL(small.count(durable_kind::event), 5U);
    durable_fixture second{small, few_events};
    wait& retry = second.emit_and_wait(second.join(), "asked", terms);
    client& back = second.subscriber({"asked"}, {.name = "hook"});
    second.reply(back, second.receive_one(back).id);
    second.commit();
    BOOST_CHECK_EQUAL(retry.how(), outcome::answered);
    BOOST_CHECK_EQUAL(small.count(durable_kind::event), 4U);
}

BOOST_FIXTURE_TEST_CASE(wait_for_a_first_responder_continues_after_a_restart, restarted_fixture) {
    const wait_options terms{.require_subscriber = false, .operation_id = operation};
    (void)before.emit_and_wait(before.join(), "a", terms);
    before.commit();
    durable_fixture after{log};
    wait& retry = after.emit_and_wait(after.join(), "a", terms);
    client& hook = after.subscriber({}, {.name = "hook"});
    after.commit();
    after.reply(hook, after.receive_one(hook).id);
    after.commit();
    BOOST_CHECK_EQUAL(retry.responses(), "{} by hook");
    after.check_nobody_waits();
    BOOST_CHECK_EQUAL(log.count(durable_kind::wait), 0U);
}

BOOST_FIXTURE_TEST_CASE(chain_continues_after_a_restart_with_the_payload_that_it_had, restarted_fixture) {
    client& first = before.subscriber({}, {.name = "first", .order = 1});
    (void)before.subscriber({}, {.name = "second", .order = 2});
    const wait_options terms{.policy = wait_policy::chain, .operation_id = operation};
    (void)before.emit_and_wait(before.join(), "a", terms);
    before.commit();
    before.reply(first, before.receive_one(first).id, R"({"payload":{"changed":true}})");
    before.commit();
    durable_fixture after{log};
    wait& retry = after.emit_and_wait(after.join(), "a", terms);
    client& back = after.subscriber({}, {.name = "second", .order = 2});
    const auto event = after.receive_one(back);
    BOOST_CHECK_EQUAL(event.payload, R"({"changed":true})");
    after.reply(back, event.id);
    after.commit();
    BOOST_CHECK_EQUAL(retry.how(), outcome::answered);
    BOOST_CHECK_EQUAL(retry.verdict().payload, R"({"changed":true})");
    BOOST_CHECK_EQUAL(retry.verdict().responses.size(), 2U);
    after.check_nobody_waits();
}

BOOST_FIXTURE_TEST_CASE(shutdown_is_not_remembered_and_the_wait_continues_after_it, restarted_fixture) {
    (void)before.subscriber({}, {.name = "hook"});
    const wait_options terms{.timeout = 60s, .operation_id = operation};
    wait& asked = before.emit_and_wait(before.join(), "a", terms);
    before.commit();
    before.shut_down();
    before.commit();
    BOOST_CHECK_EQUAL(asked.how(), outcome::shutdown);
    durable_fixture after{log};
    wait& retry = after.emit_and_wait(after.join(), "a", terms);
    client& back = after.subscriber({}, {.name = "hook"});
    after.reply(back, after.receive_one(back).id);
    after.commit();
    BOOST_CHECK_EQUAL(retry.how(), outcome::answered);
}

BOOST_FIXTURE_TEST_CASE(wait_that_asked_other_hosts_has_lost_them_after_a_restart, restarted_fixture) {
    // As cluster_question_test has it with a cluster; here what a record of such a wait leads to.
    (void)before.subscriber({}, {.name = "hook"});
    (void)before.emit_and_wait(before.join(), "a", {.operation_id = operation});
    before.commit();
    auto records = log.records();
    for (auto& each : records) {
        if (each.kind == durable_kind::wait) {
            auto kept = decode_wait(*each.value);
            kept.asks_cluster = true;
            each.value = encode(kept);
        }
    }
    broker_fixture after;
    after.now = before.now;
    memory_log other;
    after.broker.make_durable(other, records, after.now);
    client& back = after.subscriber({}, {.name = "hook"});
    wait& retry = after.emit_and_wait(after.join(), "a", {.policy = wait_policy::all, .operation_id = operation});
    after.reply(back, after.receive_one(back).id);
    after.broker.write_changes();
    after.broker.committed(other.commit(), after.now);
    after.collect();
    BOOST_CHECK(retry.over());
}

BOOST_AUTO_TEST_CASE(damaged_record_is_refused) {
    memory_log log;
    {
        durable_fixture before{log};
        (void)before.subscriber({}, {.name = "hook"});
        before.emit(before.join(), "a", {.operation_id = operation});
        (void)before.emit_and_wait(before.join(), "b", {.operation_id = numbered_uuid(8)});
        before.commit();
    }
    std::set<durable_kind> met;
    for (std::size_t i = 0; i < log.records().size(); ++i) {
        auto records = log.records();
        met.insert(records[i].kind);
        for (const auto& damaged :
            {records[i].value->substr(0, records[i].value->size() - 1), *records[i].value + "x"}) {
            records[i].value = damaged;
            broker_fixture after;
            BOOST_CHECK_THROW(after.broker.make_durable(log, records, after.now), durable_damage);
        }
    }
    BOOST_CHECK_EQUAL(met.size(), 4U);  // run, event, wait, operation
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
