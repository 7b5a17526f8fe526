#pragma once

#include "broker_strand.hpp"
#include "buffer_pool.hpp"
#include "event_stage.hpp"
#include "peer_credentials.hpp"
#include "peer_process.hpp"
#include "write_queue.hpp"

#include <hookd/protocol/framing.hpp>
#include <hookd/protocol/message.hpp>
#include <hookd/server/log.hpp>
#include <hookd/server/options.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::server {

/// The socket type of the listener: bound to the context, not to a type-erased executor, which would cost each operation.
using stream_socket = boost::asio::basic_stream_socket<boost::asio::local::stream_protocol, boost::asio::io_context::executor_type>;

class batch;
class batch_memory;
class connection;

/// What all connections of a listener share; each holds it.
struct connection_environment {
    connection_environment(boost::asio::io_context& where, std::shared_ptr<broker_strand> strand, const listener_options& how,
                           logger& words);

    boost::asio::io_context& context;
    std::shared_ptr<broker_strand> broker;
    listener_options options;
    logger& log;
    buffer_pool buffers{};
    /// Bytes that all connections hold, of frames that are not complete and of answers that are not read.
    std::atomic<std::size_t> unread_input_bytes{0};
    std::atomic<std::size_t> unsent_answer_bytes{0};
    /// What unread_input_bytes may be: two of the longest frames at least. One that would pass it is refused.
    std::size_t most_unread_bytes;
    std::shared_ptr<batch_memory> batches;
    /// Called once when a connection is closed, from wherever that is.
    std::function<void(connection&)> on_closed{};

    // On the broker's strand: memory that each frame uses anew.
    protocol::message frame{};
    protocol::message element{};
    std::vector<core::event*> events{};
    std::vector<core::wire_pieces> pieces{};
    event_stage stage{};
    std::string body{};
};

/// Where the answer to a request goes.
struct answer_address {
    std::string id{};               ///< as sent; empty: a notification, nothing is to be answered
    std::shared_ptr<batch> part_of{};
    std::size_t index = 0;          ///< in the batch
};

/// One peer: reads frames, has them carried out, writes answers and events.
///
/// Two strands share it. Its own has the socket, the input buffer, the write queue. The broker's has the frame decoder, the requests
/// and what they answer. The input buffer is lent to the broker's strand while requests are carried out, and nothing is read
/// meanwhile; answers and events are handed back. With one thread both strands are that thread, and handing over is a call.
///
/// The way of a read: on_readable -> receive -> [broker] carry_out -> [own] resume -> flush, wait again.
/// The way of an event: [broker] on_ready -> hand_over -> [own] flush -> [broker] sent, hand_over.
///
/// Lifetime: shared: each pending operation, each wait that it has to answer, and the listener's registry hold it. close() ends it: the
/// socket is closed, which ends all its operations, and the broker forgets the client.
class connection final : public event_sink, public std::enable_shared_from_this<connection> {
public:
    connection(std::shared_ptr<connection_environment> environment, stream_socket socket, const peer_credentials& peer, const roles& may);
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Begins to serve. From any thread, once.
    void start();
    /// Closes at once. From any thread; more than once.
    void stop();
    /// Closes as soon as everything owed is written, reading nothing more. From any thread.
    void drain();

    // --- for the methods (dispatch.cpp) and waits; on the broker's strand ---

    [[nodiscard]] core::broker_state& state() noexcept { return environment_.broker->state(); }
    [[nodiscard]] broker_strand& strand() noexcept { return *environment_.broker; }
    [[nodiscard]] core::client& client() noexcept { return *client_; }
    /// False once the peer is gone: there is no client() then.
    [[nodiscard]] bool is_attached() const noexcept { return client_ != nullptr; }
    [[nodiscard]] const peer_credentials& peer() const noexcept { return peer_; }
    [[nodiscard]] const roles& may() const noexcept { return may_; }
    [[nodiscard]] const listener_options& options() const noexcept { return environment_.options; }
    [[nodiscard]] logger& log() noexcept { return environment_.log; }
    /// `pid 12, uid 0` with the session's name where it has one.
    [[nodiscard]] std::string who() const;

    /// Answers with the JSON of `result`, a result struct of the protocol or a JSON text.
    template <class Result>
    void answer(const answer_address& to, const Result& result) {
        reply(to, [&to, &result](std::string& out) {
            protocol::begin_result(out, to.id);
            if constexpr (std::is_convertible_v<const Result&, std::string_view>) {
                out += result;
            } else {
                append_json(out, result);
            }
            out += protocol::result_end;
        });
    }
    void answer(const answer_address& to, const protocol::error& failure);
    /// Queues a notification between answers.
    void notify(std::string_view body);
    /// From now on the connection ends with the process that made it.
    void watch_process();

    void on_ready() override;

private:
    using strand_type = boost::asio::strand<boost::asio::io_context::executor_type>;

    // own strand
    template <class Work>
    void on_own(Work work);
    template <class Handler>
    void wait_for(boost::asio::socket_base::wait_type what, Handler handler);
    template <class Handler>
    void wait_until_over(std::unique_ptr<boost::asio::steady_timer>& timer, std::chrono::steady_clock::duration time, Handler handler);
    void watch_unended_line();
    void read_more();
    void on_readable();
    void receive();
    [[nodiscard]] bool make_room_for_input();
    void process();
    void resume();
    void release_input();
    void leave_input();
    void accept_answers(std::string& answers);
    void flush();
    void write_some();
    void wait_to_write();
    void watch_for_stall();
    [[nodiscard]] std::chrono::milliseconds stall_limit() const;
    void look_for_progress();
    [[nodiscard]] bool has_stalled() const;
    void press_to_read();
    void give_up_reader();
    [[nodiscard]] int count_unread_by_peer();
    void stop_writing();
    void after_flush();
    void watch_for_hang_up();
    void close_when_done();
    void linger();
    void discard_input();
    void close();
    void await_process_end();
    void end_with_process();
    void charge_answers(std::size_t now_bytes);

    // broker's strand
    void carry_out();
    void handle_frame(std::string_view frame);
    void refuse_unended_text(std::string_view text);
    void carry_on_batch();
    [[nodiscard]] bool turn_is_over();
    void handle_request(const protocol::request& call, std::shared_ptr<batch> part_of, std::size_t index);
    void answer_invalid(const protocol::message& what, std::shared_ptr<batch> part_of, std::size_t index);
    template <class Append>
    void reply(const answer_address& to, Append append);
    void answer_part(const answer_address& to, std::string body);
    void append_frame(std::string_view body);
    void hand_over();
    void collect_notices();
    void collect_pieces(bool with_notices);
    void tell_end();
    void detach();

    std::shared_ptr<connection_environment> holder_;
    connection_environment& environment_;
    stream_socket socket_;
    std::optional<strand_type> strand_{};  // nothing with one thread
    peer_credentials peer_;
    roles may_;

    // own strand; lent to the broker's while lent_
    buffer input_{};
    std::size_t input_begin_ = 0;
    std::size_t input_end_ = 0;
    std::size_t frame_bytes_ = 0;    // of the frame that has begun, where that is known
    core::frame_memory lent_memory_{};  // what a large frame in input_ may leave to an event
    bool input_ended_ = false;
    bool line_is_overdue_ = false;   // the line that has begun has got no more bytes for a while
    bool broken_ = false;            // the input cannot be read on: answer, then close

    // own strand
    std::size_t charged_input_ = 0;
    std::size_t charged_answers_ = 0;
    write_queue output_{};
    std::unique_ptr<boost::asio::steady_timer> timer_{};  // of a write that was refused, or of lingering
    std::unique_ptr<boost::asio::steady_timer> line_timer_{};  // of a line that has not ended
    std::chrono::steady_clock::time_point last_progress_{};
    int unread_by_peer_ = 0;         // bytes with what the kernel keeps beside them, when that was looked at last
    bool lent_ = false;
    bool paused_ = false;            // reads no requests until its answers are read
    bool write_refused_ = false;
    bool watches_stall_ = false;
    bool must_read_ = false;         // events for others wait for the memory of those that it is written
    bool flushing_ = false;
    bool staged_ = false;            // the batch being written is in the stage
    bool write_dead_ = false;        // the peer reads no more: output is dropped, input still carried out
    bool draining_ = false;
    std::optional<peer_process> process_{};  // where it is watched
    bool process_ended_ = false;
    bool lingering_ = false;
    bool closed_ = false;

    /// A batch that is being carried out.
    struct batch_under_way {
        std::vector<std::string_view> elements{};
        std::shared_ptr<const char[]> memory{};  ///< what they lie in, which an event may take along from input_
        std::shared_ptr<batch> answers{};
        std::size_t next = 0;
    };

    // broker's strand
    core::client* client_ = nullptr;
    std::unique_ptr<batch_under_way> batch_{};
    std::optional<protocol::frame_decoder> decoder_{};
    std::string answers_{};          // frames, not yet handed to the own strand
    std::string told_{};             // frames of the notices that are a part of the batch that is out
    bool batch_is_out_ = false;      // events or notices are with the own strand
    bool more_to_do_ = false;        // carry_out() stopped early
    bool pressed_ = false;           // a queue is filling up: let others run

    friend class connection_wait;
};

template <class Work>
void connection::on_own(Work work) {
    if (!strand_) {
        work();
    } else {
        boost::asio::dispatch(*strand_, std::move(work));
    }
}

template <class Handler>
void connection::wait_until_over(std::unique_ptr<boost::asio::steady_timer>& timer, std::chrono::steady_clock::duration time,
                                 Handler handler) {
    if (!timer) {
        timer = std::make_unique<boost::asio::steady_timer>(environment_.context);
    }
    timer->expires_after(time);
    if (strand_) {
        timer->async_wait(boost::asio::bind_executor(*strand_, std::move(handler)));
    } else {
        timer->async_wait(std::move(handler));
    }
}

// Appends a response by `append(text)`: straight to the frame that goes out, or as a part of a batch.
template <class Append>
void connection::reply(const answer_address& to, Append append) {
    if (to.part_of) {
        std::string body;
        if (!to.id.empty()) {
            append(body);
        }
        answer_part(to, std::move(body));
    } else if (!to.id.empty()) {
        protocol::open_frame frame{decoder_->kind(), answers_};
        append(answers_);
        frame.close();
    }
}

/// The methods of the wire contract, by name: binds the parameters of `call`, carries it out for `by` and answers to `to`.
void dispatch(connection& by, const protocol::request& call, const answer_address& to);

}  // namespace hookd::server
