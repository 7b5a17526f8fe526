// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "operation_table.hpp"
#include "session.hpp"

#include <hookd/protocol/methods.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::core {

/// Events of the journal that have been handed to one responder once more, until it says something to them or can do so
/// no longer. They decide nothing, and slots know nothing of them.
///
/// Thread-safety: none (broker's strand).
class replay_table {
public:
    static constexpr std::size_t most = 256;

    struct replay {
        std::uint64_t number = 0;
        std::uint64_t client_id = 0;  ///< of the client that asked for it
        std::string request_id{};     ///< of that request, by which the client may cancel it; empty: it has none
        deferred_handler handler{};   ///< gets the result of `replay`, or the error
        // Since its event was found:
        protocol::uuid hook_event_id{};
        core::session* session = nullptr;  ///< the responder; null until then
        steady_time began{};
        steady_time when = steady_time::max();  ///< it is over
    };

    [[nodiscard]] bool empty() const noexcept { return under_way_.empty(); }
    [[nodiscard]] bool is_full() const noexcept { return under_way_.size() >= most; }
    [[nodiscard]] bool has(const session& session, const protocol::uuid& hook_event_id) const;
    /// One whose event is yet to be found. Returns its number.
    std::uint64_t begin(std::uint64_t client_id, std::string_view request_id, deferred_handler handler);
    /// Null once it is over. Valid until another begins or ends.
    [[nodiscard]] replay* find(std::uint64_t number);
    /// It is over with that error.
    void refuse(std::uint64_t number, const protocol::error& failure);

    /// It is over with that result, but for the time; false if there is none.
    [[nodiscard]] bool finish(const session& session, const protocol::uuid& hook_event_id,
        const protocol::replay_result& result, steady_time now);
    /// All of the session are over.
    void fail(const session& session, std::string_view why, steady_time now);
    /// Those that answer that request of the client are over, with errc::cancelled. Appends them to `cancelled`.
    void cancel(std::uint64_t client_id, std::string_view request_id, std::vector<replay>& cancelled);
    /// Those that the client, which is gone, asked for. Appends them to `gone`.
    void forget(std::uint64_t client_id, std::vector<replay>& gone);
    /// Those that are due. Appends them to `late`.
    void expire(steady_time now, std::vector<replay>& late);
    [[nodiscard]] std::optional<steady_time> next_deadline() const;

private:
    template <class Chosen>
    std::vector<replay> take(Chosen chosen);

    std::vector<replay> under_way_{};
    std::uint64_t last_number_ = 0;
};

}  // namespace hookd::core
