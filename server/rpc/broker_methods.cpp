// SPDX-License-Identifier: BSL-1.0
#include "broker_service.hpp"

#include <algorithm>
#include <utility>

// The methods: what the catalog and the cluster say to a request, then the broker.
namespace hookd::server::rpc {

using protocol::errc;
using protocol::error;
using protocol::event_scope;

namespace {

void add_required(std::vector<std::string>& names, const std::vector<std::string>& more) {
    for (const auto& name : more) {
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(name);
        }
    }
}

error for_local_only(std::string_view parameter) {
    return {errc::invalid_params,
        "parameter " + std::string{parameter} + " is for scope local only, and this event is of scope cluster"};
}

}  // namespace

// --- the cluster ---

std::optional<error> broker_service::refuse_cluster(const protocol::emit_params& params) const {
    if (state_.is_retry(params.operation_id)) {
        return std::nullopt;
    }
    return params.reserve ? for_local_only("'reserve_ms'") : refuse_cluster(params.event.view());
}

std::optional<error> broker_service::refuse_cluster(const protocol::emit_and_wait_params& params) const {
    if (state_.is_retry(params.operation_id)) {
        return std::nullopt;
    }
    if (!params.require_subscriber) {
        return for_local_only("'require_subscriber': false");
    }
    if (params.policy == protocol::wait_policy::chain) {
        return for_local_only("'policy': \"chain\"");
    }
    return refuse_cluster(params.event.view());
}

std::optional<error> broker_service::refuse_cluster(std::string_view event) const {
    const auto* const cluster = state_.cluster();
    if (cluster == nullptr) {
        return protocol::cluster_error("this daemon is in no cluster (see --cluster of hookd)");
    }
    const auto why = cluster->refuse(event);
    return why ? std::optional{protocol::cluster_error(*why)} : std::nullopt;
}

bool broker_service::has_cluster_for(const protocol::emit_params& params) const {
    return !state_.is_shutting_down() && params.origin == nullptr && !params.reserve &&
           scope_of(params.event.view(), params.scope) == event_scope::cluster &&
           !state_.cluster()->refuse(params.event.view());
}

// --- events ---

broker_service::result_or_error<protocol::emit_result> broker_service::emit(
    core::client& client, const protocol::emit_params& params, const core::request_bytes& request) {
    // A retry gets its recorded result, whatever has become of the catalog since.
    if (catalog_ != nullptr && !state_.is_retry(params.operation_id)) {
        if (auto refused = check_event(params.event.view(), params.payload)) {
            return std::move(*refused);
        }
    }
    if (scope_of(params.event.view(), params.scope) == event_scope::cluster) {
        if (auto refused = refuse_cluster(params)) {
            return std::move(*refused);
        }
    }
    return state_.emit(client, params, request, now(), reservation_terms(params));
}

core::reservation_terms broker_service::reservation_terms(const protocol::emit_params& params) const {
    if (catalog_ == nullptr || !params.reserve) {
        return {};
    }
    auto standard = catalog_->defaults_of(params.event.view());
    return {standard.on_failure.value_or(protocol::failure_policy::open), std::move(standard.require)};
}

core::broker::wait_start broker_service::emit_and_wait(core::client& client,
    const protocol::emit_and_wait_params& params, const core::request_bytes& request,
    std::unique_ptr<core::waiter>&& waiter) {
    if (catalog_ == nullptr || state_.is_retry(params.operation_id)) {
        return ask(client, params, request, std::move(waiter));
    }
    if (auto refused = check_event(params.event.view(), params.payload)) {
        return std::move(*refused);
    }
    return ask(client, with_defaults(params), request, std::move(waiter));
}

core::broker::wait_start broker_service::ask(core::client& client, const protocol::emit_and_wait_params& params,
    const core::request_bytes& request, std::unique_ptr<core::waiter>&& waiter) {
    if (params.scope == event_scope::cluster) {
        if (auto refused = refuse_cluster(params)) {
            return std::move(*refused);
        }
    }
    return state_.emit_and_wait(client, params, request, std::move(waiter), now());
}

protocol::emit_and_wait_params broker_service::with_defaults(const protocol::emit_and_wait_params& params) const {
    auto filled = params;
    const auto standard = catalog_->defaults_of(params.event.view());
    filled.timeout = params.timeout ? params.timeout : standard.timeout;
    filled.policy = params.policy ? params.policy : standard.policy;
    filled.on_failure = params.on_failure ? params.on_failure : standard.on_failure;
    filled.scope = params.scope ? params.scope : standard.scope;
    if (params.origin == nullptr) {  // what another host requires it looks after itself
        add_required(filled.require, standard.require);
    }
    return filled;
}

core::broker::wait_start broker_service::await_response(
    core::client& client, const protocol::await_response_params& params, std::unique_ptr<core::waiter>&& waiter) {
    if (catalog_ == nullptr || params.timeout) {
        return state_.await_response(client, params, std::move(waiter), now());
    }
    auto filled = params;
    filled.timeout = catalog_->defaults_of(state_.event_that_awaits(params.hook_event_id.view())).timeout;
    return state_.await_response(client, filled, std::move(waiter), now());
}

// --- sessions ---

broker_service::result_or_error<protocol::subscribe_result> broker_service::subscribe(
    core::client& client, const protocol::subscribe_params& params, const core::missed_events& missed) {
    if (catalog_ != nullptr) {
        if (auto refused = catalog_->check_patterns(params.events)) {
            return std::move(*refused);
        }
    }
    return state_.subscribe(client, params, now(), missed);
}

std::optional<error> broker_service::change_session(core::client& client, const protocol::subscribe_params& params) {
    if (catalog_ != nullptr) {
        if (auto refused = catalog_->check_patterns(params.events)) {
            return refused;
        }
    }
    if (!state_.change_session(client, params)) {
        return error{errc::cancelled, "the session is over"};
    }
    return std::nullopt;
}

broker_service::result_or_error<protocol::respond_result> broker_service::respond(
    core::client& client, const protocol::respond_params& params) {
    if (catalog_ != nullptr && !params.abstain && params.failed.empty()) {
        const auto event = state_.event_that_awaits(params.hook_event_id.view());
        if (!event.empty()) {
            if (auto refused = check_reply(event, params.response)) {
                return std::move(*refused);
            }
            if (auto refused = refuse_rewrite(client, params, event)) {
                return std::move(*refused);
            }
        }
    }
    return state_.respond(client, params, now());
}

// In a chain, a payload that the event's schema refuses makes its author a hook that failed.
std::optional<error> broker_service::refuse_rewrite(
    core::client& client, const protocol::respond_params& params, std::string_view event) {
    if (params.payload.empty() || !params.abort.raw.empty() ||
        !state_.is_turn_of(client, params.hook_event_id.view())) {
        return std::nullopt;
    }
    auto refused = check_event(event, params.payload);
    if (refused) {
        const std::string why = "its payload was refused: " + refused->message;
        (void)state_.respond(client, {.hook_event_id = params.hook_event_id, .failed = why}, now());
    }
    return refused;
}

// --- the rest ---

broker_service::result_or_error<protocol::who_result> broker_service::who(const protocol::who_params& params) {
    if (catalog_ != nullptr) {
        // Whether there is such an event, whatever the payload.
        if (auto unknown = catalog_->check_patterns({std::string{params.event.view()}})) {
            return std::move(*unknown);
        }
    }
    if (scope_of(params.event.view(), params.scope) == event_scope::cluster) {
        if (auto refused = refuse_cluster(params.event.view())) {
            return std::move(*refused);
        }
    }
    auto result = state_.who(params);
    if (catalog_ != nullptr) {
        const auto standard = catalog_->defaults_of(params.event.view());
        result.require = standard.require;
        result.policy = standard.policy.value_or(result.policy);
        result.on_failure = standard.on_failure.value_or(result.on_failure);
        result.timeout = standard.timeout.value_or(result.timeout);
    }
    for (const auto& name : result.require) {
        if (std::none_of(result.responders.begin(), result.responders.end(),
                [&name](const auto& each) { return each.name == name; })) {
            result.absent.push_back(name);
        }
    }
    return result;
}

broker_service::result_or_error<protocol::bypass_result> broker_service::bypass(
    const core::client& client, const protocol::bypass_params& params) {
    if (catalog_ != nullptr) {
        if (auto refused = catalog_->check_patterns(params.events)) {
            return std::move(*refused);
        }
    }
    return state_.bypass(client, params, now());
}

broker_service::result_or_error<std::string> broker_service::schemas(const protocol::schema_params& params) const {
    // What is longer than a name is none, and need not be repeated in full.
    const auto event = params.event.view().substr(0, protocol::max_event_name + 1);
    if (event.empty() && !(params.payload.empty() && params.response.empty())) {
        return error{errc::invalid_params,
            "a payload or a response is held against the schemas of an event: give its name as event"};
    }
    if (catalog_ == nullptr) {
        return event.empty() ? result_or_error<std::string>{R"({"schemas":[]})"} : no_catalog_error(event);
    }
    auto found = catalog_->schemas(event);
    if (std::holds_alternative<error>(found)) {
        return found;
    }
    if (!params.payload.empty()) {
        if (auto refused = check_event(event, params.payload)) {
            return std::move(*refused);
        }
    }
    if (!params.response.empty()) {
        if (auto refused = check_reply(event, params.response)) {
            return std::move(*refused);
        }
    }
    return found;
}

}  // namespace hookd::server::rpc
