// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "recorder.hpp"

#include <hookd/protocol/methods.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hookd::core {

/// What `history` asks for.
struct history_query {
    std::string event{};      ///< a name or glob; empty: every event
    std::string responder{};  ///< empty: any that replied or was missing
    bool vetoed = false;
    std::optional<std::chrono::system_clock::time_point> since{};
    std::optional<std::uint64_t> before_seq{};
    std::optional<protocol::uuid> instance{};  ///< the run that before_seq belongs to; absent: this
                                               ///< one, and of no other are verdicts found then
    std::size_t limit = protocol::default_history;
};

/// An event out of the journal, to be handed out again.
struct journalled_event {
    protocol::uuid hook_event_id{};
    std::uint64_t seq = 0;
    std::string event{};
    std::optional<std::string> payload{};  ///< absent: larger than the journal keeps
    bool is_masked = false;                ///< a secret was taken out of the payload
    std::string cause{};
    std::string host{};  ///< empty: this one
    std::chrono::system_clock::time_point emitted_at{};
    std::optional<std::chrono::milliseconds> timeout{};  ///< absent: it was told; 0: reserved, and no request waited
};

/// What outlives the daemon of its events and verdicts: a recorder that can be asked.
///
/// Thread-safety: all on the broker's strand, where nothing blocks; a handler is called exactly once, from any thread,
/// perhaps within the call. Lifetime: it must outlive the broker that it records.
class journal : public recorder {
public:
    template <class Result>
    using handler = std::function<void(std::variant<Result, protocol::error>)>;

    /// The run of the daemon that is recorded from here on. Called once, first.
    virtual void begin(const protocol::uuid& instance) = 0;
    [[nodiscard]] virtual protocol::stats_result::journal_figures figures() const = 0;

    // Whatever was recorded before is in what these find. Errors: errc::invalid_params for an unknown id;
    // errc::limit_exceeded (`journal`) while too many wait; errc::internal_error, naming the file, where it cannot be
    // read.

    /// The result of `history`, as JSON.
    virtual void history(history_query query, handler<std::string> done) = 0;
    /// The result of `trace`, as JSON.
    virtual void trace(const protocol::uuid& hook_event_id, handler<std::string> done) = 0;
    virtual void find(const protocol::uuid& hook_event_id, handler<journalled_event> done) = 0;
    /// The events of this run that follow `after_seq`, in order and without a gap, but none from `before_seq` on and no
    /// more than fit a turn; empty where the journal does not hold the first of them.
    virtual void events_between(
        std::uint64_t after_seq, std::uint64_t before_seq, handler<std::vector<journalled_event>> done) = 0;

protected:
    ~journal() = default;
};

}  // namespace hookd::core
