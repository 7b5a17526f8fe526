#pragma once

#include "connection.hpp"

#include <hookd/protocol/errc.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace hookd::server {

/// Tells a peer that may not come in why, in its own framing: of its bytes only the first is looked at, the others are thrown away. Returns
/// whether it is done, and the socket to be closed; false where the peer has said nothing yet.
[[nodiscard]] bool try_turn_away(stream_socket& socket, const protocol::error& why);

/// Waits for the first byte for that. A peer that says nothing for a second is closed without a word. `place` is held until then, so that
/// whoever gave it can count.
[[nodiscard]] boost::asio::awaitable<void, boost::asio::io_context::executor_type> turn_away(stream_socket socket, protocol::error why,
                                                                                           std::shared_ptr<void> place);

}  // namespace hookd::server
