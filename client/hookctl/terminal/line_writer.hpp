// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>

namespace hookd::hookctl {

/// Writes to standard output until that is closed or it is time to stop. A reader that is slow holds it up, but not its
/// end.
class line_writer {
public:
    /// `stopped_fd`: readable once it is time to stop, as stop_watcher::stopped_fd().
    explicit line_writer(int stopped_fd) noexcept : stopped_fd_(stopped_fd) {}

    /// False once nothing more is to be written. Throws std::system_error, e.g. for a full disk.
    [[nodiscard]] bool write(std::string_view line);

private:
    int stopped_fd_;
};

}  // namespace hookd::hookctl
