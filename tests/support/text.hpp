// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// What tests ask about a text.
namespace hookd::test {

[[nodiscard]] inline bool mentions(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// The lines of a text, without their ends; a last one without an end counts.
[[nodiscard]] inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

/// The first line that mentions `part`. Throws std::runtime_error, with the text, if there is none.
[[nodiscard]] inline std::string line_with(const std::string& text, std::string_view part) {
    for (const auto& line : lines_of(text)) {
        if (mentions(line, part)) {
            return line;
        }
    }
    throw std::runtime_error("no line has '" + std::string{part} + "': " + text);
}

}  // namespace hookd::test
