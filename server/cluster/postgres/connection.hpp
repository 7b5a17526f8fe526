// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/postgres/binary.hpp"
#include "cluster/postgres/target.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <libpq-fe.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace hookd::postgres {

/// Why a connection could not be made.
struct connect_failure {
    std::string message{};
    std::string sqlstate{};     ///< the server's, where it has spoken
    bool silent = false;        ///< the host did not answer in time
    std::string silent_host{};  ///< its address
};

/// One connection to PostgreSQL, without a thread and without blocking. Statements are sent at once, each a transaction
/// by itself (libpq's pipeline mode), and carried out in their order.
///
/// Handlers come from the executor. After close(), or once `on_lost` was called, none comes any more.
///
/// Thread-safety: none. Lifetime: a shared pointer, which it takes part in while something is under way.
class connection : public std::enable_shared_from_this<connection> {
public:
    using on_result = std::function<void(result&)>;

    struct handlers {
        std::function<void(std::string)> on_notification{};  ///< its payload
        std::function<void(std::string)> on_lost{};          ///< why
    };

    connection(const boost::asio::any_io_executor& executor, handlers callbacks);
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Calls `done` once, with a failure or none. Each address has `patience`, since libpq's connect_timeout is for
    /// blocking calls only.
    void open(const settings& target, std::chrono::milliseconds patience,
        std::function<void(std::optional<connect_failure>)> done);

    void prepare(const char* name, const char* text, on_result done);
    void execute(const char* prepared, const parameters& values, on_result done);
    /// One statement as text.
    void query(const std::string& text, on_result done);

    void close();
    /// Closes, and calls on_lost with `reason`.
    void abandon(std::string reason) { lose(std::move(reason)); }

    /// How long the oldest statement has been waiting for its result while nothing has moved on the connection; 0 where
    /// there is none.
    [[nodiscard]] std::chrono::milliseconds waiting() const;

    [[nodiscard]] int backend_pid() const noexcept { return PQbackendPID(conn_.get()); }
    /// As in 150018.
    [[nodiscard]] int server_version() const noexcept { return PQserverVersion(conn_.get()); }
    [[nodiscard]] std::string server_name() const;

private:
    using clock = std::chrono::steady_clock;

    struct waiter {
        on_result done;
        clock::time_point since;
        std::unique_ptr<result> outcome{};
    };

    void poll_connect();
    void await_connect(PostgresPollingStatusType wanted);
    void fail_connect(connect_failure reason);
    void finish_connect();
    void watch();
    bool reopen_descriptor();
    void sent(int success, on_result done);
    void flush();
    void read();
    void take_results();
    void take_notifications();
    void lose(std::string reason);
    [[nodiscard]] std::string error_text() const;

    struct finish {
        void operator()(PGconn* each) const noexcept { PQfinish(each); }
    };

    handlers handlers_;
    std::unique_ptr<PGconn, finish> conn_{};
    boost::asio::posix::stream_descriptor socket_;  // a duplicate of libpq's, which it may close and open again
    boost::asio::steady_timer timer_;
    std::chrono::milliseconds patience_{};
    std::function<void(std::optional<connect_failure>)> connected_{};
    std::string address_{};
    std::deque<waiter> waiters_{};
    clock::time_point moved_{};  // when the socket was last ready
    bool writing_ = false;
    bool closed_ = false;
};

}  // namespace hookd::postgres
