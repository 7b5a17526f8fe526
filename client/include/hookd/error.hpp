// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace hookd {

/// What went wrong, as far as a caller has to distinguish it.
enum class error_kind : std::uint8_t {
    invalid_argument,  ///< a parameter is unusable (a payload that is not JSON, a path that is too long); nothing was
                       ///< sent
    no_daemon,         ///< nothing is at the socket's path, or no process listens there; nothing was sent
    unreachable,       ///< a daemon may be there, but this process can't connect: no permission, a full queue, no
                       ///< descriptor; nothing was sent
    untrusted,         ///< another user listens there (see client_options::daemon_user); nothing was sent
    broken,            ///< the connection ended before the answer came: whether the request was carried out is unknown
    timed_out,  ///< the daemon did not answer within the answer_timeout of the options; whether it was carried out is
                ///< unknown
    refused,    ///< the daemon answered with an error: see error::code and error::data
    cancelled,  ///< the call was cancelled before it had a result
};

/// The one exception of this library, besides std::bad_alloc. what() is a sentence that says what to do.
///
/// Thread-safety: as std::exception; distinct objects are independent.
class error : public std::runtime_error {
public:
    error(error_kind kind, const std::string& message, int code = 0, std::string data = {})
        : std::runtime_error(message), data_(std::move(data)), code_(code), kind_(kind) {}

    [[nodiscard]] error_kind kind() const noexcept { return kind_; }

    /// The JSON-RPC error code (protocol/PROTOCOL.md, "Errors"; enumerators in hookd/protocol/errc.hpp) where kind() is
    /// refused or cancelled by the daemon; 0 otherwise.
    [[nodiscard]] int code() const noexcept { return code_; }

    /// The error's `data` as the JSON text that the daemon sent; empty where it sent none.
    [[nodiscard]] const std::string& data() const noexcept { return data_; }

private:
    std::string data_;
    int code_;
    error_kind kind_;
};

}  // namespace hookd
