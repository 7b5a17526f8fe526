// SPDX-License-Identifier: BSL-1.0
#include "fake_daemon.hpp"
#include "runner_script.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <hookd/client.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::test {
namespace {

using kind = notice::kind;

}  // namespace

BOOST_AUTO_TEST_SUITE(runner_connection)

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
                             require(int_at(params, "/after_seq") == 4 && text_at(params, "/instance") == "run-1",
                                 "resumes where it was");
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
                             require(int_at(json_of(peer.open_session(41, "run-1", true)), "/after_seq") == 40,
                                 "not from the first event on");
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
                             peer.fail(refused.id, -32005, "That was another run.",
                                 R"({"instance":"run-2","oldest_seq":1,"head_seq":3})");
                             require(!has_at(json_of(peer.open_session(3, "run-2")), "/after_seq"), "afresh");
                             peer.event(4, "x");  // below 9, and new all the same: another run counts anew
                             peer.expect_end();
                         }};
    events.run();
    script.finish();
    BOOST_TEST(seen == (std::vector<std::uint64_t>{9, 4}), boost::test_tools::per_element());
    BOOST_TEST(
        (told.kinds() == std::vector{kind::connected, kind::disconnected, kind::resume_impossible, kind::connected}));
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
                             require(int_at(json_of(peer.open_session(9, "run-1", true)), "/after_seq") == 5,
                                 "after the last one delivered");
                             peer.event(8, "x");
                             peer.notify("closed", R"({"reason":"lagged","last_seq":8})");
                             peer.fail(peer.receive("subscribe").id, -32005, "Dropped.",
                                 R"({"instance":"run-1","oldest_seq":9,"head_seq":9})");
                             peer.open_session(8);
                             peer.event(9, "x");
                             peer.expect_end();
                         }};
    events.run();
    script.finish();
    BOOST_TEST(seen == (std::vector<std::uint64_t>{2, 8, 9}), boost::test_tools::per_element());
    BOOST_TEST((told.kinds() == std::vector{kind::connected, kind::lagged, kind::connected, kind::lagged,
                                    kind::resume_impossible, kind::connected}));
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
    script_beside script{
        hooks, [&] {
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
                                 full.fail(
                                     "null", -32001, "Too many connections.", R"({"limit":"max_connections","max":1})");
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

BOOST_AUTO_TEST_CASE(a_daemon_that_does_not_answer_at_the_start_is_given_up) {
    fake_daemon daemon;
    auto options = options_of(daemon);
    options.answer_timeout = std::chrono::milliseconds{1};
    hook_runner events{options};
    events.listen("*", [](const event&) {});
    script_beside script{events, [&] {
                             auto peer = daemon.accept();
                             peer.receive("subscribe");
                             peer.expect_end();
                         }};
    const auto failure = failure_of_run(events);
    script.finish();
    BOOST_TEST((failure.kind() == error_kind::timed_out));
    BOOST_TEST(failure.what() == "the daemon at " + daemon.path() + " did not answer in time: see whether it hangs");
}

BOOST_AUTO_TEST_CASE(whoever_waits_for_a_daemon_waits_for_its_answer_too) {
    fake_daemon daemon;
    auto options = options_of(daemon);
    options.answer_timeout = std::chrono::milliseconds{0};
    options.wait_for_daemon = true;
    hook_runner events{options};
    events.listen("*", [&](const event&) { events.stop(); });
    script_beside script{events, [&] {
                             auto peer = daemon.accept();
                             peer.open_session(0);
                             peer.event(1, "x");
                             peer.expect_end();
                         }};
    events.run();
    script.finish();
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
    script_beside script{
        hooks, [&] {
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
                             require(int_at(params, "/after_seq") == 1 && text_at(params, "/instance") == "run-1",
                                 "the second was not handed out");
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
    script_beside script{
        events, [&] {
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
                             require(
                                 text_at(json_of(peer.take_reply()), "/response/abort") == "after stop", "the reply");
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
    const auto says = [](const char* what) {
        return [what](const std::logic_error& thrown) { return std::string_view{thrown.what()} == what; };
    };
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
    script_beside script{
        hooks, [&] {
            auto peer = daemon.accept();
            peer.open_session(0);
            peer.event(1, "x", true, large);
            // Read only after the runner has begun to end: its last words must not be lost.
            require(raw_member(peer.take_reply(), "response") == "{\"back\":" + large + "}", "byte for byte");
            peer.expect_end();
        }};
    hooks.run();
    script.finish();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::test
