// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "broker_service.hpp"

#include <functional>
#include <memory>
#include <variant>

/// Events of scope cluster and the sessions that get them: what waits for the cluster. On the broker's strand.
namespace hookd::server::rpc {

/// Sends an event to the cluster, then publishes it here; if the first fails, nothing is published. `handler` is called
/// once, later.
using emitted_handler = std::function<void(std::variant<protocol::emit_result, protocol::error>)>;
void emit_to_cluster(
    const std::shared_ptr<broker_service>& broker, const protocol::emit_params& params, emitted_handler handler);

/// Calls `handler`, perhaps at once, when every event of scope cluster that is published from now on finds the session
/// of `client`: the answer to its `subscribe` is not to go out before.
void once_known_to_cluster(broker_service& broker, const core::client& client, std::function<void()> handler);

}  // namespace hookd::server::rpc
