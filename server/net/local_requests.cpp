// SPDX-License-Identifier: BSL-1.0
#include "local_requests.hpp"
#include "rpc/cluster_events.hpp"
#include "rpc/long_message.hpp"
#include "rpc/text_checker.hpp"

#include <string>

namespace hookd::server {

using protocol::errc;
using protocol::error;

namespace {

/// What is wrong with an event whose payload has been checked.
template <class Params>
std::optional<error> check_event(broker_strand& strand, const Params& params) {
    const auto* const known = strand.checked().find(params.payload);
    if (known == nullptr || (*known && (*known)->code == errc::invalid_params)) {
        return error{errc::invalid_params, "the payload is not valid JSON"};
    }
    return protocol::check_params(params);
}

/// A reply in-process. What respond_params refers to lies in it.
struct local_reply {
    uuid id{};
    server::reply reply{};
    std::string event{};           // of which it is; empty: no slot waits for it
    bool may_rewrite = false;      // its turn in a chain has come
    std::optional<error> fault{};  // of what is no reply
    protocol::respond_params params{};
};

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
          checker_(events_.get(), request_.event, {.is_cancelled = &strand.checks().is_given_up()}) {}

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
        rpc::text_checker checker{strand.events(), request.event, {.steps = check_limit::short_steps}};
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
void complete_cancelled(broker_strand& strand, completion_of<Result> completion) {
    complete(strand, std::move(completion), make_error_code(errc::cancelled), Result{});
}

void emit_as(broker_strand& strand, const std::shared_ptr<local_client>& client, const emit_request& request,
    completion_of<protocol::emit_result> completion) {
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
            [client, shared = std::make_shared<completion_of<protocol::emit_result>>(std::move(completion))](
                std::variant<protocol::emit_result, error> result) {
                complete(*client->strand(), std::move(*shared), std::move(result));
            });
    }
    complete_once_durable(
        strand, client->attached(), std::move(completion), strand.emit(client->attached(), params, {}));
    strand.relieve_pressure();
}

void emit_and_wait_as(broker_strand& strand, const std::shared_ptr<local_client>& client, const wait_request& request,
    completion_of<protocol::wait_result> completion, const std::shared_ptr<cancellation>& link) {
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
    local_wait::start(client->strand(), std::move(completion), link, [&](std::unique_ptr<core::waiter>& waiter) {
        return strand.emit_and_wait(client->attached(), params, {}, std::move(waiter));
    });
    strand.relieve_pressure();
}

void respond_as(broker_strand& strand, const std::shared_ptr<local_client>& client, local_reply& request,
    completion_of<protocol::respond_result> completion) {
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

}  // namespace

void carry_out(const std::shared_ptr<local_client>& client, emit_request request,
    completion_of<protocol::emit_result> completion) {
    carry_out_checked(client, std::move(request),
        [completion = std::move(completion)](broker_strand& strand, const std::shared_ptr<local_client>& caller,
            const emit_request& checked) mutable { emit_as(strand, caller, checked, std::move(completion)); });
}

void carry_out(const std::shared_ptr<local_client>& client, wait_request request,
    completion_of<protocol::wait_result> completion, std::shared_ptr<cancellation> link) {
    carry_out_checked(client, std::move(request),
        [completion = std::move(completion), link = std::move(link)](
            broker_strand& strand, const std::shared_ptr<local_client>& caller, const wait_request& checked) mutable {
            emit_and_wait_as(strand, caller, checked, std::move(completion), link);
        });
}

void carry_out(const std::shared_ptr<local_client>& client, const uuid& id, reply reply,
    completion_of<protocol::respond_result> completion) {
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

}  // namespace hookd::server
