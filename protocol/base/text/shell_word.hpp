// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace hookd::base {

/// `text` as one word for a POSIX shell: as it is where no character of it means anything to one, else in single
/// quotes.
[[nodiscard]] inline std::string shell_word(std::string_view text) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%:=,";
    if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) {
        return std::string{text};
    }
    std::string word = "'";
    for (const char c : text) {
        word += c == '\'' ? std::string_view{"'\\''"} : std::string_view{&c, 1};
    }
    return word += "'";
}

}  // namespace hookd::base
