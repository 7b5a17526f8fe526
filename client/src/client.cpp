// SPDX-License-Identifier: BSL-1.0
#include <base/posix/unique_fd.hpp>
#include <hookd/client.hpp>

#include "bounded_time.hpp"
#include "decoding.hpp"
#include "encoding.hpp"
#include "errors.hpp"
#include "receive_buffer.hpp"
#include "unix_socket.hpp"

#include <hookd/protocol/message.hpp>
#include <hookd/protocol/methods.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <algorithm>
#include <cerrno>
#include <limits>

namespace hookd {

using detail::receive_buffer;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// Whether a request may be sent a second time when its connection broke.
enum class repeatable : bool { no, yes };

// Until when an answer has to be there; none for a wait whose length only the daemon knows.
using answer_end = std::optional<steady_clock::time_point>;

int poll_timeout(steady_clock::time_point end) {
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now()).count();
    return static_cast<int>(std::clamp<milliseconds::rep>(left, 0, std::numeric_limits<int>::max()));
}

}  // namespace

class client::impl {
public:
    explicit impl(const client_options& options)
        : address_(detail::resolve_address(options.path, options.daemon_user)),
          connect_timeout_(options.connect_timeout),
          answer_timeout_(detail::bounded_time(options.answer_timeout)) {
        connect();
    }

    [[nodiscard]] const std::string& path() const noexcept { return address_.path; }

    // `wait`: how long the request itself asks the daemon to wait; nothing: as long as the daemon is configured to.
    std::string call(
        std::string_view method, std::string_view params, std::optional<milliseconds> wait, repeatable again) {
        const auto end =
            wait ? answer_end{steady_clock::now() + detail::bounded_time(*wait) + answer_timeout_} : std::nullopt;
        return call_until(end, method, params, again);
    }

    std::string call_until(answer_end end, std::string_view method, std::string_view params, repeatable again) {
        const std::uint64_t id = ++last_id_;
        request_.clear();
        detail::append_request_frame(request_, id, method, params);
        refresh();
        try {
            return exchange(id, method, end);
        } catch (const error& failure) {
            if (failure.kind() != error_kind::broken || again == repeatable::no) {
                throw;
            }
            const auto broken = std::current_exception();
            try {
                connect();
            } catch (const error&) {
                // Not "no daemon", which promises that nothing was sent.
                std::rethrow_exception(broken);
            }
        }
        return exchange(id, method, end);
    }

private:
    void connect() {
        fd_ = detail::connect_blocking(address_, connect_timeout_);
        buffer_ = receive_buffer{};
    }

    // Connects where there is no connection, or one that the daemon has closed while it was idle: nothing has been sent
    // yet, so nothing can happen twice. Whatever else lies there (answers that came too late) is dropped, so an end
    // cannot hide behind it.
    void refresh() {
        while (fd_) {
            const auto room = buffer_.prepare();
            const auto received = ::recv(fd_.get(), room.data(), room.size(), MSG_DONTWAIT);
            if (received > 0) {
                try {
                    buffer_.commit(static_cast<std::size_t>(received));
                    while (buffer_.next_frame()) {
                    }
                } catch (const error&) {
                    fd_.reset();
                }
            } else if (received == 0 || (errno != EAGAIN && errno != EINTR)) {
                fd_.reset();
            } else if (errno == EAGAIN) {
                return;
            }
        }
        connect();
    }

    std::string exchange(std::uint64_t id, std::string_view method, answer_end end) {
        try {
            const int send_failure = send(request_, end);
            return receive(id, method, end, send_failure);
        } catch (const error& failure) {
            // A connection on which an answer is still due could be read on, but after a break or a half-sent request
            // it is of no use.
            if (failure.kind() == error_kind::broken || (failure.kind() == error_kind::timed_out && partly_sent_)) {
                fd_.reset();
            }
            throw;
        }
    }

    // Whether the connection came to that before `end`.
    [[nodiscard]] bool wait_for(short readiness, steady_clock::time_point end) const {
        pollfd waiting{fd_.get(), readiness, 0};
        for (;;) {
            const int ready = ::poll(&waiting, 1, poll_timeout(end));
            if (ready > 0) {
                return true;
            }
            if (ready < 0 && errno != EINTR) {
                throw detail::broken_error(errno);
            }
            if (ready == 0 && steady_clock::now() >= end) {
                return false;
            }
        }
    }

    // Returns errno where the daemon takes no more: what it said before it closed has to be read still.
    int send(std::string_view rest, answer_end end) {
        partly_sent_ = true;
        while (!rest.empty()) {
            const auto sent = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0) {
                rest.remove_prefix(static_cast<std::size_t>(sent));
            } else if (errno == EAGAIN) {
                if (!wait_for(POLLOUT, end.value_or(steady_clock::now() + answer_timeout_))) {
                    throw detail::timed_out_error(address_.path);
                }
            } else if (errno != EINTR) {
                return errno;
            }
        }
        partly_sent_ = false;
        return 0;
    }

    // Where there is no end, a daemon that was silent for answer_timeout is asked whether it lives, and has as long to
    // say anything at all. What it answers to that is dropped, whenever it comes, as all answers that nobody waits for.
    std::string receive(std::uint64_t id, std::string_view method, answer_end end, int send_failure) {
        bool asked = false;
        for (;;) {
            while (const auto frame = buffer_.next_frame()) {
                if (auto result = take(*frame, id, method)) {
                    return std::move(*result);
                }
            }
            const auto room = buffer_.prepare();
            const auto received = ::recv(fd_.get(), room.data(), room.size(), MSG_DONTWAIT);
            if (received > 0) {
                buffer_.commit(static_cast<std::size_t>(received));
                asked = false;
            } else if (received == 0) {
                throw detail::broken_error(send_failure);
            } else if (errno == EAGAIN) {
                if (wait_for(POLLIN, end.value_or(steady_clock::now() + answer_timeout_))) {
                    continue;
                }
                if (end || asked) {
                    throw detail::timed_out_error(address_.path);
                }
                ping_.clear();
                detail::append_request_frame(ping_, ++last_id_, protocol::ping_params::method, {});
                send_failure = send(ping_, end);
                asked = true;
            } else if (errno != EINTR) {
                throw detail::broken_error(errno);
            }
        }
    }

    // The result, where the frame is the answer to request `id`.
    std::optional<std::string> take(std::string_view frame, std::uint64_t id, std::string_view method) {
        protocol::read_incoming(frame, incoming_);
        if (incoming_.type == protocol::incoming::kind::invalid) {
            throw detail::not_understood_error("it sent a frame that is neither an answer nor a notification");
        }
        if (incoming_.type == protocol::incoming::kind::notification) {
            return std::nullopt;
        }
        const protocol::response& answer = incoming_.reply;
        const bool failed = answer.result.empty();
        if (failed && answer.id == "null") {
            // The daemon could not, or would not, read the request, and most of what it says this way ends with a
            // close.
            fd_.reset();
            throw detail::refused_error({}, answer);
        }
        if (detail::decode_id(answer.id) != id) {
            return std::nullopt;  // of a request that was given up
        }
        if (failed) {
            throw detail::refused_error(method, answer);
        }
        return std::string{answer.result};
    }

    detail::daemon_address address_;
    milliseconds connect_timeout_;
    milliseconds answer_timeout_;
    base::unique_fd fd_;
    receive_buffer buffer_;
    protocol::incoming incoming_;  // kept for its memory
    std::string request_;          // kept for its memory
    std::string ping_;             // kept for its memory
    std::uint64_t last_id_ = 0;
    bool partly_sent_ = false;
};

client::client(const client_options& options) : impl_(std::make_unique<impl>(options)) {}
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;
client::~client() = default;

emission client::emit(std::string_view name, std::string_view payload, const emit_options& options) {
    const auto again = options.operation_id.empty() ? repeatable::no : repeatable::yes;
    return detail::decode_emission(impl_->call(
        protocol::emit_params::method, detail::encode_emit(name, payload, options), milliseconds{0}, again));
}

verdict client::emit_and_wait(std::string_view name, std::string_view payload, const wait_options& options) {
    const auto again = options.operation_id.empty() ? repeatable::no : repeatable::yes;
    return detail::decode_verdict(impl_->call(protocol::emit_and_wait_params::method,
                                      detail::encode_emit_and_wait(name, payload, options), options.timeout, again),
        options.on_failure);
}

verdict client::await_response(std::string_view hook_event_id, std::optional<milliseconds> timeout) {
    return detail::decode_verdict(impl_->call(protocol::await_response_params::method,
        detail::encode_await_response(hook_event_id, timeout), timeout, repeatable::no));
}

respond_result client::respond(std::string_view hook_event_id, const reply& answer) {
    return detail::decode_respond_result(impl_->call(protocol::respond_params::method,
        detail::encode_respond(hook_event_id, answer), milliseconds{0}, repeatable::no));
}

daemon_info client::ping() {
    return detail::decode_daemon_info(impl_->call(protocol::ping_params::method, {}, milliseconds{0}, repeatable::yes));
}

std::string client::stats() {
    return impl_->call(protocol::stats_params::method, {}, milliseconds{0}, repeatable::yes);
}

std::string client::call(std::string_view method, std::string_view params, std::optional<milliseconds> timeout) {
    detail::check_params(params);
    const auto end = timeout ? answer_end{steady_clock::now() + detail::bounded_time(*timeout)} : std::nullopt;
    return impl_->call_until(end, method, params, repeatable::no);
}

const std::string& client::path() const noexcept { return impl_->path(); }

}  // namespace hookd
