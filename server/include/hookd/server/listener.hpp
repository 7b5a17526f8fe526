// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/server/broker.hpp>
#include <hookd/server/log.hpp>
#include <hookd/server/options.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace hookd::server {

/// Puts a broker on a unix domain socket.
///
/// The constructor takes the socket (directories, lock file, stale socket: PROTOCOL.md, "Who may talk"), or the lock of
/// one that was handed over, and listens; peers are served as soon as the io_context runs. It throws socket_in_use
/// where another daemon holds the path, and std::runtime_error, with a message for a person, for any other reason why
/// it cannot listen there.
///
/// Where so many connect that the process's soft limit of open files may be reached, it is raised to the hard one
/// (getrlimit(2)).
///
/// Thread-safety: construct, shut_down() and destroy from one thread, or from handlers of the io_context when one
/// thread runs it; shut_down() may be called from any thread. Lifetime: context, broker and log must outlive it; the
/// io_context must not run handlers any longer when it is destroyed. The destructor removes the socket file where that
/// has not been done.
class listener {
public:
    listener(boost::asio::io_context& context, broker& events, const listener_options& options, logger& log);
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;
    ~listener();

    /// The listener keeps its path: a socket file that is removed, or replaced by another socket, is put back within a
    /// second. Where that cannot be, it logs why and calls `call(why)`, once, from the io_context: clients that come
    /// now would find another daemon or none, so this one should end. To be set before the io_context runs.
    void when_path_is_lost(std::function<void(const std::string&)> call);

    /// Stops accepting, ends every wait and every push session (`"shutdown"`), sends what is still owed for at most
    /// `flush_time`, closes every connection, removes the socket, then calls `done` on the io_context. Requests that
    /// arrive meanwhile get errc::shutting_down. A second call is ignored.
    void shut_down(std::chrono::milliseconds flush_time, std::function<void()> done);

private:
    class implementation;
    std::shared_ptr<implementation> implementation_;
};

/// The socket's path leads to this daemon no longer. what() says why.
class socket_lost : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Another daemon holds the socket's lock. what() names the path and, where it could be read, the pid.
class socket_in_use : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace hookd::server
