#pragma once

#include "core/event.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace hookd::server {

/// The frames of a batch of small events in one piece, made once for all sessions that get the same batch.
///
/// A vectored write costs the kernel as much for each part as copying a small event does, and each session pays it anew. Sessions that
/// keep up mostly have the same events waiting, so these are put together once and written from here. It is scratch: a peer that does
/// not take all of it at once gets the rest from the events themselves, which its queue holds.
///
/// Thread-safety: none (broker's strand).
class event_stage {
public:
    /// The frames of `events` for peers that speak `kind`, one after the other; empty where there is but one event or where they are
    /// too large to be worth a copy. Valid until the next call.
    [[nodiscard]] std::string_view frames_of(const std::vector<core::event*>& events, protocol::framing kind);

private:
    [[nodiscard]] bool holds(const std::vector<core::event*>& events, protocol::framing kind) const noexcept;

    std::vector<char> bytes_{};
    std::vector<std::uint64_t> seqs_{};  // of what it holds: addresses are used again
    protocol::framing kind_{};
};

}  // namespace hookd::server
