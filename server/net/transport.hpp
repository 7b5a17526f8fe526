// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "broker_strand.hpp"
#include "buffer_pool.hpp"
#include "connection_strand.hpp"
#include "input_buffer.hpp"
#include "peer_process.hpp"
#include "rpc/session.hpp"
#include "stall_watch.hpp"
#include "stream.hpp"
#include "write_queue.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace hookd::server::net {

class transport;

/// What all transports of a listener share; each holds it.
struct transport_environment {
    transport_environment(std::shared_ptr<broker_strand> strand, const listener_options& settings, logger& log);

    std::shared_ptr<broker_strand> broker;
    rpc::session_environment sessions;  ///< options and log, too
    buffer_pool buffers{};
    input_budget unread_input;
    /// Bytes that all connections hold of answers that are not read.
    std::atomic<std::size_t> unsent_answer_bytes{0};
    /// Called once when a transport is closed, from wherever that is.
    std::function<void(transport&)> on_closed{};
};

/// Moves the bytes of one connection: reads into a buffer, has the session consume it, writes what the session gives.
/// It knows no JSON.
///
/// Two strands share a connection. The connection's own has everything here; the broker's has the session. While
/// requests are carried out, the session reads the input buffer in place, and nothing is read meanwhile; answers and
/// events come back the same way. With one thread both strands are that thread, and passing on is a call.
///
///     socket readable -> read_some -> handle -> [broker] session.receive -> flush_output -> resume -> wait again
///     broker has output -> [broker] on_ready -> flush_output -> write -> [broker] session.written -> flush_output
///
///     reading -> handling -> reading        the usual way
///                         -> paused         the peer does not read its answers -> handling
///                         -> input_over     the peer has sent its last byte, and is owed something -> closed
///                         -> failed         the input can't be read on -> lingering, once the answers are out ->
///                         closed
///     any -> closed
///
/// Lifetime: shared: each pending operation and the listener's registry hold it. close() ends it: the stream is closed,
/// which ends all its operations, and the session leaves the broker.
class transport final : public core::event_sink,
                        public stream::observer,
                        public std::enable_shared_from_this<transport> {
public:
    transport(std::shared_ptr<transport_environment> environment, connection_strand strand,
        std::unique_ptr<stream> bytes, std::shared_ptr<rpc::session> session);
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;

    /// Begins to serve. From any thread, once.
    void start();
    /// Closes at once. From any thread; more than once.
    void stop();
    /// Closes as soon as everything owed is written. From any thread.
    void drain();

    /// From any thread.
    [[nodiscard]] const core::peer& peer() const noexcept { return session_->peer(); }

    /// On the broker's strand: the session has output.
    void on_ready() override;
    void on_stream_ready(stream::readiness ready) override;

private:
    enum class phase : std::uint8_t { reading, handling, paused, input_over, failed, lingering, closed };
    enum class write_state : std::uint8_t {
        ready,
        waiting,  ///< a write was refused, and room is waited for
        dead,     ///< the peer reads no more: output is dropped, input still carried out
    };
    /// Why the session is given the input.
    enum class cause : std::uint8_t { bytes, overdue_line, no_memory };

    using timer = std::unique_ptr<boost::asio::steady_timer>;

    // the connection's strand
    void expect_input();
    [[nodiscard]] bool has_room();
    void read_some();
    void handle(cause why);
    void resume(const rpc::received& result);
    void handle_later();
    void handle_when_held_up();
    void handle_again();
    void read_on(bool has_unended_line);
    void watch_unended_line();
    void look_at_unended_line(std::chrono::steady_clock::duration after);
    void accept_answers(rpc::byte_chain& answers);
    void flush();
    void flush_later();
    std::size_t write_some();
    void wait_to_write();
    void watch_for_stall();
    void check_for_stall();
    void require_reading();
    void give_up_reader();
    void stop_writing();
    void after_flush();
    void charge_answers(std::size_t now_bytes);
    [[nodiscard]] bool may_close_when_done() const noexcept;
    void close_when_done();
    void linger();
    void discard_input();
    void close();
    void watch_process();
    void await_process_end();
    void end_with_process();
    template <class Handler>
    void wait_until_over(timer& alarm, std::chrono::steady_clock::duration time, Handler handler);
    [[nodiscard]] bool peer_reads() const noexcept { return write_ != write_state::dead && !process_ended_; }
    void log_warning(const std::string& text);

    // the broker's strand
    [[nodiscard]] rpc::received call_session(cause why, const rpc::input& next);
    [[nodiscard]] rpc::received receive(rpc::input next);
    void flush_output();
    void write_output();
    void detach();

    std::shared_ptr<transport_environment> holder_;
    transport_environment& environment_;
    connection_strand strand_;
    std::unique_ptr<stream> stream_;
    std::shared_ptr<rpc::session> session_;  // used on the broker's strand

    // the connection's strand
    phase phase_ = phase::reading;
    write_state write_ = write_state::ready;
    input_buffer input_;
    write_queue output_{};
    stall_watch stall_;
    timer timer_{};                                         // of a write that was refused, or of lingering
    timer line_timer_{};                                    // of a line that has not ended
    timer hold_up_timer_{};                                 // of input that is held up
    std::chrono::steady_clock::time_point line_read_at_{};  // when its last bytes came
    std::optional<peer_process> process_{};                 // of a peer that has a push session
    std::size_t charged_answers_ = 0;
    bool line_is_watched_ = false;  // line_timer_ is armed
    bool input_ended_ = false;      // the peer has sent its last byte
    bool expects_input_ = false;    // it waits for the stream to be readable
    bool flushing_ = false;
    bool flushes_later_ = false;  // a later turn continues
    bool draining_ = false;
    bool process_ended_ = false;
};

template <class Handler>
void transport::wait_until_over(timer& alarm, std::chrono::steady_clock::duration time, Handler handler) {
    if (!alarm) {
        alarm = std::make_unique<boost::asio::steady_timer>(strand_.context());
    }
    alarm->expires_after(time);
    strand_.with_handler(std::move(handler), [&alarm](auto over) { alarm->async_wait(std::move(over)); });
}

}  // namespace hookd::server::net
