// SPDX-License-Identifier: BSL-1.0
#include "trace_text.hpp"

#include "hookctl/json/json_member.hpp"
#include "hookctl/on/hook_lines.hpp"
#include "hookctl/terminal/since_text.hpp"
#include "verdict_line.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>
#include <vector>

namespace hookd::hookctl {

namespace {

constexpr std::size_t bar_columns = 30;
constexpr std::size_t longest_name = 24;

/// One responder's or observer's part.
struct part {
    std::string name{};
    double begin = 0;  // milliseconds after the event
    double end = -1;   // negative: it was only told
    std::string said{};
    bool vetoes = false;
};

double number_of(std::string_view value) {
    double number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
}

part& part_of(std::vector<part>& all, const std::string& name) {
    const auto found = std::find_if(all.begin(), all.end(), [&name](const part& each) { return each.name == name; });
    return found != all.end() ? *found : all.emplace_back(part{.name = name});
}

std::string said_in(std::string_view reply) {
    const auto response = member_of(reply, "response");
    if (const auto abort = string_of(member_of(trimmed(response), "abort")); !abort.empty()) {
        return "vetoes: " + first_line_of(abort);
    }
    const auto note = note_of(response);
    return note.empty() ? "no objection" : "no objection: " + first_line_of(note);
}

std::vector<part> parts_of(std::string_view trace, double elapsed) {
    std::vector<part> all;
    for (const auto each : elements_of(member_of(trace, "handed"))) {
        part_of(all, string_of(member_of(each, "to"))).begin = number_of(member_of(each, "after_ms"));
    }
    for (const auto each : elements_of(member_of(trace, "responses"))) {
        auto& one = part_of(all, string_of(member_of(each, "responder")));
        one.end = number_of(member_of(each, "elapsed_ms"));
        one.said = said_in(each);
        one.vetoes = one.said.starts_with("vetoes");
    }
    for (const auto each : elements_of(member_of(trace, "missing"))) {
        auto& one = part_of(all, string_of(member_of(each, "responder")));
        one.end = elapsed;
        one.said = "missing: " + first_line_of(string_of(member_of(each, "why")));
    }
    return all;
}

std::string bar(const part& what, double elapsed) {
    const double scale = elapsed > 0 ? static_cast<double>(bar_columns) / elapsed : 0;
    const auto column = [&](double at) {
        return std::min(static_cast<std::size_t>(std::max(at, 0.0) * scale), bar_columns - 1);
    };
    const auto begin = column(what.begin);
    const auto end = what.end < 0 ? begin : std::max(column(what.end), begin);
    std::string text(begin, ' ');
    for (auto i = begin; i <= end; ++i) {
        text += what.end < 0 ? "·" : "█";
    }
    return padded_to(text, bar_columns);
}

std::string head_of(std::string_view trace, const palette& colour) {
    const auto emitter = member_of(trace, "emitter");
    const auto program = harmless(string_of(member_of(emitter, "program")));
    std::string text;
    text.append(colour.bold()).append(harmless(string_of(member_of(trace, "event")))).append(colour.plain());
    text.append(" #")
        .append(member_of(trace, "seq"))
        .append(", ")
        .append(local_time(string_of(member_of(trace, "emitted_at")), true));
    text.append(", by ")
        .append(program.empty() ? "a program" : program)
        .append(" (pid ")
        .append(member_of(emitter, "pid"));
    text.append(", user ").append(member_of(emitter, "uid")).append(")\n");
    if (const auto cause = string_of(member_of(trace, "cause")); !cause.empty()) {
        text.append("  caused by ").append(harmless(cause)).append("\n");
    }
    return text;
}

std::string verdict_of(std::string_view trace, const palette& colour) {
    const auto verdict = member_of(trace, "verdict");
    if (const auto ended = string_of(member_of(trace, "ended")); !ended.empty()) {
        return "no verdict: " + harmless(ended) + "\n";
    }
    if (protocol::kind_of(verdict) != protocol::json_kind::object) {
        return member_of(trace, "expects_response") == "true" ? "no verdict yet\n" : "";
    }
    const auto abort = string_of(member_of(verdict, "abort"));
    std::string text;
    text.append(abort.empty() ? colour.green() : colour.red())
        .append(abort.empty() ? "✓ proceeded" : "✗ stopped")
        .append(colour.plain());
    text.append(" after ").append(milliseconds_text(member_of(verdict, "elapsed_ms"))).append(", ");
    text.append(harmless(string_of(member_of(verdict, "outcome"))));
    if (const auto bypassed = string_of(member_of(verdict, "bypassed")); !bypassed.empty()) {
        text.append(", bypassed: ").append(first_line_of(bypassed));
    }
    return text + "\n" + (abort.empty() ? "" : "  " + harmless(abort, true) + "\n");
}

}  // namespace

std::string trace_text(std::string_view trace, const palette& colour) {
    const double elapsed = number_of(member_of(member_of(trace, "verdict"), "elapsed_ms"));
    auto parts = parts_of(trace, elapsed);
    double last = elapsed;
    std::size_t columns = 0;
    for (const auto& each : parts) {
        last = std::max({last, each.begin, each.end});
        columns = std::max(columns, std::min(columns_of(harmless(each.name)), longest_name));
    }
    std::stable_sort(parts.begin(), parts.end(), [](const part& a, const part& b) { return a.begin < b.begin; });
    std::string text = head_of(trace, colour);
    for (const auto& each : parts) {
        const auto what_colour = each.vetoes                        ? colour.red()
                                 : each.said.starts_with("missing") ? colour.yellow()
                                                                    : std::string_view{};
        text.append("  ")
            .append(padded_to(harmless(each.name), columns))
            .append("  ")
            .append(colour.cyan())
            .append(bar(each, last))
            .append(colour.plain());
        text.append("  ")
            .append(colour.dim())
            .append(milliseconds_text(std::to_string(each.end < 0 ? each.begin : each.end)))
            .append(colour.plain());
        text.append("  ")
            .append(what_colour)
            .append(each.said.empty() ? "told" : each.said)
            .append(what_colour.empty() ? std::string_view{} : colour.plain());
        text += '\n';
    }
    text += verdict_of(trace, colour);
    if (const auto payload = member_of(trace, "payload"); !payload.empty()) {
        text.append("payload ").append(escaped_controls(one_line(payload))).append("\n");
    } else {
        text.append("payload of ")
            .append(member_of(trace, "payload_bytes"))
            .append(" bytes, which the journal has not kept\n");
    }
    return text;
}

}  // namespace hookd::hookctl
