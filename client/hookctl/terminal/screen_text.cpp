// SPDX-License-Identifier: BSL-1.0
#include "screen_text.hpp"

#include "output.hpp"

#include <base/text/utf8.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace hookd::hookctl {

namespace {

// U+2581 to U+2588: one eighth to the whole of a cell, from below; U+2589 to U+258F from the left, seven eighths to
// one.
std::string block(unsigned char last) { return {'\xe2', '\x96', static_cast<char>(last)}; }

}  // namespace

screen_line& screen_line::add(std::string text, std::string_view colour) {
    columns_ += columns_of(text);
    spans_.push_back({std::move(text), colour});
    return *this;
}

std::string screen_line::rendered(std::size_t columns, std::string_view plain) const {
    std::string text;
    for (const auto& each : spans_) {
        const auto piece = cut(each.text, columns);
        columns -= columns_of(piece);
        text.append(each.colour).append(piece).append(each.colour.empty() ? "" : plain);
    }
    return text;
}

screen_line& screen_line::add_padded(const screen_line& other, std::size_t columns) {
    for (const auto& each : other.spans_) {
        auto piece = cut(each.text, columns);
        columns -= columns_of(piece);
        add(std::move(piece), each.colour);
    }
    return add(std::string(columns, ' '));
}

screen_lines text_table::lines() const {
    std::vector<std::size_t> widths;
    for (const auto& cells : rows_) {
        widths.resize(std::max(widths.size(), cells.size()));
        for (std::size_t i = 0; i < cells.size(); ++i) {
            widths[i] = std::max(widths[i], columns_of(cells[i].text));
        }
    }
    screen_lines result;
    for (const auto& cells : rows_) {
        screen_line line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string gap(widths[i] - columns_of(cells[i].text), ' ');
            line.add(i == 0 ? "" : "  " + gap);
            line.add(cells[i].text + (i == 0 ? gap : ""), cells[i].colour);
        }
        result.push_back(std::move(line));
    }
    return result;
}

std::string cut(std::string_view text, std::size_t columns) {
    std::size_t taken = 0;
    std::size_t end = 0;
    for (; end < text.size(); ++end) {
        if (!base::continues_character(text[end]) && taken++ == columns) {
            break;
        }
    }
    return std::string(text.substr(0, end));
}

std::string shortened_to(std::string text, std::size_t columns) {
    if (columns_of(text) <= columns) {
        return text;
    }
    return columns == 0 ? std::string() : cut(text, columns - 1) + "\xe2\x80\xa6";
}

std::string padded_to(std::string text, std::size_t columns) {
    const auto taken = columns_of(text);
    return taken < columns ? text.append(columns - taken, ' ') : text;
}

std::string sparkline(std::span<const double> values) {
    const double highest = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
    std::string text;
    for (const double each : values) {
        const auto eighths = highest > 0 ? std::lround(std::clamp(each / highest, 0.0, 1.0) * 7) : 0;
        text += block(static_cast<unsigned char>(0x81 + eighths));
    }
    return text;
}

std::string bar(double share, std::size_t columns) {
    const auto eighths =
        static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(columns * 8)));
    std::string text;
    for (std::size_t i = 0; i < columns; ++i) {
        const auto filled = std::min<std::size_t>(eighths - std::min(eighths, i * 8), 8);
        text += filled == 0 ? " " : block(static_cast<unsigned char>(0x90 - filled));
    }
    return text;
}

}  // namespace hookd::hookctl
