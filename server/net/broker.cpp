// SPDX-License-Identifier: BSL-1.0
#include "local_requests.hpp"
#include "rpc/cluster_events.hpp"
#include "rpc/resume.hpp"

#include <base/json/text.hpp>
#include <hookd/server/broker.hpp>

#include <boost/asio/append.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

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

void subscribe(const std::shared_ptr<local_client>& session, const protocol::subscribe_params& params,
    const core::missed_events& missed, completion_of<subscription> completion) {
    auto& strand = *session->strand();
    const auto result = strand.subscribe(session->attached(), params, missed);
    if (const auto* const failure = std::get_if<error>(&result)) {
        session->detach();
        return complete(strand, std::move(completion), make_error_code(failure->code), subscription{});
    }
    rpc::once_known_to_cluster(strand, session->attached(),
        [session, shared = std::make_shared<completion_of<subscription>>(std::move(completion))] {
            complete(*session->strand(), std::move(*shared), error_code{}, subscription{session});
        });
}

}  // namespace

broker::broker(boost::asio::io_context& context, const broker_options& options)
    : strand_(std::make_shared<broker_strand>(context, options)),
      caller_(std::make_shared<local_client>(strand_, subscribe_request{})) {}

broker::~broker() = default;

const uuid& broker::instance() const noexcept { return strand_->state().instance(); }

void broker::start_emit(emit_request request, completion_of<protocol::emit_result> completion) {
    strand_->run([caller = caller_, request = std::move(request), completion = std::move(completion)]() mutable {
        carry_out(caller, std::move(request), std::move(completion));
    });
}

void broker::start_emit_and_wait(wait_request request, completion_of<protocol::wait_result> completion) {
    auto link = connect_cancellation(strand_, completion);
    strand_->run([caller = caller_, request = std::move(request), completion = std::move(completion),
                     link = std::move(link)]() mutable {
        carry_out(caller, std::move(request), std::move(completion), std::move(link));
    });
}

void broker::start_await_response(await_request request, completion_of<protocol::wait_result> completion) {
    auto link = connect_cancellation(strand_, completion);
    strand_->run([caller = caller_, request, completion = std::move(completion), link = std::move(link)]() mutable {
        auto& strand = *caller->strand();
        std::string id_text;
        protocol::append_uuid(id_text, request.hook_event_id);
        const protocol::await_response_params params{.hook_event_id = id_text, .timeout = request.timeout};
        if (refuse(strand, completion, protocol::check_params(params))) {
            return;
        }
        local_wait::start(caller->strand(), std::move(completion), link, [&](std::unique_ptr<core::waiter>& waiter) {
            return strand.await_response(caller->attached(), params, std::move(waiter));
        });
    });
}

void broker::start_subscribe(subscribe_request request, completion_of<subscription> completion) {
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
        if (!rpc::is_before_retained(strand, session->attached(), params)) {
            return subscribe(session, params, {}, std::move(completion));
        }
        auto resume = std::make_shared<rpc::resume_request>(rpc::resume_request{.params = params});
        rpc::find_missed(
            session->strand(), resume, [session] { return &session->attached(); },
            [session, resume, idle = boost::asio::make_work_guard(strand.context()),
                shared = std::make_shared<completion_of<subscription>>(std::move(completion))] {
                subscribe(session, resume->params, resume->missed, std::move(*shared));
            });
    });
}

void broker::start_respond(outside_reply request, completion_of<protocol::respond_result> completion) {
    strand_->run([caller = caller_, request = std::move(request), completion = std::move(completion)]() mutable {
        carry_out(caller, request.hook_event_id, std::move(request.answer), std::move(completion));
    });
}

void broker::start_who(who_request request, completion_of<protocol::who_result> completion) {
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

void broker::start_stats(stats_request, completion_of<protocol::stats_result> completion) {
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

void broker::set_names_aside(std::vector<std::string> names, std::vector<protocol::hook_definition> disabled) {
    strand_->run([strand = strand_, names = std::move(names), disabled = std::move(disabled)]() mutable {
        strand->state().set_names_aside(names, std::move(disabled));
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
            carry_out(session, id, std::move(reply), std::move(completion));
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
