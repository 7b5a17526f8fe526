// SPDX-License-Identifier: BSL-1.0
#include "pattern_syntax.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

// One pass over the pattern, which writes RE2's syntax as it reads that of ECMA 262. Where the two differ:
//
//   ECMA 262            RE2
//   ^ $                 \A \z
//   .                   all but the four line terminators
//   \s                  the white space of ECMA 262; \d \w \b are the same in both
//   [] [^]              a class of nothing, and one of everything
//   \B                  RE2 tries it between the bytes of a character, too: the search then moves by characters
//   \p{Letter}          \p{L}; \p{Script=Greek} is \p{Greek}
//   x{n}                nested counts multiply to at most 1000, so that larger ones become several in a row
namespace hookd::catalogs {
namespace {

constexpr std::uint64_t most_characters = 10'000;
constexpr std::uint64_t most_counted = 1000;  // by RE2, nested counts multiplied
constexpr int deepest_group = 100;

constexpr std::string_view any_character = R"([\x{0}-\x{10ffff}])";
constexpr std::string_view no_character = R"([^\x{0}-\x{10ffff}])";
constexpr std::string_view no_line_terminator = R"([^\n\r\x{2028}\x{2029}])";
constexpr std::string_view space = R"(\x{9}-\x{d}\x{20}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029})"
                                   R"(\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view no_space = R"(\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff})"
                                      R"(\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff})"
                                      R"(\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";

struct category {
    std::string_view name;
    std::string_view long_name;
};
// General categories (UAX #44) but those that RE2 does not know: unassigned characters, and what includes them.
constexpr std::array categories{category{"L", "Letter"}, category{"Lu", "Uppercase_Letter"},
    category{"Ll", "Lowercase_Letter"}, category{"Lt", "Titlecase_Letter"}, category{"Lm", "Modifier_Letter"},
    category{"Lo", "Other_Letter"}, category{"M", "Mark"}, category{"M", "Combining_Mark"},
    category{"Mn", "Nonspacing_Mark"}, category{"Mc", "Spacing_Mark"}, category{"Me", "Enclosing_Mark"},
    category{"N", "Number"}, category{"Nd", "Decimal_Number"}, category{"Nd", "digit"}, category{"Nl", "Letter_Number"},
    category{"No", "Other_Number"}, category{"P", "Punctuation"}, category{"P", "punct"},
    category{"Pc", "Connector_Punctuation"}, category{"Pd", "Dash_Punctuation"}, category{"Ps", "Open_Punctuation"},
    category{"Pe", "Close_Punctuation"}, category{"Pi", "Initial_Punctuation"}, category{"Pf", "Final_Punctuation"},
    category{"Po", "Other_Punctuation"}, category{"S", "Symbol"}, category{"Sm", "Math_Symbol"},
    category{"Sc", "Currency_Symbol"}, category{"Sk", "Modifier_Symbol"}, category{"So", "Other_Symbol"},
    category{"Z", "Separator"}, category{"Zs", "Space_Separator"}, category{"Zl", "Line_Separator"},
    category{"Zp", "Paragraph_Separator"}, category{"Cc", "Control"}, category{"Cc", "cntrl"}, category{"Cf", "Format"},
    category{"Cs", "Surrogate"}, category{"Co", "Private_Use"}};

bool is_digit(char32_t code) noexcept { return code >= U'0' && code <= U'9'; }
bool is_letter(char32_t code) noexcept { return (code >= U'a' && code <= U'z') || (code >= U'A' && code <= U'Z'); }
bool is_word(char32_t code) noexcept { return is_letter(code) || is_digit(code) || code == U'_'; }
bool is_surrogate(char32_t code) noexcept { return code >= 0xD800 && code < 0xE000; }

std::vector<char32_t> code_points_of(std::string_view text) {
    std::vector<char32_t> codes;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i++]);
        const int following = lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
        char32_t code = following == 0 ? lead : lead & (0x3FU >> following);
        for (int count = 0; count < following && i < text.size(); ++count) {
            code = (code << 6U) | (static_cast<unsigned char>(text[i++]) & 0x3FU);
        }
        codes.push_back(code);
    }
    return codes;
}

std::string literal(char32_t code) {
    if (is_word(code)) {
        return std::string(1, static_cast<char>(code));
    }
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "\\x{%x}", static_cast<unsigned>(code));
    return text.data();
}

std::string grouped(const std::string& text) { return "(?:" + text + ")"; }

/// A part of the pattern in RE2's syntax.
struct part {
    std::string text{};
    std::uint64_t characters = 0;  ///< that it may consume, repeats of a choice counted once each
    std::uint64_t counted = 1;     ///< its nested counts, multiplied
    bool is_assertion = false;
};

struct counts {
    std::uint64_t least = 0;
    std::optional<std::uint64_t> most{};
};

class translator {
public:
    explicit translator(std::string_view pattern) : input_(code_points_of(pattern)) {}

    std::string translate() {
        const auto whole = choice();
        if (!ended()) {
            refuse("a ) has no ( before it");
        }
        return has_no_boundary_ ? "\\A" + std::string{any_character} + "*?" + grouped(whole.text) : whole.text;
    }

private:
    [[noreturn]] static void refuse(const std::string& reason) { throw std::invalid_argument(reason); }

    [[nodiscard]] bool ended() const noexcept { return next_ == input_.size(); }
    [[nodiscard]] bool is_next(char32_t code) const noexcept { return !ended() && input_[next_] == code; }
    bool skip(char32_t code) {
        const bool found = is_next(code);
        next_ += found ? 1 : 0;
        return found;
    }
    char32_t take(const char* missing) {
        if (ended()) {
            refuse(missing);
        }
        return input_[next_++];
    }

    part choice() {
        if (++depth_ > deepest_group) {
            refuse("its groups are nested more than 100 deep");
        }
        auto result = sequence();
        while (skip(U'|')) {
            const auto other = sequence();
            result.text += '|' + other.text;
            add_size(result, other);
        }
        --depth_;
        return result;
    }

    part sequence() {
        part result;
        while (!ended() && !is_next(U'|') && !is_next(U')')) {
            const auto each = repeated();
            result.text += each.text;
            add_size(result, each);
        }
        return result;
    }

    static void add_size(part& whole, const part& piece) {
        whole.characters += piece.characters;
        whole.counted = std::max(whole.counted, piece.counted);
        if (whole.characters > most_characters) {
            refuse("it is too large: its repeats multiply to more than 10000 characters");
        }
    }

    // --- repeats ---

    part repeated() {
        auto body = single();
        const auto count = repeat();
        if (!count) {
            return body;
        }
        if (body.is_assertion) {
            refuse("a repeat follows an assertion such as ^");
        }
        (void)skip(U'?');  // lazy or greedy: whether there is a match does not depend on it
        if (repeat()) {
            refuse("a repeat follows a repeat");
        }
        return repeated(body, *count);
    }

    /// What repeats the part before it; nothing if there is no such thing, as where a brace is a character.
    std::optional<counts> repeat() {
        if (skip(U'*')) {
            return counts{0, std::nullopt};
        }
        if (skip(U'+')) {
            return counts{1, std::nullopt};
        }
        if (skip(U'?')) {
            return counts{0, 1};
        }
        const auto begin = next_;
        if (skip(U'{')) {
            if (const auto least = number()) {
                const auto most = skip(U',') ? number() : least;
                if (skip(U'}')) {
                    if (most && *least > *most) {
                        refuse("a repeat counts backwards");
                    }
                    return counts{*least, most};
                }
            }
        }
        next_ = begin;
        return std::nullopt;
    }

    /// Above most_characters: one more.
    std::optional<std::uint64_t> number() {
        if (ended() || !is_digit(input_[next_])) {
            return std::nullopt;
        }
        std::uint64_t value = 0;
        for (; !ended() && is_digit(input_[next_]); ++next_) {
            value = std::min(most_characters + 1, value * 10 + (input_[next_] - U'0'));
        }
        return value;
    }

    static part repeated(const part& body, const counts& count) {
        if (body.characters == 0) {  // it holds once or any number of times
            return {.text = count.least == 0 ? grouped(body.text + "|") : body.text, .counted = body.counted};
        }
        part result;
        add_size(
            result, {.characters = body.characters * std::max<std::uint64_t>(1, count.most.value_or(count.least))});
        const auto at_once = most_counted / body.counted;
        const bool ends_with_plus = !count.most && count.least > 0;
        for (auto left = count.least - (ends_with_plus ? 1 : 0); left > 0; left -= std::min(left, at_once)) {
            append_counted(result, body, {std::min(left, at_once), std::min(left, at_once)});
        }
        if (!count.most) {
            result.text += body.text + (ends_with_plus ? '+' : '*');
            result.counted = std::max(result.counted, body.counted);
        } else if (const auto optional = *count.most - count.least; optional > 0) {
            append_optional(result, body, optional, at_once);
        }
        result.text = grouped(result.text);
        return result;
    }

    static void append_counted(part& out, const part& body, const counts& count) {
        const auto most = count.most.value_or(0);
        if (most > 0) {
            out.text += body.text + "{" + std::to_string(count.least) + "," + std::to_string(most) + "}";
            out.counted = std::max(out.counted, body.counted * most);
        }
    }

    // x{0,n} in steps of m: (x{m}x{0,n-m}|x{0,m-1}). One after the other they could share the characters in many ways,
    // each of them a state.
    static void append_optional(part& out, const part& body, std::uint64_t most, std::uint64_t at_once) {
        if (most <= at_once) {
            append_counted(out, body, {0, most});
            return;
        }
        out.text += "(?:";
        append_counted(out, body, {at_once, at_once});
        append_optional(out, body, most - at_once, at_once);
        out.text += '|';
        append_counted(out, body, {0, at_once - 1});
        out.text += ')';
    }

    // --- what is repeated ---

    part single() {
        if (repeat()) {
            refuse("a repeat has nothing before it");
        }
        const auto code = take("it ends too early");
        switch (code) {
            case U'.':
                return character(std::string{no_line_terminator});
            case U'^':
                return {.text = "\\A", .is_assertion = true};
            case U'$':
                return {.text = "\\z", .is_assertion = true};
            case U'(':
                return group();
            case U'[':
                return bracket();
            case U'\\':
                return escape();
            default:
                return character(literal(code));
        }
    }

    static part character(std::string text) { return {.text = std::move(text), .characters = 1}; }

    part group() {
        if (skip(U'?')) {
            if (is_next(U'=') || is_next(U'!')) {
                refuse("look-ahead, (?= and (?!, is not supported");
            }
            if (skip(U'<')) {
                if (is_next(U'=') || is_next(U'!')) {
                    refuse("look-behind, (?<= and (?<!, is not supported");
                }
                group_name();
            } else if (!skip(U':')) {
                refuse("an unknown kind of group: ( and (?: are known");
            }
        }
        auto inner = choice();
        if (!skip(U')')) {
            refuse("a ( has no ) after it");
        }
        inner.text = grouped(inner.text);
        inner.is_assertion = false;
        return inner;
    }

    /// Its characters may be \u escapes.
    void group_name() {
        for (bool is_first = true;; is_first = false) {
            auto code = take("the name of a group has no end");
            if (code == U'>' && !is_first) {
                return;
            }
            if (code == U'\\' && skip(U'u')) {
                code = unicode_escape();
            }
            if (!(is_word(code) || code == U'$' || code >= 0x80) || (is_first && is_digit(code))) {
                refuse("the name of a group is not an identifier");
            }
        }
    }

    part escape() {
        if (skip(U'b')) {
            return {.text = "\\b", .is_assertion = true};
        }
        if (skip(U'B')) {
            has_no_boundary_ = true;
            return {.text = "\\B", .is_assertion = true};
        }
        if (!ended() && ((input_[next_] >= U'1' && input_[next_] <= U'9') || is_next(U'k'))) {
            refuse("back references are not supported");
        }
        if (const auto members = class_escape()) {
            return character("[" + *members + "]");
        }
        return character(literal(character_escape()));
    }

    part bracket() {
        const bool negated = skip(U'^');
        std::string members;
        while (!skip(U']')) {
            const auto first = bracket_item(members);
            if (!is_next(U'-') || next_ + 1 >= input_.size() || input_[next_ + 1] == U']') {
                members += first ? literal(*first) : "";
                continue;
            }
            ++next_;
            const auto last = bracket_item(members);
            if (first && last && *last < *first) {
                refuse("a range in [] runs backwards");
            }
            // In [a-\d] and [\d-a] the dash is one of the characters.
            members +=
                (first ? literal(*first) : "") + (first && last ? "-" : literal(U'-')) + (last ? literal(*last) : "");
        }
        if (members.empty()) {
            return character(std::string{negated ? any_character : no_character});
        }
        return character((negated ? "[^" : "[") + members + "]");
    }

    /// A character, which may begin or end a range; or nothing, and a class is appended to `members`.
    std::optional<char32_t> bracket_item(std::string& members) {
        const auto code = take("a [ has no ] after it");
        if (code != U'\\') {
            return code;
        }
        if (skip(U'b')) {
            return 0x08;
        }
        if (const auto found = class_escape()) {
            members += *found;
            return std::nullopt;
        }
        return character_escape();
    }

    /// The members of \d and the like, as they stand in RE2's brackets; nothing if the escape is of a character.
    std::optional<std::string> class_escape() {
        const auto code = ended() ? U'\0' : input_[next_];
        switch (code) {
            case U'd':
            case U'D':
            case U'w':
            case U'W':
                ++next_;
                return std::string{'\\', static_cast<char>(code)};
            case U's':
            case U'S':
                ++next_;
                return std::string{code == U's' ? space : no_space};
            case U'p':
            case U'P':
                ++next_;
                return property(static_cast<char>(code));
            default:
                return std::nullopt;
        }
    }

    std::string property(char letter) {
        std::string name;
        if (!skip(U'{')) {
            refuse(std::string{"\\"} + letter + " has no {PROPERTY} after it");
        }
        for (char32_t code = 0; (code = take("a property of Unicode has no } after it")) != U'}';) {
            if (!is_word(code) && code != U'=') {
                refuse("a property of Unicode has a name of A-Z a-z 0-9 _");
            }
            name += static_cast<char>(code);
        }
        const auto equals = name.find('=');
        const auto kind = equals == std::string::npos ? std::string{} : name.substr(0, equals);
        const auto value = kind.empty() ? name : name.substr(equals + 1);
        const auto* const found = std::find_if(categories.begin(), categories.end(),
            [&value](const category& each) { return each.name == value || each.long_name == value; });
        const bool is_category = found != categories.end();
        if (is_category && (name == value || kind == "General_Category" || kind == "gc")) {
            return std::string{"\\"} + letter + "{" + std::string{found->name} + "}";
        }
        if (!is_category && value != "Any" && value.size() > 1 && (kind == "Script" || kind == "sc")) {
            return std::string{"\\"} + letter + "{" + value + "}";
        }
        refuse("the property " + name +
               " of Unicode is not supported; general categories, as \\p{L} or \\p{Letter}, and scripts, as "
               "\\p{Script=Greek}, are");
    }

    char32_t character_escape() {
        const auto code = take("it ends with a single \\");
        switch (code) {
            case U't':
                return U'\t';
            case U'n':
                return U'\n';
            case U'r':
                return U'\r';
            case U'f':
                return U'\f';
            case U'v':
                return U'\v';
            case U'0':
                if (!ended() && is_digit(input_[next_])) {
                    refuse("octal escapes are not supported: write \\x and two hexadecimal digits");
                }
                return 0;
            case U'c': {
                const auto letter = take("\\c has no letter after it");
                if (!is_letter(letter)) {
                    refuse("\\c has no letter after it");
                }
                return letter % 32;
            }
            case U'x':
                return hex_digits(2);
            case U'u':
                return unicode_escape();
            default:
                if (is_word(code)) {
                    refuse(std::string{"the escape \\"} + static_cast<char>(code) + " is not supported");
                }
                return code;
        }
    }

    /// What follows \u: digits in braces, four digits, or a surrogate pair.
    char32_t unicode_escape() { return skip(U'{') ? braced_hex_digits() : code_units(); }

    char32_t code_units() {
        const auto high = hex_digits(4);
        if (!is_surrogate(high)) {
            return high;
        }
        if (high < 0xDC00 && skip(U'\\') && skip(U'u') && !is_next(U'{')) {
            const auto low = hex_digits(4);
            if (low >= 0xDC00 && low < 0xE000) {
                return 0x10000 + ((high - 0xD800) << 10U) + (low - 0xDC00);
            }
        }
        refuse("a \\u escape is half a surrogate pair");
    }

    char32_t braced_hex_digits() {
        char32_t value = 0;
        do {
            value = std::min<char32_t>(0x110000, value * 16 + hex_digits(1));
        } while (!skip(U'}'));
        if (value > 0x10FFFF || is_surrogate(value)) {
            refuse("a \\u{} escape is not a character of Unicode");
        }
        return value;
    }

    char32_t hex_digits(int count) {
        char32_t value = 0;
        for (int i = 0; i < count; ++i) {
            const auto code = take("an escape lacks hexadecimal digits");
            const char32_t small = code | 0x20U;
            if (is_digit(code)) {
                value = value * 16 + (code - U'0');
            } else if (small >= U'a' && small <= U'f') {
                value = value * 16 + (small - U'a' + 10);
            } else {
                refuse("an escape lacks hexadecimal digits");
            }
        }
        return value;
    }

    std::vector<char32_t> input_;
    std::size_t next_ = 0;
    int depth_ = 0;
    bool has_no_boundary_ = false;  // \B
};

}  // namespace

std::string re2_syntax(std::string_view pattern) { return translator{pattern}.translate(); }

}  // namespace hookd::catalogs
