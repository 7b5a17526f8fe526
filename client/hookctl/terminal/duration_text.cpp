// SPDX-License-Identifier: BSL-1.0
#include "duration_text.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace hookd::hookctl {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{}) {
        return std::nullopt;
    }
    const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    std::uint64_t factor = 0;
    if (unit == "ms") {
        factor = 1;
    } else if (unit == "s") {
        factor = 1'000;
    } else if (unit == "m") {
        factor = 60'000;
    } else {
        return std::nullopt;
    }
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor) {
        return std::nullopt;
    }
    return std::chrono::milliseconds{static_cast<std::int64_t>(number * factor)};
}

std::string describe_duration(std::chrono::milliseconds span) {
    const auto with_tenth = [](std::int64_t tenths, std::string_view unit) {
        std::string text = std::to_string(tenths / 10);
        if (tenths % 10 != 0) {
            text += "." + std::to_string(tenths % 10);
        }
        return text.append(" ").append(unit);
    };
    const auto ms = span.count();
    if (ms < 1'000) {
        return std::to_string(ms) + " ms";
    }
    if (ms < 120'000) {
        return with_tenth(ms / 100, "s");
    }
    return with_tenth(ms / 6'000, "min");
}

}  // namespace hookd::hookctl
