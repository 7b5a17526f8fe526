// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/errc.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::protocol {

/// How messages are delimited on a connection. The first byte that a peer sends decides, for both directions.
enum class framing : std::uint8_t {
    length_prefix,   ///< 4-byte big-endian length, then JSON: the native framing
    content_length,  ///< LSP's base protocol: `Content-Length: N` header block, then JSON
    line,            ///< one JSON text a line
};

/// The framing that a connection whose first byte is `first_byte` speaks: 0x00-0x08 native, `C` or `c` headers,
/// anything else lines.
[[nodiscard]] framing detect_framing(unsigned char first_byte) noexcept;

enum class decode_status : std::uint8_t {
    frame,      ///< `body` is one message
    need_more,  ///< no complete frame yet
    failed,     ///< the stream cannot be read any further: send `error`, then close
};

struct decode_result {
    decode_status status = decode_status::need_more;
    /// Bytes of the input that are done with, blank lines and framing included. To be dropped by the caller before the
    /// next call, whatever the status; `body` lies within them.
    std::size_t consumed = 0;
    std::string_view body{};
    /// With need_more: how many bytes, counted after `consumed`, complete the frame; 0 where that is not known yet.
    std::size_t frame_bytes = 0;
    std::optional<error> failure{};
};

/// Splits a byte stream into frames, without copying and without looking at any byte twice.
///
/// The caller owns the bytes: it hands over all that is unread, drops `consumed` of it, and calls again until it gets
/// need_more. Between two calls the unread part may move and grow but must not change otherwise.
///
/// Limits: a body of more than `max_frame_bytes` fails with errc::limit_exceeded (`max_frame`) as soon as its length is
/// known, before its bytes arrive; a header block of more than protocol::max_header_bytes with errc::limit_exceeded
/// (`header`). A length of 0, a malformed header block (bare LF, no or two different Content-Length, no number) fails
/// with errc::parse_error. After `failed` every further call fails alike.
///
/// Lines: a CR before the LF is dropped, lines of white space only are skipped.
///
/// An HTTP request where the stream begins fails with errc::parse_error: its body must not pass for messages.
///
/// Thread-safety: none; distinct objects are independent. Never throws but std::bad_alloc (messages).
class frame_decoder {
public:
    frame_decoder(framing kind, std::size_t max_frame_bytes) noexcept
        : kind_(kind), max_frame_bytes_(max_frame_bytes) {}

    [[nodiscard]] decode_result next(std::string_view unread);

    /// The same after the stream has ended: a last line without LF counts as a frame. An incomplete frame in the other
    /// framings is dropped (`need_more`, everything consumed).
    [[nodiscard]] decode_result next_at_end(std::string_view unread);

    /// Forgets the line that has begun: the caller drops its bytes.
    void drop_line() noexcept { scanned_ = 0; }

    [[nodiscard]] framing kind() const noexcept { return kind_; }

private:
    decode_result next_length_prefix(std::string_view unread);
    decode_result next_content_length(std::string_view unread);
    decode_result next_line(std::string_view unread, bool at_end);
    std::optional<error> read_header_line(std::string_view line);
    decode_result fail(error why, std::size_t consumed);

    framing kind_;
    bool failed_ = false;
    bool has_begun_ = false;  // line: one that is not blank has been read
    std::size_t max_frame_bytes_;
    bool in_body_ = false;          // content_length: the header block is complete, its body is not
    std::size_t scanned_ = 0;       // bytes of `unread` known to hold no line end
    std::size_t body_bytes_ = 0;    // content_length: as the header block says; 0 until it has said so
    std::size_t header_bytes_ = 0;  // content_length: of the header block so far
    std::optional<error> failure_{};
};

/// The hint to a peer with line framing whose text has line breaks inside, or none at its end.
inline constexpr std::string_view one_line_hint = "Send each JSON text on one line, ended by LF (as jq -c prints it).";

/// Room that write_frame_prefix needs at most.
inline constexpr std::size_t max_frame_prefix = 40;

/// Writes what goes before a body of `body_bytes` bytes to `out` (max_frame_prefix bytes of room); returns how many
/// were written. 0 for lines.
std::size_t write_frame_prefix(framing kind, std::size_t body_bytes, char* out) noexcept;

/// What goes after a body: "\n" for lines, nothing otherwise.
[[nodiscard]] std::string_view frame_suffix(framing kind) noexcept;

/// Makes a body of what stands in `text` from `begin` on: in a line each raw CR and LF, which valid JSON has only
/// between tokens, becomes a space.
void close_body(framing kind, std::string& text, std::size_t begin) noexcept;

/// Appends a frame whose body (valid JSON) is appended to the text piece by piece, between the construction of this and
/// close().
class open_frame {
public:
    open_frame(framing kind, std::string& out);
    open_frame(const open_frame&) = delete;
    open_frame& operator=(const open_frame&) = delete;

    void close();

private:
    framing kind_;
    std::string& out_;
    std::size_t body_begin_;
};

/// Appends `body` (valid JSON) as one frame, as close_body() makes it.
void append_frame(framing kind, std::string_view body, std::string& out);

}  // namespace hookd::protocol
