// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Lines of a full screen, with colours that take no room.
namespace hookd::hookctl {

/// A piece of a line in one colour (of a palette; empty: none). The text has no line end and nothing that drives a
/// terminal.
struct screen_span {
    std::string text{};
    std::string_view colour{};
};

/// One line.
class screen_line {
public:
    screen_line() = default;
    explicit screen_line(std::string text, std::string_view colour = {}) { add(std::move(text), colour); }

    screen_line& add(std::string text, std::string_view colour = {});
    /// Another line, cut to so many columns and filled with blanks to as many.
    screen_line& add_padded(const screen_line& other, std::size_t columns);
    [[nodiscard]] std::size_t columns() const noexcept { return columns_; }

    /// At most so many columns of it. `plain` ends a colour.
    [[nodiscard]] std::string rendered(std::size_t columns, std::string_view plain) const;

private:
    std::vector<screen_span> spans_{};
    std::size_t columns_ = 0;
};

using screen_lines = std::vector<screen_line>;

/// Cells in columns: the first aligned to the left, the others to the right.
class text_table {
public:
    using row = std::vector<screen_span>;

    void add(row cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] screen_lines lines() const;

private:
    std::vector<row> rows_{};
};

/// The text cut to so many columns.
[[nodiscard]] std::string cut(std::string_view text, std::size_t columns);

/// The text if it takes at most so many columns; else its beginning, with `…` in the last of them.
[[nodiscard]] std::string shortened_to(std::string text, std::size_t columns);

/// The text, and as many blanks as it takes fewer columns.
[[nodiscard]] std::string padded_to(std::string text, std::size_t columns);

/// The values as a line of bars, the highest of them the whole height; `▁▂▃▄▅▆▇█`.
[[nodiscard]] std::string sparkline(std::span<const double> values);

/// A bar of `columns` columns of which `share` (0 to 1) is filled, in eighths.
[[nodiscard]] std::string bar(double share, std::size_t columns);

}  // namespace hookd::hookctl
