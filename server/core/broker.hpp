// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster_port.hpp"
#include "durability.hpp"
#include "durable_codec.hpp"
#include "event_log.hpp"
#include "id_source.hpp"
#include "journal.hpp"
#include "operation_table.hpp"
#include "payload_view.hpp"
#include "replay_table.hpp"
#include "session.hpp"
#include "topic_table.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hookd::core {

/// The broker's limits. Each has a flag of the same name.
struct broker_limits {
    std::size_t capacity = 1024;                         ///< events retained, and events that may wait for a session
    std::size_t capacity_bytes = std::size_t{64} << 20;  ///< bytes of all events that are retained or wait
    std::size_t max_waiting = 65'536;                    ///< requests that wait
    std::size_t max_waiting_per_connection = 1024;       ///< of one client
    std::size_t max_reserved = 16'384;                   ///< slots that `emit` reserves; they count as waiting, too
    std::size_t memory_bytes = std::size_t{64} << 20;    ///< kept replies and remembered results
    std::chrono::milliseconds default_timeout = protocol::default_timeout;
    std::string host{};  ///< this host's name in a cluster; empty: it has none
};

/// The broker: who subscribed to what, which events wait for whom, which emitters wait for which replies. Pure state:
/// it does no I/O, reads no clock and starts no thread. Requests go in with the time; results come back at once or, for
/// waits, in take_completions(); what is to be written is pulled by each client's connection.
///
/// Use: after each call, or batch of calls, hand out take_completions() and take_next_ready(), and see to it that
/// expire() is called at next_deadline().
///
/// Thread-safety: none: all calls, and all event::pointer traffic, on one strand. Errors: protocol failures are
/// returned; what is thrown (std::bad_alloc, std::system_error of the random source) is fatal.
class broker {
public:
    explicit broker(const broker_limits& limits, steady_time started);
    broker(const broker&) = delete;
    broker& operator=(const broker&) = delete;
    ~broker();

    [[nodiscard]] const protocol::uuid& instance() const noexcept { return instance_; }
    /// From now on `who` is told what happens; null: nobody. It must outlive this.
    void record_to(recorder* who) noexcept { recorder_ = who; }
    /// From now on what is recorded, or told as a verdict, goes through `secrets`; null: as it is. It must outlive
    /// this.
    void hide(const secret_filter* secrets) noexcept { secrets_ = secrets; }

    // --- clients ---

    /// A new client. `owner` is given back by take_next_ready(), and must outlive the client.
    [[nodiscard]] client& attach(const peer& who, event_sink* owner);
    /// The client is gone: its session ends, its waits are over (their waiters come back as errc::cancelled), slots of
    /// its own go, but for reserved ones and those with an operation_id. Invalidates `gone`.
    void detach(client& gone, instant now);
    /// The client will send nothing more: it cannot reply, so nobody waits for it any longer.
    void half_close(client& quiet, instant now);
    /// From now on these names are for sessions of clients that may_use_set_aside_names. Any other that has one is
    /// called `pid N` from now on. `disabled`: those of them that no session will have, as long as it says so.
    void set_names_aside(const std::vector<std::string>& names, const std::vector<std::string>& disabled = {});
    /// What verdicts call it: its session's name, `pid N`, or `peer N` where the kernel gives no pid.
    [[nodiscard]] static std::string name_of(const client& who);
    /// Whether the daemon still owes it something: an answer, events, or a push session.
    [[nodiscard]] static bool is_owed_anything(const client& who) noexcept;

    // --- methods (PROTOCOL.md, "Methods"); `raw_params`: the bytes of `params`, which operation_id compares ---

    template <class Result>
    using result_or_error = std::variant<Result, protocol::error>;
    struct pending {};

    /// Whether a request with that operation_id is under way or remembered: then this one is a retry.
    [[nodiscard]] bool is_retry(const std::optional<protocol::uuid>& operation) const {
        return operation && operations_.knows(*operation);
    }
    [[nodiscard]] result_or_error<protocol::emit_result> emit(
        client& by, const protocol::emit_params& params, std::string_view raw_params, instant now);
    /// Pending: `who` is the broker's until it comes back in a completion.
    [[nodiscard]] std::variant<pending, protocol::wait_result, protocol::error> emit_and_wait(client& by,
        const protocol::emit_and_wait_params& params, std::string_view raw_params, waiter& who, instant now);
    [[nodiscard]] std::variant<pending, protocol::wait_result, protocol::error> await_response(
        client& by, const protocol::await_response_params& params, waiter& who, instant now);
    [[nodiscard]] result_or_error<protocol::subscribe_result> subscribe(
        client& by, const protocol::subscribe_params& params, instant now);
    /// Changes what the session of `by` gets from now on: an event that fits before and after is got once. False where
    /// it has none, or one that has ended.
    [[nodiscard]] bool change_session(client& by, const protocol::subscribe_params& params);
    /// The session of `by`, where it has one, gets no more events; those that it has may still be replied to.
    void withdraw(client& by);
    /// Drops what is queued. `closed` is to be sent with the seq that comes with it. A session that has lagged is over
    /// already, and what it owes stays.
    struct unsubscribed {
        bool was_subscribed = false;
        std::uint64_t last_seq = 0;
    };
    [[nodiscard]] unsubscribed unsubscribe(client& by, instant now);
    /// The peer can take nothing any more: its session is over, and so is what it owes.
    void end_session(client& of, instant now);
    /// The name of the event whose slot takes replies under that id; empty where there is none. Valid until the next
    /// call.
    [[nodiscard]] std::string_view event_that_awaits(std::string_view hook_event_id) const;
    [[nodiscard]] result_or_error<protocol::respond_result> respond(
        client& by, const protocol::respond_params& params, instant now);
    /// Whether that reply would put another payload in place of the event's: it is its turn in a chain.
    [[nodiscard]] bool is_turn_of(const client& by, std::string_view hook_event_id) const;
    /// Whom an emit_and_wait would ask; what is the catalog's is left as it is.
    [[nodiscard]] protocol::who_result who(const protocol::who_params& params) const;
    /// Begins a bypass, in place of the one in force, or ends that.
    [[nodiscard]] protocol::bypass_result bypass(const client& by, const protocol::bypass_params& params, instant now);
    /// What is to be logged whatever else is: lines of text since the last call.
    [[nodiscard]] std::vector<std::string> take_audit() { return std::exchange(audit_, {}); }
    [[nodiscard]] bool has_audit() const noexcept { return !audit_.empty(); }
    /// Hands `what` to the session of that name (the newest, where there are several) once more. `then` gets the result
    /// of `replay`; whatever the responder says decides nothing and is counted nowhere.
    [[nodiscard]] std::optional<protocol::error> replay(
        client& by, std::string_view to, const journalled_event& what, deferred_handler then, instant now);
    /// What to do with a request that has an operation_id and is carried out asynchronously.
    struct new_operation {};  ///< carry it out, and call finish_async()
    using async_start = std::variant<new_operation, pending, std::string, protocol::error>;
    /// Pending: it is under way, and joined. The text is the result that is remembered. `then` is called at the end of
    /// what is to be carried out or under way, and must not keep `by` alive. What is to be carried out is owed to `by`
    /// until then (owe()).
    [[nodiscard]] async_start begin_async(client& by, const protocol::uuid& operation, std::string_view method,
        std::string_view raw_params, deferred_handler then, instant now);
    void finish_async(const protocol::uuid& operation, const deferred_result& result, instant now);
    /// One more answer that `by` is owed and that is made elsewhere; the error: as many as may be are.
    [[nodiscard]] std::optional<protocol::error> add_in_flight(client& by) const;
    /// Ends `who`'s wait with errc::cancelled, and its operation with it, unless another request has joined that.
    void cancel(waiter& who, instant now);
    /// All but what the transport counts (connections, protocol_errors, bytes).
    [[nodiscard]] protocol::stats_result stats(instant now) const;

    /// What is held at the moment. All but the bytes of retained events and of remembered results come back to 0 once
    /// nobody waits.
    struct holdings {
        std::size_t open_slots = 0;
        std::size_t reserved_slots = 0;    ///< in open_slots, too
        std::size_t extra_waiters = 0;     ///< waits on a slot that somebody else, or `emit`, opened
        std::size_t expected_replies = 0;  ///< pairs of a slot and a session that it waits for
        std::size_t event_bytes = 0;       ///< of all events that are retained or wait
        std::size_t peeked_bytes = 0;      ///< of events that connections are writing, in event_bytes too
        std::size_t held_bytes =
            0;  ///< of events that wait for a first subscriber or their turn in a chain, in event_bytes too
        std::size_t memory_bytes = 0;      ///< kept replies and remembered results
        std::size_t closing_sessions = 0;  ///< sessions that have ended but whose queue is not out yet
    };
    [[nodiscard]] holdings held() const noexcept {
        return {open_slots_, reserved_slots_, extra_waiters_, expected_replies_, ledger_.live_bytes,
            ledger_.peeked_bytes, held_bytes_, memory_.used(), closing_};
    }

    // --- the cluster (cluster_port.hpp) ---

    /// Takes part in a cluster from now on; null: in none. Before anybody is attached. `port` must outlive this.
    void join_cluster(cluster_port* port) noexcept { cluster_ = port; }
    [[nodiscard]] cluster_port* cluster() const noexcept { return cluster_; }
    /// Those have to answer the question `id` besides the responders here; empty: nobody. Ignored where the cluster is
    /// not waited for.
    void delegate(const protocol::uuid& id, const std::vector<remote_responder>& who, instant now);
    /// Neither the cluster nor those that it named will answer.
    void fail_delegation(const protocol::uuid& id, const std::string& why, instant now);
    /// What `host` says to the question `id`: the last word of its responders. False where it comes too late.
    bool record_remote_answer(
        const protocol::uuid& id, std::string_view host, const remote_answer& answer, instant now);
    /// `host` will not answer the question `id`.
    void host_left(const protocol::uuid& id, std::string_view host, instant now);
    /// Events of other hosts may be lost: closes the sessions of scope cluster.
    void close_for_gap(instant now);
    /// Nothing is handed out to `which` until unmute().
    static void mute(client& which) noexcept { which.muted = true; }
    void unmute(client& which);
    [[nodiscard]] bool is_shutting_down() const noexcept { return shutting_down_; }
    /// A number for an event that is told to the cluster before it is published (protocol::event_origin).
    [[nodiscard]] protocol::uuid make_event_id() { return ids_.next(); }

    // --- what outlives the daemon (broker_durable.cpp) ---

    /// From now on what has to outlive the daemon is written to `log`. `records`: what is in it, which is taken up: the
    /// run goes on. Before anybody is attached. Throws durable_damage.
    void make_durable(durable_log& log, const durable_records& records, instant now);
    /// Hands what has changed to the log. Once a turn, before its output is taken.
    void write_changes();
    /// The log has come so far.
    void committed(std::uint64_t position, instant now);
    /// What is not committed will not be: it is taken back, and whoever asked for it is told `why`.
    void lost(const std::string& why, instant now);
    /// How many changes there have been that are to be durable.
    [[nodiscard]] std::uint64_t durable_changes() const noexcept { return durability_.changes(); }
    /// Whether everything so far is durable, or nothing is to be.
    [[nodiscard]] bool is_durable() const noexcept { return durability_.is_committed(durability_.position()); }
    /// Calls `then` once everything so far is durable, perhaps at once, with null; or with why it never will be.
    /// `asker` is owed something meanwhile; it may be gone when `then` is called.
    using durable_handler = std::function<void(const protocol::error*)>;
    void once_durable(client& asker, durable_handler then);
    /// The same for what is owed already.
    void once_durable(durable_handler then);
    /// Whether so much waits for the log that `which` is to be read no further until it has come on.
    [[nodiscard]] bool must_wait_for_log(const client& which) const noexcept;
    [[nodiscard]] std::uint64_t head_seq() const noexcept { return head_seq_; }

    // --- time ---

    [[nodiscard]] std::optional<steady_time> next_deadline() const;
    /// Ends what is due, but no more than 1,024 waits: where there are more, next_deadline() is past still, and this is
    /// to be called again.
    void expire(instant now);
    /// Ends every wait and every session; from then on requests get errc::shutting_down.
    void shut_down(instant now);

    // --- output ---

    /// Waits that have ended since the last call.
    /// `spare`: memory for the next ones, such as what the last call gave.
    [[nodiscard]] std::vector<completion> take_completions(std::vector<completion> spare = {});
    /// The owner of a client that has had something to pull since it was last named here; null where there is none.
    /// Never one that has been detached.
    [[nodiscard]] event_sink* take_next_ready();
    /// How many are listed for take_next_ready().
    [[nodiscard]] std::size_t ready_count() const noexcept { return ready_.size(); }
    /// Lists `which` for take_next_ready(), where it has output of its own.
    void wake(client& which) { mark_ready(which); }
    [[nodiscard]] bool has_output() const noexcept { return has_completions() || !ready_.empty(); }
    [[nodiscard]] bool has_completions() const noexcept { return !completions_.empty(); }
    /// Whether a queue is half full since the last call: whoever has more requests at hand should see to the output
    /// first, so that a burst which came in one piece does not push out a subscriber that keeps up.
    [[nodiscard]] bool take_backpressure() noexcept { return std::exchange(backpressure_, false); }

    /// Hands out the next events of `to`, oldest first, up to `most_events` and, but for the first, `most_bytes`: they
    /// stay valid until sent() gives them back. Appends to `out`.
    void peek_batch(client& to, std::size_t most_events, std::size_t most_bytes, std::vector<event*>& out);
    /// Hands out `events`, one at least, if those are the next ones of `to`; returns whether they are. They are
    /// compared by address.
    [[nodiscard]] bool peek_same_batch(client& to, std::span<event* const> events);
    /// Takes the oldest event of a client of which none are handed out; null where none waits. It counts as sent.
    [[nodiscard]] event::pointer take_next(client& to);
    /// Takes the oldest notice of `to` that no event goes before.
    [[nodiscard]] std::optional<notice> take_notice(client& to);
    /// The events handed out that sent() has not given back yet. Appends to `out`.
    static void peeked_events(const client& to, std::vector<event*>& out);
    /// The first `count` of the events handed out have been written.
    void sent(client& to, std::size_t count);
    /// Whether `which` holds more than its part of the memory for events, while events for others wait for that memory.
    /// Once it has read nothing for a second, its connection is to be closed. It is listed for take_next_ready() when
    /// this begins.
    [[nodiscard]] bool must_read(const client& which) const noexcept {
        return which.must_read && (!held_back_.empty() || ledger_.live_bytes > limits_.capacity_bytes);
    }
    /// What was handed out will never be written.
    void forget_peeked(client& to);
    /// Where all events of a session that has ended are out: why and where it ended, once. The session is gone then.
    struct ended {
        protocol::close_reason reason{};
        std::uint64_t last_seq = 0;
    };
    [[nodiscard]] std::optional<ended> take_ended(client& to);

private:
    struct slot_entry {
        std::unique_ptr<slot> open{};  // null: over
        protocol::refusal over = protocol::refusal::unknown;
    };
    using deadlines = boost::intrusive::multiset<deadline>;

    // events
    struct published {
        event::pointer what{};
        std::size_t subscribers = 0;
    };
    published publish(
        const protocol::event_fields& fields, std::string_view payload, const client& by, slot* awaiting, instant now);
    template <class Params>
    [[nodiscard]] protocol::event_fields next_event(const Params& params, instant now);
    [[nodiscard]] std::optional<protocol::error> refuse_origin(const protocol::event_origin* origin) const;
    void make_room(std::size_t bytes, topic& target, instant now);
    void forget_oldest_event();
    [[nodiscard]] std::vector<client*> large_holders(std::size_t room) const;
    void push_holders_out(std::size_t bytes, instant now);
    std::size_t require_reading(client& holder);
    [[nodiscard]] bool may_peek(const event& next) const noexcept;
    [[nodiscard]] bool is_handed_out_later(client& to, std::uint64_t position);
    void hold_back(client& to);
    void resume_held_back();
    void end_peek(client& from, std::size_t count) noexcept;
    // Once a delivery: the inner loop of a fan-out.
    void queue(client& to, event& what) {
        to.outbox.push_back(what);
        backpressure_ = backpressure_ || 2 * to.outbox.size() >= limits_.capacity;
        mark_ready(to);
    }
    [[nodiscard]] static bool sees(const session& each, std::string_view host) noexcept {
        return host.empty() || each.spans_cluster;
    }
    [[nodiscard]] static bool wants(const session& each, bool is_asked, payload_view& payload) {
        return (is_asked || !each.asked_only) && (each.where.empty() || payload.meets(each.where));
    }
    [[nodiscard]] bool take_replayed_reply(
        client& by, const protocol::uuid& hook_event_id, const protocol::respond_params& params, instant now);
    void tell_replays_are_over(const std::vector<replay_table::replay>& over, protocol::refusal why, instant now);
    void record_delivery(event& what, const session& to) {
        if (recorder_ != nullptr && what.take_delivery_record()) {
            recorder_->event_delivered(what, to.name());
        }
    }
    void close(session& which, protocol::close_reason reason, instant now);
    static void drop_queue(client& of);
    void forget_session(client& of);
    void remove_session(client& of);
    void announce_session(const session& which);
    void withdraw_session(session& which);
    void lose_queue(client& of);
    void mark_ready(client& which) {
        if (!which.ready) {
            which.ready = true;
            ready_.push_back(&which);
        }
    }
    class name_matcher;
    [[nodiscard]] std::optional<protocol::error> refuse_resume(
        name_matcher& matches, const protocol::subscribe_params& params) const;
    void take_over(client& by, std::unique_ptr<session> next);
    [[nodiscard]] std::optional<std::uint64_t> take_expected_id(const session& newcomer);
    struct backlog {
        std::vector<event::pointer> events{};  // in order of seq
        std::vector<slot*> assigned{};         // that wait for a first responder; ascending seq, too
        std::vector<slot*> continued{};        // of an earlier process, that wait for it
    };
    [[nodiscard]] backlog collect_backlog(
        const session& newcomer, name_matcher& matches, std::optional<std::uint64_t> after_seq);
    void add_continued(backlog& found, std::uint64_t session_id, std::optional<std::uint64_t> after_seq);
    void deliver_backlog(session& newcomer, const backlog& found);
    void continue_wait(slot& which, session& by, const std::vector<event::pointer>& events, std::uint64_t first_place);
    [[nodiscard]] std::optional<protocol::error> refuse_patterns(
        const client& by, const std::vector<std::string>& patterns) const;

    // slots
    void ask_cluster(slot& which, event::pointer what);
    void send_to_cluster(slot& which, const event& what);
    void leave_cluster(slot& which);
    [[nodiscard]] slot* asking_slot(const protocol::uuid& id);
    void fail_cluster(slot& which, const std::string& why);
    void record_remote_reply(slot& which, responder& by, responder::state as);
    void accept_remote_reply(
        slot& to, responder* own, std::string_view host, const protocol::wait_result::reply& said, instant now);
    void lose_remote_responders(slot& which, std::string_view host, const remote_answer& answer);
    [[nodiscard]] std::optional<protocol::error> charge_remote_reply(
        slot& to, const responder* own, std::size_t bytes, bool has_reason);
    [[nodiscard]] std::optional<protocol::error> take_more_room(slot& which);
    [[nodiscard]] std::optional<protocol::error> refuse_wait(const client& by) const;
    [[nodiscard]] std::optional<protocol::error> refuse_reservation(const client& by);
    [[nodiscard]] std::optional<protocol::error> refuse_memory(const account& user, std::size_t more);
    slot& open_slot(
        const protocol::event_fields& event, client& owner, std::chrono::milliseconds duration, instant now);
    slot& open_reservation(
        const protocol::event_fields& event, client& owner, std::chrono::milliseconds duration, instant now);
    [[nodiscard]] std::size_t count_responders(std::string_view event_name);
    responder& add_responder(slot& to, session& from);
    static void ask(responder& which, std::uint64_t place);
    void ask_next(slot& which, instant now);
    [[nodiscard]] event::pointer event_for_turn(const slot& which, instant now);
    void note_shadow(session& asked, const protocol::uuid& id, instant now);
    [[nodiscard]] static bool record_shadow(session& of, const protocol::respond_params& params, instant now);
    static void add_lagged(slot& to, const session& from);
    void attach_waiter(waiter& who, slot& to, client& by, bool extra);
    void complete(waiter& who, std::variant<protocol::wait_result, protocol::error> result);
    protocol::respond_result accept_reply(
        slot& to, responder* own, client& by, const protocol::respond_params& params, bool may_borrow, instant now);
    void record_reply(slot& which, responder& by, responder::state as);
    void conclude(slot& which, responder& by, responder::state as);
    void release_expected(slot& which, protocol::refusal over, instant now);
    void hold(slot& which, std::size_t bytes);
    void release_held(slot& which);
    void abandon_expected(session& which, instant now);
    /// Ends the wait where nothing is left to wait for.
    void advance(slot& which, instant now);
    /// Advances the slots that lost a responder while others were at work.
    void advance_pending(instant now);
    void keep_or_finish(slot& which, protocol::outcome how, instant now);
    void finish(slot& which, protocol::outcome how, instant now);
    void drop(slot& which, protocol::refusal as, instant now);
    void give_up(waiter& who, bool with_operation, instant now);
    [[nodiscard]] protocol::wait_result describe(slot& which, protocol::outcome how, instant now);
    void override_abort(const slot& which, protocol::wait_result& verdict, instant now);
    void end_bypass(std::string_view how);
    [[nodiscard]] std::optional<protocol::bypass_info> bypass_now(instant now) const;
    /// The same for the end of the wait: counts it, and tells those who want to know.
    [[nodiscard]] protocol::wait_result conclude_wait(slot& which, protocol::outcome how, instant now);
    /// The same where nobody is left to hear of it: nothing has proceeded, nor been stopped.
    void conclude_unheard(slot& which, protocol::outcome how, instant now);
    static void count_failures(const slot& which, protocol::outcome how);
    void summarize_responders(std::vector<protocol::stats_result::responder>& out) const;
    [[nodiscard]] std::optional<protocol::wait_result> without_secrets(
        const slot& which, const protocol::wait_result& verdict) const;
    void announce(const slot& which, const protocol::wait_result& whole, instant now);
    void tell(session& whom, notice what, instant now);
    [[nodiscard]] result_or_error<protocol::respond_result> find_and_respond(
        client& by, const protocol::respond_params& params, instant now);
    [[nodiscard]] result_or_error<protocol::respond_result> respond_to(
        slot& to, client& by, const protocol::respond_params& params, instant now);
    [[nodiscard]] std::optional<protocol::error> refuse_room(
        const client& by, const protocol::emit_and_wait_params& params, std::size_t footprint_bytes);
    [[nodiscard]] std::optional<protocol::error> charge(slot& which, std::size_t bytes);
    [[nodiscard]] std::optional<protocol::error> charge_reply(slot& to, const responder* own, const client& by,
        const protocol::respond_params& params, std::size_t rewritten_bytes);
    [[nodiscard]] std::optional<protocol::error> join(waiter& who, slot& to, client& by);
    void set_charge(slot& which, std::size_t bytes) noexcept;
    void take_room(slot& which);
    void give_back_room(slot& which);
    void give_back_memory(slot& which) noexcept;
    [[nodiscard]] protocol::respond_result refuse(protocol::refusal why);
    void assign(slot& which, session& by, std::uint64_t place);

    // what outlives the daemon
    struct restored_events;
    [[nodiscard]] restored_events restore_events(const durable_records& records, instant now);
    void retain_restored(const restored_events& events);
    void restore_waits(const durable_records& records, const restored_events& events, instant now);
    void restore_wait(const durable_wait& kept, event::pointer what, instant now);
    void restore_responders(slot& which, const durable_wait& kept);
    void restore_replies(const durable_records& records);
    void restore_operations(const durable_records& records, instant now);
    [[nodiscard]] std::uint64_t expected_id(std::string_view name, std::size_t nth);
    void write_wait(slot& which);
    void write_reply(const protocol::uuid& id, const client& by, const protocol::respond_params& params);
    void write_remote_reply(slot& which);
    void put_reply(slot& which, const durable_reply& said);
    void erase_wait(slot& which);
    [[nodiscard]] bool is_awaited(const event& what) const;
    void take_back_events();
    void take_back_waits(const protocol::error& why, instant now);
    void hold_answer(client* asker, durable_handler then);
    void release_held(std::uint64_t committed);
    void wake_awaiting_commit();

    broker_limits limits_;
    steady_time started_;
    id_source ids_{};
    protocol::uuid instance_;
    recorder* recorder_ = nullptr;
    const secret_filter* secrets_ = nullptr;
    std::uint64_t head_seq_ = 0;
    std::uint64_t last_session_id_ = 0;
    std::uint64_t last_client_id_ = 0;
    bool shutting_down_ = false;

    durability durability_{};
    // Before everything that holds events.
    event_ledger ledger_{};
    account_table accounts_{};
    memory_budget memory_;
    operation_table operations_;
    replay_table replays_{};
    event_log log_;
    topic_table topics_{};
    boost::unordered_flat_map<std::string, bool> set_aside_names_{};  // and whether a hook of that name is enabled
    responder_records records_{};
    boost::unordered_flat_map<std::uint64_t, std::unique_ptr<client>> clients_{};

    boost::unordered_flat_map<protocol::uuid, slot_entry, uuid_hash> slots_{};
    std::deque<protocol::uuid> over_{};  // ids of slots that are over, oldest first
    boost::intrusive::list<slot, boost::intrusive::base_hook<parked_hook>> parked_{};  // ascending seq
    std::size_t held_bytes_ = 0;  // of events that slots keep from being forgotten
    deadlines deadlines_{};
    std::vector<protocol::uuid> pending_{};  // slots that lost a responder and have not been advanced since
    std::size_t open_slots_ = 0;
    std::size_t reserved_slots_ = 0;
    std::size_t extra_waiters_ = 0;     // waits on a slot that somebody else, or `emit`, opened
    std::size_t expected_replies_ = 0;  // pairs of a slot and a session that it waits for

    std::unique_ptr<bypass_in_force> bypass_{};  // after deadlines_, which link it
    std::vector<std::string> audit_{};

    std::vector<completion> completions_{};
    std::deque<client*> ready_{};
    std::deque<client*> held_back_{};  // oldest first
    bool backpressure_ = false;

    std::uint64_t deliveries_ = 0;
    std::uint64_t accepted_ = 0;
    std::uint64_t refused_[protocol::refusal_count] = {};
    std::uint64_t outcomes_[protocol::outcome_count] = {};
    std::uint64_t lagged_ = 0;
    std::uint64_t proceeded_ = 0;
    std::uint64_t vetoed_ = 0;
    std::uint64_t failed_closed_ = 0;
    std::uint64_t bypassed_ = 0;
    std::size_t verdict_sessions_ = 0;  // those that are told verdicts
    cluster_port* cluster_ = nullptr;   // null: there is none
    std::shared_ptr<responder_record> cluster_record_ = std::make_shared<responder_record>("cluster");
    std::size_t closing_ = 0;  // sessions that have ended but whose queue is not out yet

    // What waits for the durable log; empty where there is none. Each oldest first.
    struct held_output {
        std::uint64_t position = 0;
        std::uint64_t client_id = 0;
        durable_handler then{};
    };
    struct uncommitted_batch {
        std::uint64_t position = 0;
        std::uint64_t head_seq = 0;  // once it is committed
        std::size_t event_bytes = 0;
    };
    std::deque<held_output> held_{};
    std::deque<uncommitted_batch> uncommitted_{};
    std::deque<std::pair<std::uint64_t, protocol::uuid>> uncommitted_waits_{};  // by position
    std::uint64_t committed_head_ = 0;
    std::size_t gathered_event_bytes_ = 0;     // of the turn
    std::size_t uncommitted_event_bytes_ = 0;  // of all batches
    std::vector<client*> awaiting_commit_{};
    // Of an earlier process.
    std::vector<protocol::uuid> continued_{};  // waits, by seq
    std::multimap<std::string, std::uint64_t, std::less<>>
        expected_sessions_{};  // names and ids of those that they asked
};

}  // namespace hookd::core
