// SPDX-License-Identifier: BSL-1.0
#include "verdict_line.hpp"

#include "hookctl/on/hook_lines.hpp"
#include "hookctl/terminal/since_text.hpp"
#include "hookctl/terminal/wrapped_text.hpp"
#include "outcome_text.hpp"

#include <base/json/pointer.hpp>
#include <base/json/value_view.hpp>
#include <base/text/quantity.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

namespace hookd::hookctl {

namespace {

constexpr std::size_t time_columns = 9;
constexpr std::size_t gaps_and_mark = 9;  ///< `EVENT  ✓  NAMES  TIME  REASON` without the words
constexpr std::size_t most_names = 3;
constexpr std::size_t reason_indent = 4;     ///< of a reason on lines of its own
constexpr std::size_t narrow_columns = 100;  ///< below, a line has no room for the year
constexpr std::size_t year_bytes = 5;        ///< `2026-`

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

/// The reply that vetoed; empty if none did.
std::string_view veto_in(std::string_view entry) {
    for (const auto reply : base::value_view(entry)["responses"].elements()) {
        if (!reply["response"]["abort"].string().empty()) {
            return reply["response"];
        }
    }
    return {};
}

std::string first_note_in(std::string_view entry) {
    for (const auto reply : base::value_view(entry)["responses"].elements()) {
        if (const auto note = note_of(reply["response"]); !note.empty()) {
            return first_line_of(note);
        }
    }
    return {};
}

/// Hooks on which the verdict did not depend: those that are disabled, and, where no hook was asked, all.
std::string names_passed_over(std::string_view entry, bool all) {
    std::string text;
    for (const auto& each : passed_over_in(entry)) {
        if (all || each.why == "disabled") {
            text.append(text.empty() ? "" : ", ").append(passed_over_text(each));
        }
    }
    return text;
}

/// Why it was stopped, and what the hook that did so notes; else what the first hook noted, or how the wait ended if
/// that was not by an answer, and who was not asked.
std::string why(std::string_view entry) {
    if (const auto abort = base::value_view(entry)["abort"].string(); !abort.empty()) {
        return first_line_of(abort) + note_beside_veto(veto_in(entry));
    }
    if (const auto bypassed = base::value_view(entry)["bypassed"].string(); !bypassed.empty()) {
        return "bypassed: " + first_line_of(bypassed) + note_beside_veto(veto_in(entry));
    }
    const auto outcome = base::value_view(entry)["outcome"].string();
    auto text = first_note_in(entry);
    if (text.empty() && outcome != "answered") {
        text = outcome_text(outcome);
    }
    const auto passed_over = names_passed_over(entry, outcome == "no_subscribers");
    return text + (text.empty() || passed_over.empty() ? "" : "; ") + passed_over;
}

bool proceeds(std::string_view entry) { return base::value_view(entry)["abort"].string().empty(); }

std::string_view colour_of_reason(std::string_view entry, const palette& colour) {
    return proceeds(entry) ? std::string_view{} : colour.red();
}

/// All but the reason.
void add_head(screen_line& line, std::string_view entry, std::size_t columns, const palette& colour) {
    const auto room = columns - std::min(columns, gaps_and_mark + time_columns);
    const auto event_columns = std::clamp<std::size_t>(room / 3, 8, 28);
    const auto name_columns = std::clamp<std::size_t>(room / 4, 6, 32);
    const bool is_fine = proceeds(entry);
    const auto elapsed = milliseconds_text(base::value_view(entry)["elapsed_ms"]);
    auto event = shortened_to(harmless(base::value_view(entry)["event"].string()), event_columns);
    line.add(padded_to(std::move(event), event_columns), colour.cyan());
    line.add("  ").add(is_fine ? "✓" : "✗", is_fine ? colour.green() : colour.red()).add("  ");
    line.add(padded_to(shortened_to(names_in(entry), name_columns), name_columns)).add("  ");
    line.add(std::string(time_columns - std::min(time_columns, elapsed.size()), ' ') + elapsed, colour.dim());
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

std::string note_beside_veto(std::string_view reply) {
    const auto note = note_of(reply);
    return note.empty() ? std::string{} : "; note: " + first_line_of(note);
}

void add_verdict(screen_line& line, std::string_view entry, std::size_t columns, const palette& colour) {
    const auto end = line.columns() + columns;
    add_head(line, entry, columns, colour);
    if (const auto reason = why(entry); !reason.empty()) {
        line.add("  ");
        line.add(shortened_to(reason, end - std::min(end, line.columns())), colour_of_reason(entry, colour));
    }
}

std::string verdict_text(std::string_view entry, std::size_t columns, const palette& colour) {
    auto time = local_time(base::value_view(entry)["emitted_at"].string());
    if (columns < narrow_columns && time.size() > year_bytes) {
        time.erase(0, year_bytes);
    }
    screen_line line(std::move(time), colour.dim());
    line.add("  ");
    if (const auto id = base::value_view(entry)["hook_event_id"].string(); !id.empty()) {
        line.add(harmless(id.substr(0, short_id_digits)), colour.dim()).add("  ");
    }
    add_head(line, entry, columns - std::min(columns, line.columns()), colour);
    const auto reason = why(entry);
    const bool fits = line.columns() + 2 + columns_of(reason) <= columns;
    if (fits && !reason.empty()) {
        line.add("  ").add(reason, colour_of_reason(entry, colour));
    }
    auto text = line.rendered(columns, colour.plain());
    if (!fits && !reason.empty()) {
        const auto reason_colour = colour_of_reason(entry, colour);
        text.append("\n").append(reason_indent, ' ').append(reason_colour);
        text += wrapped(reason, reason_indent, reason_indent, columns);
        text += reason_colour.empty() ? std::string_view{} : colour.plain();
    }
    return text;
}

}  // namespace hookd::hookctl
