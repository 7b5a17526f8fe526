// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "batch.hpp"
#include "broker_service.hpp"
#include "byte_chain.hpp"
#include "frame_cache.hpp"
#include "long_message.hpp"
#include "peer.hpp"
#include "schema_check.hpp"

#include <hookd/protocol/framing.hpp>
#include <hookd/protocol/message.hpp>
#include <hookd/server/log.hpp>
#include <hookd/server/options.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hookd::server::rpc {

/// What all sessions of a listener share; each holds it. Used on the broker's strand only.
struct session_environment {
    session_environment(std::shared_ptr<broker_service> service, const listener_options& settings, logger& logger);

    std::shared_ptr<broker_service> broker;
    listener_options options;
    logger& log;
    std::shared_ptr<batch_memory> batches;

    // Memory that each frame and each batch of events uses anew.
    protocol::message frame{};
    protocol::message element{};
    std::vector<core::event*> events{};
    std::vector<core::wire_pieces> pieces{};
    frame_cache cache{};
    std::string body{};
};

/// Where the answer to a request goes.
struct answer_address {
    std::string id{};  ///< as sent; empty: a notification, nothing is to be answered
    std::shared_ptr<batch> part_of{};
    std::size_t index = 0;  ///< in the batch
};

/// What a transport has read. The session reads it in place, during the call only.
struct input {
    std::string_view unread{};              ///< all that has not been consumed
    const std::shared_ptr<char[]>& memory;  ///< what it lies in, of which a large event may take a share
    std::size_t capacity = 0;               ///< bytes of `memory`
    bool ended = false;                     ///< the peer has sent its last byte
};

enum class input_state : std::uint8_t {
    waiting,       ///< every complete frame has been carried out
    turn_is_over,  ///< there is more to do: call again, after others had their turn
    held_up,       ///< a long message or its schema's check is being read elsewhere, or too much waits for the durable
                   ///< log: call again in a moment, with the same memory
    backpressure,  ///< a queue is filling up: call again when more of what there is has been delivered
    failed,        ///< the input can't be read any further, and the last answer says why: write it, then close
};

/// What has become of an input.
struct received {
    std::size_t consumed = 0;      ///< bytes that are done with
    std::size_t wanted_bytes = 0;  ///< bytes after `consumed` that complete the frame that has begun; 0: unknown
    input_state state = input_state::waiting;
    bool unended_line = false;      ///< what is left is a line without its LF
    bool memory_is_shared = false;  ///< an event keeps `memory`: nothing may be written to it any more
    bool opened_session = false;  ///< the peer has subscribed: from now on the connection ends with the peer's process
};

/// How much next_output() gives at a time.
struct output_limits {
    std::size_t events = 0;
    std::size_t event_bytes = 0;  ///< but for the first event
    std::size_t notice_bytes = 0;
    bool one_piece =
        false;  ///< the transport can write at once, so a batch may come as one piece that other sessions share
};

/// What is to be written next: answers, then a batch of notices and events.
struct output {
    byte_chain& answers;        ///< frames; the transport moves them out
    std::string_view frames{};  ///< the batch in one piece; valid until the next call for any session. Or else:
    std::vector<core::wire_pieces>& pieces;  ///< the batch in pieces, each valid until written()

    [[nodiscard]] bool has_batch() const noexcept { return !frames.empty() || !pieces.empty(); }
    [[nodiscard]] bool empty() const noexcept { return answers.empty() && !has_batch(); }
};

/// One peer as JSON-RPC sees it: bytes in, requests carried out, bytes out. It does no I/O and has no descriptor; a
/// transport moves the bytes.
///
/// Use: attach() it, then receive() what has been read and write what next_output() gives, until receive() says
/// `failed`, the peer is gone or nothing is owed; then detach(). The sink given to attach() is called when there is
/// output that no call of receive() has caused.
///
/// Errors: what the peer did wrong is answered to it and counted. Where there is no memory for what it asks, its input
/// is `failed`; next_output() throws std::bad_alloc, and the connection is to be closed. Thread-safety: none (broker's
/// strand); peer() may be asked from any thread. Lifetime: shared: each wait that it has to answer holds it.
class session final : public std::enable_shared_from_this<session> {
public:
    session(std::shared_ptr<session_environment> environment, const core::peer& peer, const roles& may);
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    // --- for the transport ---

    /// Joins the broker. `sink` must live until detach().
    void attach(core::event_sink& sink);
    /// The peer is gone: nothing is owed to it, and its waits are over. More than once.
    void detach();

    /// Carries out the requests in `next`, until its turn is over. At the end of input, emitters wait for the peer no
    /// longer.
    [[nodiscard]] received receive(const input& next);
    /// What is unread is a line that has got no more bytes for a while: a complete text is rejected, since its LF has
    /// been forgotten.
    [[nodiscard]] received reject_unended_line(const input& next);
    /// There is no memory for the rest of the frame that has begun: all sessions together may hold `limit` bytes.
    [[nodiscard]] received reject_large_input(std::size_t limit);

    /// Takes the next output. No batch comes before the last one is written().
    [[nodiscard]] output next_output(const output_limits& limits);
    /// The batch that is being written, in pieces, without the notices that went before it. Valid until written().
    [[nodiscard]] const std::vector<core::wire_pieces>& pieces_of_batch();
    /// The last batch has been written.
    void written();
    /// The peer reads nothing any more: its push session ends, and no output is kept. Its input is still carried out.
    void stop_output();

    /// Whether it could not be given what it is owed, for lack of memory: its connection is to be closed, so that the
    /// peer does not take silence for an answer. The sink is told.
    [[nodiscard]] bool has_lost_output() const noexcept { return has_lost_output_; }

    /// Whether something is to be written yet, or will be.
    [[nodiscard]] bool is_owed_anything() const noexcept;
    /// Whether the end of its input has been carried out.
    [[nodiscard]] bool is_half_closed() const noexcept { return client_ != nullptr && client_->is_half_closed(); }
    /// Whether it holds event memory that others wait for, as was found when the sink was told.
    [[nodiscard]] bool must_read() const noexcept { return client_ != nullptr && client_->must_read(); }
    /// The same, as it is now.
    [[nodiscard]] bool others_wait_for_memory() const noexcept;

    // --- for the methods (dispatch.cpp) and waits ---

    [[nodiscard]] core::broker& state() const noexcept { return environment_.broker->state(); }
    [[nodiscard]] broker_service& broker() const noexcept { return *environment_.broker; }
    [[nodiscard]] const std::shared_ptr<broker_service>& shared_broker() const noexcept { return environment_.broker; }
    [[nodiscard]] core::client& client() noexcept { return *client_; }
    /// False once the peer is gone: there is no client() then.
    [[nodiscard]] bool is_attached() const noexcept { return client_ != nullptr; }
    [[nodiscard]] const core::peer& peer() const noexcept { return peer_; }
    [[nodiscard]] const roles& may() const noexcept { return may_; }
    [[nodiscard]] const listener_options& options() const noexcept { return environment_.options; }
    [[nodiscard]] logger& log() noexcept { return environment_.log; }
    /// The bytes of `call`, which is being carried out.
    [[nodiscard]] core::request_bytes bytes_of(const protocol::request& call) noexcept {
        return {call.params, shares_input_ ? &shared_input_ : nullptr};
    }
    /// `pid 12, uid 0` with the push session's name if it has one.
    [[nodiscard]] std::string description() const;

    /// Answers with the JSON of `result`, a result struct of the protocol or a JSON text.
    template <class Result>
    void answer(const answer_address& address, const Result& result) {
        reply(address, [&address, &result](std::string& out) {
            protocol::begin_result(out, address.id);
            if constexpr (std::is_convertible_v<const Result&, std::string_view>) {
                out += result;
            } else {
                append_json(out, result);
            }
            out += protocol::result_end;
        });
    }
    void answer(const answer_address& address, const protocol::error& failure);
    /// The same for a verdict, whose large replies are moved, not copied.
    void answer(const answer_address& address, protocol::wait_result&& result);
    /// There was no memory for something that it is owed.
    void lose_output();
    /// Queues a notification between answers.
    void notify(std::string_view body);
    /// From now on the connection ends with the process that made it.
    void watch_process() noexcept { opened_session_ = true; }

private:
    /// A batch that is being carried out.
    struct batch_under_way {
        std::vector<std::string_view> elements{};
        std::shared_ptr<const char[]> memory{};  ///< what they lie in, which an event may take along
        std::shared_ptr<batch> answers{};
        std::size_t next = 0;
    };

    /// A request that is not carried out yet: its payload or reply is still being checked, or the events before its own
    /// are to be delivered first. Its texts lie in `memory`; the rest of the input waits for it.
    struct put_off_request {
        protocol::request call{};
        std::shared_ptr<batch> part_of{};
        std::size_t index = 0;
        std::shared_ptr<char[]> memory{};
        std::size_t capacity = 0;
        std::unique_ptr<schema_check> check{};  // null: it waits for delivery, and has not been looked at
    };

    /// A long message that is being read. It lies in the memory of the input.
    struct long_input {
        enum class kind : std::uint8_t { frame, batch_element, unended_line };
        kind read_as = kind::frame;
        std::size_t bytes = 0;
        std::size_t index = 0;  // of an element of a batch
        std::shared_ptr<char[]> memory{};
        std::size_t capacity = 0;
        long_message reading;
    };

    /// What a notice is written from.
    struct notice_frame {
        std::string cancelled{};
        std::shared_ptr<core::verdict_text> verdict{};  // or else null
    };

    [[nodiscard]] received carry_out(const input& next);
    [[nodiscard]] bool carry_out_put_off();
    [[nodiscard]] bool must_wait_for_delivery(const protocol::request& call) const;
    void read_long(long_input::kind kind, std::string_view text, std::size_t index, const input& input);
    [[nodiscard]] bool end_reading(const input& next, received& result);
    void handle_frame(std::string_view frame, const input& input);
    void handle_message(protocol::message& message, const input& input);
    void handle_element(const protocol::message& element, std::size_t index, const input& input);
    void continue_batch(const input& input);
    [[nodiscard]] received judge_unended_line(bool is_json, std::size_t bytes);
    [[nodiscard]] received fail_for_memory(std::size_t unread_bytes) noexcept;
    [[nodiscard]] input_state state_after_frame(bool has_more) const;
    void handle_request(
        const protocol::request& call, const std::shared_ptr<batch>& part_of, std::size_t index, const input& input);
    void carry_out_request(const protocol::request& call, const std::shared_ptr<batch>& part_of, std::size_t index);
    void share_input(std::size_t frame_bytes, const std::shared_ptr<const char[]>& memory, std::size_t capacity);
    void stop_sharing_input();
    void answer_invalid(const protocol::message& message, std::shared_ptr<batch> part_of, std::size_t index);
    template <class Append>
    void reply(const answer_address& address, Append append);
    void answer_part(const answer_address& address, byte_chain body);
    [[nodiscard]] byte_chain body_of(const answer_address& address, protocol::wait_result&& result) const;
    void append_framed(byte_chain&& body);
    void append_frame(std::string_view body);
    template <class Append>
    void append_whole(Append append);
    void collect_notices(std::size_t most_bytes);
    void collect_pieces(bool with_notices);
    void notify_end();

    std::shared_ptr<session_environment> holder_;
    session_environment& environment_;
    core::peer peer_;
    roles may_;
    core::client* client_ = nullptr;
    std::optional<protocol::frame_decoder> decoder_{};
    std::unique_ptr<batch_under_way> batch_{};
    std::unique_ptr<put_off_request> put_off_{};
    std::unique_ptr<long_input> long_input_{};
    core::frame_memory shared_input_{};    // what a large frame may leave to an event
    bool shares_input_ = false;            // the request that is carried out lies in it
    byte_chain answers_{};                 // frames that the transport has not taken
    std::vector<notice_frame> notices_{};  // those that are a part of the batch that is out
    bool batch_is_out_ = false;            // the transport is writing events or notices
    bool opened_session_ = false;
    bool has_lost_output_ = false;
};

// Appends a response by `append(text)`: straight to the frame that goes out, or as a part of a batch.
template <class Append>
void session::reply(const answer_address& address, Append append) {
    if (address.part_of) {
        std::string text;
        if (!address.id.empty()) {
            append(text);
            protocol::close_body(decoder_->kind(), text, 0);
        }
        byte_chain body;
        body.append(std::move(text));
        answer_part(address, std::move(body));
    } else if (!address.id.empty()) {
        append_whole([this, &append] {
            auto& out = answers_.tail();
            protocol::open_frame frame{decoder_->kind(), out};
            append(out);
            frame.close();
        });
    }
}

// `append` adds a frame to the answers: half of one would be taken for the beginning of the next.
template <class Append>
void session::append_whole(Append append) {
    const std::size_t before = answers_.size();
    try {
        append();
    } catch (...) {
        answers_.truncate(before);
        throw;
    }
}

/// The methods of the wire contract, by name: binds the parameters of `call`, carries it out for `session` and answers
/// to `address`.
void dispatch(session& session, const protocol::request& call, const answer_address& address);

}  // namespace hookd::server::rpc
