// SPDX-License-Identifier: BSL-1.0
#include "event_line.hpp"

#include "hookctl/journal/verdict_line.hpp"
#include "hookctl/terminal/screen_text.hpp"

#include <base/text/quantity.hpp>
#include <base/text/timestamp.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace hookd::hookctl {

namespace {

constexpr std::size_t number_columns = 6;
constexpr std::size_t name_columns = 24;

/// Of 2026-11-23T12:58:36.123456789Z the time of day, to the millisecond.
std::string time_of_day(std::string_view timestamp) {
    return timestamp.size() > 23 ? harmless(timestamp.substr(11, 12)) : std::string();
}

/// A line begins with its time and the event's number.
screen_line beginning_of(std::string_view timestamp, std::uint64_t seq, const palette& colour) {
    screen_line line(time_of_day(timestamp), colour.dim());
    return line.add("  " + padded_to("#" + std::to_string(seq), number_columns) + "  ");
}

std::string timestamp_now() {
    std::string text(base::timestamp_size, ' ');
    base::write_timestamp(text.data(), std::chrono::system_clock::now());
    return text;
}

std::string whole(const screen_line& line, const palette& colour) {
    return line.rendered(line.columns(), colour.plain());
}

}  // namespace

std::string event_head(const event& shown, const palette& colour) {
    auto line = beginning_of(shown.emitted_at(), shown.seq(), colour);
    line.add(padded_to(harmless(shown.name()), name_columns), colour.cyan()).add("  ");
    return whole(line, colour);
}

std::string outcome_line(const verdict_notice& decided, std::size_t columns, const palette& colour) {
    auto line = beginning_of(timestamp_now(), decided.how.seq.value_or(0), colour);
    add_verdict(line, decided.how.text, columns - std::min(columns, line.columns()), colour);
    return line.rendered(columns, colour.plain());
}

std::string event_line(const event& shown, const palette& colour) {
    std::string line = event_head(shown, colour);
    if (shown.expects_response()) {
        line.append(colour.yellow()).append("waits");
        if (shown.timeout()) {
            line += " " + base::describe_duration(*shown.timeout());
        }
        line.append(colour.plain()).append("  ");
    }
    return line += escaped_controls(one_line(shown.payload()));
}

void print_notice(const notice& reported) {
    if (reported.type != notice::kind::connected) {
        report_error(reported.message);
    }
}

}  // namespace hookd::hookctl
