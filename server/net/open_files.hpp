// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/exec/command_runner.hpp>

#include <cstddef>

namespace hookd::server {

/// How many files the process may have open (RLIMIT_NOFILE). The soft limit is raised to the hard one only when it may
/// be reached; hooks have the one that was found at the start (base::command::most_open_files): programs that try each
/// descriptor up to it, or use select(2), are slow or wrong with a high one.
///
/// Thread-safety: none.
class open_files {
public:
    open_files();

    /// How many there can be once the limit is raised.
    [[nodiscard]] std::size_t most() const noexcept { return hard_; }

    /// How many connections there may be of those that are configured: what hooks and the process itself need is set
    /// aside first, unless there is too little for both.
    [[nodiscard]] std::size_t most_connections(std::size_t configured) const noexcept;

    /// Sees to room for that many connections, with what hooks and the process itself need besides. Returns whether it
    /// has raised the limit.
    bool make_room_for(std::size_t connections) noexcept;

private:
    std::size_t soft_ = 0;
    std::size_t hard_ = 0;
};

}  // namespace hookd::server
