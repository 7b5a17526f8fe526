// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "event_queue.hpp"
#include "notice.hpp"
#include "peer.hpp"
#include "session.hpp"
#include "waiter.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace hookd::core {

/// Pulls a client's output, and is called when there is some, on the broker's strand.
class event_sink {
public:
    virtual void on_ready() = 0;

protected:
    ~event_sink() = default;
};

/// What waits for a client's connection to pull it: something that a request waits for (an answer, a question, the end
/// of one) comes before what is merely told.
enum class urgency : bool { told, awaited };

/// What a client is to the broker, for as long as it is there.
struct client_options {
    /// What it sends stays at hand until the completions that it causes have been delivered.
    bool requests_stay = false;
    /// It is a hook that the daemon runs itself: names that are set aside are for it.
    bool may_use_set_aside_names = false;
};

/// A connection, or an embedder, as the broker sees it: what others may know of it. Class sessions alone changes it.
///
/// Lifetime: owned by the broker, valid from attach() to detach(). Thread-safety: none (broker's strand).
class client {
public:
    client(std::uint64_t id, const core::peer& peer, event_sink* sink, const client_options& options,
        connection_account::pointer account)
        : id_(id), sink_(sink), options_(options), asker_(std::move(account)), peer_(peer) {}
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] const core::peer& peer() const noexcept { return peer_; }
    [[nodiscard]] event_sink* sink() const noexcept { return sink_; }
    [[nodiscard]] const client_options& options() const noexcept { return options_; }
    /// `pid 12`, or `peer 3`, its number, if there is no pid.
    [[nodiscard]] std::string default_name() const {
        return peer_.pid > 0 ? "pid " + std::to_string(peer_.pid) : "peer " + std::to_string(id_);
    }
    /// What verdicts call it: its session's name, or the default one.
    [[nodiscard]] std::string name() const { return session_ ? session_->name() : default_name(); }

    /// Its push session; null: it has none.
    [[nodiscard]] core::session* session() noexcept { return session_.get(); }
    [[nodiscard]] const core::session* session() const noexcept { return session_.get(); }
    /// Its waits.
    [[nodiscard]] core::asker& asker() noexcept { return asker_; }
    [[nodiscard]] connection_account& account() const noexcept { return asker_.account(); }

    /// Events that wait for it, the first peeked() of them in the hands of its connection.
    [[nodiscard]] const event_queue& outbox() const noexcept { return outbox_; }
    [[nodiscard]] std::size_t peeked() const noexcept { return peeked_; }
    /// How many events had been queued for it when the next one that is to be peeked was.
    [[nodiscard]] std::uint64_t next_place() const noexcept { return sent_ + peeked_; }
    /// How many have been queued for it so far.
    [[nodiscard]] std::uint64_t end_place() const noexcept { return sent_ + outbox_.size(); }
    /// It has shut its sending side down: it will never reply.
    [[nodiscard]] bool is_half_closed() const noexcept { return half_closed_; }
    /// Bytes of events, and of verdicts, that wait for it or that its connection is writing.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return outbox_.bytes() + notices_.bytes(); }
    /// It holds event memory that others waited for when that was last looked at (broker::must_read() looks now).
    [[nodiscard]] bool must_read() const noexcept { return must_read_; }
    /// Whether it waits for something: an answer, events, or a push session that is open.
    [[nodiscard]] bool is_owed_anything() const noexcept {
        return (session_ && !session_->is_ended()) || asker_.is_waiting() || !outbox_.empty() || !notices_.empty() ||
               account().in_flight() != 0;
    }

private:
    friend class sessions;

    std::uint64_t id_;
    event_sink* sink_;
    std::unique_ptr<core::session> session_{};
    event_queue outbox_{};
    std::size_t peeked_ = 0;
    std::uint64_t sent_ = 0;      // events that have left the outbox by its front
    bool ready_ = false;          // listed for take_next_ready()
    bool is_urgent_ = false;      // listed there among those that go first
    bool is_pressed_ = false;     // listed, and its queue is half full: what is queued comes faster than it is pulled
    bool held_back_ = false;      // what is next for it may not be peeked, since too much is peeked already
    bool awaits_commit_ = false;  // what is next for it is not durable yet
    bool must_read_ = false;
    bool muted_ = false;  // nothing may be peeked until it has been told that its session is open
    bool half_closed_ = false;
    client_options options_;
    notice_queue notices_{};
    core::asker asker_;
    core::peer peer_;
};

}  // namespace hookd::core
