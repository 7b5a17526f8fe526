#pragma once

#include "broker_service.hpp"

#include <optional>
#include <string_view>

/// What `scope` of an emitter's request comes to. On the broker's strand.
namespace hookd::server::rpc {

/// What the request says, else the catalog, else local.
[[nodiscard]] protocol::event_scope scope_in_effect(const broker_service& where, std::string_view event,
                                                    std::optional<protocol::event_scope> asked);

// Why a request of scope cluster, with the catalog's defaults, is not carried out: errc::invalid_params for what is for scope local only,
// errc::cluster_unavailable where no cluster takes the event. Nothing for a retry.

[[nodiscard]] std::optional<protocol::error> refuse_cluster(const broker_service& where, const protocol::emit_params& params);
[[nodiscard]] std::optional<protocol::error> refuse_cluster(const broker_service& where, const protocol::emit_and_wait_params& params);
[[nodiscard]] std::optional<protocol::error> refuse_cluster(const broker_service& where, const protocol::who_params& params);

}  // namespace hookd::server::rpc
