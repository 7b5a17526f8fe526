// SPDX-License-Identifier: BSL-1.0
#include "cluster_events.hpp"

#include <string>
#include <utility>

#include <unistd.h>

namespace hookd::server::rpc {

using protocol::errc;
using protocol::error;
using protocol::event_scope;

namespace {

error for_local_only(std::string_view what) {
    return {errc::invalid_params,
        "parameter " + std::string{what} + " is for scope local only, and this event is of scope cluster"};
}

// Why no cluster takes it; nothing where one does.
std::optional<error> refuse_event(const broker_service& where, std::string_view event) {
    const auto* const cluster = where.state().cluster();
    if (cluster == nullptr) {
        return protocol::cluster_error("this daemon is in no cluster (see --cluster of hookd)");
    }
    const auto why = cluster->refuse(event);
    return why ? std::optional{protocol::cluster_error(*why)} : std::nullopt;
}

/// What is kept of an event until the cluster has been told.
struct kept_event {
    std::string name{};
    std::string payload{};
    std::string cause{};
    protocol::event_origin origin{};
};

std::variant<protocol::emit_result, error> fire(broker_service& where, const kept_event& kept) {
    // Whoever has asked may be gone; the cluster has the event all the same.
    auto& teller = where.state().attach({::getpid(), ::getuid()}, nullptr);
    const protocol::emit_params params{
        .event = kept.name, .payload = kept.payload, .cause = kept.cause, .origin = &kept.origin};
    auto result = where.state().emit(teller, params, {}, where.now());
    where.state().detach(teller, where.now());
    return result;
}

}  // namespace

event_scope scope_in_effect(const broker_service& where, std::string_view event, std::optional<event_scope> asked) {
    if (asked) {
        return *asked;
    }
    const auto* const events = where.events();
    return events == nullptr ? event_scope::local : events->defaults_of(event).scope.value_or(event_scope::local);
}

std::optional<error> refuse_cluster(const broker_service& where, const protocol::emit_params& params) {
    if (where.state().is_retry(params.operation_id)) {
        return std::nullopt;
    }
    return params.reserve ? for_local_only("'reserve_ms'") : refuse_event(where, params.event.view());
}

std::optional<error> refuse_cluster(const broker_service& where, const protocol::emit_and_wait_params& params) {
    if (where.state().is_retry(params.operation_id)) {
        return std::nullopt;
    }
    if (!params.require_subscriber) {
        return for_local_only("'require_subscriber': false");
    }
    if (params.policy == protocol::wait_policy::chain) {
        return for_local_only("'policy': \"chain\"");
    }
    return refuse_event(where, params.event.view());
}

std::optional<error> refuse_cluster(const broker_service& where, const protocol::who_params& params) {
    return refuse_event(where, params.event.view());
}

bool is_told_to_cluster(const broker_service& where, const protocol::emit_params& params) {
    return where.state().cluster() != nullptr && !where.state().is_shutting_down() && params.origin == nullptr &&
           !params.reserve && scope_in_effect(where, params.event.view(), params.scope) == event_scope::cluster &&
           !where.state().cluster()->refuse(params.event.view());
}

void emit_to_cluster(
    const std::shared_ptr<broker_service>& where, const protocol::emit_params& params, emitted_handler then) {
    if (where->events() != nullptr) {
        if (auto refused = where->check_event(params.event.view(), params.payload)) {
            return then(std::move(*refused));
        }
    }
    auto kept = std::make_shared<kept_event>(kept_event{std::string{params.event.view()}, std::string{params.payload},
        std::string{params.cause.view()}, {where->state().make_event_id(), {}, where->now().wall}});
    const core::cluster_event event{.id = kept->origin.hook_event_id,
        .name = kept->name,
        .payload = kept->payload,
        .cause = kept->cause,
        .emitted_at = kept->origin.emitted_at};
    where->state().cluster()->tell(
        event, [where, kept, then = std::move(then)](const std::optional<std::string>& failure) {
            where->submit([where, kept, then, failure] {
                if (failure) {
                    then(protocol::cluster_error(*failure));
                } else {
                    where->state().once_durable([then, result = fire(*where, *kept)](const error* lost) {
                        then(lost != nullptr ? std::variant<protocol::emit_result, error>{*lost} : result);
                    });
                }
            });
        });
}

void once_known_to_cluster(broker_service& where, const core::client& which, std::function<void()> then) {
    auto* const cluster = where.state().cluster();
    if (cluster == nullptr || !which.push || !which.push->spans_cluster || cluster->is_known(which.push->id)) {
        return then();
    }
    cluster->when_known(which.push->id, std::move(then));
}

}  // namespace hookd::server::rpc
