// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "broker_service.hpp"

#include <functional>
#include <memory>

namespace hookd::server::rpc {

/// A subscribe that resumes, and what it has missed.
struct resume_request {
    protocol::subscribe_params params{};  ///< which refer to nothing but themselves
    core::missed_events missed{};
};

/// Whether broker_service::subscribe() needs find_missed() first.
[[nodiscard]] bool is_before_retained(
    const broker_service& broker, core::client& client, const protocol::subscribe_params& params);

/// Looks in the journal for what the broker retains no longer, then calls `done` in a turn: the request is to be
/// carried out in that one. `client()` is asked in each turn who resumes; null: it is gone, and `done` is not called.
/// Thread-safety: broker's strand.
void find_missed(const std::shared_ptr<broker_service>& broker, const std::shared_ptr<resume_request>& request,
    std::function<core::client*()> client, std::function<void()> done);

}  // namespace hookd::server::rpc
