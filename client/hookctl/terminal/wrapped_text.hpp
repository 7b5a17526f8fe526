// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/text/wrapped_text.hpp>

#include <cstddef>

namespace hookd::hookctl {

/// Columns of the terminal on standard output: COLUMNS if that is a number above 0, else what the terminal says, else
/// 80. 0 if standard output is no terminal.
[[nodiscard]] std::size_t output_columns();

using base::wrapped;

}  // namespace hookd::hookctl
