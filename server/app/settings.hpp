// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::server {

struct program_options;

/// An array of values for a list, else one.
using setting_values = std::vector<std::string>;

/// What the command line, the environment and the configuration file can set, each under its form of `name`.
struct setting {
    const char* name;
    const char* placeholder;
    const char* help;
    /// Of a list: puts together what belongs to one value in a text that was split at its commas. Null: one value.
    setting_values (*join)(const setting_values& parts);
    void (*assign)(program_options& options, const setting_values& texts);  ///< throws bad_value
    setting_values (*show)(const program_options& options);                 ///< as assign() takes them
    bool is_text;                                                           ///< to be quoted in a file
    bool is_switch = false;                                                 ///< without a value on the command line

    [[nodiscard]] bool is_list() const noexcept { return join != nullptr; }
};

/// All settings, in the order in which they are shown; the socket is the first.
///
/// Thread-safety: const. Lifetime: the program's.
[[nodiscard]] std::span<const setting> all_settings() noexcept;

/// The values in `text`, where a list is one text, as in a variable: split at commas, without white space around the
/// parts and without those that are empty.
[[nodiscard]] setting_values values_in(const setting& option, std::string_view text);

}  // namespace hookd::server
