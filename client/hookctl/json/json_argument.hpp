// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace hookd::hookctl {

/// The JSON text that an argument stands for: itself, the content of a file (`@FILE`), or standard input (`-`). Byte
/// for byte.
///
/// Throws usage_error, naming the argument `name` as the help does, where the file cannot be read or the text is not
/// exactly one JSON text (RFC 8259), or no object where `object_wanted`.
[[nodiscard]] std::string read_json_argument(
    std::string_view name, const std::string& argument, bool object_wanted = false);

/// The text that an argument stands for, in the same way, whatever it is. Throws usage_error if the file can't be read.
[[nodiscard]] std::string read_text_argument(const std::string& argument);

/// All of standard input. Throws usage_error where it can't be read.
[[nodiscard]] std::string read_standard_input();

}  // namespace hookd::hookctl
