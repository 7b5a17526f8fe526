#include "stats_table.hpp"

#include "duration_text.hpp"

#include <hookd/protocol/counted.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::hookctl {

namespace {

using protocol::stats_result;

/// Cells in columns: the first aligned to the left, the others to the right. A row is a vector of cells.
class table {
public:
    using row = std::vector<std::string>;

    void add(row cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }

    [[nodiscard]] std::vector<std::string> lines() const {
        std::vector<std::size_t> widths;
        for (const auto& cells : rows_) {
            widths.resize(std::max(widths.size(), cells.size()));
            for (std::size_t i = 0; i < cells.size(); ++i) {
                widths[i] = std::max(widths[i], columns_of(cells[i]));
            }
        }
        std::vector<std::string> result;
        for (const auto& cells : rows_) {
            std::string line;
            for (std::size_t i = 0; i < cells.size(); ++i) {
                const std::string gap(widths[i] - columns_of(cells[i]), ' ');
                line += i == 0 ? cells[i] + gap : "  " + gap + cells[i];
            }
            result.push_back(std::move(line));
        }
        return result;
    }

private:
    std::vector<row> rows_;
};

std::string decimal(double value, int digits) {
    std::array<char, 64> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return {text.data(), static_cast<std::size_t>(std::max(size, 0))};
}

std::string milliseconds(const std::optional<double>& ms) {
    return ms ? decimal(*ms, *ms < 100 ? 2 : 0) : "-";
}

std::string uptime(double seconds) {
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

std::vector<std::string> session_lines(const stats_result& stats) {
    table sessions;
    sessions.add({"SESSION", "PID", "UID", "QUEUED", ""});
    for (const auto& each : stats.sessions) {
        sessions.add({harmless(each.name), std::to_string(each.pid), std::to_string(each.uid), std::to_string(each.queued),
                      each.lagged ? "lagged" : ""});
    }
    return sessions.lines();
}

std::string in_bold(const std::string& line, const palette& colour) {
    return std::string(colour.bold()).append(line).append(colour.plain());
}

/// Cuts a line without escape sequences to so many columns.
std::string cut(std::string_view line, std::size_t columns) {
    std::size_t taken = 0;
    std::size_t end = 0;
    for (; end < line.size(); ++end) {
        if ((static_cast<unsigned char>(line[end]) & 0xC0) != 0x80 && taken++ == columns) {
            break;
        }
    }
    return std::string(line.substr(0, end));
}

/// At most `room` lines, heading included; the last one says how many more there are where they don't fit.
void add_section(std::vector<std::string>& screen, std::vector<std::string> lines, std::size_t room) {
    if (room == 0) {
        return;
    }
    if (lines.size() > room) {
        const auto hidden = lines.size() - room + 1;
        lines.resize(room - 1);
        lines.push_back("... " + std::to_string(hidden) + " more");
    }
    screen.insert(screen.end(), std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end()));
}

std::uint64_t count_before(const stats_result& before, const std::string& name) {
    const auto found = std::find_if(before.events.begin(), before.events.end(),
                                    [&name](const auto& each) { return each.name == name; });
    return found == before.events.end() ? 0 : found->count;
}

/// Events, the busiest first.
std::vector<std::string> event_rate_lines(const stats_change& change) {
    std::vector<std::pair<double, const stats_result::event_times*>> events;
    for (const auto& each : change.now.events) {
        const auto before = std::min(count_before(change.before, each.name), each.count);
        events.emplace_back(static_cast<double>(each.count - before) / change.seconds, &each);
    }
    std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second->count > b.second->count;
    });
    table lines;
    lines.add({"EVENT", "PER S", "COUNT", "P50 MS", "P90 MS", "P99 MS", "MAX MS"});
    for (const auto& [rate, each] : events) {
        lines.add({harmless(each->name), decimal(rate, 1), std::to_string(each->count), milliseconds(each->p50_ms),
                   milliseconds(each->p90_ms), milliseconds(each->p99_ms), milliseconds(each->max_ms)});
    }
    return lines.lines();
}

/// Of two counters of one daemon; zero where it was restarted in between.
double rate(std::uint64_t now, std::uint64_t before, double seconds) {
    return now < before ? 0 : static_cast<double>(now - before) / seconds;
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

std::string stats_table(const protocol::stats_result& stats, const palette& colour) {
    std::vector<std::pair<std::string_view, std::string>> rows{
        {"uptime", uptime(stats.uptime_s)},
        {"connections", std::to_string(stats.connections)},
        {"subscribers", std::to_string(stats.subscribers)},
        {"waiting", std::to_string(stats.waiting)},
        {"newest event", std::to_string(stats.head_seq)},
        {"retained", protocol::counted(stats.retained_events, "event") + ", " +
                         describe_bytes(static_cast<double>(stats.retained_bytes))},
        {"events", std::to_string(stats.events_total)},
        {"deliveries", std::to_string(stats.deliveries)},
        {"replies accepted", std::to_string(stats.accepted)},
        {"replies refused", named_counts<protocol::refusal>(stats.refused)},
        {"outcomes", named_counts<protocol::outcome>(stats.outcomes)},
        {"sessions lagged", std::to_string(stats.lagged)},
        {"protocol errors", std::to_string(stats.protocol_errors)},
        {"received", describe_bytes(static_cast<double>(stats.bytes_in))},
        {"sent", describe_bytes(static_cast<double>(stats.bytes_out))},
    };
    std::string text;
    constexpr std::size_t name_columns = 18;
    for (const auto& [name, value] : rows) {
        text.append(colour.dim()).append(name).append(colour.plain());
        text.append(name_columns - name.size(), ' ').append(value).append("\n");
    }
    const auto add = [&](const std::vector<std::string>& lines) {
        if (lines.size() < 2) {
            return;  // a heading alone
        }
        text += '\n';
        for (std::size_t i = 0; i < lines.size(); ++i) {
            text += (i == 0 ? in_bold(lines[i], colour) : lines[i]) + '\n';
        }
    };
    table events;
    events.add({"EVENT", "COUNT", "P50 MS", "P90 MS", "P99 MS", "MAX MS"});
    for (const auto& each : stats.events) {
        events.add({harmless(each.name), std::to_string(each.count), milliseconds(each.p50_ms), milliseconds(each.p90_ms),
                    milliseconds(each.p99_ms), milliseconds(each.max_ms)});
    }
    add(events.lines());
    add(session_lines(stats));
    return text;
}

std::string top_screen(const stats_change& change, std::size_t rows, std::size_t columns, const palette& colour) {
    const auto& now = change.now;
    const auto& before = change.before;
    const auto per_second = [&change](std::uint64_t a, std::uint64_t b) { return decimal(rate(a, b, change.seconds), 1); };
    const auto bytes_per_second = [&change](std::uint64_t a, std::uint64_t b) {
        return describe_bytes(rate(a, b, change.seconds)) + "/s";
    };
    std::vector<std::string> screen{
        "hookd  up " + uptime(now.uptime_s) + "  connections " + std::to_string(now.connections) + "  subscribers " +
            std::to_string(now.subscribers) + "  waiting " + std::to_string(now.waiting),
        "per second  events " + per_second(now.events_total, before.events_total) + "  deliveries " +
            per_second(now.deliveries, before.deliveries) + "  replies " + per_second(now.accepted, before.accepted) +
            "  in " + bytes_per_second(now.bytes_in, before.bytes_in) + "  out " +
            bytes_per_second(now.bytes_out, before.bytes_out),
        "outcomes  " + named_counts<protocol::outcome>(now.outcomes),
        "",
    };
    std::vector<std::size_t> headings{0};
    const auto sessions = session_lines(now);
    const std::size_t room = rows > screen.size() ? rows - screen.size() : 0;
    // Sessions get what events leave, but at least a third.
    const std::size_t for_sessions = std::max(room / 3, room - std::min(room, now.events.size() + 2));
    headings.push_back(screen.size());
    const std::size_t gap = room > for_sessions ? 1 : 0;
    add_section(screen, event_rate_lines(change), room - for_sessions - gap);
    screen.resize(screen.size() + gap);
    headings.push_back(screen.size());
    add_section(screen, sessions, for_sessions);
    screen.resize(std::min(screen.size(), rows));

    std::string text;
    for (std::size_t i = 0; i < screen.size(); ++i) {
        const auto line = cut(screen[i], columns);
        const bool heading = std::find(headings.begin(), headings.end(), i) != headings.end();
        text.append(i == 0 ? "" : "\n").append(heading ? in_bold(line, colour) : line);
    }
    return text;
}

}  // namespace hookd::hookctl
