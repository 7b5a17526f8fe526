#include "fake_daemon.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <hookd/client.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace hookd::test {
namespace {

using kind = notice::kind;

// What a runner told, in order.
struct notices {
    std::vector<notice> told;

    void watch(hook_runner& runner) {
        runner.on_notice([this](const notice& what) { told.push_back(what); });
    }
    [[nodiscard]] std::vector<kind> kinds() const {
        std::vector<kind> out;
        for (const auto& each : told) {
            out.push_back(each.type);
        }
        return out;
    }
};

hook_runner_options options_of(const fake_daemon& daemon) {
    return {.path = daemon.path(), .reconnect_min = std::chrono::milliseconds{1}, .reconnect_max = std::chrono::milliseconds{20}};
}

// The daemon's part beside a run(), which is stopped where that part fails: it would go on for ever.
class script_beside : public fake_script {
public:
    script_beside(hook_runner& runner, std::function<void()> part)
        : fake_script([&runner, part = std::move(part)] {
              try {
                  part();
              } catch (...) {
                  runner.stop();
                  throw;
              }
          }) {}
};

error failure_of_run(hook_runner& runner) {
    try {
        runner.run();
    } catch (const error& failure) {
        return failure;
    }
    throw std::runtime_error("run() returned");
}

std::string reply_of(std::string_view respond_params) { return std::string{raw_member(respond_params, "response").value_or("")}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(runner)

BOOST_AUTO_TEST_CASE(a_hook_replies_and_learns_all_about_its_event) {
    fake_daemon daemon;
    hook_runner hooks{{.name = "no-friday-push", .path = daemon.path()}};
    hooks.on("pre_push", [](const event& push) -> reply {
        if (push.json().at("branch") == "main") {
            return veto("main is closed on Fridays");
        }
        return respond_with("{\"fine\" : 1.0}");
    });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        const auto params = json_of(peer.open_session(0));
        require(members_of(params) == "events name responds", "nothing is resumed: " + members_of(params));
        require(text_at(params, "/name") == "no-friday-push" && bool_at(params, "/responds"), "it responds under its name");
        require(size_at(params, "/events") == 1 && text_at(params, "/events/0") == "pre_push", "its pattern");
        peer.event(1, "pre_push", true, R"({"branch":"main"})");
        const auto refusal = peer.take_reply();
        require(text_at(json_of(refusal), "/hook_event_id") == event_id(1), "the id");
        require(text_at(json_of(refusal), "/response/abort") == "main is closed on Fridays", "the reason");
        peer.event(2, "pre_push", true, R"({"branch":"topic"})");
        require(reply_of(peer.take_reply()) == "{\"fine\" : 1.0}", "byte for byte");
        hooks.stop();
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
}

BOOST_AUTO_TEST_CASE(an_event_that_waited_for_its_hook_is_older_than_the_session_and_replied_to) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    hooks.on("pre_push", [](const event& push) { return veto(std::to_string(push.seq())); });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(7);
        for (const std::uint64_t seq : {3U, 5U, 8U}) {
            peer.event(seq, "pre_push", true);
            require(reply_of(peer.take_reply()) == R"({"abort":")" + std::to_string(seq) + "\"}", "the reply to " + std::to_string(seq));
        }
        hooks.stop();
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
    require(hooks.position() && hooks.position()->after_seq == 8, "it goes on after the newest");
}

BOOST_AUTO_TEST_CASE(a_run_that_only_saw_an_older_event_goes_on_after_the_start_of_its_session) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    hooks.on("pre_push", [&hooks](const event&) {
        hooks.stop();
        return proceed();
    });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(7);
        peer.event(3, "pre_push", true);
        peer.take_reply();
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
    require(hooks.position() && hooks.position()->after_seq == 7, "nothing before the session is asked for again");
}

BOOST_AUTO_TEST_CASE(an_exception_of_a_hook_is_a_hook_that_failed) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    notices seen;
    seen.watch(hooks);
    hooks.on("sync", [](const event&) -> reply { throw std::runtime_error("disk full"); });
    hooks.on("odd", [](const event&) -> reply { throw 5; });
    hooks.on("later", [](event, const answer&) { throw std::runtime_error("no thread"); });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        peer.event(1, "sync", true);
        require(text_at(json_of(peer.take_reply()), "/failed") == "disk full", "what()");
        peer.event(2, "odd", true);
        require(!text_at(json_of(peer.take_reply()), "/failed").empty(), "some reason");
        peer.event(3, "later", true);
        require(text_at(json_of(peer.take_reply()), "/failed") == "no thread", "what()");
        hooks.stop();
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
    BOOST_TEST((seen.kinds() == std::vector{kind::connected, kind::hook_failed, kind::hook_failed, kind::hook_failed}));
    BOOST_TEST((seen.told[1].message.find("disk full") != std::string::npos));
    BOOST_TEST((seen.told[1].message.find("sync") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_reply_that_the_daemon_refuses_becomes_a_hook_that_failed) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    notices seen;
    seen.watch(hooks);
    hooks.on("x", [](const event&) { return respond_with(R"({"abort":5})"); });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        peer.event(1, "x", true);
        peer.fail(peer.receive("respond").id, -32602, "'abort' has to be a string.");
        const auto failed = json_of(peer.take_reply());
        require(text_at(failed, "/hook_event_id") == event_id(1), "for the same event");
        require(text_at(failed, "/failed").find("'abort' has to be a string.") != std::string::npos, "says why");
        hooks.stop();
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
    BOOST_TEST((seen.kinds() == std::vector{kind::connected, kind::reply_refused}));
}

BOOST_AUTO_TEST_CASE(a_reply_that_came_too_late_is_told) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    notices seen;
    hooks.on_notice([&](const notice& what) {
        seen.told.push_back(what);
        if (what.type == kind::reply_refused) {
            hooks.stop();
        }
    });
    hooks.on("x", [](const event&) { return proceed(); });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        peer.event(1, "x", true);
        peer.take_reply("expired");
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
    BOOST_TEST((seen.told.back().message.find("expired") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_listener_alone_is_an_observer_and_never_replies) {
    fake_daemon daemon;
    hook_runner events{options_of(daemon)};
    std::vector<std::string> texts;
    events.listen("*", [&](const event& arrived) {
        texts.push_back(arrived.text());
        if (texts.size() == 2) {
            events.stop();
        }
    });
    script_beside script{events, [&] {
        auto peer = daemon.accept();
        const auto params = json_of(peer.open_session(0));
        require(!bool_at(params, "/responds"), "an observer");
        peer.event(1, "a", true, "{\"n\": 1.50}");
        peer.event(2, "b");
        peer.event(3, "c");
        peer.expect_end();
    }};
    events.run();
    script.finish();
    const std::vector<std::string> expected{event_params(1, "a", true, "{\"n\": 1.50}"), event_params(2, "b", false, "{}")};
    BOOST_TEST(texts == expected, boost::test_tools::per_element());
    BOOST_TEST(events.position().value().after_seq == 2U);
}

BOOST_AUTO_TEST_CASE(each_event_goes_to_all_listeners_and_the_first_hook_that_match) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    std::string calls;
    hooks.listen("*", [&](const event& arrived) { calls += "all:" + arrived.name() + " "; });
    hooks.on("pre_push", [&](const event&) { calls += "exact "; return proceed(); });
    hooks.on("pre_*", [&](const event&) { calls += "glob "; return proceed(); });
    hooks.listen("pre_*", [&](const event&) { calls += "pre "; });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        const auto params = json_of(peer.open_session(0));
        require(size_at(params, "/events") == 3, "each pattern once");
        peer.event(1, "pre_push", true);
        peer.event(2, "pre_commit", true);
        peer.event(3, "pre_commit", false);
        peer.event(4, "other", true);
        require(reply_of(peer.take_reply()) == "{}" && reply_of(peer.take_reply()) == "{}", "two hooks replied");
        // Nobody's event among hooks, the third: nothing to say to the second, which expects nothing.
        const auto rest = json_of(peer.take_reply());
        require(bool_at(rest, "/abstain") && text_at(rest, "/hook_event_id") == event_id(4), "abstains");
        hooks.stop();
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
    BOOST_TEST(calls == "all:pre_push pre exact all:pre_commit pre glob all:pre_commit pre glob all:other ");
}

BOOST_AUTO_TEST_CASE(hooks_may_answer_later_from_other_threads_in_any_order) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    std::vector<std::thread> workers;
    std::promise<void> first_may_answer;
    hooks.on("x", [&](event asked, answer reply_to) {
        workers.emplace_back([&first_may_answer, asked = std::move(asked), reply_to = std::move(reply_to)] {
            if (asked.seq() == 1) {
                first_may_answer.get_future().get();
            }
            reply_to(veto("event " + std::to_string(asked.seq())));
            reply_to(proceed());  // the first one counts
        });
    });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        peer.event(1, "x", true);
        peer.event(2, "x", true);
        require(text_at(json_of(peer.take_reply()), "/response/abort") == "event 2", "the second is first");
        first_may_answer.set_value();
        require(text_at(json_of(peer.take_reply()), "/response/abort") == "event 1", "then the first");
        hooks.stop();
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
    for (auto& each : workers) {
        each.join();
    }
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_dropped_says_failed) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    notices seen;
    seen.watch(hooks);
    hooks.on("x", [](event, const answer& copied) { std::ignore = answer{copied}; });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        peer.event(1, "x", true);
        require(has_at(json_of(peer.take_reply()), "/failed"), "failed");
        hooks.stop();
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
    BOOST_TEST((seen.kinds() == std::vector{kind::connected, kind::hook_failed}));
}

BOOST_AUTO_TEST_CASE(no_more_events_are_handed_out_than_may_be_unanswered) {
    fake_daemon daemon;
    auto options = options_of(daemon);
    options.max_unanswered = 2;
    hook_runner hooks{options};
    std::mutex mutex;
    std::deque<answer> open;
    std::size_t most = 0;
    const auto take_one = [&]() -> std::optional<answer> {
        const std::lock_guard lock{mutex};
        if (open.empty()) {
            return std::nullopt;
        }
        auto oldest = std::move(open.front());
        open.pop_front();
        return oldest;
    };
    hooks.on("x", [&](event, answer reply_to) {
        const std::lock_guard lock{mutex};
        open.push_back(std::move(reply_to));
        most = std::max(most, open.size());
    });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        std::string all;
        for (std::uint64_t seq = 1; seq <= 5; ++seq) {
            all += event_frame(seq, "x", true);
        }
        peer.send_bytes(all);
        for (std::uint64_t seq = 1; seq <= 5; ++seq) {
            std::optional<answer> oldest;
            eventually("a hook that may be answered", [&] { return (oldest = take_one()).has_value(); });
            (*oldest)(proceed());
            require(text_at(json_of(peer.take_reply()), "/hook_event_id") == event_id(seq), "in order");
        }
        hooks.stop();
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
    BOOST_TEST(most == 2U);
}

BOOST_AUTO_TEST_CASE(events_that_wait_for_busy_hooks_take_bounded_memory_and_none_is_lost) {
    constexpr std::size_t count = 512;
    const std::string payload = json_string(std::string(std::size_t{64} << 10, 'p'));  // 32 MiB in all
    fake_daemon daemon;
    auto options = options_of(daemon);
    options.max_unanswered = 1;
    hook_runner hooks{options};
    std::mutex mutex;
    std::vector<answer> held;
    std::vector<std::uint64_t> seen;
    bool holding = true;
    hooks.on("x", [&](const event& arrived, const answer& reply_to) {
        const std::lock_guard lock{mutex};
        seen.push_back(arrived.seq());
        if (holding) {
            held.push_back(reply_to);
        } else {
            reply_to(proceed());
        }
        if (arrived.seq() == count) {
            hooks.stop();
        }
    });
    std::size_t taken = 0;
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        std::uint64_t seq = 0;
        const auto next = [&](std::size_t) { return event_body(++seq, "x", false, payload); };
        taken = peer.send_frames_until_stuck(count, next);
        {
            const std::lock_guard lock{mutex};
            holding = false;
            held.front()(proceed());
            held.clear();
        }
        peer.send_rest();
        while (seq < count) {
            peer.send_frame(next(0));
        }
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
    BOOST_TEST(taken < count / 2);
    BOOST_REQUIRE(seen.size() == count);
    BOOST_TEST(std::is_sorted(seen.begin(), seen.end()));
    BOOST_TEST(seen.back() == count);
}

// --- the connection -------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_lost_connection_is_resumed_after_the_last_event_and_nothing_comes_twice) {
    fake_daemon daemon;
    hook_runner events{options_of(daemon)};
    notices told;
    told.watch(events);
    std::vector<std::uint64_t> seen;
    events.listen("*", [&](const event& arrived) {
        seen.push_back(arrived.seq());
        if (arrived.seq() == 6) {
            events.stop();
        }
    });
    script_beside script{events, [&] {
        {
            auto peer = daemon.accept();
            peer.open_session(2, "run-1");
            peer.event(3, "x");
            peer.event(4, "x");
            peer.send_bytes(std::string_view{event_frame(5, "x", false)}.substr(0, 20));
        }
        // Nobody for a while: attempts are refused.
        daemon.stop_listening();
        daemon.listen();
        auto peer = daemon.accept();
        const auto params = json_of(peer.open_session(6, "run-1", true));
        require(int_at(params, "/after_seq") == 4 && text_at(params, "/instance") == "run-1", "resumes where it was");
        peer.event(4, "x");  // a daemon that errs
        peer.event(5, "x");
        peer.event(6, "x");
        peer.expect_end();
    }};
    events.run();
    script.finish();
    BOOST_TEST(seen == (std::vector<std::uint64_t>{3, 4, 5, 6}), boost::test_tools::per_element());
    BOOST_TEST((told.kinds() == std::vector{kind::connected, kind::disconnected, kind::connected}));
    BOOST_TEST(told.told[0].session.value().head_seq == 2U);
    BOOST_TEST(told.told[2].session.value().resumed);
}

BOOST_AUTO_TEST_CASE(a_session_without_events_is_resumed_where_it_began) {
    fake_daemon daemon;
    hook_runner events{options_of(daemon)};
    events.listen("*", [&](const event&) { events.stop(); });
    script_beside script{events, [&] {
        daemon.accept().open_session(40);
        auto peer = daemon.accept();
        require(int_at(json_of(peer.open_session(41, "run-1", true)), "/after_seq") == 40, "not from the first event on");
        peer.event(41, "x");
        peer.expect_end();
    }};
    events.run();
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_resume_that_is_impossible_is_told_and_it_starts_afresh) {
    fake_daemon daemon;
    hook_runner events{options_of(daemon)};
    notices told;
    told.watch(events);
    std::vector<std::uint64_t> seen;
    events.listen("*", [&](const event& arrived) {
        seen.push_back(arrived.seq());
        if (seen.size() == 2) {
            events.stop();
        }
    });
    script_beside script{events, [&] {
        {
            auto peer = daemon.accept();
            peer.open_session(0, "run-1");
            peer.event(9, "x");
        }
        auto peer = daemon.accept();
        const auto refused = peer.receive("subscribe");
        peer.fail(refused.id, -32005, "That was another run.", R"({"instance":"run-2","oldest_seq":1,"head_seq":3})");
        require(!has_at(json_of(peer.open_session(3, "run-2")), "/after_seq"), "afresh");
        peer.event(4, "x");  // below 9, and new all the same: another run counts anew
        peer.expect_end();
    }};
    events.run();
    script.finish();
    BOOST_TEST(seen == (std::vector<std::uint64_t>{9, 4}), boost::test_tools::per_element());
    BOOST_TEST((told.kinds() == std::vector{kind::connected, kind::disconnected, kind::resume_impossible, kind::connected}));
    BOOST_TEST((told.told[2].message.find("after event 9") != std::string::npos));
    BOOST_TEST(events.position().value().instance == "run-2");
    BOOST_TEST(events.position().value().after_seq == 4U);
}

BOOST_AUTO_TEST_CASE(a_lagged_session_is_resumed_on_the_same_connection) {
    fake_daemon daemon;
    hook_runner events{options_of(daemon)};
    notices told;
    told.watch(events);
    std::vector<std::uint64_t> seen;
    events.listen("*", [&](const event& arrived) {
        seen.push_back(arrived.seq());
        if (arrived.seq() == 9) {
            events.stop();
        }
    });
    script_beside script{events, [&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        peer.event(2, "x");
        peer.notify("closed", R"({"reason":"lagged","last_seq":5})");
        require(int_at(json_of(peer.open_session(9, "run-1", true)), "/after_seq") == 5, "after the last one delivered");
        peer.event(8, "x");
        peer.notify("closed", R"({"reason":"lagged","last_seq":8})");
        peer.fail(peer.receive("subscribe").id, -32005, "Dropped.", R"({"instance":"run-1","oldest_seq":9,"head_seq":9})");
        peer.open_session(8);
        peer.event(9, "x");
        peer.expect_end();
    }};
    events.run();
    script.finish();
    BOOST_TEST(seen == (std::vector<std::uint64_t>{2, 8, 9}), boost::test_tools::per_element());
    BOOST_TEST((told.kinds() == std::vector{kind::connected, kind::lagged, kind::connected, kind::lagged, kind::resume_impossible, kind::connected}));
}

BOOST_AUTO_TEST_CASE(an_answer_given_while_the_connection_is_down_is_sent_on_the_next_one) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    std::optional<answer> open;
    hooks.on("x", [&](event, answer reply_to) { open = std::move(reply_to); });
    hooks.on_notice([&](const notice& what) {
        if (what.type == kind::disconnected) {
            (*open)(veto("late, not lost"));
        }
    });
    script_beside script{hooks, [&] {
        {
            auto peer = daemon.accept();
            peer.open_session(0);
            peer.event(1, "x", true);
        }
        auto peer = daemon.accept();
        peer.open_session(1, "run-1", true);
        require(text_at(json_of(peer.take_reply()), "/response/abort") == "late, not lost", "the reply");
        hooks.stop();
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
}

BOOST_AUTO_TEST_CASE(no_daemon_at_the_start_is_an_error) {
    fake_daemon daemon;
    daemon.stop_listening();
    hook_runner events{options_of(daemon)};
    events.listen("*", [](const event&) {});
    const auto failure = failure_of_run(events);
    BOOST_TEST((failure.kind() == error_kind::no_daemon));
    BOOST_TEST((std::string_view{failure.what()}.find(daemon.path()) != std::string_view::npos));
}

BOOST_AUTO_TEST_CASE(one_that_waits_for_a_daemon_finds_it_when_it_comes) {
    fake_daemon daemon;
    daemon.stop_listening();
    auto options = options_of(daemon);
    options.wait_for_daemon = true;
    hook_runner events{options};
    events.listen("*", [&](const event&) { events.stop(); });
    script_beside script{events, [&] {
        daemon.listen();
        {
            // It is refused for now, which does not discourage it.
            auto full = daemon.accept();
            full.fail("null", -32001, "Too many connections.", R"({"limit":"max_connections","max":1})");
        }
        auto peer = daemon.accept();
        peer.open_session(0);
        peer.event(1, "x");
        peer.expect_end();
    }};
    events.run();
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_subscription_that_is_refused_ends_the_run) {
    fake_daemon daemon;
    for (const int code : {-32602, -32003, -32002}) {
        hook_runner events{options_of(daemon)};
        events.listen("no pattern", [](const event&) {});
        script_beside script{events, [&] {
            auto peer = daemon.accept();
            peer.fail(peer.receive("subscribe").id, code, "No.");
            peer.expect_end();
        }};
        const auto failure = failure_of_run(events);
        BOOST_TEST((failure.kind() == error_kind::refused));
        BOOST_TEST(failure.code() == code);
        script.finish();
    }
}

BOOST_AUTO_TEST_CASE(what_is_refused_for_good_ends_a_run_that_reconnects_and_what_passes_does_not) {
    fake_daemon daemon;
    hook_runner events{options_of(daemon)};
    events.listen("*", [](const event&) {});
    script_beside script{events, [&] {
        daemon.accept().open_session(0);
        {
            auto stopping = daemon.accept();
            stopping.fail(stopping.receive("subscribe").id, -32002, "Shutting down.");
            stopping.expect_end();
        }
        {
            auto full = daemon.accept();
            full.fail("null", -32001, "Too many connections.");
        }
        auto peer = daemon.accept();
        peer.fail("null", -32003, "Not allowed any more.");
    }};
    BOOST_TEST(failure_of_run(events).code() == -32003);
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_runner_without_hooks_does_not_run) {
    fake_daemon daemon;
    hook_runner empty{options_of(daemon)};
    BOOST_TEST((failure_of_run(empty).kind() == error_kind::invalid_argument));
    BOOST_CHECK_THROW(hook_runner({.path = std::string(200, 'x')}), error);
}

// --- stopping -------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_hook_that_stops_the_run_still_replies_and_nothing_more_is_handed_out) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    int calls = 0;
    hooks.on("x", [&](const event&) {
        ++calls;
        hooks.stop();
        return veto("the last word");
    });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        peer.send_bytes(event_frame(1, "x", true) + event_frame(2, "x", true));
        require(text_at(json_of(peer.take_reply()), "/response/abort") == "the last word", "the reply");
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
    BOOST_TEST(calls == 1);
    BOOST_TEST(hooks.position().value().after_seq == 1U);
}

BOOST_AUTO_TEST_CASE(a_later_run_goes_on_after_the_last_event_handed_out) {
    fake_daemon daemon;
    hook_runner events{options_of(daemon)};
    std::vector<std::uint64_t> seen;
    events.listen("*", [&](const event& arrived) {
        seen.push_back(arrived.seq());
        events.stop();
    });
    script_beside script{events, [&] {
        {
            auto peer = daemon.accept();
            peer.open_session(0);
            peer.send_bytes(event_frame(1, "x", false) + event_frame(2, "x", false));
            peer.expect_end();
        }
        auto peer = daemon.accept();
        const auto params = json_of(peer.open_session(2, "run-1", true));
        require(int_at(params, "/after_seq") == 1 && text_at(params, "/instance") == "run-1", "the second was not handed out");
        peer.event(2, "x");
        peer.expect_end();
    }};
    events.run();
    events.run();
    script.finish();
    BOOST_TEST(seen == (std::vector<std::uint64_t>{1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_run_starts_where_it_is_told_to) {
    fake_daemon daemon;
    auto options = options_of(daemon);
    options.resume_from = resume_point{17, {}};
    hook_runner events{options};
    notices told;
    told.watch(events);
    events.listen("*", [&](const event&) { events.stop(); });
    script_beside script{events, [&] {
        auto peer = daemon.accept();
        const auto refused = json_of(peer.receive("subscribe").params);
        require(int_at(refused, "/after_seq") == 17 && !has_at(refused, "/instance"), "of this run");
        peer.fail("1", -32005, "Past the head.", R"({"instance":"run-1","oldest_seq":1,"head_seq":3})");
        peer.open_session(3);
        peer.event(4, "x");
        peer.expect_end();
    }};
    events.run();
    script.finish();
    BOOST_TEST((told.kinds() == std::vector{kind::resume_impossible, kind::connected}));
}

BOOST_AUTO_TEST_CASE(stop_before_run_and_stop_while_reconnecting_end_it) {
    fake_daemon daemon;
    auto options = options_of(daemon);
    options.reconnect_min = options.reconnect_max = std::chrono::hours{1};
    hook_runner events{options};
    events.listen("*", [](const event&) {});
    events.stop();
    events.run();

    events.on_notice([&](const notice& what) {
        if (what.type == kind::disconnected) {
            events.stop();
        }
    });
    script_beside script{events, [&] { daemon.accept().open_session(0); }};
    events.run();
    script.finish();
}

BOOST_AUTO_TEST_CASE(stop_waits_for_events_that_are_not_answered_yet) {
    fake_daemon daemon;
    auto options = options_of(daemon);
    options.drain_timeout = patience;
    hook_runner hooks{options};
    std::promise<answer> asked;
    hooks.on("x", [&](event, answer reply_to) {
        asked.set_value(std::move(reply_to));
        hooks.stop();
    });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        peer.event(1, "x", true);
        const auto reply_to = asked.get_future().get();
        reply_to(veto("after stop"));
        require(text_at(json_of(peer.take_reply()), "/response/abort") == "after stop", "the reply");
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
}

BOOST_AUTO_TEST_CASE(draining_ends_in_time_and_an_answer_after_that_does_nothing) {
    fake_daemon daemon;
    auto options = options_of(daemon);
    options.drain_timeout = std::chrono::milliseconds{1};
    std::optional<answer> kept;
    {
        hook_runner hooks{options};
        hooks.on("x", [&](event, answer reply_to) {
            kept = std::move(reply_to);
            hooks.stop();
        });
        script_beside script{hooks, [&] {
            auto peer = daemon.accept();
            peer.open_session(0);
            peer.event(1, "x", true);
            peer.expect_end();
        }};
        hooks.run();
        script.finish();
        (*kept)(proceed());
    }
    kept.reset();  // outlives its runner
}

BOOST_AUTO_TEST_CASE(an_exception_of_a_listener_or_a_notice_leaves_run) {
    fake_daemon daemon;
    hook_runner events{options_of(daemon)};
    bool in_notice = false;
    events.listen("*", [](const event&) { throw std::logic_error("listener"); });
    events.on_notice([&](const notice&) {
        if (in_notice) {
            throw std::logic_error("notice");
        }
    });
    script_beside script{events, [&] {
        for (int i = 0; i < 2; ++i) {
            auto peer = daemon.accept();
            peer.open_session(0);
            if (i == 0) {
                peer.event(1, "x");
            }
            peer.expect_end();
        }
    }};
    const auto says = [](const char* what) { return [what](const std::logic_error& thrown) { return std::string_view{thrown.what()} == what; }; };
    BOOST_CHECK_EXCEPTION(events.run(), std::logic_error, says("listener"));
    in_notice = true;
    BOOST_CHECK_EXCEPTION(events.run(), std::logic_error, says("notice"));
    script.finish();
}

BOOST_AUTO_TEST_CASE(a_large_payload_reaches_a_hook_and_its_reply_comes_back) {
    const std::string large = json_string(std::string(std::size_t{16} << 20, 'p'));
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    hooks.on("x", [&](const event& arrived) {
        hooks.stop();
        return respond_with("{\"back\":" + std::string{arrived.payload()} + "}");
    });
    script_beside script{hooks, [&] {
        auto peer = daemon.accept();
        peer.open_session(0);
        peer.event(1, "x", true, large);
        // Read only after the runner has begun to end: its last words must not be lost.
        require(reply_of(peer.take_reply()) == "{\"back\":" + large + "}", "byte for byte");
        peer.expect_end();
    }};
    hooks.run();
    script.finish();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::test
