// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "core/broker.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace hookd::server::rpc {

/// The frames of a batch of small events in one piece, made once for all sessions that get the same batch.
///
/// A vectored write costs the kernel as much for each part as copying a small event does, and each session pays it
/// anew. Sessions that keep up mostly have the same events waiting, so these are put together once and written from
/// here. It is scratch: a peer that does not take all of it at once gets the rest from the events themselves, which its
/// queue holds.
///
/// Thread-safety: none (broker's strand).
class frame_cache {
public:
    /// The frames of `events` for peers that speak `kind`, one after the other; empty if there is only one event or
    /// where they are too large to be worth a copy. Valid until the next call.
    [[nodiscard]] std::string_view frames_of(const std::vector<core::event*>& events, protocol::framing kind);

    /// Peeks for `client`, which speaks `kind`, what is here already, if that is what it is to get next. Empty, and
    /// nothing is peeked, if it is not. Valid until the next call.
    [[nodiscard]] std::string_view peek_same_batch(
        core::broker& broker, core::client& client, protocol::framing kind) const;

private:
    std::vector<char> bytes_{};
    // Compared by address. An address is used again, but for an event that is newer than all of these: where the last
    // one has the serial number that it had, they are the same.
    std::vector<core::event*> events_{};
    std::uint64_t last_serial_ = 0;
    protocol::framing kind_{};
};

}  // namespace hookd::server::rpc
