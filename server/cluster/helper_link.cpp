// SPDX-License-Identifier: BSL-1.0
#include "cluster/helper_link.hpp"

#include "cluster/link/frame_input.hpp"
#include "cluster/link/malformed_message.hpp"
#include "cluster/messages.hpp"

#include <hookd/protocol/limits.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace hookd::cluster {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{5'000};
constexpr std::chrono::seconds good_run{10};
constexpr std::chrono::seconds between_ticks{1};

constexpr std::size_t most_pieces = 64;  // of one write

constexpr std::size_t longest_line = 1024;
constexpr int most_lines_a_second = 20;

}  // namespace

struct helper_link::run {
    run(asio::io_context& context, const std::filesystem::path& program)
        : process(program),
          socket(context, asio::local::stream_protocol{}, process.take_socket()),
          errors(context, process.take_errors()) {}

    helper_process process;
    asio::local::stream_protocol::socket socket;
    asio::posix::stream_descriptor errors;
    hookd::link::frame_input input{protocol::max_max_frame_bytes};
    std::deque<std::string> output{};
    std::size_t written_of_first = 0;
    std::size_t queued_bytes = 0;
    bool write_is_due =
        false;           // write_some() is to come: at the end of the work under way, or once the socket takes more
    bool lags = false;   // too much waits: it will be ended, though not while its caller is in the middle of its work
    std::string line{};  // of its standard error
    int lines_this_second = 0;
    int lines_left_out = 0;
    clock::time_point started = clock::now();
    int silent_ticks = 0;  // since it was heard last
};

helper_link::helper_link(asio::io_context& context, server::broker& events, server::logger& log,
    helper_observer& observer, program_finder program)
    : context_(context),
      events_(events),
      log_(log),
      observer_(&observer),
      program_(std::move(program)),
      timer_(context) {}

// What completes on any thread of the context goes on on the strand; nothing of a run that is over does.
template <class Method>
void helper_link::on_strand(const std::weak_ptr<run>& expected, Method method) {
    events_.run([self = shared_from_this(), expected, method](core::broker&, const core::instant&) {
        const auto current = expected.lock();
        if (current && current == self->run_) {
            (self.get()->*method)();
        }
    });
}

void helper_link::start() {
    stopped_ = false;
    launch();
}

void helper_link::stop() {
    stopped_ = true;
    timer_.cancel();
    run_.reset();
}

void helper_link::launch() {
    try {
        run_ = std::make_shared<run>(context_, program_());
        observer_->on_started();
    } catch (const std::exception& failure) {
        return lose(std::string{"the helper could not be started: "} + failure.what());
    }
    read_more();
    read_errors();
    tick();
}

void helper_link::lose(const std::string& reason) {
    if (run_) {
        pause_ = clock::now() - run_->started >= good_run ? std::chrono::milliseconds{0} : pause_;
        run_->process.kill();
        run_.reset();
    }
    pause_ = std::clamp(2 * pause_, first_pause, longest_pause);
    observer_->on_lost(reason);
    timer_.expires_after(pause_);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& failure) {
        if (failure) {
            return;
        }
        self->events_.run([self](core::broker&, const core::instant&) {
            if (!self->stopped_ && !self->run_) {
                self->launch();
            }
        });
    });
}

void helper_link::send(std::string frame) {
    if (!run_) {
        return;
    }
    run_->queued_bytes += frame.size();
    run_->output.push_back(std::move(frame));
    if (!std::exchange(run_->write_is_due, true)) {
        write_later();
    }
    if (run_->queued_bytes > most_queued_bytes && !std::exchange(run_->lags, true)) {
        events_.run_later(
            [self = shared_from_this(), expected = std::weak_ptr{run_}](core::broker&, const core::instant&) {
                if (const auto current = expected.lock(); current && current == self->run_) {
                    self->lose("lagged: the helper does not read what it is sent");
                }
            });
    }
}

// A write for each frame would wake the helper for each.
void helper_link::write_later() {
    events_.run_later([self = shared_from_this(), current = std::weak_ptr{run_}](core::broker&, const core::instant&) {
        if (const auto alive = current.lock(); alive && alive == self->run_) {
            self->write_some();
        }
    });
}

void helper_link::write_some() {
    run_->write_is_due = false;
    while (!run_->output.empty() && !run_->write_is_due) {
        if (!write_pieces()) {
            return;
        }
    }
}

// False if the socket failed: so will the next read, which says why.
bool helper_link::write_pieces() {
    auto& output = run_->output;
    std::array<iovec, most_pieces> pieces;
    const auto count = std::min(output.size(), pieces.size());
    for (std::size_t i = 0; i < count; ++i) {
        const auto written = i == 0 ? run_->written_of_first : 0;
        pieces[i] = {output[i].data() + written, output[i].size() - written};
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const auto sent = ::sendmsg(run_->socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) {
        run_->write_is_due = true;
        run_->socket.async_wait(asio::socket_base::wait_write,
            [self = shared_from_this(), current = std::weak_ptr{run_}](const boost::system::error_code& failure) {
                if (!failure) {
                    self->on_strand(current, &helper_link::write_some);
                }
            });
    }
    if (sent < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    run_->queued_bytes -= static_cast<std::size_t>(sent);
    auto done = run_->written_of_first + static_cast<std::size_t>(sent);
    for (; !output.empty() && done >= output.front().size(); output.pop_front()) {
        done -= output.front().size();
    }
    run_->written_of_first = done;
    return true;
}

void helper_link::read_more() {
    run_->socket.async_wait(asio::socket_base::wait_read,
        [self = shared_from_this(), expected = std::weak_ptr{run_}](const boost::system::error_code& failure) {
            if (!failure) {
                self->on_strand(expected, &helper_link::read_input);
            }
        });
}

void helper_link::read_input() {
    const auto room = run_->input.room();
    const auto got = ::recv(run_->socket.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        return lose("the helper has ended");
    }
    if (got > 0) {
        run_->silent_ticks = 0;
        run_->input.add(static_cast<std::size_t>(got));
    }
    if (read_frames()) {
        read_more();
    }
}

// False where the run is over.
bool helper_link::read_frames() {
    const auto current = run_;
    try {
        for (auto frame = current->input.next(); frame && current == run_; frame = current->input.next()) {
            observer_->on_frame(*frame);
        }
    } catch (const hookd::link::malformed_message& fault) {
        lose(std::string{"the helper sent what it must not: "} + fault.what());
        return false;
    }
    return current == run_;
}

void helper_link::read_errors() {
    run_->errors.async_wait(asio::posix::stream_descriptor::wait_read,
        [self = shared_from_this(), expected = std::weak_ptr{run_}](const boost::system::error_code& failure) {
            if (!failure) {
                self->on_strand(expected, &helper_link::log_errors);
            }
        });
}

// Line by line; of a long one the beginning.
void helper_link::log_errors() {
    std::array<char, 4096> piece;
    const auto got = ::read(run_->errors.native_handle(), piece.data(), piece.size());
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        return;
    }
    for (const char each : std::string_view{piece.data(), got > 0 ? static_cast<std::size_t>(got) : 0}) {
        if (each == '\n') {
            say_line(run_->line);
            run_->line.clear();
        } else if (run_->line.size() < longest_line) {
            run_->line += each;
        }
    }
    read_errors();
}

void helper_link::say_line(std::string_view line) {
    if (run_->lines_this_second++ < most_lines_a_second) {
        log_.write(server::log_level::info, "cluster: " + std::string{line});
    } else {
        ++run_->lines_left_out;
    }
}

void helper_link::tick() {
    const auto now = clock::now();
    // By ticks: this process may have stood still itself.
    const bool is_silent = ++run_->silent_ticks > longest_silence / between_ticks;
    const auto reason = is_silent ? std::string{"the helper has said nothing for 5 s"} : observer_->on_tick(now);
    if (!reason.empty()) {
        return lose(reason);
    }
    if (run_->lines_left_out > 0) {
        log_.write(server::log_level::info, "cluster: (" + std::to_string(run_->lines_left_out) + " more lines)");
    }
    run_->lines_this_second = run_->lines_left_out = 0;
    send(ping_frame());
    timer_.expires_after(between_ticks);
    timer_.async_wait(
        [self = shared_from_this(), expected = std::weak_ptr{run_}](const boost::system::error_code& failure) {
            if (!failure) {
                self->on_strand(expected, &helper_link::tick);
            }
        });
}

}  // namespace hookd::cluster
