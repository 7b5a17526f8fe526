// SPDX-License-Identifier: BSL-1.0
#include "stats_table.hpp"

#include "hookctl/terminal/screen_text.hpp"

#include <base/text/counted.hpp>
#include <base/text/quantity.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::hookctl {

namespace {

using protocol::stats_result;

/// Counts by name, those that are not zero: `answered 12, timeout 1`.
template <class Enum, std::size_t Size>
std::string named_counts(const std::uint64_t (&counts)[Size]) {
    std::string text;
    for (std::size_t i = 0; i < Size; ++i) {
        const auto name = to_string(static_cast<Enum>(i));
        if (counts[i] != 0 && !name.empty()) {
            text.append(text.empty() ? "" : ", ").append(name).append(" ").append(std::to_string(counts[i]));
        }
    }
    return text.empty() ? "none" : text;
}

std::string verdict_counts(const stats_result& stats) {
    return "proceeded " + std::to_string(stats.proceeded) + ", vetoed " + std::to_string(stats.vetoed) +
           ", failed closed " + std::to_string(stats.failed_closed) + ", bypassed " + std::to_string(stats.bypassed);
}

std::string describe_bypass(const stats_result& stats) {
    if (!stats.bypass) {
        return "none";
    }
    std::string events;
    for (const auto& each : stats.bypass->events) {
        events += (events.empty() ? "" : ", ") + each;
    }
    return harmless(events + " for another " + base::describe_duration(stats.bypass->left) + ", by user " +
                    std::to_string(stats.bypass->uid) + ": " + stats.bypass->reason);
}

std::string disabled_hooks(const stats_result& stats) {
    std::string names;
    for (const auto& each : stats.hooks) {
        if (each.enabled == false) {
            names += (names.empty() ? "" : ", ") + harmless(each.name);
        }
    }
    return names.empty() ? "none" : names;
}

std::string journal_text(const stats_result::journal_figures& journal) {
    if (journal.file.empty()) {
        return "off";
    }
    auto text = base::counted(journal.events, "event") + ", " + describe_bytes(static_cast<double>(journal.bytes));
    return journal.dropped == 0 ? text : text + ", " + std::to_string(journal.dropped) + " dropped";
}

/// A table with a heading, under a blank line.
std::string table_text(const text_table& table, const palette& colour) {
    std::string text;
    for (const auto& line : table.lines()) {
        text += line.rendered(line.columns(), colour.plain()) + "\n";
    }
    return "\n" + text;
}

std::string hook_table(const stats_result& stats, const palette& colour) {
    text_table table;
    table.add(headings({"HOOK", "ASKED", "REPLIED", "VETOED", "FAILED", "P50 MS", "P99 MS", "MAX MS"}, colour));
    for (const auto& each : stats.hooks) {
        table.add({{harmless(each.name), {}}, {std::to_string(each.asked), {}}, {std::to_string(each.replied), {}},
            {std::to_string(each.vetoed), each.vetoed > 0 ? colour.red() : ""},
            {std::to_string(each.failed), each.failed > 0 ? colour.yellow() : ""}, {milliseconds_text(each.p50_ms), {}},
            {milliseconds_text(each.p99_ms), {}}, {milliseconds_text(each.max_ms), {}}});
    }
    return stats.hooks.empty() ? std::string() : table_text(table, colour);
}

std::string event_table(const stats_result& stats, const palette& colour) {
    text_table table;
    table.add(headings({"EVENT", "COUNT", "P50 MS", "P90 MS", "P99 MS", "MAX MS"}, colour));
    for (const auto& each : stats.events) {
        table.add({{harmless(each.name), {}}, {std::to_string(each.count), {}}, {milliseconds_text(each.p50_ms), {}},
            {milliseconds_text(each.p90_ms), {}}, {milliseconds_text(each.p99_ms), {}},
            {milliseconds_text(each.max_ms), {}}});
    }
    return stats.events.empty() ? std::string() : table_text(table, colour);
}

std::string session_table(const stats_result& stats, const palette& colour) {
    text_table table;
    table.add(headings({"SESSION", "PID", "UID", "QUEUED", ""}, colour));
    for (const auto& each : stats.sessions) {
        table.add({{harmless(each.name), {}}, {std::to_string(each.pid), {}}, {std::to_string(each.uid), {}},
            {std::to_string(each.queued), {}}, {each.lagged ? "lagged" : "", colour.red()}});
    }
    return stats.sessions.empty() ? std::string() : table_text(table, colour);
}

}  // namespace

std::string describe_bytes(double bytes) {
    constexpr std::array<std::string_view, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) {
        bytes /= 1024;
    }
    return decimal(bytes, unit == 0 || bytes >= 100 ? 0 : 1).append(" ").append(units[unit]);
}

text_table::row headings(const std::vector<std::string>& names, const palette& colour) {
    text_table::row row;
    for (const auto& each : names) {
        row.push_back({each, colour.bold()});
    }
    return row;
}

std::string stats_table(const protocol::stats_result& stats, const palette& colour) {
    std::vector<std::pair<std::string_view, std::string>> rows{
        {"uptime", uptime_text(stats.uptime_s)},
        {"connections", std::to_string(stats.connections)},
        {"subscribers", std::to_string(stats.subscribers)},
        {"waiting", std::to_string(stats.waiting)},
        {"newest event", std::to_string(stats.head_seq)},
        {"retained", base::counted(stats.retained_events, "event") + ", " +
                         describe_bytes(static_cast<double>(stats.retained_bytes))},
        {"events", std::to_string(stats.events_total)},
        {"deliveries", std::to_string(stats.deliveries)},
        {"replies accepted", std::to_string(stats.accepted)},
        {"replies refused", named_counts<protocol::refusal>(stats.refused)},
        {"outcomes", named_counts<protocol::outcome>(stats.outcomes)},
        {"verdicts", verdict_counts(stats)},
        {"bypass", describe_bypass(stats)},
        {"hooks disabled", disabled_hooks(stats)},
        {"sessions lagged", std::to_string(stats.lagged)},
        {"protocol errors", std::to_string(stats.protocol_errors)},
        {"received", describe_bytes(static_cast<double>(stats.bytes_in))},
        {"sent", describe_bytes(static_cast<double>(stats.bytes_out))},
        {"journal", journal_text(stats.journal)},
    };
    std::string text;
    constexpr std::size_t name_columns = 18;
    for (const auto& [name, value] : rows) {
        text.append(colour.dim()).append(name).append(colour.plain());
        text.append(name_columns - name.size(), ' ').append(value).append("\n");
    }
    return text + hook_table(stats, colour) + event_table(stats, colour) + session_table(stats, colour);
}

std::string decimal(double value, int digits) {
    std::array<char, 64> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return {text.data(), static_cast<std::size_t>(std::max(size, 0))};
}

std::string milliseconds_text(const std::optional<double>& ms) { return ms ? decimal(*ms, *ms < 100 ? 2 : 0) : "-"; }

std::string uptime_text(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::max(seconds, 0.0));
    if (whole < 120) {
        return std::to_string(whole) + " s";
    }
    const auto minutes = whole / 60;
    if (minutes < 120) {
        return std::to_string(minutes) + " min";
    }
    return std::to_string(minutes / 60 / 24) + " d " + std::to_string(minutes / 60 % 24) + " h";
}

}  // namespace hookd::hookctl
