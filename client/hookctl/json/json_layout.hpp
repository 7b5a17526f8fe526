// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::hookctl {

/// A valid JSON text as lines for people: a member or an element each, indented by two blanks a level. Values stand as
/// they came, but for characters that could drive a terminal (escaped_controls).
[[nodiscard]] std::vector<std::string> laid_out(std::string_view json);

}  // namespace hookd::hookctl
