// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace hookd::protocol {

/// This machine's name as is_host_name() has it: what else the system's has becomes `-`. Never empty.
[[nodiscard]] std::string own_host_name();

}  // namespace hookd::protocol
