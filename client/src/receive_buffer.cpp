// SPDX-License-Identifier: BSL-1.0
#include "receive_buffer.hpp"

#include "errors.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace hookd::detail {
namespace {

// One read takes that much at most, unless a larger frame is under way.
constexpr std::size_t read_bytes = std::size_t{64} * 1024;
// A block larger than this is worth giving back…
constexpr std::size_t large_bytes = std::size_t{1024} * 1024;
// …once that many frames in a row had no need of it.
constexpr std::size_t small_frames_until_release = 64;

}  // namespace

receive_buffer::receive_buffer(std::size_t max_frame_bytes)
    : max_frame_bytes_(max_frame_bytes), decoder_(protocol::framing::length_prefix, max_frame_bytes) {}

std::span<char> receive_buffer::prepare() {
    const std::size_t unread = end_ - begin_;
    const std::size_t wanted = std::max(read_bytes, frame_bytes_);
    const bool release =
        unread == 0 && capacity_ > large_bytes && wanted <= large_bytes && small_frames_ >= small_frames_until_release;
    if (release || wanted > capacity_) {
        auto grown = std::make_unique_for_overwrite<char[]>(wanted);
        if (unread != 0) {
            std::memcpy(grown.get(), data_.get() + begin_, unread);
        }
        data_ = std::move(grown);
        capacity_ = wanted;
        begin_ = 0;
        end_ = unread;
    } else if (unread == 0) {
        begin_ = end_ = 0;
    } else if (begin_ + wanted > capacity_) {
        // Moved only where the frame does not fit behind what is done with.
        std::memmove(data_.get(), data_.get() + begin_, unread);
        begin_ = 0;
        end_ = unread;
    }
    return {data_.get() + end_, capacity_ - end_};
}

std::optional<std::string_view> receive_buffer::next_frame() {
    const auto decoded = decoder_.next({data_.get() + begin_, end_ - begin_});
    begin_ += decoded.consumed;
    switch (decoded.status) {
        case protocol::decode_status::frame:
            frame_bytes_ = 0;
            small_frames_ = decoded.body.size() > large_bytes ? 0 : small_frames_ + 1;
            return decoded.body;
        case protocol::decode_status::need_more:
            frame_bytes_ = decoded.frame_bytes;
            return std::nullopt;
        case protocol::decode_status::failed:
            break;
    }
    if (decoded.failure && decoded.failure->code == protocol::errc::limit_exceeded) {
        throw error(error_kind::broken, "the daemon sent a frame that is larger than this client reads (" +
                                            std::to_string(max_frame_bytes_) + " bytes): the connection was given up");
    }
    throw not_understood_error("it sent no frames of the native framing");
}

}  // namespace hookd::detail
