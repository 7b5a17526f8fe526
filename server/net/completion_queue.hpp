// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/io_context.hpp>

#include <deque>
#include <memory>

namespace hookd::server {

/// Calls that a context is to make later, in order. A context that is given them one by one looks for I/O, a system
/// call, before each that comes alone; this runs those that cause each other in one go, up to a bound.
///
/// Thread-safety: none: used on the only thread of `context`. Lifetime: of a shared_ptr. Calls that the context is
/// destroyed before are destroyed with it. What a call throws leaves the context's run(); the rest is called when that
/// is called again.
class completion_queue : public std::enable_shared_from_this<completion_queue> {
public:
    class entry {
    public:
        entry() = default;
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;
        virtual ~entry() = default;
        virtual void call() = 0;
    };

    explicit completion_queue(boost::asio::io_context& context) noexcept : context_(context) {}

    void push(std::unique_ptr<entry> last);

private:
    class round;

    void post_round();
    void run_round();

    boost::asio::io_context& context_;
    std::deque<std::unique_ptr<entry>> entries_{};
    bool posted_ = false;  // a round, which is so wherever there are entries
};

}  // namespace hookd::server
