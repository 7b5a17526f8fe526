// SPDX-License-Identifier: BSL-1.0
#include "frame_cache.hpp"

#include <algorithm>

namespace hookd::server::rpc {
namespace {

// Above this the copy costs more than a part of a vectored write.
constexpr std::size_t small_event_bytes = std::size_t{4} << 10;

}  // namespace

std::string_view frame_cache::frames_of(const std::vector<core::event*>& events, protocol::framing kind) {
    if (events.size() < 2 || std::any_of(events.begin(), events.end(),
                                 [](const core::event* each) { return each->body_bytes() > small_event_bytes; })) {
        return {};
    }
    events_.clear();  // while the bytes are of no events
    bytes_.clear();
    for (core::event* const each : events) {
        for (const std::string_view piece : each->wire(kind)) {
            bytes_.insert(bytes_.end(), piece.begin(), piece.end());
        }
    }
    events_ = events;
    last_serial_ = events.back()->serial();
    kind_ = kind;
    return {bytes_.data(), bytes_.size()};
}

std::string_view frame_cache::peek_same_batch(
    core::broker& broker, core::client& client, protocol::framing kind) const {
    const auto& outbox = client.outbox();
    const std::size_t waiting = outbox.size() - client.peeked();
    // Not one that has more waiting: it gets all of that in one write.
    if (events_.empty() || kind != kind_ || waiting != events_.size() ||
        outbox[outbox.size() - 1].serial() != last_serial_ || !broker.peek_same_batch(client, events_)) {
        return {};
    }
    return {bytes_.data(), bytes_.size()};
}

}  // namespace hookd::server::rpc
