// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/nats/engine.hpp"
#include "cluster/nats/parser.hpp"
#include "cluster/nats/transport.hpp"
#include "cluster/nats/url.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::nats {

/// What a server says of itself (INFO).
struct server_info {
    std::string version{};
    std::size_t max_payload = 0;
    bool headers = false;
    bool jetstream = false;
    bool needs_tls = false;
    bool wants_nkey = false;  ///< it has users by nkey or JWT
};

/// Reads the JSON of INFO; nothing where it is not that.
[[nodiscard]] std::optional<server_info> read_server_info(std::string_view json);

/// Why hookd can't use a server that says so of itself, and what to do; empty where it can.
[[nodiscard]] std::string why_unusable(const server_info& server);

/// Who hears what happens on a connection. Called from its handlers; may call any of its members.
class connection_observer {
public:
    virtual void on_open(const server_info& server) = 0;
    virtual void on_message(const operation& message) = 0;
    /// Once, at the end; nothing is called after it.
    virtual void on_closed(const down_reason& reason) = 0;

protected:
    ~connection_observer() = default;
};

/// One connection to one server, from the first byte to the last: handshake, TLS, PING and PONG, one write at a time.
///
/// Limits: connecting takes at most 5 s; a server that leaves a PING unanswered for 3 s without sending anything is
/// gone; of what is to be sent at most max_unsent_bytes wait, and one that reads more slowly is left.
///
/// Thread-safety: none; one strand. Lifetime: by shared_ptr, handlers under way keep it. The observer must stay until
/// on_closed() or close(); flush handlers are not called after close().
class connection : public std::enable_shared_from_this<connection> {
public:
    static constexpr std::size_t max_unsent_bytes = std::size_t{64} * 1024 * 1024;

    connection(const boost::asio::any_io_executor& executor, const url& target, const server_address& server,
        std::string name, std::shared_ptr<boost::asio::ssl::context> tls, connection_observer& observer);

    void open();
    /// Ends it: flushes under way get `false`, then the observer hears `reason`.
    void end(const down_reason& reason);
    /// Ends it without a word to anyone.
    void close();

    void publish(std::string_view subject, std::string_view reply, std::string_view headers, std::string_view payload);
    void subscribe(std::string_view subject, std::uint64_t subscription);
    /// `done(true)` once the server has taken all that was sent before; `done(false)` where the connection ends first.
    /// Those that wait for the same write share one PING.
    void flush(engine::flush_handler done);

    /// Reads nothing until resume(): the server keeps what comes meanwhile, and closes in the end. A write is not held
    /// up.
    void pause() noexcept { is_paused_ = true; }
    void resume();

private:
    enum class phase : std::uint8_t { connecting, greeting, securing, introducing, open, closed };

    void on_connected(const boost::system::error_code& failure);
    void read();
    void read_on();
    void on_read(const boost::system::error_code& failure, std::size_t count);
    void take_operations();
    void carry_out(const operation& each);
    void on_info(std::string_view json);
    void on_secured(const boost::system::error_code& failure);
    void introduce();
    void on_pong();
    void on_server_error(std::string_view text);
    void send();
    void start_write();
    void watch();
    void check_life();
    void fail(const std::string& reason, bool is_permanent = false);

    const url& target_;
    server_address server_;
    std::string name_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
    connection_observer* observer_;
    transport transport_;
    boost::asio::steady_timer timer_;
    phase phase_ = phase::connecting;
    parser parser_{};
    bool is_paused_ = false;
    bool is_reading_ = false;
    std::vector<char> input_;
    std::size_t input_begin_ = 0;
    std::size_t input_end_ = 0;
    std::string unsent_{};
    std::string being_sent_{};
    bool write_is_due_ = false;  // start_write() is to come
    std::vector<engine::flush_handler> flushes_unsent_{};
    struct sent_ping {
        std::chrono::steady_clock::time_point at;
        std::vector<engine::flush_handler> flushes;
    };
    std::deque<sent_ping> pings_{};
    std::chrono::steady_clock::time_point opened_at_{};
    std::chrono::steady_clock::time_point heard_at_{};
    server_info info_{};
    down_reason last_words_{};
};

}  // namespace hookd::nats
