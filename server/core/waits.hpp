// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "absent_sessions.hpp"
#include "budgets.hpp"
#include "cluster_port.hpp"
#include "durability.hpp"
#include "durable_codec.hpp"
#include "ended_waits.hpp"
#include "operation_table.hpp"
#include "payload_view.hpp"
#include "session.hpp"
#include "slot.hpp"

#include <hookd/protocol/methods.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hookd::core {

/// What has to happen around a wait while it lasts. Called within a call of waits.
class wait_listener {
public:
    /// What has become of a turn in a chain.
    struct turn {
        enum class state : std::uint8_t { passed, lagged, taken, put_off };
        state is = state::passed;
        std::uint64_t place = 0;  ///< taken: how many events had been queued for the client before
    };
    /// It is the turn of `session` in the chain of `slot`: it is to get the event with the payload of the turn, which
    /// `payload` looks into, and what is left of the time. `passed`: the payload does not meet its conditions;
    /// `lagged`: it takes no more events; `put_off`: what its turn depends on is not durable yet, and continue_wait()
    /// is called when it is.
    [[nodiscard]] virtual turn begin_turn(const slot& slot, session& session, payload_view& payload, instant now) = 0;
    /// `session` was asked and need not reply any longer.
    virtual void reply_not_needed(
        session& session, const protocol::uuid& hook_event_id, protocol::refusal reason, instant now) = 0;
    /// A reply to that event was accepted so long after it.
    virtual void reply_accepted(const std::string& event_name, std::chrono::nanoseconds elapsed) = 0;
    /// The last word on a verdict of this host that may stop an operation.
    virtual void review(const slot& slot, protocol::wait_result& verdict, instant now) = 0;
    /// The wait has ended with this verdict of this host, which the emitter gets.
    virtual void concluded(const slot& slot, const protocol::wait_result& verdict, instant now) = 0;
    /// Whether verdicts that no emitter gets are wanted: then concluded() is called with those, too.
    [[nodiscard]] virtual bool wants_unheard() const = 0;
    /// The slot goes without a verdict that anybody gets.
    virtual void given_up(const slot& slot, protocol::refusal reason) = 0;
    /// The wait for a question that the cluster was asked is over.
    virtual void cluster_question_over(const protocol::uuid& hook_event_id) = 0;

protected:
    ~wait_listener() = default;
};

/// Who replies.
struct replier {
    std::uint64_t client_id = 0;
    core::session* session = nullptr;  ///< its push session; null: it has none
    std::string name{};
    std::uint32_t uid = 0;
    user_account& user;
    bool requests_stay = false;  ///< the reply stays at hand until the completions have been delivered
};

/// What has been counted since the daemon's start.
struct wait_counters {
    std::uint64_t accepted = 0;
    std::uint64_t refused[protocol::refusal_count] = {};
    std::uint64_t outcomes[protocol::outcome_count] = {};
    std::uint64_t proceeded = 0;
    std::uint64_t vetoed = 0;
    std::uint64_t failed_closed = 0;
    std::uint64_t bypassed = 0;
};

/// Which emitters wait for which replies: slots, their deadlines and policies.
///
/// A slot is opened before its event is published, so that no reply is too early. It is completed, expired, cancelled
/// or abandoned exactly once; later requests learn which, for the last 65,536 slots.
///
///   open() / reserve() --expect(), ask()--> begin() --respond(), abandon_expected(), lose()--> a completion
///                                             |\--expire()--> a completion: timeout
///                                             \---cancel()--> a completion: errc::cancelled
///   reserve() --> replies are kept --> await() --> the verdict, or as begin()
///
/// What may end a wait while others are looked at is put off, and so are the waits of an asker that is gone:
/// advance_pending() is to be called at the end of each request, and as long as has_pending(), with other work in
/// between: each call takes a bounded number of steps.
///
/// What is to outlive the daemon is told to `durable` (waits_durable.cpp); a verdict waits for the commit of what it
/// says.
///
/// Thread-safety: none (broker's strand). Lifetime: what it is constructed with must outlive it, and so must sessions
/// of which a reply is expected, and askers that wait. Throws std::bad_alloc.
class waits {
public:
    waits(core::budgets& budgets, operation_table& operations, durability& durable, wait_listener& listener) noexcept
        : budgets_(budgets), operations_(operations), durable_(durable), listener_(listener) {}
    waits(const waits&) = delete;
    waits& operator=(const waits&) = delete;

    // --- slots ---

    /// Why `asker` may not wait once more; nothing: it may.
    [[nodiscard]] std::optional<protocol::error> refuse_wait(const asker& asker) const;
    /// Opens a slot for an event that is to be published. refuse_wait() has found room.
    [[nodiscard]] slot& open(const question& question, asker& asker, std::chrono::milliseconds duration, instant now);
    /// The same for await_response(). budgets::refuse_reservation() has found room, too.
    [[nodiscard]] slot& reserve(
        const question& question, asker& asker, std::chrono::milliseconds duration, instant now);
    /// Its event has been published: takes the room for its replies, which refuse_memory() has found.
    static void begin_reserved(slot& slot);
    /// A reply of `session` is expected; it has not been asked yet. The responder is valid until the next one is added.
    responder& expect(slot& slot, session& session);
    /// The event is in the queue of the responder's client, at `place`.
    static void ask(responder& responder, std::uint64_t place) noexcept;
    /// `session` lags, so that its reply is missing.
    static void add_lagged(slot& slot, const session& session);
    /// Of a question of another host: `session` sees it, but its conditions are not met.
    static void add_passed(slot& slot, const session& session) { slot.foreign_->passed.push_back(session.name()); }
    /// `session`, which has conditions, is to be told the verdict.
    static void add_watcher(slot& slot, const session& session) { slot.watchers_.push_back(session.id()); }
    /// Hooks that its event passed over; null: none.
    static void set_passed_over(slot& slot, std::shared_ptr<const protocol::passed_over_hooks> hooks) noexcept {
        slot.passed_over_ = std::move(hooks);
    }
    /// Of a chain: the event, which the slot keeps.
    void keep_chain_event(slot& slot, event::pointer event);
    /// No responder is asked yet: the event waits for a first responder, and the slot keeps it.
    void park(slot& slot, event::pointer event);
    /// A retry with that id joins it.
    static void set_operation(slot& slot, const protocol::uuid& operation) { slot.operation_ = operation; }
    /// `waiter` waits for what has been opened and published. Its wait may be over when this returns. budgets has found
    /// memory for its footprint and for the replies.
    void begin(slot& slot, std::unique_ptr<waiter> waiter, asker& asker, instant now);
    /// No responder would answer: the verdict at once. The slot is gone.
    [[nodiscard]] protocol::wait_result end_unasked(slot& slot, instant now);
    /// `waiter` waits for what another request opened. Taken unless an error is returned.
    [[nodiscard]] std::optional<protocol::error> join(slot& slot, std::unique_ptr<waiter>&& waiter, asker& asker);

    struct pending {};
    /// Waits, for `timeout`, for what was reserved under that id. Pending: `waiter` is taken, until it comes back in a
    /// completion. Else it is left alone.
    [[nodiscard]] std::variant<pending, protocol::wait_result, protocol::error> await(std::string_view hook_event_id,
        std::unique_ptr<waiter>&& waiter, asker& asker, std::chrono::milliseconds timeout, instant now);

    /// Whether a slot of that id is, or was, there.
    [[nodiscard]] bool knows(const protocol::uuid& id) const { return slots_.contains(id); }
    [[nodiscard]] bool is_open(const protocol::uuid& id) const { return find_open(id) != nullptr; }
    /// Null: none is open under that id.
    [[nodiscard]] slot* find_open(const protocol::uuid& id) const;
    /// The name of the event whose slot takes replies under that id; empty: there is none. Valid until the next call.
    [[nodiscard]] std::string_view event_that_awaits(std::string_view hook_event_id) const;
    /// Whether that session's turn in a chain under that id has come.
    [[nodiscard]] bool is_turn_of(std::uint64_t session_id, std::string_view hook_event_id) const;

    // --- replies ---

    [[nodiscard]] std::variant<protocol::respond_result, protocol::error> respond(
        replier replier, const protocol::respond_params& params, instant now);
    /// A shadow's reply decides nothing.
    void count_accepted() noexcept { ++counters_.accepted; }

    // --- responders that go ---

    /// No reply of `session` will come any more: those that waited for it have lost it, which advance_pending() looks
    /// at.
    void abandon_expected(session& session);
    /// Nor to what was queued for it from `first_place` on: it lags.
    void lose_expected(session& session, std::uint64_t first_place);
    /// `new_session` continues `old_session`: replies are expected of it in its place.
    static void transfer_expected(session& old_session, session& new_session);

    // --- parked events ---

    /// Calls `visit(slot&)`, which returns whether to continue, for each slot whose event is parked, oldest first.
    template <class Visit>
    void for_each_parked(Visit visit) {
        for (auto& each : parked_) {
            if (!visit(each)) {
                return;
            }
        }
    }
    /// `session` is the first responder of a parked event, which is in its client's queue at `place`.
    void assign(slot& slot, session& session, std::uint64_t place);

    // --- the cluster (cluster_port.hpp) ---

    /// A reply of the cluster is expected, in whose place come those that delegate() names.
    void expect_cluster(slot& slot);
    /// The cluster has been asked.
    static void set_asks_cluster(slot& slot) noexcept { slot.asks_cluster_ = true; }
    /// Neither the cluster nor those that it named will answer.
    void fail_cluster(slot& slot, const std::string& why);
    /// The same of a question that the cluster was asked, and only then.
    void fail_delegation(const protocol::uuid& id, const std::string& why, instant now);
    /// Those are expected to reply besides the responders here; empty: none is.
    void delegate(const protocol::uuid& id, const std::vector<remote_responder>& responders, responder_records& records,
        instant now);
    /// What `host` says to the question: the last word of its responders. False: it comes too late.
    bool record_remote_answer(
        const protocol::uuid& id, std::string_view host, const remote_answer& answer, instant now);
    /// `host` will not answer.
    void host_left(const protocol::uuid& id, std::string_view host, instant now);

    // --- durability (waits_durable.cpp) ---

    /// `slot`, whose event is published and whose operation has begun, outlives the daemon from now on, with what is
    /// replied to it. `uid`: of the user who is charged for it.
    void keep_durably(slot& slot, std::uint32_t uid, instant now);
    /// What depended on that slot's last reply may be done: it is looked at by advance_pending().
    void continue_wait(const protocol::uuid& id) {
        if (slot* const open = find_open(id)) {
            put_off(*open);
        }
    }
    /// The log has come further: gives out the verdicts that waited for it.
    void release_committed();
    /// Where the verdict is durable with which the wait ends in this turn: with its event, or with the records of its
    /// end.
    [[nodiscard]] std::uint64_t position_of_end(const slot& slot) const noexcept {
        return slot.is_durable() ? durable_.next_position() : durable_.position_of_event(slot.seq());
    }
    /// What is not committed never was: ends the waits for such events, and the verdicts that wait for the log, with
    /// `failure`.
    void take_back(const protocol::error& failure, instant now);

    /// Opens what an earlier process had open for `event`. Of sessions that it had asked `absent` has the ids.
    void restore(const durable_wait& kept, event::pointer event, absent_sessions& absent, responder_records& records,
        instant now);
    /// What was said to one of those, in the order in which it was said. False: there is no such wait.
    [[nodiscard]] bool restore_reply(const durable_reply& kept);
    /// All has been restored.
    void end_restoring() {
        for (const auto& each : restored_) {
            continue_wait(each.id);
        }
    }
    /// Calls `visit(slot&, const event::pointer&)` for each open wait of an earlier process, in order of seq.
    template <class Visit>
    void for_each_restored(Visit visit) {
        for (const auto& each : restored_) {
            visit(*find_open(each.id), each.event);
        }
    }
    /// The same for those that expect a reply of the absent session of that id.
    template <class Visit>
    void for_each_restored(std::uint64_t session_id, Visit visit) {
        for_each_restored([session_id, &visit](slot& open, const event::pointer& event) {
            if (is_absent_responder(open, session_id)) {
                visit(open, event);
            }
        });
    }
    /// `session` is there in place of the absent one that has its id. `place`: of the event in its client's queue;
    /// nothing: it has it, or gets it at its turn.
    void expect_again(slot& slot, session& session, std::optional<std::uint64_t> place);

    // --- ends ---

    /// Ends the waits of `asker` that answer that request with errc::cancelled, and their operations with them, unless
    /// other requests have joined those.
    void cancel(asker& asker, std::string_view request_id, instant now);
    /// The same for one wait, which is_waiting().
    void cancel(waiter& waiter, instant now);
    /// `asker` is gone: its waits are to be ended by advance_pending(); their operations live on, so that a retry finds
    /// them.
    void cancel_all(asker& asker) noexcept { orphans_.splice(orphans_.end(), asker.waiters_); }
    /// Ends every wait: errc::shutting_down.
    void shut_down(instant now);
    [[nodiscard]] std::optional<steady_time> next_deadline() const noexcept {
        return deadlines_.empty() ? std::nullopt : std::optional{deadlines_.begin()->when()};
    }
    /// Ends what is due, but takes no more steps than advance_pending(): if there are more, next_deadline() is past
    /// still.
    void expire(instant now);
    /// Ends waits that lost a responder while others were looked at, and those of askers that are gone.
    void advance_pending(instant now) {
        if (has_pending()) [[unlikely]] {
            advance_some_pending(now);
        }
    }
    [[nodiscard]] bool has_pending() const noexcept { return !pending_.empty() || !orphans_.empty(); }

    /// Waits that have ended.
    [[nodiscard]] ended_waits& ended() noexcept { return completions_; }
    [[nodiscard]] const ended_waits& ended() const noexcept { return completions_; }

    // --- figures ---

    [[nodiscard]] const wait_counters& counters() const noexcept { return counters_; }
    [[nodiscard]] std::size_t open_slots() const noexcept { return open_slots_; }
    /// Pairs of a slot and a session that it waits for.
    [[nodiscard]] std::size_t expected() const noexcept { return expected_; }

private:
    struct slot_entry {
        std::unique_ptr<slot> open{};  // null: over
        protocol::refusal over = protocol::refusal::unknown;
    };

    [[nodiscard]] slot* find_open(std::string_view hook_event_id) const;
    [[nodiscard]] slot* find_asking(const protocol::uuid& id) const;
    [[nodiscard]] static bool is_absent_responder(const slot& slot, std::uint64_t session_id) noexcept;
    void restore_responders(slot& slot, const durable_wait& kept, absent_sessions& absent, responder_records& records);

    // What a waiter gets: an error where there is no memory for a verdict.
    using verdict = std::variant<protocol::wait_result, protocol::error>;

    // Bytes of a request that a reply of a slot may refer to until the verdict passes them on. Whatever has become of
    // that when the loan ends, the slot refers to them no more.
    class loan {
    public:
        loan(waits& waits, const slot& slot) noexcept : waits_(waits), slot_(slot.id()) {}
        loan(const loan&) = delete;
        loan& operator=(const loan&) = delete;
        ~loan();

    private:
        waits& waits_;
        protocol::uuid slot_;
    };

    // Of waits that end at a stretch: about what a hundred microseconds are enough for.
    static constexpr std::size_t most_steps = 256;
    [[nodiscard]] static std::size_t steps_of(const slot& slot) noexcept {
        return 1 + slot.responders_.size() + slot.waiters_.size();
    }

    void attach(slot& slot, std::unique_ptr<waiter> waiter, asker& asker);
    void complete(waiter& waiter, verdict result);
    [[nodiscard]] std::optional<protocol::error> charge(slot& slot, std::size_t bytes);
    [[nodiscard]] std::optional<protocol::error> charge_reply(slot& slot, const responder* responder,
        const replier& replier, const protocol::respond_params& params, std::size_t rewritten_bytes);

    [[nodiscard]] std::variant<protocol::respond_result, protocol::error> respond_to(
        slot& slot, replier& replier, const protocol::respond_params& params, instant now);
    [[nodiscard]] std::variant<protocol::respond_result, protocol::error> take_silence(
        slot& slot, responder* responder, const replier& replier, const protocol::respond_params& params, instant now);
    void accept_reply(slot& slot, responder* responder, replier& replier, const protocol::respond_params& params,
        bool may_borrow, instant now);
    [[nodiscard]] protocol::respond_result refuse(protocol::refusal reason) noexcept;
    void record_reply(slot& slot, responder& responder, responder::state state);
    void conclude(slot& slot, responder& responder, responder::state state);
    void release_expected(slot& slot, protocol::refusal reason, instant now);

    void record_remote_reply(slot& slot, responder& responder, responder::state state);
    void accept_remote_reply(slot& slot, responder* responder, std::string_view host,
        const protocol::wait_result::reply& reply, instant now);
    [[nodiscard]] bool charge_remote_reply(slot& slot, const responder* responder, std::size_t bytes, bool has_reason);
    void lose_remote(slot& slot, std::string_view host, const remote_answer& answer);

    void advance(slot& slot, instant now);
    void advance_some_pending(instant now);
    void put_off(slot& slot) noexcept {
        if (!static_cast<pending_hook&>(slot).is_linked()) {
            pending_.push_back(slot);
        }
    }
    void ask_next(slot& slot, instant now);
    void keep_or_finish(slot& slot, protocol::outcome outcome, instant now);
    void finish(slot& slot, protocol::outcome outcome, instant now);
    [[nodiscard]] protocol::wait_result describe(slot& slot, protocol::outcome outcome, instant now);
    [[nodiscard]] protocol::wait_result reviewed(slot& slot, protocol::wait_result result, instant now);
    [[nodiscard]] protocol::wait_result conclude_wait(slot& slot, protocol::outcome outcome, instant now);
    [[nodiscard]] verdict describe_without_replies(const slot& slot, protocol::outcome outcome) const noexcept;
    // What `make` gives, or the same without the replies.
    template <class Make>
    [[nodiscard]] verdict try_verdict(const slot& slot, protocol::outcome outcome, Make make) const noexcept;
    void conclude_unheard(slot& slot, protocol::outcome outcome, instant now);
    void drop(slot& slot, protocol::refusal reason, instant now);
    void give_up(waiter& waiter, bool with_operation, instant now);

    [[nodiscard]] bool hold_completion(const slot& slot, completion& ended) noexcept;
    void write_wait(slot& slot) { write_wait(slot, slot.chain_ ? slot.chain_->payload : std::string_view{}); }
    void write_wait(slot& slot, std::string_view payload);
    void write_silence(slot& slot, const responder& responder, durable_reply::kind kind, std::string_view failure);
    void write_reply(slot& slot, const responder* responder, const protocol::wait_result::reply& reply,
        std::int64_t order, std::string_view abort);
    void put_reply(slot& slot, const durable_reply& reply);
    [[nodiscard]] static std::uint32_t number_of(const slot& slot, const responder& responder) noexcept;
    void erase_records(slot& slot);

    struct restored_wait {
        protocol::uuid id{};
        core::event::pointer event{};
    };
    struct held_completion {
        std::uint64_t position = 0;
        completion done{};
    };

    core::budgets& budgets_;
    operation_table& operations_;
    durability& durable_;
    wait_listener& listener_;
    boost::unordered_flat_map<protocol::uuid, slot_entry, uuid_hash> slots_{};
    std::deque<protocol::uuid> over_{};  // ids of slots that are over, oldest first
    boost::intrusive::list<slot, boost::intrusive::base_hook<parked_hook>, boost::intrusive::constant_time_size<false>>
        parked_{};  // ascending seq
    boost::intrusive::multiset<deadline, boost::intrusive::constant_time_size<false>> deadlines_{};
    boost::intrusive::list<slot, boost::intrusive::base_hook<pending_hook>, boost::intrusive::constant_time_size<false>>
        pending_{};  // that lost a responder and have not been advanced since
    boost::intrusive::list<waiter, boost::intrusive::base_hook<waiter_hook<by_asker>>,
        boost::intrusive::constant_time_size<false>>
        orphans_{};  // whose askers are gone
    ended_waits completions_{};
    std::vector<held_completion> held_{};    // oldest first; their positions are in no order
    std::vector<restored_wait> restored_{};  // of an earlier process; by seq
    std::shared_ptr<responder_record> cluster_record_ = std::make_shared<responder_record>("cluster");
    std::size_t open_slots_ = 0;
    std::size_t expected_ = 0;
    wait_counters counters_{};
};

}  // namespace hookd::core
