// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

namespace hookd::server {

/// Calls `look` soon after something has changed in a directory (inotify(7)), and each second in any case: a directory
/// that is moved away with one above it, or hidden by a mount, is no change in itself.
///
/// Soon, and not at once: whoever removes a directory removes its files first, and must not find new ones meanwhile.
///
/// Thread-safety: all calls on the strand, on which `look` is called, too, but never after stop(). Lifetime: shared; it
/// is work of the context, and holds itself, until stop().
class path_watch : public std::enable_shared_from_this<path_watch> {
public:
    using executor = boost::asio::io_context::executor_type;
    using strand = boost::asio::strand<executor>;

    path_watch(const strand& watch_strand, std::filesystem::path directory, std::function<void()> look);
    path_watch(const path_watch&) = delete;
    path_watch& operator=(const path_watch&) = delete;

    void start();
    void stop();

private:
    using descriptor = boost::asio::posix::basic_stream_descriptor<strand>;

    void watch_directory();
    void await_change();
    void discard_changes();
    void look_in(std::chrono::milliseconds time);

    std::filesystem::path directory_;
    std::function<void()> look_;
    descriptor changes_;
    boost::asio::steady_timer timer_;
    bool awaits_change_ = false;
    bool stopped_ = false;
};

}  // namespace hookd::server
