// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/frame_input.hpp"
#include "cluster/link/messages.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::link {

/// The link's end of the socketpair that hookd made: frames in the native framing, both ways.
///
/// `on_frame` gets each frame that arrives. `on_end` is called once, with a reason that is empty where hookd has closed
/// its end: nothing arrives after it. Both come from the executor, never from within a call. What is sent is written
/// once the handler that runs has returned, in one write with all that is sent until then. It is queued up to
/// max_queued_bytes; past that the channel ends, since hookd has stopped reading.
///
/// Thread-safety: none. Lifetime: it must outlive the run of its executor.
class channel {
public:
    static constexpr std::size_t max_queued_bytes = std::size_t{64} << 20;
    /// Above this a link should read no more from its engine; see when_drained().
    static constexpr std::size_t congested_bytes = std::size_t{8} << 20;

    /// `descriptor`: a connected stream socket, which it takes over.
    channel(const boost::asio::any_io_executor& executor, int descriptor,
        std::function<void(std::string_view)> on_frame, std::function<void(const std::string&)> on_end);

    void start();

    template <class Report>
    void send(const Report& report) {
        send_frame(encode(report));
    }

    /// Whether hookd, which pings each second, has said nothing for 5 s: it is stopped or hangs, and other hosts must
    /// not take this one for alive on its account.
    [[nodiscard]] bool is_silent() const noexcept { return clock::now() - heard_at_ > longest_silence; }

    [[nodiscard]] bool is_congested() const noexcept { return queued_bytes_ > congested_bytes; }
    /// Calls `action` once, as soon as it is not congested any more. A new one replaces an earlier one.
    void when_drained(std::function<void()> action) { when_drained_ = std::move(action); }

private:
    using clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds longest_silence{5};

    void send_frame(std::string frame);
    void read_more();
    void take_frames();
    void write_later();
    void write_more();
    void drop_written(std::size_t bytes);
    void await_room();
    void end(const std::string& reason);

    boost::asio::local::stream_protocol::socket socket_;
    std::function<void(std::string_view)> on_frame_;
    std::function<void(const std::string&)> on_end_;
    std::function<void()> when_drained_{};
    frame_input input_;
    clock::time_point heard_at_ = clock::now();
    std::deque<std::string> output_{};
    std::size_t queued_bytes_ = 0;
    std::size_t written_of_first_ = 0;
    std::vector<boost::asio::const_buffer> pieces_{};  // of a write
    bool write_is_due_ = false;                        // write_more() is to come, or waits for room
    bool ended_ = false;
};

}  // namespace hookd::link
