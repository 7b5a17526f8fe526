// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/error.hpp>

#include <cstdint>

/// What a guarded step of a tool (git, jj, a coding agent) becomes when hooks were to be asked and no verdict came.
namespace hookd::hookctl {

/// Why there is no verdict.
enum class unasked : std::uint8_t {
    absent,   ///< there is no daemon
    silent,   ///< the daemon gave no answer
    refused,  ///< the question was refused, or could not be sent to a daemon that may be there
};

[[nodiscard]] unasked unasked_after(error_kind failure) noexcept;

/// What the user said of it.
struct unasked_rules {
    bool fail_closed = false;             ///< an answer is needed
    bool proceed_without_daemon = false;  ///< but for that, the tool continues without one
};

/// Whether the tool stops although no hook said so. A question that was refused always stops it: a user who can cause
/// that, with a push or an input that is too large for instance, must not get past the hooks that way.
[[nodiscard]] bool stops_tool(unasked reason, const unasked_rules& rules) noexcept;

}  // namespace hookd::hookctl
