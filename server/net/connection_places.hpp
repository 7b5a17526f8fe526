// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/peer.hpp"

#include <hookd/protocol/errc.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace hookd::server {

/// How many connections there are, and of which users: one named user may have half of them, and some are kept for the
/// daemon's own user and root. Thread-safety: none.
class connection_places {
public:
    explicit connection_places(std::size_t most) noexcept : most_(most) {}

    /// Why `peer` may not have one more; nothing: it may.
    [[nodiscard]] std::optional<protocol::error> refuse(const core::peer& peer) const;
    void take(const core::peer& peer);
    void give_back(const core::peer& peer) noexcept;

private:
    std::size_t most_;
    std::size_t all_ = 0;
    std::unordered_map<std::uint32_t, std::size_t> of_named_{};  // by user; only those that have one
};

}  // namespace hookd::server
