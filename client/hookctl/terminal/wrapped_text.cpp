// SPDX-License-Identifier: BSL-1.0
#include "wrapped_text.hpp"

#include "full_screen.hpp"
#include "output.hpp"

#include <charconv>
#include <cstdlib>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

constexpr std::size_t small_indent = 4;

}  // namespace

std::size_t output_columns() {
    if (::isatty(STDOUT_FILENO) == 0) {
        return 0;
    }
    const char* const variable = std::getenv("COLUMNS");
    const std::string_view wanted = variable != nullptr ? variable : "";
    std::size_t columns = 0;
    const auto read = std::from_chars(wanted.data(), wanted.data() + wanted.size(), columns);
    const bool is_number = read.ec == std::errc{} && read.ptr == wanted.data() + wanted.size() && columns > 0;
    return is_number ? columns : full_screen::current_size().columns;
}

std::string wrapped(std::string_view text, std::size_t begin, std::size_t indent, std::size_t columns) {
    if (columns == 0) {
        return std::string(text);
    }
    if (indent > columns / 2) {
        indent = small_indent;
    }
    std::string result;
    std::size_t column = begin;
    const auto break_line = [&] {
        result.append("\n").append(indent, ' ');
        column = indent;
    };
    bool is_first_word = true;
    while (!text.empty()) {
        const auto blanks = std::min(text.find_first_not_of(' '), text.size());
        const auto end = std::min(text.find_first_of(" \n", blanks), text.size());
        const auto word = text.substr(blanks, end - blanks);
        const auto word_columns = columns_of(word);
        const bool may_break = is_first_word || blanks > 0;
        if (may_break && column + blanks + word_columns > columns && column > indent) {
            break_line();
            result += word;
            column += word_columns;
        } else {
            result.append(text.substr(0, end));
            column += blanks + word_columns;
        }
        is_first_word = false;
        text.remove_prefix(end);
        if (text.starts_with('\n')) {
            text.remove_prefix(1);
            break_line();
            is_first_word = true;
        }
    }
    return result;
}

}  // namespace hookd::hookctl
