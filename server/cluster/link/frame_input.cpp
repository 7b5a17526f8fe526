// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/frame_input.hpp"

#include "cluster/link/malformed_message.hpp"

#include <algorithm>
#include <cstring>

namespace hookd::link {
namespace {

constexpr std::size_t least_room = std::size_t{64} << 10;
constexpr std::size_t kept_bytes = std::size_t{1} << 20;

}  // namespace

boost::asio::mutable_buffer frame_input::room() {
    std::memmove(bytes_.data(), bytes_.data() + taken_, filled_ - taken_);
    filled_ -= taken_;
    taken_ = 0;
    if (filled_ == 0 && bytes_.size() > kept_bytes) {
        bytes_ = {};
    }
    if (bytes_.size() - filled_ < least_room) {
        bytes_.resize(filled_ + std::max(least_room, filled_));
    }
    return boost::asio::buffer(bytes_.data() + filled_, bytes_.size() - filled_);
}

std::optional<std::string_view> frame_input::next() {
    const auto found = decoder_.next(std::string_view{bytes_}.substr(taken_, filled_ - taken_));
    taken_ += found.consumed;
    if (found.status == protocol::decode_status::failed) {
        throw malformed_message(found.failure->message);
    }
    return found.status == protocol::decode_status::need_more ? std::nullopt : std::optional{found.body};
}

}  // namespace hookd::link
