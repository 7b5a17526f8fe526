// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "socket_stream.hpp"

#include <hookd/protocol/errc.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace hookd::server::net {

/// Answers a peer that is not served with the reason, in its own framing: of its bytes only the first is looked at, the
/// others are dropped. Returns whether it is done, and the socket to be closed; false where the peer has sent nothing
/// yet.
[[nodiscard]] bool try_reject(stream_socket& socket, const protocol::error& why);

/// Waits for the first byte to do that. A peer that sends nothing for a second is closed without an answer. `place` is
/// held until then, so that the caller can count.
[[nodiscard]] boost::asio::awaitable<void, boost::asio::io_context::executor_type> reject_connection(
    stream_socket socket, protocol::error why, std::shared_ptr<void> place);

}  // namespace hookd::server::net
