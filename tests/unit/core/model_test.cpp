// SPDX-License-Identifier: BSL-1.0
#include "broker_fixture.hpp"

#include "core/missing.hpp"

#include <base/text/glob.hpp>

#include <map>
#include <random>
#include <set>
#include <tuple>

// The broker against a model that is too plain to be wrong: random operations, the same results, and nothing left at
// the end.
namespace hookd::core::test {
namespace {

using state = responder::state;

struct model_responder {
    std::size_t peer = 0;  // index; a session that ended is told by `gone`
    int session = 0;
    std::string name{};
    std::int64_t order = 0;
    bool insists = false;
    state is = state::waiting;
    std::string why{};
    bool asked = true;  // else its turn in a chain has not come
    bool gone = false;  // its session is over: what its peer says later is an outsider's word
};

struct model_reply {
    std::string responder{};
    std::int64_t order = 0;
    std::string body{};
};

struct model_slot {
    std::string id{};
    std::uint64_t seq = 0;
    std::string event{};
    wait_policy policy = wait_policy::first;
    failure_policy on_failure = failure_policy::open;
    std::vector<std::string> require{};
    std::string payload{};  // that a reply of a chain has put in place of the first
    steady_time due{};
    bool reserved = false;
    bool parked = false;
    std::optional<std::size_t> asker{};  // peer
    std::optional<outcome> kept{};
    std::vector<model_responder> responders{};
    std::vector<model_reply> replies{};
    std::string abort{};
    std::set<std::size_t> outsiders{};  // peers
    std::optional<refusal> over{};
    wait* asked = nullptr;  // the one that opened it
    std::vector<std::pair<wait*, steady_time>> awaiting{};
};

struct model_peer {
    client* at = nullptr;
    bool subscribed = false;
    bool responds = false;
    bool half_closed = false;
    int session = 0;  // a number, which one that follows a session that lagged takes over
    std::string name{};
    std::string pattern{};
    std::int64_t order = 0;
    bool insists = false;
    bool shadow = false;
    std::set<std::uint64_t>
        shadow_questions{};  // numbers of events that it was asked as a shadow, and has not replied to
    bool cancellations = false;
    bool lagged = false;               // its session takes no more events
    bool told = false;                 // and its peer knows
    std::vector<std::string> queue{};  // `1:a`, as receive_names says
    std::string notices{};

    [[nodiscard]] bool decides() const { return responds && !shadow; }
};

constexpr std::size_t capacity = 5;

struct expectation {
    wait* who = nullptr;
    std::optional<outcome> how{};  // nothing: cancelled
    std::string responses{};
    std::string missing{};
    std::string abort{};
    std::string payload{};
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
        switch (below(18)) {
            case 0:
                return join();
            case 1:
                return subscribe();
            case 2:
                return below(3) == 0 ? unsubscribe() : void();
            case 3:
                return below(4) == 0 ? leave() : void();
            case 4:
                return below(8) == 0 ? half_close() : void();
            case 5:
                return emit();
            case 6:
            case 7:
            case 8:
                return ask();
            case 9:
                return await();
            case 10:
                return cancel();
            case 11:
                return pass();
            case 12:
                return receive();
            case 13:
                return take_ended();
            default:
                return respond();
        }
    }

    [[nodiscard]] model_peer* any_peer() { return peers_.empty() ? nullptr : &peers_[below(peers_.size())]; }
    [[nodiscard]] std::size_t index_of(const model_peer& peer) const {
        return static_cast<std::size_t>(&peer - peers_.data());
    }

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
        const session_options how{.name = any_name(),
            .responds = below(5) != 0,
            .on_failure = below(4) == 0 ? failure_policy::closed : failure_policy::open,
            .order = static_cast<std::int64_t>(below(3)),
            .shadow = below(8) == 0,
            .cancellations = below(2) == 0};
        const auto result = w_.try_subscribe(*peer->at, {pattern}, how);
        const bool is_open = peer->subscribed && !peer->told;
        BOOST_REQUIRE_EQUAL(std::holds_alternative<protocol::error>(result), is_open);
        if (is_open) {
            return;
        }
        peer->session = peer->subscribed ? peer->session : ++sessions_;
        peer->subscribed = true;
        peer->lagged = peer->told = false;
        peer->responds = how.responds && !peer->half_closed;
        peer->name = how.name;
        peer->pattern = pattern;
        peer->order = how.order;
        peer->insists = how.on_failure == failure_policy::closed;
        peer->shadow = how.shadow;
        peer->shadow_questions.clear();
        peer->cancellations = how.cancellations;
        for (auto& each : slots_) {
            if (peer->decides() && each.parked && !each.over && base::glob_matches(pattern, each.event) &&
                peer->queue.size() < capacity) {
                each.parked = false;
                each.responders.push_back(responder_of(*peer, state::waiting));
                queue(*peer, each);
            }
        }
    }

    // Several may have the same.
    [[nodiscard]] std::string any_name() { return "n" + std::to_string(below(5)); }

    [[nodiscard]] model_responder responder_of(const model_peer& peer, state is) const {
        return {.peer = index_of(peer),
            .session = peer.session,
            .name = peer.name,
            .order = peer.order,
            .insists = peer.insists,
            .is = is};
    }

    static void queue(model_peer& peer, const model_slot& what) {
        peer.queue.push_back(std::to_string(what.seq) + ":" + what.event);
    }

    void unsubscribe() {
        model_peer* const peer = any_peer();
        if (peer != nullptr && peer->at != nullptr && peer->subscribed) {
            if (!peer->told) {
                end_session(*peer);
            }
            w_.unsubscribe(*peer->at);
        }
    }

    void end_session(model_peer& peer) {
        lose(peer, true);
        peer.subscribed = peer.lagged = peer.told = false;
        peer.queue.clear();
        peer.notices.clear();
    }

    void take_ended() {
        model_peer* const peer = any_peer();
        if (peer == nullptr || peer->at == nullptr) {
            return;
        }
        const bool ends = peer->lagged && !peer->told && peer->queue.empty();
        BOOST_REQUIRE_EQUAL(w_.take_ended(*peer->at).empty(), !ends);
        if (ends) {
            peer->told = peer->decides();
            peer->lagged = peer->subscribed = peer->told;
        }
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
                advance(each);
            }
        }
    }

    void half_close() {
        model_peer* const peer = any_peer();
        if (peer != nullptr && peer->at != nullptr && !peer->half_closed) {
            peer->half_closed = true;
            if (peer->subscribed) {
                peer->responds = false;
                lose(*peer, false);
            }
            w_.half_close(*peer->at);
        }
    }

    void leave() {
        model_peer* const peer = any_peer();
        if (peer != nullptr && peer->at != nullptr) {
            leave(*peer);
        }
    }

    void leave(model_peer& peer) {
        if (peer.subscribed) {
            end_session(peer);
        }
        for (auto& each : slots_) {
            std::erase_if(each.awaiting, [&](const auto& one) {
                const bool own = askers_.at(one.first) == index_of(peer);
                if (own) {
                    expected_.push_back({.who = one.first});
                }
                return own;
            });
            if (!each.over && !each.reserved && each.asker == index_of(peer)) {
                expected_.push_back({.who = each.asked});
                each.over = refusal::cancelled;
                release(each, refusal::cancelled);
            }
        }
        w_.leave(*std::exchange(peer.at, nullptr));
    }

    void receive() {
        model_peer* const peer = any_peer();
        if (peer != nullptr && peer->at != nullptr) {
            receive_all(*peer);
        }
    }

    void receive_all(model_peer& peer) {
        std::string names;
        for (const auto& each : peer.queue) {
            names += (names.empty() ? "" : " ") + each;
        }
        BOOST_REQUIRE_EQUAL(w_.receive_names(*peer.at), names);
        BOOST_REQUIRE_EQUAL(w_.receive_notices(*peer.at), peer.notices);
        peer.queue.clear();
        peer.notices.clear();
    }

    // --- events ---

    // The event is out: who has it, who is waited for.
    model_slot& publish(model_slot made) {
        made.seq = ++head_;
        const bool is_question = made.reserved || made.asked != nullptr;
        for (auto& peer : peers_) {
            if (peer.at == nullptr || !peer.subscribed || !base::glob_matches(peer.pattern, made.event)) {
                continue;
            }
            const bool is_awaited = is_question && peer.decides();
            peer.lagged = peer.lagged || peer.queue.size() >= capacity;
            if (is_awaited) {
                made.responders.push_back(responder_of(peer, peer.lagged ? state::lagged : state::waiting));
                made.responders.back().asked = made.policy != wait_policy::chain;
            }
            if (!peer.lagged && !(is_awaited && made.policy == wait_policy::chain)) {
                queue(peer, made);
            }
            if (!peer.lagged && is_question && peer.shadow) {
                peer.shadow_questions.insert(made.seq);
            }
        }
        // Sessions are waited for in the order in which they began.
        std::sort(made.responders.begin(), made.responders.end(),
            [](const model_responder& a, const model_responder& b) { return a.session < b.session; });
        slots_.push_back(std::move(made));
        return slots_.back();
    }

    // The next of a chain, unless another is at work.
    void ask_next(model_slot& which) {
        while (true) {
            model_responder* next = nullptr;
            for (auto& each : which.responders) {
                if (each.is != state::waiting) {
                    continue;
                }
                if (each.asked) {
                    return;
                }
                if (next == nullptr ||
                    std::tie(each.order, each.name, each.session) < std::tie(next->order, next->name, next->session)) {
                    next = &each;
                }
            }
            if (next == nullptr) {
                return;
            }
            auto& peer = peers_[next->peer];
            peer.lagged = peer.lagged || peer.queue.size() >= capacity;
            if (peer.lagged) {
                next->is = state::lagged;
                continue;
            }
            next->asked = true;
            return queue(peer, which);
        }
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
            .policy = static_cast<wait_policy>(below(4)),
            .on_failure = below(4) == 0 ? failure_policy::closed : failure_policy::open,
            .require_subscriber = below(3) != 0};
        if (below(3) == 0) {
            how.require = {any_name()};
        }
        model_slot made{.event = any_event(),
            .policy = how.policy,
            .on_failure = how.on_failure,
            .require = how.require,
            .due = w_.now.steady + *how.timeout,
            .asker = index_of(*peer)};
        wait& asked = w_.emit_and_wait(*peer->at, made.event, how);
        made.asked = &asked;
        model_slot& published = publish(std::move(made));
        if (published.responders.empty() && how.require_subscriber) {
            published.id = asked.verdict().hook_event_id;
            return end_slot(published, outcome::no_subscribers);
        }
        published.parked = published.responders.empty();
        published.id = asked.over() ? asked.verdict().hook_event_id : text_of(asked.pending->slot()->id());
        advance(published);  // where none of them could take it
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

    [[nodiscard]] model_slot& recent_slot() {
        return slots_[slots_.size() - 1 - below(std::min<std::size_t>(slots_.size(), 12))];
    }

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
            release(which, refusal::cancelled);
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
        const std::string body = kind == 2   ? R"({"abort":"v)" + std::to_string(from) + "\"}"
                                 : kind == 3 ? R"({"payload":{"by":)" + std::to_string(from) + "}}"
                                             : "{}";
        if (peer->subscribed && peer->shadow && peer->shadow_questions.erase(to.seq) != 0) {
            expected = refusal::none;  // recorded, however late
        } else if (to.over || to.kept) {
            expected = to.over ? *to.over : *to.kept == outcome::answered ? refusal::answered : refusal::expired;
        } else if (!peer->subscribed || !peer->shadow) {
            model_responder* own = nullptr;
            for (auto& each : to.responders) {
                if (each.peer == from && !each.gone) {
                    own = &each;
                }
            }
            if (own != nullptr ? own->is != state::waiting && own->is != state::lagged
                               : to.outsiders.count(from) != 0) {
                expected = refusal::answered;
            } else if (own != nullptr && own->is == state::waiting && !own->asked) {
                expected = refusal::unknown;
            } else if (kind <= 1) {
                if (own != nullptr) {
                    own->is = kind == 0 ? state::abstained : state::failed;
                    own->why = "w" + std::to_string(from);
                    advance(to);
                }
            } else {
                if (own != nullptr && to.policy == wait_policy::chain && kind == 3) {
                    to.payload = R"({"by":)" + std::to_string(from) + "}";
                }
                take_reply(to, own, *peer, kind == 2, body);
            }
        }
        if (kind == 0) {
            BOOST_REQUIRE_EQUAL(w_.abstain(*peer->at, to.id), expected);
        } else if (kind == 1) {
            BOOST_REQUIRE_EQUAL(w_.fail(*peer->at, to.id, "w" + std::to_string(from)), expected);
        } else {
            BOOST_REQUIRE_EQUAL(w_.reply(*peer->at, to.id, body), expected);
        }
    }

    void take_reply(model_slot& to, model_responder* own, const model_peer& by, bool vetoes, const std::string& body) {
        to.replies.push_back({.responder = by.subscribed ? by.name : "pid " + std::to_string(index_of(by) + 1),
            .order = by.subscribed ? by.order : 0,
            .body = body});
        if (vetoes && to.abort.empty()) {
            to.abort = "v" + std::to_string(index_of(by));
        }
        if (own != nullptr) {
            own->is = state::replied;
        } else {
            to.outsiders.insert(index_of(by));
        }
        if (to.policy != wait_policy::all && vetoes) {
            keep_or_end(to, outcome::answered);
        } else {
            advance(to);
        }
    }

    static bool has_spoken(const model_slot& which, const std::string& name) {
        return std::any_of(which.responders.begin(), which.responders.end(), [&name](const model_responder& each) {
            return each.name == name && (each.is == state::replied || each.is == state::abstained);
        });
    }

    void advance(model_slot& which) {
        if (which.over || which.kept) {
            return;
        }
        const bool awaits_required =
            std::any_of(which.responders.begin(), which.responders.end(), [&which](const model_responder& each) {
                return each.is == state::waiting &&
                       std::count(which.require.begin(), which.require.end(), each.name) != 0 &&
                       !has_spoken(which, each.name);
            });
        if (which.policy == wait_policy::first && !which.replies.empty() && !awaits_required) {
            return keep_or_end(which, outcome::answered);
        }
        if (which.policy == wait_policy::chain) {
            ask_next(which);
        }
        if (which.responders.empty()) {
            return;
        }
        bool broken = false;
        for (const auto& each : which.responders) {
            if (each.is == state::waiting) {
                return;
            }
            broken = broken || each.is == state::left || each.is == state::failed || each.is == state::lagged;
        }
        if (!broken) {
            keep_or_end(which, which.replies.empty() ? outcome::abstained : outcome::answered);
        } else if (!which.reserved) {
            end_slot(which, outcome::abandoned);
        }
    }

    // Those who are still at work on it learn that it is over.
    void release(model_slot& which, refusal over) {
        for (const auto& each : which.responders) {
            auto& peer = peers_[each.peer];
            if (each.is == state::waiting && each.asked && peer.cancellations && !which.kept) {
                peer.notices +=
                    (peer.notices.empty() ? "" : "; ") + std::string{"cancelled "} + std::string{to_string(over)};
            }
        }
    }

    void keep_or_end(model_slot& which, outcome how) {
        if (which.reserved && which.awaiting.empty()) {
            release(which, how == outcome::answered ? refusal::answered : refusal::expired);
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
        release(which, *which.over);
    }

    void expect(wait* who, const model_slot& which, outcome how) {
        expectation made{.who = who, .how = how, .abort = which.abort, .payload = which.payload};
        auto replies = which.replies;
        std::stable_sort(replies.begin(), replies.end(), [](const model_reply& a, const model_reply& b) {
            return std::tie(a.order, a.responder) < std::tie(b.order, b.responder);
        });
        for (const auto& each : replies) {
            made.responses += (made.responses.empty() ? "" : "; ") + each.body + " by " + each.responder;
        }
        std::vector<protocol::wait_result::absentee> missing;
        std::vector<protocol::wait_result::absentee> decisive;
        const auto is_required = [&which](const std::string& name) {
            return std::count(which.require.begin(), which.require.end(), name) != 0 && !has_spoken(which, name);
        };
        for (const auto& each : which.responders) {
            std::string why;
            if (each.is == state::left) {
                why = "left";
            } else if (each.is == state::lagged) {
                why = "lagged";
            } else if (each.is == state::failed) {
                why = "failed: " + each.why;
            } else if (each.is == state::waiting && how == outcome::timeout) {
                why = "timeout";
            } else {
                continue;
            }
            missing.push_back({each.name, why});
            if (each.insists || is_required(each.name)) {
                decisive.push_back(missing.back());
            }
        }
        for (const auto& name : which.require) {
            if (std::none_of(which.responders.begin(), which.responders.end(),
                    [&name](const model_responder& each) { return each.name == name; })) {
                missing.push_back({name, "absent"});
                decisive.push_back(missing.back());
            }
        }
        for (const auto& each : missing) {
            made.missing += (made.missing.empty() ? "" : "; ") + each.responder + ": " + each.why;
        }
        const bool undecided = how != outcome::answered && how != outcome::abstained;
        if (made.abort.empty() && which.on_failure == failure_policy::closed && undecided) {
            made.abort = no_decision_reason(which.event, how, missing);
        } else if (made.abort.empty() && !decisive.empty()) {
            made.abort = missing_reason(which.event, decisive);
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
            BOOST_REQUIRE_EQUAL(each.who->verdict().payload, each.payload);
        }
        expected_.clear();
        std::size_t open = 0;
        std::size_t expected_replies = 0;
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
                expected_replies += one.is == state::waiting && !each.kept ? 1U : 0U;
            }
        }
        const auto held = w_.broker.held();
        BOOST_REQUIRE_EQUAL(held.open_slots, open);
        BOOST_REQUIRE_EQUAL(held.expected_replies, expected_replies);
        BOOST_REQUIRE_EQUAL(held.extra_waiters, extra);
        // Older ones are not touched any more; they only cost time.
        if (slots_.size() > 200) {
            std::erase_if(slots_, [](const model_slot& each) { return each.over.has_value(); });
        }
    }

    void finish_everything() {
        for (auto& each : peers_) {
            if (each.at != nullptr) {
                receive_all(each);
                leave(each);
                check();
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
    broker_fixture w_{{.capacity = capacity}};
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
    std::uint64_t lagged = 0;
    for (unsigned seed = 1; seed <= 100; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            const auto counted = model{seed}.run(1500);
            lagged += counted.lagged;
            for (std::size_t i = 0; i < protocol::outcome_count; ++i) {
                outcomes[i] += counted.outcomes[i];
            }
            for (std::size_t i = 0; i < protocol::refusal_count; ++i) {
                refused[i] += counted.refused[i];
            }
        }
    }
    // Whatever can happen did, many times.
    for (const auto each : {outcome::answered, outcome::abstained, outcome::timeout, outcome::abandoned,
             outcome::no_subscribers, outcome::unknown}) {
        BOOST_CHECK_GT(outcomes[static_cast<std::size_t>(each)], 10U);
    }
    BOOST_CHECK_GT(lagged, 10U);
    for (const auto each : {refusal::answered, refusal::expired, refusal::cancelled, refusal::unknown}) {
        BOOST_CHECK_GT(refused[static_cast<std::size_t>(each)], 10U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace hookd::core::test
