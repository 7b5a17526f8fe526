// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>

namespace hookd::core {

/// The process at the other end of a connection.
struct peer {
    std::int64_t pid = 0;  ///< 0: the kernel gives none
    std::uint32_t uid = 0;
    bool is_named = false;  ///< by the configuration, and held to a share: neither the daemon's own user nor root
    std::string program{};  ///< its name, for those who read the journal; empty: unknown
};

}  // namespace hookd::core
