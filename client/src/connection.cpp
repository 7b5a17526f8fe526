// SPDX-License-Identifier: BSL-1.0
#include "connection.hpp"

#include "bounded_time.hpp"
#include "decoding.hpp"
#include "encoding.hpp"
#include "errors.hpp"

#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/methods.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <poll.h>
#include <algorithm>
#include <limits>
#include <utility>

namespace hookd::detail {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// Between attempts while the daemon's queue of unaccepted connections is full.
constexpr milliseconds connect_retry_pause{2};

// Requests that may wait to be written: twice the largest one, so that one is always accepted behind another.
constexpr std::size_t max_unwritten_bytes = 2 * protocol::max_max_frame_bytes;

// A block of output larger than this is given back once it is written.
constexpr std::size_t kept_output_bytes = std::size_t{1024} * 1024;

// What the daemon sent makes no sense: the connection ends. A type of its own, since callbacks may throw hookd::error,
// too.
struct stream_fault {
    error failure;
};

template <class Read>
auto understood(Read read) {
    try {
        return read();
    } catch (const error& failure) {
        throw stream_fault{failure};
    }
}

}  // namespace

connection::connection(
    asio::any_io_executor executor, daemon_address address, milliseconds connect_timeout, connection_observer& observer)
    : executor_(std::move(executor)),
      socket_(executor_),
      connect_retry_(executor_),
      address_(std::move(address)),
      connect_timeout_(connect_timeout),
      observer_(&observer) {}

connection::~connection() = default;

// --- connecting -----------------------------------------------------------------------------------------------------

void connection::connect(connect_handler done) {
    if (is_open()) {
        done(std::nullopt);
        return;
    }
    connecting_.push_back(std::move(done));
    if (connecting_.size() == 1) {
        connect_end_ = steady_clock::now() + bounded_time(connect_timeout_);
        try_connect_once();
    }
}

void connection::try_connect_once() {
    auto attempt = try_connect(address_);
    if (attempt.fd) {
        error_code failure;
        socket_.assign(asio::local::stream_protocol{}, attempt.fd.get(), failure);
        if (failure) {
            finish_connect(connect_error(address_.path, failure.value()));
            return;
        }
        (void)attempt.fd.release();  // socket_ owns it now
        socket_.non_blocking(true, failure);
        ++generation_;
        input_ = receive_buffer{};
        finish_connect(std::nullopt);
        read();
        post_flush();
    } else if (attempt.may_retry && steady_clock::now() < connect_end_) {
        connect_retry_.expires_after(connect_retry_pause);
        connect_retry_.async_wait([self = shared_from_this()](const error_code& failure) {
            if (!failure && !self->connecting_.empty()) {
                self->try_connect_once();
            }
        });
    } else {
        finish_connect(attempt.failure);
    }
}

void connection::finish_connect(const std::optional<error>& failure) {
    const auto handlers = std::exchange(connecting_, {});
    for (const auto& each : handlers) {
        each(failure);
    }
    if (failure) {
        output_.clear();
        fail_all(*failure);
    }
}

// --- requests -------------------------------------------------------------------------------------------------------

std::uint64_t connection::request(std::string_view method, std::string_view params, std::unique_ptr<reply_sink> sink) {
    const std::uint64_t id = ++last_id_;
    try {
        if (output_.size() - written_ + params.size() > max_unwritten_bytes) {
            throw invalid_argument_error(
                std::to_string(max_unwritten_bytes) +
                " bytes of requests wait to be sent already: wait for some of their results first");
        }
        append_request_frame(output_, id, method, params);
    } catch (const error& failure) {
        sink->on_error(failure);
        return 0;
    }
    waiting_.emplace(id, waiting_request{std::string{method}, std::move(sink), false});
    if (is_open()) {
        post_flush();
    } else if (connecting_.empty()) {
        connect([](const std::optional<error>&) {});
    }
    return id;
}

void connection::cancel(std::uint64_t id) {
    const auto found = waiting_.find(id);
    if (found != waiting_.end() && !std::exchange(found->second.cancelled, true)) {
        append_request_frame(output_, 0, protocol::cancel_params::method, encode_cancel(id));
        post_flush();
    }
}

// --- writing --------------------------------------------------------------------------------------------------------

// Requests that are made in one turn of the executor are written together: the flush stands in the queue behind them.
void connection::post_flush() {
    if (flush_posted_ || waiting_to_write_ || !is_open()) {
        return;
    }
    flush_posted_ = true;
    asio::post(executor_, [self = shared_from_this()] {
        self->flush_posted_ = false;
        self->flush();
    });
}

void connection::flush() {
    if (!is_open() || waiting_to_write_ || write_failure_ != 0) {
        return;
    }
    while (written_ < output_.size()) {
        error_code failure;
        written_ += socket_.write_some(asio::buffer(output_.data() + written_, output_.size() - written_), failure);
        if (failure == asio::error::would_block) {
            wait_until_writable();
            return;
        }
        if (failure && failure != asio::error::interrupted) {
            // Reading goes on to the end: the daemon may have said why it closed.
            write_failure_ = failure.value();
            break;
        }
    }
    written_ = 0;
    if (output_.capacity() > kept_output_bytes) {
        output_ = {};
    } else {
        output_.clear();
    }
}

void connection::wait_until_writable() {
    // What has been written is dropped now, so a peer that reads slowly does not make output_ grow with all that ever
    // was.
    output_.erase(0, std::exchange(written_, 0));
    waiting_to_write_ = true;
    socket_.async_wait(
        asio::socket_base::wait_write, [self = shared_from_this(), generation = generation_](const error_code&) {
            if (generation == self->generation_) {
                self->waiting_to_write_ = false;
                self->flush();
            }
        });
}

void connection::flush_blocking(milliseconds patience) {
    waiting_to_write_ = false;
    while (is_open()) {
        const std::size_t before = output_.size();
        flush();
        if (!std::exchange(waiting_to_write_, false)) {
            return;
        }
        pollfd writable{socket_.native_handle(), POLLOUT, 0};
        const auto longest = std::min<milliseconds::rep>(patience.count(), std::numeric_limits<int>::max());
        if (output_.size() == before && ::poll(&writable, 1, static_cast<int>(longest)) == 0) {
            return;
        }
    }
}

// --- reading --------------------------------------------------------------------------------------------------------

void connection::read() {
    if (reading_ || paused_ || !is_open()) {
        return;
    }
    reading_ = true;
    const auto room = input_.prepare();
    socket_.async_read_some(asio::buffer(room.data(), room.size()),
        [self = shared_from_this(), generation = generation_](
            const error_code& failure, std::size_t bytes) { self->on_read(generation, failure, bytes); });
}

void connection::on_read(std::uint64_t generation, const error_code& failure, std::size_t bytes) {
    if (generation != generation_) {
        return;
    }
    reading_ = false;
    if (failure) {
        const int error_number = failure == asio::error::eof ? write_failure_ : failure.value();
        close(last_words_ ? *last_words_ : broken_error(error_number, !waiting_.empty()));
        return;
    }
    input_.commit(bytes);
    take_frames();
}

void connection::resume_reading() {
    if (std::exchange(paused_, false)) {
        take_frames();
    }
}

void connection::take_frames() {
    // An observer that resumes from within a frame: the loop below is under way already. A read that is under way goes
    // on by itself.
    if (taking_ || reading_) {
        return;
    }
    taking_ = true;
    try {
        const std::uint64_t generation = generation_;
        while (!paused_ && is_open() && generation == generation_) {
            const auto frame = understood([this] { return input_.next_frame(); });
            if (!frame) {
                break;
            }
            take(*frame);
        }
    } catch (const stream_fault& fault) {
        taking_ = false;
        close(fault.failure);
        return;
    } catch (...) {
        // Somebody's callback threw. That goes up to who runs the executor, and the frames after this one are read all
        // the same.
        taking_ = false;
        asio::post(executor_, [self = shared_from_this()] { self->take_frames(); });
        throw;
    }
    taking_ = false;
    read();
}

void connection::take(std::string_view frame) {
    protocol::read_incoming(frame, incoming_);
    switch (incoming_.type) {
        case protocol::incoming::kind::response:
            take_response();
            return;
        case protocol::incoming::kind::notification:
            break;
        case protocol::incoming::kind::invalid:
            throw stream_fault{not_understood_error("it sent a frame that is neither an answer nor a notification")};
    }
    const auto& notification = incoming_.notification;
    if (notification.method.equals("event")) {
        observer_->on_event(understood([&] { return event::parse_valid(std::string{notification.params}); }));
    } else if (notification.method.equals("cancelled")) {
        observer_->on_cancelled(understood([&] { return decode_ended_wait(notification.params); }));
    } else if (notification.method.equals("verdict")) {
        observer_->on_verdict(understood([&] { return decode_verdict_notice(notification.params); }));
    } else if (notification.method.equals("closed")) {
        observer_->on_closed(understood([&] { return decode_session_end(notification.params); }));
    }
}

void connection::take_response() {
    const protocol::response& answer = incoming_.reply;
    const bool failed = answer.result.empty();
    if (failed && answer.id == "null") {
        last_words_ = refused_error({}, answer);
        return;
    }
    const auto id = decode_id(answer.id);
    const auto found = id ? waiting_.find(*id) : waiting_.end();
    if (found == waiting_.end()) {
        return;
    }
    const waiting_request request = std::move(found->second);
    waiting_.erase(found);
    if (failed) {
        request.sink->on_error(refused_error(request.method, answer));
    } else {
        request.sink->on_result(answer.result);
    }
}

// --- the end --------------------------------------------------------------------------------------------------------

void connection::fail_all(const error& why) {
    // A sink may make a new request, which is not to fail with the others.
    const auto failed = std::exchange(waiting_, {});
    for (const auto& [id, request] : failed) {
        request.sink->on_error(why);
    }
}

void connection::reset() noexcept {
    error_code ignored;
    socket_.close(ignored);
    connect_retry_.cancel();
    ++generation_;
    output_.clear();
    written_ = 0;
    last_words_.reset();
    write_failure_ = 0;
    reading_ = false;
    paused_ = false;
    waiting_to_write_ = false;
}

void connection::close(const error& why) {
    const auto handlers = std::exchange(connecting_, {});
    const bool was_open = is_open();
    const error reported = why;  // NOLINT(performance-unnecessary-copy-initialization): `why` may be last_words_
    reset();
    for (const auto& each : handlers) {
        each(reported);
    }
    fail_all(reported);
    if (was_open) {
        observer_->on_broken(reported);
    }
}

void connection::detach() noexcept {
    connecting_.clear();
    reset();
    waiting_.clear();
}

}  // namespace hookd::detail
