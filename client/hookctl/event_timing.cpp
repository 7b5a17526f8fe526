#include "event_timing.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace hookd::hookctl {

namespace {

/// Reads `width` digits at `at`; -1 where there are none.
int digits(std::string_view text, std::size_t at, std::size_t width) {
    int value = -1;
    const char* begin = text.data() + at;
    const auto [end, failure] = std::from_chars(begin, begin + width, value);
    return failure == std::errc{} && end == begin + width && *begin != '-' ? value : -1;
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text) {
    using namespace std::chrono;
    constexpr std::string_view form = "0000-00-00T00:00:00";
    constexpr std::size_t most_digits = 9;
    if (text.size() < form.size() + 1 || text.back() != 'Z') {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < form.size(); ++i) {
        if (form[i] != '0' && text[i] != form[i]) {
            return std::nullopt;
        }
    }
    const int hour = digits(text, 11, 2);
    const int minute = digits(text, 14, 2);
    const int second = digits(text, 17, 2);
    const year_month_day date{year{digits(text, 0, 4)}, month{static_cast<unsigned>(digits(text, 5, 2))},
                              day{static_cast<unsigned>(digits(text, 8, 2))}};
    if (!date.ok() || digits(text, 0, 4) < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
        return std::nullopt;
    }

    std::int64_t fraction_ns = 0;
    const auto rest = text.substr(form.size(), text.size() - form.size() - 1);
    if (!rest.empty()) {
        if (rest[0] != '.' || rest.size() < 2 || rest.size() > most_digits + 1) {
            return std::nullopt;
        }
        for (std::size_t i = 1; i <= most_digits; ++i) {
            const char c = i < rest.size() ? rest[i] : '0';
            if (c < '0' || c > '9') {
                return std::nullopt;
            }
            fraction_ns = fraction_ns * 10 + (c - '0');
        }
    }
    return system_clock::time_point{sys_days{date}} + hours{hour} + minutes{minute} + seconds{second} +
           nanoseconds{fraction_ns};
}

std::optional<std::chrono::steady_clock::duration> time_left(const event& what, std::chrono::system_clock::time_point now) {
    using duration = std::chrono::steady_clock::duration;
    if (!what.expects_response() || !what.timeout()) {
        return std::nullopt;
    }
    const duration all = *what.timeout();
    const auto emitted = parse_timestamp(what.emitted_at());
    if (!emitted) {
        return all;
    }
    // The emitter's wait began on this machine, by this clock: what the event has spent in queues is off already.
    return std::clamp(all - std::chrono::duration_cast<duration>(now - *emitted), duration::zero(), all);
}

}  // namespace hookd::hookctl
