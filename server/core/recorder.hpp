// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "event.hpp"
#include "secret_filter.hpp"
#include "session.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace hookd::core {

/// Whom the broker tells what has happened, as it happens. Whatever it does with that must not delay the broker: it
/// copies what it needs.
///
/// Of one event come, in this order: event_published(), any number of event_delivered(), and at most one of
/// wait_ended() and wait_given_up(). Thread-safety: called on the broker's strand. All arguments are valid during the
/// call only. Must not throw.
class recorder {
public:
    /// An event was accepted and queued for so many sessions. `secrets`: takes out of its payload what is not to be
    /// kept; may be null.
    virtual void event_published(
        const event& what, const peer& emitter, std::size_t subscribers, const secret_filter* secrets) noexcept = 0;
    /// The connection of a session has taken it over to write it. Not told for every session of an event that goes to
    /// very many.
    virtual void event_delivered(const event& what, std::string_view session_name) noexcept = 0;
    /// The wait for an event ended with this verdict, out of which secrets have been taken. `notification`: what
    /// protocol::append_verdict() writes of it.
    virtual void wait_ended(std::string_view event_name, const protocol::wait_result& verdict,
        std::chrono::nanoseconds elapsed, std::string notification) noexcept = 0;
    /// It ended without one: the emitter went away or cancelled, or nobody asked in time for what was reserved.
    virtual void wait_given_up(std::uint64_t seq, protocol::refusal why) noexcept = 0;

protected:
    ~recorder() = default;
};

}  // namespace hookd::core
