// SPDX-License-Identifier: BSL-1.0
#include "peer.hpp"

#include <algorithm>

namespace hookd::server::rpc {

std::string describe(const core::peer& described) {
    return (described.pid > 0 ? "pid " + std::to_string(described.pid)
                              : std::string{"a process of another pid namespace"}) +
           ", uid " + std::to_string(described.uid);
}

std::string describe(const roles& may) {
    std::string text;
    for (const auto& each : role_names) {
        if (may.*each.role) {
            text += (text.empty() ? "" : ",") + std::string{each.name};
        }
    }
    return text;
}

std::string_view name_of(bool roles::*role) noexcept {
    return std::find_if(role_names.begin(), role_names.end(), [role](const named_role& each) {
        return each.role == role;
    })->name;
}

}  // namespace hookd::server::rpc
