// SPDX-License-Identifier: BSL-1.0
#include "since_text.hpp"

#include "output.hpp"

#include <base/text/quantity.hpp>
#include <base/text/timestamp.hpp>

#include <array>
#include <cstdio>
#include <ctime>

namespace hookd::hookctl {

namespace {

/// What the clock can take off any time that it tells.
constexpr std::chrono::hours longest_age{24 * 365 * 100};

}  // namespace

std::optional<std::chrono::system_clock::time_point> parse_since(
    std::string_view text, std::chrono::system_clock::time_point now) {
    if (const auto age = base::parse_age(text)) {
        return *age <= longest_age ? std::optional(now - *age) : std::nullopt;
    }
    return base::parse_timestamp(text);
}

std::string local_time(std::string_view timestamp, bool with_milliseconds) {
    const auto time = base::parse_timestamp(timestamp);
    if (!time) {
        return harmless(timestamp);
    }
    const auto second = std::chrono::floor<std::chrono::seconds>(*time);
    const std::time_t count = std::chrono::system_clock::to_time_t(second);
    std::tm parts{};
    ::localtime_r(&count, &parts);
    std::array<char, 32> text{};
    std::string result(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts));
    if (with_milliseconds) {
        std::snprintf(text.data(), text.size(), ".%03d",
            static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(*time - second).count()));
        result += text.data();
    }
    return result;
}

}  // namespace hookd::hookctl
