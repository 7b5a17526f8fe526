// SPDX-License-Identifier: BSL-1.0
// The screen, from 80x24 on; from 150 columns on the lower half stands beside the upper one:
//
//     counters, rates with sparklines, verdicts
//     WAITING   the questions that somebody waits on, and for whom
//     HOOK      hooks with what they vetoed and how long they take
//     VERDICT   newest first; one is selected
//     EVENT     by rate
//     SESSION
//     keys
//
// Each section gets what it needs, or a share of what there is, and says how much of it is hidden.
#include "top_view.hpp"

#include "hookctl/journal/outcome_text.hpp"
#include "hookctl/json/json_layout.hpp"
#include "hookctl/on/hook_lines.hpp"
#include "hookctl/terminal/screen_text.hpp"
#include "hookctl/terminal/wrapped_text.hpp"
#include "stats_table.hpp"

#include <base/json/value_view.hpp>
#include <base/text/counted.hpp>
#include <base/text/quantity.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::hookctl {

namespace {

using protocol::stats_result;
using past_verdict = top_model::past_verdict;

constexpr std::size_t side_by_side_columns = 150;
constexpr std::size_t most_samples = 40;
constexpr std::size_t airy_rows = 30;   // from here on a blank line stands between two sections
constexpr std::size_t least_lines = 3;  // of a section: its heading, a line, and how many more there are
constexpr std::size_t bar_columns = 10;
constexpr std::size_t top_name_columns = 24;
constexpr std::string_view check_mark = "\xe2\x9c\x93";
constexpr std::string_view cross_mark = "\xe2\x9c\x97";
constexpr std::string_view bypass_mark = "!";
constexpr std::string_view ellipsis = "\xe2\x80\xa6";

/// Lines with a heading, and how much of the room they get where there is not enough for all.
struct section {
    screen_lines lines{};
    std::size_t share = 1;
};

bool passes(const top_choices& choices, std::string_view name) {
    return name.find(choices.filter) != std::string_view::npos;
}

std::string per_second(double rate) { return decimal(rate, 1); }

screen_line headline(const stats_result& now, const top_choices& choices, const palette& colour) {
    screen_line line("hookd  up " + uptime_text(now.uptime_s) + "  connections " + std::to_string(now.connections) +
                         "  subscribers " + std::to_string(now.subscribers) + "  waiting " +
                         std::to_string(now.waiting),
        colour.bold());
    if (choices.paused) {
        line.add("  paused", colour.yellow());
    }
    if (!choices.filter.empty() && !choices.typing_filter) {
        line.add("  only " + harmless(choices.filter), colour.yellow());
    }
    return line;
}

/// The last so many rates.
std::string sparkline_of(const std::deque<double>& rates, std::size_t samples) {
    const auto count = std::min(rates.size(), samples);
    const std::vector<double> last(rates.end() - static_cast<std::ptrdiff_t>(count), rates.end());
    return std::string(samples - count, ' ') + sparkline(last);
}

screen_line rates_line(const top_model::rate_history& rates, std::size_t columns, const palette& colour) {
    const auto text_of = [](std::string_view name, const std::deque<double>& values) {
        return std::string(name).append(" ").append(per_second(values.empty() ? 0 : values.back())).append("/s ");
    };
    const auto events = text_of("events", rates.events);
    const auto verdicts = text_of("  verdicts", rates.verdicts);
    const auto vetoes = text_of("  vetoes", rates.vetoes);
    const auto words = events.size() + verdicts.size() + vetoes.size();
    const auto samples = std::min(most_samples, (columns - std::min(columns, words)) / 3);
    screen_line line;
    line.add(events).add(sparkline_of(rates.events, samples), colour.cyan());
    line.add(verdicts).add(sparkline_of(rates.verdicts, samples), colour.green());
    line.add(vetoes).add(sparkline_of(rates.vetoes, samples), colour.red());
    return line;
}

screen_lines heading(const top_model& model, const top_choices& choices, std::size_t columns, const palette& colour) {
    const auto& now = model.stats();
    const auto& before = model.stats_before();
    const auto bytes = [&model](std::uint64_t a, std::uint64_t b) {
        return describe_bytes(rate_of(a, b, model.seconds())) + "/s";
    };
    screen_line verdicts("proceeded " + std::to_string(now.proceeded) + "  vetoed " + std::to_string(now.vetoed) +
                         "  failed closed " + std::to_string(now.failed_closed) + "  bypassed " +
                         std::to_string(now.bypassed) + "  in " + bytes(now.bytes_in, before.bytes_in) + "  out " +
                         bytes(now.bytes_out, before.bytes_out));
    screen_lines lines{headline(now, choices, colour), rates_line(model.rates(), columns, colour), std::move(verdicts)};
    if (!choices.trouble.empty()) {
        const auto text = wrapped(harmless(choices.trouble), 0, 2, columns);
        for (std::size_t begin = 0; begin < text.size();) {
            const auto end = std::min(text.find('\n', begin), text.size());
            lines.emplace_back(text.substr(begin, end - begin), colour.red());
            begin = end + 1;
        }
    }
    return lines;
}

section waits(
    const top_model& model, const top_choices& choices, const palette& colour, top_model::clock::time_point now) {
    std::vector<const top_model::open_wait*> open;
    for (const auto& [id, each] : model.waits()) {
        if (passes(choices, each.event)) {
            open.push_back(&each);
        }
    }
    std::sort(open.begin(), open.end(), [](const auto* a, const auto* b) { return a->seq < b->seq; });
    section result{{}, 2};
    if (open.empty()) {
        return result;
    }
    result.lines.emplace_back("WAITING", colour.bold());
    for (const auto* each : open) {
        const auto waited = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(now - each->since),
            std::chrono::milliseconds::zero());
        screen_line line("#" + std::to_string(each->seq) + "  ");
        line.add(harmless(each->event), colour.cyan());
        line.add("  " + decimal(std::chrono::duration<double>(waited).count(), 1) + " s" +
                     (each->timeout ? " of " + base::describe_duration(*each->timeout) : ""),
            colour.yellow());
        line.add(
            each->asked ? "  for " + (each->asked->empty() ? "no hook that is present" : harmless(*each->asked)) : "");
        result.lines.push_back(std::move(line));
    }
    return result;
}

section hooks(const top_model& model, const top_choices& choices, const palette& colour) {
    double slowest = 0;
    std::vector<const stats_result::responder*> chosen;
    for (const auto& each : model.stats().hooks) {
        if (passes(choices, each.name) && each.name != top_session_name) {  // an observer's row would stay empty
            chosen.push_back(&each);
            slowest = std::max(slowest, each.p99_ms.value_or(0));
        }
    }
    std::stable_sort(chosen.begin(), chosen.end(), [](const auto* a, const auto* b) { return a->asked > b->asked; });
    section result{{}, 2};
    if (chosen.empty()) {
        return result;
    }
    text_table table;
    table.add(headings({"HOOK", "ASKED", "VETOED", "FAILED", "P50 MS", "P99 MS", ""}, colour));
    for (const auto* each : chosen) {
        const auto share = slowest > 0 ? each->p99_ms.value_or(0) / slowest : 0;
        table.add({{cut(harmless(each->name), top_name_columns), colour.cyan()}, {std::to_string(each->asked), {}},
            {std::to_string(each->vetoed), each->vetoed > 0 ? colour.red() : ""},
            {std::to_string(each->failed), each->failed > 0 ? colour.yellow() : ""},
            {milliseconds_text(each->p50_ms), {}}, {milliseconds_text(each->p99_ms), {}},
            {bar(share, bar_columns), colour.green()}});
    }
    result.lines = table.lines();
    return result;
}

/// How a verdict is marked.
struct verdict_mark {
    std::string_view mark{};
    std::string_view word{};
    std::string_view colour{};
};

verdict_mark mark_of(const verdict& result, const palette& colour) {
    if (!result.bypassed.empty()) {
        return {bypass_mark, "bypassed", colour.yellow()};
    }
    return result.proceed() ? verdict_mark{check_mark, "proceed", colour.green()}
                            : verdict_mark{cross_mark, "vetoed", colour.red()};
}

/// `lint: too long`: who stopped it, and why; who took part if no hook did.
std::string what_hooks_said(const past_verdict& verdict) {
    for (const auto& reply : verdict.how.responses) {
        if (const auto reason = base::value_view(reply.text)["abort"].string(); !reason.empty()) {
            return reply.responder + ": " + reason;
        }
    }
    if (!verdict.how.proceed()) {
        return verdict.how.abort;
    }
    std::string names;
    for (const auto& reply : verdict.how.responses) {
        names += (names.empty() ? "" : ", ") + reply.responder;
    }
    for (const auto& each : verdict.how.missing) {
        names += (names.empty() ? "" : ", ") + each.responder + " " + each.why;
    }
    return names.empty() ? outcome_text(to_string(verdict.how.outcome)) : names;
}

/// The same, after the reason of a bypass.
std::string what_was_said(const past_verdict& verdict) {
    const auto replies = what_hooks_said(verdict);
    return verdict.how.bypassed.empty() ? replies : "bypassed: " + verdict.how.bypassed + " (" + replies + ")";
}

section verdicts(const top_model& model, const top_choices& choices, const palette& colour) {
    section result{{}, 3};
    result.lines.emplace_back("VERDICT", colour.bold());
    const auto chosen = chosen_verdicts(model, choices);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const auto& each = *chosen[i];
        const auto mark = mark_of(each.how, colour);
        screen_line line(i == choices.selected ? "> " : "  ", colour.bold());
        line.add(each.time + "  ", colour.dim());
        line.add(std::string(mark.mark) + " ", mark.colour);
        line.add(cut(harmless(each.event), top_name_columns), colour.cyan());
        line.add("  " + decimal(each.elapsed.count(), each.elapsed.count() < 100 ? 1 : 0) + " ms", colour.dim());
        line.add("  " + harmless(what_was_said(each)));
        result.lines.push_back(std::move(line));
    }
    return result;
}

section events(const top_model& model, const top_choices& choices, const palette& colour) {
    const auto count_before = [&model](const std::string& name) {
        const auto& all = model.stats_before().events;
        const auto found =
            std::find_if(all.begin(), all.end(), [&name](const auto& each) { return each.name == name; });
        return found == all.end() ? std::uint64_t{0} : found->count;
    };
    std::vector<std::pair<double, const stats_result::event_times*>> chosen;
    for (const auto& each : model.stats().events) {
        if (passes(choices, each.name)) {
            chosen.emplace_back(rate_of(each.count, count_before(each.name), model.seconds()), &each);
        }
    }
    std::stable_sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second->count > b.second->count;
    });
    section result;
    if (chosen.empty()) {
        return result;
    }
    text_table table;
    table.add(headings({"EVENT", "PER S", "COUNT", "P50 MS", "P99 MS", "MAX MS"}, colour));
    for (const auto& [rate, each] : chosen) {
        table.add({{cut(harmless(each->name), top_name_columns), colour.cyan()}, {per_second(rate), {}},
            {std::to_string(each->count), {}}, {milliseconds_text(each->p50_ms), {}},
            {milliseconds_text(each->p99_ms), {}}, {milliseconds_text(each->max_ms), {}}});
    }
    result.lines = table.lines();
    return result;
}

section sessions(const top_model& model, const top_choices& choices, const palette& colour) {
    text_table table;
    table.add(headings({"SESSION", "PID", "UID", "QUEUED", ""}, colour));
    bool is_empty = true;
    for (const auto& each : model.stats().sessions) {
        if (passes(choices, each.name)) {
            is_empty = false;
            table.add({{cut(harmless(each.name), top_name_columns), colour.cyan()}, {std::to_string(each.pid), {}},
                {std::to_string(each.uid), {}}, {std::to_string(each.queued), {}},
                {each.lagged ? "lagged" : "", colour.red()}});
        }
    }
    section result;
    result.lines = is_empty ? screen_lines() : table.lines();
    return result;
}

/// The first lines, the last of which says how many more there are where not all have room.
void add_lines(screen_lines& screen, screen_lines lines, std::size_t room, const palette& colour) {
    if (lines.size() > room && room > 0) {
        const auto hidden = lines.size() - room + 1;
        lines.resize(room - 1);
        lines.emplace_back(std::string(ellipsis) + " " + std::to_string(hidden) + " more", colour.dim());
    }
    lines.resize(std::min(lines.size(), room));
    std::move(lines.begin(), lines.end(), std::back_inserter(screen));
}

/// How many lines each section gets of `room`: first what makes sense, then by share.
std::vector<std::size_t> rooms_for(const std::vector<section>& all, std::size_t room) {
    std::vector<std::size_t> given(all.size());
    const auto give = [&](std::size_t i, std::size_t wanted) {
        const auto more = std::min({all[i].lines.size() - given[i], wanted, room});
        given[i] += more;
        room -= more;
        return more > 0;
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
        give(i, least_lines);
    }
    for (bool changed = true; changed && room > 0;) {
        changed = false;
        for (std::size_t i = 0; i < all.size(); ++i) {
            changed = give(i, all[i].share) || changed;
        }
    }
    return given;
}

screen_lines stacked(std::vector<section> all, std::size_t room, const palette& colour) {
    std::erase_if(all, [](const section& each) { return each.lines.empty(); });
    const bool is_airy = room >= airy_rows;
    const auto gaps = is_airy && !all.empty() ? all.size() - 1 : 0;
    const auto rooms = rooms_for(all, room - gaps);
    screen_lines screen;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (is_airy && !screen.empty()) {
            screen.emplace_back();
        }
        add_lines(screen, std::move(all[i].lines), rooms[i], colour);
    }
    return screen;
}

screen_lines side_by_side(const screen_lines& left, const screen_lines& right, std::size_t columns) {
    const screen_line none;
    const auto half = columns / 2 - 1;
    screen_lines screen;
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
        screen_line line;
        line.add_padded(i < left.size() ? left[i] : none, half).add("  ");
        line.add_padded(i < right.size() ? right[i] : none, columns - half - 2);
        screen.push_back(std::move(line));
    }
    return screen;
}

screen_line footer(const top_choices& choices, const palette& colour) {
    if (choices.typing_filter) {
        return screen_line(
            "filter: " + harmless(choices.filter) + "_   Enter keeps it, Esc clears it", colour.yellow());
    }
    if (choices.opened) {
        return screen_line("q back   \xe2\x86\x91\xe2\x86\x93 scroll", colour.dim());
    }
    return screen_line(std::string("q quit   / filter   p ") + (choices.paused ? "continue" : "pause") +
                           "   \xe2\x86\x91\xe2\x86\x93 select   Enter payload",
        colour.dim());
}

/// One verdict, whole.
screen_lines opened_verdict(const past_verdict& verdict, const palette& colour) {
    screen_lines lines;
    lines.emplace_back(
        harmless(verdict.event) + "  #" + std::to_string(verdict.seq) + "  " + harmless(verdict.id), colour.bold());
    const auto mark = mark_of(verdict.how, colour);
    screen_line how(std::string(mark.word), mark.colour);
    if (verdict.how.outcome != outcome::answered) {
        how.add(": " + outcome_text(to_string(verdict.how.outcome)));
    }
    how.add("  " + decimal(verdict.elapsed.count(), 1) + " ms  at " + verdict.time);
    lines.push_back(std::move(how));
    for (const auto& each : passed_over_in(verdict.how.text)) {
        lines.emplace_back("  not asked: " + passed_over_text(each));
    }
    const auto said_by_hooks = hook_lines(verdict.how, palette(false));
    for (std::string_view rest = said_by_hooks; !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        lines.emplace_back(std::string(line));
    }
    if (const auto& reason = verdict.how.bypassed.empty() ? verdict.how.abort : verdict.how.bypassed; !reason.empty()) {
        lines.emplace_back(harmless(reason), mark.colour);
    }
    lines.emplace_back();
    if (verdict.payload.empty()) {
        lines.emplace_back("its payload was not seen, or is too long", colour.dim());
        return lines;
    }
    for (auto& each : laid_out(verdict.payload)) {
        lines.emplace_back(harmless(each));
    }
    return lines;
}

screen_lines opened_screen(
    const top_model& model, const top_choices& choices, std::size_t room, const palette& colour) {
    const auto chosen = chosen_verdicts(model, choices);
    if (choices.selected >= chosen.size()) {
        return {};
    }
    auto lines = opened_verdict(*chosen[choices.selected], colour);
    const auto hidden = std::min(choices.scrolled, lines.size() - std::min(lines.size(), room));
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(hidden));
    lines.resize(std::min(lines.size(), room));
    return lines;
}

screen_lines tables(const top_model& model, const top_choices& choices, std::size_t room, std::size_t columns,
    const palette& colour, top_model::clock::time_point now) {
    if (columns >= side_by_side_columns) {
        const auto left =
            stacked({hooks(model, choices, colour), events(model, choices, colour), sessions(model, choices, colour)},
                room, colour);
        const auto right =
            stacked({waits(model, choices, colour, now), verdicts(model, choices, colour)}, room, colour);
        return side_by_side(left, right, columns);
    }
    return stacked({waits(model, choices, colour, now), hooks(model, choices, colour), verdicts(model, choices, colour),
                       events(model, choices, colour), sessions(model, choices, colour)},
        room, colour);
}

}  // namespace

std::vector<const past_verdict*> chosen_verdicts(const top_model& model, const top_choices& choices) {
    std::vector<const past_verdict*> chosen;
    for (const auto& each : model.verdicts()) {
        const auto has_name = [&choices](const auto& hook) { return passes(choices, hook.responder); };
        if (passes(choices, each.event) ||
            std::any_of(each.how.responses.begin(), each.how.responses.end(), has_name) ||
            std::any_of(each.how.missing.begin(), each.how.missing.end(), has_name)) {
            chosen.push_back(&each);
        }
    }
    return chosen;
}

std::string top_screen(const top_model& model, const top_choices& choices, std::size_t rows, std::size_t columns,
    const palette& colour, top_model::clock::time_point now) {
    screen_lines screen;
    if (choices.opened) {
        screen = opened_screen(model, choices, rows - std::min<std::size_t>(rows, 1), colour);
    } else {
        screen = heading(model, choices, columns, colour);
        screen.emplace_back();
        const auto taken = screen.size() + 1;
        auto below = tables(model, choices, rows - std::min(rows, taken), columns, colour, now);
        std::move(below.begin(), below.end(), std::back_inserter(screen));
    }
    screen.resize(std::max<std::size_t>(rows, 1) - 1);
    screen.push_back(footer(choices, colour));
    std::string text;
    for (std::size_t i = 0; i < screen.size(); ++i) {
        text += (i == 0 ? "" : "\n") + screen[i].rendered(columns, colour.plain());
    }
    return text;
}

}  // namespace hookd::hookctl
