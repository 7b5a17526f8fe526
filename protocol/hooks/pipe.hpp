// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/hooks/owned_fd.hpp>

namespace hookd::hooks {

/// A descriptor of the same file that is none of the standard three: those are replaced in a child, one by one. Closed
/// on exec. Throws std::system_error.
[[nodiscard]] owned_fd above_standard(owned_fd fd);

struct pipe_ends {
    owned_fd read{};
    owned_fd write{};
};

/// Both ends closed on exec, and above the standard three. Throws std::system_error.
[[nodiscard]] pipe_ends make_pipe();

}  // namespace hookd::hooks
