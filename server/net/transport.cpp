// SPDX-License-Identifier: BSL-1.0
#include "transport.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <string>

namespace hookd::server::net {
namespace {

// Unread answers over which no more requests are read.
constexpr std::size_t most_answer_bytes = std::size_t{256} << 10;

// Of all connections together, over which one that adds to it while it does not read is disconnected, if it holds more
// than the floor.
constexpr std::size_t most_unsent_bytes = std::size_t{256} << 20;
constexpr std::size_t backlog_floor_bytes = std::size_t{64} << 10;

// Incomplete frames of all connections together, where frames are not so long that two of them take more.
constexpr std::size_t usual_unread_bytes = std::size_t{256} << 20;

// How long the rest of what a peer sends is read and dropped after an error that ends the connection: a peer that is
// still writing would otherwise lose the error to a broken pipe.
constexpr std::chrono::seconds linger_time{1};

// A peer with line framing that forgets the LF waits for an answer which never comes: after that long without a byte it
// is reported.
constexpr std::chrono::seconds line_patience{1};

// How often a session that is held up is asked whether it may continue.
constexpr std::chrono::milliseconds between_looks_when_held_up{1};

// One vectored write takes about this much.
constexpr std::size_t events_at_a_time = 256;
constexpr std::size_t event_bytes_at_a_time = std::size_t{256} << 10;
constexpr std::size_t notice_bytes_at_a_time = std::size_t{64} << 10;
constexpr std::size_t most_parts = 512;

// What is written to one peer in a turn, about: more only goes to one that reads meanwhile.
constexpr std::size_t most_bytes_a_turn = std::size_t{256} << 10;

// Cuts the parts after that many bytes; returns how many parts are left.
std::size_t first_bytes(iovec* parts, std::size_t count, std::size_t bytes) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        if (parts[i].iov_len >= bytes) {
            parts[i].iov_len = bytes;
            return i + 1;
        }
        bytes -= parts[i].iov_len;
    }
    return count;
}

}  // namespace

transport_environment::transport_environment(
    std::shared_ptr<broker_strand> strand, const listener_options& settings, logger& log)
    : broker(std::move(strand)),
      sessions(broker, settings, log),
      unread_input(std::max(usual_unread_bytes, 2 * input_buffer::longest_input(settings.max_frame_bytes))) {}

transport::transport(std::shared_ptr<transport_environment> environment, connection_strand strand,
    std::unique_ptr<stream> bytes, std::shared_ptr<rpc::session> session)
    : holder_(std::move(environment)),
      environment_(*holder_),
      strand_(std::move(strand)),
      stream_(std::move(bytes)),
      session_(std::move(session)),
      input_(environment_.buffers, environment_.unread_input, environment_.sessions.options.max_frame_bytes),
      stall_(environment_.sessions.options.write_stall_timeout) {}

void transport::start() {
    environment_.broker->run([self = shared_from_this()] {
        self->session_->attach(*self);
        self->strand_.dispatch([self] { self->expect_input(); });
    });
}

void transport::stop() {
    strand_.dispatch([self = shared_from_this()] { self->close(); });
}

void transport::drain() {
    strand_.dispatch([self = shared_from_this()] {
        self->draining_ = true;
        self->close_when_done();
    });
}

void transport::on_stream_ready(stream::readiness ready) {
    if (ready == stream::readiness::read) {
        expects_input_ = false;
        if (phase_ == phase::reading) {
            read_some();
        } else if (phase_ == phase::lingering) {
            discard_input();
        }
    } else if (ready == stream::readiness::write) {
        if (phase_ != phase::closed && write_ == write_state::waiting) {
            write_ = write_state::ready;
            flush();
        }
    } else {
        close();
    }
}

void transport::log_warning(const std::string& text) {
    environment_.sessions.log.write(log_level::warning, rpc::describe(peer()) + text);
}

// --- reading ---

// Readiness first, and a buffer only then: an idle connection has none.
void transport::expect_input() {
    if (phase_ != phase::closed && !expects_input_) {
        expects_input_ = true;
        stream_->async_wait(stream::readiness::read, shared_from_this());
    }
}

bool transport::has_room() {
    try {
        return input_.make_room();
    } catch (const std::bad_alloc&) {
        return false;
    }
}

void transport::read_some() {
    if (!has_room()) {
        return handle(cause::no_memory);
    }
    const auto got = stream_->read(input_.free_begin(), input_.free_bytes());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        input_.release();
        return expect_input();
    }
    if (got > 0) {
        input_.append(static_cast<std::size_t>(got));
        environment_.broker->counters.bytes_in.fetch_add(static_cast<std::size_t>(got), std::memory_order_relaxed);
    } else {
        input_ended_ = true;  // or a reset: all that was sent before has been read by now
    }
    handle(cause::bytes);
}

void transport::handle(cause why) {
    phase_ = phase::handling;
    const rpc::input next{input_.unread(), input_.memory(), input_.capacity(), input_ended_};
    environment_.broker->run([self = shared_from_this(), why, next] {
        const auto result = self->call_session(why, next);
        // What others wait for goes out before the answers to the one who sent it: the verdict before "accepted".
        self->environment_.broker->run_turn();
        if (result.opened_session) {
            self->strand_.dispatch([self] { self->watch_process(); });
        }
        self->flush_output();
        self->strand_.dispatch([self, result] { self->resume(result); });
    });
}

rpc::received transport::call_session(cause why, const rpc::input& next) {
    switch (why) {
        case cause::overdue_line:
            return session_->reject_unended_line(next);
        case cause::no_memory:
            return session_->reject_large_input(environment_.unread_input.limit());
        case cause::bytes:
            break;
    }
    return receive(next);
}

rpc::received transport::receive(rpc::input next) {
    rpc::received all;
    for (;;) {
        auto result = session_->receive(next);
        next.unread.remove_prefix(result.consumed);
        result.consumed += all.consumed;
        result.memory_is_shared = result.memory_is_shared || all.memory_is_shared;
        result.opened_session = result.opened_session || all.opened_session;
        all = result;
        // Where delivery is a call, the output goes out now; else whoever writes it gets a turn.
        if (all.state != rpc::input_state::backpressure || !strand_.is_only_thread() ||
            environment_.broker->is_turn_over()) {
            return all;
        }
        environment_.broker->run_turn();
        if (environment_.broker->state().has_backpressure()) {
            return all;  // there is more of it than a turn delivers
        }
    }
}

void transport::resume(const rpc::received& result) {
    input_.consume(result.consumed, result.wanted_bytes);
    if (result.memory_is_shared) {
        input_.abandon_memory();
    }
    if (phase_ == phase::closed) {
        return input_.forget();
    }
    if (result.state == rpc::input_state::failed) {
        phase_ = phase::failed;
        input_.clear();  // for others to use now
        return after_flush();
    }
    if (peer_reads() && output_.answer_bytes() > most_answer_bytes) {
        phase_ = phase::paused;
        return;
    }
    if (result.state == rpc::input_state::held_up) {
        return handle_when_held_up();
    }
    if (result.state != rpc::input_state::waiting) {
        return handle_later();
    }
    input_.release();
    if (!input_ended_) {
        return read_on(result.unended_line);
    }
    if (!peer_reads()) {
        return close();
    }
    phase_ = phase::input_over;
    // After the end of input only a full close is news, which epoll reports with the error condition.
    stream_->async_wait(stream::readiness::error, shared_from_this());
    close_when_done();
}

// Not at once: others have waited.
void transport::handle_later() {
    environment_.broker->run_later(
        [self = shared_from_this()] { self->strand_.dispatch([self] { self->handle_again(); }); });
}

void transport::handle_when_held_up() {
    wait_until_over(hold_up_timer_, between_looks_when_held_up,
        [self = shared_from_this()](const boost::system::error_code&) { self->handle_again(); });
}

void transport::handle_again() {
    if (phase_ == phase::handling) {
        handle(cause::bytes);
    } else {
        input_.forget();
    }
}

void transport::read_on(bool has_unended_line) {
    phase_ = phase::reading;
    if (has_unended_line) {
        watch_unended_line();
    }
    expect_input();
    close_when_done();
}

// Each byte that comes starts the time anew, and a text that is not complete is waited for.
void transport::watch_unended_line() {
    line_read_at_ = std::chrono::steady_clock::now();
    if (!std::exchange(line_is_watched_, true)) {
        look_at_unended_line(line_patience);
    }
}

// Bytes that have come meanwhile only move the time of the next look: a peer that sends a line in many pieces does not
// arm a timer for each.
void transport::look_at_unended_line(std::chrono::steady_clock::duration after) {
    wait_until_over(line_timer_, after, [target = weak_from_this()](const boost::system::error_code& failure) {
        const auto self = target.lock();
        if (failure || !self) {
            return;
        }
        self->line_is_watched_ = false;
        if (self->phase_ != phase::reading || self->input_.empty()) {
            return;
        }
        if (const auto left = self->line_read_at_ + line_patience - std::chrono::steady_clock::now();
            left.count() > 0) {
            self->line_is_watched_ = true;
            return self->look_at_unended_line(left);
        }
        self->handle(cause::overdue_line);
    });
}

// --- writing ---

void transport::on_ready() {
    if (session_->has_lost_output()) {
        return stop();
    }
    if (session_->must_read()) {
        const auto self = shared_from_this();  // it may be closed by this
        strand_.dispatch([self] { self->require_reading(); });
        return flush_output();
    }
    flush_output();
}

void transport::flush_output() {
    try {
        write_output();
    } catch (const std::bad_alloc&) {
        log_warning(" is owed more than there is memory for: disconnected");
        stop();
    }
}

void transport::write_output() {
    // What the write can't take at once is not written from a piece that others share.
    const bool one_piece = strand_.is_only_thread() && write_ != write_state::waiting && !flushes_later_;
    const auto next =
        session_->next_output({events_at_a_time, event_bytes_at_a_time, notice_bytes_at_a_time, one_piece});
    if (next.empty()) {
        if (session_->is_half_closed()) {  // the last that it was owed may have been a notification's end
            strand_.dispatch([self = shared_from_this()] { self->close_when_done(); });
        }
        return;
    }
    if (strand_.is_only_thread()) {
        accept_answers(next.answers);
        if (!next.frames.empty()) {
            output_.set_batch(next.frames);
        } else {
            output_.set_batch(next.pieces);
        }
        return flush();
    }
    strand_.dispatch([self = shared_from_this(), answers = std::exchange(next.answers, {}),
                         pieces = std::exchange(next.pieces, {})]() mutable {
        self->accept_answers(answers);
        self->output_.set_batch(pieces);
        self->flush();
    });
}

void transport::accept_answers(rpc::byte_chain& answers) { output_.tail().append(std::move(answers)); }

void transport::flush() {
    if (flushing_ || flushes_later_ || phase_ == phase::closed) {
        return;
    }
    flushing_ = true;
    std::size_t written = 0;
    while (phase_ != phase::closed && write_ != write_state::waiting && !output_.empty()) {
        if (write_ == write_state::dead) {
            stop_writing();  // for what was on its way here meanwhile: its events may be gone
        } else if (written >= most_bytes_a_turn) {
            flush_later();
            break;
        } else {
            written += write_some();
        }
    }
    flushing_ = false;
    if (phase_ == phase::closed) {
        return;
    }
    if (output_.has_borrowed_batch()) {
        output_.replace_batch(session_->pieces_of_batch());
    }
    charge_answers(write_ == write_state::waiting ? output_.answer_bytes() : 0);
    after_flush();
}

// The peer reads as fast as it is written to: others have their turn.
void transport::flush_later() {
    flushes_later_ = true;
    environment_.broker->run_later([self = shared_from_this()] {
        self->strand_.dispatch([self] {
            self->flushes_later_ = false;
            self->flush();
        });
    });
}

// Returns how many bytes were written.
std::size_t transport::write_some() {
    std::array<iovec, most_parts> parts;
    const auto count = first_bytes(parts.data(), output_.gather(parts.data(), parts.size()), most_bytes_a_turn);
    const auto written = stream_->write(parts.data(), count);
    if (written < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            wait_to_write();
        } else if (errno != EINTR) {
            stop_writing();
        }
        return 0;
    }
    environment_.broker->counters.bytes_out.fetch_add(static_cast<std::size_t>(written), std::memory_order_relaxed);
    if (stall_.is_running()) {
        stall_.note_write(std::chrono::steady_clock::now());
    }
    if (output_.advance(static_cast<std::size_t>(written))) {
        environment_.broker->run([self = shared_from_this()] {
            self->session_->written();
            self->flush_output();
        });
    }
    return static_cast<std::size_t>(written);
}

void transport::wait_to_write() {
    write_ = write_state::waiting;
    if (!stall_.is_running()) {
        stall_.start(std::chrono::steady_clock::now(), stream_->unread_by_peer());
        watch_for_stall();
    }
    stream_->async_wait(stream::readiness::write, shared_from_this());
}

// The timer is left running while writes go on.
void transport::watch_for_stall() {
    wait_until_over(timer_, stall_.interval(), [target = weak_from_this()](const boost::system::error_code& failure) {
        const auto self = target.lock();
        if (!failure && self && self->phase_ != phase::closed && self->phase_ != phase::lingering) {
            self->check_for_stall();
        }
    });
}

void transport::check_for_stall() {
    if (write_ != write_state::waiting) {
        return stall_.stop();
    }
    const auto now = std::chrono::steady_clock::now();
    stall_.look(now, stream_->unread_by_peer());
    if (stall_.has_stalled(now)) {
        return give_up_reader();
    }
    watch_for_stall();
}

// Others wait for event memory. Where all that came has been written, this one holds none of it.
void transport::require_reading() {
    if (phase_ == phase::closed || phase_ == phase::lingering || write_ != write_state::waiting) {
        return;
    }
    stall_.set_urgent(true);
    check_for_stall();
}

void transport::give_up_reader() {
    if (!stall_.is_urgent()) {
        log_warning(" has read too little for " + std::to_string(stall_.limit().count()) +
                    " ms while output waited: disconnected");
        return close();
    }
    environment_.broker->run([self = shared_from_this()] {
        const bool others_wait = self->session_->others_wait_for_memory();
        self->strand_.dispatch([self, others_wait] {
            if (self->phase_ == phase::closed) {
                return;
            }
            if (!others_wait) {
                self->stall_.set_urgent(false);
                return self->watch_for_stall();
            }
            self->log_warning(" does not read its events, whose memory others wait for: disconnected");
            self->close();
        });
    });
}

void transport::stop_writing() {
    write_ = write_state::dead;
    output_.clear();
    environment_.broker->run([self = shared_from_this()] { self->session_->stop_output(); });
}

void transport::charge_answers(std::size_t now_bytes) {
    if (now_bytes == charged_answers_) {
        return;
    }
    const std::size_t all =
        environment_.unsent_answer_bytes.fetch_add(now_bytes - charged_answers_, std::memory_order_relaxed) +
        now_bytes - charged_answers_;
    charged_answers_ = now_bytes;
    if (all > most_unsent_bytes && now_bytes > backlog_floor_bytes) {
        log_warning(" does not read its answers: disconnected to bound memory");
        close();
    }
}

void transport::after_flush() {
    if (!output_.empty() || phase_ == phase::closed) {
        return;
    }
    if (phase_ == phase::failed) {
        linger();
    } else if (phase_ == phase::paused) {
        handle(cause::bytes);
    } else {
        close_when_done();
    }
}

// --- closing ---

bool transport::may_close_when_done() const noexcept {
    switch (phase_) {
        case phase::handling:
        case phase::closed:
            return false;
        case phase::input_over:
            return output_.empty();
        default:
            return draining_ && output_.empty();
    }
}

void transport::close_when_done() {
    if (!may_close_when_done()) {
        return;
    }
    environment_.broker->run([self = shared_from_this()] {
        if (!self->session_->is_owed_anything()) {
            self->strand_.dispatch([self] {
                if (self->may_close_when_done()) {
                    self->close();
                }
            });
        }
    });
}

void transport::linger() {
    phase_ = phase::lingering;
    write_ = write_state::dead;  // the events of what is on its way here go with the client
    detach();
    stream_->shut_down_writing();
    if (input_ended_) {
        return close();
    }
    wait_until_over(timer_, linger_time, [target = weak_from_this()](const boost::system::error_code& failure) {
        if (const auto self = target.lock(); self && !failure) {
            self->close();
        }
    });
    expect_input();
}

void transport::discard_input() {
    std::array<char, 4096> dropped;
    ssize_t got = 0;
    // Bounded: others have waited.
    for (int i = 0; i < 64; ++i) {
        got = stream_->read(dropped.data(), dropped.size());
        if (got <= 0) {
            break;
        }
    }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        return close();
    }
    expect_input();
}

void transport::close() {
    if (phase_ == phase::closed) {
        return;
    }
    const bool input_is_in_use = phase_ == phase::handling;  // resume() gives it back
    phase_ = phase::closed;
    stream_->close();
    process_.reset();
    for (const auto* const each : {&timer_, &line_timer_, &hold_up_timer_}) {
        if (*each) {
            (*each)->cancel();
        }
    }
    charge_answers(0);
    output_.clear();
    if (!input_is_in_use) {
        input_.clear();
    }
    detach();
    environment_.on_closed(*this);
}

void transport::detach() {
    environment_.broker->run([self = shared_from_this()] { self->session_->detach(); });
}

}  // namespace hookd::server::net
