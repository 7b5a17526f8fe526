// SPDX-License-Identifier: BSL-1.0
#include "document.hpp"

#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace hookd::test::docs {
namespace {

constexpr std::string_view fence = "```";

bool is_heading(std::string_view line) {
    const auto depth = line.find_first_not_of('#');
    return depth != 0 && depth != std::string_view::npos && line[depth] == ' ';
}

block parse_info(std::string_view info, std::size_t line) {
    block result;
    result.line = line + 1;
    std::istringstream words{std::string{info}};
    words >> result.language;
    for (std::string word; words >> word;) {
        const auto equals = word.find('=');
        result.attributes[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
    }
    return result;
}

bool is_known(const block& what) {
    const bool alone = what.attributes.size() == 1;
    if (what.language == "console") {
        return what.attributes.empty() ||
               (alone && (what.has("elsewhere") || what.has("no-daemon") || what.has("fish") || what.has("not-fish")));
    }
    return !what.language.empty() && alone && (what.has("file") || what.has("same-as")) &&
           !what.attributes.begin()->second.empty();
}

[[noreturn]] void fail(const std::string& name, std::size_t line, const std::string& why) {
    throw std::runtime_error(name + ":" + std::to_string(line) + ": " + why);
}

}  // namespace

std::vector<block> document::blocks() const {
    std::vector<block> all;
    for (const auto& each : sections) {
        all.insert(all.end(), each.blocks.begin(), each.blocks.end());
    }
    return all;
}

document parse_document(std::string name, std::string_view text) {
    document result;
    result.name = std::move(name);
    std::optional<block> open;
    std::size_t number = 0;
    std::istringstream lines{std::string{text}};
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (open) {
            if (line == fence) {
                result.sections.back().blocks.push_back(std::move(*open));
                open.reset();
            } else {
                open->text += line + '\n';
            }
        } else if (line.starts_with(fence)) {
            open = parse_info(std::string_view{line}.substr(fence.size()), number);
            if (!is_known(*open)) {
                fail(result.name, number, "what is to become of this block? " + line);
            }
            if (result.sections.empty()) {
                fail(result.name, number, "a block before the first heading");
            }
        } else if (line.find(fence) != std::string::npos) {
            fail(result.name, number, "a fence that does not begin its line would not be run");
        } else if (is_heading(line)) {
            result.sections.push_back({line.substr(line.find(' ') + 1), {}});
        }
    }
    if (open) {
        fail(result.name, open->line, "this block is never closed");
    }
    return result;
}

std::vector<step> parse_console(const block& console) {
    std::vector<step> steps;
    std::size_t number = console.line - 1;
    bool in_command = false;
    std::istringstream lines{console.text};
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.starts_with("$ ")) {
            steps.push_back({line.substr(2), {}, number});
            in_command = true;
        } else if (steps.empty()) {
            throw std::runtime_error("line " + std::to_string(number) + ": a console block begins with a command");
        } else if (in_command && line.starts_with("> ")) {
            steps.back().command += '\n' + line.substr(2);
        } else {
            steps.back().expected.push_back(line);
            in_command = false;
        }
    }
    if (steps.empty()) {
        throw std::runtime_error("line " + std::to_string(console.line) + ": an empty console block");
    }
    return steps;
}

}  // namespace hookd::test::docs
