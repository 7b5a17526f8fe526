// SPDX-License-Identifier: BSL-1.0
#include "since_text.hpp"

#include "duration_text.hpp"
#include "output.hpp"

#include <hookd/protocol/timestamp.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace hookd::hookctl {

namespace {

constexpr std::uint64_t most_hours = 24 * 365 * 100;

/// Also with the units `h` and `d`, which no time-out has.
std::optional<std::chrono::milliseconds> parse_age(std::string_view text) {
    if (const auto span = parse_duration(text)) {
        return span <= std::chrono::hours(most_hours) ? span : std::nullopt;
    }
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    if (failure != std::errc{} || (unit != "h" && unit != "d") || number > most_hours / (unit == "d" ? 24 : 1)) {
        return std::nullopt;
    }
    return std::chrono::hours(static_cast<std::int64_t>(number) * (unit == "d" ? 24 : 1));
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> parse_since(
    std::string_view text, std::chrono::system_clock::time_point now) {
    const auto age = parse_age(text);
    return age ? std::optional(now - *age) : protocol::parse_timestamp(text);
}

std::string local_time(std::string_view timestamp, bool with_milliseconds) {
    const auto when = protocol::parse_timestamp(timestamp);
    if (!when) {
        return harmless(timestamp);
    }
    const auto second = std::chrono::floor<std::chrono::seconds>(*when);
    const std::time_t count = std::chrono::system_clock::to_time_t(second);
    std::tm parts{};
    ::localtime_r(&count, &parts);
    std::array<char, 32> text{};
    std::string result(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts));
    if (with_milliseconds) {
        std::snprintf(text.data(), text.size(), ".%03d",
            static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(*when - second).count()));
        result += text.data();
    }
    return result;
}

}  // namespace hookd::hookctl
