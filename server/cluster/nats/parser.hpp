// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// NATS, as far as a link between hosts needs it: https://docs.nats.io/reference/reference-protocols/nats-protocol.
///
/// A client of our own, not libnats, for three reasons. libnats reads each connection on a thread of its own, flushes
/// on a second, keeps timers on a third and hands messages over by locks: the link is one strand of Asio, on which
/// hookd's channel and the engine take turns without any. It counts reconnects as normal and buffers across them, while
/// the link must know of each, since what was lost in between has to be told. And it would be two shared libraries more
/// in the package, for the nine operations below.
namespace hookd::nats {

/// One operation that a server sends, as spans of the bytes that it came in.
struct operation {
    enum class kind : std::uint8_t { info, message, ping, pong, ok, error };
    kind type = kind::ok;
    std::string_view text{};     ///< info: its JSON. error: what the server says, without the quotes
    std::string_view subject{};  ///< these five: of a message
    std::string_view reply{};    ///< the subject to answer to; empty for none
    std::uint64_t subscription = 0;
    std::string_view headers{};  ///< the whole block, from "NATS/1.0" to the blank line; empty for none
    std::string_view payload{};
};

enum class parse_status : std::uint8_t {
    operation,  ///< `parsed` is one
    need_more,  ///< no complete one yet
    failed,     ///< the stream is not NATS, or beyond a limit: close it
};

struct parse_result {
    parse_status status = parse_status::need_more;
    std::size_t consumed = 0;  ///< bytes to be dropped before the next call; `parsed` lies within them
    operation parsed{};
    std::string failure{};  ///< why, for a person
};

/// The most bytes of a line without its payload. INFO names every server of a cluster, and is the longest.
inline constexpr std::size_t max_line_bytes = std::size_t{64} * 1024;
/// The most bytes of a message with its headers: what a NATS server can be configured to take at most.
inline constexpr std::size_t max_message_bytes = std::size_t{64} * 1024 * 1024;

/// Splits what a server sends into operations, without copying.
///
/// The caller owns the bytes: it hands over all that is unread, drops `consumed` of it, and calls again until it gets
/// need_more. A line is looked at once however it arrives; that of a message a second time, with its payload. After
/// `failed` every further call fails alike.
///
/// Thread-safety: none; distinct objects are independent. Throws std::bad_alloc only.
class parser {
public:
    [[nodiscard]] parse_result next(std::string_view unread);

private:
    parse_result read_line(std::string_view line, std::size_t line_bytes, std::string_view unread);
    parse_result read_message(
        std::string_view arguments, bool has_headers, std::size_t line_bytes, std::string_view unread);
    parse_result fail(std::string reason);

    std::size_t scanned_ = 0;  // bytes of `unread` known to hold no line end
    std::size_t awaited_ = 0;  // bytes that complete a message; 0 where its line is not complete
    std::string failure_{};
};

/// The status of a header block ("NATS/1.0 503" is 503), 0 where it has none. 503: nobody subscribes to the subject of
/// a request.
[[nodiscard]] int status_of(std::string_view headers) noexcept;
inline constexpr int no_responders = 503;

}  // namespace hookd::nats
