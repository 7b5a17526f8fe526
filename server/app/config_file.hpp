// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::server {

/// What the caller of hookd got wrong; what() is one line that says what to do. A control character in `message`, which
/// may quote what was given, becomes a `?`.
class usage_error : public std::runtime_error {
public:
    explicit usage_error(std::string message);
};

/// One `key = value` of a configuration file.
struct config_entry {
    std::string key{};
    std::vector<std::string> values{};  ///< one, or those of an array
    bool is_array = false;
    int line = 0;
};

/// Reads a configuration file: a line is blank, `# comment`, or `key = VALUE`, where VALUE is bare text up to the end
/// of the line or a ` #`, `"text"` (with \" and \\), `'text'` (as it stands), or an array of those: `[VALUE, VALUE]`.
/// This is TOML without tables, save that a bare value may be any text. (CLI11's own reader drops lines that it does
/// not understand and cuts quoted text at a `#`.)
///
/// Throws usage_error naming file and line; a key that stands twice is an error, too.
[[nodiscard]] std::vector<config_entry> read_config_file(const std::filesystem::path& file);

/// `text` as a quoted VALUE.
[[nodiscard]] std::string quoted_config_text(std::string_view text);

}  // namespace hookd::server
