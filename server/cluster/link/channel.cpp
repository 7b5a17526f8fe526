// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/channel.hpp"

#include "cluster/link/malformed_message.hpp"

#include <hookd/protocol/limits.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace hookd::link {
namespace {

// A payload of the largest frame that hookd takes, with the message around it.
constexpr std::size_t max_frame_bytes = protocol::max_max_frame_bytes + (std::size_t{1} << 20);
constexpr std::size_t most_pieces = 64;

}  // namespace

channel::channel(const boost::asio::any_io_executor& executor, int descriptor,
    std::function<void(std::string_view)> on_frame, std::function<void(const std::string&)> on_end)
    : socket_(executor, boost::asio::local::stream_protocol{}, descriptor),
      on_frame_(std::move(on_frame)),
      on_end_(std::move(on_end)),
      input_(max_frame_bytes) {}

void channel::start() { read_more(); }

void channel::read_more() {
    socket_.async_read_some(input_.room(), [this](boost::system::error_code failure, std::size_t count) {
        if (ended_) {
            return;
        }
        if (failure) {
            return end(failure == boost::asio::error::eof || failure == boost::asio::error::connection_reset
                           ? std::string{}
                           : failure.message());
        }
        input_.add(count);
        heard_at_ = clock::now();
        take_frames();
        if (!ended_) {
            read_more();
        }
    });
}

void channel::take_frames() {
    try {
        for (auto frame = input_.next(); frame && !ended_; frame = input_.next()) {
            on_frame_(*frame);
        }
    } catch (const malformed_message& fault) {
        end(std::string{"hookd sent a frame that cannot be read: "} + fault.what());
    }
}

void channel::send_frame(std::string frame) {
    if (ended_) {
        return;
    }
    queued_bytes_ += frame.size();
    if (queued_bytes_ > max_queued_bytes && !output_.empty()) {
        return end("hookd has not read for too long: more than 64 MiB wait for it");
    }
    output_.push_back(std::move(frame));
    if (!std::exchange(write_is_due_, true)) {
        write_later();
    }
}

// A write for each frame would wake hookd for each.
void channel::write_later() {
    boost::asio::post(socket_.get_executor(), [this] {
        if (!ended_) {
            write_more();
        }
    });
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
        write_is_due_ = !output_.empty();
        if (write_is_due_) {
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
