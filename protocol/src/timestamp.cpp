// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/timestamp.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace hookd::protocol {
namespace {

using namespace std::chrono;

/// Takes a text apart from its front; once something is missing, all that follows is, too.
class reader {
public:
    explicit reader(std::string_view text) noexcept : left_(text) {}

    /// `count` digits.
    int number(std::size_t count) noexcept {
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            value = value * 10 + digit();
        }
        return value;
    }
    /// One of `accepted`.
    char character(std::string_view accepted) noexcept {
        if (left_.empty() || accepted.find(left_.front()) == std::string_view::npos) {
            good_ = false;
            return '\0';
        }
        const char found = left_.front();
        left_.remove_prefix(1);
        return found;
    }
    [[nodiscard]] bool is_next(char c) const noexcept { return !left_.empty() && left_.front() == c; }
    [[nodiscard]] bool has_digit() const noexcept {
        return !left_.empty() && left_.front() >= '0' && left_.front() <= '9';
    }
    int digit() noexcept { return has_digit() ? character("0123456789") - '0' : character(""); }
    [[nodiscard]] bool at_end() const noexcept { return good_ && left_.empty(); }

private:
    std::string_view left_;
    bool good_ = true;
};

nanoseconds read_fraction(reader& text) noexcept {
    constexpr std::int64_t tenth = 100'000'000;
    std::int64_t value = text.digit() * tenth;
    for (std::int64_t place = tenth / 10; text.has_digit(); place /= 10) {
        value += text.digit() * place;
    }
    return nanoseconds{value};
}

struct offset {
    minutes from_utc{};
    bool in_range = true;
};

offset read_offset(reader& text) noexcept {
    const char sign = text.character("Zz+-");
    if (sign != '+' && sign != '-') {
        return {};
    }
    const int hour = text.number(2);
    text.character(":");
    const int minute = text.number(2);
    const auto distance = hours{hour} + minutes{minute};
    return {sign == '-' ? -distance : distance, hour < 24 && minute < 60};
}

}  // namespace

std::optional<system_clock::time_point> parse_timestamp(std::string_view text) noexcept {
    reader from{text};
    const int y = from.number(4);
    from.character("-");
    const int m = from.number(2);
    from.character("-");
    const int d = from.number(2);
    from.character("Tt ");
    const int hour = from.number(2);
    from.character(":");
    const int minute = from.number(2);
    from.character(":");
    const int second = from.number(2);
    nanoseconds fraction{};
    if (from.is_next('.')) {
        from.character(".");
        fraction = read_fraction(from);
    }
    const auto zone = read_offset(from);
    const year_month_day date{year{y}, month{static_cast<unsigned>(m)}, day{static_cast<unsigned>(d)}};
    if (!from.at_end() || !date.ok() || hour > 23 || minute > 59 || second > 60 || !zone.in_range) {
        return std::nullopt;
    }
    const auto when = sys_days{date} + hours{hour} + minutes{minute} + seconds{second} - zone.from_utc;
    // The clock counts nanoseconds: some years that can be written down are beyond it.
    const auto earliest = ceil<seconds>(system_clock::time_point::min());
    const auto latest = floor<seconds>(system_clock::time_point::max()) - seconds{1};
    return time_point_cast<system_clock::duration>(std::clamp<sys_seconds>(when, earliest, latest)) + fraction;
}

}  // namespace hookd::protocol
