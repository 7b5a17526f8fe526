// SPDX-License-Identifier: BSL-1.0
#include "cluster_events.hpp"

#include <string>
#include <utility>

#include <unistd.h>

namespace hookd::server::rpc {

using protocol::error;

namespace {

/// What is kept of an event until the cluster has it.
struct kept_event {
    std::string name{};
    std::string payload{};
    std::string cause{};
    protocol::event_origin origin{};
};

std::variant<protocol::emit_result, error> publish(broker_service& broker, const kept_event& kept) {
    // The client that asked for it may be gone; the cluster has the event all the same.
    auto& emitter = broker.state().attach({::getpid(), ::getuid()}, nullptr);
    const protocol::emit_params params{
        .event = kept.name, .payload = kept.payload, .cause = kept.cause, .origin = &kept.origin};
    auto result = broker.state().emit(emitter, params, {}, broker.now());
    broker.state().detach(emitter, broker.now());
    return result;
}

}  // namespace

void emit_to_cluster(
    const std::shared_ptr<broker_service>& broker, const protocol::emit_params& params, emitted_handler handler) {
    if (auto refused = broker->check_event(params.event.view(), params.payload)) {
        return handler(std::move(*refused));
    }
    auto kept = std::make_shared<kept_event>(kept_event{std::string{params.event.view()}, std::string{params.payload},
        std::string{params.cause.view()}, {broker->state().make_event_id(), {}, broker->now().wall}});
    const core::cluster_event event{.id = kept->origin.hook_event_id,
        .name = kept->name,
        .payload = kept->payload,
        .cause = kept->cause,
        .emitted_at = kept->origin.emitted_at};
    broker->state().cluster()->tell(
        event, [broker, kept, handler = std::move(handler)](const std::optional<std::string>& failure) {
            broker->submit([broker, kept, handler, failure] {
                if (failure) {
                    handler(protocol::cluster_error(*failure));
                } else {
                    broker->state().once_durable([handler, result = publish(*broker, *kept)](const error* lost) {
                        handler(lost != nullptr ? std::variant<protocol::emit_result, error>{*lost} : result);
                    });
                }
            });
        });
}

void once_known_to_cluster(broker_service& broker, const core::client& client, std::function<void()> handler) {
    auto* const cluster = broker.state().cluster();
    const auto* const session = client.session();
    if (cluster == nullptr || session == nullptr || !session->spans_cluster() || cluster->is_known(session->id())) {
        return handler();
    }
    cluster->when_known(session->id(), std::move(handler));
}

}  // namespace hookd::server::rpc
