// SPDX-License-Identifier: BSL-1.0
// Random histories over real sockets: emitters that cancel and vanish, hooks that veto, lag, crash and resume, of
// several users where the test may become them. HOOKD_TEST_SEED repeats the choices of one; the kernel's scheduling is
// its own.
#include "history_oracle.hpp"
#include "support/json_access.hpp"
#include "support/parallel.hpp"
#include "support/preconditions.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace hookd::test;
namespace data = boost::unit_test::data;

namespace {

constexpr const char* thread_numbers[] = {"1", "2", "4"};
constexpr const char* policies[] = {"veto", "veto", "all", "first", "chain"};
constexpr uid_t answering_user = 4242;
constexpr uid_t observing_user = 4343;
constexpr int emitters = 4;
constexpr int questions_of_each = 120;

unsigned seed_of_run() {
    const char* const given = std::getenv("HOOKD_TEST_SEED");
    return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
}

using clock = std::chrono::steady_clock;

class history {
public:
    history(const test_daemon& daemon, unsigned seed) : daemon_(daemon), seed_(seed) {}

    void run() {
        std::vector<std::function<void()>> jobs;
        for (unsigned i = 0; i < emitters; ++i) {
            jobs.emplace_back([this, i] {
                const finally stop{[this] { ++ended_; }};
                emit_questions(std::mt19937{seed_ + i});
            });
        }
        for (unsigned i = 0; i < 5; ++i) {
            jobs.emplace_back([this, i] { respond_while_it_runs(std::mt19937{seed_ + 100 + i}, i); });
        }
        for (unsigned i = 0; i < 2; ++i) {
            jobs.emplace_back([this, i] { observe_while_it_runs(std::mt19937{seed_ + 200 + i}); });
        }
        in_parallel(jobs);
    }

    [[nodiscard]] const history_oracle& oracle() const { return oracle_; }
    [[nodiscard]] int lagged() const { return lagged_; }
    [[nodiscard]] int resumed() const { return resumed_; }

private:
    [[nodiscard]] bool is_over() const { return ended_ == emitters; }

    // --- emitters ---

    void emit_questions(std::mt19937 random) {
        int left = questions_of_each;
        while (left > 0) {
            auto peer = daemon_.connect(all_framings[random() % 3]);
            const int part = std::min(left, static_cast<int>(1 + random() % 40));
            left -= part;
            for (int i = 0; i < part; ++i) {
                // Now and then more than may wait for anyone who does not read just now.
                for (auto told = random() % 30 == 0 ? 150 : random() % 3; told > 0; --told) {
                    emit(peer, "told", R"({"fill":)" + json_string(std::string(random() % 3000, 'x')) + "}");
                }
                if (!ask(peer, random)) {
                    break;  // gone while it waits
                }
            }
        }
    }

    // False where the emitter has vanished.
    bool ask(wire_client& peer, std::mt19937& random) {
        const std::int64_t timeout = random() % 3 == 0 ? 15 : 400;
        std::string more = R"("policy":")" + std::string{policies[random() % 5]} + R"(","timeout_ms":)" +
                           std::to_string(timeout) + R"(,"payload":{"n":)" + std::to_string(random() % 1000) + "}";
        more += random() % 3 == 0 ? R"(,"failure_policy":"closed")" : "";
        more += random() % 5 == 0 ? R"(,"require":["hook0"])" : "";
        more += random() % 4 == 0 ? R"(,"require_subscriber":false)" : "";
        const auto begin = clock::now();
        const auto id = send_emit_and_wait(peer, "question/" + std::to_string(random() % 3), more);
        if (random() % 12 == 0) {
            peer.notify("$/cancelRequest", R"({"id":)" + id + "}");
        }
        if (random() % 25 == 0) {
            return false;
        }
        if (random() % 40 == 0) {
            peer.half_close();
        }
        const auto answer = peer.response_to(id);
        require(clock::now() - begin < std::chrono::milliseconds{timeout} + patience / 2, "a wait outlived its time");
        require(answer.error_code() == 0 || answer.error_code() == -32800, "a wait ended with another error");
        if (answer.error_code() == 0) {
            oracle_.concluded(answer.at("/result"));
        }
        return is_answered_once(peer, id);
    }

    // Another message is no second answer to the same request; a peer that has half-closed ends here.
    static bool is_answered_once(wire_client& peer, const std::string& id) {
        while (peer.has_message()) {
            require(raw_member(peer.receive().text, "id") != std::optional<std::string_view>{id}, "answered twice");
        }
        try {
            peer.result("ping");
        } catch (const connection_closed&) {
            return false;
        }
        return true;
    }

    // --- hooks ---

    struct hook {
        std::string name{};
        std::int64_t uid = 0;
        std::mt19937 random{};
        std::set<std::string> in_flight{};  // "request event"
    };

    void respond_while_it_runs(std::mt19937 random, unsigned number) {
        for (unsigned life = 0; !is_over(); ++life) {
            // hook0 is a name that emitters require, and one that several lives share.
            hook self{.name = number == 0 ? "hook0" : "hook" + std::to_string(number) + "." + std::to_string(life),
                .uid = static_cast<std::int64_t>(::geteuid()),
                .random = std::mt19937{random()}};
            auto peer = connect(self, number);
            live(peer, self);
        }
    }

    // Some of another user, who may answer or only observe.
    wire_client connect(hook& self, unsigned number) {
        const bool is_foreign = runs_as_root() && number >= 3 && foreign_++ < 20;
        if (!is_foreign) {
            return daemon_.connect(all_framings[self.random() % 3]);
        }
        const auto user = self.random() % 3 == 0 ? observing_user : answering_user;
        self.uid = user;
        return wire_client{connect_as(user, daemon_.socket_path()), all_framings[self.random() % 3]};
    }

    void live(wire_client& peer, hook& self) {
        const bool insists = self.name != "hook0" && self.uid != observing_user && self.random() % 3 == 0;
        if (insists) {
            oracle_.insists(self.name);
        }
        oracle_.subscribes(self.name);
        subscribe(peer, self.random() % 2 == 0 ? "*" : "question/?",
            R"("cancellations":true,"name":")" + self.name + R"(","order":)" + std::to_string(self.random() % 4) +
                (insists ? R"(,"on_failure":"closed")" : "") + (self.random() % 2 == 0 ? R"(,"asked_only":true)" : ""));
        const auto acts = 1 + self.random() % 120;
        for (unsigned act = 0; act < acts; ++act) {
            if (!wait_for_message(peer) || !take(peer, self, peer.receive())) {
                break;
            }
        }
        // Dies with what it has in hand, but for the answers that it needs to know.
        while (!self.in_flight.empty()) {
            const auto& first = *self.in_flight.begin();
            note(peer.response_to(first.substr(0, first.find(' '))), self);
        }
    }

    // False where its life is over.
    bool take(wire_client& peer, hook& self, const wire_message& message) {
        if (!message.is_notification()) {
            note(message, self);
            return true;
        }
        if (message.method() == "closed") {
            ++lagged_;
            return false;
        }
        if (message.method() != "event" || !bool_at(message.json(), "/params/expects_response")) {
            return true;
        }
        const auto choice = self.random() % 100;
        if (choice < 3) {
            return false;
        }
        if (choice < 6) {
            doze(self);
        }
        if (choice < 90) {
            reply(peer, self, message.string("/params/hook_event_id"));
        }
        return true;
    }

    void reply(wire_client& peer, hook& self, const std::string& event) {
        const auto choice = self.random() % 10;
        const std::string abort = choice < 3 ? self.name + " says no" : "";
        std::string members = R"("response":{})";
        if (!abort.empty()) {
            members = R"("response":{"abort":)" + json_string(abort) + "}";
        } else if (choice == 3) {
            members = R"("abstain":true)";
        } else if (choice == 4) {
            members = R"("failed":"out of luck")";
        } else if (choice == 5) {
            members = R"("response":{"payload":{"by":)" + json_string(self.name) + "}}";
        }
        if (choice != 3 && choice != 4) {
            oracle_.replies(event, self.name, self.uid, abort);
        }
        const auto request =
            peer.send_request("respond", R"({"hook_event_id":)" + json_string(event) + "," + members + "}");
        self.in_flight.insert(request + " " + event);
    }

    // The answer to a reply.
    void note(const wire_message& answer, hook& self) {
        const auto request = answer.raw({"id"});
        const auto which = std::find_if(self.in_flight.begin(), self.in_flight.end(),
            [&request](const std::string& each) { return each.starts_with(request + " "); });
        require(which != self.in_flight.end(), "an answer to no request");
        const auto event = which->substr(request.size() + 1);
        self.in_flight.erase(which);
        if (self.uid == observing_user) {
            require(answer.error_code() == -32003, "one that may not answer did");
        } else {
            require(answer.error_code() == 0, "a reply was refused with an error");
            if (bool_at(answer.json(), "/result/accepted")) {
                accepted(event, self);
            }
        }
    }

    void accepted(const std::string& event, const hook& self) {
        try {
            oracle_.accepted(event, self.name);
        } catch (const std::out_of_range&) {
            // It abstained, or failed.
        }
    }

    // --- observers ---

    // Everything, so that each gap shows.
    void observe_while_it_runs(std::mt19937 random) {
        std::int64_t last = -1;
        while (!is_over()) {
            auto peer = daemon_.connect(all_framings[random() % 3]);
            last = open(peer, last);
            const auto acts = 1 + random() % 600;
            for (unsigned act = 0; act < acts && wait_for_message(peer); ++act) {
                const auto message = peer.receive();
                if (message.method() == "closed") {
                    require(message.string("/params/reason") == "lagged", "closed for another reason");
                    require(message.integer("/params/last_seq") == last, "last_seq is not the last delivered");
                    ++lagged_;
                    break;
                }
                require(message.integer("/params/seq") == last + 1, "lost, repeated or out of order");
                ++last;
                if (random() % 200 == 0) {
                    hook dozing{.random = std::mt19937{random()}};
                    doze(dozing);
                }
            }
        }
    }

    // Resumes after `last`, or begins anew where that is impossible; the seq after which its events come.
    std::int64_t open(wire_client& peer, std::int64_t last) {
        if (last >= 0) {
            const auto again = peer.call("subscribe", R"({"responds":false,"after_seq":)" + std::to_string(last) + "}");
            if (again.error_code() == 0) {
                ++resumed_;
                return last;
            }
            require(again.error_code() == -32005, "a resume was refused for another reason");
        }
        return int_at(subscribe(peer, "*", R"("responds":false)"), "/head_seq");
    }

    // --- all ---

    // Reads nothing until some more has happened.
    void doze(hook& self) {
        auto watcher = daemon_.connect();
        const auto head = int_at(watcher.result("stats"), "/head_seq");
        const auto wanted = head + static_cast<std::int64_t>(self.random() % 400);
        eventually(
            "more has happened", [&] { return is_over() || int_at(watcher.result("stats"), "/head_seq") >= wanted; });
    }

    // False where the history is over.
    bool wait_for_message(wire_client& peer) {
        while (!peer.has_message()) {
            if (is_over()) {
                return false;
            }
            pollfd source{peer.native_handle(), POLLIN, 0};
            ::poll(&source, 1, 20);
            if ((source.revents & (POLLHUP | POLLERR)) != 0 && !peer.has_message()) {
                return false;
            }
        }
        return true;
    }

    const test_daemon& daemon_;
    unsigned seed_;
    history_oracle oracle_{};
    std::atomic<int> ended_{0};
    std::atomic<int> lagged_{0};
    std::atomic<int> resumed_{0};
    std::atomic<int> foreign_{0};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(histories_suite)

BOOST_DATA_TEST_CASE(what_was_accepted_is_in_the_verdict_and_nothing_is_lost, data::make(thread_numbers), threads) {
    const unsigned seed = seed_of_run();
    std::cout << "history with " << threads << " threads: HOOKD_TEST_SEED=" << seed << std::endl;
    if (!runs_as_root()) {
        std::cout << "SKIPPED: other users, since this is not root" << std::endl;
    }
    test_daemon daemon(
        {"--threads", threads, "--capacity", "48", "--allow-user", std::to_string(answering_user) + ":observe,answer",
            "--allow-user", std::to_string(observing_user) + ":observe"});
    open_to_others(daemon);
    history random{daemon, seed};
    random.run();
    for (const auto& each : random.oracle().faults()) {
        BOOST_ERROR(each);
    }
    std::cout << random.oracle().verdicts() << " verdicts, " << random.oracle().accepted_vetoes()
              << " accepted vetoes, " << random.lagged() << " sessions that lagged, " << random.resumed() << " resumes"
              << std::endl;
    BOOST_TEST(random.oracle().verdicts() > 100U);
    BOOST_TEST(random.oracle().accepted_vetoes() > 20U);
    BOOST_TEST(random.lagged() > 0);
    daemon.wait_for_stat("/waiting", 0);
    daemon.wait_for_stat("/subscribers", 0);
    daemon.wait_for_stat("/connections", 1);
}

BOOST_AUTO_TEST_SUITE_END()
