// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/channel.hpp"

#include "cluster/link/malformed_message.hpp"

#include <hookd/protocol/limits.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

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
      input_(max_frame_bytes) {
    socket_.non_blocking(true);
}

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

// Without an asynchronous write, whose completion is one more round of the executor: mostly the socket takes all.
void channel::write_more() {
    boost::system::error_code failure;
    while (!output_.empty() && !failure) {
        pieces_.clear();
        for (std::size_t i = 0; i < std::min(output_.size(), most_pieces); ++i) {
            pieces_.push_back(boost::asio::buffer(output_[i]));
        }
        pieces_.front() += written_of_first_;
        drop_written(socket_.write_some(pieces_, failure));
    }
    if (failure == boost::asio::error::would_block) {
        await_room();
    } else if (failure) {
        return end({});
    } else {
        write_is_due_ = false;
    }
    if (!is_congested() && when_drained_) {
        std::exchange(when_drained_, nullptr)();
    }
}

void channel::drop_written(std::size_t bytes) {
    queued_bytes_ -= bytes;
    written_of_first_ += bytes;
    for (; !output_.empty() && written_of_first_ >= output_.front().size(); output_.pop_front()) {
        written_of_first_ -= output_.front().size();
    }
}

void channel::await_room() {
    socket_.async_wait(boost::asio::socket_base::wait_write, [this](boost::system::error_code failure) {
        if (!ended_ && !failure) {
            write_more();
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
