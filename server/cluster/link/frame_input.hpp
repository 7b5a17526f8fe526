// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/framing.hpp>

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::link {

/// What a stream has brought, until it makes whole frames (native framing). Its memory is taken once and used again;
/// that of a large frame is given back once nothing is left in it.
///
///     recv into room() -> add(bytes) -> next() until there is none
///
/// Thread-safety: none.
class frame_input {
public:
    explicit frame_input(std::size_t max_frame_bytes) : decoder_(protocol::framing::length_prefix, max_frame_bytes) {}

    /// Where the next bytes go, at least 64 KiB. Ends the life of what next() returned.
    [[nodiscard]] boost::asio::mutable_buffer room();
    void add(std::size_t bytes) noexcept { filled_ += bytes; }

    /// The body of the next whole frame. Throws malformed_message.
    [[nodiscard]] std::optional<std::string_view> next();

private:
    protocol::frame_decoder decoder_;
    std::string bytes_{};
    std::size_t taken_ = 0;
    std::size_t filled_ = 0;
};

}  // namespace hookd::link
