// SPDX-License-Identifier: BSL-1.0
#include "toml.hpp"

#include <algorithm>
#include <base/text/utf8.hpp>

namespace hookd::hookctl {

namespace {

std::size_t end_of_line(std::string_view text) { return std::min(text.find('\n'), text.size()); }

// Of a string that begins with `quotes`; of one that has no end, up to where toml++ finds that out.
std::size_t end_of_string(std::string_view text, std::string_view quotes) {
    const auto last = quotes.size() == 1 ? end_of_line(text) : text.size();
    for (auto at = quotes.size(); at < last; ++at) {
        if (text.substr(at).starts_with(quotes)) {
            return at + quotes.size();
        }
        at += quotes.front() == '"' && text[at] == '\\' ? 1 : 0;
    }
    return last;
}

// What is a comment, a string or one other character.
std::size_t end_of_token(std::string_view text) {
    for (const std::string_view quotes : {R"(""")", "'''", R"(")", "'"}) {
        if (text.starts_with(quotes)) {
            return end_of_string(text, quotes);
        }
    }
    return text.front() == '#' ? end_of_line(text) : 1;
}

// toml++ 3.3 takes for granted that a character beyond ASCII that stands elsewhere is white space.
void check_characters(std::string_view text) {
    std::size_t at = text.starts_with(base::byte_order_mark) ? base::byte_order_mark.size() : 0;
    for (; at < text.size(); at += std::max<std::size_t>(1, end_of_token(text.substr(at)))) {
        if (static_cast<unsigned char>(text[at]) >= 0x80) {
            const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
            throw toml_fault(static_cast<std::size_t>(line),
                "letters beyond A to Z stand in quotes or comments only: put the name or value in quotes");
        }
    }
}

}  // namespace

void throw_toml_fault() {
    throw toml_fault(0, "it is not valid TOML: look for a [ without the name of a table after it");
}

toml::table parse_toml(std::string_view text) {
    check_characters(text);
    try {
        return toml::parse(text);
    } catch (const toml::parse_error& failure) {
        throw toml_fault(failure.source().begin.line, std::string(failure.description()));
    }
}

}  // namespace hookd::hookctl
