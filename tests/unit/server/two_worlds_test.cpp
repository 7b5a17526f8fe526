// SPDX-License-Identifier: BSL-1.0
#include "running_broker.hpp"

#include "support/json_access.hpp"
#include "support/silent_logger.hpp"
#include "support/temp_directory.hpp"
#include "support/wire_client.hpp"

#include <hookd/server/listener.hpp>

#include <boost/asio/detached.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <filesystem>
#include <mutex>
#include <stdexcept>

// A listener beside the in-process broker, on the same io_context: those on a socket and those in process meet.
namespace hookd::server::test {
namespace {

namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using hookd::test::wire_client;

const auto numbers_of_threads = data::make({1U, 2U, 4U});

/// A broker on `threads` threads with a listener; both are shut down at the end, and the context runs out of work.
class host_with_socket {
public:
    explicit host_with_socket(unsigned threads)
        : context(static_cast<int>(threads)),
          events(context, {.threads = threads}),
          door_(context, events, {.socket = directory_ / "hookd.sock"}, log_) {
        for (unsigned i = 0; i < threads; ++i) {
            runners_.emplace_back([this] { run(); });
        }
    }
    ~host_with_socket() {
        if (!runners_.empty()) {
            shut_down();
        }
    }

    void shut_down() {
        std::promise<void> done;
        door_.shut_down(2s, [&done] { done.set_value(); });
        get(done.get_future());
        for (auto& each : runners_) {
            each.join();
        }
        runners_.clear();
    }

    [[nodiscard]] wire_client connect(hookd::test::framing kind = hookd::test::framing::length) const {
        return wire_client{socket_path(), kind};
    }
    [[nodiscard]] std::string socket_path() const { return directory_ / "hookd.sock"; }

    void on_context(std::function<void()> work) {
        std::promise<void> done;
        asio::post(context, [&] {
            work();
            done.set_value();
        });
        get(done.get_future());
    }

private:
    void run() {
        for (;;) {
            try {
                context.run();
                return;
            } catch (const std::runtime_error& failure) {
                thrown.put(failure.what());
            }
        }
    }

    hookd::test::temp_directory directory_{};
    hookd::test::silent_logger log_{};

public:
    inbox<std::string> thrown{};  // by handlers
    asio::io_context context;
    broker events;

private:
    listener door_;
    std::vector<std::thread> runners_{};
};

BOOST_AUTO_TEST_SUITE(two_worlds)

BOOST_DATA_TEST_CASE(emitter_in_process_gets_the_verdict_of_a_hook_on_a_socket, numbers_of_threads, threads) {
    host_with_socket host{threads};
    for (const auto kind : hookd::test::all_framings) {
        BOOST_TEST_CONTEXT(kind) {
            auto hook = host.connect(kind);
            (void)hookd::test::subscribe(hook, "push", R"("name":"on the socket")");
            auto verdict = host.events.async_emit_and_wait({.event = "push", .payload = "[1.00]"}, use_future);
            const auto event = hook.next_event();
            BOOST_CHECK_EQUAL(event.raw({"params", "payload"}), "[1.00]");
            (void)hookd::test::respond(hook, event.string("/params/hook_event_id"), R"("response":{"abort":"no"})");
            const auto result = get(std::move(verdict));
            BOOST_CHECK_EQUAL(result.abort, "no");
            BOOST_CHECK_EQUAL(result.responses.at(0).responder, "on the socket");
        }
    }
}

BOOST_DATA_TEST_CASE(emitter_on_a_socket_gets_the_verdict_of_a_hook_in_process, numbers_of_threads, threads) {
    host_with_socket host{threads};
    subscription hook;
    subscribe_request how{.events = {"push"}, .name = "in process"};
    how.on_event = [&hook](const event_view& event) {
        hook.async_respond(event.hook_event_id, {.response = R"( {"abort":"no", "n":1.0} )"}, asio::detached);
    };
    hook = get(host.events.async_subscribe(std::move(how), use_future));
    for (const auto kind : hookd::test::all_framings) {
        BOOST_TEST_CONTEXT(kind) {
            auto emitter = host.connect(kind);
            const auto answer = emitter.call("emit_and_wait", R"({"event":"push","payload":{"a":1}})");
            BOOST_CHECK_EQUAL(answer.string("/result/outcome"), "answered");
            BOOST_CHECK_EQUAL(answer.string("/result/abort"), "no");
            BOOST_CHECK_EQUAL(answer.string("/result/responses/0/responder"), "in process");
            BOOST_CHECK_EQUAL(answer.at("/result/responses/0/response/n").as_double(), 1.0);
        }
    }
    host.on_context([&hook] { hook.close(); });
}

// On one thread: an exception's reference count is in a library that ThreadSanitizer can't see into.
BOOST_AUTO_TEST_CASE(peer_whose_event_a_handler_in_process_throws_at_gets_its_answers) {
    host_with_socket host{1};
    inbox<std::uint64_t> seen;
    subscribe_request how{.events = {"a"}};
    how.on_event = [&seen](const event_view& event) {
        seen.put(event.seq);
        if (event.seq == 1) {
            throw std::runtime_error{"from the handler"};
        }
    };
    subscription inside = get(host.events.async_subscribe(std::move(how), use_future));
    auto emitter = host.connect();
    for (std::uint64_t seq = 1; seq <= 3; ++seq) {
        BOOST_CHECK_EQUAL(hookd::test::int_at(hookd::test::emit(emitter, "a"), "/seq"), seq);
    }
    const std::vector<std::uint64_t> expected{1, 2, 3};
    BOOST_TEST(seen.wait_for(3) == expected, boost::test_tools::per_element());
    BOOST_CHECK_EQUAL(host.thrown.wait_for_one(), "from the handler");
    host.on_context([&inside] { inside.close(); });
}

BOOST_DATA_TEST_CASE(both_worlds_count_as_one, numbers_of_threads, threads) {
    host_with_socket host{threads};
    inbox<seen_event> seen;
    subscribe_request how{.name = "in process"};
    how.on_event = [&seen](const event_view& event) { seen.put(copy_of(event)); };
    subscription inside = get(host.events.async_subscribe(std::move(how), use_future));
    auto outside = host.connect();
    const auto opened = hookd::test::subscribe(outside, "*", R"("name":"outside")");
    BOOST_CHECK_EQUAL(hookd::test::text_at(opened, "/instance"), text_of(host.events.instance()));
    auto emitter = host.connect(hookd::test::framing::line);
    BOOST_CHECK_EQUAL(hookd::test::int_at(hookd::test::emit(emitter, "a"), "/subscribers"), 2);
    BOOST_CHECK_EQUAL(get(host.events.async_emit({.event = "b"}, use_future)).subscribers, 2U);
    BOOST_CHECK_EQUAL(outside.next_event().string("/params/event"), "a");
    BOOST_CHECK_EQUAL(outside.next_event().integer("/params/seq"), 2);
    BOOST_CHECK_EQUAL(seen.wait_for(2)[1].event, "b");
    const auto stats = get(host.events.async_stats(use_future));
    BOOST_CHECK_EQUAL(stats.subscribers, 2U);
    BOOST_CHECK_EQUAL(stats.connections, 2U);
    BOOST_CHECK_EQUAL(hookd::test::int_at(emitter.result("stats"), "/totals/events"), 2);
    host.on_context([&inside] { inside.close(); });
}

BOOST_DATA_TEST_CASE(reservation_is_made_in_one_world_and_awaited_in_the_other, numbers_of_threads, threads) {
    host_with_socket host{threads};
    auto peer = host.connect();
    const auto here = get(host.events.async_emit({.event = "a", .reserve = 60s}, use_future)).hook_event_id;
    (void)hookd::test::respond(peer, text_of(here), R"("response":{"abort":"kept"})");
    BOOST_CHECK_EQUAL(get(host.events.async_await_response(here, 10s, use_future)).abort, "kept");
    const auto there =
        hookd::test::text_at(peer.result("emit", R"({"event":"a","reserve_ms":60000})"), "/hook_event_id");
    const auto id = protocol::parse_uuid(there);
    BOOST_REQUIRE(id);
    const auto asked = peer.send_request("await_response", "{\"hook_event_id\":\"" + there + "\"}");
    BOOST_CHECK(get(host.events.async_respond(*id, {.response = R"({"abort":"from inside"})"}, use_future)).accepted());
    BOOST_CHECK_EQUAL(peer.response_to(asked).string("/result/abort"), "from inside");
}

BOOST_DATA_TEST_CASE(peer_that_vanishes_is_missing_in_process, numbers_of_threads, threads) {
    host_with_socket host{threads};
    auto hook = host.connect();
    (void)hookd::test::subscribe(hook, "push", R"("name":"vanishing")");
    auto verdict = host.events.async_emit_and_wait({.event = "push", .timeout = 24h}, use_future);
    (void)hook.next_event();
    hook.close();
    const auto result = get(std::move(verdict));
    BOOST_CHECK_EQUAL(result.outcome, outcome::abandoned);
    BOOST_CHECK_EQUAL(result.missing.at(0).responder, "vanishing");
    BOOST_CHECK_EQUAL(result.missing.at(0).why, "left");
}

BOOST_DATA_TEST_CASE(traffic_in_both_directions_at_once_loses_nothing, numbers_of_threads, threads) {
    host_with_socket host{threads};
    subscription inside;
    subscribe_request how{.events = {"to_inside"}};
    how.on_event = [&inside](const event_view& event) {
        inside.async_respond(
            event.hook_event_id, {.response = "{\"echo\":" + std::string{event.payload} + "}"}, asio::detached);
    };
    inside = get(host.events.async_subscribe(std::move(how), use_future));
    constexpr int rounds = 200;
    std::thread outside_hook{[&host] {
        auto hook = host.connect();
        (void)hookd::test::subscribe(hook, "to_outside");
        (void)hookd::test::emit(hook, "ready");
        for (int i = 0; i < rounds; ++i) {
            const auto event = hook.next_event();
            (void)hookd::test::respond(hook, event.string("/params/hook_event_id"),
                "\"response\":{\"echo\":" + event.raw({"params", "payload"}) + "}");
        }
    }};
    hookd::test::eventually("the hook on the socket is there",
        [&host] { return get(host.events.async_stats(use_future)).subscribers == 2; });
    std::atomic<int> wrong{0};
    std::thread outside_emitter{[&host, &wrong] {
        auto emitter = host.connect(hookd::test::framing::line);
        for (int i = 0; i < rounds; ++i) {
            const auto answer =
                emitter.call("emit_and_wait", R"({"event":"to_inside","payload":)" + std::to_string(i) + "}");
            wrong += answer.integer("/result/responses/0/response/echo") == i ? 0 : 1;
        }
    }};
    for (int i = 0; i < rounds; ++i) {
        const auto verdict =
            get(host.events.async_emit_and_wait({.event = "to_outside", .payload = std::to_string(i)}, use_future));
        BOOST_REQUIRE_EQUAL(verdict.outcome, outcome::answered);
        BOOST_REQUIRE_EQUAL(verdict.responses.at(0).response, "{\"echo\":" + std::to_string(i) + "}");
    }
    outside_hook.join();
    outside_emitter.join();
    BOOST_CHECK_EQUAL(wrong.load(), 0);
    host.on_context([&inside] { inside.close(); });
}

BOOST_DATA_TEST_CASE(shutdown_reaches_both_worlds, numbers_of_threads, threads) {
    host_with_socket host{threads};
    inbox<protocol::close_reason> closed;
    subscribe_request how{.events = {"a"}, .name = "silent"};
    how.on_event = [](const event_view&) {};
    how.on_closed = [&closed](protocol::close_reason reason, std::uint64_t) { closed.put(reason); };
    subscription inside = get(host.events.async_subscribe(std::move(how), use_future));
    auto listening = host.connect();
    (void)hookd::test::subscribe(listening, "a");
    auto waiting = host.connect(hookd::test::framing::header);
    const auto asked = hookd::test::send_emit_and_wait(waiting, "a");
    (void)listening.next_event();
    auto verdict = host.events.async_emit_and_wait({.event = "a", .timeout = 24h}, use_future);
    (void)listening.next_event();
    host.shut_down();
    BOOST_CHECK_EQUAL(get(std::move(verdict)).outcome, outcome::shutdown);
    BOOST_CHECK_EQUAL(closed.wait_for_one(), protocol::close_reason::shutdown);
    BOOST_CHECK_EQUAL(waiting.response_to(asked).string("/result/outcome"), "shutdown");
    BOOST_CHECK_EQUAL(listening.next_closed().string("/params/reason"), "shutdown");
    BOOST_CHECK(listening.wait_for_close());
    BOOST_CHECK(!std::filesystem::exists(host.socket_path()));
    inside.close();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace hookd::server::test
