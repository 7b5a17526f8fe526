// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "broker_service.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

/// Events of scope cluster and those who get them. On the broker's strand.
namespace hookd::server::rpc {

/// What the request says, else the catalog, else local.
[[nodiscard]] protocol::event_scope scope_in_effect(
    const broker_service& where, std::string_view event, std::optional<protocol::event_scope> asked);

// Why a request of scope cluster, with the catalog's defaults, is not carried out: errc::invalid_params for what is for
// scope local only, errc::cluster_unavailable where no cluster takes the event. Nothing for a retry.

[[nodiscard]] std::optional<protocol::error> refuse_cluster(
    const broker_service& where, const protocol::emit_params& params);
[[nodiscard]] std::optional<protocol::error> refuse_cluster(
    const broker_service& where, const protocol::emit_and_wait_params& params);
[[nodiscard]] std::optional<protocol::error> refuse_cluster(
    const broker_service& where, const protocol::who_params& params);

/// Whether the cluster is to be told of that event before it is fired: it is of scope cluster, and nothing speaks
/// against that.
[[nodiscard]] bool is_told_to_cluster(const broker_service& where, const protocol::emit_params& params);

/// Tells the cluster of an event, then fires it here; where the first fails, nothing is fired. `then` is called once,
/// later.
using emitted_handler = std::function<void(std::variant<protocol::emit_result, protocol::error>)>;
void emit_to_cluster(
    const std::shared_ptr<broker_service>& where, const protocol::emit_params& params, emitted_handler then);

/// Calls `then`, perhaps at once, when every event of scope cluster that is fired from now on finds the session of
/// `which`: the answer to its `subscribe` is not to go out before.
void once_known_to_cluster(broker_service& where, const core::client& which, std::function<void()> then);

}  // namespace hookd::server::rpc
