// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What a client sends to a server, appended to `out`. Subjects are ours and hold no space (see subjects.hpp).
namespace hookd::nats {

/// Who the client is. At most one of password and token is in use; both empty: nobody in particular.
struct credentials {
    std::string user{};
    std::string password{};
    std::string token{};
};

/// `name`: what the server's monitoring calls the connection. Messages of one's own don't come back, headers and "no
/// responders" are on.
void append_connect(std::string& out, const credentials& account, std::string_view name);
/// `headers`: lines "Name: value\r\n", or empty for none; `reply` may be empty.
void append_publish(std::string& out, std::string_view subject, std::string_view reply, std::string_view headers,
    std::string_view payload);
void append_subscribe(std::string& out, std::string_view subject, std::uint64_t subscription);
void append_ping(std::string& out);
void append_pong(std::string& out);

}  // namespace hookd::nats
