// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/json/text.hpp>
#include <hookd/protocol/errc.hpp>

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::protocol {

/// How many members of `params` a request keeps.
inline constexpr std::size_t max_params_members = 32;

/// The members of a reply that mean something to the daemon, as sent; of a repeated one, the last. Empty where absent.
struct reply_members {
    std::string_view abort{};
    std::size_t aborts = 0;  ///< how many there are
    std::string_view payload{};
};

/// A JSON-RPC 2.0 request or notification, as spans of the frame that it came in: valid only as long as those bytes
/// are.
struct request {
    /// The id as sent (a string with its quotes, a number, or `null`); empty for a notification.
    std::string_view id{};
    base::json_string method{};
    /// The bytes of `params` as sent; empty where absent. An object, an array or `null`.
    std::string_view params{};
    /// The members of `params` where that is an object: the first max_params_members of them (no method has as many, so
    /// whoever binds them finds an unknown one among these).
    boost::container::small_vector<base::json_member, 8> members{};
    /// Whether a string in `params`, or before it, may have escapes. Where not, what was sent is what is meant.
    bool may_have_escapes = false;
    /// Of an object `response` in `params`, which is a reply. Found in passing, since a reply may be large.
    reply_members reply{};

    [[nodiscard]] bool is_notification() const noexcept { return id.empty(); }
    /// Whether `params` says "none": absent, null, {} or [].
    [[nodiscard]] bool has_no_params() const noexcept;
};

/// What one frame holds.
struct message {
    enum class kind : std::uint8_t {
        request,  ///< `single`
        batch,    ///< `elements`
        invalid,  ///< answer with `failure` and `failed_id`, if that is not empty; nothing of the frame is to be
                  ///< carried out
    };
    kind type = kind::invalid;
    request single{};
    /// The elements of a batch, each to be read with read_element. 1 to protocol::max_batch of them.
    std::vector<std::string_view> elements{};
    error failure{};
    /// The id to answer an invalid message with, as sent; "null" where it cannot be told.
    std::string_view failed_id = "null";
    /// Of a text that is no JSON: it is the beginning of one.
    bool ends_early = false;
};

/// Reads one frame: checks the whole of it (see find_json_fault) and finds the envelope's members in the same pass.
///
/// Errors, in `failure`: errc::parse_error for what is no JSON (the message says where and why); errc::invalid_request
/// for what is no JSON-RPC 2.0 envelope: no object, `jsonrpc` other than "2.0", `method` missing or no string, an id
/// that is neither string, number nor null, `params` that is neither object, array nor null, a member that stands twice
/// in the envelope or in `params` (compared after decoding escapes), an empty batch; errc::limit_exceeded (`batch`) for
/// more than protocol::max_batch elements. Unknown members of the envelope are ignored. `out` is cleared first; its
/// memory is reused.
void read_message(std::string_view frame, message& out);

/// Reads one element of a batch that read_message has accepted; `out.type` is request or invalid.
void read_element(std::string_view element, message& out);

/// Appends `{"jsonrpc":"2.0","id":ID,"result":`; the result, a JSON text, and result_end are to follow. `id` is a JSON
/// text.
void begin_result(std::string& out, std::string_view id);
inline constexpr std::string_view result_end = "}";

/// Appends `{"jsonrpc":"2.0","id":ID,"error":{"code":…,"message":…,"data":…}}`.
void append_error(std::string& out, std::string_view id, const error& failure);

/// Appends a request, or a notification where `id` is empty; `params` is a JSON text or empty for none.
void append_request(std::string& out, std::string_view id, std::string_view method, std::string_view params);

/// A response as a client receives it, as spans of its frame.
struct response {
    std::string_view id{};      ///< as sent; "null" where the daemon could not tell
    std::string_view result{};  ///< empty for an error
    /// Of an error: its parts. `error_data` may be empty.
    int error_code = 0;
    base::json_string error_message{};
    std::string_view error_data{};
};

/// What a client receives: a response, or a notification such as `event` (`notification.method`).
struct incoming {
    enum class kind : std::uint8_t { response, notification, invalid };
    kind type = kind::invalid;
    response reply{};
    request notification{};
};

/// Reads a frame as a client does. Anything that is neither a response nor a notification is `invalid`.
void read_incoming(std::string_view frame, incoming& out);

}  // namespace hookd::protocol
