// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/methods.hpp>

namespace hookd::protocol {

std::string_view to_string(wait_policy value) noexcept {
    constexpr std::string_view names[] = {"first", "veto", "all", "chain"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(failure_policy value) noexcept { return value == failure_policy::open ? "open" : "closed"; }

std::string_view to_string(outcome value) noexcept {
    constexpr std::string_view names[outcome_count] = {
        "answered", "abstained", "timeout", "abandoned", "no_subscribers", "shutdown", "unknown", "cancelled"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(refusal value) noexcept {
    constexpr std::string_view names[refusal_count] = {"", "answered", "expired", "cancelled", "unknown"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(hook_state value) noexcept {
    constexpr std::string_view names[] = {"ok", "untrusted", "missing", "inactive", "disabled"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(pass_reason value) noexcept {
    constexpr std::string_view names[] = {"disabled", "shadow", "where", "asked_only"};
    return names[static_cast<std::size_t>(value)];
}

std::string_view to_string(event_scope value) noexcept { return value == event_scope::local ? "local" : "cluster"; }

std::string_view to_string(close_reason value) noexcept {
    constexpr std::string_view names[] = {"lagged", "shutdown", "unsubscribed", "gap"};
    return names[static_cast<std::size_t>(value)];
}

}  // namespace hookd::protocol
