// SPDX-License-Identifier: BSL-1.0
// Peers that are killed, stall and talk rubbish at random: the daemon stays whole, honest to the rest, and small.
#include "support/json_access.hpp"
#include "support/parallel.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include <atomic>
#include <deque>
#include <functional>
#include <random>
#include <string>
#include <vector>

using namespace hookd::test;
namespace data = boost::unit_test::data;

namespace {

constexpr const char* thread_counts[] = {"1", "4"};

// One short life of a peer, decided by `random`, which ends with the connection cut off at any point.
void live_and_die(const test_daemon& daemon, std::mt19937& random) {
    wire_client peer(daemon.socket_path(), all_framings[random() % 3]);
    try {
        const auto acts = random() % 6;
        for (unsigned act = 0; act < acts; ++act) {
            switch (random() % 8) {
                case 0:
                    peer.send_request(
                        "subscribe", random() % 2 == 0 ? R"({"responds":false})" : R"({"events":["doomed/*"]})");
                    break;
                case 1:
                    send_emit_and_wait(peer, "doomed/wait", R"("timeout_ms":20)");
                    break;
                case 2:
                    send_emit_and_wait(peer, "doomed/join",
                        R"("timeout_ms":20,"operation_id":"00000000-0000-4000-8000-00000000000)" +
                            std::to_string(random() % 4) + "\"");
                    break;
                case 3:
                    peer.send_request("emit", R"({"event":"doomed/reserve","reserve_ms":15})");
                    break;
                case 4:
                    peer.send_request("emit",
                        R"({"event":"doomed/big","payload":)" + json_string(std::string(random() % 100000, 'x')) + "}");
                    break;
                case 5:
                    peer.half_close();
                    break;
                case 6:
                    peer.send("rubbish");
                    break;
                default:
                    peer.send_raw(encode_frame(peer.kind(), R"({"jsonrpc":"2.0","id":1,"method":"ping"})")
                                      .substr(0, random() % 40));
                    break;
            }
        }
        if (random() % 2 == 0) {
            peer.has_message();
        }
    } catch (const std::runtime_error&) {
        // The daemon had enough of it, or half-closed it can't write: dead either way.
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(survival_suite)

BOOST_DATA_TEST_CASE(peers_die_at_random_and_the_rest_notice_nothing, data::make(thread_counts), threads) {
    test_daemon daemon({"--threads", threads, "--capacity", "100000"});
    std::atomic<bool> done{false};
    std::atomic<int> killers{3};
    std::vector<std::function<void()>> jobs;
    for (unsigned seed = 1; seed <= 3; ++seed) {
        jobs.emplace_back([&, seed] {
            const finally stop{[&] {
                if (--killers == 0) {
                    done = true;
                }
            }};
            std::mt19937 random(seed);
            for (int life = 0; life < 1000; ++life) {
                live_and_die(daemon, random);
            }
        });
    }
    // Meanwhile a hook and its emitter do what they always do.
    auto responder = daemon.connect();
    subscribe(responder, "steady/*", R"("name":"steady")");
    std::atomic<int> answered{0};
    jobs.emplace_back([&] {
        auto emitter = daemon.connect();
        while (!done) {
            const auto id = send_emit_and_wait(emitter, "steady/check", R"("policy":"all","timeout_ms":60000)");
            const auto event = responder.next_event();
            respond(responder, event.string("/params/hook_event_id"), R"("response":{"abort":"steady"})");
            const auto verdict = emitter.response_to(id);
            require(verdict.string("/result/outcome") == "answered", "not answered");
            require(verdict.string("/result/abort") == "steady", "another's verdict");
            require(verdict.string("/result/responses/0/responder") == "steady", "another's reply");
            ++answered;
        }
    });
    // And an observer of everything sees one gapless stream.
    auto observer = daemon.connect();
    subscribe(observer, "*", R"("responds":false)");
    jobs.emplace_back([&] {
        std::int64_t last = 0;
        while (!done) {
            observer.result("ping");
            while (observer.has_message()) {
                require(observer.next_event().integer("/params/seq") == last + 1, "a gap");
                ++last;
            }
        }
    });
    in_parallel(jobs);
    BOOST_TEST(answered > 0);
    daemon.wait_for_stat("/connections", 3);
    daemon.wait_for_stat("/subscribers", 2);
    daemon.wait_for_stat("/waiting", 0);
}

BOOST_DATA_TEST_CASE(memory_is_bounded_whatever_comes, data::make(thread_counts), threads) {
    // 8 MiB may be retained or wait; the rest of the bound is what the connections of the storm and the allocator may
    // take.
    constexpr std::size_t bound = 96U * 1024 * 1024;
    test_daemon daemon(
        {"--threads", threads, "--capacity-bytes", "8MiB", "--max-frame", "1MiB", "--write-stall-timeout", "500ms"});
    const auto payload = json_string(std::string(200000, 'x'));
    std::vector<std::function<void()>> jobs;
    for (unsigned seed = 1; seed <= 3; ++seed) {
        jobs.emplace_back([&, seed] {
            std::mt19937 random(seed);
            for (int round = 0; round < 40; ++round) {
                // Some that never read, …
                std::deque<wire_client> deaf;
                for (int i = 0; i < 8; ++i) {
                    deaf.push_back(daemon.connect(all_framings[random() % 3]));
                    deaf.back().send_request("subscribe", R"({"responds":false})");
                    for (int ask = 0; ask < 7; ++ask) {
                        deaf.back().send_request("rpc.discover");  // long answers, unread
                    }
                }
                // … some that promise a long frame and stop, …
                for (int i = 0; i < 8; ++i) {
                    deaf.push_back(daemon.connect());
                    deaf.back().send_raw(std::string{"\x00\x0f\xff\xff", 4} + "{");
                }
                // … and one that keeps emitting.
                auto emitter = daemon.connect();
                for (int i = 0; i < 10; ++i) {
                    emit(emitter, "big", payload);
                }
            }
        });
    }
    in_parallel(jobs);
    daemon.wait_for_stat("/subscribers", 0);
    daemon.wait_for_stat("/connections", 1);
    const auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/retained_bytes") <= 8 * 1024 * 1024);
    BOOST_TEST_MESSAGE("resident at most: " << daemon.peak_resident_bytes() / 1024 << " KiB, after the storm "
                                            << daemon.resident_bytes() / 1024);
    if (!hookd_is_sanitized()) {
        BOOST_TEST(daemon.peak_resident_bytes() < bound);
        BOOST_TEST(daemon.resident_bytes() < bound / 2);
    }
}

// Takes away all memory that `daemon` has not got yet. Its threads, those that serve and three others, have started.
void allow_no_more_memory(const test_daemon& daemon, const std::string& threads) {
    eventually("its threads have started", [&] { return daemon.threads() >= std::stoul(threads) + 3; });
    const rlimit none{daemon.virtual_bytes(), RLIM_INFINITY};
    BOOST_REQUIRE(::prlimit(daemon.pid(), RLIMIT_AS, &none, nullptr) == 0);
}

void allow_all_memory(const test_daemon& daemon) {
    const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
    BOOST_REQUIRE(::prlimit(daemon.pid(), RLIMIT_AS, &all, nullptr) == 0);
}

// Emits events until there is no memory for one; false where there always is. They are no larger than what may have
// what is set aside.
bool exhaust_memory(std::deque<wire_client>& emitters) {
    const auto payload = json_string(std::string(60'000, 'x'));
    for (auto& each : emitters) {
        try {
            for (int n = 0; n < 1000; ++n) {
                if (each.call("emit", R"({"event":"big","payload":)" + payload + "}").error_code() == -32001) {
                    return true;
                }
            }
        } catch (const connection_closed&) {
            return true;
        }
    }
    return false;
}

BOOST_DATA_TEST_CASE(without_memory_the_daemon_lives_on_and_a_veto_is_heard, data::make({"1", "2", "4"}), threads) {
    if (hookd_is_sanitized()) {
        return;  // whose shadow counts as its address space
    }
    test_daemon daemon({"--threads", threads, "--capacity-bytes", "1GiB", "--capacity", "100000"});
    auto guard = daemon.connect();
    subscribe(guard, "question");
    auto emitter = daemon.connect();
    const auto asked = send_emit_and_wait(emitter, "question", R"("policy":"veto")");
    const auto event = guard.next_event().string("/params/hook_event_id");
    std::deque<wire_client> emitters;  // from before: once half of what is set aside is used, none is accepted
    std::deque<wire_client> more;
    for (int i = 0; i < 10; ++i) {
        emitters.push_back(daemon.connect());
        more.push_back(daemon.connect());
    }
    daemon.wait_for_stat("/connections", 23);
    allow_no_more_memory(daemon, threads);
    BOOST_TEST(exhaust_memory(emitters));
    BOOST_TEST(bool_at(respond(guard, event, R"("response":{"abort":"heard"})"), "/accepted"));
    BOOST_TEST(emitter.response_to(asked).string("/result/abort") == "heard");
    BOOST_TEST(exhaust_memory(more));
    emitters.clear();
    more.clear();
    allow_all_memory(daemon);
    const auto next = send_emit_and_wait(emitter, "question", R"("policy":"veto")");
    respond(guard, guard.next_event().string("/params/hook_event_id"), R"("response":{"abort":"again"})");
    BOOST_TEST(emitter.response_to(next).string("/result/abort") == "again");
    daemon.wait_for_stat("/connections", 3);
    daemon.wait_for_stat("/waiting", 0);
}

BOOST_DATA_TEST_CASE(
    without_memory_connections_leave_what_is_set_aside_to_verdicts, data::make({"1", "2", "4"}), threads) {
    if (hookd_is_sanitized()) {
        return;
    }
    test_daemon daemon(
        {"--threads", threads, "--max-connections", "8000", "--capacity-bytes", "1GiB", "--capacity", "100000"});
    auto guard = daemon.connect();
    subscribe(guard, "question");
    auto emitter = daemon.connect();
    const auto asked = send_emit_and_wait(emitter, "question", R"("policy":"veto")");
    const auto event = guard.next_event().string("/params/hook_event_id");
    std::deque<wire_client> emitters;
    for (int i = 0; i < 10; ++i) {
        emitters.push_back(daemon.connect());
    }
    allow_no_more_memory(daemon, threads);
    BOOST_TEST(exhaust_memory(emitters));
    std::deque<wire_client> storm;
    eventually("no more connections are accepted", [&] {
        for (int i = 0; i < 100; ++i) {
            storm.push_back(daemon.connect());
        }
        return daemon.log().find("cannot accept a connection (Cannot allocate memory)") != std::string::npos;
    });
    BOOST_TEST(bool_at(respond(guard, event, R"("response":{"abort":"heard"})"), "/accepted"));
    BOOST_TEST(emitter.response_to(asked).string("/result/abort") == "heard");
    allow_all_memory(daemon);
    const auto next = send_emit_and_wait(emitter, "question", R"("policy":"veto")");
    respond(guard, guard.next_event().string("/params/hook_event_id"), R"("response":{"abort":"again"})");
    BOOST_TEST(emitter.response_to(next).string("/result/abort") == "again");
}

BOOST_AUTO_TEST_CASE(many_idle_sessions_cost_an_event_nothing) {
    test_daemon daemon;
    std::deque<wire_client> idle;
    for (int i = 0; i < 800; ++i) {
        idle.push_back(daemon.connect());
        subscribe(idle.back(), "never/" + std::to_string(i), R"("responds":false)");
    }
    auto subscriber = daemon.connect();
    subscribe(subscriber, "e", R"("responds":false)");
    auto emitter = daemon.connect();
    for (int seq = 1; seq <= 1000; ++seq) {
        BOOST_TEST(int_at(emit(emitter, "e"), "/subscribers") == 1);
        BOOST_TEST(subscriber.next_event().integer("/params/seq") == seq);
    }
    BOOST_TEST(int_at(daemon.stats(), "/subscribers") == 801);
    if (!hookd_is_sanitized()) {
        BOOST_TEST(daemon.resident_bytes() < 96U * 1024 * 1024);
    }
    idle.clear();
    daemon.wait_for_stat("/subscribers", 1);
}

BOOST_AUTO_TEST_SUITE_END()
