#pragma once

#include "connection.hpp"

#include <hookd/protocol/errc.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace hookd::server {

/// Tells a peer that may not come in why, in its own framing, and closes: of its bytes only the first is looked at. A peer that says
/// nothing for a second is closed without a word. `place` is held until then, so that whoever gave it can count.
[[nodiscard]] boost::asio::awaitable<void, boost::asio::io_context::executor_type> turn_away(stream_socket socket, protocol::error why,
                                                                                           std::shared_ptr<void> place);

}  // namespace hookd::server
