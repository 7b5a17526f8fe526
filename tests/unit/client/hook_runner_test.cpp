// SPDX-License-Identifier: BSL-1.0
#include "fake_daemon.hpp"
#include "runner_script.hpp"

#include "support/json_access.hpp"
#include "support/raw_json.hpp"

#include <hookd/client.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
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

std::string reply_of(std::string_view respond_params) {
    return std::string{raw_member(respond_params, "response").value_or("")};
}

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
    script_beside script{
        hooks, [&] {
            auto peer = daemon.accept();
            const auto params = json_of(peer.open_session(0));
            require(members_of(params) == "events name responds", "nothing is resumed: " + members_of(params));
            require(text_at(params, "/name") == "no-friday-push" && bool_at(params, "/responds"),
                "it responds under its name");
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
                                 require(reply_of(peer.take_reply()) == R"({"abort":")" + std::to_string(seq) + "\"}",
                                     "the reply to " + std::to_string(seq));
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
    script_beside script{
        hooks, [&] {
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

BOOST_AUTO_TEST_CASE(what_is_sent_in_place_of_a_refused_reply_is_the_hooks_own_choice) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    notices seen;
    seen.watch(hooks);
    hooks.on("x", [](const event&) {
        return respond_with(R"({"abort":"no","note":"chatter"})")
            .or_else([](const error& refusal) -> std::optional<reply> {
                return refusal.code() == -32004 ? std::optional(veto("no")) : std::nullopt;
            });
    });
    script_beside script{
        hooks, [&] {
            auto peer = daemon.accept();
            peer.open_session(0);
            peer.event(1, "x", true);
            peer.fail(peer.receive("respond").id, -32004, "there is no member 'note'");
            require(reply_of(peer.take_reply()) == R"({"abort":"no"})", "the second choice");
            peer.event(2, "x", true);
            peer.fail(peer.receive("respond").id, -32602, "something else");
            require(text_at(json_of(peer.take_reply()), "/failed").find("something else") != std::string::npos,
                "there is no other choice");
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
    BOOST_TEST((seen.told.back().message.find("was not accepted: it came after the time limit") != std::string::npos));
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
    const std::vector<std::string> expected{
        event_params(1, "a", true, "{\"n\": 1.50}"), event_params(2, "b", false, "{}")};
    BOOST_TEST(texts == expected, boost::test_tools::per_element());
    BOOST_TEST(events.position().value().after_seq == 2U);
}

BOOST_AUTO_TEST_CASE(each_event_goes_to_all_listeners_and_the_first_hook_that_match) {
    fake_daemon daemon;
    hook_runner hooks{options_of(daemon)};
    std::string calls;
    hooks.listen("*", [&](const event& arrived) { calls += "all:" + arrived.name() + " "; });
    hooks.on("pre_push", [&](const event&) {
        calls += "exact ";
        return proceed();
    });
    hooks.on("pre_*", [&](const event&) {
        calls += "glob ";
        return proceed();
    });
    hooks.listen("pre_*", [&](const event&) { calls += "pre "; });
    script_beside script{
        hooks, [&] {
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
    script_beside script{
        hooks, [&] {
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
    script_beside script{
        hooks, [&] {
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

BOOST_AUTO_TEST_CASE(a_question_overtakes_events_that_no_emitter_waits_for) {
    fake_daemon daemon;
    auto options = options_of(daemon);
    options.max_unanswered = 1;
    hook_runner hooks{options};
    std::vector<std::uint64_t> seen;
    std::vector<answer> held;
    hooks.on("x", [&](const event& arrived, const answer& reply_to) {
        seen.push_back(arrived.seq());
        if (arrived.expects_response()) {
            reply_to(proceed());
        } else {
            held.push_back(reply_to);
        }
    });
    script_beside script{hooks, [&] {
                             auto peer = daemon.accept();
                             peer.open_session(0);
                             for (const std::uint64_t seq : {1U, 2U, 3U}) {
                                 peer.event(seq, "x");
                             }
                             peer.event(4, "x", true);
                             require(text_at(json_of(peer.take_reply()), "/hook_event_id") == event_id(4),
                                 "the question, while a hook is busy with event 1");
                             hooks.stop();
                             peer.close();
                         }};
    hooks.run();
    script.finish();
    BOOST_TEST(seen == (std::vector<std::uint64_t>{1, 4}), boost::test_tools::per_element());
    BOOST_TEST(hooks.position().value().after_seq == 1U);
}

BOOST_AUTO_TEST_CASE(a_runner_that_may_miss_events_keeps_reading_for_the_sake_of_questions) {
    const std::string payload = json_string(std::string(std::size_t{1} << 20, 'p'));
    fake_daemon daemon;
    auto options = options_of(daemon);
    options.max_unanswered = 1;
    options.may_miss_events = true;
    hook_runner hooks{options};
    notices seen;
    seen.watch(hooks);
    std::vector<answer> held;
    std::size_t told = 0;
    hooks.on("x", [&](const event& arrived, const answer& reply_to) {
        if (arrived.expects_response()) {
            reply_to(proceed());
            held.clear();
            return;
        }
        ++told;
        if (held.empty()) {
            held.push_back(reply_to);
        }
    });
    script_beside script{
        hooks, [&] {
            auto peer = daemon.accept();
            peer.open_session(0);
            for (std::uint64_t seq = 1; seq <= 32; ++seq) {
                peer.send_frame(event_body(seq, "x", false, payload));
            }
            peer.event(33, "x", true);
            require(text_at(json_of(peer.take_reply()), "/hook_event_id") == event_id(33), "behind 32 MiB");
            hooks.stop();
            peer.close();
        }};
    hooks.run();
    script.finish();
    const auto kinds = seen.kinds();
    BOOST_TEST(std::count(kinds.begin(), kinds.end(), kind::missed) >= 1);
    BOOST_TEST(told < 32U);
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::test
