// SPDX-License-Identifier: BSL-1.0
#include "broker_strand.hpp"
#include "rpc/cluster_events.hpp"
#include "rpc/long_message.hpp"
#include "rpc/text_checker.hpp"

#include <base/json/text.hpp>
#include <hookd/server/broker.hpp>

#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <deque>

#include <unistd.h>

namespace hookd::protocol {
namespace {

class error_category final : public boost::system::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "hookd"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::parse_error:
                return "not JSON";
            case errc::invalid_request:
                return "not a valid request";
            case errc::method_not_found:
                return "no such method";
            case errc::invalid_params:
                return "an event name, pattern, payload, cause, reply or duration is not valid";
            case errc::internal_error:
                return "internal error";
            case errc::limit_exceeded:
                return "a limit of the broker is exceeded";
            case errc::shutting_down:
                return "the broker is shutting down";
            case errc::not_allowed:
                return "the user is not allowed";
            case errc::not_in_catalog:
                return "not in the catalog";
            case errc::resume_impossible:
                return "cannot resume: events are no longer retained";
            case errc::already_subscribed:
                return "there is a push session already";
            case errc::cluster_unavailable:
                return "there is no cluster, or it could not be reached: nothing was fired";
            case errc::cancelled:
                return "cancelled";
        }
        return "unknown error";
    }
};

}  // namespace

boost::system::error_code make_error_code(errc code) noexcept {
    static const error_category category;
    return {static_cast<int>(code), category};
}

}  // namespace hookd::protocol

namespace hookd::server {

using boost::system::error_code;
using protocol::errc;
using protocol::error;

namespace {

template <class Result>
using handler = boost::asio::any_completion_handler<void(error_code, Result)>;

template <class Result>
class completed final : public completion_queue::entry {
public:
    completed(handler<Result> completion, error_code failure, Result result)
        : completion_(std::move(completion)), failure_(failure), result_(std::move(result)) {}
    void call() override { std::move(completion_)(failure_, std::move(result_)); }

private:
    handler<Result> completion_;
    error_code failure_;
    Result result_;
};

// Calls `completion` later: it must not run within the function that was asked. It runs on its associated executor.
template <class Result>
void complete(broker_strand& strand, handler<Result> completion, error_code failure, Result result) {
    auto& context = strand.context();
    const auto executor = boost::asio::get_associated_executor(completion, context.get_executor());
    const auto* const own = executor.template target<boost::asio::io_context::executor_type>();
    if (own == nullptr || *own != context.get_executor()) {
        boost::asio::post(context, boost::asio::append(std::move(completion), failure, std::move(result)));
    } else if (strand.single_threaded()) {
        strand.completions().push(
            std::make_unique<completed<Result>>(std::move(completion), failure, std::move(result)));
    } else {
        // One hop, and none of what finding the way to another executor costs.
        boost::asio::post(context, [completion = std::move(completion), failure, result = std::move(result)]() mutable {
            std::move(completion)(failure, std::move(result));
        });
    }
}

template <class Result>
void complete(broker_strand& strand, handler<Result> completion, std::variant<Result, error> result) {
    if (auto* const failure = std::get_if<error>(&result)) {
        complete(strand, std::move(completion), make_error_code(failure->code), Result{});
    } else {
        complete(strand, std::move(completion), error_code{}, std::get<Result>(std::move(result)));
    }
}

// The same when what `client` has changed is durable.
template <class Result>
void complete_once_durable(
    broker_strand& strand, core::client& client, handler<Result>&& completion, std::variant<Result, error>&& result) {
    if (strand.state().is_durable()) {
        return complete(strand, std::move(completion), std::move(result));
    }
    strand.state().once_durable(
        client, [strand = strand.shared_from_this(), shared = std::make_shared<handler<Result>>(std::move(completion)),
                    result = std::move(result)](const error* lost) {
            complete(*strand, std::move(*shared), lost != nullptr ? std::variant<Result, error>{*lost} : result);
        });
}

/// What is wrong with an event whose payload has been checked.
template <class Params>
std::optional<error> check_event(broker_strand& strand, const Params& params) {
    const auto* const known = strand.checked().find(params.payload);
    if (known == nullptr || (*known && (*known)->code == errc::invalid_params)) {
        return error{errc::invalid_params, "the payload is not valid JSON"};
    }
    return protocol::check_params(params);
}

/// Ends the operation with `fault`, if there is one.
template <class Result>
bool refuse(broker_strand& strand, handler<Result>& completion, const std::optional<error>& fault) {
    if (fault) {
        complete(strand, std::move(completion), make_error_code(fault->code), Result{});
    }
    return fault.has_value();
}

}  // namespace

// Of one in-process subscriber, then the others have their turn.
constexpr int most_events_at_a_time = 64;

/// A request of an in-process client whose texts take longer to check than a turn may. A thread checks them; requests
/// of the same client that come after it wait for it, as those of one connection do.
///
/// It holds the broker weakly: a thread must not be the last to let it go.
class checked_call {
public:
    checked_call(const std::shared_ptr<local_client>& client, broker_strand& strand)
        : client_(client), strand_(strand.weak_from_this()), idle_(strand.context().get_executor()) {}
    checked_call(const checked_call&) = delete;
    checked_call& operator=(const checked_call&) = delete;
    virtual ~checked_call() = default;

    /// On a thread of its own, once.
    virtual void check() noexcept = 0;
    /// On the strand, once it is checked. `client`: null if it has gone.
    virtual void carry_out(broker_strand& strand, const std::shared_ptr<local_client>& client) = 0;
    [[nodiscard]] bool is_checked() const noexcept { return is_checked_; }

    /// On the strand.
    static void start(std::shared_ptr<checked_call> call, broker_strand& strand);

private:
    static void end(const std::shared_ptr<checked_call>& call);

    std::weak_ptr<local_client> client_;
    std::weak_ptr<broker_strand> strand_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> idle_;
    bool is_checked_ = false;
};

/// An in-process client: the caller itself, or one subscription.
class local_client final : public core::event_sink, public std::enable_shared_from_this<local_client> {
public:
    local_client(std::shared_ptr<broker_strand> strand, subscribe_request request)
        : strand_(std::move(strand)), request_(std::move(request)) {}

    [[nodiscard]] const std::shared_ptr<broker_strand>& strand() const noexcept { return strand_; }
    [[nodiscard]] const subscribe_request& request() const noexcept { return request_; }

    /// From any thread: no handler is called from now on, but one that runs already may go on.
    void silence() noexcept { closed_ = true; }

    // On the strand.

    [[nodiscard]] core::client& attached() {
        if (client_ == nullptr) {
            client_ = &strand_->state().attach(
                {::getpid(), ::getuid()}, this, {.may_use_set_aside_names = request_.may_use_set_aside_names});
        }
        return *client_;
    }

    void detach() {
        closed_ = true;
        if (client_ != nullptr) {
            strand_->state().detach(*std::exchange(client_, nullptr), strand_->now());
        }
    }

    [[nodiscard]] bool closed() const noexcept { return closed_; }

    /// Whether requests are being checked, for which the next ones wait.
    [[nodiscard]] bool has_calls() const noexcept { return !calls_.empty(); }
    void add_call(std::shared_ptr<checked_call> call) { calls_.push_back(std::move(call)); }
    /// Carries out those that are checked, in the order in which they came.
    void run_calls() {
        while (!calls_.empty() && calls_.front()->is_checked()) {
            const auto next = std::move(calls_.front());
            calls_.pop_front();
            next->carry_out(*strand_, shared_from_this());
        }
    }

    void on_ready() override {
        const auto self = shared_from_this();  // a handler may drop the subscription
        auto& state = strand_->state();
        try {
            for (int events = 0; !closed_; ++events) {
                if (events == most_events_at_a_time) {
                    return state.wake(*client_);
                }
                if (const auto notice = state.take_notice(*client_)) {
                    deliver(*notice);
                    continue;
                }
                const auto next = state.take_next(*client_);
                if (!next) {
                    break;
                }
                request_.on_event({next->seq(), next->id(), next->name(), next->emitted_at(), next->expects_response(),
                    next->timeout(), next->payload(), next->cause(), next->deadline(), next->host()});
            }
            if (closed_) {
                return;
            }
            const auto ended = state.take_ended(*client_);
            if (ended && request_.on_closed) {
                request_.on_closed(ended->reason, ended->last_seq);
            }
        } catch (...) {
            if (!closed_) {
                state.wake(*client_);
            }
            throw;
        }
    }

private:
    void deliver(const core::notice& notice) {
        if (notice.verdict) {
            auto params = notice.verdict->view();
            params.remove_prefix(protocol::verdict_head.size());
            params.remove_suffix(1);
            request_.on_verdict(params);
        } else {
            request_.on_cancelled(notice.hook_event_id, notice.reason);
        }
    }

    std::shared_ptr<broker_strand> strand_;
    subscribe_request request_;
    core::client* client_ = nullptr;
    std::deque<std::shared_ptr<checked_call>> calls_{};
    std::atomic<bool> closed_{false};
};

void checked_call::start(std::shared_ptr<checked_call> call, broker_strand& strand) {
    strand.checks().run([call = std::move(call), &context = strand.context()]() mutable {
        call->check();
        boost::asio::post(context, [call = std::move(call)] { end(call); });
    });
}

void checked_call::end(const std::shared_ptr<checked_call>& call) {
    const auto strand = call->strand_.lock();
    if (!strand) {
        return;
    }
    strand->run([call, strand] {
        call->is_checked_ = true;
        if (const auto client = call->client_.lock()) {
            client->run_calls();
        } else {
            call->carry_out(*strand, nullptr);
        }
    });
}

namespace {

/// The way from a handler's cancellation slot to its wait. The signal may come before the strand has come to the
/// request, while it waits, or when it is over. Used on the strand only.
struct cancellation {
    bool wanted = false;
    core::waiter* waiter = nullptr;  // until it has been called back
};

// To be called within the function that starts the operation: the signal may come as soon as that has returned. Null
// where the handler has no slot.
std::shared_ptr<cancellation> connect_cancellation(
    const std::shared_ptr<broker_strand>& strand, const handler<protocol::wait_result>& completion) {
    auto slot = boost::asio::get_associated_cancellation_slot(completion);
    if (!slot.is_connected()) {
        return nullptr;
    }
    auto made = std::make_shared<cancellation>();
    // Weak, and never taken out of the slot again: only the handler's executor may touch the slot, and it may outlive
    // all of this.
    slot.assign([broker = std::weak_ptr{strand}, target = std::weak_ptr{made}](boost::asio::cancellation_type) {
        const auto alive = broker.lock();
        if (!alive) {
            return;
        }
        alive->run([strand = alive.get(), target] {
            const auto wanted = target.lock();
            if (!wanted) {
                return;
            }
            wanted->wanted = true;
            // It may have ended within this turn.
            if (wanted->waiter != nullptr && wanted->waiter->is_waiting()) {
                strand->state().cancel(*wanted->waiter, strand->now());
            }
        });
    });
    return made;
}

/// A wait of the caller itself.
class local_wait final : public core::waiter {
public:
    local_wait(std::shared_ptr<broker_strand> strand, handler<protocol::wait_result> completion,
        std::shared_ptr<cancellation> link)
        : strand_(std::move(strand)), completion_(std::move(completion)), link_(std::move(link)) {}

    void done(std::variant<protocol::wait_result, error> result) override {
        if (link_) {
            link_->waiter = nullptr;
        }
        if (auto* const verdict = std::get_if<protocol::wait_result>(&result)) {
            verdict->keep();
        }
        complete(*strand_, std::move(completion_), std::move(result));
    }

    /// Starts the wait by `begin(waiter)`, which takes the waiter if it is pending.
    template <class Begin>
    static void start(std::shared_ptr<broker_strand> strand, handler<protocol::wait_result> completion,
        std::shared_ptr<cancellation> link, Begin begin) {
        auto made = std::make_unique<local_wait>(std::move(strand), std::move(completion), link);
        if (link && link->wanted) {
            return made->done(error{errc::cancelled, "cancelled before it began"});
        }
        if (link) {
            link->waiter = made.get();
        }
        std::unique_ptr<core::waiter> waiter = std::move(made);
        auto started = begin(std::move(waiter));
        if (auto* const failure = std::get_if<error>(&started)) {
            waiter->done(std::move(*failure));
        } else if (auto* const verdict = std::get_if<protocol::wait_result>(&started)) {
            finish_once_durable(std::move(waiter), std::move(*verdict));
        }
    }

private:
    static void finish_once_durable(std::unique_ptr<core::waiter> waiter, protocol::wait_result verdict) {
        auto& state = static_cast<local_wait&>(*waiter).strand_->state();
        if (state.is_durable()) {
            return waiter->done(std::move(verdict));
        }
        state.once_durable([waiter = std::shared_ptr<core::waiter>{std::move(waiter)}, verdict = std::move(verdict)](
                               const error* lost) {
            waiter->done(lost != nullptr ? std::variant<protocol::wait_result, error>{*lost} : verdict);
        });
    }

    std::shared_ptr<broker_strand> strand_;
    handler<protocol::wait_result> completion_;
    std::shared_ptr<cancellation> link_;
};

/// A reply in-process. What respond_params refers to lies in it.
struct local_reply {
    uuid id{};
    server::reply reply{};
    std::string event{};           // of which it is; empty: no slot waits for it
    bool may_rewrite = false;      // its turn in a chain has come
    std::optional<error> fault{};  // of what is no reply
    protocol::respond_params params{};
};

std::string_view event_of(const emit_request& request) noexcept { return request.event; }
std::string_view event_of(const wait_request& request) noexcept { return request.event; }
std::string_view event_of(const local_reply& request) noexcept { return request.event; }
std::size_t text_bytes_of(const emit_request& request) noexcept { return request.payload.size(); }
std::size_t text_bytes_of(const wait_request& request) noexcept { return request.payload.size(); }
std::size_t text_bytes_of(const local_reply& request) noexcept { return request.reply.response.size(); }

void check_texts(rpc::text_checker& checker, const emit_request& request) { checker.check_payload(request.payload); }
void check_texts(rpc::text_checker& checker, const wait_request& request) { checker.check_payload(request.payload); }
void check_texts(rpc::text_checker& checker, local_reply& request) {
    request.params = {.response = request.reply.response,
        .abstain = request.reply.abstain,
        .failed = request.reply.failed,
        .insists = request.reply.insists};
    if (request.params.abstain || !request.reply.failed.empty()) {
        return;
    }
    request.fault = protocol::check_reply(request.params);
    if (request.fault || request.event.empty()) {
        return;
    }
    checker.check_reply(request.params.response);
    if (request.may_rewrite && !request.params.payload.empty() && request.params.abort.raw.empty()) {
        checker.check_payload(request.params.payload);
    }
}

template <class Request, class CarryOut>
class checked_request final : public checked_call {
public:
    checked_request(
        const std::shared_ptr<local_client>& client, broker_strand& strand, Request request, CarryOut carry_out)
        : checked_call(client, strand),
          request_(std::move(request)),
          carry_out_(std::move(carry_out)),
          events_(strand.shared_events()),
          checker_(events_.get(), event_of(request_), {.is_cancelled = &strand.checks().is_given_up()}) {}

    void check() noexcept override { check_texts(checker_, request_); }
    void carry_out(broker_strand& strand, const std::shared_ptr<local_client>& client) override {
        const known_texts known{strand, checker_};
        carry_out_(strand, client, request_);
    }

    /// While it lives, the broker knows what was found.
    struct known_texts {
        known_texts(broker_strand& strand, rpc::text_checker& checker) : checked(strand.checked()) {
            checker.report(checked);
        }
        known_texts(const known_texts&) = delete;
        known_texts& operator=(const known_texts&) = delete;
        ~known_texts() { checked.clear(); }

        rpc::checked_texts& checked;
    };

private:
    Request request_;
    CarryOut carry_out_;
    std::shared_ptr<const catalog> events_;
    rpc::text_checker checker_;
};

/// Calls carry_out(strand, client, request) on the strand, once the texts of `request` are checked: now, if that takes
/// no longer than a turn may, and no other request of `client` is being checked. `client` is null if it has gone since.
template <class Request, class CarryOut>
void carry_out_checked(const std::shared_ptr<local_client>& client, Request request, CarryOut carry_out) {
    using later = checked_request<Request, CarryOut>;
    auto& strand = *client->strand();
    if (!client->has_calls() && text_bytes_of(request) <= rpc::long_message::most_bytes_in_a_turn) {
        rpc::text_checker checker{strand.events(), event_of(request), {.steps = check_limit::short_steps}};
        check_texts(checker, request);
        if (!checker.is_exceeded()) {
            const typename later::known_texts known{strand, checker};
            return carry_out(strand, client, request);
        }
    }
    auto call = std::make_shared<later>(client, strand, std::move(request), std::move(carry_out));
    client->add_call(call);
    checked_call::start(std::move(call), strand);
}

template <class Result>
void complete_cancelled(broker_strand& strand, handler<Result> completion) {
    complete(strand, std::move(completion), make_error_code(errc::cancelled), Result{});
}

void emit_as(broker_strand& strand, const std::shared_ptr<local_client>& client, const emit_request& request,
    handler<protocol::emit_result> completion) {
    if (!client) {
        return complete_cancelled(strand, std::move(completion));
    }
    const protocol::emit_params params{.event = request.event,
        .payload = request.payload,
        .reserve = request.reserve,
        .cause = request.cause,
        .scope = request.scope,
        .origin = request.origin ? &*request.origin : nullptr};
    if (refuse(strand, completion, check_event(strand, params))) {
        return;
    }
    if (strand.goes_to_cluster(params)) {
        return rpc::emit_to_cluster(client->strand(), params,
            [client, shared = std::make_shared<handler<protocol::emit_result>>(std::move(completion))](
                std::variant<protocol::emit_result, error> result) {
                complete(*client->strand(), std::move(*shared), std::move(result));
            });
    }
    complete_once_durable(
        strand, client->attached(), std::move(completion), strand.emit(client->attached(), params, {}));
}

void emit_and_wait_as(broker_strand& strand, const std::shared_ptr<local_client>& client, const wait_request& request,
    handler<protocol::wait_result> completion, std::shared_ptr<cancellation> link) {
    if (!client) {
        return complete_cancelled(strand, std::move(completion));
    }
    const protocol::emit_and_wait_params params{.event = request.event,
        .payload = request.payload,
        .timeout = request.timeout,
        .policy = request.policy,
        .on_failure = request.on_failure,
        .require_subscriber = request.require_subscriber,
        .require = request.require,
        .cause = request.cause,
        .scope = request.scope,
        .origin = request.origin ? &*request.origin : nullptr};
    if (refuse(strand, completion, check_event(strand, params))) {
        return;
    }
    local_wait::start(
        client->strand(), std::move(completion), std::move(link), [&](std::unique_ptr<core::waiter>&& waiter) {
            return strand.emit_and_wait(client->attached(), params, {}, std::move(waiter));
        });
}

void respond_as(broker_strand& strand, const std::shared_ptr<local_client>& client, local_reply& request,
    handler<protocol::respond_result> completion) {
    if (!client || client->closed()) {
        return complete_cancelled(strand, std::move(completion));
    }
    const auto refuse = [&](const error& failure) {
        if (request.reply.refusal) {
            *request.reply.refusal = failure.message;
        }
        complete(strand, std::move(completion), make_error_code(failure.code), protocol::respond_result{});
    };
    if (request.fault) {
        return refuse(*request.fault);
    }
    std::string id;
    protocol::append_uuid(id, request.id);
    request.params.hook_event_id = std::string_view{id};
    const auto changes = strand.state().durable_changes();
    auto result = strand.respond(client->attached(), request.params);
    if (const auto* const failure = std::get_if<error>(&result)) {
        return refuse(*failure);
    }
    if (strand.state().durable_changes() == changes) {
        return complete(strand, std::move(completion), std::move(result));  // nothing of it outlives the daemon
    }
    complete_once_durable(strand, client->attached(), std::move(completion), std::move(result));
}

void respond_checked(const std::shared_ptr<local_client>& client, const uuid& id, reply reply,
    handler<protocol::respond_result> completion) {
    local_reply request{.id = id, .reply = std::move(reply)};
    auto& strand = *client->strand();
    if (strand.events() != nullptr && !client->closed()) {
        std::string text;
        protocol::append_uuid(text, id);
        request.event = strand.state().event_that_awaits(text);
        request.may_rewrite = strand.state().is_turn_of(client->attached(), text);
    }
    carry_out_checked(client, std::move(request),
        [completion = std::move(completion)](broker_strand& turn, const std::shared_ptr<local_client>& responder,
            local_reply& checked) mutable { respond_as(turn, responder, checked, std::move(completion)); });
}

/// Valid as long as `wanted`.
protocol::subscribe_params params_of(const subscribe_request& wanted) {
    return {.events = wanted.events,
        .name = wanted.name,
        .responds = wanted.responds,
        .asked_only = wanted.asked_only,
        .on_failure = wanted.on_failure,
        .order = wanted.order,
        .shadow = wanted.shadow,
        .cancellations = static_cast<bool>(wanted.on_cancelled),
        .verdicts = static_cast<bool>(wanted.on_verdict),
        .where = wanted.where,
        .scope = wanted.scope,
        .after_seq = wanted.after_seq};
}

}  // namespace

broker::broker(boost::asio::io_context& context, const broker_options& options)
    : strand_(std::make_shared<broker_strand>(context, options)),
      caller_(std::make_shared<local_client>(strand_, subscribe_request{})) {}

broker::~broker() = default;

const uuid& broker::instance() const noexcept { return strand_->state().instance(); }

void broker::start_emit(emit_request request, handler<protocol::emit_result> completion) {
    strand_->run([caller = caller_, request = std::move(request), completion = std::move(completion)]() mutable {
        carry_out_checked(caller, std::move(request),
            [completion = std::move(completion)](broker_strand& strand, const std::shared_ptr<local_client>& client,
                const emit_request& checked) mutable { emit_as(strand, client, checked, std::move(completion)); });
    });
}

void broker::start_emit_and_wait(wait_request request, handler<protocol::wait_result> completion) {
    auto link = connect_cancellation(strand_, completion);
    strand_->run([caller = caller_, request = std::move(request), completion = std::move(completion),
                     link = std::move(link)]() mutable {
        carry_out_checked(caller, std::move(request),
            [completion = std::move(completion), link = std::move(link)](broker_strand& strand,
                const std::shared_ptr<local_client>& client, const wait_request& checked) mutable {
                emit_and_wait_as(strand, client, checked, std::move(completion), std::move(link));
            });
    });
}

void broker::start_await_response(await_request request, handler<protocol::wait_result> completion) {
    auto link = connect_cancellation(strand_, completion);
    strand_->run([caller = caller_, request, completion = std::move(completion), link = std::move(link)]() mutable {
        auto& strand = *caller->strand();
        std::string id_text;
        protocol::append_uuid(id_text, request.hook_event_id);
        const protocol::await_response_params params{.hook_event_id = id_text, .timeout = request.timeout};
        if (refuse(strand, completion, protocol::check_params(params))) {
            return;
        }
        local_wait::start(
            caller->strand(), std::move(completion), std::move(link), [&](std::unique_ptr<core::waiter>&& waiter) {
                return strand.await_response(caller->attached(), params, std::move(waiter));
            });
    });
}

void broker::start_subscribe(subscribe_request request, handler<subscription> completion) {
    auto session = std::make_shared<local_client>(strand_, std::move(request));
    strand_->run([session, completion = std::move(completion)]() mutable {
        auto& strand = *session->strand();
        const auto& wanted = session->request();
        if (!wanted.on_event) {
            return complete(strand, std::move(completion), make_error_code(errc::invalid_params), subscription{});
        }
        const auto params = params_of(wanted);
        if (refuse(strand, completion, protocol::check_params(params))) {
            return;
        }
        auto result = strand.subscribe(session->attached(), params);
        if (auto* const failure = std::get_if<error>(&result)) {
            session->detach();
            return complete(strand, std::move(completion), make_error_code(failure->code), subscription{});
        }
        auto* const client = &session->attached();
        rpc::once_known_to_cluster(strand, *client,
            [session = std::move(session), shared = std::make_shared<handler<subscription>>(std::move(completion))] {
                complete(*session->strand(), std::move(*shared), error_code{}, subscription{session});
            });
    });
}

void broker::start_respond(outside_reply request, handler<protocol::respond_result> completion) {
    strand_->run([caller = caller_, request = std::move(request), completion = std::move(completion)]() mutable {
        respond_checked(caller, request.hook_event_id, std::move(request.what), std::move(completion));
    });
}

void broker::start_who(who_request request, handler<protocol::who_result> completion) {
    strand_->run([strand = strand_, request = std::move(request), completion = std::move(completion)]() mutable {
        const protocol::who_params params{.event = request.event, .payload = request.payload};
        if (base::find_json_fault(request.payload)) {
            return complete(
                *strand, std::move(completion), make_error_code(errc::invalid_params), protocol::who_result{});
        }
        if (!refuse(*strand, completion, protocol::check_params(params))) {
            complete(*strand, std::move(completion), strand->who(params));
        }
    });
}

void broker::start_stats(stats_request, handler<protocol::stats_result> completion) {
    strand_->run([strand = strand_, completion = std::move(completion)]() mutable {
        complete(*strand, std::move(completion), error_code{}, strand->stats());
    });
}

void broker::use_catalog(std::shared_ptr<const catalog> events) {
    strand_->run([strand = strand_, events = std::move(events)]() mutable { strand->use(std::move(events)); });
}

void broker::record_to(core::journal& journal) { strand_->record_to(journal); }

void broker::make_durable(core::durable_log& log, const std::vector<core::durable_change>& records) {
    strand_->state().make_durable(log, records, strand_->now());
}

void broker::set_names_aside(std::vector<std::string> names, std::vector<std::string> disabled) {
    strand_->run([strand = strand_, names = std::move(names), disabled = std::move(disabled)] {
        strand->state().set_names_aside(names, disabled);
    });
}

void broker::run(std::function<void(core::broker&, const core::instant&)> work) {
    strand_->run([strand = strand_, work = std::move(work)] { work(strand->state(), strand->now()); });
}

void broker::run_later(std::function<void(core::broker&, const core::instant&)> work) {
    boost::asio::post(strand_->context(), [strand = strand_, work = std::move(work)]() mutable {
        strand->run([strand, work = std::move(work)] { work(strand->state(), strand->now()); });
    });
}

void broker::shut_down() {
    strand_->run([strand = strand_] { strand->shut_down(); });
}

subscription::subscription(std::shared_ptr<local_client> session) noexcept : session_(std::move(session)) {}

subscription& subscription::operator=(subscription&& other) noexcept {
    close();
    session_ = std::move(other.session_);
    return *this;
}

subscription::~subscription() { close(); }

void subscription::close() noexcept {
    if (session_) {
        session_->silence();
        session_->strand()->run([session = session_] { session->detach(); });
    }
}

void subscription::start_respond(
    std::shared_ptr<local_client> session, uuid id, reply reply, respond_handler completion) {
    auto* const strand = session->strand().get();
    strand->run(
        [session = std::move(session), id, reply = std::move(reply), completion = std::move(completion)]() mutable {
            if (session->closed()) {
                return complete(*session->strand(), std::move(completion), make_error_code(errc::cancelled),
                    protocol::respond_result{});
            }
            respond_checked(session, id, std::move(reply), std::move(completion));
        });
}

void subscription::start_change(
    std::shared_ptr<local_client> session, subscribe_request wanted, change_handler completion) {
    auto* const strand = session->strand().get();
    strand->run(
        [session = std::move(session), wanted = std::move(wanted), completion = std::move(completion)]() mutable {
            error_code failure;
            const auto params = params_of(wanted);
            if (session->closed()) {
                failure = make_error_code(errc::cancelled);
            } else if (const auto fault = protocol::check_params(params)) {
                failure = make_error_code(fault->code);
            } else if (const auto refused = session->strand()->change_session(session->attached(), params)) {
                failure = make_error_code(refused->code);
            }
            auto changed = [session, failure, shared = std::make_shared<change_handler>(std::move(completion))] {
                boost::asio::post(session->strand()->context(), boost::asio::append(std::move(*shared), failure));
            };
            if (failure) {
                changed();
            } else {
                rpc::once_known_to_cluster(*session->strand(), session->attached(), changed);
            }
        });
}

void subscription::start_withdraw(std::shared_ptr<local_client> session, change_handler completion) {
    auto* const strand = session->strand().get();
    strand->run([session = std::move(session), completion = std::move(completion)]() mutable {
        error_code failure;
        if (session->closed()) {
            failure = make_error_code(errc::cancelled);
        } else {
            session->strand()->state().withdraw(session->attached());
        }
        boost::asio::post(session->strand()->context(), boost::asio::append(std::move(completion), failure));
    });
}

}  // namespace hookd::server
