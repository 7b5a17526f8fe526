// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "broker_limits.hpp"
#include "client.hpp"
#include "durability.hpp"
#include "event_log.hpp"
#include "instant.hpp"
#include "pass_list.hpp"
#include "payload_view.hpp"
#include "recorder.hpp"
#include "topic_table.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::core {

/// What others have to do when a session ends or loses events. Called within a call of sessions.
class session_listener {
public:
    /// It takes no more events. Unless that is for lag or a gap, no reply is expected of it any more, either.
    virtual void session_closing(session& session, protocol::close_reason reason, instant now) = 0;
    /// The events that were queued for it from `first_place` on will never reach it: nor will replies to them.
    virtual void events_lost(session& session, std::uint64_t first_place) = 0;

protected:
    ~session_listener() = default;
};

/// The clients, their push sessions, and the way of events to them: who subscribed to what (topics), what waits for
/// which client (queues), who is too slow for it (lag), and the memory that all of it takes.
///
/// An event that is delivered is queued for each session that wants it; the session's connection peeks the next ones,
/// writes them, and says that they are sent. A session whose queue is full is closed as lagged. The memory of events is
/// within capacity_bytes: see event_memory.cpp.
///
/// What is not durable yet may not be peeked; its clients are woken by release_committed().
///
/// Thread-safety: none (broker's strand). Lifetime: what it is constructed with must outlive it. Throws std::bad_alloc.
class sessions {
public:
    sessions(const broker_limits& limits, event_ledger& ledger, event_log& log, const durability& durable,
        session_listener& listener) noexcept
        : limits_(limits),
          capacity_(limits.capacity),
          ledger_(ledger),
          log_(log),
          durable_(durable),
          listener_(listener) {}
    sessions(const sessions&) = delete;
    sessions& operator=(const sessions&) = delete;

    /// Reports each delivery to `recorder`; null: to none. It must outlive this.
    void record_to(recorder* recorder) noexcept { recorder_ = recorder; }

    // --- clients ---

    /// `sink` is given back by take_next_ready(), and must outlive the client.
    [[nodiscard]] client& attach(
        const peer& peer, event_sink* sink, const client_options& options, connection_account::pointer account);
    /// Its session and its waits must be over. Invalidates `client`.
    void detach(client& client);
    /// It sends nothing more, so its session responds no longer.
    static void half_close(client& client) noexcept;
    /// Calls `visit(client&)` for each, in no order. It may close sessions, but attach and detach nothing.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& [id, each] : clients_) {
            visit(*each);
        }
    }

    // --- push sessions ---

    /// The id of the next session of `client`: that of the one that has ended and which it continues, or a new one.
    [[nodiscard]] std::uint64_t next_session_id(const client& client) const noexcept {
        return client.session_ ? client.session_->id_ : last_session_id_ + 1;
    }
    /// Ids up to that one stand for sessions of an earlier process.
    void begin_after(std::uint64_t session_id) noexcept { last_session_id_ = session_id; }
    /// Makes `next`, which has that id, the session of `client`.
    session& open(client& client, std::unique_ptr<session> next);
    /// From now on it gets events.
    void list(session& session) { topics_.add(session); }
    /// From now on it gets none: it is not listed.
    void unlist(session& session) { topics_.remove(session); }
    /// Changes what it gets. It must not be listed.
    static void change(session& session, const protocol::subscribe_params& params) { session.set_terms(params); }
    static void rename(session& session, std::shared_ptr<responder_record> record) noexcept {
        session.record_ = std::move(record);
    }
    /// It is of scope local from now on.
    static void leave_cluster(session& session) noexcept { session.spans_cluster_ = false; }
    /// It takes no more events, and `ended` follows those that are queued. Nothing for one that has been closed.
    void close(session& session, protocol::close_reason reason, instant now);
    /// Drops what has not been peeked, and all notices.
    static void drop_output(client& client) noexcept;
    /// The session of `client`, which has one, is gone.
    void remove(client& client);

    /// Where all events of a session that has been closed are out: why and where it ended, once.
    struct ended {
        protocol::close_reason reason{};
        std::uint64_t last_seq = 0;
        bool is_over = false;  ///< no reply is expected of it: it is to be removed
    };
    [[nodiscard]] std::optional<ended> take_ended(client& client) noexcept;

    /// Sessions that get verdicts.
    [[nodiscard]] std::size_t verdict_sessions() const noexcept { return verdict_sessions_; }
    /// Sessions that have been closed and whose end has not been taken.
    [[nodiscard]] std::size_t closing() const noexcept { return closing_; }
    [[nodiscard]] std::uint64_t lagged() const noexcept { return lagged_; }
    [[nodiscard]] std::uint64_t deliveries() const noexcept { return deliveries_; }

    // --- topics ---

    /// The topic of that name with the sessions that match it. Valid until the next call.
    [[nodiscard]] topic& find_topic(std::string_view name) { return topics_.find(name); }
    [[nodiscard]] const topic_table& topics() const noexcept { return topics_; }
    [[nodiscard]] topic_table& topics() noexcept { return topics_; }

    // --- delivery ---

    /// Makes room in the memory of events, of which the newest always fits. Whoever must give way for it lags. Brings
    /// `target` up to date.
    void make_room(std::size_t bytes, topic& target, instant now);
    /// Queues an event whose reply no request waits for, for each session of `target` that wants it. Returns how many.
    /// Adds hooks that would have got another one to `passed`; null: it is not wanted.
    std::size_t deliver(const topic& target, event& event, pass_list* passed, instant now);
    /// Whether it takes one more event; if its queue is full, it is closed as lagged.
    [[nodiscard]] bool accepts(session& session, instant now) {
        if (session.client_->outbox_.size() >= capacity_) [[unlikely]] {
            close(session, protocol::close_reason::lagged, now);
        }
        return !session.closing_;
    }
    /// Queues `event` for `client`, whose session accepts it. May throw std::bad_alloc; nothing has changed then.
    void queue(client& client, event& event) {
        client.outbox_.push_back(event);
        wake(client, event.expects_response() ? urgency::awaited : urgency::told);
        if (!client.is_pressed_ && 2 * client.outbox_.size() >= capacity_) [[unlikely]] {
            client.is_pressed_ = true;
            ++pressed_;
        }
    }
    /// Whether an event of another host, `is_foreign`, or of this one, is for it.
    [[nodiscard]] static bool sees(const session& session, bool is_foreign) noexcept {
        return !is_foreign || session.spans_cluster();
    }
    /// Whether it wants an event with that payload, for whose reply a request waits (`is_asked`) or none.
    [[nodiscard]] static bool wants(const session& session, bool is_asked, payload_view& payload) {
        return (is_asked || !session.asked_only_) && payload.meets(session.where_);
    }
    /// Sends it a notice. A session that does not take its verdicts lags as one that does not take its events.
    void notify(session& session, notice notice, instant now);

    // --- output ---

    /// A client's sink that has had something to pull since it was last named here; null if there is none. Never one of
    /// a client that has been detached. Those for which something urgent waits come first, but not always: the others
    /// have their turn, too.
    [[nodiscard]] event_sink* take_next_ready() noexcept;
    [[nodiscard]] std::size_t ready_count() const noexcept { return urgent_.size() + ready_.size(); }
    /// Lists `client` for take_next_ready().
    void wake(client& client, urgency how_urgent) {
        if (how_urgent == urgency::awaited) {
            if (!client.is_urgent_) {
                urgent_.push_back(&client);
                client.is_urgent_ = true;
            }
        } else if (!client.ready_) {
            ready_.push_back(&client);
            client.ready_ = true;
        }
    }
    /// Whether some queue is half full whose client has not been named by take_next_ready() since: events are published
    /// faster than they are delivered, and the next ones are to wait.
    [[nodiscard]] bool has_backpressure() const noexcept { return pressed_ != 0; }

    /// The next events of `client`, oldest first, up to `most_events` and, but for the first, `most_bytes`: they stay
    /// valid until sent() gives them back. Appends to `out`.
    void peek_batch(client& client, std::size_t most_events, std::size_t most_bytes, std::vector<event*>& out);
    /// Peeks `events`, one at least, if those are the next ones of `client`; returns whether they are. They are
    /// compared by address.
    [[nodiscard]] bool peek_same_batch(client& client, std::span<event* const> events);
    /// The events peeked that sent() has not given back yet. Appends to `out`.
    static void peeked_events(const client& client, std::vector<event*>& out);
    /// The first `count` of the events peeked have been written, and all notices that were taken.
    void sent(client& client, std::size_t count);
    /// What was peeked will never be written.
    void forget_peeked(client& client);
    /// Takes the oldest event of a client of which none are peeked; null if none waits. It counts as sent.
    [[nodiscard]] event::pointer take_next(client& client);
    /// Takes the oldest notice of `client` that no event goes before.
    [[nodiscard]] std::optional<notice> take_notice(client& client) {
        return client.notices_.empty() ? std::nullopt : take_first_notice(client);
    }
    /// Whether `client` holds more than its part of the memory for events, while events for others wait for that
    /// memory.
    [[nodiscard]] bool must_read(const client& client) const noexcept {
        return client.must_read_ && (!held_back_.empty() || ledger_.live_bytes > limits_.capacity_bytes);
    }
    /// Nothing of it may be peeked until unmute().
    static void mute(client& client) noexcept { client.muted_ = true; }
    void unmute(client& client) {
        client.muted_ = false;
        wake(client, urgency::awaited);
    }

    // --- durability ---

    /// The log has come further: wakes the clients whose next output waited for it.
    void release_committed();
    /// Events that are not committed never were. They have not been peeked.
    void take_back() noexcept;

private:
    void end_pressure(client& client) noexcept;
    [[nodiscard]] std::optional<notice> take_first_notice(client& client);
    void await_commit(client& client);
    static void drop_unpeeked(client& client) noexcept;
    void lose_queue(client& client);
    static void end_peek(client& client, std::size_t count) noexcept;
    [[nodiscard]] std::vector<client*> large_holders(std::size_t room) const;
    void push_holders_out(std::size_t bytes, instant now);
    std::size_t require_reading(client& client);
    [[nodiscard]] bool make_room_for_verdict(std::size_t bytes);
    [[nodiscard]] bool may_peek(const event& next) const noexcept;
    void hold_back(client& client);
    void resume_held_back();
    void record_delivery(event& event, const session& session) {
        if (recorder_ != nullptr && event.take_delivery_record()) {
            recorder_->event_delivered(event, session.name(), event.expects_response() && session.decides());
        }
    }

    const broker_limits& limits_;
    std::size_t capacity_;
    event_ledger& ledger_;
    event_log& log_;
    const durability& durable_;
    session_listener& listener_;
    recorder* recorder_ = nullptr;
    std::uint64_t last_client_id_ = 0;
    std::uint64_t last_session_id_ = 0;
    topic_table topics_{};
    boost::unordered_flat_map<std::uint64_t, std::unique_ptr<client>> clients_{};
    std::deque<client*> urgent_{};
    std::deque<client*> ready_{};
    unsigned urgent_taken_ = 0;               // since one of ready_ was
    std::deque<client*> held_back_{};         // oldest first
    std::vector<client*> awaiting_commit_{};  // what is next for them is not durable yet
    std::size_t pressed_ = 0;                 // clients that are
    std::size_t verdict_sessions_ = 0;
    std::size_t closing_ = 0;
    std::uint64_t lagged_ = 0;
    std::uint64_t deliveries_ = 0;
};

}  // namespace hookd::core
