// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <sys/types.h>

#include <string>

namespace hookd::server {

/// The process at the other end of a connection, as a pidfd (pidfd_open(2)): it may end while a child of its own still
/// holds the socket.
///
/// Thread-safety: none. Destruction ends a pending wait (its handler is called with operation_aborted).
class peer_process {
public:
    using descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

    /// A process that has ended already counts as one that ends at once. Where the kernel gives no pid, or the system
    /// has no pidfd, it never ends.
    peer_process(boost::asio::io_context& context, pid_t pid);

    /// Whether it has ended. Does not wait.
    [[nodiscard]] bool has_ended();

    /// Calls `handler(error)` when it may have ended: has_ended() knows.
    template <class Handler>
    void async_wait(Handler handler) {
        if (pidfd_.is_open()) {
            pidfd_.async_wait(descriptor::wait_read, std::move(handler));
        }
    }

private:
    descriptor pidfd_;
    bool was_gone_ = false;
};

/// Whether the process `pid` is of this process's own user, as the kernel has it, whatever number that user shows as in
/// this user namespace: one may send a signal to it. False where that cannot be told.
[[nodiscard]] bool is_of_own_user(pid_t pid);

/// What the kernel calls the program that the process `pid` runs: 15 bytes at most, any bytes. Empty where that cannot
/// be told.
[[nodiscard]] std::string program_name(pid_t pid);

}  // namespace hookd::server
