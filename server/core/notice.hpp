// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "event.hpp"

#include <hookd/protocol/framing.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace hookd::core {

/// The notification `verdict`: encoded once, and shared by all sessions that get it. Its bytes count as bytes of events
/// while it lives.
///
/// Thread-safety: none (broker's strand).
class verdict_text {
public:
    /// `body`: the notification without a frame. May throw std::bad_alloc, as wire() may.
    verdict_text(std::string body, event_ledger& ledger);
    verdict_text(const verdict_text&) = delete;
    verdict_text& operator=(const verdict_text&) = delete;
    ~verdict_text();

    [[nodiscard]] std::string_view body() const noexcept { return body_; }
    /// Its frame for a peer that speaks `kind`, valid while this lives. May make a copy the first time.
    [[nodiscard]] wire_pieces wire(protocol::framing kind);

private:
    void charge(std::size_t bytes) noexcept;

    std::string body_;
    event_ledger& ledger_;
    std::array<char, protocol::max_frame_prefix> length_prefix_{};
    std::array<char, protocol::max_frame_prefix> header_{};
    std::string line_{};  // where a line's frame differs from the body
    bool line_checked_ = false;
    std::size_t charged_ = 0;
};

/// What a session gets besides its events: that a wait is over.
struct notice {
    std::uint64_t after = 0;     ///< how many events were queued for the client before it: they go first
    std::uint64_t position = 0;  ///< at which what it says is durable (durability.hpp)
    protocol::uuid hook_event_id{};
    protocol::refusal reason = protocol::refusal::none;  ///< of `cancelled`
    std::shared_ptr<verdict_text> verdict{};             ///< null: this is `cancelled`

    [[nodiscard]] std::size_t bytes() const noexcept { return verdict ? verdict->body().size() : 0; }
};

/// The notices that wait for one client, oldest first, and the bytes of verdicts among them and among those that its
/// connection is writing.
///
/// Thread-safety: none (broker's strand).
class notice_queue {
public:
    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
    [[nodiscard]] const notice& front() const noexcept { return waiting_.front(); }
    /// Of those that wait and of those that were taken and are not out.
    [[nodiscard]] std::size_t bytes() const noexcept { return waiting_bytes_ + taken_bytes_; }
    [[nodiscard]] std::size_t taken_bytes() const noexcept { return taken_bytes_; }

    /// May throw std::bad_alloc; nothing has changed then.
    void push_back(notice newest) {
        const auto bytes = newest.bytes();
        waiting_.push_back(std::move(newest));
        waiting_bytes_ += bytes;
    }
    [[nodiscard]] notice take_front() noexcept {
        notice first = std::move(waiting_.front());
        waiting_.pop_front();
        waiting_bytes_ -= first.bytes();
        taken_bytes_ += first.bytes();
        return first;
    }
    /// What was taken has been written, or will never be.
    void sent() noexcept { taken_bytes_ = 0; }

    template <class Predicate>
    void remove_if(Predicate predicate) noexcept {
        waiting_.remove_if([&](const notice& each) {
            const bool goes = predicate(each);
            waiting_bytes_ -= goes ? each.bytes() : 0;
            return goes;
        });
    }
    void clear() noexcept {
        waiting_.clear();
        waiting_bytes_ = 0;
    }

private:
    std::list<notice> waiting_{};
    std::size_t waiting_bytes_ = 0;
    std::size_t taken_bytes_ = 0;
};

}  // namespace hookd::core
