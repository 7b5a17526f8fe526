// SPDX-License-Identifier: BSL-1.0
#include "broker_strand.hpp"
#include "rpc/catalogued.hpp"
#include "rpc/cluster_events.hpp"
#include "rpc/local_check.hpp"

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

std::vector<rpc::local_text> payload_of(std::string_view payload) {
    return {{rpc::local_text::kind::payload, payload}};
}

/// What was checked is an event's name and JSON.
bool is_valid(broker_strand& strand, std::string_view event, std::string_view payload) {
    const auto* const known = strand.checked().find(payload);
    return protocol::is_event_name(event) && known != nullptr && (!*known || (*known)->code != errc::invalid_params);
}

bool is_valid(std::string_view event, std::string_view payload) {
    return protocol::is_event_name(event) && !protocol::find_json_fault(payload);
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

// Of one subscriber in process, then the others have their turn.
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
            client_ = &strand_->state().attach({::getpid(), ::getuid()}, this);
            client_->may_use_set_aside_names = request_.may_use_set_aside_names;
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
                if (const auto told = state.take_notice(*client_)) {
                    tell(*told);
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
    void tell(const core::notice& what) {
        if (what.verdict) {
            auto params = what.verdict->view();
            params.remove_prefix(protocol::verdict_head.size());
            params.remove_suffix(1);
            request_.on_verdict(params);
        } else {
            request_.on_cancelled(what.hook_event_id, what.reason);
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
    core::waiter* wait = nullptr;  // while it is pending
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
        alive->run([where = alive.get(), target] {
            const auto which = target.lock();
            if (!which) {
                return;
            }
            which->wanted = true;
            // It may have ended within this turn.
            if (which->wait != nullptr && which->wait->waits_on != nullptr) {
                where->state().cancel(*which->wait, where->now());
            }
        });
    });
    return made;
}

class local_wait final : public rpc::wait_operation {
public:
    local_wait(std::shared_ptr<broker_strand> strand, handler<protocol::wait_result> completion,
        std::shared_ptr<cancellation> link)
        : strand_(std::move(strand)), completion_(std::move(completion)), link_(std::move(link)) {}

    void done(std::variant<protocol::wait_result, error> result) override {
        const std::unique_ptr<local_wait> self{this};
        if (link_) {
            link_->wait = nullptr;
        }
        if (auto* const verdict = std::get_if<protocol::wait_result>(&result)) {
            verdict->keep();
        }
        complete(*strand_, std::move(completion_), std::move(result));
    }

    /// Starts the wait by `begin(*this)`, which says whether it is pending.
    template <class Begin>
    static void start(std::shared_ptr<broker_strand> strand, handler<protocol::wait_result> completion,
        std::shared_ptr<cancellation> link, Begin begin) {
        auto operation = std::make_unique<local_wait>(std::move(strand), std::move(completion), std::move(link));
        if (operation->link_ && operation->link_->wanted) {
            return operation.release()->done(error{errc::cancelled, "cancelled before it began"});
        }
        auto outcome = begin(*operation);
        if (std::holds_alternative<core::broker::pending>(outcome)) {
            if (operation->link_) {
                operation->link_->wait = operation.get();
            }
            operation.release();  // NOLINT(bugprone-unused-return-value): done() takes it back
            return;
        }
        std::variant<protocol::wait_result, error> result;
        if (auto* const failure = std::get_if<error>(&outcome)) {
            result = std::move(*failure);
        } else {
            result = std::get<protocol::wait_result>(std::move(outcome));
        }
        operation.release()->done(std::move(result));
    }

private:
    std::shared_ptr<broker_strand> strand_;
    handler<protocol::wait_result> completion_;
    std::shared_ptr<cancellation> link_;
};

void emit_as(local_client& by, const emit_request& request, handler<protocol::emit_result> completion) {
    auto& strand = *by.strand();
    if (!is_valid(strand, request.event, request.payload) || !is_valid(request.reserve)) {
        return complete(strand, std::move(completion), make_error_code(errc::invalid_params), protocol::emit_result{});
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
    if (rpc::is_told_to_cluster(strand, params)) {
        return rpc::emit_to_cluster(by.strand(), params,
            [caller = by.shared_from_this(), shared = std::make_shared<handler<protocol::emit_result>>(std::move(
                                                 completion))](std::variant<protocol::emit_result, error> result) {
                complete(*caller->strand(), std::move(*shared), std::move(result));
            });
    }
    complete(strand, std::move(completion), rpc::catalogued::emit(strand, by.attached(), params, {}));
}

void emit_and_wait_as(local_client& by, const wait_request& request, handler<protocol::wait_result> completion,
    std::shared_ptr<cancellation> link) {
    auto& strand = *by.strand();
    if (!is_valid(strand, request.event, request.payload) || !is_valid(request.timeout) || !is_valid(request.require)) {
        return complete(strand, std::move(completion), make_error_code(errc::invalid_params), protocol::wait_result{});
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
    local_wait::start(by.strand(), std::move(completion), std::move(link),
        [&](core::waiter& who) { return rpc::catalogued::emit_and_wait(strand, by.attached(), params, {}, who); });
}

/// A request in process, who sends it, and how to carry it out once its texts are checked. Weak: a thread that checks
/// must not be the last to let the broker go, which waits for that thread.
template <class Request, class CarryOut>
struct local_request {
    std::weak_ptr<local_client> by;
    Request what;
    CarryOut carry_out;
};

struct forget_checks {
    broker_strand& of;
    ~forget_checks() { of.checked().clear(); }
};

/// Calls carry_out(by, request) on the strand, now or later, while strand.checked() knows what was found of
/// `texts(request)`. It is dropped where `by` goes before.
template <class Request, class Texts, class CarryOut>
void carry_out_checked(
    const std::shared_ptr<local_client>& by, std::string event, Request request, Texts texts, CarryOut carry_out) {
    auto& strand = *by->strand();
    if (rpc::check_now(strand, event, texts(request))) {
        const forget_checks at_end{strand};
        return carry_out(by, request);
    }
    auto shared = std::make_shared<local_request<Request, CarryOut>>(
        local_request<Request, CarryOut>{by, std::move(request), std::move(carry_out)});
    rpc::check_elsewhere(strand, std::move(event), texts(shared->what),
        [shared, &context = strand.context()](rpc::local_findings found) {
            boost::asio::post(context, [shared, found = std::move(found)]() mutable {
                const auto client = shared->by.lock();
                if (!client) {
                    return;
                }
                client->strand()->run([client, shared, found = std::move(found)]() mutable {
                    auto& strand = *client->strand();
                    const forget_checks at_end{strand};
                    for (auto& [text, refusal] : found) {
                        strand.checked().add(text, std::move(refusal));
                    }
                    shared->carry_out(client, shared->what);
                });
            });
        });
}

std::string text_of(const uuid& id) {
    std::string text;
    protocol::append_uuid(text, id);
    return text;
}

/// A reply in process.
struct local_reply {
    uuid id{};
    reply what{};
};

void respond_as(local_client& by, const uuid& id, const reply& what, handler<protocol::respond_result> completion) {
    auto& strand = *by.strand();
    const auto refuse = [&](const error& failure) {
        if (what.refusal) {
            *what.refusal = failure.message;
        }
        complete(strand, std::move(completion), make_error_code(failure.code), protocol::respond_result{});
    };
    std::array<char, protocol::uuid_text_size> id_text;
    protocol::write_uuid(id_text.data(), id);
    protocol::respond_params params{.hook_event_id = std::string_view{id_text.data(), id_text.size()},
        .response = what.response,
        .abstain = what.abstain,
        .failed = what.failed,
        .insists = what.insists};
    if (!what.abstain && what.failed.empty()) {
        if (const auto failure = protocol::check_reply(params)) {
            return refuse(*failure);
        }
    }
    auto result = rpc::catalogued::respond(strand, by.attached(), params);
    if (const auto* const failure = std::get_if<error>(&result)) {
        return refuse(*failure);
    }
    complete(strand, std::move(completion), error_code{}, std::get<protocol::respond_result>(result));
}

/// What is to be checked of it: nothing where it is not a reply.
std::vector<rpc::local_text> texts_of(local_client& by, const local_reply& from) {
    protocol::respond_params params{.response = from.what.response};
    if (from.what.abstain || !from.what.failed.empty() || protocol::check_reply(params)) {
        return {};
    }
    std::vector<rpc::local_text> texts{{rpc::local_text::kind::reply, from.what.response}};
    if (!params.payload.empty() && by.strand()->state().is_turn_of(by.attached(), text_of(from.id))) {
        texts.push_back({rpc::local_text::kind::payload, params.payload});
    }
    return texts;
}

void respond_checked(
    const std::shared_ptr<local_client>& by, local_reply from, handler<protocol::respond_result> completion) {
    const auto& strand = *by->strand();
    std::string event{strand.state().event_that_awaits(text_of(from.id))};
    const bool is_checked = !event.empty() && strand.events() != nullptr;
    carry_out_checked(
        by, std::move(event), std::move(from),
        [is_checked, client = by.get()](
            const local_reply& of) { return is_checked ? texts_of(*client, of) : std::vector<rpc::local_text>{}; },
        [completion = std::move(completion)](
            const std::shared_ptr<local_client>& from_client, const local_reply& of) mutable {
            if (from_client->closed()) {
                return complete(*from_client->strand(), std::move(completion), make_error_code(errc::cancelled),
                    protocol::respond_result{});
            }
            respond_as(*from_client, of.id, of.what, std::move(completion));
        });
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
        auto event = request.event;
        carry_out_checked(
            caller, std::move(event), std::move(request), [](const emit_request& of) { return payload_of(of.payload); },
            [completion = std::move(completion)](const std::shared_ptr<local_client>& by,
                const emit_request& of) mutable { emit_as(*by, of, std::move(completion)); });
    });
}

void broker::start_emit_and_wait(wait_request request, handler<protocol::wait_result> completion) {
    auto link = connect_cancellation(strand_, completion);
    strand_->run([caller = caller_, request = std::move(request), completion = std::move(completion),
                     link = std::move(link)]() mutable {
        auto event = request.event;
        carry_out_checked(
            caller, std::move(event), std::move(request), [](const wait_request& of) { return payload_of(of.payload); },
            [completion = std::move(completion), link = std::move(link)](const std::shared_ptr<local_client>& by,
                const wait_request& of) mutable { emit_and_wait_as(*by, of, std::move(completion), std::move(link)); });
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
        local_wait::start(caller->strand(), std::move(completion), std::move(link), [&](core::waiter& who) {
            return rpc::catalogued::await_response(strand, caller->attached(), params, who);
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
        auto result = rpc::catalogued::subscribe(strand, session->attached(), params_of(wanted));
        if (auto* const failure = std::get_if<error>(&result)) {
            session->detach();
            return complete(strand, std::move(completion), make_error_code(failure->code), subscription{});
        }
        auto* const client = &session->attached();
        rpc::once_known_to_cluster(strand, *client,
            [session = std::move(session), shared = std::make_shared<handler<subscription>>(std::move(completion))] {
                auto* const where = session->strand().get();
                complete(*where, std::move(*shared), error_code{}, subscription{session});
            });
    });
}

void broker::start_respond(outside_reply request, handler<protocol::respond_result> completion) {
    strand_->run([caller = caller_, request = std::move(request), completion = std::move(completion)]() mutable {
        respond_checked(caller, {request.hook_event_id, std::move(request.what)}, std::move(completion));
    });
}

void broker::start_who(who_request request, handler<protocol::who_result> completion) {
    strand_->run([strand = strand_, request = std::move(request), completion = std::move(completion)]() mutable {
        if (!is_valid(request.event, request.payload)) {
            return complete(
                *strand, std::move(completion), make_error_code(errc::invalid_params), protocol::who_result{});
        }
        complete(*strand, std::move(completion),
            rpc::catalogued::who(*strand, {.event = request.event, .payload = request.payload}));
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

void broker::record_to(core::journal& where) { strand_->record_to(where); }

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
    std::shared_ptr<local_client> session, uuid id, reply what, respond_handler completion) {
    auto* const strand = session->strand().get();
    strand->run(
        [session = std::move(session), id, what = std::move(what), completion = std::move(completion)]() mutable {
            if (session->closed()) {
                return complete(*session->strand(), std::move(completion), make_error_code(errc::cancelled),
                    protocol::respond_result{});
            }
            respond_checked(session, {id, std::move(what)}, std::move(completion));
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
            } else if (const auto refused = rpc::catalogued::change_session(
                           *session->strand(), session->attached(), params_of(wanted))) {
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
