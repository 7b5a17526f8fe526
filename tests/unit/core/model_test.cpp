#include "broker_fixture.hpp"

#include "core/glob.hpp"

#include <map>
#include <random>
#include <set>

// The broker against a model that is too plain to be wrong: random operations, the same results, and nothing left at the end.
namespace hookd::core::test {
namespace {

using state = responder::state;

struct model_responder {
    std::size_t peer = 0;  // index; a session that ended is told by `gone`
    std::string name{};
    state is = state::waiting;
    std::string why{};
    bool gone = false;     // its session is over: what its peer says later is an outsider's word
};

struct model_slot {
    std::string id{};
    std::uint64_t seq = 0;
    std::string event{};
    wait_policy policy = wait_policy::first;
    steady_time due{};
    bool reserved = false;
    bool unclaimed = false;
    std::optional<std::size_t> asker{};  // peer
    std::optional<outcome> kept{};
    std::vector<model_responder> responders{};
    std::vector<std::pair<std::string, std::string>> replies{};  // responder, body
    std::string abort{};
    std::set<std::size_t> outsiders{};   // peers
    std::optional<refusal> over{};
    wait* asked = nullptr;               // the one that opened it
    std::vector<std::pair<wait*, steady_time>> awaiting{};
};

struct model_peer {
    client* at = nullptr;
    bool subscribed = false;
    bool responds = false;
    bool hung_up = false;
    std::string name{};
    std::string pattern{};
    std::string queue{};       // `1:a 2:b`, as receive_names says
};

struct expectation {
    wait* who = nullptr;
    std::optional<outcome> how{};  // nothing: cancelled
    std::string responses{};
    std::string missing{};
    std::string abort{};
};

class model {
public:
    explicit model(unsigned seed) : random_(seed) {}

    /// Returns what the broker counted.
    protocol::stats_result run(int steps) {
        for (int i = 0; i < steps; ++i) {
            step();
            check();
        }
        finish_everything();
        return w_.stats();
    }

private:
    [[nodiscard]] std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }

    void step() {
        switch (below(16)) {
        case 0: return join();
        case 1: return subscribe();
        case 2: return below(3) == 0 ? unsubscribe() : void();
        case 3: return below(4) == 0 ? leave() : void();
        case 4: return below(8) == 0 ? hang_up() : void();
        case 5: return emit();
        case 6:
        case 7:
        case 8: return ask();
        case 9: return await();
        case 10: return cancel();
        case 11: return pass();
        case 12: return receive();
        default: return respond();
        }
    }

    [[nodiscard]] model_peer* any_peer() { return peers_.empty() ? nullptr : &peers_[below(peers_.size())]; }
    [[nodiscard]] std::size_t index_of(const model_peer& peer) const { return static_cast<std::size_t>(&peer - peers_.data()); }

    // --- peers ---

    void join() {
        std::size_t alive = 0;
        for (const auto& each : peers_) {
            alive += each.at != nullptr ? 1U : 0U;
        }
        if (alive < 12 && peers_.size() < 400) {
            peers_.push_back({.at = &w_.join(static_cast<std::int64_t>(peers_.size() + 1))});
        }
    }

    void subscribe() {
        model_peer* const peer = any_peer();
        if (peer == nullptr || peer->at == nullptr) {
            return;
        }
        const std::string pattern = std::vector<std::string>{"*", "a", "b", "a*", "?b"}[below(5)];
        const bool responds = below(5) != 0;
        const std::string name = "s" + std::to_string(++sessions_);
        const auto result = w_.try_subscribe(*peer->at, {pattern}, {.name = name, .responds = responds});
        BOOST_REQUIRE_EQUAL(std::holds_alternative<protocol::error>(result), peer->subscribed);
        if (peer->subscribed) {
            return;
        }
        peer->subscribed = true;
        peer->responds = responds && !peer->hung_up;
        peer->name = name;
        peer->pattern = pattern;
        for (auto& each : slots_) {
            if (peer->responds && each.unclaimed && !each.over && glob_matches(pattern, each.event)) {
                each.unclaimed = false;
                each.responders.push_back({.peer = index_of(*peer), .name = name});
                queue(*peer, each);
            }
        }
    }

    static void queue(model_peer& peer, const model_slot& what) {
        peer.queue += (peer.queue.empty() ? "" : " ") + std::to_string(what.seq) + ":" + what.event;
    }

    void unsubscribe() {
        model_peer* const peer = any_peer();
        if (peer != nullptr && peer->at != nullptr && peer->subscribed) {
            end_session(*peer);
            w_.unsubscribe(*peer->at);
        }
    }

    void end_session(model_peer& peer) {
        lose(peer, true);
        peer.subscribed = false;
        peer.queue.clear();
    }

    // Nobody waits for it any longer.
    void lose(const model_peer& peer, bool gone) {
        for (auto& each : slots_) {
            if (each.over) {
                continue;
            }
            bool lost = false;
            for (auto& one : each.responders) {
                if (one.peer == index_of(peer) && !one.gone) {
                    one.gone = gone || one.is == state::waiting;
                    if (one.is == state::waiting && !each.kept) {
                        one.is = state::left;
                        lost = true;
                    }
                }
            }
            if (lost) {
                end_if_nobody_left(each);
            }
        }
    }

    void hang_up() {
        model_peer* const peer = any_peer();
        if (peer != nullptr && peer->at != nullptr && !peer->hung_up) {
            peer->hung_up = true;
            if (peer->subscribed) {
                peer->responds = false;
                lose(*peer, false);
            }
            w_.hang_up(*peer->at);
        }
    }

    void leave() {
        model_peer* const peer = any_peer();
        if (peer == nullptr || peer->at == nullptr) {
            return;
        }
        if (peer->subscribed) {
            end_session(*peer);
        }
        for (auto& each : slots_) {
            std::erase_if(each.awaiting, [&](const auto& one) {
                const bool own = askers_.at(one.first) == index_of(*peer);
                if (own) {
                    expected_.push_back({.who = one.first});
                }
                return own;
            });
            if (!each.over && !each.reserved && each.asker == index_of(*peer)) {
                expected_.push_back({.who = each.asked});
                each.over = refusal::cancelled;
            }
        }
        w_.leave(*std::exchange(peer->at, nullptr));
    }

    void receive() {
        model_peer* const peer = any_peer();
        if (peer != nullptr && peer->at != nullptr) {
            BOOST_REQUIRE_EQUAL(w_.receive_names(*peer->at), peer->queue);
            peer->queue.clear();
        }
    }

    // --- events ---

    // The event is out: who has it, who is waited for.
    model_slot& publish(model_slot made) {
        made.seq = ++head_;
        for (auto& peer : peers_) {
            if (peer.at != nullptr && peer.subscribed && glob_matches(peer.pattern, made.event)) {
                queue(peer, made);
                if (peer.responds) {
                    made.responders.push_back({.peer = index_of(peer), .name = peer.name});
                }
            }
        }
        // Sessions are waited for in the order in which they began.
        std::sort(made.responders.begin(), made.responders.end(), [](const model_responder& a, const model_responder& b) {
            return std::stoi(a.name.substr(1)) < std::stoi(b.name.substr(1));
        });
        slots_.push_back(std::move(made));
        return slots_.back();
    }

    [[nodiscard]] std::string any_event() { return std::vector<std::string>{"a", "b", "ab", "c"}[below(4)]; }

    void emit() {
        model_peer* const peer = any_peer();
        if (peer == nullptr || peer->at == nullptr) {
            return;
        }
        model_slot made{.event = any_event()};
        emit_options how;
        if (below(3) != 0) {
            how.reserve = std::chrono::milliseconds{1 + below(1000)};
            made.reserved = true;
            made.due = w_.now.steady + *how.reserve;
        }
        made.id = text_of(w_.emit(*peer->at, made.event, how).hook_event_id);
        model_slot& published = publish(std::move(made));
        if (!published.reserved) {
            published.over = refusal::unknown;
        }
    }

    void ask() {
        model_peer* const peer = any_peer();
        if (peer == nullptr || peer->at == nullptr) {
            return;
        }
        wait_options how{.timeout = std::chrono::milliseconds{1 + below(1000)},
                         .policy = static_cast<wait_policy>(below(3)),
                         .require_subscriber = below(3) != 0};
        model_slot made{.event = any_event(), .policy = how.policy, .due = w_.now.steady + *how.timeout, .asker = index_of(*peer)};
        wait& asked = w_.emit_and_wait(*peer->at, made.event, how);
        made.asked = &asked;
        model_slot& published = publish(std::move(made));
        if (published.responders.empty() && how.require_subscriber) {
            published.over = refusal::expired;
            BOOST_REQUIRE_EQUAL(asked.how(), outcome::no_subscribers);
            published.id = asked.verdict().hook_event_id;
            return;
        }
        published.unclaimed = published.responders.empty();
        BOOST_REQUIRE(!asked.over());
        BOOST_REQUIRE(asked.waits_on != nullptr);
        published.id = text_of(asked.waits_on->id);
    }

    void await() {
        model_peer* const peer = any_peer();
        if (peer == nullptr || peer->at == nullptr || slots_.empty()) {
            return;
        }
        model_slot& which = recent_slot();
        const std::chrono::milliseconds timeout{1 + below(1000)};
        wait& asked = w_.await_response(*peer->at, which.id, timeout);
        askers_[&asked] = index_of(*peer);
        if (!which.reserved || which.over) {
            BOOST_REQUIRE_EQUAL(asked.how(), outcome::unknown);
        } else if (which.kept) {
            expect(&asked, which, *which.kept);
            which.over = *which.kept == outcome::answered ? refusal::answered : refusal::expired;
        } else {
            BOOST_REQUIRE(!asked.over());
            which.awaiting.emplace_back(&asked, std::min(w_.now.steady + timeout, which.due));
        }
    }

    [[nodiscard]] model_slot& recent_slot() { return slots_[slots_.size() - 1 - below(std::min<std::size_t>(slots_.size(), 12))]; }

    void cancel() {
        if (slots_.empty()) {
            return;
        }
        model_slot& which = recent_slot();
        if (!which.awaiting.empty()) {
            const std::size_t at = below(which.awaiting.size());
            wait* const asked = which.awaiting[at].first;
            which.awaiting.erase(which.awaiting.begin() + static_cast<std::ptrdiff_t>(at));
            expected_.push_back({.who = asked});
            w_.cancel(*asked);
        } else if (!which.over && which.asked != nullptr) {
            which.over = refusal::cancelled;
            expected_.push_back({.who = which.asked});
            w_.cancel(*which.asked);
        }
    }

    void pass() {
        const std::chrono::milliseconds span{below(300)};
        const auto end = w_.now.steady + span;
        // First what is due first; waits before the slot that they wait on.
        while (true) {
            model_slot* first = nullptr;
            std::size_t waiter = 0;
            steady_time due = end + 1ns;
            for (auto& each : slots_) {
                for (std::size_t i = 0; i < each.awaiting.size(); ++i) {
                    if (each.awaiting[i].second < each.due && each.awaiting[i].second < due) {
                        due = each.awaiting[i].second;
                        first = &each;
                        waiter = i;
                    }
                }
                if (!each.over && each.due < due) {
                    due = each.due;
                    first = &each;
                    waiter = std::size_t(-1);
                }
            }
            if (first == nullptr) {
                break;
            }
            if (waiter != std::size_t(-1)) {
                expect(first->awaiting[waiter].first, *first, outcome::timeout);
                first->awaiting.erase(first->awaiting.begin() + static_cast<std::ptrdiff_t>(waiter));
            } else if (first->kept) {
                first->over = *first->kept == outcome::answered ? refusal::answered : refusal::expired;
            } else {
                end_slot(*first, outcome::timeout);
            }
        }
        w_.pass(span);
    }

    // --- replies ---

    void respond() {
        model_peer* const peer = any_peer();
        if (peer == nullptr || peer->at == nullptr || slots_.empty()) {
            return;
        }
        model_slot& to = recent_slot();
        const std::size_t from = index_of(*peer);
        const std::size_t kind = below(6);  // 0 abstain, 1 fail, 2 veto, else approve
        refusal expected = refusal::none;
        std::string body = "{}";
        if (to.over || to.kept) {
            expected = to.over ? *to.over : *to.kept == outcome::answered ? refusal::answered : refusal::expired;
        } else {
            model_responder* own = nullptr;
            for (auto& each : to.responders) {
                if (each.peer == from && !each.gone) {
                    own = &each;
                }
            }
            if (own != nullptr ? own->is != state::waiting : to.outsiders.count(from) != 0) {
                expected = refusal::answered;
            } else if (kind <= 1) {
                if (own != nullptr) {
                    own->is = kind == 0 ? state::abstained : state::failed;
                    own->why = "w" + std::to_string(from);
                    end_if_nobody_left(to);
                }
            } else {
                body = kind == 2 ? R"({"abort":"v)" + std::to_string(from) + "\"}" : "{}";
                take_reply(to, own, *peer, kind == 2, body);
            }
        }
        if (kind == 0) {
            BOOST_REQUIRE_EQUAL(w_.abstain(*peer->at, to.id), expected);
        } else if (kind == 1) {
            BOOST_REQUIRE_EQUAL(w_.fail(*peer->at, to.id, "w" + std::to_string(from)), expected);
        } else {
            BOOST_REQUIRE_EQUAL(w_.reply(*peer->at, to.id, kind == 2 ? R"({"abort":"v)" + std::to_string(from) + "\"}" : "{}"),
                                expected);
        }
    }

    void take_reply(model_slot& to, model_responder* own, const model_peer& by, bool vetoes, const std::string& body) {
        to.replies.emplace_back(by.subscribed ? by.name : "pid " + std::to_string(index_of(by) + 1), body);
        if (vetoes && to.abort.empty()) {
            to.abort = "v" + std::to_string(index_of(by));
        }
        if (own != nullptr) {
            own->is = state::replied;
        } else {
            to.outsiders.insert(index_of(by));
        }
        if (to.policy == wait_policy::first || (to.policy == wait_policy::veto && vetoes)) {
            keep_or_end(to, outcome::answered);
        } else {
            end_if_nobody_left(to);
        }
    }

    void end_if_nobody_left(model_slot& which) {
        if (which.over || which.kept || which.responders.empty()) {
            return;
        }
        bool broken = false;
        for (const auto& each : which.responders) {
            if (each.is == state::waiting) {
                return;
            }
            broken = broken || each.is == state::left || each.is == state::failed;
        }
        if (!broken) {
            keep_or_end(which, which.replies.empty() ? outcome::abstained : outcome::answered);
        } else if (!which.reserved) {
            end_slot(which, outcome::abandoned);
        }
    }

    void keep_or_end(model_slot& which, outcome how) {
        if (which.reserved && which.awaiting.empty()) {
            which.kept = how;
        } else {
            end_slot(which, how);
        }
    }

    void end_slot(model_slot& which, outcome how) {
        if (which.asked != nullptr) {
            expect(which.asked, which, how);
        }
        for (const auto& each : which.awaiting) {
            expect(each.first, which, how);
        }
        which.awaiting.clear();
        which.over = how == outcome::answered ? refusal::answered : refusal::expired;
    }

    void expect(wait* who, const model_slot& which, outcome how) {
        expectation made{.who = who, .how = how, .abort = which.abort};
        auto replies = which.replies;
        std::stable_sort(replies.begin(), replies.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (const auto& [responder, body] : replies) {
            made.responses += (made.responses.empty() ? "" : "; ") + body + " by " + responder;
        }
        for (const auto& each : which.responders) {
            std::string why;
            if (each.is == state::left) {
                why = "left";
            } else if (each.is == state::failed) {
                why = "failed: " + each.why;
            } else if (each.is == state::waiting && how == outcome::timeout) {
                why = "timeout";
            } else {
                continue;
            }
            made.missing += (made.missing.empty() ? "" : "; ") + each.name + ": " + why;
        }
        expected_.push_back(std::move(made));
    }

    // --- comparing ---

    void check() {
        for (const auto& each : expected_) {
            if (!each.how) {
                BOOST_REQUIRE_EQUAL(each.who->error_code(), errc::cancelled);
                continue;
            }
            BOOST_REQUIRE_EQUAL(each.who->how(), *each.how);
            BOOST_REQUIRE_EQUAL(each.who->responses(), each.responses);
            BOOST_REQUIRE_EQUAL(each.who->missing(), each.missing);
            BOOST_REQUIRE_EQUAL(each.who->verdict().abort, each.abort);
        }
        expected_.clear();
        std::size_t open = 0;
        std::size_t debts = 0;
        std::size_t extra = 0;
        for (const auto& each : slots_) {
            if (each.over) {
                BOOST_REQUIRE(each.asked == nullptr || each.asked->over());
                continue;
            }
            ++open;
            extra += each.awaiting.size();
            BOOST_REQUIRE(each.asked == nullptr || !each.asked->over());
            for (const auto& one : each.awaiting) {
                BOOST_REQUIRE(!one.first->over());
            }
            for (const auto& one : each.responders) {
                debts += one.is == state::waiting && !each.kept ? 1U : 0U;
            }
        }
        const auto held = w_.broker.held();
        BOOST_REQUIRE_EQUAL(held.open_slots, open);
        BOOST_REQUIRE_EQUAL(held.debts, debts);
        BOOST_REQUIRE_EQUAL(held.extra_waiters, extra);
        // Older ones are not touched any more; they only cost time.
        if (slots_.size() > 200) {
            std::erase_if(slots_, [](const model_slot& each) { return each.over.has_value(); });
        }
    }

    void finish_everything() {
        for (auto& each : peers_) {
            if (each.at != nullptr) {
                BOOST_REQUIRE_EQUAL(w_.receive_names(*each.at), each.queue);
                each.queue.clear();
                w_.leave(*std::exchange(each.at, nullptr));
            }
        }
        w_.pass(2s);
        w_.check_nobody_waits();
        const auto held = w_.broker.held();
        BOOST_CHECK_EQUAL(held.memory_bytes, 0U);
        BOOST_CHECK_EQUAL(held.event_bytes, w_.stats().retained_bytes);
        BOOST_CHECK_EQUAL(held.closing_sessions, 0U);
        BOOST_CHECK_EQUAL(w_.stats().subscribers, 0U);
        BOOST_CHECK_EQUAL(w_.stats().head_seq, head_);
    }

    std::mt19937 random_;
    world w_{};
    std::vector<model_peer> peers_{};
    std::vector<model_slot> slots_{};
    std::map<const wait*, std::size_t> askers_{};  // of those who await a reservation
    std::vector<expectation> expected_{};
    std::uint64_t head_ = 0;
    int sessions_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(against_a_model)

BOOST_AUTO_TEST_CASE(random_operations_give_the_same_results_and_leave_nothing) {
    std::uint64_t outcomes[protocol::outcome_count] = {};
    std::uint64_t refused[protocol::refusal_count] = {};
    for (unsigned seed = 1; seed <= 100; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            const auto counted = model{seed}.run(1500);
            for (std::size_t i = 0; i < protocol::outcome_count; ++i) {
                outcomes[i] += counted.outcomes[i];
            }
            for (std::size_t i = 0; i < protocol::refusal_count; ++i) {
                refused[i] += counted.refused[i];
            }
        }
    }
    // Whatever can happen did, many times.
    for (const auto each : {outcome::answered, outcome::abstained, outcome::timeout, outcome::abandoned, outcome::no_subscribers,
                            outcome::unknown}) {
        BOOST_CHECK_GT(outcomes[static_cast<std::size_t>(each)], 10U);
    }
    for (const auto each : {refusal::answered, refusal::expired, refusal::cancelled, refusal::unknown}) {
        BOOST_CHECK_GT(refused[static_cast<std::size_t>(each)], 10U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
