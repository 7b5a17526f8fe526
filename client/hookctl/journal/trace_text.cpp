// SPDX-License-Identifier: BSL-1.0
#include "trace_text.hpp"

#include "hookctl/on/hook_lines.hpp"
#include "hookctl/terminal/since_text.hpp"
#include "hookctl/terminal/wrapped_text.hpp"
#include "outcome_text.hpp"
#include "verdict_line.hpp"

#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/text/counted.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>
#include <vector>

namespace hookd::hookctl {

namespace {

constexpr std::size_t narrow_columns = 100;
constexpr std::size_t longest_name = 24;

/// One responder's or observer's part.
struct part {
    std::string name{};
    double begin = 0;  // milliseconds after the event
    double end = -1;   // negative: no reply is known
    std::string said{};
    bool vetoes = false;
    bool only_listens = false;
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
    if (const auto failed = base::value_view(reply)["failed"].string(); !failed.empty()) {
        return "failed: " + first_line_of(failed);
    }
    const auto response = base::value_view(reply)["response"];
    if (const auto abort = response["abort"].string(); !abort.empty()) {
        return "vetoes: " + first_line_of(abort) + note_beside_veto(response);
    }
    const auto note = note_of(response);
    return note.empty() ? "no objection" : "no objection: " + first_line_of(note);
}

/// What is said of a session that got the event, and has neither replied nor is missing.
std::string_view unanswered(std::string_view trace, const part& one) {
    if (!base::value_view(trace)["expects_response"].is_true()) {
        return "told";
    }
    if (one.only_listens) {
        return "only listens";
    }
    return base::value_view(trace)["verdict"].is(base::json_kind::object) ? "asked, and had not replied" : "asked";
}

std::vector<part> parts_of(std::string_view trace, double elapsed) {
    std::vector<part> all;
    for (const auto each : base::value_view(trace)["handed"].elements()) {
        auto& one = part_of(all, each["to"].string());
        one.begin = number_of(each["after_ms"]);
        one.only_listens = each["asked"] == "false";
    }
    for (const auto each : base::value_view(trace)["responses"].elements()) {
        auto& one = part_of(all, each["responder"].string());
        one.end = number_of(each["elapsed_ms"]);
        one.said = said_in(each);
        one.vetoes = one.said.starts_with("vetoes");
    }
    for (const auto each : base::value_view(trace)["shadows"].elements()) {
        auto& one = part_of(all, each["responder"].string());
        one.end = number_of(each["elapsed_ms"]);
        one.said = "shadow, decides nothing: " + said_in(each);
    }
    for (const auto& each : passed_over_in(trace)) {
        const auto known =
            std::find_if(all.begin(), all.end(), [&each](const part& one) { return one.name == each.name; });
        if (known != all.end() && each.why == "shadow" && known->said.empty()) {
            known->said = "shadow, decides nothing: had not replied";
        }
    }
    for (const auto each : base::value_view(trace)["missing"].elements()) {
        auto& one = part_of(all, each["responder"].string());
        one.end = elapsed;
        one.said = "missing: " + first_line_of(each["why"].string());
    }
    return all;
}

std::string bar(const part& shown, double elapsed, std::size_t bar_columns) {
    const double scale = elapsed > 0 ? static_cast<double>(bar_columns) / elapsed : 0;
    const auto column = [&](double at) {
        return std::min(static_cast<std::size_t>(std::max(at, 0.0) * scale), bar_columns - 1);
    };
    const auto begin = column(shown.begin);
    const auto end = shown.end < 0 ? begin : std::max(column(shown.end), begin);
    std::string text(begin, ' ');
    for (auto i = begin; i <= end; ++i) {
        text += shown.end < 0 ? "·" : "█";
    }
    return padded_to(text, bar_columns);
}

std::string head_of(std::string_view trace, const palette& colour) {
    const auto emitter = base::value_view(trace)["emitter"];
    const auto program = harmless(emitter["program"].string());
    std::string text;
    text.append(colour.bold()).append(harmless(base::value_view(trace)["event"].string())).append(colour.plain());
    text.append(" #")
        .append(base::value_view(trace)["seq"])
        .append(", ")
        .append(local_time(base::value_view(trace)["emitted_at"].string(), true));
    text.append(", by ").append(program.empty() ? "a program" : program).append(" (");
    if (const std::string_view pid = emitter["pid"]; pid != "0") {
        text.append("pid ").append(pid).append(", ");
    }
    text.append("user ").append(emitter["uid"]).append(")\n");
    if (const auto cause = base::value_view(trace)["cause"].string(); !cause.empty()) {
        text.append("  caused by ").append(harmless(cause)).append("\n");
    }
    return text;
}

/// Of a hook that replied with a veto; empty if none did.
std::string vetoer_of(std::string_view trace) {
    for (const auto each : base::value_view(trace)["responses"].elements()) {
        if (!each["response"]["abort"].string().empty()) {
            return harmless(each["responder"].string());
        }
    }
    return {};
}

/// Why it was stopped, or not, in a sentence.
std::string reason_of(std::string_view trace) {
    const auto verdict = base::value_view(trace)["verdict"];
    const auto vetoer = vetoer_of(trace);
    const auto outcome = verdict["outcome"].string();
    const bool is_answered = outcome == "answered";
    if (const auto bypassed = verdict["bypassed"].string(); !bypassed.empty()) {
        return (vetoer.empty() ? "it would have been stopped" : vetoer + " vetoed") +
               ", but a bypass was in force: " + first_line_of(bypassed);
    }
    if (!verdict["abort"].string().empty()) {
        return !vetoer.empty() ? vetoer + " vetoed" : is_answered ? "a hook was missing" : outcome_text(outcome);
    }
    return is_answered ? "no hook objected" : outcome_text(outcome);
}

std::string verdict_of(std::string_view trace, std::size_t columns, const palette& colour) {
    const auto verdict = base::value_view(trace)["verdict"];
    if (const auto ended = base::value_view(trace)["ended"].string(); !ended.empty()) {
        return "no verdict: " + ended_text(ended) + "\n";
    }
    if (base::kind_of(verdict) != base::json_kind::object) {
        return base::value_view(trace)["expects_response"] == "true"
                   ? "no verdict yet\n"
                   : "the emitter did not wait for an answer, so no hook could stop it\n";
    }
    const auto abort = verdict["abort"].string();
    const std::string_view word = abort.empty() ? "✓ proceeded" : "✗ stopped";
    const auto sentence = " after " + milliseconds_text(verdict["elapsed_ms"]) + ": " + reason_of(trace);
    std::string text;
    text.append(abort.empty() ? colour.green() : colour.red()).append(word).append(colour.plain());
    return text + wrapped(sentence, columns_of(word), 2, columns) + "\n" +
           (abort.empty() ? "" : "  " + harmless(abort, true) + "\n");
}

/// A line for each hook that the event was not for; that there is none at all if that is so.
std::string passed_over_lines(std::string_view trace, bool has_parts, std::size_t columns) {
    const bool is_asked = base::value_view(trace)["expects_response"] == "true";
    const auto hooks = passed_over_in(trace);
    std::string text;
    for (const auto& each : hooks) {
        if (each.why != "shadow") {
            const auto name = harmless(each.name);
            const auto head = "  " + name + (is_asked ? "  not asked: " : "  not notified: ");
            text += head + wrapped(passed_over_advice(each), columns_of(head), columns_of(name) + 4, columns) + "\n";
        }
    }
    const auto total = static_cast<std::size_t>(number_of(base::value_view(trace)["passed_over_total"]));
    if (total > hooks.size()) {
        text.append("  and ").append(base::counted(total - hooks.size(), "more hook")).append("\n");
    }
    if (is_asked && !has_parts && hooks.empty()) {
        text += "  no hook subscribes to it: hookctl hooks lists the hooks and their events\n";
    }
    return text;
}

}  // namespace

std::string trace_text(std::string_view trace, std::size_t columns, const palette& colour) {
    const std::size_t bar_columns = columns < narrow_columns ? 16 : 30;
    const double elapsed = number_of(base::value_view(trace)["verdict"]["elapsed_ms"]);
    auto parts = parts_of(trace, elapsed);
    double last = elapsed;
    std::size_t name_columns = 0;
    for (const auto& each : parts) {
        last = std::max({last, each.begin, each.end});
        name_columns = std::max(name_columns, std::min(columns_of(harmless(each.name)), longest_name));
    }
    std::stable_sort(parts.begin(), parts.end(), [](const part& a, const part& b) { return a.begin < b.begin; });
    std::string text = head_of(trace, colour);
    for (const auto& each : parts) {
        const auto what_colour = each.vetoes                        ? colour.red()
                                 : each.said.starts_with("missing") ? colour.yellow()
                                                                    : std::string_view{};
        text.append("  ")
            .append(padded_to(harmless(each.name), name_columns))
            .append("  ")
            .append(colour.cyan())
            .append(bar(each, last, bar_columns))
            .append(colour.plain());
        const auto time = milliseconds_text(std::to_string(each.end < 0 ? each.begin : each.end));
        const auto begin = name_columns + bar_columns + columns_of(time) + 8;
        text.append("  ")
            .append(colour.dim())
            .append(time)
            .append(colour.plain())
            .append("  ")
            .append(what_colour)
            .append(wrapped(each.said.empty() ? unanswered(trace, each) : each.said, begin, begin, columns))
            .append(what_colour.empty() ? std::string_view{} : colour.plain());
        text += '\n';
    }
    text += passed_over_lines(trace, !parts.empty(), columns);
    text += verdict_of(trace, columns, colour);
    if (const auto payload = base::value_view(trace)["payload"]; !payload.empty()) {
        text.append("payload ").append(escaped_controls(one_line(payload))).append("\n");
    } else {
        text.append("payload of ")
            .append(base::value_view(trace)["payload_bytes"])
            .append(" bytes, which the journal has not kept\n");
    }
    return text;
}

}  // namespace hookd::hookctl
