// SPDX-License-Identifier: BSL-1.0
#include <hookd/async_client.hpp>

#include "connection.hpp"
#include "decoding.hpp"
#include "encoding.hpp"
#include "errors.hpp"

#include <hookd/protocol/methods.hpp>

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <utility>

namespace hookd {

namespace asio = boost::asio;
using detail::connection;

namespace {

error closed_error() { return {error_kind::cancelled, "the client was closed before the call had a result"}; }

// What a request and its cancellation slot share.
struct cancellation {
    std::uint64_t id = 0;                 // of the request, once it has one; used on the strand
    std::atomic<bool> requested = false;  // set at once, so that a request that is not sent yet never is
};

// One operation from its initiation to its handler: keeps the handler's executor busy meanwhile, and runs it there at
// the end.
template <class... Results>
class operation {
public:
    using handler_type = asio::any_completion_handler<void(std::exception_ptr, Results...)>;

    operation(handler_type done, asio::any_io_executor client_executor)
        : client_executor_(std::move(client_executor)),
          work_(asio::prefer(asio::get_associated_executor(done, asio::any_completion_executor(client_executor_)),
              asio::execution::outstanding_work.tracked)),
          done_(std::move(done)) {}

    [[nodiscard]] asio::cancellation_slot slot() const { return asio::get_associated_cancellation_slot(done_); }

    // any_completion_executor can dispatch but not post (Boost 1.81), so it is reached by way of the client's executor:
    // never from within a call, and never on the strand, which a handler that blocks would hold.
    void complete(std::exception_ptr failure, Results... results) {
        asio::post(client_executor_, [work = std::move(work_), done = std::move(done_), failure = std::move(failure),
                                         ... results = std::move(results)]() mutable {
            auto executor = std::move(work);
            asio::dispatch(executor,
                [done = std::move(done), failure = std::move(failure), ... results = std::move(results)]() mutable {
                    // Emptied here, where signals may be emitted.
                    asio::get_associated_cancellation_slot(done).clear();
                    std::move(done)(std::move(failure), std::move(results)...);
                });
        });
    }
    void fail(const error& why) { complete(std::make_exception_ptr(why), Results{}...); }

private:
    asio::any_io_executor client_executor_;
    asio::any_completion_executor work_;
    handler_type done_;
};

// Reads the result where it arrives, so that no copy of its text is made for that.
template <class Result>
class operation_sink final : public detail::reply_sink {
public:
    using decoder = std::function<Result(std::string_view)>;

    operation_sink(operation<Result> work, decoder decode) : work_(std::move(work)), decode_(std::move(decode)) {}

    void on_result(std::string_view result) override {
        std::optional<Result> decoded;
        try {
            decoded = decode_(result);
        } catch (const error& failure) {
            work_.fail(failure);
            return;
        }
        work_.complete(nullptr, std::move(*decoded));
    }
    void on_error(const error& failure) override { work_.fail(failure); }

private:
    operation<Result> work_;
    decoder decode_;
};

}  // namespace

// All state is used on the strand only. Operations hold the impl, so it is there until the last has ended, however the
// client ended.
class async_client::impl final : public std::enable_shared_from_this<impl>, private detail::connection_observer {
public:
    impl(executor_type executor, client_options options)
        : executor_(std::move(executor)),
          strand_(asio::make_strand(executor_)),
          connection_(std::make_shared<connection>(strand_,
              detail::resolve_address(std::move(options.path), options.daemon_user), options.connect_timeout,
              static_cast<detail::connection_observer&>(*this))) {}

    [[nodiscard]] const executor_type& executor() const noexcept { return executor_; }

    // Requests made in one go are queued on the strand one behind the other, and their bytes are written together.
    template <class Result, class Encode>
    void request(asio::any_completion_handler<void(std::exception_ptr, Result)> done, std::string_view method,
        Encode encode, typename operation_sink<Result>::decoder decode) {
        operation<Result> work{std::move(done), executor_};
        std::string params;
        try {
            params = encode();
        } catch (const error& failure) {
            work.fail(failure);
            return;
        }
        auto ticket = cancellable(work.slot());
        asio::post(strand_,
            [self = shared_from_this(), work = std::move(work), ticket = std::move(ticket),
                method = std::string{method}, params = std::move(params), decode = std::move(decode)]() mutable {
                self->send(std::move(work), ticket.get(), method, params, std::move(decode));
            });
    }

    void connect(asio::any_completion_handler<void(std::exception_ptr)> done) {
        // std::function wants copies, which an operation has none of.
        auto work = std::make_shared<operation<>>(std::move(done), executor_);
        auto complete = [work](const std::optional<error>& failure) {
            work->complete(failure ? std::make_exception_ptr(*failure) : nullptr);
        };
        asio::post(strand_, [self = shared_from_this(), complete = std::move(complete)] {
            if (self->closed_) {
                complete(closed_error());
            } else {
                self->connection_->connect(complete);
            }
        });
    }

    void close() {
        asio::post(strand_, [self = shared_from_this()] {
            self->closed_ = true;
            self->connection_->close(closed_error());
            self->connection_->detach();
        });
    }

    // On the strand, with the answer to `subscribe`, hence before any of its events.
    void begin_session(subscription_handlers handlers, std::uint64_t start) {
        session_ = std::make_shared<subscription_handlers>(std::move(handlers));
        last_seq_ = start;
    }

private:
    template <class Result>
    void send(operation<Result> work, cancellation* ticket, const std::string& method, const std::string& params,
        typename operation_sink<Result>::decoder decode) {
        if (closed_ || (ticket != nullptr && ticket->requested)) {
            work.fail(
                closed_ ? closed_error() : error{error_kind::cancelled, method + ": cancelled before it was sent"});
            return;
        }
        const std::uint64_t id = connection_->request(
            method, params, std::make_unique<operation_sink<Result>>(std::move(work), std::move(decode)));
        if (ticket != nullptr) {
            ticket->id = id;
        }
    }

    // The slot's handler runs on the operation's executor; what it says is carried to the strand.
    std::shared_ptr<cancellation> cancellable(asio::cancellation_slot slot) {
        if (!slot.is_connected()) {
            return nullptr;
        }
        auto ticket = std::make_shared<cancellation>();
        slot.assign([self = weak_from_this(), ticket](asio::cancellation_type_t) {
            ticket->requested = true;
            if (auto alive = self.lock()) {
                asio::post(alive->strand_, [alive, ticket] {
                    if (ticket->id != 0) {
                        alive->connection_->cancel(ticket->id);
                    }
                });
            }
        });
        return ticket;
    }

    void on_event(event arrived) override {
        last_seq_ = arrived.seq();
        // Held here: the handler may end the session.
        if (const auto session = session_; session && session->on_event) {
            session->on_event(std::move(arrived));
        }
    }

    void on_cancelled(const ended_wait& ended) override {
        if (const auto session = session_; session && session->on_cancelled) {
            session->on_cancelled(ended);
        }
    }

    void on_verdict(const verdict_notice& decided) override {
        if (const auto session = session_; session && session->on_verdict) {
            session->on_verdict(decided);
        }
    }

    void on_closed(const session_end& end) override {
        if (const auto session = std::exchange(session_, nullptr); session && session->on_end) {
            session->on_end(end);
        }
    }

    void on_broken(const error&) override { on_closed({session_end::reason::broken, last_seq_}); }

    executor_type executor_;
    asio::strand<executor_type> strand_;
    std::shared_ptr<connection> connection_;
    std::shared_ptr<subscription_handlers> session_;
    std::uint64_t last_seq_ = 0;
    bool closed_ = false;
};

async_client::async_client(executor_type executor, client_options options)
    : impl_(std::make_shared<impl>(std::move(executor), std::move(options))) {}
async_client::async_client(async_client&&) noexcept = default;

async_client& async_client::operator=(async_client&& other) noexcept {
    if (this != &other) {
        if (impl_) {
            impl_->close();
        }
        impl_ = std::move(other.impl_);
    }
    return *this;
}

async_client::~async_client() {
    if (impl_) {
        impl_->close();
    }
}

void async_client::close() { impl_->close(); }

async_client::executor_type async_client::get_executor() const { return impl_->executor(); }

// --- operations -----------------------------------------------------------------------------------------------------

void async_client::start(impl& self, handler<void(std::exception_ptr)> done) { self.connect(std::move(done)); }

void async_client::start(impl& self, handler<void(std::exception_ptr, emission)> done, std::string name,
    std::string payload, const emit_options& options) {
    self.request<emission>(
        std::move(done), protocol::emit_params::method, [&] { return detail::encode_emit(name, payload, options); },
        detail::decode_emission);
}

void async_client::start(impl& self, handler<void(std::exception_ptr, verdict)> done, std::string name,
    std::string payload, const wait_options& options) {
    self.request<verdict>(
        std::move(done), protocol::emit_and_wait_params::method,
        [&] { return detail::encode_emit_and_wait(name, payload, options); },
        [on_failure = options.on_failure](
            std::string_view result) { return detail::decode_verdict(result, on_failure); });
}

void async_client::start(impl& self, handler<void(std::exception_ptr, verdict)> done, std::string hook_event_id,
    std::optional<std::chrono::milliseconds> timeout) {
    self.request<verdict>(
        std::move(done), protocol::await_response_params::method,
        [&] { return detail::encode_await_response(hook_event_id, timeout); },
        [](std::string_view result) { return detail::decode_verdict(result); });
}

void async_client::start(impl& self, handler<void(std::exception_ptr, respond_result)> done, std::string hook_event_id,
    const reply& answer) {
    self.request<respond_result>(
        std::move(done), protocol::respond_params::method,
        [&] { return detail::encode_respond(hook_event_id, answer); }, detail::decode_respond_result);
}

void async_client::start(impl& self, handler<void(std::exception_ptr, daemon_info)> done) {
    self.request<daemon_info>(
        std::move(done), protocol::ping_params::method, [] { return std::string{}; }, detail::decode_daemon_info);
}

void async_client::start(
    impl& self, handler<void(std::exception_ptr, std::string)> done, const std::string& method, std::string params) {
    self.request<std::string>(
        std::move(done), method,
        [&] {
            detail::check_params(params);
            return std::move(params);
        },
        [](std::string_view result) { return std::string{result}; });
}

void async_client::start(impl& self, handler<void(std::exception_ptr, subscription)> done,
    const subscribe_options& options, subscription_handlers handlers) {
    const detail::wanted_notices notices{
        static_cast<bool>(handlers.on_cancelled), static_cast<bool>(handlers.on_verdict)};
    self.request<subscription>(
        std::move(done), protocol::subscribe_params::method, [&] { return detail::encode_subscribe(options, notices); },
        [owner = self.weak_from_this(), handlers = std::move(handlers), resume = options.resume_from](
            std::string_view result) {
            subscription opened = detail::decode_subscription(result);
            if (const auto alive = owner.lock()) {
                alive->begin_session(handlers, opened.resumed && resume ? resume->after_seq : opened.head_seq);
            }
            return opened;
        });
}

void async_client::start(impl& self, handler<void(std::exception_ptr, bool)> done) {
    self.request<bool>(
        std::move(done), protocol::unsubscribe_params::method, [] { return std::string{}; },
        detail::decode_unsubscribed);
}

}  // namespace hookd
