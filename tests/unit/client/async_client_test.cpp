// SPDX-License-Identifier: BSL-1.0
#include "fake_daemon.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <hookd/async_client.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace hookd::test {
namespace {

namespace asio = boost::asio;
using asio::use_future;

constexpr auto verdict_result =
    R"({"hook_event_id":"id","seq":1,"outcome":"answered","abort":"","responses":[],"missing":[]})";

std::string emission_of(int number) {
    return R"({"hook_event_id":"id","seq":)" + std::to_string(number) + R"(,"subscribers":0})";
}

// A context that runs in a thread of its own while the test waits for futures.
struct running_context {
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    std::thread thread{[this] { io.run(); }};

    running_context() = default;
    running_context(const running_context&) = delete;
    running_context& operator=(const running_context&) = delete;
    ~running_context() {
        work.reset();
        io.stop();
        thread.join();
    }
};

template <class Result>
Result get(std::future<Result> pending) {
    BOOST_REQUIRE((pending.wait_for(patience) == std::future_status::ready));
    return pending.get();
}

template <class Result>
error failure_of(std::future<Result> pending) {
    return test::failure_of([&pending] { get(std::move(pending)); });
}

// Runs `io` until the test is over or has failed.
void run(asio::io_context& io, const bool& done) {
    const deadline limit;
    while (!done && !limit.passed()) {
        io.run_one_for(std::chrono::seconds{1});
    }
    BOOST_REQUIRE(done);
}

asio::awaitable<void> talk(async_client& caller, verdict& decided, emission& emitted, daemon_info& who) {
    who = co_await caller.async_ping(asio::use_awaitable);
    const emit_options reserved{.reserve = std::chrono::milliseconds{5}};
    emitted = co_await caller.async_emit("x", "{}", reserved, asio::use_awaitable);
    decided = co_await caller.async_emit_and_wait("x", "{}", asio::use_awaitable);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(asynchronous_client)

BOOST_AUTO_TEST_CASE(futures_get_results_and_throw_errors) {
    fake_daemon daemon;
    running_context context;
    async_client caller{context.io.get_executor(), {.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.result(peer.receive("emit"), emission_of(3));
        peer.result(peer.receive("await_response"), verdict_result);
        peer.result(peer.receive("respond"), R"({"accepted":false,"reason":"unknown"})");
        peer.fail(peer.receive("what").id, -32601, "No such method.", "[1]");
        peer.result(peer.receive("stats"), "{\"a\" : 1}");
    }};
    get(caller.async_connect(use_future));
    BOOST_TEST(get(caller.async_emit("x", "{}", use_future)).seq == 3U);
    BOOST_TEST(get(caller.async_await_response("id", 10ms, use_future)).proceed());
    BOOST_TEST(get(caller.async_respond("id", proceed(), use_future)).reason == "unknown");
    const auto refused = failure_of(caller.async_call("what", "{}", use_future));
    BOOST_TEST((refused.kind() == error_kind::refused));
    BOOST_TEST(refused.code() == -32601);
    BOOST_TEST(refused.data() == "[1]");
    BOOST_TEST(get(caller.async_call("stats", "", use_future)) == "{\"a\" : 1}");
    script.finish();
}

BOOST_AUTO_TEST_CASE(callbacks_coroutines_and_deferred_work_alike) {
    fake_daemon daemon;
    asio::io_context io{1};
    async_client caller{io.get_executor(), {.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        for (int i = 0; i < 3; ++i) {
            peer.result(peer.receive("ping"), R"({"pid":5})");
            peer.result(peer.receive("emit"), emission_of(6));
            peer.result(peer.receive("emit_and_wait"), verdict_result);
        }
    }};
    verdict decided;
    emission emitted;
    daemon_info who;
    bool done = false;
    asio::co_spawn(io, talk(caller, decided, emitted, who), [&](const std::exception_ptr& failure) {
        BOOST_TEST((failure == nullptr));
        done = true;
    });
    run(io, done);
    BOOST_TEST(who.pid == 5);
    BOOST_TEST(emitted.seq == 6U);
    BOOST_TEST((decided.outcome == outcome::answered));

    done = false;
    // A move-only handler: what Asio itself asks for.
    caller.async_ping([&, kept = std::make_unique<int>(1)](const std::exception_ptr& failure, const daemon_info& info) {
        BOOST_TEST((failure == nullptr && info.pid == 5 && *kept == 1));
        caller.async_emit("x", "{}", [&](const std::exception_ptr&, const emission& result) {
            BOOST_TEST(result.seq == 6U);
            caller.async_emit_and_wait("x", "{}", [&](const std::exception_ptr&, const verdict& result_of_wait) {
                BOOST_TEST(result_of_wait.proceed());
                done = true;
            });
        });
    });
    run(io, done);

    done = false;
    auto lazy = caller.async_ping(asio::deferred);
    std::move(lazy)([&](const std::exception_ptr&, const daemon_info& info) {
        BOOST_TEST(info.pid == 5);
        auto emit = caller.async_emit("x", "{}", asio::deferred);
        std::move(emit)([&](const std::exception_ptr&, const emission&) {
            auto wait = caller.async_emit_and_wait("x", "{}", asio::deferred);
            std::move(wait)([&](const std::exception_ptr&, const verdict&) { done = true; });
        });
    });
    run(io, done);
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_handler_is_never_called_from_within_the_call) {
    asio::io_context io{1};
    async_client caller{io.get_executor(), {.path = "/nowhere/at/all"}};
    int called = 0;
    caller.async_emit("x", "not json", [&](const std::exception_ptr& failure, const emission&) {
        BOOST_TEST((failure != nullptr));
        ++called;
    });
    caller.async_ping([&](const std::exception_ptr& failure, const daemon_info&) {
        BOOST_TEST((failure != nullptr));
        ++called;
    });
    BOOST_TEST(called == 0);
    io.run();  // ends by itself: nothing is open
    BOOST_TEST(called == 2);
}

BOOST_AUTO_TEST_CASE(a_handler_runs_on_its_own_executor) {
    fake_daemon daemon;
    asio::thread_pool elsewhere{
        1};  // outlives the thread that posts to it, which may still be at it when the handler has run
    running_context context;
    async_client caller{context.io.get_executor(), {.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.result(peer.receive("ping"), "{}");
    }};
    std::promise<bool> there;
    caller.async_ping(asio::bind_executor(elsewhere.get_executor(), [&](const std::exception_ptr&, const daemon_info&) {
        there.set_value(elsewhere.get_executor().running_in_this_thread());
    }));
    BOOST_TEST(get(there.get_future()));
    script.finish();
}

BOOST_AUTO_TEST_CASE(answers_may_come_in_any_order) {
    constexpr int count = 1000;
    fake_daemon daemon;
    running_context context;
    async_client caller{context.io.get_executor(), {.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        std::vector<fake_request> requests;
        for (int i = 0; i < count; ++i) {
            requests.push_back(peer.receive("emit"));
        }
        for (auto each = requests.rbegin(); each != requests.rend(); ++each) {
            peer.event(1, "x");  // not asked for, and in between
            peer.result(*each, emission_of(std::stoi(std::string{raw_member(each->params, "payload").value()})));
        }
    }};
    std::vector<std::future<emission>> pending;
    for (int i = 0; i < count; ++i) {
        pending.push_back(caller.async_emit("x", std::to_string(i), use_future));
    }
    int right = 0;
    for (int i = 0; i < count; ++i) {
        right += get(std::move(pending[static_cast<std::size_t>(i)])).seq == static_cast<std::uint64_t>(i) ? 1 : 0;
    }
    BOOST_TEST(right == count);
    script.finish();
}

BOOST_AUTO_TEST_CASE(cancelling_asks_the_daemon_to_end_the_wait) {
    fake_daemon daemon;
    asio::io_context io{1};
    async_client caller{io.get_executor(), {.path = daemon.path()}};
    asio::cancellation_signal signal;
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto request = peer.receive("emit_and_wait");
        asio::post(io, [&] { signal.emit(asio::cancellation_type::terminal); });
        const auto cancel = peer.receive("$/cancelRequest");
        require(cancel.id.empty(), "a cancellation is a notification");
        require(raw_member(cancel.params, "id") == request.id, "it names the request");
        peer.fail(request.id, -32800, "Cancelled.");
    }};
    bool done = false;
    caller.async_emit_and_wait(
        "x", "{}", asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& failure, const verdict&) {
            done = true;
            BOOST_CHECK_EXCEPTION(std::rethrow_exception(failure), error,
                [](const error& why) { return why.kind() == error_kind::cancelled; });
        }));
    run(io, done);
    script.finish();
    signal.emit(asio::cancellation_type::terminal);  // too late, and harmless
}

BOOST_AUTO_TEST_CASE(the_daemon_is_asked_once_however_often_a_call_is_cancelled) {
    fake_daemon daemon;
    asio::io_context io{1};
    async_client caller{io.get_executor(), {.path = daemon.path()}};
    asio::cancellation_signal signal;
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto request = peer.receive("emit_and_wait");
        asio::post(io, [&] {
            signal.emit(asio::cancellation_type::terminal);
            signal.emit(asio::cancellation_type::terminal);
            caller.async_ping([](const std::exception_ptr&, const daemon_info&) {});
        });
        std::ignore = peer.receive("$/cancelRequest");
        std::ignore = peer.receive("ping");
        peer.fail(request.id, -32800, "Cancelled.");
    }};
    bool done = false;
    caller.async_emit_and_wait("x", "{}",
        asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr&, const verdict&) { done = true; }));
    run(io, done);
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_result_that_was_faster_than_the_cancellation_counts) {
    fake_daemon daemon;
    asio::io_context io{1};
    async_client caller{io.get_executor(), {.path = daemon.path()}};
    asio::cancellation_signal signal;
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto request = peer.receive("emit_and_wait");
        asio::post(io, [&] { signal.emit(asio::cancellation_type::total); });
        std::ignore = peer.receive("$/cancelRequest");
        peer.result(request, verdict_result);
    }};
    bool done = false;
    caller.async_emit_and_wait("x", "{}",
        asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& failure, const verdict& decided) {
            done = true;
            BOOST_TEST((failure == nullptr));
            BOOST_TEST(decided.proceed());
        }));
    run(io, done);
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_call_cancelled_before_it_was_sent_is_not_sent) {
    fake_daemon daemon;
    asio::io_context io{1};
    async_client caller{io.get_executor(), {.path = daemon.path()}};
    asio::cancellation_signal signal;
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.result(peer.receive("ping"), "{}");
    }};
    int done = 0;
    caller.async_emit(
        "x", "{}", asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& failure, const emission&) {
            ++done;
            BOOST_TEST((failure != nullptr));
        }));
    signal.emit(asio::cancellation_type::all);
    caller.async_ping([&](const std::exception_ptr& failure, const daemon_info&) {
        ++done;
        BOOST_TEST((failure == nullptr));
        caller.close();
    });
    io.run();
    BOOST_TEST(done == 2);
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_broken_connection_fails_all_that_is_under_way_and_the_next_call_connects_again) {
    fake_daemon daemon;
    running_context context;
    async_client caller{context.io.get_executor(), {.path = daemon.path()}};
    fake_script script{[&] {
        {
            auto peer = daemon.accept();
            peer.receive("emit_and_wait");
            peer.receive("emit");
            peer.send_bytes(std::string("\0\0\1\0{\"jsonrpc\"", 14));
        }
        auto next = daemon.accept();
        next.result(next.receive("ping"), R"({"instance":"run-2"})");
    }};
    auto first = caller.async_emit_and_wait("x", "{}", use_future);
    auto second = caller.async_emit("x", "{}", use_future);
    BOOST_TEST((failure_of(std::move(first)).kind() == error_kind::broken));
    BOOST_TEST((failure_of(std::move(second)).kind() == error_kind::broken));
    BOOST_TEST(get(caller.async_ping(use_future)).instance == "run-2");
    script.finish();
}

BOOST_AUTO_TEST_CASE(nobody_there_is_told_and_a_daemon_that_comes_later_is_found) {
    fake_daemon daemon;
    daemon.stop_listening();
    running_context context;
    async_client caller{context.io.get_executor(), {.path = daemon.path()}};
    BOOST_TEST((failure_of(caller.async_emit("x", "{}", use_future)).kind() == error_kind::no_daemon));
    BOOST_CHECK_THROW(get(caller.async_connect(use_future)), error);
    daemon.listen();
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.result(peer.receive("emit"), emission_of(1));
    }};
    get(caller.async_connect(use_future));
    BOOST_TEST(get(caller.async_emit("x", "{}", use_future)).seq == 1U);
    script.finish();
}

BOOST_AUTO_TEST_CASE(what_the_daemon_said_before_it_closed_is_why) {
    fake_daemon daemon;
    running_context context;
    async_client caller{context.io.get_executor(), {.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.expect_bytes();
        peer.fail("null", -32001, "Too many connections.", R"({"limit":"max_connections","max":1})");
    }};
    const auto failure =
        failure_of(caller.async_emit("x", json_string(std::string(std::size_t{4} << 20, 'x')), use_future));
    BOOST_TEST((failure.kind() == error_kind::refused));
    BOOST_TEST(failure.code() == -32001);
    script.finish();
}

BOOST_AUTO_TEST_CASE(close_cancels_what_is_under_way_and_what_comes_later) {
    fake_daemon daemon;
    running_context context;
    async_client caller{context.io.get_executor(), {.path = daemon.path()}};
    auto waiting = caller.async_emit_and_wait("x", "{}", use_future);
    auto peer = daemon.accept();
    peer.receive("emit_and_wait");
    caller.close();
    BOOST_TEST((failure_of(std::move(waiting)).kind() == error_kind::cancelled));
    BOOST_TEST((failure_of(caller.async_ping(use_future)).kind() == error_kind::cancelled));
    BOOST_TEST((failure_of(caller.async_connect(use_future)).kind() == error_kind::cancelled));
    peer.expect_end();
}

BOOST_AUTO_TEST_CASE(destroying_the_client_lets_the_context_end) {
    fake_daemon daemon;
    asio::io_context io{1};
    bool cancelled = false;
    {
        async_client first{io.get_executor(), {.path = daemon.path()}};
        async_client caller = std::move(first);
        caller.async_emit_and_wait(
            "x", "{}", [&](const std::exception_ptr& failure, const verdict&) { cancelled = failure != nullptr; });
        io.poll();
    }
    io.run();
    BOOST_TEST(cancelled);
}

BOOST_AUTO_TEST_CASE(a_subscriber_gets_events_in_order_and_answers_from_another_thread) {
    fake_daemon daemon;
    running_context context;
    async_client caller{context.io.get_executor(), {.path = daemon.path()}};
    std::vector<std::uint64_t> seen;
    std::vector<std::thread> hooks;
    std::promise<session_end> ended;
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto params = json_of(peer.open_session(4));
        require(text_at(params, "/events/0") == "pre_*" && size_at(params, "/events") == 1, "the pattern");
        require(text_at(params, "/name") == "me" && bool_at(params, "/responds"), "name and role");
        require(int_at(params, "/after_seq") == 3 && text_at(params, "/instance") == "run-1", "where to resume");
        peer.event(5, "pre_push", true, "[1]");
        peer.event(6, "pre_push", true, "[2]");
        peer.event(9, "pre_push", false, "[3]");
        std::string ids;
        for (int i = 0; i < 2; ++i) {
            ids += text_at(json_of(peer.take_reply()), "/hook_event_id") + " ";
        }
        require(ids == event_id(5) + " " + event_id(6) + " " || ids == event_id(6) + " " + event_id(5) + " ",
            "both replies: " + ids);
        peer.result(peer.receive("unsubscribe"), R"({"unsubscribed":true})");
        peer.notify("closed", R"({"reason":"unsubscribed","last_seq":9})");
    }};
    std::promise<void> all;
    const subscribe_options wanted{.events = {"pre_*"}, .name = "me", .resume_from = resume_point{3, "run-1"}};
    const async_client::subscription_handlers handlers{
        .on_event =
            [&](const event& arrived) {
                seen.push_back(arrived.seq());
                if (arrived.expects_response()) {
                    hooks.emplace_back([&caller, id = arrived.hook_event_id()] {
                        caller.async_respond(id, veto("no"), [](const std::exception_ptr&, const respond_result&) {});
                    });
                }
                if (arrived.seq() == 9) {
                    all.set_value();
                }
            },
        .on_end = [&](const session_end& end) { ended.set_value(end); }};
    const auto opened = get(caller.async_subscribe(wanted, handlers, use_future));
    BOOST_TEST(opened.head_seq == 4U);
    BOOST_TEST(opened.instance == "run-1");
    get(all.get_future());
    for (auto& each : hooks) {
        each.join();
    }
    BOOST_TEST(get(caller.async_unsubscribe(use_future)));
    const auto end = get(ended.get_future());
    BOOST_TEST((end.why == session_end::reason::unsubscribed));
    BOOST_TEST(end.last_seq == 9U);
    BOOST_TEST(seen == (std::vector<std::uint64_t>{5, 6, 9}), boost::test_tools::per_element());
    script.finish();
}

BOOST_AUTO_TEST_CASE(the_end_of_a_session_says_why_and_where_to_resume) {
    fake_daemon daemon;
    running_context context;
    async_client caller{context.io.get_executor(), {.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.open_session(1);
        peer.event(2, "x");
        peer.notify("closed", R"({"reason":"lagged","last_seq":3})");
        peer.open_session(7);  // on the same connection
        peer.event(8, "x");
    }};
    const subscribe_options everything;
    for (const auto& [why, last_seq] :
        {std::pair{session_end::reason::lagged, 3U}, {session_end::reason::broken, 8U}}) {
        std::promise<session_end> ended;
        const async_client::subscription_handlers handlers{
            .on_end = [&](const session_end& end) { ended.set_value(end); }};
        get(caller.async_subscribe(everything, handlers, use_future));
        const auto end = get(ended.get_future());
        BOOST_TEST((end.why == why));
        BOOST_TEST(end.last_seq == last_seq);
    }
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_session_hears_of_ended_waits_and_verdicts_if_it_has_handlers_for_them) {
    fake_daemon daemon;
    running_context context;
    async_client caller{context.io.get_executor(), {.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        const auto params = json_of(peer.open_session(1));
        require(bool_at(params, "/cancellations") && bool_at(params, "/verdicts"), "both are asked for");
        peer.notify("cancelled", R"({"hook_event_id":"an-id","reason":"expired"})");
        peer.notify("news", "{}");  // of a newer daemon
        peer.notify("verdict",
            R"({"seq":7,"hook_event_id":"an-id","event":"pre_push","outcome":"timeout","abort":"no",)"
            R"("responses":[],"missing":[{"responder":"slow","why":"timeout"}],"elapsed_ms":1.5})");
    }};
    std::promise<ended_wait> cancelled;
    std::promise<verdict_notice> decided;
    const async_client::subscription_handlers handlers{
        .on_cancelled = [&](const ended_wait& what) { cancelled.set_value(what); },
        .on_verdict = [&](const verdict_notice& what) { decided.set_value(what); }};
    const subscribe_options everything;
    get(caller.async_subscribe(everything, handlers, use_future));
    const auto ended = get(cancelled.get_future());
    BOOST_TEST(ended.hook_event_id == "an-id");
    BOOST_TEST(ended.reason == "expired");
    const auto verdict = get(decided.get_future());
    BOOST_TEST(verdict.event == "pre_push");
    BOOST_TEST(verdict.how.abort == "no");
    BOOST_TEST(verdict.how.missing.at(0).responder == "slow");
    BOOST_TEST(verdict.elapsed.count() == 1.5);
    script.finish();
}

BOOST_AUTO_TEST_CASE(an_exception_of_an_event_handler_leaves_run_and_nothing_is_lost) {
    fake_daemon daemon;
    asio::io_context io{1};
    async_client caller{io.get_executor(), {.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        for (std::uint64_t seq = 1; seq <= 3; ++seq) {
            peer.event(seq, "x");
        }
        peer.expect_end();
    }};
    std::vector<std::uint64_t> seen;
    const async_client::subscription_handlers handlers{.on_event = [&](const event& arrived) {
        seen.push_back(arrived.seq());
        if (arrived.seq() == 3) {
            caller.close();
        }
        throw std::logic_error("mine");
    }};
    const subscribe_options everything;
    caller.async_subscribe(everything, handlers,
        [](const std::exception_ptr& failure, const subscription&) { BOOST_TEST((failure == nullptr)); });
    int thrown = 0;
    for (bool again = true; again;) {
        try {
            io.run();
            again = false;
        } catch (const std::logic_error&) {
            ++thrown;
        }
    }
    BOOST_TEST(thrown == 3);
    BOOST_TEST(seen.size() == 3U);
    script.finish();
}

BOOST_AUTO_TEST_CASE(large_payloads_pass_in_both_directions) {
    const std::string large = json_string(std::string(std::size_t{16} << 20, 'p'));
    fake_daemon daemon;
    running_context context;
    async_client caller{context.io.get_executor(), {.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        for (int i = 0; i < 2; ++i) {
            const auto request = peer.receive("echo");
            peer.result(request, request.params);
        }
    }};
    const std::string params = R"({"payload":)" + large + "}";
    auto first = caller.async_call("echo", params, use_future);
    auto second = caller.async_call("echo", params, use_future);
    BOOST_TEST((get(std::move(first)) == params));
    BOOST_TEST((get(std::move(second)) == params));
    script.finish();
}

BOOST_AUTO_TEST_CASE(many_threads_may_use_one_client) {
    constexpr int threads = 4;
    constexpr int each = 200;
    fake_daemon daemon;
    asio::thread_pool pool{threads};
    async_client caller{pool.get_executor(), {.path = daemon.path()}};
    fake_script script{[&] {
        auto peer = daemon.accept();
        for (int i = 0; i < threads * each; ++i) {
            peer.result(peer.receive("emit"), emission_of(i));
        }
    }};
    std::atomic<int> completed = 0;
    std::vector<std::thread> callers;
    for (int t = 0; t < threads; ++t) {
        callers.emplace_back([&] {
            for (int i = 0; i < each; ++i) {
                caller.async_emit("x", "{}",
                    [&](const std::exception_ptr& failure, const emission&) { completed += failure ? 0 : 1; });
            }
        });
    }
    for (auto& thread : callers) {
        thread.join();
    }
    eventually("all answers", [&] { return completed == threads * each; });
    script.finish();
    caller.close();
    pool.join();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::test
