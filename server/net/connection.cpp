#include "connection.hpp"

#include "batch.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

// A connection's own strand: reading, writing, closing. What the broker's strand does for it is in requests.cpp.
namespace hookd::server {
namespace {

// Unread answers over which no more requests are read.
constexpr std::size_t most_answer_bytes = std::size_t{256} << 10;

// Of all connections together, over which one that adds to it while it does not read is disconnected.
constexpr std::size_t most_unsent_bytes = std::size_t{256} << 20;
constexpr std::size_t unsent_bytes_of_the_innocent = std::size_t{64} << 10;

// Incomplete frames of all connections together, where frames are not so long that two of them take more.
constexpr std::size_t usual_unread_bytes = std::size_t{256} << 20;

// A frame up to this size gets its memory at once; a larger one has to come first.
constexpr std::size_t trusted_frame_bytes = std::size_t{4} << 20;

// How long the rest of what a peer sends is read and thrown away after an error that ends the connection: a peer that writes on
// would else lose the error to a broken pipe.
constexpr std::chrono::seconds linger_time{1};

constexpr std::size_t most_parts = 512;

// How long a peer may read nothing while events for others wait for the memory of those that it is written.
constexpr std::chrono::milliseconds stall_limit_when_pressed{1000};

// Memory that a frame takes whose end is not known yet, at most: the longest frame and what frames it.
std::size_t longest_input(const listener_options& options) noexcept { return options.max_frame_bytes + buffer_pool::usual_bytes; }

}  // namespace

connection_environment::connection_environment(boost::asio::io_context& where, std::shared_ptr<broker_strand> strand,
                                               const listener_options& how, logger& words)
    : context(where),
      broker(std::move(strand)),
      options(how),
      log(words),
      most_unread_bytes(std::max(usual_unread_bytes, 2 * longest_input(options))),
      batches(std::make_shared<batch_memory>()) {}

connection::connection(std::shared_ptr<connection_environment> environment, stream_socket socket, const peer_credentials& peer,
                       const roles& may)
    : holder_(std::move(environment)), environment_(*holder_), socket_(std::move(socket)), peer_(peer), may_(may) {
    if (!environment_.broker->single_threaded()) {
        strand_.emplace(boost::asio::make_strand(environment_.context));
    }
}

template <class Handler>
void connection::wait_for(boost::asio::socket_base::wait_type what, Handler handler) {
    if (strand_) {
        socket_.async_wait(what, boost::asio::bind_executor(*strand_, std::move(handler)));
    } else {
        socket_.async_wait(what, std::move(handler));
    }
}

void connection::start() {
    environment_.broker->run([self = shared_from_this()] {
        self->client_ = &self->state().attach({self->peer_.pid, self->peer_.uid, !is_owner(self->peer_)},
                                                      static_cast<event_sink*>(self.get()));
        self->client_->requests_stay = true;
        self->on_own([self] { self->read_more(); });
    });
}

void connection::stop() {
    on_own([self = shared_from_this()] { self->close(); });
}

void connection::drain() {
    on_own([self = shared_from_this()] {
        self->draining_ = true;
        self->close_when_done();
    });
}

// --- reading ---

void connection::read_more() {
    if (closed_) {
        return;
    }
    // Readiness first, and a buffer only then: an idle connection has none.
    wait_for(boost::asio::socket_base::wait_read, [self = shared_from_this()](const boost::system::error_code& failure) {
        if (!failure) {
            self->on_readable();
        }
    });
}

void connection::on_readable() {
    if (closed_) {
        return;
    }
    if (lingering_) {
        discard_input();
    } else if (!make_room_for_input()) {
        broken_ = true;
        process();
    } else {
        receive();
    }
}

void connection::receive() {
    const auto got =
        ::recv(socket_.native_handle(), input_.bytes.get() + input_end_, input_.capacity - input_end_, MSG_DONTWAIT);
    if (got > 0) {
        input_end_ += static_cast<std::size_t>(got);
        environment_.broker->counters.bytes_in.fetch_add(static_cast<std::size_t>(got), std::memory_order_relaxed);
        return process();
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        release_input();
        return read_more();
    }
    // The end, or a reset: all that was sent before has been read by now.
    input_ended_ = true;
    process();
}

bool connection::make_room_for_input() {
    if (input_.capacity == 0) {
        input_ = environment_.buffers.take();
        input_begin_ = input_end_ = 0;
    }
    const std::size_t held = input_end_ - input_begin_;
    const std::size_t wanted = frame_bytes_ != 0 ? frame_bytes_ : held + 1;
    if (input_begin_ > 0 && input_begin_ + wanted > input_.capacity) {
        std::memmove(input_.bytes.get(), input_.bytes.get() + input_begin_, held);
        input_begin_ = 0;
        input_end_ = held;
    }
    // More only once it is full: a frame that is announced has yet to come.
    if (held < input_.capacity) {
        return true;
    }
    // Once half of what there is for all is taken, nobody is trusted: a few that each began a large frame would else take the rest, too.
    const bool is_trusted = environment_.unread_input_bytes.load(std::memory_order_relaxed) < environment_.most_unread_bytes / 2;
    const std::size_t doubled = 2 * input_.capacity;
    const std::size_t capacity =
        frame_bytes_ != 0 ? std::min(frame_bytes_, std::max(doubled, is_trusted ? trusted_frame_bytes : 0))
                          : std::min(longest_input(environment_.options), doubled);
    const std::size_t more = capacity - charged_input_;
    if (environment_.unread_input_bytes.fetch_add(more, std::memory_order_relaxed) + more > environment_.most_unread_bytes) {
        environment_.unread_input_bytes.fetch_sub(more, std::memory_order_relaxed);
        return false;
    }
    buffer larger = buffer::of(capacity);
    std::memcpy(larger.bytes.get(), input_.bytes.get() + input_begin_, held);
    input_end_ = held;
    input_begin_ = 0;
    charged_input_ = capacity;
    environment_.buffers.give_back(std::exchange(input_, std::move(larger)));
    return true;
}

void connection::release_input() {
    if (input_begin_ != input_end_ && !closed_) {
        return;
    }
    input_begin_ = input_end_ = 0;
    frame_bytes_ = 0;
    environment_.unread_input_bytes.fetch_sub(std::exchange(charged_input_, 0), std::memory_order_relaxed);
    environment_.buffers.give_back(std::exchange(input_, {}));
}

// An event has kept the memory: what has not been handled yet goes on in another.
void connection::leave_input() {
    const std::size_t held = input_end_ - input_begin_;
    buffer next{};
    if (held > 0) {
        next = held <= buffer_pool::usual_bytes ? environment_.buffers.take() : buffer::of(held);
        std::memcpy(next.bytes.get(), input_.bytes.get() + input_begin_, held);
    }
    // Of the memory that was charged, what is held on to stays so; the rest is the event's.
    const std::size_t kept_charge = held > buffer_pool::usual_bytes ? std::min(held, charged_input_) : 0;
    environment_.unread_input_bytes.fetch_sub(charged_input_ - kept_charge, std::memory_order_relaxed);
    charged_input_ = kept_charge;
    input_ = std::move(next);
    input_begin_ = 0;
    input_end_ = held;
}

void connection::process() {
    lent_ = true;
    environment_.broker->run([self = shared_from_this()] {
        self->carry_out();
        // What others wait for goes out before the answers to the one who sent it: the verdict before "accepted".
        self->strand().pump();
        self->hand_over();
        self->on_own([self] { self->resume(); });
    });
}

void connection::resume() {
    lent_ = false;
    if (std::exchange(lent_memory_.is_shared, false)) {
        leave_input();
    }
    if (closed_) {
        return release_input();
    }
    if (broken_) {
        release_input();
        return after_flush();
    }
    if (!write_dead_ && !process_ended_ && output_.answer_bytes() > most_answer_bytes) {
        paused_ = true;
        return;
    }
    if (more_to_do_) {
        // Not at once: others have waited.
        const auto again = [self = shared_from_this()] {
            self->on_own([self] {
                if (!self->closed_) {
                    self->process();
                } else {
                    self->lent_ = false;
                    self->release_input();
                }
            });
        };
        lent_ = true;
        boost::asio::post(environment_.context, again);
        return;
    }
    release_input();
    if (!input_ended_) {
        watch_unended_line();
        read_more();
        return close_when_done();
    }
    if (write_dead_ || process_ended_) {
        return close();
    }
    watch_for_hang_up();
    close_when_done();
}

// --- writing ---

void connection::accept_answers(std::string& answers) {
    auto& tail = output_.tail();
    if (tail.empty()) {
        tail.swap(answers);
    } else {
        tail += answers;
    }
    answers.clear();
}

void connection::flush() {
    if (flushing_ || closed_) {
        return;
    }
    flushing_ = true;
    while (!closed_ && !write_refused_ && !output_.empty()) {
        if (write_dead_) {
            stop_writing();  // for what was on its way here meanwhile: its events may be gone
        } else {
            write_some();
        }
    }
    flushing_ = false;
    if (staged_ && output_.has_batch()) {
        // The stage is for the next one: what is left is written from the events themselves.
        environment_.events.clear();
        state().handed_out(*client_, environment_.events);
        collect_pieces(false);
        output_.replace_batch(environment_.pieces);
    }
    staged_ = false;
    if (!closed_) {
        charge_answers(write_refused_ ? output_.answer_bytes() : 0);
        after_flush();
    }
}

void connection::write_some() {
    std::array<iovec, most_parts> parts;
    msghdr what{};
    what.msg_iov = parts.data();
    what.msg_iovlen = output_.gather(parts.data(), parts.size());
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    // Mostly it is one part, which costs the kernel less to take by send().
    const auto written = what.msg_iovlen == 1 ? ::send(socket_.native_handle(), parts[0].iov_base, parts[0].iov_len, flags)
                                              : ::sendmsg(socket_.native_handle(), &what, flags);
    if (written < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            wait_to_write();
        } else if (errno != EINTR) {
            stop_writing();
        }
        return;
    }
    environment_.broker->counters.bytes_out.fetch_add(static_cast<std::size_t>(written), std::memory_order_relaxed);
    if (watches_stall_) {
        last_progress_ = std::chrono::steady_clock::now();
    }
    if (output_.advance(static_cast<std::size_t>(written))) {
        environment_.broker->run([self = shared_from_this()] {
            if (self->client_ != nullptr) {
                self->batch_is_out_ = false;
                self->state().sent(*self->client_, self->client_->handed_out);
                self->hand_over();
            }
        });
    }
}

void connection::wait_to_write() {
    write_refused_ = true;
    if (!watches_stall_) {
        last_progress_ = std::chrono::steady_clock::now();
        watch_for_stall();
    }
    wait_for(boost::asio::socket_base::wait_write, [self = shared_from_this()](const boost::system::error_code& failure) {
        if (!failure && !self->closed_) {
            self->write_refused_ = false;
            self->flush();
        }
    });
}

// The timer is left running while writes go on. A stream socket becomes writable only once a good part of its buffer is free, which a slow
// reader may need more time for than one may have that reads nothing: so it is asked how much is unread.
void connection::watch_for_stall() {
    constexpr int looks_a_timeout = 4;
    watches_stall_ = true;
    unread_by_peer_ = count_unread_by_peer();
    auto check = [target = weak_from_this()](const boost::system::error_code& failure) {
        const auto self = target.lock();
        if (failure || !self || self->closed_ || self->lingering_) {
            return;
        }
        self->watches_stall_ = false;
        if (!self->write_refused_) {
            self->must_read_ = false;
            return;
        }
        self->look_for_progress();
        if (self->has_stalled()) {
            return self->give_up_reader();
        }
        self->watch_for_stall();
    };
    wait_until_over(timer_, stall_limit() / looks_a_timeout, std::move(check));
}

std::chrono::milliseconds connection::stall_limit() const {
    const auto usual = environment_.options.write_stall_timeout;
    return must_read_ ? std::min(usual, stall_limit_when_pressed) : usual;
}

void connection::look_for_progress() {
    const int unread = count_unread_by_peer();
    if (std::exchange(unread_by_peer_, unread) != unread) {
        last_progress_ = std::chrono::steady_clock::now();
    }
}

bool connection::has_stalled() const { return std::chrono::steady_clock::now() - last_progress_ >= stall_limit(); }

// Where all that came has been written, it holds nothing that others could have.
void connection::press_to_read() {
    if (closed_ || lingering_ || !write_refused_) {
        return;
    }
    must_read_ = true;
    look_for_progress();
    if (has_stalled()) {
        return give_up_reader();
    }
    watch_for_stall();
}

void connection::give_up_reader() {
    if (!must_read_) {
        environment_.log.write(log_level::warning, describe(peer_) + " has read too little for " + std::to_string(stall_limit().count()) +
                                                       " ms while output waited: disconnected");
        return close();
    }
    environment_.broker->run([self = shared_from_this()] {
        const bool others_wait = self->client_ != nullptr && self->state().must_read(*self->client_);
        self->on_own([self, others_wait] {
            if (self->closed_) {
                return;
            }
            if (!others_wait) {
                self->must_read_ = false;
                return self->watch_for_stall();
            }
            self->environment_.log.write(log_level::warning, describe(self->peer_) + " does not read its events, whose memory others wait for: " +
                                                                 "disconnected");
            self->close();
        });
    });
}

int connection::count_unread_by_peer() {
    int bytes = 0;
    return ::ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

void connection::stop_writing() {
    write_dead_ = true;
    output_.clear();
    environment_.broker->run([self = shared_from_this()] {
        if (self->client_ == nullptr) {
            return;
        }
        self->batch_is_out_ = false;
        self->state().end_session(*self->client_, self->strand().now());
        self->state().forget_handed_out(*self->client_);
        self->answers_.clear();
    });
}

void connection::charge_answers(std::size_t now_bytes) {
    if (now_bytes == charged_answers_) {
        return;
    }
    const std::size_t all = environment_.unsent_answer_bytes.fetch_add(now_bytes - charged_answers_, std::memory_order_relaxed) +
                            now_bytes - charged_answers_;
    charged_answers_ = now_bytes;
    if (all > most_unsent_bytes && now_bytes > unsent_bytes_of_the_innocent) {
        environment_.log.write(log_level::warning, describe(peer_) + " does not read its answers: disconnected to bound memory");
        close();
    }
}

void connection::after_flush() {
    if (!output_.empty() || closed_) {
        return;
    }
    if (!lent_ && broken_) {  // in this order: while it is lent, the broker's strand may set it
        return linger();
    }
    if (paused_) {
        paused_ = false;
        resume();
    } else {
        close_when_done();
    }
}

// --- closing ---

// After the end of input only a full close is news: that is a hang-up, which epoll reports with the error condition.
void connection::watch_for_hang_up() {
    wait_for(boost::asio::socket_base::wait_error, [self = shared_from_this()](const boost::system::error_code& failure) {
        if (!failure) {
            self->close();
        }
    });
}

void connection::close_when_done() {
    if (closed_ || lent_ || !(input_ended_ || draining_) || !output_.empty()) {
        return;
    }
    environment_.broker->run([self = shared_from_this()] {
        const bool done = self->client_ == nullptr || (!core::broker_state::is_owed_anything(*self->client_) &&
                                                       self->answers_.empty() && !self->batch_is_out_);
        if (done) {
            self->on_own([self] {
                if (self->output_.empty() && !self->lent_) {
                    self->close();
                }
            });
        }
    });
}

void connection::linger() {
    if (lingering_) {
        return;
    }
    lingering_ = true;
    write_dead_ = true;  // the events of what is on its way here go with the client
    detach();
    ::shutdown(socket_.native_handle(), SHUT_WR);
    if (input_ended_) {
        return close();
    }
    auto give_up = [target = weak_from_this()](const boost::system::error_code& failure) {
        if (const auto self = target.lock(); self && !failure) {
            self->close();
        }
    };
    wait_until_over(timer_, linger_time, std::move(give_up));
    read_more();
}

void connection::discard_input() {
    std::array<char, 4096> nothing;
    ssize_t got = 0;
    // Bounded: others have waited.
    for (int i = 0; i < 64; ++i) {
        got = ::recv(socket_.native_handle(), nothing.data(), nothing.size(), MSG_DONTWAIT);
        if (got <= 0) {
            break;
        }
    }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        return close();
    }
    read_more();
}

void connection::close() {
    if (closed_) {
        return;
    }
    closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    process_.reset();
    if (timer_) {
        timer_->cancel();
    }
    charge_answers(0);
    output_.clear();
    if (!lent_) {
        release_input();
    }
    detach();
    environment_.on_closed(*this);
}

}  // namespace hookd::server
