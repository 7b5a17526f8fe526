// SPDX-License-Identifier: BSL-1.0
#include "running_broker.hpp"

#include "support/temp_directory.hpp"
#include "unit/rpc/slow_catalog.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <atomic>
#include <memory>

// The broker in process: operations, their completion, their errors and their cancellation. Subscriptions are in
// subscription_test.cpp.
namespace hookd::server::test {
namespace {

namespace asio = boost::asio;
namespace data = boost::unit_test::data;

const auto thread_counts = data::make({1U, 2U, 4U});

// The requests are variables: GCC 12 destroys aggregates that are made within a co_await expression twice.
asio::awaitable<std::uint64_t> emit_twice(broker& events) {
    const emit_request request{.event = "a"};
    (void)co_await events.async_emit(request, asio::use_awaitable);
    const auto [failure, second] = co_await events.async_emit(request, asio::as_tuple(asio::use_awaitable));
    co_return failure ? 0 : second.seq;
}

asio::awaitable<outcome> wait_for_verdict(broker& events) {
    const wait_request request{.event = "a"};
    const auto verdict = co_await events.async_emit_and_wait(request, asio::use_awaitable);
    co_return verdict.outcome;
}

// Waits for a verdict, but not for long.
asio::awaitable<bool> give_up_early(broker& events) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer{co_await asio::this_coro::executor, 1ms};
    const wait_request request{.event = "a"};
    const auto first =
        co_await (events.async_emit_and_wait(request, asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
    co_return first.index() == 1;
}

BOOST_AUTO_TEST_SUITE(broker_in_process)

BOOST_DATA_TEST_CASE(every_kind_of_completion_gets_the_result, thread_counts, threads) {
    running_broker host{threads};
    BOOST_CHECK_EQUAL(get(host.events.async_emit({.event = "a"}, use_future)).seq, 1U);

    std::promise<std::uint64_t> called_back;
    host.events.async_emit({.event = "a"}, [&called_back](error_code failure, protocol::emit_result result) {
        called_back.set_value(failure ? 0 : result.seq);
    });
    BOOST_CHECK_EQUAL(get(called_back.get_future()), 2U);

    BOOST_CHECK_EQUAL(get(asio::co_spawn(host.context, emit_twice(host.events), use_future)), 4U);

    auto later = host.events.async_emit({.event = "a"}, asio::deferred);
    BOOST_CHECK_EQUAL(get(host.events.async_stats(use_future)).head_seq, 4U);  // not begun yet
    BOOST_CHECK_EQUAL(get(std::move(later)(use_future)).seq, 5U);

    // A handler that can only be moved.
    std::promise<std::uint64_t> moved;
    host.events.async_emit(
        {.event = "a"}, [&moved, owned = std::make_unique<int>(1)](error_code, protocol::emit_result result) {
            moved.set_value(result.seq + static_cast<std::uint64_t>(*owned));
        });
    BOOST_CHECK_EQUAL(get(moved.get_future()), 7U);
}

// They end in portions, and nothing else happens that would call for the next one.
BOOST_DATA_TEST_CASE(waits_that_end_at_the_same_time_all_do, thread_counts, threads) {
    running_broker host{threads, {.max_waiting_per_connection = 3000}};
    inbox<outcome> ended;
    host.on_context([&] {
        for (int i = 0; i < 3000; ++i) {
            const wait_request request{.event = "a", .timeout = 1ms, .require_subscriber = false};
            host.events.async_emit_and_wait(
                request, [&ended](error_code, const protocol::wait_result& verdict) { ended.put(verdict.outcome); });
        }
    });
    for (const auto how : ended.wait_for(3000)) {
        BOOST_REQUIRE_EQUAL(how, outcome::timeout);
    }
}

BOOST_AUTO_TEST_CASE(nothing_happens_before_the_context_runs) {
    asio::io_context context{1};
    broker events{context};
    bool done = false;
    events.async_emit({.event = "a"}, [&done](error_code, protocol::emit_result) { done = true; });
    BOOST_CHECK(!done);
    context.run();  // and it returns
    BOOST_CHECK(done);
}

BOOST_AUTO_TEST_CASE(handler_is_never_called_within_the_function_that_started_it) {
    asio::io_context context{1};
    broker events{context};
    int done = 0;
    asio::post(context, [&] {
        events.async_emit({.event = "a"}, [&done](error_code, protocol::emit_result) { ++done; });
        events.async_emit({.event = "not a name"}, [&done](error_code, protocol::emit_result) { ++done; });
        events.async_emit_and_wait({.event = "a"}, [&done](error_code, protocol::wait_result) { ++done; });
        events.async_stats([&done](error_code, protocol::stats_result) { ++done; });
        BOOST_CHECK_EQUAL(done, 0);
    });
    context.run();
    BOOST_CHECK_EQUAL(done, 4);
}

BOOST_DATA_TEST_CASE(handler_is_called_on_its_own_executor, thread_counts, threads) {
    asio::thread_pool pool{1};  // outlives the threads that post to it
    running_broker host{threads};
    std::promise<bool> emitted;
    std::promise<bool> waited;
    host.events.async_emit({.event = "a"}, asio::bind_executor(pool, [&](error_code, protocol::emit_result) {
        emitted.set_value(pool.get_executor().running_in_this_thread());
    }));
    host.events.async_emit_and_wait({.event = "a"}, asio::bind_executor(pool, [&](error_code, protocol::wait_result) {
        waited.set_value(pool.get_executor().running_in_this_thread());
    }));
    BOOST_CHECK(get(emitted.get_future()));
    BOOST_CHECK(get(waited.get_future()));
    pool.join();
}

BOOST_DATA_TEST_CASE(hook_in_process_decides, thread_counts, threads) {
    running_broker host{threads};
    subscription hook;
    inbox<seen_event> seen;
    inbox<bool> accepted;
    subscribe_request how{.events = {"push"}, .name = "reviewer"};
    how.on_event = [&](const event_view& event) {
        seen.put(copy_of(event));
        hook.async_respond(event.hook_event_id, {.response = R"({"abort":"no"})"},
            [&accepted](
                error_code failure, protocol::respond_result result) { accepted.put(!failure && result.accepted()); });
    };
    hook = get(host.events.async_subscribe(std::move(how), use_future));
    const auto verdict =
        get(host.events.async_emit_and_wait({.event = "push", .payload = R"({"n":1.0})", .timeout = 20s}, use_future));
    BOOST_CHECK_EQUAL(verdict.outcome, outcome::answered);
    BOOST_CHECK_EQUAL(verdict.abort, "no");
    BOOST_REQUIRE_EQUAL(verdict.responses.size(), 1U);
    BOOST_CHECK_EQUAL(verdict.responses[0].response, R"({"abort":"no"})");
    BOOST_CHECK_EQUAL(verdict.responses[0].responder, "reviewer");
    BOOST_CHECK(accepted.wait_for_one());
    const auto event = seen.wait_for_one();
    BOOST_CHECK(event.expects_response);
    BOOST_CHECK(event.timeout == 20s);
    BOOST_CHECK_EQUAL(event.payload, R"({"n":1.0})");
    BOOST_CHECK_EQUAL(text_of(event.id), verdict.hook_event_id);
    host.on_context([&hook] { hook.close(); });
}

BOOST_DATA_TEST_CASE(coroutine_waits_for_a_verdict, thread_counts, threads) {
    running_broker host{threads};
    inbox<seen_event> seen;
    subscription hook = host.listen(seen);
    auto verdict = asio::co_spawn(host.context, wait_for_verdict(host.events), use_future);
    const auto id = seen.wait_for_one().id;
    BOOST_CHECK(get(hook.async_respond(id, {.abstain = true}, use_future)).accepted());
    BOOST_CHECK_EQUAL(get(std::move(verdict)), outcome::abstained);
    BOOST_CHECK_EQUAL(get(hook.async_respond(id, {}, use_future)).reason, refusal::expired);
    host.on_context([&hook] { hook.close(); });
}

BOOST_DATA_TEST_CASE(outsider_replies_and_a_hook_fails, thread_counts, threads) {
    running_broker host{threads};
    inbox<seen_event> seen;
    subscription hook = host.listen(seen, {.name = "hook"});
    auto first = host.events.async_emit_and_wait({.event = "a"}, use_future);
    BOOST_CHECK(get(host.events.async_respond(seen.wait_for_one().id, {.response = R"({"by":"outsider"})"}, use_future))
                    .accepted());
    BOOST_CHECK_EQUAL(get(std::move(first)).responses.at(0).response, R"({"by":"outsider"})");
    auto second = host.events.async_emit_and_wait(
        {.event = "a", .policy = protocol::wait_policy::all, .on_failure = protocol::failure_policy::closed},
        use_future);
    BOOST_CHECK(get(hook.async_respond(seen.wait_for(2)[1].id, {.failed = "it broke"}, use_future)).accepted());
    const auto verdict = get(std::move(second));
    BOOST_CHECK_EQUAL(verdict.outcome, outcome::abandoned);
    BOOST_CHECK_EQUAL(verdict.missing.at(0).why, "failed: it broke");
    BOOST_CHECK(verdict.abort.find("it broke") != std::string::npos);
    host.on_context([&hook] { hook.close(); });
}

BOOST_DATA_TEST_CASE(reply_to_a_reservation_is_kept, thread_counts, threads) {
    running_broker host{threads};
    const auto emitted = get(host.events.async_emit({.event = "a", .reserve = 60s}, use_future));
    BOOST_CHECK(get(host.events.async_respond(emitted.hook_event_id, {}, use_future)).accepted());
    const auto verdict = get(host.events.async_await_response(emitted.hook_event_id, 10s, use_future));
    BOOST_CHECK_EQUAL(verdict.outcome, outcome::answered);
    BOOST_CHECK_EQUAL(
        get(host.events.async_await_response(emitted.hook_event_id, 10s, use_future)).outcome, outcome::unknown);
}

BOOST_DATA_TEST_CASE(wait_ends_with_its_time_out, thread_counts, threads) {
    running_broker host{threads};
    inbox<seen_event> seen;
    subscription hook = host.listen(seen, {.name = "silent"});
    auto long_one = host.events.async_emit_and_wait({.event = "a", .timeout = 24h}, use_future);
    const auto verdict =
        get(host.events.async_emit_and_wait({.event = "a", .timeout = 5ms}, use_future));  // an earlier deadline
    BOOST_CHECK_EQUAL(verdict.outcome, outcome::timeout);
    BOOST_CHECK_EQUAL(verdict.missing.at(0).responder, "silent");
    const auto reserved = get(host.events.async_emit({.event = "a", .reserve = 60s}, use_future));
    BOOST_CHECK_EQUAL(
        get(host.events.async_await_response(reserved.hook_event_id, 5ms, use_future)).outcome, outcome::timeout);
    host.on_context([&hook] { hook.close(); });
    BOOST_CHECK_EQUAL(get(std::move(long_one)).outcome, outcome::abandoned);
}

BOOST_DATA_TEST_CASE(what_the_wire_would_refuse_is_refused, thread_counts, threads) {
    running_broker host{threads};
    broker& events = host.events;
    const error_code invalid{errc::invalid_params};
    for (const std::string& name : {std::string{}, std::string{"a b"}, std::string{"*"}, std::string(129, 'a')}) {
        BOOST_CHECK_EQUAL(
            error_of([&](auto handler) { events.async_emit({.event = name}, std::move(handler)); }), invalid);
        BOOST_CHECK_EQUAL(
            error_of([&](auto handler) { events.async_emit_and_wait({.event = name}, std::move(handler)); }), invalid);
    }
    BOOST_CHECK(
        !error_of([&](auto handler) { events.async_emit({.event = std::string(128, 'a')}, std::move(handler)); }));
    for (const auto* const payload : {"", "{", "nul", "1 2", "\"\xff\"", "{\"a\":1,}", "[01]"}) {
        BOOST_CHECK_EQUAL(
            error_of([&](auto handler) { events.async_emit({.event = "a", .payload = payload}, std::move(handler)); }),
            invalid);
        BOOST_CHECK_EQUAL(error_of([&](auto handler) {
            events.async_emit_and_wait({.event = "a", .payload = payload}, std::move(handler));
        }),
            invalid);
    }
    for (const auto span : {0ms, -1ms, 86'400'001ms}) {
        BOOST_CHECK_EQUAL(
            error_of([&](auto handler) { events.async_emit({.event = "a", .reserve = span}, std::move(handler)); }),
            invalid);
        BOOST_CHECK_EQUAL(error_of([&](auto handler) {
            events.async_emit_and_wait({.event = "a", .timeout = span}, std::move(handler));
        }),
            invalid);
        BOOST_CHECK_EQUAL(
            error_of([&](auto handler) { events.async_await_response({}, span, std::move(handler)); }), invalid);
    }
    for (const auto* const cause : {",", "b c", "b,a"}) {
        BOOST_CHECK_EQUAL(
            error_of([&](auto handler) { events.async_emit({.event = "a", .cause = cause}, std::move(handler)); }),
            invalid);
        BOOST_CHECK_EQUAL(error_of([&](auto handler) {
            events.async_emit_and_wait({.event = "a", .cause = cause}, std::move(handler));
        }),
            invalid);
    }
    const error_code too_long{errc::limit_exceeded};
    BOOST_CHECK_EQUAL(error_of([&](auto handler) {
        events.async_emit({.event = "a", .cause = "b,c,d,e,f,g,h,i,j"}, std::move(handler));
    }),
        too_long);
    const auto reserved = get(events.async_emit({.event = "a", .reserve = 86'400'000ms}, use_future)).hook_event_id;
    for (const auto* const response :
        {"", "{", "[]", "1", "null", R"({"abort":1})", R"({"abort":null})", R"({"abort":"a","abort":"b"})"}) {
        BOOST_CHECK_EQUAL(
            error_of([&](auto handler) { events.async_respond(reserved, {.response = response}, std::move(handler)); }),
            invalid);
    }
    BOOST_CHECK(get(events.async_respond(reserved, {.response = " { \"abort\" : \"no\" } "}, use_future)).accepted());
    BOOST_CHECK_EQUAL(get(events.async_await_response(reserved, 1s, use_future)).abort, "no");
}

BOOST_AUTO_TEST_CASE(subscription_that_the_wire_would_refuse_is_refused) {
    running_broker host{1};
    const auto refused = [&host](subscribe_request how, bool with_handler = true) {
        if (with_handler) {
            how.on_event = [](const event_view&) {};
        }
        return error_of([&](auto handler) { host.events.async_subscribe(std::move(how), std::move(handler)); });
    };
    const error_code invalid{errc::invalid_params};
    BOOST_CHECK_EQUAL(refused({}, false), invalid);
    BOOST_CHECK_EQUAL(refused({.events = std::vector<std::string>(257, "a")}), error_code{errc::limit_exceeded});
    BOOST_CHECK(!refused({.events = std::vector<std::string>(256, "a")}));
    BOOST_CHECK_EQUAL(refused({.events = {"a", ""}}), invalid);
    BOOST_CHECK_EQUAL(refused({.events = {"a b"}}), invalid);
    BOOST_CHECK_EQUAL(refused({.events = {std::string(129, '*')}}), invalid);
    BOOST_CHECK_EQUAL(refused({.name = std::string(129, 'n')}), invalid);
    BOOST_CHECK_EQUAL(refused({.name = "line\nbreak"}), invalid);
    BOOST_CHECK_EQUAL(refused({.name = "\xff"}), invalid);
    BOOST_CHECK_EQUAL(refused({.order = 9007199254740992}), invalid);
    BOOST_CHECK_EQUAL(refused({.where = {{"cwd", "*"}}}), invalid);
    BOOST_CHECK(!refused({.name = std::string(128, 'n')}));
    BOOST_CHECK_EQUAL(refused({.after_seq = 1}), error_code{errc::resume_impossible});
    host.wait_until_empty();  // those that were opened ended with their futures, those that were refused never were
}

BOOST_AUTO_TEST_CASE(limits_are_errors) {
    running_broker host{1, {.max_waiting_per_connection = 2}};
    (void)get(host.events.async_emit({.event = "a", .reserve = 60s}, use_future));
    (void)get(host.events.async_emit({.event = "a", .reserve = 60s}, use_future));
    BOOST_CHECK_EQUAL(
        error_of([&](auto handler) { host.events.async_emit({.event = "a", .reserve = 60s}, std::move(handler)); }),
        error_code{errc::limit_exceeded});
    const error_code failure{errc::limit_exceeded};
    BOOST_CHECK_EQUAL(failure.category().name(), std::string{"hookd"});
    BOOST_CHECK(!failure.message().empty());
}

BOOST_AUTO_TEST_CASE(stats_and_instance_are_those_of_the_broker) {
    running_broker host{1};
    running_broker other{1};
    BOOST_CHECK(host.events.instance() != other.events.instance());
    (void)get(host.events.async_emit({.event = "a"}, use_future));
    const auto stats = get(host.events.async_stats(use_future));
    BOOST_CHECK_EQUAL(stats.events_total, 1U);
    BOOST_CHECK_EQUAL(stats.connections, 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cancelling_a_wait)

/// A wait whose handler runs on a strand, where the signal is emitted, too.
struct cancellable {
    explicit cancellable(running_broker& where) : host(where), strand(asio::make_strand(where.context)) {}

    [[nodiscard]] auto bound() {
        return asio::bind_executor(
            strand, asio::bind_cancellation_slot(
                        signal.slot(), [this](error_code failure, protocol::wait_result) { ended.put(failure); }));
    }
    void start(wait_request what) {
        asio::post(strand, [this, what = std::move(what)] { host.events.async_emit_and_wait(what, bound()); });
    }
    void cancel(asio::cancellation_type how = asio::cancellation_type::terminal) {
        asio::post(strand, [this, how] { signal.emit(how); });
    }
    /// When all that was posted to the strand before is done.
    void settle() {
        std::promise<void> done;
        asio::post(strand, [&done] { done.set_value(); });
        get(done.get_future());
    }

    running_broker& host;
    asio::strand<asio::io_context::executor_type> strand;
    asio::cancellation_signal signal{};
    inbox<error_code> ended{};
};

BOOST_DATA_TEST_CASE(signal_ends_the_wait, thread_counts, threads) {
    running_broker host{threads};
    inbox<seen_event> seen;
    subscription hook = host.listen(seen);
    for (const auto how :
        {asio::cancellation_type::terminal, asio::cancellation_type::partial, asio::cancellation_type::total}) {
        const auto before = seen.size();
        cancellable wait{host};
        wait.start({.event = "a"});
        const auto id = seen.wait_for(before + 1).back().id;
        wait.cancel(how);
        BOOST_CHECK_EQUAL(wait.ended.wait_for_one(), error_code{errc::cancelled});
        BOOST_CHECK_EQUAL(get(hook.async_respond(id, {}, use_future)).reason, refusal::cancelled);
        wait.cancel(how);  // too late: no harm
        wait.settle();
        BOOST_CHECK_EQUAL(wait.ended.size(), 1U);
    }
    host.on_context([&hook] { hook.close(); });
    host.wait_until_empty();
}

// The signal comes while the request is still on its way to the broker's strand.
BOOST_DATA_TEST_CASE(signal_that_comes_at_once_is_not_lost, thread_counts, threads) {
    running_broker host{threads};
    inbox<seen_event> seen;
    subscription hook = host.listen(seen);
    for (int round = 0; round < 50; ++round) {
        cancellable wait{host};
        asio::post(wait.strand, [&wait, &host] {
            host.events.async_emit_and_wait({.event = "a", .timeout = 24h}, wait.bound());
            wait.signal.emit(asio::cancellation_type::terminal);
        });
        BOOST_REQUIRE_EQUAL(wait.ended.wait_for_one(), error_code{errc::cancelled});
        wait.settle();
    }
    host.on_context([&hook] { hook.close(); });
    host.wait_until_empty();
}

BOOST_AUTO_TEST_CASE(signal_before_the_context_runs_is_not_lost) {
    asio::io_context context{1};
    broker events{context};
    asio::cancellation_signal signal;
    subscribe_request how;
    how.on_event = [](const event_view&) {};
    subscription hook;
    events.async_subscribe(std::move(how), [&hook](error_code, subscription made) { hook = std::move(made); });
    context.run();
    context.restart();
    error_code ended;
    events.async_emit_and_wait({.event = "a", .timeout = 24h},
        asio::bind_cancellation_slot(signal.slot(), [&](error_code failure, protocol::wait_result) {
            ended = failure;
            hook.close();
            events.shut_down();
        }));
    signal.emit(asio::cancellation_type::terminal);
    context.run();
    BOOST_CHECK_EQUAL(ended, error_code{errc::cancelled});
}

BOOST_DATA_TEST_CASE(signal_after_the_end_does_nothing, thread_counts, threads) {
    running_broker host{threads};
    cancellable wait{host};
    wait.start({.event = "nobody"});
    BOOST_CHECK(!wait.ended.wait_for_one());
    wait.cancel();
    wait.settle();
    (void)get(host.events.async_stats(use_future));
    BOOST_CHECK_EQUAL(wait.ended.size(), 1U);
}

// Reply and signal race: one of them wins, and the handler is called once.
BOOST_DATA_TEST_CASE(reply_and_signal_at_the_same_time_end_it_once, thread_counts, threads) {
    running_broker host{threads};
    subscription hook;
    subscribe_request how;
    how.on_event = [&hook](const event_view& event) { hook.async_respond(event.hook_event_id, {}, asio::detached); };
    hook = get(host.events.async_subscribe(std::move(how), use_future));
    for (int round = 0; round < 200; ++round) {
        cancellable wait{host};
        wait.start({.event = "a"});
        wait.cancel();
        const auto failure = wait.ended.wait_for_one();
        BOOST_REQUIRE(!failure || failure == errc::cancelled);
        wait.settle();
    }
    host.on_context([&hook] { hook.close(); });
    host.wait_until_empty();
}

// The wait is over, but its handler has not been called yet.
BOOST_AUTO_TEST_CASE(signals_right_after_the_reply_change_nothing) {
    running_broker host{1};
    asio::cancellation_signal signal;
    subscription hook;
    subscribe_request how;
    how.on_event = [&](const event_view& event) {
        hook.async_respond(event.hook_event_id, {}, asio::detached);
        signal.emit(asio::cancellation_type::terminal);
        signal.emit(asio::cancellation_type::terminal);
    };
    hook = get(host.events.async_subscribe(std::move(how), use_future));
    inbox<error_code> ended;
    host.on_context([&] {
        host.events.async_emit_and_wait(
            {.event = "a"}, asio::bind_cancellation_slot(signal.slot(),
                                [&ended](error_code failure, protocol::wait_result) { ended.put(failure); }));
    });
    BOOST_CHECK(!ended.wait_for_one());
    host.on_context([&hook] { hook.close(); });
    host.wait_until_empty();
}

BOOST_DATA_TEST_CASE(coroutine_that_gives_up_ends_the_wait, thread_counts, threads) {
    running_broker host{threads};
    inbox<seen_event> seen;
    subscription hook = host.listen(seen);
    BOOST_CHECK(get(asio::co_spawn(asio::make_strand(host.context), give_up_early(host.events), use_future)));
    hookd::test::eventually(
        "the wait is over", [&host] { return get(host.events.async_stats(use_future)).waiting == 0; });
    host.on_context([&hook] { hook.close(); });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(shutting_the_broker_down)

BOOST_DATA_TEST_CASE(everything_ends_and_the_context_runs_out_of_work, thread_counts, threads) {
    asio::io_context context{static_cast<int>(threads)};
    broker events{context, {.threads = threads}};
    inbox<protocol::close_reason> closed;
    subscribe_request how;
    how.on_event = [](const event_view&) {};
    how.on_closed = [&closed](protocol::close_reason reason, std::uint64_t) { closed.put(reason); };
    auto opening = events.async_subscribe(std::move(how), use_future);
    auto waiting = events.async_emit_and_wait({.event = "a", .timeout = 24h}, use_future);
    auto reserved = events.async_emit({.event = "a", .reserve = 24h}, use_future);
    std::vector<std::thread> runners;
    for (unsigned i = 0; i < threads; ++i) {
        runners.emplace_back([&context] { context.run(); });
    }
    subscription hook = get(std::move(opening));
    (void)get(std::move(reserved));
    events.shut_down();
    const auto verdict = get(std::move(waiting));
    BOOST_CHECK_EQUAL(verdict.outcome, outcome::shutdown);
    BOOST_CHECK_EQUAL(closed.wait_for_one(), protocol::close_reason::shutdown);
    for (auto& each : runners) {
        each.join();  // nothing keeps run() from returning
    }
    hook.close();
}

BOOST_DATA_TEST_CASE(operations_are_refused_from_then_on, thread_counts, threads) {
    running_broker host{threads};
    host.events.shut_down();
    host.events.shut_down();
    const error_code refused{errc::shutting_down};
    BOOST_CHECK_EQUAL(
        error_of([&](auto handler) { host.events.async_emit({.event = "a"}, std::move(handler)); }), refused);
    BOOST_CHECK_EQUAL(
        error_of([&](auto handler) { host.events.async_emit_and_wait({.event = "a"}, std::move(handler)); }), refused);
    BOOST_CHECK_EQUAL(
        error_of([&](auto handler) { host.events.async_await_response({}, 1s, std::move(handler)); }), refused);
    BOOST_CHECK_EQUAL(error_of([&](auto handler) { host.events.async_respond({}, {}, std::move(handler)); }), refused);
    subscribe_request how;
    how.on_event = [](const event_view&) {};
    BOOST_CHECK_EQUAL(
        error_of([&](auto handler) { host.events.async_subscribe(std::move(how), std::move(handler)); }), refused);
}

BOOST_DATA_TEST_CASE(a_catalog_counts_in_process_too, thread_counts, threads) {
    const hookd::test::temp_directory directory;
    hookd::test::write_file(
        directory / "a.json", R"({"name":"a","payload_schema":{"type":"object"},"failure_policy":"closed",
        "response_schema":{"properties":{"n":{"type":"integer"}}}})");
    running_broker host{threads};
    host.events.use_catalog(load_catalog(directory.path()));
    const auto refused = [](error_code failure) { return failure == make_error_code(errc::not_in_catalog); };
    BOOST_TEST(refused(error_of([&](auto handler) { host.events.async_emit({.event = "b"}, handler); })));
    BOOST_TEST(
        refused(error_of([&](auto handler) { host.events.async_emit({.event = "a", .payload = "1"}, handler); })));
    BOOST_TEST(refused(error_of([&](auto handler) { host.events.async_emit_and_wait({.event = "b"}, handler); })));
    BOOST_TEST(refused(error_of([&](auto handler) {
        host.events.async_subscribe({.events = {"b*"}, .on_event = [](const event_view&) {}}, handler);
    })));
    const auto reserved = get(host.events.async_emit({.event = "a", .reserve = 60s}, use_future));
    BOOST_TEST(refused(error_of([&](auto handler) {
        host.events.async_respond(reserved.hook_event_id, reply{.response = R"({"n":1.5})"}, handler);
    })));
    BOOST_TEST(
        get(host.events.async_respond(reserved.hook_event_id, reply{.response = R"({"n":1})"}, use_future)).accepted());
    BOOST_TEST(!get(host.events.async_emit_and_wait({.event = "a"}, use_future)).abort.empty());
    host.events.use_catalog(nullptr);
    BOOST_TEST(get(host.events.async_emit({.event = "b"}, use_future)).seq == 3U);
}

BOOST_DATA_TEST_CASE(others_are_answered_while_a_payload_is_checked, thread_counts, threads) {
    const auto events = std::make_shared<rpc::test::slow_catalog>();
    running_broker running{threads};
    running.events.use_catalog(events);
    auto slow = running.events.async_emit({.event = "e", .payload = R"({"slow":1})"}, use_future);
    auto wrong = async_error_of([&](auto handler) {
        running.events.async_emit_and_wait({.event = "e", .payload = R"({"slow":"wrong"})"}, handler);
    });
    auto next = running.events.async_emit({.event = "e"}, use_future);
    events->wait_until_they_run(2);
    BOOST_TEST(get(running.events.async_stats(use_future)).head_seq == 0U);
    events->release();
    BOOST_TEST(get(std::move(slow)).seq == 1U);
    BOOST_CHECK(get(std::move(wrong)) == errc::not_in_catalog);
    BOOST_TEST(get(std::move(next)).seq == 2U);
}

/// A hook that was asked, and whose reply may take long to check.
struct asked_hook {
    explicit asked_hook(unsigned threads) : running{threads} {
        running.events.use_catalog(events);
        hook = running.listen(seen);
        verdict = running.events.async_emit_and_wait({.event = "e"}, use_future);
        id = seen.wait_for_one().id;
    }

    std::shared_ptr<rpc::test::slow_catalog> events = std::make_shared<rpc::test::slow_catalog>();
    running_broker running;
    inbox<seen_event> seen{};
    subscription hook{};
    std::future<protocol::wait_result> verdict{};
    uuid id{};
};

BOOST_DATA_TEST_CASE(others_are_answered_while_a_reply_is_checked, thread_counts, threads) {
    asked_hook with{threads};
    auto replied = with.hook.async_respond(with.id, reply{.response = R"({"slow":1,"abort":"no"})"}, use_future);
    with.events->wait_until_they_run(1);
    BOOST_TEST(get(with.running.events.async_stats(use_future)).waiting == 1U);
    with.events->release();
    BOOST_TEST(get(std::move(replied)).reason == refusal::none);
    BOOST_TEST(get(std::move(with.verdict)).abort == "no");
}

BOOST_DATA_TEST_CASE(a_reply_of_a_subscription_that_goes_while_it_is_checked_is_cancelled, thread_counts, threads) {
    asked_hook with{threads};
    auto replied = async_error_of(
        [&](auto handler) { with.hook.async_respond(with.id, reply{.response = R"({"slow":1})"}, handler); });
    with.events->wait_until_they_run(1);
    with.hook.close();
    BOOST_TEST(get(std::move(with.verdict)).outcome == outcome::abandoned);
    with.events->release();
    BOOST_CHECK(get(std::move(replied)) == errc::cancelled);
}

BOOST_DATA_TEST_CASE(a_long_payload_that_is_not_json_is_refused, thread_counts, threads) {
    running_broker running{threads};
    const std::string text(std::size_t{3} << 20, 'x');
    BOOST_CHECK(error_of([&](auto handler) {
        running.events.async_emit({.event = "e", .payload = '"' + text}, handler);
    }) == errc::invalid_params);
    BOOST_TEST(get(running.events.async_emit({.event = "e", .payload = '"' + text + '"'}, use_future)).seq == 1U);
}

BOOST_DATA_TEST_CASE(shutting_down_gives_up_what_is_being_checked, thread_counts, threads) {
    const auto events = std::make_shared<rpc::test::slow_catalog>();
    std::vector<std::future<error_code>> emitted;
    {
        running_broker running{threads};
        running.events.use_catalog(events);
        for (int i = 0; i < 8; ++i) {
            emitted.push_back(async_error_of(
                [&](auto handler) { running.events.async_emit({.event = "e", .payload = R"({"slow":1})"}, handler); }));
        }
        events->wait_until_they_run(4);
    }
    for (auto& each : emitted) {
        BOOST_CHECK(get(std::move(each)) == errc::shutting_down);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace hookd::server::test
