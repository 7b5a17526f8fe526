// SPDX-License-Identifier: BSL-1.0
#include "timestamp.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hookd::base {
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
    int digit() noexcept {
        if (!has_digit()) {
            good_ = false;
            return 0;
        }
        const int value = left_.front() - '0';
        left_.remove_prefix(1);
        return value;
    }
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

constexpr auto pairs = [] {
    std::array<char, 200> digits{};
    for (std::size_t value = 0; value < 100; ++value) {
        digits[2 * value] = static_cast<char>('0' + value / 10);
        digits[2 * value + 1] = static_cast<char>('0' + value % 10);
    }
    return digits;
}();

// Two digits of a number below 100.
char* write_pair(char* out, unsigned value) noexcept {
    std::memcpy(out, &pairs[std::size_t{2} * value], 2);
    return out + 2;
}

// `2026-11-23T12:58:36.`
void write_second(char* out, sys_seconds time) noexcept {
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const auto second = static_cast<unsigned>((time - day).count());
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    out = write_pair(write_pair(out, year / 100), year % 100);
    *out++ = '-';
    out = write_pair(out, static_cast<unsigned>(date.month()));
    *out++ = '-';
    out = write_pair(out, static_cast<unsigned>(date.day()));
    *out++ = 'T';
    out = write_pair(out, second / 3600);
    *out++ = ':';
    out = write_pair(out, second / 60 % 60);
    *out++ = ':';
    out = write_pair(out, second % 60);
    *out = '.';
}

}  // namespace

std::optional<system_clock::time_point> parse_timestamp(std::string_view text) noexcept {
    reader input{text};
    const int y = input.number(4);
    input.character("-");
    const int m = input.number(2);
    input.character("-");
    const int d = input.number(2);
    input.character("Tt ");
    const int hour = input.number(2);
    input.character(":");
    const int minute = input.number(2);
    input.character(":");
    const int second = input.number(2);
    nanoseconds fraction{};
    if (input.is_next('.')) {
        input.character(".");
        fraction = read_fraction(input);
    }
    const auto zone = read_offset(input);
    const year_month_day date{year{y}, month{static_cast<unsigned>(m)}, day{static_cast<unsigned>(d)}};
    if (!input.at_end() || !date.ok() || hour > 23 || minute > 59 || second > 60 || !zone.in_range) {
        return std::nullopt;
    }
    const auto time = sys_days{date} + hours{hour} + minutes{minute} + seconds{second} - zone.from_utc;
    // The clock counts nanoseconds: some years that can be written down are beyond it.
    const auto earliest = ceil<seconds>(system_clock::time_point::min());
    const auto latest = floor<seconds>(system_clock::time_point::max()) - seconds{1};
    return time_point_cast<system_clock::duration>(std::clamp<sys_seconds>(time, earliest, latest)) + fraction;
}

char* write_timestamp(char* out, system_clock::time_point time) noexcept {
    const auto second = floor<seconds>(time);
    // Date and time of day are worked out once a second.
    static constexpr std::size_t second_size = sizeof "2026-11-23T12:58:36." - 1;
    thread_local sys_seconds known_second = sys_seconds::min();
    thread_local char known_text[second_size];
    if (second != known_second) {
        write_second(known_text, second);
        known_second = second;
    }
    std::memcpy(out, known_text, second_size);
    out += second_size;
    const auto fraction = static_cast<unsigned>(duration_cast<nanoseconds>(time - second).count());
    *out++ = static_cast<char>('0' + fraction / 100'000'000);
    out = write_pair(out, fraction / 1'000'000 % 100);
    out = write_pair(out, fraction / 10'000 % 100);
    out = write_pair(out, fraction / 100 % 100);
    out = write_pair(out, fraction % 100);
    *out++ = 'Z';
    return out;
}

}  // namespace hookd::base
