// SPDX-License-Identifier: BSL-1.0
// Many emitters, subscribers and responders at once: nothing is lost, duplicated or reordered for any subscriber.
#include "support/json_access.hpp"
#include "support/parallel.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace hookd::test;
namespace data = boost::unit_test::data;

namespace {

constexpr const char* numbers_of_threads[] = {"1", "4"};

// An order-sensitive checksum (FNV-1a) over what one subscriber receives.
class checksum {
public:
    void add(std::string_view bytes) {
        for (const char byte : bytes) {
            value_ = (value_ ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
        }
    }
    [[nodiscard]] std::uint64_t value() const { return value_; }

private:
    std::uint64_t value_ = 14695981039346656037ULL;
};

// A payload whose size varies from a few bytes to some socket buffers.
std::string payload_of(int emitter, int number, std::mt19937& random) {
    const std::size_t size = random() % 50 == 0 ? random() % 300000 : random() % 400;
    return "[" + std::to_string(emitter) + "," + std::to_string(number) + ",\"" +
           std::string(size, static_cast<char>('a' + number % 26)) + "\"]";
}

int int_of(std::string_view text) { return std::stoi(std::string{text}); }

}  // namespace

BOOST_AUTO_TEST_SUITE(traffic_suite)

BOOST_DATA_TEST_CASE(every_subscriber_sees_the_same_stream, data::make(numbers_of_threads), threads) {
    // The capacity holds everything, so that nobody may be closed as lagged however the machine schedules us.
    test_daemon daemon({"--threads", threads, "--capacity", "100000", "--capacity-bytes", "1GiB"});
    constexpr int emitters = 6;
    constexpr int subscribers = 6;
    constexpr int each = 1000;
    std::vector<std::uint64_t> sums(subscribers);
    std::atomic<int> subscribed{0};
    std::vector<std::function<void()>> jobs;
    for (int s = 0; s < subscribers; ++s) {
        jobs.emplace_back([&, s] {
            auto peer = daemon.connect(all_framings[static_cast<std::size_t>(s) % 3]);
            subscribe(peer, "*", R"("responds":false)");
            ++subscribed;
            checksum sum;
            std::vector<int> next(emitters, 0);
            for (std::int64_t seq = 1; seq <= emitters * each; ++seq) {
                const auto event = peer.next_event();
                require(event.integer("/params/seq") == seq, "lost, repeated or out of order");
                const auto payload = event.raw({"params", "payload"});
                const auto parts = raw_elements(payload);
                auto& expected = next.at(static_cast<std::size_t>(int_of(parts[0])));
                require(int_of(parts[1]) == expected++, "the events of one emitter are out of order");
                sum.add(event.raw({"params", "hook_event_id"}));
                sum.add(payload);
            }
            sums[static_cast<std::size_t>(s)] = sum.value();
        });
    }
    for (int e = 0; e < emitters; ++e) {
        jobs.emplace_back([&, e] {
            eventually("all have subscribed", [&] { return subscribed == subscribers; });
            auto peer = daemon.connect(all_framings[static_cast<std::size_t>(e) % 3]);
            std::mt19937 random(static_cast<unsigned>(e) + 1U);
            for (int i = 0; i < each; ++i) {
                // Pipelined: up to twenty are under way.
                peer.send_request("emit", R"({"event":"e","payload":)" + payload_of(e, i, random) + "}");
                if (i >= 20) {
                    peer.response_to(std::to_string(i - 19));
                }
            }
            for (int i = each - 19; i <= each; ++i) {
                peer.response_to(std::to_string(i));
            }
        });
    }
    in_parallel(jobs);
    for (const auto sum : sums) {
        BOOST_TEST(sum == sums[0]);
    }
    const auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/totals/deliveries") == emitters * each * subscribers);
    BOOST_TEST(int_at(stats, "/totals/lagged") == 0);
}

BOOST_DATA_TEST_CASE(slow_subscribers_resume_and_miss_nothing, data::make(numbers_of_threads), threads) {
    // Some are so slow that they are closed as lagged again and again; each gets all it can, and is told what it can't.
    test_daemon daemon({"--threads", threads, "--capacity", "64"});
    constexpr int each = 1500;
    std::atomic<int> subscribed{0};
    std::atomic<bool> done{false};
    std::atomic<int> told{0};
    std::vector<std::function<void()>> jobs;
    for (int s = 0; s < 4; ++s) {
        jobs.emplace_back([&, s] {
            auto peer = daemon.connect();
            subscribe(peer, "*", R"("responds":false)");
            ++subscribed;
            std::int64_t last = 0;
            while (last < each) {
                const auto message = peer.next_notification();
                if (message.method() == "event") {
                    require(message.integer("/params/seq") == last + 1, "a gap that nobody told of");
                    ++last;
                    if (s > 0 && last % (7 * s) == 0) {
                        peer.result("ping");  // slows it down by a round trip
                    }
                    continue;
                }
                require(message.string("/params/reason") == "lagged", "closed for another reason");
                require(message.integer("/params/last_seq") == last, "last_seq is not the last delivered");
                ++told;
                const auto again =
                    peer.call("subscribe", R"({"responds":false,"after_seq":)" + std::to_string(last) + "}");
                if (again.error_code() == -32005) {
                    last = int_at(subscribe(peer, "*", R"("responds":false)"), "/head_seq");
                } else {
                    require(again.error_code() == 0, "refused for another reason");
                }
            }
        });
    }
    jobs.emplace_back([&] {
        eventually("all have subscribed", [&] { return subscribed == 4; });
        auto peer = daemon.connect();
        const auto payload = json_string(std::string(20000, 'x'));
        for (int i = 1; i <= each; ++i) {
            peer.notify("emit", R"({"event":"e","payload":)" + payload + "}");
        }
        peer.result("ping");
        done = true;
    });
    in_parallel(jobs);
    BOOST_TEST(done);
    BOOST_TEST(int_at(daemon.stats(), "/totals/lagged") == told);
}

BOOST_DATA_TEST_CASE(every_wait_gets_its_own_verdict, data::make(numbers_of_threads), threads) {
    test_daemon daemon({"--threads", threads, "--capacity", "100000"});
    constexpr int emitters = 4;
    constexpr int responders = 4;
    constexpr int each = 300;
    constexpr int window = 16;
    std::atomic<int> subscribed{0};
    std::vector<std::function<void()>> jobs;
    for (int r = 0; r < responders; ++r) {
        jobs.emplace_back([&, r] {
            auto peer = daemon.connect(all_framings[static_cast<std::size_t>(r) % 3]);
            subscribe(peer, "*", R"("name":"r)" + std::to_string(r) + "\"");
            ++subscribed;
            std::vector<std::string> replies;
            for (int i = 0; i < emitters * each; ++i) {
                const auto event = peer.next_event();
                // The reply is the payload, so that a mixed-up verdict shows.
                replies.push_back(peer.send_request(
                    "respond", R"({"hook_event_id":)" + event.raw({"params", "hook_event_id"}) +
                                   R"(,"response":{"echo":)" + event.raw({"params", "payload"}) + "}}"));
            }
            for (const auto& id : replies) {
                require(bool_at(peer.response_to(id).json(), "/result/accepted"), "a reply in time was refused");
            }
        });
    }
    for (int e = 0; e < emitters; ++e) {
        jobs.emplace_back([&, e] {
            eventually("all have subscribed", [&] { return subscribed == responders; });
            auto peer = daemon.connect(all_framings[static_cast<std::size_t>(e) % 3]);
            const auto check = [&](int number) {
                const auto verdict = peer.response_to(std::to_string(number));
                require(verdict.string("/result/outcome") == "answered", "not everybody answered");
                const auto responses = verdict.raw({"result", "responses"});
                const auto elements = raw_elements(responses);
                require(elements.size() == responders, "a reply is missing or repeated");
                for (const auto element : elements) {
                    const auto echo = raw_member(*raw_member(element, "response"), "echo");
                    require(echo == "[" + std::to_string(e) + "," + std::to_string(number) + "]",
                        "the reply to another event");
                }
            };
            for (int i = 1; i <= each; ++i) {
                send_emit_and_wait(peer, "e",
                    R"("policy":"all","timeout_ms":60000,"payload":[)" + std::to_string(e) + "," + std::to_string(i) +
                        "]");
                if (i > window) {
                    check(i - window);
                }
            }
            for (int i = each - window + 1; i <= each; ++i) {
                check(i);
            }
        });
    }
    in_parallel(jobs);
    const auto stats = daemon.stats();
    BOOST_TEST(int_at(stats, "/totals/accepted") == emitters * each * responders);
    BOOST_TEST(int_at(stats, "/totals/outcomes/answered") == emitters * each);
    BOOST_TEST(int_at(stats, "/waiting") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
