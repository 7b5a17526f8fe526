// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>

namespace hookd::server {

enum class log_level : std::uint8_t { debug, info, warning, error };

/// Where the daemon's words go. The library only speaks through this; `hookd` puts spdlog behind it.
///
/// Thread-safety: write() may be called from any thread that runs the io_context. It must not block and must not throw.
class logger {
public:
    virtual ~logger() = default;
    /// Cheap: asked before a message is made.
    [[nodiscard]] virtual bool wants(log_level level) const noexcept = 0;
    /// `message` is one line of UTF-8 without a line end; valid during the call only.
    virtual void write(log_level level, std::string_view message) noexcept = 0;
};

}  // namespace hookd::server
