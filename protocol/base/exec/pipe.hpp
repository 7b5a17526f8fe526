// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/posix/unique_fd.hpp>

namespace hookd::base {

/// A descriptor of the same file that is none of the standard three: those are replaced in a child, one by one. Closed
/// on exec. Throws std::system_error.
[[nodiscard]] unique_fd above_standard(unique_fd fd);

struct pipe_ends {
    unique_fd read{};
    unique_fd write{};
};

/// Both ends closed on exec, and above the standard three. Throws std::system_error.
[[nodiscard]] pipe_ends make_pipe();

}  // namespace hookd::base
