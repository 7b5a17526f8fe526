// SPDX-License-Identifier: BSL-1.0
// The client library against the daemon itself. What each side does alone has tests of its own.

#include "support/deadline.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <hookd/async_client.hpp>
#include <hookd/client.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace hookd::test {
namespace {

namespace asio = boost::asio;

// A runner in a thread of its own, subscribed once constructed. Counts what it was told.
class background_runner {
public:
    background_runner(hook_runner& runner, std::function<void(const notice&)> also = {})
        : runner_(runner), also_(std::move(also)) {
        runner_.on_notice([this](const notice& what) {
            if (also_) {
                also_(what);
            }
            ++counts_[static_cast<std::size_t>(what.type)];
        });
        done_ = std::async(std::launch::async, [this] { runner_.run(); });
        wait_for(notice::kind::connected, 1);
    }
    ~background_runner() { runner_.stop(); }
    background_runner(const background_runner&) = delete;
    background_runner& operator=(const background_runner&) = delete;

    void wait_for(notice::kind type, int times) {
        eventually("a notice", [&] { return count(type) >= times || ended(); });
        BOOST_REQUIRE(count(type) >= times);
    }
    [[nodiscard]] int count(notice::kind type) const { return counts_[static_cast<std::size_t>(type)]; }
    void finish() {
        runner_.stop();
        done_.get();
    }

private:
    [[nodiscard]] bool ended() const { return done_.wait_for(std::chrono::seconds{0}) == std::future_status::ready; }

    hook_runner& runner_;
    std::function<void(const notice&)> also_;
    std::array<std::atomic<int>, static_cast<std::size_t>(notice::kind::hook_failed) + 1> counts_{};
    std::future<void> done_;
};

hook_runner_options options_of(const std::string& path) {
    return {.name = "under-test",
        .path = path,
        .reconnect_min = std::chrono::milliseconds{1},
        .reconnect_max = std::chrono::milliseconds{20}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_and_daemon)

BOOST_AUTO_TEST_CASE(a_hook_vetoes_and_the_emitter_reads_why) {
    const test_daemon daemon;
    hook_runner hooks{options_of(daemon.socket_path())};
    hooks.on("pre_*", [](const event& push) -> reply {
        if (push.json().at("branch") == "main") {
            return veto("main is \"closed\"");
        }
        return respond_with(R"({"seen": 1.00})");
    });
    background_runner running{hooks};
    client emitter{{.path = daemon.socket_path()}};
    BOOST_TEST(emitter.ping().pid == daemon.pid());

    const auto refused = emitter.emit_and_wait("pre_push", R"({"branch":"main"})", {.policy = wait_policy::veto});
    BOOST_TEST(refused.abort == "main is \"closed\"");
    BOOST_TEST((refused.outcome == outcome::answered));
    BOOST_TEST(refused.responses.at(0).responder == "under-test");

    const auto accepted = emitter.emit_and_wait("pre_push", R"({"branch":"topic"})");
    BOOST_TEST(accepted.proceed());
    BOOST_TEST(accepted.responses.at(0).text == R"({"seen": 1.00})");

    BOOST_TEST((emitter.emit_and_wait("post_push").outcome == outcome::no_subscribers));
    BOOST_TEST(raw_member(emitter.stats(), "subscribers").value() == "1");
    running.finish();
}

BOOST_AUTO_TEST_CASE(a_hook_that_throws_is_missing_and_the_failure_policy_decides) {
    const test_daemon daemon;
    hook_runner hooks{options_of(daemon.socket_path())};
    hooks.on("throws", [](const event&) -> reply { throw std::runtime_error("disk full"); });
    hooks.on("invalid", [](const event&) { return respond_with(R"({"abort": 5})"); });
    background_runner running{hooks};
    client emitter{{.path = daemon.socket_path()}};
    for (const char* name : {"throws", "invalid"}) {
        const auto open = emitter.emit_and_wait(name);
        BOOST_TEST(open.proceed());
        BOOST_TEST((open.outcome == outcome::abandoned));
        BOOST_TEST(open.missing.at(0).why.starts_with("failed: "));
        BOOST_TEST(!emitter.emit_and_wait(name, "{}", {.on_failure = failure_policy::closed}).proceed());
    }
    running.finish();
}

BOOST_AUTO_TEST_CASE(a_reply_that_lands_before_anyone_asks_is_kept) {
    const test_daemon daemon;
    client one{{.path = daemon.socket_path()}};
    client other{{.path = daemon.socket_path()}};
    const auto emitted = one.emit("later", "[1]", {.reserve = std::chrono::minutes{1}});
    BOOST_TEST(other.respond(emitted.hook_event_id, veto("early")).accepted);
    BOOST_TEST(one.await_response(emitted.hook_event_id).abort == "early");
    BOOST_TEST((one.await_response(emitted.hook_event_id).outcome == outcome::unknown));
    const auto late = other.respond(emitted.hook_event_id, proceed());
    BOOST_TEST(!late.accepted);
    BOOST_TEST(late.reason == "answered");
}

BOOST_AUTO_TEST_CASE(errors_of_the_daemon_arrive_with_their_codes) {
    const test_daemon daemon;
    client caller{{.path = daemon.socket_path()}};
    const auto code_of = [&](std::string_view method, std::string_view params) {
        try {
            caller.call(method, params);
        } catch (const error& failure) {
            BOOST_TEST((failure.kind() == error_kind::refused));
            return failure.code();
        }
        return 0;
    };
    BOOST_TEST(code_of("no_such_method", "") == -32601);
    BOOST_TEST(code_of("emit", R"({"event":"x","paylaod":1})") == -32602);
    BOOST_TEST(code_of("subscribe", R"({"after_seq":99})") == -32005);
    BOOST_TEST(code_of("ping", "{}") == 0);
}

BOOST_AUTO_TEST_CASE(a_wait_is_cancelled_in_the_daemon_too) {
    test_daemon daemon;
    asio::io_context io{1};
    async_client caller{io.get_executor(), {.path = daemon.socket_path()}};
    asio::cancellation_signal signal;
    std::optional<error_kind> ended;
    const wait_options forever{.timeout = std::chrono::hours{24}, .require_subscriber = false};
    caller.async_emit_and_wait("x", "{}", forever,
        asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& failure, const verdict&) {
            try {
                std::rethrow_exception(failure);
            } catch (const error& why) {
                ended = why.kind();
            }
            caller.close();
        }));
    std::thread loop{[&] { io.run(); }};
    daemon.wait_for_stat("/waiting", 1);
    asio::post(io, [&] { signal.emit(asio::cancellation_type::all); });
    loop.join();
    BOOST_TEST((ended == error_kind::cancelled));
    daemon.wait_for_stat("/waiting", 0);
}

BOOST_AUTO_TEST_CASE(many_waits_at_once_on_one_connection_are_answered_by_hooks_in_other_threads) {
    constexpr int count = 500;
    const test_daemon daemon;
    hook_runner hooks{options_of(daemon.socket_path())};
    asio::thread_pool workers{2};
    hooks.on("x", [&](event asked, answer reply_to) {
        asio::post(
            workers, [asked = std::move(asked), reply_to = std::move(reply_to)] { reply_to(veto(asked.payload())); });
    });
    background_runner running{hooks};
    asio::thread_pool context{2};
    async_client caller{context.get_executor(), {.path = daemon.socket_path()}};
    std::vector<std::future<verdict>> pending;
    for (int i = 0; i < count; ++i) {
        pending.push_back(caller.async_emit_and_wait("x", std::to_string(i), asio::use_future));
    }
    int right = 0;
    for (int i = 0; i < count; ++i) {
        right += pending[static_cast<std::size_t>(i)].get().abort == std::to_string(i) ? 1 : 0;
    }
    BOOST_TEST(right == count);
    running.finish();
    caller.close();
    context.join();
    workers.join();
}

BOOST_AUTO_TEST_CASE(a_runner_outlives_its_daemon_and_says_what_it_may_have_missed) {
    const temp_directory directory;
    const std::string path = directory / "s";
    std::optional<test_daemon> daemon{std::in_place, path, std::vector<std::string>{}};
    hook_runner hooks{options_of(path)};
    hooks.on("*", [](const event& asked) { return veto(asked.name()); });
    background_runner running{hooks};
    BOOST_TEST(client{{.path = path}}.emit_and_wait("one").abort == "one");

    daemon->kill();
    daemon.reset();
    running.wait_for(notice::kind::disconnected, 1);
    daemon.emplace(path, std::vector<std::string>{});
    running.wait_for(notice::kind::connected, 2);
    BOOST_TEST(running.count(notice::kind::resume_impossible) == 1);
    BOOST_TEST(client{{.path = path}}.emit_and_wait("two").abort == "two");
    running.finish();
}

BOOST_AUTO_TEST_CASE(a_program_resumes_where_an_earlier_run_stopped) {
    const test_daemon daemon;
    client emitter{{.path = daemon.socket_path()}};
    std::optional<resume_point> position;
    std::vector<std::string> seen;
    for (int run = 0; run < 2; ++run) {
        auto options = options_of(daemon.socket_path());
        options.resume_from = position;
        hook_runner events{options};
        events.listen("*", [&](const event& arrived) {
            seen.push_back(arrived.name());
            if (seen.size() % 2 == 0) {
                events.stop();
            }
        });
        std::future<void> done = std::async(std::launch::async, [&] { events.run(); });
        if (run == 0) {
            eventually("the subscription", [&] { return raw_member(emitter.stats(), "subscribers") == "1"; });
            for (const char* name : {"a", "b", "c", "d"}) {
                emitter.emit(name);
            }
        }
        done.get();
        position = events.position();
    }
    BOOST_TEST(seen == (std::vector<std::string>{"a", "b", "c", "d"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_runner_that_lags_is_told_and_goes_on) {
    const test_daemon daemon{{"--capacity", "8"}};
    const std::string payload = json_string(std::string(std::size_t{64} << 10, 'p'));
    auto options = options_of(daemon.socket_path());
    options.max_unanswered = 1;
    hook_runner hooks{options};
    std::promise<answer> first;
    std::mutex mutex;
    std::vector<std::uint64_t> seen;
    hooks.on("*", [&](const event& arrived, const answer& reply_to) {
        const std::lock_guard lock{mutex};
        seen.push_back(arrived.seq());
        if (seen.size() == 1) {
            first.set_value(reply_to);
        } else {
            reply_to(proceed());
        }
    });
    background_runner running{hooks};
    client emitter{{.path = daemon.socket_path()}};
    // What the runner reads ahead, the socket holds, and the daemon keeps, several times over.
    for (int i = 0; i < 400; ++i) {
        emitter.emit("x", payload);
    }
    BOOST_TEST(raw_member(raw_member(emitter.stats(), "totals").value(), "lagged").value() != "0");
    first.get_future().get()(proceed());
    running.wait_for(notice::kind::lagged, 1);
    running.wait_for(notice::kind::resume_impossible, 1);
    running.wait_for(notice::kind::connected, 2);
    verdict last;
    eventually("a reply again", [&] {
        last = emitter.emit_and_wait("last");
        return last.outcome == outcome::answered;
    });
    running.finish();
    BOOST_TEST(std::is_sorted(seen.begin(), seen.end()));
    BOOST_TEST((std::adjacent_find(seen.begin(), seen.end()) == seen.end()));
    BOOST_TEST(seen.back() == last.seq.value());
}

BOOST_AUTO_TEST_CASE(the_deepest_reply_that_the_daemon_takes_can_be_read_by_the_emitter) {
    const test_daemon daemon;
    hook_runner hooks{options_of(daemon.socket_path())};
    // With the envelope and params around it: 128 levels, the most that the daemon reads.
    const std::string deepest = R"({"deep":)" + nested_arrays(125) + "}";
    hooks.on("*", [&](const event&) { return respond_with(deepest); });
    background_runner running{hooks};
    client emitter{{.path = daemon.socket_path()}};
    const auto decided = emitter.emit_and_wait("x", nested_arrays(126));
    BOOST_TEST((decided.outcome == outcome::answered));
    BOOST_REQUIRE(decided.responses.size() == 1U);
    BOOST_TEST(decided.responses[0].text == deepest);
    running.finish();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::test
