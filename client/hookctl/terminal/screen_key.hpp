// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>

namespace hookd::hookctl {

/// A key as a terminal sends it.
struct screen_key {
    enum class kind : unsigned char { character, enter, escape, backspace, up, down, page_up, page_down, other };
    kind pressed = kind::other;
    std::string text{};  ///< character: its UTF-8

    [[nodiscard]] bool is(char c) const { return pressed == kind::character && text == std::string(1, c); }
};

/// Takes the first key off what a terminal has sent; nothing where that is empty. ESC with nothing behind it is the key
/// Escape.
[[nodiscard]] std::optional<screen_key> take_key(std::string& sent);

}  // namespace hookd::hookctl
