// SPDX-License-Identifier: BSL-1.0
#include "catalogued.hpp"

#include "cluster_events.hpp"

#include <algorithm>
#include <utility>

namespace hookd::server::rpc::catalogued {

using protocol::error;

namespace {

void add_required(std::vector<std::string>& names, const std::vector<std::string>& more) {
    for (const auto& name : more) {
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(name);
        }
    }
}

// In a chain, a payload that the event's schema refuses makes its author a hook that failed.
std::optional<error> refuse_rewrite(
    broker_service& where, core::client& by, const protocol::respond_params& params, std::string_view event) {
    if (params.payload.empty() || !params.abort.raw.empty() ||
        !where.state().is_turn_of(by, params.hook_event_id.view())) {
        return std::nullopt;
    }
    auto refused = where.check_event(event, params.payload);
    if (refused) {
        const std::string why = "its payload was refused: " + refused->message;
        (void)where.state().respond(by, {.hook_event_id = params.hook_event_id, .failed = why}, where.now());
    }
    return refused;
}

}  // namespace

std::variant<protocol::emit_result, error> emit(
    broker_service& where, core::client& by, const protocol::emit_params& params, std::string_view raw_params) {
    // A retry gets its recorded result, whatever has become of the catalog since.
    if (const auto* const events = where.events(); events != nullptr && !where.state().is_retry(params.operation_id)) {
        if (auto refused = where.check_event(params.event.view(), params.payload)) {
            return std::move(*refused);
        }
    }
    if (scope_in_effect(where, params.event.view(), params.scope) == protocol::event_scope::cluster) {
        if (auto refused = refuse_cluster(where, params)) {
            return std::move(*refused);
        }
    }
    return where.state().emit(by, params, raw_params, where.now());
}

wait_start emit_and_wait(broker_service& where, core::client& by, const protocol::emit_and_wait_params& params,
    std::string_view raw_params, core::waiter& who) {
    const auto* const events = where.events();
    if (events == nullptr || where.state().is_retry(params.operation_id)) {
        if (params.scope == protocol::event_scope::cluster) {
            if (auto refused = refuse_cluster(where, params)) {
                return std::move(*refused);
            }
        }
        return where.state().emit_and_wait(by, params, raw_params, who, where.now());
    }
    if (auto refused = where.check_event(params.event.view(), params.payload)) {
        return std::move(*refused);
    }
    auto filled = params;
    const auto standard = events->defaults_of(params.event.view());
    filled.timeout = params.timeout ? params.timeout : standard.timeout;
    filled.policy = params.policy ? params.policy : standard.policy;
    filled.on_failure = params.on_failure ? params.on_failure : standard.on_failure;
    filled.scope = params.scope ? params.scope : standard.scope;
    if (params.origin == nullptr) {  // what another host requires it looks after itself
        add_required(filled.require, standard.require);
    }
    if (filled.scope == protocol::event_scope::cluster) {
        if (auto refused = refuse_cluster(where, filled)) {
            return std::move(*refused);
        }
    }
    return where.state().emit_and_wait(by, filled, raw_params, who, where.now());
}

wait_start await_response(
    broker_service& where, core::client& by, const protocol::await_response_params& params, core::waiter& who) {
    const auto* const events = where.events();
    if (events == nullptr || params.timeout) {
        return where.state().await_response(by, params, who, where.now());
    }
    auto filled = params;
    filled.timeout = events->defaults_of(where.state().event_that_awaits(params.hook_event_id.view())).timeout;
    return where.state().await_response(by, filled, who, where.now());
}

std::variant<protocol::subscribe_result, error> subscribe(
    broker_service& where, core::client& by, const protocol::subscribe_params& params) {
    if (const auto* const events = where.events()) {
        if (auto refused = events->check_patterns(params.events)) {
            return std::move(*refused);
        }
    }
    return where.state().subscribe(by, params, where.now());
}

std::optional<error> change_session(broker_service& where, core::client& by, const protocol::subscribe_params& params) {
    if (const auto* const events = where.events()) {
        if (auto refused = events->check_patterns(params.events)) {
            return refused;
        }
    }
    if (!where.state().change_session(by, params)) {
        return error{protocol::errc::cancelled, "the session is over"};
    }
    return std::nullopt;
}

std::variant<protocol::respond_result, error> respond(
    broker_service& where, core::client& by, const protocol::respond_params& params) {
    const auto* const events = where.events();
    if (events != nullptr && !params.abstain && params.failed.empty()) {
        const auto event = where.state().event_that_awaits(params.hook_event_id.view());
        if (!event.empty()) {
            if (auto refused = where.check_reply(event, params.response)) {
                return std::move(*refused);
            }
            if (auto refused = refuse_rewrite(where, by, params, event)) {
                return std::move(*refused);
            }
        }
    }
    return where.state().respond(by, params, where.now());
}

std::variant<protocol::who_result, error> who(broker_service& where, const protocol::who_params& params) {
    const auto* const events = where.events();
    if (events != nullptr) {
        // Whether there is such an event, whatever the payload.
        if (auto unknown = events->check_patterns({std::string{params.event.view()}})) {
            return std::move(*unknown);
        }
    }
    if (scope_in_effect(where, params.event.view(), params.scope) == protocol::event_scope::cluster) {
        if (auto refused = refuse_cluster(where, params)) {
            return std::move(*refused);
        }
    }
    auto result = where.state().who(params);
    if (events != nullptr) {
        const auto standard = events->defaults_of(params.event.view());
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

std::variant<protocol::bypass_result, error> bypass(
    broker_service& where, const core::client& by, const protocol::bypass_params& params) {
    if (const auto* const events = where.events()) {
        if (auto refused = events->check_patterns(params.events)) {
            return std::move(*refused);
        }
    }
    return where.state().bypass(by, params, where.now());
}

std::variant<std::string, error> schemas(const broker_service& where, const protocol::schema_params& params) {
    // What is longer than a name is none, and need not be repeated in full.
    const auto event = params.event.view().substr(0, protocol::max_event_name + 1);
    if (const auto* const events = where.events()) {
        return events->schemas(event);
    }
    if (!event.empty()) {
        return no_catalog_error(event);
    }
    return std::string{R"({"schemas":[]})"};
}

}  // namespace hookd::server::rpc::catalogued
