// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "receive_buffer.hpp"
#include "unix_socket.hpp"

#include <hookd/error.hpp>
#include <hookd/event.hpp>
#include <hookd/protocol/message.hpp>
#include <hookd/requests.hpp>
#include <hookd/verdict.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hookd::detail {

/// Who waits for the answer to one request. Exactly one of the two is called, once, and the sink is destroyed after it,
/// or neither where the connection is destroyed.
class reply_sink {
public:
    virtual ~reply_sink() = default;
    /// `result`: the result's JSON text, valid during the call.
    virtual void on_result(std::string_view result) = 0;
    virtual void on_error(const error& failure) = 0;
};

/// Who hears what nobody asked for. Called from within the connection's handlers, in the order of arrival; may call any
/// member of the connection. What it throws leaves through the executor's run(), and the connection goes on with the
/// next frame.
class connection_observer {
public:
    virtual void on_event(event arrived) = 0;
    virtual void on_cancelled(const ended_wait& ended) = 0;
    virtual void on_verdict(const verdict_notice& decided) = 0;
    virtual void on_closed(const session_end& end) = 0;
    /// The connection is gone, and all requests have failed. `failure` is what the daemon said last, if it said why.
    virtual void on_broken(const error& failure) = 0;

protected:
    ~connection_observer() = default;
};

/// One connection to the daemon at a time: many requests under way, answers in any order, notifications between them.
/// What both async_client and hook_runner are made of.
///
/// Output is collected and written with as few system calls as possible; input is read as it comes unless paused. A
/// write that fails does not end the connection: what the daemon said before it closed is read first.
///
/// Thread-safety: none. All calls and the executor's handlers must be serialised (one thread, or a strand).
/// Lifetime: held by shared_ptr; handlers that are under way keep it alive until close().
class connection : public std::enable_shared_from_this<connection> {
public:
    using connect_handler = std::function<void(const std::optional<error>&)>;

    /// `observer` must stay until close() or detach(). `address` has been resolved.
    connection(boost::asio::any_io_executor executor, daemon_address address, std::chrono::milliseconds connect_timeout,
        connection_observer& observer);
    ~connection();

    /// Connects unless connected. `done` is called in any case, at once where that is possible.
    void connect(connect_handler done);

    /// Sends a request, after connecting where that is needed; returns its number. All that fails goes to the sink:
    /// within the call, with number 0, where the request is too large, alone or with those that wait to be written
    /// (invalid_argument).
    std::uint64_t request(std::string_view method, std::string_view params, std::unique_ptr<reply_sink> sink);

    /// Asks the daemon to end that request, if it is still under way; once, however often it is called. The answer
    /// tells how it ended.
    void cancel(std::uint64_t id);

    /// Writes at once what can be written without waiting, instead of when the executor is next idle.
    void flush();
    /// Writes everything, as long as the daemon reads some of it within `patience`: the last words before close().
    /// Blocks.
    void flush_blocking(std::chrono::milliseconds patience);

    /// No further frame is handed out, nor read, until resume_reading().
    void pause_reading() noexcept { paused_ = true; }
    void resume_reading();

    /// Ends the connection: every request fails with `why`, the observer hears on_broken. May be used again afterwards.
    void close(const error& why);
    /// Like close(), and nobody hears anything, sinks are destroyed uncalled: for the owner's end.
    void detach() noexcept;

    [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }

private:
    void try_connect_once();
    void finish_connect(const std::optional<error>& failure);
    void read();
    void on_read(std::uint64_t generation, const boost::system::error_code& failure, std::size_t bytes);
    void take_frames();
    void take(std::string_view frame);
    void take_response();
    void post_flush();
    void wait_until_writable();
    void fail_all(const error& why);
    void reset() noexcept;

    boost::asio::any_io_executor executor_;
    boost::asio::local::stream_protocol::socket socket_;
    boost::asio::steady_timer connect_retry_;
    daemon_address address_;
    std::chrono::milliseconds connect_timeout_;
    connection_observer* observer_;

    std::vector<connect_handler> connecting_;  // not empty while an attempt is under way
    std::chrono::steady_clock::time_point connect_end_;

    receive_buffer input_;
    protocol::incoming incoming_;  // kept for its memory
    std::string output_;
    std::size_t written_ = 0;  // of output_
    struct waiting_request {
        std::string method;
        std::unique_ptr<reply_sink> sink;
        bool cancelled;  // the daemon is asked to end it
    };
    std::unordered_map<std::uint64_t, waiting_request> waiting_;
    std::optional<error> last_words_;  // an error that belongs to no request
    std::uint64_t last_id_ = 0;
    std::uint64_t generation_ = 0;  // tells handlers of an earlier connection
    int write_failure_ = 0;         // errno; nothing can be written any more
    bool reading_ = false;
    bool taking_ = false;
    bool paused_ = false;
    bool flush_posted_ = false;
    bool waiting_to_write_ = false;
};

}  // namespace hookd::detail
