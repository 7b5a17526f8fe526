// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "absent_sessions.hpp"
#include "broker_limits.hpp"
#include "budgets.hpp"
#include "bypass_switch.hpp"
#include "cluster_port.hpp"
#include "durability.hpp"
#include "durable_codec.hpp"
#include "event_log.hpp"
#include "id_source.hpp"
#include "journal.hpp"
#include "missed_events.hpp"
#include "name_matcher.hpp"
#include "operation_table.hpp"
#include "replay_table.hpp"
#include "sessions.hpp"
#include "waits.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hookd::core {

/// The bytes of a request: its `params`, which operation_id compares, and the memory that they lie in, of which a large
/// event may take a share; null: events take copies.
struct request_bytes {
    std::string_view params{};
    frame_memory* memory = nullptr;
};

/// The broker: the mediator between sessions, waits, operations and the log of events. Pure state: it does no I/O,
/// reads no clock and starts no thread. Requests go in with the time; results come back at once or, for waits, in
/// take_completion(); what is to be written is pulled by each client's connection.
///
/// Use: after each call, or batch of calls, as long as has_output(), call advance_pending() and deliver
/// take_completion() and take_next_ready(), with calls for other clients in between where there is much of it; and see
/// to it that expire() is called at next_deadline().
///
/// Thread-safety: none: all calls, and all event::pointer traffic, on one strand. Errors: protocol failures are
/// returned; what is thrown (std::bad_alloc, std::system_error of the random source) is fatal.
class broker final : private session_listener, private wait_listener {
public:
    explicit broker(const broker_limits& limits, steady_time started);
    broker(const broker&) = delete;
    broker& operator=(const broker&) = delete;
    ~broker() = default;

    [[nodiscard]] const protocol::uuid& instance() const noexcept { return instance_; }
    /// From now on `recorder` records what happens; null: nothing does. It must outlive this.
    void record_to(recorder* recorder) noexcept {
        recorder_ = recorder;
        sessions_.record_to(recorder);
        if (recorder != nullptr && durability_.is_on()) {
            recorder->events_committed(durability_.committed_seq());
        }
    }
    /// From now on what is recorded, or told as a verdict, goes through `secrets`; null: as it is. It must outlive
    /// this.
    void hide(const secret_filter* secrets) noexcept { secrets_ = secrets; }

    // --- clients ---

    /// A new client. `sink` is given back by take_next_ready(), and must outlive the client; null: it takes no output.
    [[nodiscard]] client& attach(const peer& peer, event_sink* sink, const client_options& options = {});
    /// The client is gone: its session ends, its waits are over as soon as advance_pending() comes to them (their
    /// waiters come back as errc::cancelled), slots of its own go, but for reserved ones and those with an
    /// operation_id. Invalidates `client`.
    void detach(client& client, instant now);
    /// The client will send nothing more: it cannot reply, so no emitter waits for it any longer.
    void half_close(client& client, instant now);
    /// From now on these names are for sessions of clients that may_use_set_aside_names. Any other that has one is
    /// called `pid N` from now on. `disabled`: registered hooks of such names that no session will have, as long as it
    /// says so.
    void set_names_aside(const std::vector<std::string>& names, std::vector<protocol::hook_definition> disabled = {});

    // --- methods (PROTOCOL.md, "Methods") ---

    template <class Result>
    using result_or_error = std::variant<Result, protocol::error>;
    using pending = waits::pending;
    using wait_start = std::variant<pending, protocol::wait_result, protocol::error>;

    /// Whether a request with that operation_id is under way or remembered: then this one is a retry.
    [[nodiscard]] bool is_retry(const std::optional<protocol::uuid>& operation) const {
        return operation && operations_.knows(*operation);
    }
    /// `terms`: of the slot that is reserved, if one is.
    [[nodiscard]] result_or_error<protocol::emit_result> emit(client& client, const protocol::emit_params& params,
        const request_bytes& request, instant now, const reservation_terms& terms = {});
    /// Pending: `waiter` is the broker's until it comes back in a completion. Else it is left alone.
    [[nodiscard]] wait_start emit_and_wait(client& client, const protocol::emit_and_wait_params& params,
        const request_bytes& request, std::unique_ptr<waiter>&& waiter, instant now);
    [[nodiscard]] wait_start await_response(
        client& client, const protocol::await_response_params& params, std::unique_ptr<waiter>&& waiter, instant now);
    /// Ends the waits and replays of `client` that answer that request with errc::cancelled, and their operations with
    /// them, unless other requests have joined those.
    void cancel(client& client, std::string_view request_id, instant now);
    /// The same for one wait, which is_waiting().
    void cancel(waiter& waiter, instant now);
    /// `missed`: what collect_missed() has found. Where it is cut, the session lags behind it: it is closed when it has
    /// these, and can resume again.
    [[nodiscard]] result_or_error<protocol::subscribe_result> subscribe(
        client& client, const protocol::subscribe_params& params, instant now, const missed_events& missed = {});
    /// Whether subscribe() would refuse to resume for events that are retained no longer, of which the journal may hold
    /// more than `missed`: those after that, and before oldest_retained_seq().
    [[nodiscard]] bool needs_journal(
        client& client, const protocol::subscribe_params& params, const missed_events& missed) const;
    [[nodiscard]] std::uint64_t oldest_retained_seq() const noexcept { return log_.oldest_seq(); }
    /// Adds to `missed` what `client` would want of `found`, the next events out of the journal.
    void collect_missed(client& client, const protocol::subscribe_params& params, std::vector<journalled_event> found,
        missed_events& missed) const;
    /// Changes what the session of `client` gets from now on: an event that fits before and after is got once. False if
    /// it has none, or one that has been closed.
    [[nodiscard]] bool change_session(client& client, const protocol::subscribe_params& params);
    /// The session of `client`, if it has one, gets no more events; those that it has may still be replied to.
    void withdraw(client& client);
    /// Drops what is queued. `closed` is to be sent with the seq that comes with it. A session that has lagged is over
    /// already, and replies to what it has peeked are still expected of it.
    struct unsubscribed {
        bool was_subscribed = false;
        std::uint64_t last_seq = 0;
    };
    [[nodiscard]] unsubscribed unsubscribe(client& client, instant now);
    /// The peer can take nothing any more: its session is over, and no reply is expected of it.
    void end_session(client& client, instant now);
    /// The name of the event whose slot takes replies under that id; empty: there is none. Valid until the next call.
    [[nodiscard]] std::string_view event_that_awaits(std::string_view hook_event_id) const {
        return waits_.event_that_awaits(hook_event_id);
    }
    [[nodiscard]] result_or_error<protocol::respond_result> respond(
        client& client, const protocol::respond_params& params, instant now);
    /// Whether that reply would put another payload in place of the event's: it is its turn in a chain.
    [[nodiscard]] bool is_turn_of(const client& client, std::string_view hook_event_id) const {
        return client.session() != nullptr && waits_.is_turn_of(client.session()->id(), hook_event_id);
    }
    /// The responders that an emit_and_wait would ask; what is the catalog's is left as it is.
    [[nodiscard]] protocol::who_result who(const protocol::who_params& params) const;
    /// Begins a bypass, in place of the one in force, or ends that.
    [[nodiscard]] protocol::bypass_result bypass(
        const client& client, const protocol::bypass_params& params, instant now) {
        return bypass_.change(params, client.peer().uid, client.default_name(), now);
    }
    /// What is to be logged whatever else is: lines of text since the last call.
    [[nodiscard]] std::vector<std::string> take_audit() { return bypass_.take_audit(); }
    [[nodiscard]] bool has_audit() const noexcept { return bypass_.has_audit(); }
    /// Begins a replay, whose event is yet to be found; `handler` gets the result of `replay`, or the error. From now
    /// on `client` may cancel it by the id of its request. Returns its number.
    [[nodiscard]] result_or_error<std::uint64_t> begin_replay(
        client& client, std::string_view request_id, deferred_handler handler);
    /// It cannot be carried out.
    void refuse_replay(std::uint64_t number, const protocol::error& failure);
    /// Queues `event`, which has its payload, once more for the session of that name (the newest, if there are
    /// several), unless the replay of that number is over; whatever the responder says decides nothing and is counted
    /// nowhere.
    void replay(std::uint64_t number, std::string_view session_name, const journalled_event& event, instant now);
    /// All but what the transport counts (connections, protocol_errors, bytes).
    [[nodiscard]] protocol::stats_result stats(instant now) const;

    // --- requests that are carried out asynchronously ---

    /// `handler` as it is to be called, once and on this strand, with what such a request came to: until then `client`
    /// is owed an answer. The error: it is owed as many as it may be.
    [[nodiscard]] result_or_error<deferred_handler> defer(client& client, deferred_handler handler) const;
    /// What to do with such a request that has an operation_id.
    struct new_operation {};  ///< carry it out, and call finish_async()
    using async_start = std::variant<new_operation, pending, std::string, protocol::error>;
    /// Pending: it is under way, and joined. The text is the result that is remembered. `handler` is called at the end
    /// of what is to be carried out or under way, and must not keep `client` alive; until then `client` is owed an
    /// answer.
    [[nodiscard]] async_start begin_async(client& client, const protocol::uuid& operation, std::string_view method,
        std::string_view raw_params, deferred_handler handler, instant now);
    void finish_async(const protocol::uuid& operation, const deferred_result& result, instant now);

    // --- the cluster (cluster_port.hpp) ---

    /// Takes part in a cluster from now on; null: in none. Before any client is attached. `port` must outlive this.
    void join_cluster(cluster_port* port) noexcept { cluster_ = port; }
    [[nodiscard]] cluster_port* cluster() const noexcept { return cluster_; }
    /// Those have to answer the question `id` besides the responders here; empty: none. Ignored if the cluster is not
    /// waited for.
    void delegate(const protocol::uuid& id, const std::vector<remote_responder>& responders, instant now);
    /// Neither the cluster nor those that it named will answer.
    void fail_delegation(const protocol::uuid& id, const std::string& why, instant now);
    /// What `host` says to the question `id`: the last word of its responders. False if it comes too late.
    bool record_remote_answer(
        const protocol::uuid& id, std::string_view host, const remote_answer& answer, instant now);
    /// `host` will not answer the question `id`.
    void host_left(const protocol::uuid& id, std::string_view host, instant now);
    /// Events of other hosts may be lost: closes the sessions of scope cluster.
    void close_for_gap(instant now);
    /// Nothing of `client` may be peeked until unmute().
    static void mute(client& client) noexcept { sessions::mute(client); }
    void unmute(client& client) { sessions_.unmute(client); }
    [[nodiscard]] bool is_shutting_down() const noexcept { return shutting_down_; }
    /// A number for an event that the cluster gets before it is published (protocol::event_origin).
    [[nodiscard]] protocol::uuid make_event_id() { return ids_.next(); }

    // --- durability (durable_log.hpp) ---

    /// From now on what is to outlive the daemon is written to `log`, which must outlive this. `records`: what is in
    /// it, which is continued: instance() is that of its run. Before any client is attached. Throws durable_damage.
    void make_durable(durable_log& log, const durable_records& records, instant now);
    /// Tells the recorder which waits continue. To be called once, after record_to() and hide().
    void record_restored();
    /// Hands the changes since the last call to the log. To be called before output is taken.
    void write_changes() {
        if (durability_.has_changes()) [[unlikely]] {
            durability_.write();
        }
    }
    /// The log has committed everything up to `position`.
    void committed(std::uint64_t position, instant now);
    /// The log has lost everything after what it has committed: it is taken back, and requests for it get
    /// errc::limit_exceeded (`journal`) with `reason`.
    void lost(const std::string& reason, instant now);
    /// How many changes there have been that are to be durable: a caller can see whether a call has made one.
    [[nodiscard]] std::uint64_t durable_changes() const noexcept { return durability_.changes(); }
    /// Whether everything so far is durable, or nothing is to be.
    [[nodiscard]] bool is_durable() const noexcept { return durability_.is_committed(); }
    /// Calls `handler` when everything so far is durable, perhaps at once. Until then `client` is owed an answer; it
    /// may be gone when `handler` is called.
    void once_durable(client& client, durable_handler handler);
    /// The same for no client.
    void once_durable(durable_handler handler) { durability_.once_committed(std::move(handler)); }
    /// Whether so much waits for the log that requests are to wait, too. A burst that is faster than the disk would
    /// else push out subscribers that keep up.
    [[nodiscard]] bool must_wait_for_log() const noexcept {
        return durability_.is_on() && (2 * durability_.uncommitted_events() >= limits_.capacity ||
                                          4 * durability_.uncommitted_bytes() >= limits_.capacity_bytes);
    }
    /// The number of the newest event.
    [[nodiscard]] std::uint64_t head_seq() const noexcept { return head_seq_; }

    // --- time ---

    [[nodiscard]] std::optional<steady_time> next_deadline() const;
    /// Ends what is due, but some hundred waits at most: if there are more, next_deadline() is past still, and this is
    /// to be called again.
    void expire(instant now);
    /// Ends every wait and every session; from then on requests get errc::shutting_down.
    void shut_down(instant now);

    // --- output (sessions.hpp says what each does) ---

    /// Whether waits are to be ended that a client left behind, or that a hook was expected to reply to.
    [[nodiscard]] bool has_pending() const noexcept { return waits_.has_pending(); }
    /// Ends some of them.
    void advance_pending(instant now) { waits_.advance_pending(now); }
    /// The wait that ended first of those whose waiters have not been taken. There must be one.
    [[nodiscard]] completion take_completion() { return waits_.ended().take_first(); }
    [[nodiscard]] bool has_completions() const noexcept { return !waits_.ended().empty(); }
    /// The requests of this turn are about to go: what is not taken refers to their bytes no more.
    void keep_completions() noexcept { waits_.ended().keep(); }
    [[nodiscard]] bool has_output() const noexcept { return has_pending() || has_completions() || ready_count() != 0; }
    [[nodiscard]] event_sink* take_next_ready() noexcept { return sessions_.take_next_ready(); }
    [[nodiscard]] std::size_t ready_count() const noexcept { return sessions_.ready_count(); }
    /// `client` has output of its own.
    void wake(client& client, urgency how_urgent) { sessions_.wake(client, how_urgent); }
    /// Whether a queue has become half full since the last call: a caller that has more requests at hand should see to
    /// the output first, so that a burst which came in one piece does not push out a subscriber that keeps up.
    [[nodiscard]] bool has_backpressure() const noexcept { return sessions_.has_backpressure(); }
    void peek_batch(client& client, std::size_t most_events, std::size_t most_bytes, std::vector<event*>& out) {
        sessions_.peek_batch(client, most_events, most_bytes, out);
    }
    [[nodiscard]] bool peek_same_batch(client& client, std::span<event* const> events) {
        return sessions_.peek_same_batch(client, events);
    }
    static void peeked_events(const client& client, std::vector<event*>& out) { sessions::peeked_events(client, out); }
    void sent(client& client, std::size_t count) { sessions_.sent(client, count); }
    void forget_peeked(client& client) { sessions_.forget_peeked(client); }
    [[nodiscard]] event::pointer take_next(client& client) { return sessions_.take_next(client); }
    [[nodiscard]] std::optional<notice> take_notice(client& client) { return sessions_.take_notice(client); }
    /// Whether `client` holds more than its part of the memory for events, while events for others wait for that
    /// memory. Once it has read nothing for a second, its connection is to be closed. It is listed for
    /// take_next_ready() when this begins.
    [[nodiscard]] bool must_read(const client& client) const noexcept { return sessions_.must_read(client); }
    /// Where all events of a session that has been closed are out: why and where it ended, once.
    [[nodiscard]] std::optional<sessions::ended> take_ended(client& client);

    // --- figures ---

    /// What is held at the moment. All but the bytes of retained events and of remembered results come back to 0 once
    /// no request waits.
    struct holdings {
        std::size_t open_slots = 0;
        std::size_t reserved_slots = 0;    ///< in open_slots, too
        std::size_t extra_waiters = 0;     ///< waits on a slot that another request, or `emit`, opened
        std::size_t expected_replies = 0;  ///< pairs of a slot and a session that it waits for
        std::size_t event_bytes = 0;       ///< of all events that are retained or wait
        std::size_t peeked_bytes = 0;      ///< of events that connections are writing, in event_bytes too
        std::size_t held_bytes = 0;        ///< of events that are parked or wait for their turn, in event_bytes too
        std::size_t memory_bytes = 0;      ///< kept replies and remembered results
        std::size_t closing_sessions = 0;  ///< sessions that have been closed but whose queue is not out yet
    };
    [[nodiscard]] holdings held() const noexcept {
        return {waits_.open_slots(), budgets_.reservations(), budgets_.waits() - waits_.open_slots(), waits_.expected(),
            ledger_.live_bytes, ledger_.peeked_bytes, budgets_.held_bytes(), budgets_.memory_bytes(),
            sessions_.closing()};
    }

private:
    // of sessions
    void session_closing(session& session, protocol::close_reason reason, instant now) override;
    void events_lost(session& session, std::uint64_t first_place) override {
        waits_.lose_expected(session, first_place);
    }
    // of waits
    [[nodiscard]] turn begin_turn(const slot& slot, session& session, payload_view& payload, instant now) override;
    void reply_not_needed(
        session& session, const protocol::uuid& hook_event_id, protocol::refusal reason, instant now) override;
    void reply_accepted(const std::string& event_name, std::chrono::nanoseconds elapsed) override;
    void review(const slot& slot, protocol::wait_result& verdict, instant now) override {
        bypass_.override_abort(slot.event_name(), slot.seq(), verdict, now);
    }
    void concluded(const slot& slot, const protocol::wait_result& verdict, instant now) override;
    [[nodiscard]] bool wants_unheard() const override { return sessions_.verdict_sessions() > 0; }
    void given_up(const slot& slot, protocol::refusal reason) override {
        if (recorder_ != nullptr) {
            recorder_->wait_given_up(slot.seq(), reason);
        }
    }
    void cluster_question_over(const protocol::uuid& hook_event_id) override { cluster_->close(hook_event_id); }

    // events
    struct published {
        core::event::pointer event{};
        std::size_t subscribers = 0;
    };
    [[nodiscard]] protocol::event_fields next_event(
        std::string_view name, std::string_view cause, const protocol::event_origin* origin, instant now);
    [[nodiscard]] std::optional<protocol::error> refuse_origin(const protocol::event_origin* origin) const;
    [[nodiscard]] published publish(const protocol::event_fields& fields, std::string_view payload,
        const client& client, slot* slot, frame_memory* memory, instant now);
    static void note_disabled(const topic& target, bool is_asked, payload_view& payload, pass_list& passed);
    std::size_t ask_responders(slot& slot, const topic& target, event& event, instant now);
    [[nodiscard]] std::size_t count_responders(std::string_view event_name);
    void ask_cluster(slot& slot, event::pointer event);
    void send_to_cluster(slot& slot, const event& event);
    [[nodiscard]] event::pointer event_for_turn(const slot& slot, instant now);

    // requests
    [[nodiscard]] static protocol::error shutdown_error();
    [[nodiscard]] std::optional<protocol::error> refuse_reservation(
        client& client, std::string_view event_name, const reservation_terms& terms);
    [[nodiscard]] std::optional<protocol::error> refuse_question(
        client& client, const protocol::emit_and_wait_params& params, const waiter& waiter);
    slot& reserve_slot(
        const protocol::event_fields& fields, client& client, const reservation_terms& terms, instant now);
    slot& open_slot(const protocol::event_fields& fields, client& client, const protocol::emit_and_wait_params& params,
        instant now);
    [[nodiscard]] bool record_shadow(session& session, const protocol::respond_params& params, instant now);
    [[nodiscard]] bool take_replayed_reply(client& client, const protocol::respond_params& params, instant now);
    [[nodiscard]] std::optional<protocol::error> queue_replay(
        std::uint64_t number, std::string_view session_name, const journalled_event& event, instant now);
    void notify_replays_over(const std::vector<replay_table::replay>& over, protocol::refusal reason, instant now);

    // sessions
    [[nodiscard]] std::optional<protocol::error> refuse_subscription(
        const client& client, const protocol::subscribe_params& params) const;
    [[nodiscard]] std::optional<protocol::error> refuse_resume(const protocol::subscribe_params& params) const;
    [[nodiscard]] bool retains_all_after(
        std::uint64_t seq, name_matcher& matches, const protocol::subscribe_params& params) const;
    [[nodiscard]] protocol::error resume_refusal(const std::string& why) const;
    [[nodiscard]] std::vector<event::pointer> make_missed(const missed_events& missed, bool& is_cut, instant now);
    struct backlog {
        std::vector<event::pointer> events{};  // in order of seq
        std::vector<slot*> parked{};           // that wait for a first responder; ascending seq, too
        std::vector<slot*> restored{};         // that an absent session was asked in; ascending seq, too
        bool is_cut = false;                   // there are more than a session is handed at once
    };
    [[nodiscard]] std::variant<backlog, protocol::error> find_backlog(
        client& client, const protocol::subscribe_params& params, const missed_events& missed, instant now);
    // Of retained events those past `through_seq`, too.
    void add_kept(backlog& found, const session& session, name_matcher& matches, std::optional<std::uint64_t> after_seq,
        std::uint64_t through_seq);
    void add_restored(backlog& found, const session& session, std::optional<std::uint64_t> after_seq);
    void deliver_backlog(session& session, const backlog& missed);
    [[nodiscard]] std::optional<std::uint64_t> find_absent(
        const client& client, const protocol::subscribe_params& params) const;
    session& replace_session(client& client, std::unique_ptr<session> next);
    void remove_session(client& client);
    void announce_to_cluster(const session& session) const;
    void withdraw_from_cluster(session& session) const;

    [[nodiscard]] std::optional<protocol::wait_result> without_secrets(
        const slot& slot, const protocol::wait_result& verdict) const;
    void notify_verdict(const slot& slot, const protocol::wait_result& verdict, instant now);
    void summarize_responders(std::vector<protocol::stats_result::responder>& out) const;

    // what a restart continues; events ascending by seq
    [[nodiscard]] std::vector<event::pointer> restore_events(const durable_records& records, instant now);
    void restore_operations(const durable_records& records, instant now);
    void restore_waits(const durable_records& records, const std::vector<event::pointer>& events, instant now);
    void restore_replies(const durable_records& records);
    void retain(const std::vector<event::pointer>& events);

    broker_limits limits_;
    steady_time started_;
    id_source ids_{};
    protocol::uuid instance_;
    recorder* recorder_ = nullptr;
    const secret_filter* secrets_ = nullptr;
    cluster_port* cluster_ = nullptr;  // null: there is none
    std::uint64_t head_seq_ = 0;
    bool shutting_down_ = false;
    boost::unordered_flat_map<std::string, bool> set_aside_names_{};  // and whether a hook of that name is enabled
    responder_records records_{};
    replay_table replays_{};
    bypass_switch bypass_{};
    pass_list passed_{};  // of the event that is being published
    absent_sessions absent_{};

    // What holds events comes after the ledger, what holds tokens after the budgets, what links waiters before waits_.
    event_ledger ledger_{};
    memory_budget memory_;
    durability durability_{};
    operation_table operations_;
    budgets budgets_;
    event_log log_;
    sessions sessions_;
    waits waits_;
};

}  // namespace hookd::core
