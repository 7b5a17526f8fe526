// SPDX-License-Identifier: BSL-1.0
#include "finding.hpp"

#include "hookctl/terminal/wrapped_text.hpp"

#include <base/json/object_writer.hpp>

#include <algorithm>
#include <cstddef>

namespace hookd::hookctl {

namespace {

constexpr std::size_t mark_columns = 2;  ///< of `✓ `

std::string json_lines(const findings& all) {
    std::string text;
    for (const auto& each : all) {
        base::object_writer line;
        line.text("subject", each.subject).flag("ok", each.fine).text("text", each.text);
        if (each.warns) {
            line.flag("warning", true);
        }
        text += line.finish() + '\n';
    }
    return text;
}

}  // namespace

std::string finding_lines(const findings& all, const palette& colour, std::size_t columns) {
    std::size_t subject_columns = 0;
    for (const auto& each : all) {
        subject_columns = std::max(subject_columns, columns_of(harmless(each.subject)));
    }
    const auto indent = mark_columns + subject_columns + 2;
    std::string text;
    for (const auto& each : all) {
        const auto subject = harmless(each.subject);
        text.append(!each.fine   ? colour.red()
                    : each.warns ? colour.yellow()
                                 : colour.green())
            .append(!each.fine   ? "\xe2\x9c\x97"
                    : each.warns ? "!"
                                 : "\xe2\x9c\x93")
            .append(colour.plain());
        text.append(" ").append(colour.bold()).append(subject).append(colour.plain());
        text.append(subject_columns - columns_of(subject) + 2, ' ')
            .append(wrapped(harmless(each.text), indent, indent, columns))
            .append("\n");
    }
    return text;
}

bool print_findings(const findings& all, bool json_wanted) {
    print(writes_for_programs(json_wanted) ? json_lines(all) : finding_lines(all, palette(), output_columns()));
    return std::all_of(all.begin(), all.end(), [](const finding& each) { return each.fine; });
}

}  // namespace hookd::hookctl
