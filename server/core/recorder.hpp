// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "event.hpp"
#include "peer.hpp"
#include "secret_filter.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace hookd::core {

/// What a shadow said to a question.
struct shadow_reply {
    std::uint64_t seq = 0;  ///< of the question
    std::string_view responder{};
    std::string_view response{};  ///< meaningless where it failed
    std::string_view failed{};    ///< empty: it did not
    std::chrono::nanoseconds elapsed{};
};

/// Records what happens, as it happens. It must not delay the broker: it copies what it needs.
///
/// Of one event come, in this order: event_published() or event_restored(), any number of event_delivered(), and at
/// most one of wait_ended() and wait_given_up(); shadow_replied() before or after that. Thread-safety: called on the
/// broker's strand. All arguments are valid during the call only. Must not throw.
class recorder {
public:
    /// An event was accepted and queued for that many sessions. `passed_over`: hooks that it was not for; null: none.
    /// `secrets`: takes out of its payload what is not to be kept; may be null.
    virtual void event_published(const event& event, const peer& emitter, std::size_t subscribers,
        const protocol::passed_over_hooks* passed_over, const secret_filter* secrets) noexcept = 0;
    /// A wait of an earlier process continues: its event, which `event_published()` was called for there, though the
    /// process may have ended before that was kept. `uid`: the emitter's user; `responders`: how many it was queued
    /// for.
    virtual void event_restored(
        const event& event, std::uint32_t uid, std::size_t responders, const secret_filter* secrets) noexcept = 0;
    /// The connection of a session has taken it over to write it. `is_asked`: a client waits for the session's reply.
    /// Not told for every session of an event that goes to very many.
    virtual void event_delivered(const event& event, std::string_view session_name, bool is_asked) noexcept = 0;
    /// The wait for an event ended with this verdict, out of which secrets have been taken.
    virtual void wait_ended(std::string_view event_name, const protocol::wait_result& verdict,
        std::chrono::nanoseconds elapsed) noexcept = 0;
    /// It ended without one: the emitter went away or cancelled, or no request asked in time for what was reserved.
    virtual void wait_given_up(std::uint64_t seq, protocol::refusal reason) noexcept = 0;
    /// A shadow has replied, which decides nothing. Secrets have been taken out of the reply.
    virtual void shadow_replied(const shadow_reply& reply) noexcept = 0;

    /// There is a durable log, and it has the events up to `seq`. What is recorded of a later one is to be kept only
    /// once this is called for it: a crash takes it along. Not called without such a log: all counts at once.
    virtual void events_committed(std::uint64_t seq) noexcept = 0;
    /// No later event than those was ever accepted: they were refused, and their numbers are used again.
    virtual void events_refused() noexcept = 0;

protected:
    ~recorder() = default;
};

}  // namespace hookd::core
