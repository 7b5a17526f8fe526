// SPDX-License-Identifier: BSL-1.0
#include "kept_files.hpp"
#include "running_broker.hpp"

#include "journal/sqlite_journal.hpp"
#include "support/temp_directory.hpp"

#include <base/json/text.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <stdexcept>

// Push sessions in process: what their handlers get, and how they end.
namespace hookd::server::test {
namespace {

namespace asio = boost::asio;
namespace data = boost::unit_test::data;

const auto subscription_threads = data::make({1U, 2U, 4U});

struct ending {
    protocol::close_reason reason{};
    std::uint64_t last_seq = 0;
};

BOOST_AUTO_TEST_SUITE(subscriptions)

BOOST_DATA_TEST_CASE(events_of_many_emitters_come_once_and_in_order, subscription_threads, threads) {
    running_broker host{threads, {.capacity = 4096}};
    inbox<seen_event> seen;
    subscription hook = host.listen(seen, {.events = {"e*"}});
    constexpr std::size_t emitters = 4;
    constexpr std::size_t each_emits = 250;
    std::vector<std::thread> emitting;
    for (std::size_t i = 0; i < emitters; ++i) {
        emitting.emplace_back([&host, i] {
            for (std::size_t n = 0; n < each_emits; ++n) {
                host.events.async_emit(
                    {.event = "e" + std::to_string(i), .payload = std::to_string(n)}, asio::detached);
            }
        });
    }
    for (auto& each : emitting) {
        each.join();
    }
    const auto all = seen.wait_for(emitters * each_emits);
    std::size_t next[emitters] = {};
    for (std::size_t i = 0; i < all.size(); ++i) {
        BOOST_REQUIRE_EQUAL(all[i].seq, i + 1);
        auto& expected = next[all[i].event.at(1) - '0'];
        BOOST_REQUIRE_EQUAL(all[i].payload, std::to_string(expected++));  // each emitter's own order is kept
    }
    host.on_context([&hook] { hook.close(); });
}

BOOST_DATA_TEST_CASE(session_goes_on_where_another_ended, subscription_threads, threads) {
    running_broker host{threads};
    for (int i = 0; i < 5; ++i) {
        (void)get(host.events.async_emit({.event = "a"}, use_future));
    }
    inbox<seen_event> seen;
    subscription hook = host.listen(seen, {.after_seq = 3});
    (void)get(host.events.async_emit({.event = "a"}, use_future));
    const auto got = seen.wait_for(3);
    BOOST_CHECK_EQUAL(got[0].seq, 4U);
    BOOST_CHECK_EQUAL(got[2].seq, 6U);
    host.on_context([&hook] { hook.close(); });
}

BOOST_AUTO_TEST_CASE(session_goes_on_with_what_only_the_journal_holds) {
    const hookd::test::temp_directory directory;
    kept_log log;
    sqlite_journal journal{{.file = directory / "journal.db"}, log};
    asio::io_context context;
    broker events{context, {.capacity = 4}};
    events.record_to(journal);
    for (const auto* const name : {"a", "b", "a", "b", "b", "b", "b", "a"}) {
        events.async_emit({.event = name, .payload = '"' + std::string{name} + '"'}, asio::detached);
    }
    std::vector<seen_event> seen;
    error_code failure = errc::internal_error;
    subscription hook;
    events.async_subscribe(
        {.events = {"a"}, .after_seq = 0, .on_event = [&](const event_view& event) { seen.push_back(copy_of(event)); }},
        [&](error_code result, subscription opened) {
            failure = result;
            hook = std::move(opened);
        });
    hookd::test::eventually("it is there, and has the newest", [&] {
        context.restart();
        (void)context.run_for(1ms);
        return !failure && !seen.empty() && seen.back().seq == 8;
    });
    BOOST_CHECK(!failure);
    BOOST_REQUIRE_EQUAL(seen.size(), 3U);
    BOOST_CHECK_EQUAL(seen[0].seq, 1U);
    BOOST_CHECK_EQUAL(seen[1].seq, 3U);
    BOOST_CHECK_EQUAL(seen[1].payload, "\"a\"");
    hook.close();
    events.shut_down();
    context.restart();
    context.run();
}

BOOST_DATA_TEST_CASE(nothing_is_called_after_a_close_within_the_handler, subscription_threads, threads) {
    running_broker host{threads};
    subscription hook;
    inbox<std::uint64_t> seen;
    inbox<ending> ended;
    subscribe_request how;
    how.on_event = [&](const event_view& event) {
        seen.put(event.seq);
        if (event.seq == 2) {
            hook.close();
        }
    };
    how.on_closed = [&](protocol::close_reason reason, std::uint64_t last_seq) { ended.put({reason, last_seq}); };
    hook = get(host.events.async_subscribe(std::move(how), use_future));
    for (int i = 0; i < 5; ++i) {
        (void)get(host.events.async_emit({.event = "a"}, use_future));
    }
    host.wait_until_empty();
    BOOST_CHECK_EQUAL(seen.size(), 2U);
    BOOST_CHECK_EQUAL(ended.size(), 0U);  // it was not the broker who ended it
}

// The handler's own memory goes with the subscription, but not while it runs.
BOOST_DATA_TEST_CASE(subscription_may_be_destroyed_within_its_handler, subscription_threads, threads) {
    running_broker host{threads};
    auto hook = std::make_unique<subscription>();
    inbox<std::string> seen;
    subscribe_request how;
    how.on_event = [&hook, &seen, text = std::string(1000, 'x')](const event_view& event) {
        hook.reset();
        seen.put(std::string{event.event} + text.substr(0, 1));
    };
    *hook = get(host.events.async_subscribe(std::move(how), use_future));
    for (const auto* const name : {"first", "second"}) {
        (void)get(host.events.async_emit({.event = name}, use_future));
    }
    host.wait_until_empty();
    BOOST_CHECK_EQUAL(seen.wait_for_one(), "firstx");
    BOOST_CHECK_EQUAL(seen.size(), 1U);
}

BOOST_DATA_TEST_CASE(nothing_is_called_after_a_close_by_another_handler, subscription_threads, threads) {
    running_broker host{threads};
    std::atomic<bool> closed{false};
    std::atomic<int> late{0};
    for (int round = 0; round < 30; ++round) {
        closed = false;
        subscription hook;
        inbox<int> first;
        subscribe_request how;
        how.on_event = [&](const event_view&) {
            late += closed.load() ? 1 : 0;
            first.put(1);
        };
        hook = get(host.events.async_subscribe(std::move(how), use_future));
        for (int i = 0; i < 20; ++i) {
            host.events.async_emit({.event = "a"}, asio::detached);
        }
        (void)first.wait_for_one();
        host.on_context([&] { hook.close(); });
        // With several threads, a call that had begun may still be running; none begins.
        if (threads > 1) {
            (void)get(host.events.async_stats(use_future));
        }
        closed = true;
        (void)get(host.events.async_emit({.event = "a"}, use_future));
        (void)get(host.events.async_stats(use_future));
    }
    BOOST_CHECK_EQUAL(late.load(), 0);
    host.wait_until_empty();
}

BOOST_DATA_TEST_CASE(handler_may_reply_emit_and_wait, subscription_threads, threads) {
    running_broker host{threads};
    subscription outer;
    subscription inner;
    subscribe_request on_inner{.events = {"inner"}, .name = "inner"};
    on_inner.on_event = [&inner](const event_view& event) {
        inner.async_respond(event.hook_event_id, {.response = R"({"abort":"from inside"})"}, asio::detached);
    };
    inner = get(host.events.async_subscribe(std::move(on_inner), use_future));
    subscribe_request on_outer{.events = {"outer"}, .name = "outer"};
    on_outer.on_event = [&](const event_view& event) {
        const uuid id = event.hook_event_id;
        host.events.async_emit_and_wait({.event = "inner"}, [&outer, id](error_code, protocol::wait_result verdict) {
            outer.async_respond(id, {.response = "{\"abort\":\"" + verdict.abort + ", passed on\"}"}, asio::detached);
        });
    };
    outer = get(host.events.async_subscribe(std::move(on_outer), use_future));
    for (int i = 0; i < 20; ++i) {
        const auto verdict = get(host.events.async_emit_and_wait({.event = "outer"}, use_future));
        BOOST_REQUIRE_EQUAL(verdict.abort, "from inside, passed on");
    }
    host.on_context([&] {
        outer.close();
        inner.close();
    });
}

BOOST_DATA_TEST_CASE(handler_that_emits_what_it_gets_is_not_called_within_itself, subscription_threads, threads) {
    running_broker host{threads};
    std::atomic<int> depth{0};
    std::atomic<int> deepest{0};
    inbox<int> seen;
    subscription hook;
    subscribe_request how;
    how.on_event = [&](const event_view& event) {
        deepest = std::max(deepest.load(), ++depth);
        if (event.seq < 100) {
            host.events.async_emit({.event = "again"}, asio::detached);
        }
        --depth;
        seen.put(1);
    };
    hook = get(host.events.async_subscribe(std::move(how), use_future));
    host.events.async_emit({.event = "again"}, asio::detached);
    (void)seen.wait_for(100);
    BOOST_CHECK_EQUAL(deepest.load(), 1);
    host.on_context([&hook] { hook.close(); });
}

BOOST_DATA_TEST_CASE(subscriber_that_floods_itself_lags_and_is_told, subscription_threads, threads) {
    running_broker host{threads, {.capacity = 4}};
    inbox<std::uint64_t> seen;
    inbox<ending> ended;
    subscribe_request how;
    how.on_event = [&](const event_view& event) {
        seen.put(event.seq);
        if (event.seq == 1) {
            // All at once where this is the strand: more than may wait.
            for (int i = 0; i < 10; ++i) {
                host.events.async_emit({.event = "more"}, asio::detached);
            }
        }
    };
    how.on_closed = [&](protocol::close_reason reason, std::uint64_t last_seq) { ended.put({reason, last_seq}); };
    const subscription hook = get(host.events.async_subscribe(std::move(how), use_future));
    (void)get(host.events.async_emit({.event = "first"}, use_future));
    const auto how_it_ended = ended.wait_for_one();
    BOOST_CHECK_EQUAL(how_it_ended.reason, protocol::close_reason::lagged);
    const auto got = seen.wait_for(1);
    for (std::size_t i = 0; i < got.size(); ++i) {
        BOOST_CHECK_EQUAL(got[i], i + 1);  // a gapless prefix
    }
    BOOST_CHECK_EQUAL(how_it_ended.last_seq, got.size());
    BOOST_CHECK_EQUAL(get(host.events.async_stats(use_future)).lagged, 1U);
}

BOOST_DATA_TEST_CASE(subscription_may_be_destroyed_when_it_is_told_of_its_end, subscription_threads, threads) {
    asio::io_context context{static_cast<int>(threads)};
    broker events{context, {.threads = threads}};
    auto hook = std::make_unique<subscription>();
    inbox<int> ended;
    subscribe_request how;
    how.on_event = [](const event_view&) {};
    how.on_closed = [&hook, &ended, text = std::string(1000, 'x')](protocol::close_reason, std::uint64_t) {
        hook.reset();
        ended.put(static_cast<int>(text.size()));
    };
    auto opening = events.async_subscribe(std::move(how), use_future);
    auto idle = asio::make_work_guard(context);
    std::vector<std::thread> runners;
    for (unsigned i = 0; i < threads; ++i) {
        runners.emplace_back([&context] { context.run(); });
    }
    *hook = get(std::move(opening));
    events.shut_down();
    BOOST_CHECK_EQUAL(ended.wait_for_one(), 1000);
    idle.reset();
    for (auto& each : runners) {
        each.join();
    }
    BOOST_CHECK(!hook);
    BOOST_CHECK_EQUAL(ended.size(), 1U);
}

BOOST_DATA_TEST_CASE(reply_of_a_closed_session_is_cancelled, subscription_threads, threads) {
    running_broker host{threads};
    inbox<seen_event> seen;
    subscription hook = host.listen(seen, {.name = "hook"});
    auto waiting = host.events.async_emit_and_wait({.event = "a"}, use_future);
    const auto id = seen.wait_for_one().id;
    host.on_context([&hook] {
        hook.close();
        hook.close();  // no harm
    });
    BOOST_CHECK_EQUAL(get(std::move(waiting)).missing.at(0).why, "left");
    BOOST_CHECK_EQUAL(
        error_of([&](auto handler) { hook.async_respond(id, {}, std::move(handler)); }), error_code{errc::cancelled});
}

BOOST_DATA_TEST_CASE(session_hears_of_ended_waits_and_verdicts, subscription_threads, threads) {
    running_broker host{threads};
    inbox<seen_event> seen;
    inbox<std::pair<std::string, refusal>> cancelled;
    inbox<std::string> verdicts;
    subscribe_request wanted{.name = "hook", .on_failure = protocol::failure_policy::closed, .order = 3};
    wanted.on_cancelled = [&](const uuid& id, refusal reason) { cancelled.put({text_of(id), reason}); };
    wanted.on_verdict = [&](std::string_view params) { verdicts.put(std::string{params}); };
    subscription hook = host.listen(seen, std::move(wanted));
    const auto who = get(host.events.async_who("a", "{}", use_future));
    BOOST_REQUIRE_EQUAL(who.responders.size(), 1U);
    BOOST_CHECK_EQUAL(who.responders[0].name, "hook");
    BOOST_CHECK_EQUAL(who.responders[0].order, 3);
    const auto verdict = get(host.events.async_emit_and_wait({.event = "a", .timeout = 10ms}, use_future));
    BOOST_CHECK(verdict.abort.find("hook") != std::string::npos);
    const auto told = cancelled.wait_for_one();
    BOOST_CHECK_EQUAL(told.first, verdict.hook_event_id);
    BOOST_CHECK_EQUAL(told.second, refusal::expired);
    const auto text = verdicts.wait_for_one();
    BOOST_CHECK(text.starts_with(R"({"seq":1,"hook_event_id":")"));
    BOOST_CHECK(!base::find_json_fault(text));
}

BOOST_DATA_TEST_CASE(event_has_its_deadline, subscription_threads, threads) {
    running_broker host{threads};
    inbox<std::chrono::steady_clock::time_point> deadlines;
    subscribe_request wanted{.name = "hook"};
    wanted.on_event = [&](const event_view& event) { deadlines.put(event.deadline); };
    const subscription hook = get(host.events.async_subscribe(std::move(wanted), use_future));
    const auto before = std::chrono::steady_clock::now();
    (void)get(host.events.async_emit({.event = "a"}, use_future));
    (void)get(host.events.async_emit({.event = "a", .reserve = 1h}, use_future));
    const auto got = deadlines.wait_for(2);
    BOOST_CHECK(got[0] == std::chrono::steady_clock::time_point{});
    BOOST_CHECK(got[1] >= before + 1h && got[1] <= std::chrono::steady_clock::now() + 1h);
}

BOOST_DATA_TEST_CASE(subscription_changes_what_it_subscribes_to, subscription_threads, threads) {
    running_broker host{threads};
    inbox<seen_event> seen;
    subscription hook = host.listen(seen, {.events = {"a"}, .name = "hook"});
    const auto change = [&hook](std::vector<std::string> to) {
        return error_of([&](auto handler) { hook.async_change({.events = to}, std::move(handler)); });
    };
    BOOST_CHECK_EQUAL(change({"b"}), error_code{});
    BOOST_CHECK_EQUAL(get(host.events.async_emit({.event = "a"}, use_future)).subscribers, 0U);
    BOOST_CHECK_EQUAL(change({"no name!"}), error_code{errc::invalid_params});
    auto waiting = host.events.async_emit_and_wait({.event = "b"}, use_future);
    const auto id = seen.wait_for_one().id;
    BOOST_CHECK_EQUAL(error_of([&](auto handler) { hook.async_withdraw(std::move(handler)); }), error_code{});
    BOOST_CHECK_EQUAL(get(host.events.async_emit({.event = "b"}, use_future)).subscribers, 0U);
    BOOST_CHECK_EQUAL(error_of([&](auto handler) { hook.async_respond(id, {}, std::move(handler)); }), error_code{});
    BOOST_CHECK_EQUAL(get(std::move(waiting)).outcome, protocol::outcome::answered);
    host.on_context([&hook] { hook.close(); });
    BOOST_CHECK_EQUAL(change({"a"}), error_code{errc::cancelled});
    BOOST_CHECK_EQUAL(
        error_of([&](auto handler) { hook.async_withdraw(std::move(handler)); }), error_code{errc::cancelled});
}

BOOST_DATA_TEST_CASE(subscription_ends_when_another_takes_its_place, subscription_threads, threads) {
    running_broker host{threads};
    inbox<seen_event> first;
    inbox<seen_event> second;
    subscription hook = host.listen(first);
    (void)get(host.events.async_emit({.event = "a"}, use_future));
    (void)first.wait_for_one();
    auto replacement = host.listen(second);
    host.on_context([&] { hook = std::move(replacement); });
    hookd::test::eventually(
        "only one session is left", [&host] { return get(host.events.async_stats(use_future)).subscribers == 1; });
    (void)get(host.events.async_emit({.event = "b"}, use_future));
    BOOST_CHECK_EQUAL(second.wait_for_one().event, "b");
    BOOST_CHECK_EQUAL(first.size(), 1U);
    host.on_context([&hook] { hook.close(); });
    subscription{}.close();  // nothing to close
}

// Asio lets what a handler throws out of run(), and the caller may call run() again: nothing is lost but that call.
BOOST_AUTO_TEST_CASE(broker_survives_a_handler_that_throws) {
    asio::io_context context{1};
    broker events{context};
    std::vector<std::uint64_t> seen;
    subscription hook;
    subscribe_request how;
    how.on_event = [&seen](const event_view& event) {
        seen.push_back(event.seq);
        if (event.seq == 1) {
            throw std::runtime_error("from the handler");
        }
    };
    events.async_subscribe(std::move(how), [&hook](error_code, subscription made) { hook = std::move(made); });
    context.run();
    context.restart();
    events.async_emit({.event = "a"}, asio::detached);
    events.async_emit({.event = "a"}, asio::detached);
    BOOST_CHECK_THROW(context.run(), std::runtime_error);
    context.run();
    context.restart();
    events.async_emit({.event = "a"}, asio::detached);
    context.run();
    context.restart();
    const std::uint64_t expected[] = {1, 2, 3};
    BOOST_CHECK_EQUAL_COLLECTIONS(seen.begin(), seen.end(), std::begin(expected), std::end(expected));
    events.async_stats(
        [](error_code, protocol::stats_result stats) { BOOST_CHECK_EQUAL(stats.sessions.at(0).queued, 0U); });
    context.run();
}

// Memory for a handler, until there is none.
template <class Value>
struct scarce_memory {
    using value_type = Value;

    explicit scarce_memory(const bool& used_up) noexcept : none_left(&used_up) {}
    template <class Other>
    scarce_memory(const scarce_memory<Other>& other) noexcept
        : none_left(other.none_left) {}  // NOLINT(google-explicit-constructor)

    Value* allocate(std::size_t count) {
        if (*none_left) {
            throw std::bad_alloc{};
        }
        return std::allocator<Value>{}.allocate(count);
    }
    void deallocate(Value* at, std::size_t count) noexcept { std::allocator<Value>{}.deallocate(at, count); }
    friend bool operator==(const scarce_memory&, const scarce_memory&) noexcept = default;

    const bool* none_left;
};

// Several waits end at once, and the first of them can't be told so.
BOOST_AUTO_TEST_CASE(waits_are_answered_although_another_one_could_not_be) {
    asio::io_context context{1};
    asio::io_context elsewhere{1};
    broker events{context};
    uuid id;
    events.async_emit({.event = "a", .reserve = 60s},
        [&id](error_code, const protocol::emit_result& done) { id = done.hook_event_id; });
    context.poll();
    bool none_left = false;
    events.async_await_response(id, 60s,
        asio::bind_allocator(scarce_memory<int>{none_left},
            asio::bind_executor(elsewhere, [](error_code, const protocol::wait_result&) {})));
    std::vector<std::string> verdicts;
    for (int i = 0; i < 2; ++i) {
        events.async_await_response(id, 60s, [&verdicts](error_code, const protocol::wait_result& said) {
            verdicts.push_back(said.responses.empty() ? std::string{} : said.responses[0].response);
        });
    }
    context.poll();
    none_left = true;
    const std::string response = R"({"why":")" + std::string(1000, 'w') + R"("})";
    events.async_respond(id, {.response = response}, [](error_code, protocol::respond_result) {});
    BOOST_CHECK_THROW(context.poll(), std::bad_alloc);
    none_left = false;
    context.poll();
    const std::string expected[] = {response, response};
    BOOST_CHECK_EQUAL_COLLECTIONS(verdicts.begin(), verdicts.end(), std::begin(expected), std::end(expected));
}

// Two who answer each other's events have no end, and others have their turn all the same.
BOOST_DATA_TEST_CASE(subscribers_that_keep_each_other_busy_leave_room_for_others, subscription_threads, threads) {
    running_broker host{threads};
    std::vector<subscription> players;
    for (const auto& [hears, says] :
        {std::pair{"ping", "pong"}, std::pair{"pong", "ping"}, std::pair{"echo", "echo"}}) {
        subscribe_request how{.events = {hears}};
        how.on_event = [&host, event = std::string{says}](
                           const event_view&) { host.events.async_emit({.event = event}, asio::detached); };
        players.push_back(get(host.events.async_subscribe(std::move(how), use_future)));
    }
    host.on_context([&host] {
        host.events.async_emit({.event = "ping"}, asio::detached);
        host.events.async_emit({.event = "echo"}, asio::detached);
    });
    BOOST_CHECK_EQUAL(get(host.events.async_stats(use_future)).subscribers, 3U);
    host.on_context([&players] { players.clear(); });
}

// Whoever gives up on the future gives up on the session.
BOOST_AUTO_TEST_CASE(subscription_that_nobody_takes_ends) {
    running_broker host{1};
    subscribe_request how;
    how.on_event = [](const event_view&) {};
    host.events.async_subscribe(std::move(how), asio::detached);
    host.wait_until_empty();
    BOOST_CHECK_EQUAL(get(host.events.async_stats(use_future)).subscribers, 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace hookd::server::test
