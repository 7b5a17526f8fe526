// SPDX-License-Identifier: BSL-1.0
#include "event_line.hpp"

#include <base/text/quantity.hpp>

#include <cstddef>
#include <string_view>

namespace hookd::hookctl {

namespace {

constexpr std::size_t number_columns = 6;
constexpr std::size_t name_columns = 24;

std::string padded(std::string text, std::size_t columns) {
    const auto taken = columns_of(text);
    return taken < columns ? text.append(columns - taken, ' ') : text;
}

}  // namespace

std::string event_head(const event& what, const palette& colour) {
    // Of 2026-11-23T12:58:36.123456789Z the time of day, to the millisecond.
    const auto& when = what.emitted_at();
    const std::string time = when.size() > 23 ? harmless(std::string_view(when).substr(11, 12)) : std::string();
    std::string line;
    line.append(colour.dim()).append(time).append(colour.plain()).append("  ");
    line += padded("#" + std::to_string(what.seq()), number_columns) + "  ";
    line.append(colour.cyan()).append(padded(harmless(what.name()), name_columns)).append(colour.plain());
    return line += "  ";
}

std::string event_line(const event& what, const palette& colour) {
    std::string line = event_head(what, colour);
    if (what.expects_response()) {
        line.append(colour.yellow()).append("waits");
        if (what.timeout()) {
            line += " " + base::describe_duration(*what.timeout());
        }
        line.append(colour.plain()).append("  ");
    }
    return line += escaped_controls(one_line(what.payload()));
}

void print_notice(const notice& what) {
    if (what.type != notice::kind::connected) {
        report_error(what.message);
    }
}

}  // namespace hookd::hookctl
