// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hookd::protocol {

/// Error codes on the wire: those of JSON-RPC 2.0 (section 5.1), LSP's "request cancelled", and hookd's own.
enum class errc : int {
    parse_error = -32700,         ///< not JSON (RFC 8259), or a frame that cannot be read
    invalid_request = -32600,     ///< JSON, but no valid JSON-RPC 2.0 request
    method_not_found = -32601,    ///< no such method
    invalid_params = -32602,      ///< a parameter is missing, unknown, of the wrong type, or out of range
    internal_error = -32603,      ///< a fault of the daemon
    limit_exceeded = -32001,      ///< `data` = {"limit", "max"}
    shutting_down = -32002,       ///< the daemon is shutting down
    not_allowed = -32003,         ///< the peer's user is not allowed
    not_in_catalog = -32004,      ///< unknown event, or a payload or reply that does not match its schema
    resume_impossible = -32005,   ///< `data` = {"instance", "oldest_seq", "head_seq"}
    already_subscribed = -32006,  ///< this connection already has a push session
    cluster_unavailable =
        -32007,          ///< in no cluster, or it could not be reached and nothing was fired; `data` = {"reason"}
    cancelled = -32800,  ///< ended by `$/cancelRequest` (LSP 3.17, ErrorCodes.RequestCancelled)
};

/// What a request ends with instead of a result.
struct error {
    errc code = errc::internal_error;
    std::string message;  ///< a sentence that a person can act on; plain text, not yet escaped for JSON
    std::string data{};   ///< a JSON text for the member `data`, or empty for none
};

/// A limit of the contract was exceeded: -32001 with `data` {"limit": name, "max": max}.
[[nodiscard]] error limit_error(std::string_view limit, std::size_t max, std::string message);

/// A request of scope cluster for which there is no cluster: -32007 with `data` {"reason": reason}. Nothing was fired.
[[nodiscard]] error cluster_error(const std::string& reason);

/// What a request that `$/cancelRequest` has ended is answered with.
[[nodiscard]] error cancelled_error();

}  // namespace hookd::protocol
