// SPDX-License-Identifier: BSL-1.0
#include "verdict_line.hpp"

#include "hookctl/on/hook_lines.hpp"
#include "hookctl/terminal/since_text.hpp"

#include <base/json/pointer.hpp>
#include <base/json/value_view.hpp>
#include <base/text/quantity.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <vector>

namespace hookd::hookctl {

namespace {

constexpr std::size_t event_columns = 24;
constexpr std::size_t name_columns = 16;
constexpr std::size_t time_columns = 9;
constexpr std::size_t most_names = 3;

/// Who vetoed; where nobody did, who replied and who was missing.
std::string names_in(std::string_view entry) {
    std::vector<std::string> names;
    for (const auto reply : base::value_view(entry)["responses"].elements()) {
        auto name = harmless(reply["responder"].string());
        if (!base::value_view(base::trimmed_json(reply["response"]))["abort"].string().empty()) {
            return name;
        }
        names.push_back(std::move(name));
    }
    for (const auto missing : base::value_view(entry)["missing"].elements()) {
        names.push_back(harmless(missing["responder"].string()) + " missing");
    }
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), most_names); ++i) {
        text.append(text.empty() ? "" : ", ").append(names[i]);
    }
    return names.size() > most_names ? text + " +" + std::to_string(names.size() - most_names) : text;
}

/// Why it was stopped; else what the first hook noted, or how the wait ended if that was not by an answer.
std::string why(std::string_view entry) {
    if (const auto abort = base::value_view(entry)["abort"].string(); !abort.empty()) {
        return first_line_of(abort);
    }
    if (const auto bypassed = base::value_view(entry)["bypassed"].string(); !bypassed.empty()) {
        return "bypassed: " + first_line_of(bypassed);
    }
    for (const auto reply : base::value_view(entry)["responses"].elements()) {
        if (const auto note = note_of(reply["response"]); !note.empty()) {
            return first_line_of(note);
        }
    }
    const auto outcome = base::value_view(entry)["outcome"].string();
    if (outcome == "no_subscribers") {
        return "no hook asked";
    }
    return outcome == "answered" ? std::string{} : harmless(outcome);
}

}  // namespace

std::string first_line_of(std::string_view text) {
    const auto begin = std::min(text.find_first_not_of("\r\n"), text.size());
    const auto end = text.find_first_of("\r\n", begin);
    auto line = harmless(text.substr(begin, end - begin));
    return text.find_first_not_of("\r\n", end) == std::string_view::npos ? line : line + " \xe2\x80\xa6";
}

std::string milliseconds_text(std::string_view number) {
    double ms = 0;
    std::from_chars(number.data(), number.data() + number.size(), ms);
    if (ms >= 1000) {
        return base::describe_duration(std::chrono::milliseconds(static_cast<std::int64_t>(ms)));
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f ms", ms);
    return text.data();
}

std::string padded_to(std::string text, std::size_t columns) {
    const auto taken = columns_of(text);
    return taken < columns ? text.append(columns - taken, ' ') : text;
}

std::string verdict_line(std::string_view entry, const palette& colour) {
    const bool proceeds = base::value_view(entry)["abort"].string().empty();
    const auto elapsed = milliseconds_text(base::value_view(entry)["elapsed_ms"]);
    const auto verdict_colour = proceeds ? colour.green() : colour.red();
    std::string line;
    line.append(colour.dim())
        .append(local_time(base::value_view(entry)["emitted_at"].string()))
        .append(colour.plain())
        .append("  ");
    line.append(colour.cyan())
        .append(padded_to(harmless(base::value_view(entry)["event"].string()), event_columns))
        .append(colour.plain())
        .append("  ");
    line.append(verdict_colour).append(proceeds ? "✓" : "✗").append(colour.plain()).append("  ");
    line.append(padded_to(names_in(entry), name_columns)).append("  ");
    line.append(colour.dim())
        .append(time_columns - std::min(time_columns, elapsed.size()), ' ')
        .append(elapsed)
        .append(colour.plain());
    const auto reason = why(entry);
    if (!reason.empty()) {
        line.append("  ").append(proceeds ? "" : colour.red()).append(reason).append(proceeds ? "" : colour.plain());
    }
    return line;
}

}  // namespace hookd::hookctl
