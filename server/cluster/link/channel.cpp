// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/channel.hpp"

#include <hookd/protocol/framing.hpp>
#include <hookd/protocol/limits.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace hookd::link {
namespace {

// A payload of the largest frame that hookd takes, with the message around it.
constexpr std::size_t max_frame_bytes = protocol::max_max_frame_bytes + (std::size_t{1} << 20);
constexpr std::size_t least_room = std::size_t{64} << 10;
constexpr std::size_t kept_input_bytes = std::size_t{1} << 20;
constexpr std::size_t most_pieces = 64;

}  // namespace

channel::channel(const boost::asio::any_io_executor& executor, int descriptor,
    std::function<void(std::string_view)> on_frame, std::function<void(const std::string&)> on_end)
    : socket_(executor, boost::asio::local::stream_protocol{}, descriptor),
      on_frame_(std::move(on_frame)),
      on_end_(std::move(on_end)) {}

void channel::start() { read_more(); }

void channel::read_more() {
    if (input_.size() - filled_ < least_room) {
        input_.resize(filled_ + std::max(least_room, filled_));
    }
    socket_.async_read_some(boost::asio::buffer(input_.data() + filled_, input_.size() - filled_),
        [this](boost::system::error_code failure, std::size_t count) {
            if (ended_) {
                return;
            }
            if (failure) {
                return end(failure == boost::asio::error::eof || failure == boost::asio::error::connection_reset
                               ? std::string{}
                               : failure.message());
            }
            filled_ += count;
            take_frames();
            if (!ended_) {
                read_more();
            }
        });
}

void channel::take_frames() {
    protocol::frame_decoder decoder{protocol::framing::length_prefix, max_frame_bytes};
    std::size_t taken = 0;
    while (!ended_) {
        const auto found = decoder.next(std::string_view{input_}.substr(taken, filled_ - taken));
        taken += found.consumed;
        if (found.status == protocol::decode_status::failed) {
            return end("hookd sent a frame that cannot be read: " + found.failure->message);
        }
        if (found.status == protocol::decode_status::need_more) {
            break;
        }
        on_frame_(found.body);
    }
    std::move(input_.begin() + static_cast<std::ptrdiff_t>(taken),
        input_.begin() + static_cast<std::ptrdiff_t>(filled_), input_.begin());
    filled_ -= taken;
    if (filled_ == 0 && input_.size() > kept_input_bytes) {
        input_ = {};
    }
}

void channel::send_frame(std::string body) {
    if (ended_) {
        return;
    }
    std::array<char, protocol::max_frame_prefix> prefix{};
    const auto length = protocol::write_frame_prefix(protocol::framing::length_prefix, body.size(), prefix.data());
    queued_bytes_ += length + body.size();
    if (queued_bytes_ > max_queued_bytes && !output_.empty()) {
        return end("hookd has not read for too long: more than 64 MiB wait for it");
    }
    output_.emplace_back(prefix.data(), length);
    output_.push_back(std::move(body));
    if (writing_ == 0) {
        write_more();
    }
}

void channel::write_more() {
    writing_ = std::min(output_.size(), most_pieces);
    std::vector<boost::asio::const_buffer> pieces;
    for (std::size_t i = 0; i < writing_; ++i) {
        pieces.push_back(boost::asio::buffer(output_[i]));
    }
    boost::asio::async_write(socket_, pieces, [this](boost::system::error_code failure, std::size_t count) {
        if (ended_) {
            return;
        }
        if (failure) {
            return end({});
        }
        output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(writing_));
        writing_ = 0;
        queued_bytes_ -= count;
        if (!output_.empty()) {
            write_more();
        }
        if (!is_congested() && when_drained_) {
            std::exchange(when_drained_, nullptr)();
        }
    });
}

void channel::end(const std::string& reason) {
    if (std::exchange(ended_, true)) {
        return;
    }
    boost::asio::post(socket_.get_executor(), [this, reason] {
        boost::system::error_code ignored;
        socket_.close(ignored);
        on_end_(reason);
    });
}

}  // namespace hookd::link
