// SPDX-License-Identifier: BSL-1.0
// The same broker with 1, 2 and 4 threads: nothing of the contract depends on `--threads`.
#include "support/json_access.hpp"
#include "support/parallel.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <csignal>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <sys/socket.h>

using namespace hookd::test;
namespace data = boost::unit_test::data;

namespace {

constexpr const char* thread_counts[] = {"1", "2", "4"};

std::string event_id(const wire_message& event) { return event.string("/params/hook_event_id"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(threads_suite)

BOOST_DATA_TEST_CASE(many_emitters_get_the_verdicts_of_many_responders, data::make(thread_counts), threads) {
    test_daemon daemon({"--threads", threads});
    constexpr int emitters = 4;
    constexpr int responders = 3;
    constexpr int rounds = 150;
    std::deque<wire_client> subscribed;
    for (int r = 0; r < responders; ++r) {
        subscribed.push_back(daemon.connect(all_framings[static_cast<std::size_t>(r)]));
        subscribe(subscribed.back(), "*", R"("name":"r)" + std::to_string(r) + "\"");
    }
    std::vector<std::function<void()>> jobs;
    for (auto& responder : subscribed) {
        jobs.emplace_back([&] {
            std::int64_t last = 0;
            for (int i = 0; i < emitters * rounds; ++i) {
                const auto event = responder.next_event();
                require(event.integer("/params/seq") == last + 1, "an event is missing, repeated or out of order");
                ++last;
                const auto id = event_id(event);
                // Every seventh is vetoed, by everybody, with the payload as the reason.
                const auto payload = event.raw({"params", "payload"});
                const bool veto = last % 7 == 0;
                const auto reply = veto ? R"("response":{"abort":)" + payload + "}" : std::string{R"("response":{})"};
                require(bool_at(respond(responder, id, reply), "/accepted"), "a reply in time was refused");
            }
        });
    }
    for (int e = 0; e < emitters; ++e) {
        jobs.emplace_back([&, e] {
            auto emitter = daemon.connect(all_framings[static_cast<std::size_t>(e) % 3]);
            for (int i = 0; i < rounds; ++i) {
                const auto reason = "e" + std::to_string(e) + "-" + std::to_string(i);
                const auto verdict = emitter.result("emit_and_wait",
                    R"({"event":"e","policy":"all","timeout_ms":60000,"payload":)" + json_string(reason) + "}");
                require(text_at(verdict, "/outcome") == "answered", "not everybody's answer arrived");
                require(size_at(verdict, "/responses") == responders, "a reply is missing");
                require(text_at(verdict, "/abort") == (int_at(verdict, "/seq") % 7 == 0 ? reason : ""),
                    "a verdict of another event");
            }
        });
    }
    in_parallel(jobs);
    const auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/totals/events") == emitters * rounds);
    BOOST_TEST(int_at(stats, "/totals/accepted") == emitters * rounds * responders);
    BOOST_TEST(int_at(stats, "/waiting") == 0);
}

BOOST_DATA_TEST_CASE(first_reply_decides_once, data::make(thread_counts), threads) {
    test_daemon daemon({"--threads", threads});
    constexpr int responders = 4;
    constexpr int rounds = 200;
    std::deque<wire_client> subscribed;
    for (int r = 0; r < responders; ++r) {
        subscribed.push_back(daemon.connect());
        subscribe(subscribed.back(), "*", R"("name":"r)" + std::to_string(r) + "\"");
    }
    std::atomic<int> accepted{0};
    std::atomic<int> refused{0};
    std::vector<std::function<void()>> jobs;
    for (auto& responder : subscribed) {
        jobs.emplace_back([&] {
            for (int i = 0; i < rounds; ++i) {
                const auto result = respond(responder, event_id(responder.next_event()));
                if (bool_at(result, "/accepted")) {
                    ++accepted;
                } else {
                    require(text_at(result, "/reason") == "answered", "refused for another reason");
                    ++refused;
                }
            }
        });
    }
    jobs.emplace_back([&] {
        auto emitter = daemon.connect();
        for (int i = 0; i < rounds; ++i) {
            const auto verdict = emitter.result("emit_and_wait", R"({"event":"e","timeout_ms":60000})");
            require(size_at(verdict, "/responses") == 1U, "not exactly one reply decided");
        }
    });
    in_parallel(jobs);
    BOOST_TEST(accepted == rounds);
    BOOST_TEST(refused == rounds * (responders - 1));
}

BOOST_DATA_TEST_CASE(waits_that_end_in_every_way_at_once_end_once, data::make(thread_counts), threads) {
    test_daemon daemon({"--threads", threads});
    auto responder = daemon.connect();
    subscribe(responder, "*", R"("name":"r")");
    constexpr int rounds = 60;
    std::atomic<int> pending{3};
    std::vector<std::function<void()>> jobs;
    jobs.emplace_back(
        [&] {  // replies to every third, at most; the rest time out, are cancelled, or are abandoned by their emitter
            for (int i = 0; pending > 0 || responder.has_message(); ++i) {
                if (!responder.has_message()) {
                    responder.result("ping");
                    continue;
                }
                const auto id = event_id(responder.next_event());
                if (i % 3 == 0) {
                    respond(responder, id);
                }
            }
        });
    jobs.emplace_back([&] {
        const finally stop{[&] { --pending; }};
        auto emitter = daemon.connect();
        for (int i = 0; i < rounds; ++i) {
            const auto outcome =
                text_at(emitter.result("emit_and_wait", R"({"event":"e","timeout_ms":3})"), "/outcome");
            require(outcome == "answered" || outcome == "timeout", "another outcome");
        }
    });
    jobs.emplace_back([&] {
        const finally stop{[&] { --pending; }};
        auto emitter = daemon.connect();
        for (int i = 0; i < rounds; ++i) {
            const auto id = send_emit_and_wait(emitter, "e");
            emitter.notify("$/cancelRequest", R"({"id":)" + id + "}");
            const auto response = emitter.response_to(id);
            require(response.error_code() == -32800 || response.string("/result/outcome") == "answered",
                "neither cancelled nor answered");
        }
        emitter.result("ping");
        require(emitter.kept_messages() == 0, "a request was answered twice");
    });
    jobs.emplace_back([&] {
        const finally stop{[&] { --pending; }};
        for (int i = 0; i < rounds; ++i) {
            auto emitter = daemon.connect();
            send_emit_and_wait(emitter, "e");
        }
    });
    in_parallel(jobs);
    daemon.wait_for_stat("/waiting", 0);
    daemon.wait_for_stat("/connections", 2);
}

BOOST_DATA_TEST_CASE(subscribers_that_come_and_go_miss_none, data::make(thread_counts), threads) {
    test_daemon daemon({"--threads", threads, "--capacity", "100000"});
    std::atomic<int> pending{3};
    std::vector<std::function<void()>> jobs;
    for (int s = 0; s < 3; ++s) {
        jobs.emplace_back([&] {
            const finally stop{[&] { --pending; }};
            std::int64_t last = 0;
            for (int round = 0; round < 50; ++round) {
                auto subscriber = daemon.connect();
                const auto result =
                    subscribe(subscriber, "*", R"("responds":false,"after_seq":)" + std::to_string(last));
                require(bool_at(result, "/resumed"), "not resumed");
                for (int i = 0; i < 15; ++i) {
                    require(subscriber.next_event().integer("/params/seq") == last + 1, "a gap or a repetition");
                    ++last;
                }
                if (round % 2 == 0) {
                    subscriber.result("unsubscribe");
                }
            }
        });
    }
    for (int e = 0; e < 2; ++e) {
        jobs.emplace_back([&] {
            auto emitter = daemon.connect();
            while (pending > 0) {
                emit(emitter, "e");
            }
        });
    }
    in_parallel(jobs);
    daemon.wait_for_stat("/subscribers", 0);
}

BOOST_DATA_TEST_CASE(operations_are_done_once, data::make(thread_counts), threads) {
    test_daemon daemon({"--threads", threads});
    auto responder = daemon.connect();
    subscribe(responder, "waited");
    constexpr int rounds = 60;
    std::vector<std::vector<std::int64_t>> seqs(4);
    std::vector<std::function<void()>> jobs;
    jobs.emplace_back([&] {
        for (int i = 0; i < rounds; ++i) {
            respond(responder, event_id(responder.next_event()));
        }
    });
    for (auto& own : seqs) {
        jobs.emplace_back([&] {
            auto emitter = daemon.connect();
            for (int i = 100; i < 100 + rounds; ++i) {
                const auto id = R"("operation_id":"00000)" + std::to_string(i) + "-0000-4000-8000-00000000000";
                own.push_back(int_at(emitter.result("emit", R"({"event":"plain",)" + id + "1\"}"), "/seq"));
                own.push_back(int_at(emitter.result("emit_and_wait", R"({"event":"waited",)" + id + "2\"}"), "/seq"));
            }
        });
    }
    in_parallel(jobs);
    for (const auto& own : seqs) {
        BOOST_TEST(own == seqs[0], boost::test_tools::per_element());
    }
    BOOST_TEST(int_at(daemon.stats(), "/head_seq") == 2 * rounds);
}

BOOST_DATA_TEST_CASE(
    peer_that_shuts_its_reading_side_down_is_sent_no_more_but_carried_out, data::make(thread_counts), threads) {
    test_daemon daemon({"--threads", threads});
    auto observer = daemon.connect();
    subscribe(observer, "probe", R"("responds":false)");
    auto emitter = daemon.connect();
    for (int round = 0; round < 20; ++round) {
        auto deaf = daemon.connect();
        subscribe(deaf);
        emit(emitter, "e");
        BOOST_REQUIRE(::shutdown(deaf.native_handle(), SHUT_RD) == 0);
        for (int i = 0; i < 20; ++i) {
            emit(emitter, "e");
        }
        daemon.wait_for_stat("/subscribers", 1);
        deaf.notify("subscribe", R"({"events":["*"]})");
        deaf.notify("emit", R"({"event":"probe"})");
        observer.next_event();  // by now it has subscribed again
        daemon.wait_for_stat("/subscribers", 1);
    }
}

BOOST_DATA_TEST_CASE(shutdown_in_the_middle_of_everything_tells_everybody, data::make(thread_counts), threads) {
    test_daemon daemon({"--threads", threads});
    std::atomic<int> started{0};
    constexpr int emitters = 4;
    std::vector<std::function<void()>> jobs;
    for (int e = 0; e < emitters; ++e) {
        jobs.emplace_back([&] {
            auto emitter = daemon.connect();
            try {
                for (int i = 0;; ++i) {
                    const auto response = emitter.call("emit_and_wait", R"({"event":"e","timeout_ms":60000})");
                    if (i == 0) {
                        ++started;
                    }
                    require(response.error_code() == -32002 || response.error_code() == 0, "another error");
                }
            } catch (const connection_closed&) {
                // The end, after an answer or before the next question was read.
            }
        });
    }
    jobs.emplace_back([&] {
        auto subscriber = daemon.connect();
        subscribe(subscriber);
        std::int64_t last = 0;
        while (true) {
            const auto message = subscriber.next_notification();
            if (message.method() == "closed") {
                require(message.string("/params/reason") == "shutdown", "closed for another reason");
                require(message.integer("/params/last_seq") == last || last == 0, "the last event is not the last");
                break;
            }
            const auto seq = message.integer("/params/seq");
            require(last == 0 || seq == last + 1, "a gap");
            last = seq;
            try {
                subscriber.send_request(
                    "respond", R"({"hook_event_id":)" + message.raw({"params", "hook_event_id"}) + "}");
            } catch (const connection_closed&) {
                // Closed already: what it was sent before is still to be read.
            }
        }
    });
    jobs.emplace_back([&] {
        eventually("all are at it", [&] { return started == emitters; });
        daemon.process().signal(SIGTERM);
    });
    in_parallel(jobs);
    BOOST_TEST(daemon.wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
