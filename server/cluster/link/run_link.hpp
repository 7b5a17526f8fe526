// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/channel.hpp"
#include "cluster/link/messages.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace hookd::link {

/// What a link program does for hookd, on one engine. Each call comes from the run of the io_context.
class engine_link {
public:
    engine_link() = default;
    engine_link(const engine_link&) = delete;
    engine_link& operator=(const engine_link&) = delete;
    virtual ~engine_link() = default;

    /// Comes first, and once: connect, enter, and stay.
    virtual void begin(hello greeting) = 0;

    virtual void handle(session added) = 0;
    virtual void handle(session_gone removed) = 0;
    virtual void handle(ask question) = 0;
    virtual void handle(tell statement) = 0;
    virtual void handle(close_event over) = 0;
    virtual void handle(reply answer) = 0;

    /// hookd is gone: leave the cluster, so that other hosts need not wait for the lease, then call `done`. The program
    /// ends then, and in any case a second later.
    virtual void leave(std::function<void()> done) = 0;
};

using make_engine_link = std::function<std::unique_ptr<engine_link>(boost::asio::io_context&, channel&)>;

/// Runs a link on the descriptor that hookd handed over, until hookd closes it. Answers `ping` itself. Returns the exit
/// status: 0 where hookd has closed, 1 after a malformed message or another failure of the channel, which it logs on
/// stderr.
[[nodiscard]] int run_link(int descriptor, const make_engine_link& make);

/// The descriptor that hookd hands to a link program.
inline constexpr int hookd_descriptor = 3;

}  // namespace hookd::link
