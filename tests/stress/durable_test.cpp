// SPDX-License-Identifier: BSL-1.0
// PROTOCOL.md, section 6, `--durable`: a daemon that is killed at random in traffic loses nothing that it acknowledged.
//
// HOOKD_SIGKILLS says how often it is killed (25 unless given; the soak does it 200 times), HOOKD_SEED how.
#include "support/json_access.hpp"
#include "support/parallel.hpp"
#include "support/raw_json.hpp"
#include "support/test_daemon.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <system_error>
#include <vector>

using namespace hookd::test;

namespace {

unsigned number_from(const char* variable, unsigned otherwise) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? otherwise : static_cast<unsigned>(std::stoul(text));
}

std::string operation_text(unsigned worker, unsigned number) {
    char text[40];
    std::snprintf(text, sizeof text, "%08x-0000-4000-8000-%012x", worker, number);
    return text;
}

/// A daemon that is killed and started again at the same place, and peers that connect to whichever is there.
class mortal_daemon {
public:
    mortal_daemon() { start(); }

    void kill_and_start() {
        daemon_->kill();
        start();
    }
    void stop() {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        changed_.notify_all();
    }
    [[nodiscard]] bool stopping() {
        const std::lock_guard lock{mutex_};
        return stopping_;
    }
    [[nodiscard]] test_daemon& now() { return *daemon_; }

    /// Calls `work` with a connection, again and again with another one after each that has broken, until it says that
    /// it is done.
    void converse(const std::function<bool(wire_client&)>& work) {
        std::uint64_t seen = 0;
        for (;;) {
            {
                std::unique_lock lock{mutex_};
                changed_.wait(lock, [&] { return starts_ > seen; });
                seen = starts_;
            }
            try {
                wire_client peer{socket_path_};
                if (work(peer)) {
                    return;
                }
            } catch (const connection_closed&) {
            } catch (const std::system_error&) {  // it is gone already
            }
        }
    }

private:
    void start() {
        daemon_.emplace(socket_path_, std::vector<std::string>{"--journal", directory_ / "journal.db", "--durable"});
        const std::lock_guard lock{mutex_};
        ++starts_;
        changed_.notify_all();
    }

    temp_directory directory_{};
    std::string socket_path_ = directory_ / "s";
    std::optional<test_daemon> daemon_{};
    std::mutex mutex_{};
    std::condition_variable changed_{};
    std::uint64_t starts_ = 0;
    bool stopping_ = false;
};

/// What emitters were told, and how much that is.
class acknowledged {
public:
    void add(std::int64_t seq, const std::string& id) {
        const std::lock_guard lock{mutex_};
        require(ids_.emplace(seq, id).first->second == id, "one number was given to two events");
        ++count_;
        grown_.notify_all();
    }
    /// Waits until `more` have been added since `before`; returns how many there are.
    std::size_t wait_for(std::size_t before, std::size_t more) {
        std::unique_lock lock{mutex_};
        const bool came = grown_.wait_for(lock, patience, [&] { return count_ >= before + more; });
        if (!came) {
            throw std::runtime_error("the traffic has come to a halt");
        }
        return count_;
    }
    [[nodiscard]] std::map<std::int64_t, std::string> ids() {
        const std::lock_guard lock{mutex_};
        return ids_;
    }

private:
    std::mutex mutex_{};
    std::condition_variable grown_{};
    std::map<std::int64_t, std::string> ids_{};
    std::size_t count_ = 0;
};

std::string params_of_emit(unsigned worker, unsigned number, const std::string& more = "") {
    return R"({"event":"told","payload":[)" + std::to_string(worker) + "," + std::to_string(number) +
           R"(],"operation_id":")" + operation_text(worker, number) + "\"" + more + "}";
}

/// Emits with an operation_id until it has the answer; now and then asks for an old one again.
void tell(mortal_daemon& daemon, acknowledged& known, unsigned worker) {
    std::map<unsigned, std::string> ids;
    unsigned number = 1;
    daemon.converse([&](wire_client& peer) {
        while (!daemon.stopping()) {
            if (number > 20 && number % 10 == 0) {
                const auto old = number - 15;
                const auto again = peer.result("emit", params_of_emit(worker, old));
                require(text_at(again, "/hook_event_id") == ids.at(old), "a retry got another result");
            }
            const auto result = peer.result("emit", params_of_emit(worker, number));
            ids[number] = text_at(result, "/hook_event_id");
            known.add(int_at(result, "/seq"), ids[number]);
            ++number;
        }
        return true;
    });
}

/// Asks and has the guard's own answer, whenever that is.
void ask(mortal_daemon& daemon, acknowledged& known, unsigned worker) {
    unsigned number = 1;
    daemon.converse([&](wire_client& peer) {
        while (!daemon.stopping()) {
            const auto text = std::to_string(number);
            const auto answer = peer.result("emit_and_wait", R"({"event":"asked","payload":)" + text +
                                                                 R"(,"require_subscriber":false,"operation_id":")" +
                                                                 operation_text(worker, number) + "\"}");
            require(text_at(answer, "/outcome") == "answered", "a question had no answer");
            require(int_at(answer, "/responses/0/response/n") == static_cast<std::int64_t>(number),
                "a question had the answer to another one");
            known.add(int_at(answer, "/seq"), text_at(answer, "/hook_event_id"));
            ++number;
        }
        return true;
    });
}

/// Reserves, has a reply kept, and asks for that.
void reserve(mortal_daemon& daemon, acknowledged& known, unsigned worker) {
    unsigned number = 1;
    std::string id;
    bool replied = false;
    bool asked = false;
    daemon.converse([&](wire_client& peer) {
        while (!daemon.stopping()) {
            const auto reserved = peer.result("emit", params_of_emit(worker, number, R"(,"reserve_ms":600000)"));
            id = text_at(reserved, "/hook_event_id");
            known.add(int_at(reserved, "/seq"), id);
            if (!replied) {
                respond(peer, id, R"("response":{"n":)" + std::to_string(number) + "}");
                replied = true;
            }
            const bool asked_before = std::exchange(asked, true);
            const auto kept = peer.result("await_response", R"({"hook_event_id":")" + id + R"(","timeout_ms":20000})");
            const bool answered = text_at(kept, "/outcome") == "answered";
            // Whoever was killed over the answer had it on its way.
            require(answered || asked_before, "a reply that was accepted was not kept");
            require(!answered || int_at(kept, "/responses/0/response/n") == static_cast<std::int64_t>(number),
                "another reply was kept");
            ++number;
            replied = asked = false;
        }
        return true;
    });
}

std::string resume_params(const std::string& more, std::int64_t last, const std::string& instance) {
    return "{" + more + R"("after_seq":)" + std::to_string(last) + R"(,"instance":")" + instance + "\"}";
}

/// Answers each question once, and says again what was not acknowledged.
void guard(mortal_daemon& daemon, const std::string& instance) {
    std::int64_t last = 0;
    std::map<std::string, std::string> unsaid;
    const auto say = [&](wire_client& peer) {
        while (!unsaid.empty()) {
            const auto& [id, reply] = *unsaid.begin();
            respond(peer, id, R"("response":)" + reply);
            unsaid.erase(unsaid.begin());
        }
    };
    daemon.converse([&](wire_client& peer) {
        peer.result("subscribe", resume_params(R"("events":["asked"],"name":"guard",)", last, instance));
        say(peer);
        for (;;) {
            const auto next = peer.next_notification(deadline{std::chrono::minutes{5}});
            if (next.method() == "closed") {
                return true;
            }
            last = next.integer("/params/seq");
            unsaid[next.string("/params/hook_event_id")] = R"({"n":)" + next.raw({"params", "payload"}) + "}";
            say(peer);
        }
    });
}

/// Gets every event, in order, each once, across all restarts.
void watch(mortal_daemon& daemon, const std::string& instance, std::map<std::int64_t, std::string>& seen) {
    std::int64_t last = 0;
    daemon.converse([&](wire_client& peer) {
        const auto opened = peer.result("subscribe", resume_params(R"("responds":false,)", last, instance));
        require(text_at(opened, "/instance") == instance, "a restart began another instance");
        for (;;) {
            const auto next = peer.next_notification(deadline{std::chrono::minutes{5}});
            if (next.method() == "closed") {
                return true;
            }
            require(next.integer("/params/seq") == last + 1, "an event was lost, repeated or out of order");
            seen[++last] = next.string("/params/hook_event_id");
        }
    });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(durable_suite)

BOOST_AUTO_TEST_CASE(random_sigkills_in_traffic_lose_nothing_that_was_acknowledged) {
    const auto seed = number_from("HOOKD_SEED", std::random_device{}());
    const auto kills = number_from("HOOKD_SIGKILLS", 25);
    BOOST_TEST_MESSAGE("HOOKD_SEED=" << seed << " HOOKD_SIGKILLS=" << kills);
    BOOST_TEST_CONTEXT("HOOKD_SEED=" << seed << " HOOKD_SIGKILLS=" << kills) {
        mortal_daemon daemon;
        acknowledged known;
        std::map<std::int64_t, std::string> seen[2];
        const auto instance = text_at(daemon.now().connect().result("ping"), "/instance");
        std::vector<std::function<void()>> jobs{
            [&] { tell(daemon, known, 1); },
            [&] { tell(daemon, known, 2); },
            [&] { ask(daemon, known, 3); },
            [&] { reserve(daemon, known, 4); },
            [&] { guard(daemon, instance); },
            [&] { watch(daemon, instance, seen[0]); },
            [&] { watch(daemon, instance, seen[1]); },
            [&] {
                const finally end{[&] { daemon.stop(); }};
                std::mt19937 random{seed};
                std::size_t count = 0;
                for (unsigned i = 0; i < kills; ++i) {
                    count = known.wait_for(count, 1 + random() % 20);
                    daemon.kill_and_start();
                }
                known.wait_for(count, 20);
            },
        };
        std::atomic<std::size_t> left{4};  // who still emit; then the daemon ends in order, and so do its sessions
        for (std::size_t i = 0; i < 4; ++i) {
            jobs[i] = [&, job = jobs[i]] {
                const finally ended{[&] {
                    if (--left == 0) {
                        daemon.now().process().signal(SIGTERM);
                    }
                }};
                job();
            };
        }
        in_parallel(jobs);
        const auto acknowledged_ids = known.ids();
        for (const auto& each : seen) {
            std::size_t missed = 0;
            for (const auto& [seq, id] : acknowledged_ids) {
                const auto at = each.find(seq);
                missed += at == each.end() || at->second != id ? 1 : 0;
            }
            BOOST_TEST(missed == 0u);
        }
        BOOST_TEST(acknowledged_ids.size() > 3 * kills);
    }
}

BOOST_AUTO_TEST_SUITE_END()
