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
        protocol::uuid hook_event_id{};
        core::session* session = nullptr;
        std::uint64_t client_id = 0;  ///< of the client that asked for it
        steady_time began{};
        steady_time when{};          ///< it is over
        deferred_handler handler{};  ///< gets the result of `replay`
    };

    [[nodiscard]] bool empty() const noexcept { return under_way_.empty(); }
    [[nodiscard]] bool is_full() const noexcept { return under_way_.size() >= most; }
    [[nodiscard]] bool has(const session& session, const protocol::uuid& hook_event_id) const;
    void add(replay begun) { under_way_.push_back(std::move(begun)); }

    /// It is over with that result, but for the time; false if there is none.
    [[nodiscard]] bool finish(const session& session, const protocol::uuid& hook_event_id,
        const protocol::replay_result& result, steady_time now);
    /// All of the session are over.
    void fail(const session& session, std::string_view why, steady_time now);
    /// Those that the client, which is gone, asked for. Appends them to `gone`.
    void forget(std::uint64_t client_id, std::vector<replay>& gone);
    /// Those that are due. Appends them to `late`.
    void expire(steady_time now, std::vector<replay>& late);
    [[nodiscard]] std::optional<steady_time> next_deadline() const;

private:
    template <class Chosen>
    std::vector<replay> take(Chosen chosen);

    std::vector<replay> under_way_{};
};

}  // namespace hookd::core
