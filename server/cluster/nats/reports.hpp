// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/messages.hpp"

#include <functional>
#include <variant>

namespace hookd::nats {

/// What a member tells its hookd.
using report = std::variant<link::state_report, link::hosts_report, link::session_ready, link::asked, link::ask_failed,
    link::told, link::tell_failed, link::foreign_event, link::cancel, link::settled, link::gap, link::fatal>;
using report_sink = std::function<void(const report&)>;

}  // namespace hookd::nats
