// SPDX-License-Identifier: BSL-1.0
#include "quantity.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <span>
#include <system_error>

namespace hookd::base {

namespace {

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

// Largest first: that is how they are written.
constexpr std::array size_units{unit{"GiB", 1U << 30U}, unit{"MiB", 1U << 20U}, unit{"KiB", 1U << 10U}, unit{"", 1}};
constexpr std::array age_units{
    unit{"d", 86'400'000}, unit{"h", 3'600'000}, unit{"m", 60'000}, unit{"s", 1'000}, unit{"ms", 1}};
constexpr std::span duration_units = std::span{age_units}.subspan(2);

std::optional<std::uint64_t> parse(std::string_view text, std::span<const unit> units, std::uint64_t most) noexcept {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{}) {
        return std::nullopt;
    }
    const auto name = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const auto& each : units) {
        if (each.name == name) {
            return number <= most / each.factor ? std::optional{number * each.factor} : std::nullopt;
        }
    }
    return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_span(std::string_view text, std::span<const unit> units) noexcept {
    using count = std::chrono::milliseconds::rep;
    const auto found = parse(text, units, static_cast<std::uint64_t>(std::numeric_limits<count>::max()));
    return found ? std::optional{std::chrono::milliseconds{static_cast<count>(*found)}} : std::nullopt;
}

/// The largest unit that needs no fraction; the smallest for 0.
const unit& whole_unit(std::uint64_t number, std::span<const unit> units) noexcept {
    for (const auto& each : units) {
        if (number != 0 && number % each.factor == 0) {
            return each;
        }
    }
    return units.back();
}

std::string in_unit(std::uint64_t number, const unit& unit) {
    return std::to_string(number / unit.factor) + std::string{unit.name};
}

}  // namespace

std::optional<std::size_t> parse_size(std::string_view text) noexcept {
    return parse(text, size_units, std::numeric_limits<std::size_t>::max());
}

std::string size_text(std::size_t bytes) { return in_unit(bytes, whole_unit(bytes, size_units)); }

std::string describe_size(std::size_t bytes) {
    const auto& unit = whole_unit(bytes, size_units);
    return std::to_string(bytes / unit.factor) + " " + (unit.name.empty() ? "bytes" : std::string{unit.name});
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
    return parse_span(text, duration_units);
}

std::optional<std::chrono::milliseconds> parse_age(std::string_view text) noexcept {
    return parse_span(text, age_units);
}

std::string duration_text(std::chrono::milliseconds span) {
    const auto count = static_cast<std::uint64_t>(span.count());
    return in_unit(count, whole_unit(count, duration_units));
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

}  // namespace hookd::base
