// SPDX-License-Identifier: BSL-1.0
#include "wrapped_text.hpp"

#include "utf8.hpp"

#include <algorithm>

namespace hookd::base {

namespace {

constexpr std::size_t small_indent = 4;

}  // namespace

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
        const auto word_columns = character_count(word);
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

}  // namespace hookd::base
