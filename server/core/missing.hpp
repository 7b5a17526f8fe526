// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace hookd::core {

/// Why an operation is stopped though no hook vetoed: a text for the person who waits. It says what happened, who is
/// missing, and how to find out more.
///
/// `missing` are those to name: all that are missing where no hook decided, else those without whom the operation must
/// not proceed. At most 16 are named.
[[nodiscard]] std::string no_decision_reason(
    std::string_view event, protocol::outcome result, const std::vector<protocol::wait_result::absentee>& missing);
[[nodiscard]] std::string missing_reason(
    std::string_view event, const std::vector<protocol::wait_result::absentee>& missing);

}  // namespace hookd::core
