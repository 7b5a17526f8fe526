// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>

namespace hookd::server {

/// Where the journal is and how much it keeps. The names are those of the daemon's flags (hookd(8)).
struct journal_options {
    std::filesystem::path file{};                       ///< absolute; empty: there is none
    std::size_t payload_bytes = std::size_t{64} << 10;  ///< of a payload, or a reply; a larger one is left out
    std::chrono::days days{7};
    std::size_t bytes = std::size_t{256} << 20;  ///< of the file; its write-ahead log has a bound of its own
};

}  // namespace hookd::server
