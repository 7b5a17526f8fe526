// SPDX-License-Identifier: BSL-1.0
#include "hook_lines.hpp"

#include <base/json/value_view.hpp>
#include <base/text/quantity.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

constexpr std::size_t longest_name = 40;  ///< columns; what follows a longer name is not aligned

struct hook_line {
    std::string name{};
    std::string elapsed{};
    std::string_view colour{};
    std::string said{};
};

std::string elapsed_text(std::chrono::duration<double, std::milli> elapsed) {
    if (elapsed >= std::chrono::seconds(1)) {
        return base::describe_duration(std::chrono::duration_cast<std::chrono::milliseconds>(elapsed));
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f ms", elapsed.count());
    return text.data();
}

std::string cut_to_first_line(const std::string& text) {
    const auto begin = std::min(text.find_first_not_of("\r\n"), text.size());
    const auto end = text.find_first_of("\r\n", begin);
    auto line = harmless(std::string_view(text).substr(begin, end - begin));
    return text.find_first_not_of("\r\n", end) == std::string::npos ? line : line + " \xe2\x80\xa6";
}

/// All lines, those after the first indented.
std::string indented_lines(std::string_view text) {
    text = text.substr(0, text.find_last_not_of("\r\n") + 1);
    std::string result;
    for (const char c : harmless(text, true)) {
        result += c;
        if (c == '\n') {
            result += "      ";
        }
    }
    return result;
}

/// `host/name` of a hook on another host.
std::string name_of(const std::string& host, const std::string& responder) {
    return harmless(host.empty() ? responder : host + "/" + responder);
}

hook_line line_of(const verdict::response& reply, const std::string& abort, const palette& colour) {
    hook_line line{name_of(reply.host, reply.responder), elapsed_text(reply.elapsed), colour.green(), "no objection"};
    const auto reason = base::value_view(reply.text)["abort"].string();
    if (!reason.empty()) {
        line.colour = colour.red();
        line.said = "vetoes: " + (reason == abort ? cut_to_first_line(reason) : indented_lines(reason));
    }
    if (const auto note = note_of(reply.text); !note.empty()) {
        line.said += (reason.empty() ? ": " : "; note: ") + indented_lines(note);
    }
    return line;
}

std::vector<hook_line> lines_of(const verdict& result, const palette& colour) {
    std::vector<hook_line> lines;
    for (const auto& reply : result.responses) {
        lines.push_back(line_of(reply, result.abort, colour));
    }
    for (const auto& hook : result.missing) {
        lines.push_back(
            {name_of(hook.host, hook.responder), {}, colour.yellow(), "missing: " + indented_lines(hook.why)});
    }
    return lines;
}

std::string spaces(std::size_t wanted, std::string_view text) {
    const auto taken = columns_of(text);
    return std::string(taken < wanted ? wanted - taken : 0, ' ');
}

}  // namespace

std::string hook_lines(const verdict& result, const palette& colour) {
    const auto lines = lines_of(result, colour);
    std::size_t name_columns = 0;
    std::size_t elapsed_columns = 0;
    for (const auto& each : lines) {
        name_columns = std::max(name_columns, std::min(columns_of(each.name), longest_name));
        elapsed_columns = std::max(elapsed_columns, columns_of(each.elapsed));
    }
    std::string text;
    for (const auto& each : lines) {
        text.append("  ")
            .append(colour.bold())
            .append(each.name)
            .append(colour.plain())
            .append(spaces(name_columns, each.name))
            .append("  ");
        text.append(colour.dim())
            .append(spaces(elapsed_columns, each.elapsed))
            .append(each.elapsed)
            .append(colour.plain());
        text.append(elapsed_columns == 0 ? "" : "  ")
            .append(each.colour)
            .append(each.said)
            .append(colour.plain())
            .append("\n");
    }
    return text;
}

bool print_hook_lines_of_trouble(const verdict& result) {
    if ((result.proceed() && result.missing.empty()) || ::isatty(STDERR_FILENO) == 0) {
        return false;
    }
    print_error(hook_lines(result, palette(shows_colours(STDERR_FILENO))));
    return true;
}

void print_notes(const verdict& result) {
    for (const auto& reply : result.responses) {
        if (const auto note = note_of(reply.text); !note.empty()) {
            print_reason(note);
        }
    }
}

std::string bypass_text(const verdict& result, std::string_view event) {
    return result.bypassed.empty() ? std::string()
                                   : std::string(event) + " proceeds by a bypass: " + harmless(result.bypassed) +
                                         " (hookctl bypass --end ends it)";
}

void print_bypass(const verdict& result, std::string_view event) {
    if (const auto text = bypass_text(result, event); !text.empty()) {
        report_error(text);
    }
}

std::string note_of(std::string_view reply) { return base::value_view(reply)["note"].string(); }

}  // namespace hookd::hookctl
