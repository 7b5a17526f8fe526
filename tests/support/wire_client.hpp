// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "deadline.hpp"

#include <base/posix/unique_fd.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::test {

/// The three framings of the wire contract.
enum class framing { length, header, line };

inline constexpr framing all_framings[] = {framing::length, framing::header, framing::line};

[[nodiscard]] std::string_view to_string(framing kind);
std::ostream& operator<<(std::ostream& out, framing kind);

/// The bytes that carry `body` in one frame.
[[nodiscard]] std::string encode_frame(framing kind, std::string_view body);

/// The daemon closed the connection, or broke it.
class connection_closed : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// One message as it came.
struct wire_message {
    std::string text{};

    /// The bytes of a nested member, e.g. raw({"params", "payload"}). Throws std::runtime_error where there is none.
    [[nodiscard]] std::string raw(std::initializer_list<std::string_view> path) const;
    [[nodiscard]] bool has(std::initializer_list<std::string_view> path) const;
    /// Parsed (up to 256 levels). Throws where it is not JSON.
    [[nodiscard]] boost::json::value json() const;
    /// The value at a JSON pointer, e.g. at("/error/code"). Throws where there is none.
    [[nodiscard]] boost::json::value at(std::string_view pointer) const;
    [[nodiscard]] std::string string(std::string_view pointer) const;
    [[nodiscard]] std::int64_t integer(std::string_view pointer) const;

    [[nodiscard]] bool is_notification() const { return has({"method"}); }
    /// Of a notification.
    [[nodiscard]] std::string method() const;
    /// -32601 and the like; 0 where it is no error.
    [[nodiscard]] std::int64_t error_code() const { return has({"error"}) ? integer("/error/code") : 0; }
    [[nodiscard]] std::string error_message() const { return string("/error/message"); }
};

/// A peer that speaks the wire contract by hand over a raw socket: no code is shared with the library under test.
///
/// Whatever waits does so at most `patience` (or the given limit), then throws std::runtime_error; connection_closed
/// where the daemon closed before. Messages that are not asked for yet are kept in order.
class wire_client {
public:
    explicit wire_client(const std::string& socket_path, framing kind = framing::length);
    /// Takes over a connected socket.
    explicit wire_client(base::unique_fd socket, framing kind = framing::length);

    [[nodiscard]] framing kind() const noexcept { return kind_; }
    [[nodiscard]] int native_handle() const noexcept { return socket_.get(); }

    // --- sending ---
    /// All of `bytes`, as they are. Throws connection_closed where the daemon has closed.
    void send_raw(std::string_view bytes);
    /// As much of `bytes` as the socket takes at once; 0 where it takes none.
    std::size_t try_send_raw(std::string_view bytes);
    /// `body` in one frame.
    void send(std::string_view body) { send_raw(encode_frame(kind_, body)); }
    /// A request with the next number as id; returns that id.
    std::string send_request(std::string_view method, std::string_view params = "{}");
    void notify(std::string_view method, std::string_view params = "{}");

    // --- receiving ---
    /// The next message of any kind.
    wire_message receive(deadline limit = deadline{});
    /// The next message that is no notification.
    wire_message next_response(deadline limit = deadline{});
    /// The response with this id (as bytes).
    wire_message response_to(std::string_view id, deadline limit = deadline{});
    /// The next notification.
    wire_message next_notification(deadline limit = deadline{});
    /// The next notification, which must be an `event`.
    wire_message next_event(deadline limit = deadline{});
    /// The next notification, which must be `closed`.
    wire_message next_closed(deadline limit = deadline{});
    /// Whether a message is there already. Reads what has arrived, without waiting.
    bool has_message();
    /// Messages that came and nobody took.
    [[nodiscard]] std::size_t kept_messages() const noexcept { return kept_.size(); }
    /// Reads on until the daemon closes; throws where it doesn't. Messages that come before are kept. True for an
    /// orderly end (EOF), false for a reset.
    bool wait_for_close(deadline limit = deadline{});
    /// All bytes from here to the daemon's close, undecoded.
    std::string read_to_end(deadline limit = deadline{});
    /// Reads about `count` bytes, to be decoded later.
    void read_more(std::size_t count, deadline limit = deadline{});

    // --- both ---
    /// Sends a request and waits for its response.
    wire_message call(std::string_view method, std::string_view params = "{}");
    /// The same for a request that must succeed: its `result`. Throws with the error's text otherwise.
    boost::json::value result(std::string_view method, std::string_view params = "{}");
    /// The same for a request that must fail: the response, after a check that `error` has an integer code and a
    /// message.
    wire_message failure(std::string_view method, std::string_view params = "{}");

    /// Shuts the writing side down.
    void half_close();
    void close() { socket_.reset(); }

private:
    // Takes one complete message out of input_, if there is one.
    std::optional<std::string> take_frame();
    // Reads once; false at the end of the stream.
    bool read_some(deadline limit);
    template <typename Predicate>
    wire_message take_first(Predicate wanted, const char* what, deadline limit);

    base::unique_fd socket_;
    framing kind_;
    std::string input_{};
    std::size_t input_start_ = 0;
    std::deque<wire_message> kept_{};
    std::uint64_t next_id_ = 1;
    bool reset_ = false;
};

/// Connects to a unix domain socket. Throws std::system_error.
[[nodiscard]] base::unique_fd connect_to(const std::string& socket_path);
/// The same in the name of another user (real, effective, saved), for which a child process makes the connection. Needs
/// root.
[[nodiscard]] base::unique_fd connect_as(uid_t user, const std::string& socket_path);
/// The same with a group besides.
[[nodiscard]] base::unique_fd connect_as(uid_t user, gid_t group, const std::string& socket_path);

// --- what tests say most often ---

/// `emit`; returns the result.
boost::json::value emit(wire_client& peer, std::string_view event, std::string_view payload = "{}");
/// `subscribe`; returns the result. `more`: further members, e.g. R"("name":"x","responds":false)".
boost::json::value subscribe(wire_client& peer, std::string_view pattern = "*", std::string_view more = "");
/// Sends `emit_and_wait` without waiting for it; returns the request's id. `more` as above.
std::string send_emit_and_wait(wire_client& peer, std::string_view event, std::string_view more = "");
/// `respond` with members such as R"("response":{"abort":"no"})"; returns the result.
boost::json::value respond(
    wire_client& peer, std::string_view hook_event_id, std::string_view members = R"("response":{})");

}  // namespace hookd::test
