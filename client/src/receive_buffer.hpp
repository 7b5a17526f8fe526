// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/framing.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace hookd::detail {

/// The largest frame that this library reads. The daemon's own limit is for what it reads; what it sends may be larger,
/// since a verdict holds many replies.
inline constexpr std::size_t max_incoming_frame_bytes = std::size_t{256} * 1024 * 1024;

/// Bytes from the daemon until they are complete frames of the native framing.
///
///     auto room = buffer.prepare(); …receive into room…; buffer.commit(n);
///     while (auto frame = buffer.next_frame()) …
///
/// Memory: one block that grows once for a large frame, is kept for the next large one, and is given back after many
/// small ones. Thread-safety: none.
class receive_buffer {
public:
    explicit receive_buffer(std::size_t max_frame_bytes = max_incoming_frame_bytes);

    /// Where to receive into; never empty. Invalidates frames. To be called when next_frame has returned nothing.
    [[nodiscard]] std::span<char> prepare();
    void commit(std::size_t bytes) noexcept { end_ += bytes; }

    /// The next complete frame: valid until the next call of any member. Throws error (broken) where the stream is not
    /// the native framing or a frame is larger than allowed: the connection is of no use then.
    [[nodiscard]] std::optional<std::string_view> next_frame();

private:
    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t frame_bytes_ = 0;   // of the incomplete frame at begin_, as far as that is known
    std::size_t small_frames_ = 0;  // in a row, since a large one
    std::size_t max_frame_bytes_;
    protocol::frame_decoder decoder_;
};

}  // namespace hookd::detail
