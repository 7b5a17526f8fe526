// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <optional>
#include <utility>

namespace hookd::server::net {

/// Where all handlers of one connection run, one at a time: with one thread that is the thread, and costs nothing.
///
/// Thread-safety: all members may be called from any thread. Copies are the same strand.
class connection_strand {
public:
    connection_strand(boost::asio::io_context& context, bool single_threaded) : context_(&context) {
        if (!single_threaded) {
            strand_.emplace(boost::asio::make_strand(context));
        }
    }

    [[nodiscard]] boost::asio::io_context& context() const noexcept { return *context_; }
    /// Whether dispatch() is a plain call.
    [[nodiscard]] bool is_only_thread() const noexcept { return !strand_; }

    /// Runs `work` here: now where this is the strand, else later.
    template <class Work>
    void dispatch(Work work) const {
        if (!strand_) {
            work();
        } else {
            boost::asio::dispatch(*strand_, std::move(work));
        }
    }

    /// Calls `start(handler)` with a handler that runs here.
    template <class Handler, class Start>
    void with_handler(Handler handler, Start start) const {
        if (!strand_) {
            start(std::move(handler));
        } else {
            start(boost::asio::bind_executor(*strand_, std::move(handler)));
        }
    }

private:
    boost::asio::io_context* context_;
    std::optional<boost::asio::strand<boost::asio::io_context::executor_type>> strand_{};
};

}  // namespace hookd::server::net
