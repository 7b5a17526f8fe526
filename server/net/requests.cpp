#include "batch.hpp"
#include "connection.hpp"

#include <boost/asio/dispatch.hpp>

#include <ctime>

// What the broker's strand does for a connection: frames to requests, answers and events to frames.
namespace hookd::server {

using protocol::error;

namespace {

// Answers over which the rest of the input waits until they are on their way.
constexpr std::size_t most_answers_at_a_time = std::size_t{256} << 10;

// One vectored write takes about this much.
constexpr std::size_t events_at_a_time = 256;
constexpr std::size_t event_bytes_at_a_time = std::size_t{256} << 10;
constexpr std::size_t notice_bytes_at_a_time = std::size_t{64} << 10;

// How long one peer's requests keep the others waiting, about. The clock is looked at after each: some take milliseconds.
constexpr std::chrono::milliseconds longest_turn{5};

// Room that a request of a batch needs to be carried out: for the result of one that changes something.
constexpr std::size_t small_answer_bytes = 1024;

error batch_memory_error() {
    return protocol::limit_error("memory", batch_memory::limit,
                                 "unfinished batches hold as many bytes of answers as they may: send what waits outside of a batch");
}

}  // namespace

void connection::carry_out() {
    more_to_do_ = false;
    pressed_ = false;
    if (client_ == nullptr) {
        return;
    }
    if (broken_) {
        environment_.broker->counters.protocol_errors.fetch_add(1, std::memory_order_relaxed);
        answer({.id = "null"}, protocol::limit_error("memory", environment_.most_unread_bytes,
                                                     "the daemon holds as many incomplete frames as it may: retry later"));
        input_begin_ = input_end_;  // its memory goes now, for others to use, not with the connection
        return;
    }
    if (batch_) {
        carry_on_batch();
        if (batch_) {
            more_to_do_ = true;
            return;
        }
    }
    while (client_ != nullptr && input_begin_ < input_end_) {
        const std::string_view unread{input_.bytes.get() + input_begin_, input_end_ - input_begin_};
        if (!decoder_) {
            decoder_.emplace(protocol::detect_framing(static_cast<unsigned char>(unread.front())),
                             environment_.options.max_frame_bytes);
        }
        const auto decoded = input_ended_ ? decoder_->next_at_end(unread) : decoder_->next(unread);
        input_begin_ += decoded.consumed;
        frame_bytes_ = decoded.frame_bytes;
        if (decoded.status == protocol::decode_status::need_more) {
            if (std::exchange(line_is_overdue_, false)) {
                refuse_unended_text(unread.substr(decoded.consumed));
            }
            break;
        }
        if (decoded.status == protocol::decode_status::failed) {
            environment_.broker->counters.protocol_errors.fetch_add(1, std::memory_order_relaxed);
            answer({.id = "null"}, *decoded.failure);
            input_begin_ = input_end_;
            broken_ = true;
            return;
        }
        if (core::event::is_worth_sharing(decoded.body.size(), input_.capacity)) {
            lent_memory_.bytes = input_.bytes;
            lent_memory_.capacity = input_.capacity;
            client_->reads_from = &lent_memory_;
        }
        handle_frame(decoded.body);
        lent_memory_.bytes.reset();
        if (client_ == nullptr) {
            return;
        }
        client_->reads_from = nullptr;
        if (batch_ || pressed_ || answers_.size() > most_answers_at_a_time || (input_begin_ < input_end_ && turn_is_over())) {
            more_to_do_ = true;
            return;
        }
    }
    if (input_ended_ && client_ != nullptr) {
        state().hang_up(*client_, strand().now());
    }
}

void connection::handle_frame(std::string_view frame) {
    auto& message = environment_.frame;
    protocol::read_message(frame, message);
    if (message.type == protocol::message::kind::request) {
        return handle_request(message.single, nullptr, 0);
    }
    if (message.type == protocol::message::kind::invalid) {
        if (message.ends_early && decoder_->kind() == protocol::framing::line) {
            message.failure.message.append(1, ' ').append(protocol::one_line_hint);
        }
        return answer_invalid(message, nullptr, 0);
    }
    if (!environment_.batches->has_room_for(batch::footprint_of(message.elements.size()))) {
        return answer({.id = "null"}, batch_memory_error());
    }
    batch_ = std::make_unique<batch_under_way>();
    batch_->elements.swap(message.elements);
    batch_->memory = input_.bytes;
    batch_->answers = std::make_shared<batch>(batch_->elements.size(), environment_.batches);
    carry_on_batch();
}

// Until its turn is over.
void connection::carry_on_batch() {
    const auto answers = batch_->answers;
    while (client_ != nullptr && batch_->next < batch_->elements.size()) {
        const std::size_t index = batch_->next++;
        protocol::read_element(batch_->elements[index], environment_.element);
        if (environment_.element.type == protocol::message::kind::request) {
            const auto& call = environment_.element.single;
            if (call.id.empty() || answers->has_room_for(small_answer_bytes)) {
                handle_request(call, answers, index);
            } else {
                answer({std::string{call.id}, answers, index}, batch_memory_error());
            }
        } else {
            answer_invalid(environment_.element, answers, index);
        }
        if (batch_->next < batch_->elements.size() && (pressed_ || turn_is_over())) {
            return;
        }
    }
    batch_.reset();
}

// By the coarse form of the steady clock: it is asked after each of many small requests, costs little, and is right to a few milliseconds.
bool connection::turn_is_over() {
    timespec coarse{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse);
    const core::steady_time now{std::chrono::seconds{coarse.tv_sec} + std::chrono::nanoseconds{coarse.tv_nsec}};
    return now - strand().now().steady > longest_turn;
}

void connection::handle_request(const protocol::request& call, std::shared_ptr<batch> part_of, std::size_t index) {
    dispatch(*this, call, {std::string{call.id}, std::move(part_of), index});
    if (state().take_pressure()) {
        // A queue is filling up. Where that is a call, the output goes out now; else whoever writes it gets a turn.
        strand().pump();
        pressed_ = !strand().single_threaded();
    }
}

void connection::answer_invalid(const protocol::message& what, std::shared_ptr<batch> part_of, std::size_t index) {
    environment_.broker->counters.protocol_errors.fetch_add(1, std::memory_order_relaxed);
    if (environment_.log.wants(log_level::debug)) {
        environment_.log.write(log_level::debug, who() + " sent an invalid message: " + what.failure.message);
    }
    answer({std::string{what.failed_id}, std::move(part_of), index}, what.failure);
}

std::string connection::who() const {
    std::string text = describe(peer_);
    if (client_ != nullptr && client_->push) {
        text = client_->push->name() + " (" + text + ")";
    }
    return text;
}

void connection::answer(const answer_address& to, const error& failure) {
    reply(to, [&to, &failure](std::string& out) { protocol::append_error(out, to.id, failure); });
}

void connection::answer_part(const answer_address& to, std::string body) {
    if (!body.empty() && !to.part_of->has_room_for(body.size())) {
        std::string refusal;
        protocol::append_error(refusal, to.id, batch_memory_error());
        body = std::move(refusal);  // with the small room that it has
    }
    if (to.part_of->complete(to.index, std::move(body))) {
        const std::string array = to.part_of->take();
        if (!array.empty()) {
            append_frame(array);
        }
    }
}

void connection::notify(std::string_view body) { append_frame(body); }

void connection::append_frame(std::string_view body) { protocol::append_frame(decoder_->kind(), body, answers_); }

void connection::on_ready() {
    if (client_ != nullptr && client_->must_read) {
        const auto self = shared_from_this();  // it may be closed by this
        on_own([self] { self->press_to_read(); });
        return hand_over();
    }
    hand_over();
}

void connection::hand_over() {
    auto& events = environment_.events;
    events.clear();
    std::string_view staged;
    bool tells = false;
    if (client_ != nullptr && !batch_is_out_) {
        collect_notices();
        tells = !told_.empty();
        // What the write cannot take at once is not written from the stage.
        const bool may_stage = !strand_ && !write_refused_ && !tells && client_->push != nullptr;
        if (may_stage) {
            staged = environment_.stage.hand_out_same(*client_, decoder_->kind());
        }
        if (staged.empty()) {
            state().hand_out(*client_, events_at_a_time, event_bytes_at_a_time, events);
            if (events.empty() && !tells) {
                tell_end();
            } else if (may_stage) {
                staged = environment_.stage.frames_of(events, decoder_->kind());
            }
        }
        batch_is_out_ = !staged.empty() || !events.empty() || tells;
    }
    if (answers_.empty() && staged.empty() && events.empty() && !tells) {
        if (client_ != nullptr && client_->hung_up) {  // the last that it was owed may have been a notification's end
            on_own([self = shared_from_this()] { self->close_when_done(); });
        }
        return;
    }
    if (!strand_) {
        accept_answers(answers_);
        if (!staged.empty()) {
            staged_ = true;
            output_.set_batch(staged);
        } else if (!events.empty() || tells) {
            staged_ = false;
            collect_pieces(tells);
            output_.set_batch(environment_.pieces);
        }
        return flush();
    }
    collect_pieces(tells);
    boost::asio::dispatch(*strand_, [self = shared_from_this(), answers = std::exchange(answers_, {}),
                                     pieces = std::exchange(environment_.pieces, {})]() mutable {
        self->accept_answers(answers);
        self->output_.set_batch(pieces);
        self->flush();
    });
}

// What its session is told besides events goes out with them, so that it is no more than the peer reads.
void connection::collect_notices() {
    if (!told_.empty()) {
        std::string{}.swap(told_);
    }
    while (told_.size() < notice_bytes_at_a_time) {
        const auto next = state().take_notice(*client_);
        if (!next) {
            break;
        }
        if (next->verdict) {
            protocol::append_frame(decoder_->kind(), next->verdict->view(), told_);
        } else {
            environment_.body.clear();
            protocol::append_cancelled(environment_.body, next->hook_event_id, next->reason);
            protocol::append_frame(decoder_->kind(), environment_.body, told_);
        }
    }
}

// The frames of the notices, if they are a part of the batch, and of environment_.events.
void connection::collect_pieces(bool with_notices) {
    environment_.pieces.clear();
    if (with_notices) {
        environment_.pieces.push_back({told_});
    }
    for (core::event* const each : environment_.events) {
        environment_.pieces.push_back(each->wire(decoder_->kind()));
    }
}

// Where its session has ended and all of its events are out: says so.
void connection::tell_end() {
    const std::string name = client_->push && client_->push->closing ? who() : std::string{};
    const auto ended = state().take_ended(*client_);
    if (!ended) {
        return;
    }
    environment_.body.clear();
    protocol::append_closed(environment_.body, ended->reason, ended->last_seq);
    notify(environment_.body);
    if (ended->reason == protocol::close_reason::lagged) {
        environment_.log.write(log_level::warning,
                               name + " lagged behind: its push session was closed after event " + std::to_string(ended->last_seq));
    }
}

void connection::detach() {
    environment_.broker->run([self = shared_from_this()] {
        if (self->client_ != nullptr) {
            self->state().detach(*std::exchange(self->client_, nullptr), self->strand().now());
            self->answers_.clear();
        }
    });
}

}  // namespace hookd::server
