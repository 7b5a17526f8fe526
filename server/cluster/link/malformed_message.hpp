// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <stdexcept>

namespace hookd::link {

/// The other end of the link sent what is no frame or not one of its messages; what() says why, and the link ends.
class malformed_message : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace hookd::link
