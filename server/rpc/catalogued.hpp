// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "broker_service.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The methods in which the catalog has a say: it is asked first, then the broker's state. Where there is none, that
/// costs one look at a pointer. On the broker's strand.
namespace hookd::server::rpc::catalogued {

using wait_start = std::variant<core::broker::pending, protocol::wait_result, protocol::error>;

[[nodiscard]] std::variant<protocol::emit_result, protocol::error> emit(
    broker_service& where, core::client& by, const protocol::emit_params& params, std::string_view raw_params);
[[nodiscard]] wait_start emit_and_wait(broker_service& where, core::client& by,
    const protocol::emit_and_wait_params& params, std::string_view raw_params, core::waiter& who);
[[nodiscard]] wait_start await_response(
    broker_service& where, core::client& by, const protocol::await_response_params& params, core::waiter& who);
[[nodiscard]] std::variant<protocol::subscribe_result, protocol::error> subscribe(
    broker_service& where, core::client& by, const protocol::subscribe_params& params);
[[nodiscard]] std::optional<protocol::error> change_session(
    broker_service& where, core::client& by, const protocol::subscribe_params& params);
[[nodiscard]] std::variant<protocol::respond_result, protocol::error> respond(
    broker_service& where, core::client& by, const protocol::respond_params& params);
[[nodiscard]] std::variant<protocol::who_result, protocol::error> who(
    broker_service& where, const protocol::who_params& params);
[[nodiscard]] std::variant<protocol::bypass_result, protocol::error> bypass(
    broker_service& where, const core::client& by, const protocol::bypass_params& params);
/// The result as JSON.
[[nodiscard]] std::variant<std::string, protocol::error> schemas(
    const broker_service& where, const protocol::schema_params& params);

}  // namespace hookd::server::rpc::catalogued
