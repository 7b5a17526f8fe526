// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "broker_service.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Checks of what comes in process, which nobody has parsed: no more of them in a turn than other peers may wait for.
namespace hookd::server::rpc {

struct local_text {
    enum class kind : bool { payload, reply };
    kind what = kind::payload;
    std::string_view text{};  ///< a reply is valid JSON; a payload may be anything
};

/// Texts that were checked, by their addresses, and why they are refused: errc::invalid_params for what is not JSON.
using local_findings = std::vector<std::pair<const char*, std::optional<protocol::error>>>;

/// Checks texts of `event` as long as a turn may take: broker.checked() has what was found. False where that is too
/// short: it has nothing then.
[[nodiscard]] bool check_now(broker_service& broker, const std::string& event, const std::vector<local_text>& texts);

/// Checks them on a thread of its own, which then calls `then`. The texts must live until then. `then` is dropped where
/// the broker goes before.
void check_elsewhere(
    broker_service& broker, std::string event, std::vector<local_text> texts, std::function<void(local_findings)> then);

}  // namespace hookd::server::rpc
