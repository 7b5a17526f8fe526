// SPDX-License-Identifier: BSL-1.0
#include "broker_strand.hpp"
#include "rpc/cluster_events.hpp"

#include <base/json/text.hpp>
#include <hookd/server/broker.hpp>

#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <atomic>

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

bool is_valid(std::string_view event, std::string_view payload) {
    return protocol::is_event_name(event) && !base::find_json_fault(payload);
}

bool is_valid(std::optional<std::chrono::milliseconds> duration) {
    return !duration || (duration->count() >= 1 && *duration <= protocol::max_timeout);
}

bool is_valid(const std::vector<std::string>& required) {
    return required.size() <= protocol::max_required &&
           std::all_of(required.begin(), required.end(), protocol::is_subscriber_name);
}

bool is_valid(const subscribe_request& wanted) {
    return wanted.events.size() <= protocol::max_patterns &&
           std::all_of(wanted.events.begin(), wanted.events.end(), protocol::is_pattern) &&
           (wanted.name.empty() || protocol::is_subscriber_name(wanted.name)) &&
           wanted.where.size() <= protocol::max_conditions &&
           std::all_of(wanted.where.begin(), wanted.where.end(), protocol::is_condition);
}

}  // namespace

// Of one in-process subscriber, then the others have their turn.
constexpr int most_events_at_a_time = 64;

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
    std::atomic<bool> closed_{false};
};

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
            waiter->done(std::move(*verdict));
        }
    }

private:
    std::shared_ptr<broker_strand> strand_;
    handler<protocol::wait_result> completion_;
    std::shared_ptr<cancellation> link_;
};

void respond_as(
    local_client& client, const uuid& id, const reply& reply, handler<protocol::respond_result> completion) {
    auto& strand = *client.strand();
    const auto refuse = [&](const error& failure) {
        if (reply.refusal) {
            *reply.refusal = failure.message;
        }
        complete(strand, std::move(completion), make_error_code(failure.code), protocol::respond_result{});
    };
    std::array<char, protocol::uuid_text_size> id_text;
    protocol::write_uuid(id_text.data(), id);
    protocol::respond_params params{.hook_event_id = std::string_view{id_text.data(), id_text.size()},
        .response = reply.response,
        .abstain = reply.abstain,
        .failed = reply.failed,
        .insists = reply.insists};
    if (!reply.abstain && reply.failed.empty()) {
        if (const auto failure = protocol::check_reply(params)) {
            return refuse(*failure);
        }
    }
    auto result = strand.respond(client.attached(), params);
    if (const auto* const failure = std::get_if<error>(&result)) {
        return refuse(*failure);
    }
    complete(strand, std::move(completion), error_code{}, std::get<protocol::respond_result>(result));
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
        auto& strand = *caller->strand();
        if (!is_valid(request.event, request.payload) || !is_valid(request.reserve)) {
            return complete(
                strand, std::move(completion), make_error_code(errc::invalid_params), protocol::emit_result{});
        }
        if (const auto failure = protocol::check_cause(request.event, request.payload, request.cause)) {
            return complete(strand, std::move(completion), make_error_code(failure->code), protocol::emit_result{});
        }
        const protocol::emit_params params{.event = request.event,
            .payload = request.payload,
            .reserve = request.reserve,
            .cause = request.cause,
            .scope = request.scope,
            .origin = request.origin ? &*request.origin : nullptr};
        if (strand.goes_to_cluster(params)) {
            return rpc::emit_to_cluster(caller->strand(), params,
                [caller, shared = std::make_shared<handler<protocol::emit_result>>(std::move(completion))](
                    std::variant<protocol::emit_result, error> result) {
                    complete(*caller->strand(), std::move(*shared), std::move(result));
                });
        }
        complete(strand, std::move(completion), strand.emit(caller->attached(), params, {}));
    });
}

void broker::start_emit_and_wait(wait_request request, handler<protocol::wait_result> completion) {
    auto link = connect_cancellation(strand_, completion);
    strand_->run([caller = caller_, request = std::move(request), completion = std::move(completion),
                     link = std::move(link)]() mutable {
        auto& strand = *caller->strand();
        if (!is_valid(request.event, request.payload) || !is_valid(request.timeout) || !is_valid(request.require)) {
            return complete(
                strand, std::move(completion), make_error_code(errc::invalid_params), protocol::wait_result{});
        }
        if (const auto failure = protocol::check_cause(request.event, request.payload, request.cause)) {
            return complete(strand, std::move(completion), make_error_code(failure->code), protocol::wait_result{});
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
        local_wait::start(
            caller->strand(), std::move(completion), std::move(link), [&](std::unique_ptr<core::waiter>&& waiter) {
                return strand.emit_and_wait(caller->attached(), params, {}, std::move(waiter));
            });
    });
}

void broker::start_await_response(await_request request, handler<protocol::wait_result> completion) {
    auto link = connect_cancellation(strand_, completion);
    strand_->run([caller = caller_, request, completion = std::move(completion), link = std::move(link)]() mutable {
        auto& strand = *caller->strand();
        if (!is_valid(std::optional{request.timeout})) {
            return complete(
                strand, std::move(completion), make_error_code(errc::invalid_params), protocol::wait_result{});
        }
        std::string id_text;
        protocol::append_uuid(id_text, request.hook_event_id);
        const protocol::await_response_params params{.hook_event_id = id_text, .timeout = request.timeout};
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
        if (!wanted.on_event || !is_valid(wanted)) {
            return complete(strand, std::move(completion), make_error_code(errc::invalid_params), subscription{});
        }
        auto result = strand.subscribe(session->attached(), params_of(wanted));
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
        respond_as(*caller, request.hook_event_id, request.what, std::move(completion));
    });
}

void broker::start_who(who_request request, handler<protocol::who_result> completion) {
    strand_->run([strand = strand_, request = std::move(request), completion = std::move(completion)]() mutable {
        if (!is_valid(request.event, request.payload)) {
            return complete(
                *strand, std::move(completion), make_error_code(errc::invalid_params), protocol::who_result{});
        }
        complete(*strand, std::move(completion), strand->who({.event = request.event, .payload = request.payload}));
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
            respond_as(*session, id, reply, std::move(completion));
        });
}

void subscription::start_change(
    std::shared_ptr<local_client> session, subscribe_request wanted, change_handler completion) {
    auto* const strand = session->strand().get();
    strand->run(
        [session = std::move(session), wanted = std::move(wanted), completion = std::move(completion)]() mutable {
            error_code failure;
            if (session->closed()) {
                failure = make_error_code(errc::cancelled);
            } else if (!is_valid(wanted)) {
                failure = make_error_code(errc::invalid_params);
            } else if (const auto refused = session->strand()->change_session(session->attached(), params_of(wanted))) {
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
