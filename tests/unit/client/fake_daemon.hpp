// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/deadline.hpp"
#include "support/temp_directory.hpp"

#include <base/posix/unique_fd.hpp>
#include <hookd/error.hpp>
#include <hookd/protocol/framing.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace hookd::test {

/// What a client sent.
struct fake_request {
    std::string id;  ///< as sent; empty for a notification
    std::string method;
    std::string params;  ///< as sent; empty for none
    std::string frame;   ///< all of it
};

/// One connection, seen from the daemon's side; the test says what the daemon does. All members block, and throw
/// std::runtime_error where the client does not do its part in time.
class fake_peer {
public:
    explicit fake_peer(base::unique_fd socket);

    /// The next request; `method` must be the one expected.
    fake_request receive(std::string_view method);
    void result(const fake_request& to, std::string_view result);
    /// `id` "null" for an error that belongs to no request.
    void fail(std::string_view id, int code, std::string_view message, std::string_view data = {});
    void notify(std::string_view method, std::string_view params);

    /// Bytes as they are, framing included.
    void send_bytes(std::string_view bytes);
    void send_frame(std::string_view body);
    /// Sends frames until the client has left unread what the socket holds for a while; returns how many were sent
    /// whole.
    std::size_t send_frames_until_stuck(std::size_t most, const std::function<std::string(std::size_t)>& body);
    void send_rest();

    /// Waits until the client has sent something, and leaves it unread.
    void expect_bytes();
    /// Waits until the client has closed its side; it must not send anything before.
    void expect_end();
    void close() { socket_.reset(); }

    // The usual answers.
    /// Answers `subscribe`; returns its params.
    std::string open_session(std::uint64_t head_seq, std::string_view instance = "run-1", bool resumed = false);
    void event(
        std::uint64_t seq, std::string_view name, bool expects_response = false, std::string_view payload = "{}");
    /// Takes a `respond` and says whether it was accepted; returns its params.
    std::string take_reply(std::string_view refused_reason = {});

private:
    /// The next frame, or nothing where the client has closed.
    bool read_frame(std::string& frame);

    base::unique_fd socket_;
    protocol::frame_decoder decoder_;
    std::string unread_;
    std::string rest_;
};

/// A listening socket that a test accepts from by hand, in a directory of its own.
class fake_daemon {
public:
    fake_daemon();

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] fake_peer accept();
    /// As a daemon that is gone: the socket file stays, nobody listens. listen() makes a new one.
    void stop_listening() { listener_.reset(); }
    void listen();
    /// As the daemon of another user, whose socket this one may open. Needs root.
    void listen_as(uid_t user);

private:
    temp_directory directory_;
    std::string path_;
    base::unique_fd listener_;
};

/// Runs the daemon's part of a test beside it. What it throws is thrown by finish().
class fake_script {
public:
    explicit fake_script(std::function<void()> part) : done_(std::async(std::launch::async, std::move(part))) {}
    void finish() { done_.get(); }

private:
    std::future<void> done_;
};

/// The id of event `seq`, as fake_peer::event makes it.
[[nodiscard]] std::string event_id(std::uint64_t seq);
[[nodiscard]] std::string event_body(
    std::uint64_t seq, std::string_view name, bool expects_response, std::string_view payload);
/// The same notification, framed: several in one send_bytes arrive in one read.
[[nodiscard]] std::string event_frame(
    std::uint64_t seq, std::string_view name, bool expects_response, std::string_view payload = "{}");
[[nodiscard]] std::string event_params(
    std::uint64_t seq, std::string_view name, bool expects_response, std::string_view payload);
/// Throws std::runtime_error naming `what` unless `condition`: for threads that are not the test's.
void require(bool condition, const std::string& what);

/// The error that a call throws. Throws std::runtime_error where it throws none.
template <class Call>
[[nodiscard]] error failure_of(Call call) {
    try {
        call();
    } catch (const error& failure) {
        return failure;
    }
    throw std::runtime_error("nothing was thrown");
}

[[nodiscard]] inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace hookd::test
