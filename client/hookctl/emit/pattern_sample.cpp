// SPDX-License-Identifier: BSL-1.0
#include "pattern_sample.hpp"

#include <base/text/utf8.hpp>

#include <algorithm>
#include <bitset>
#include <charconv>

namespace hookd::hookctl {

namespace {

constexpr std::size_t longest_sample = 4096;
constexpr int deepest_group = 64;

using ascii_set = std::bitset<128>;

ascii_set range(char first, char last) {
    ascii_set set;
    for (auto c = static_cast<unsigned char>(first); c <= static_cast<unsigned char>(last); ++c) {
        set.set(c);
    }
    return set;
}

/// Of `\d`, `\w` and `\s`; empty for any other letter.
ascii_set set_called(char letter) {
    if (letter == 'd') {
        return range('0', '9');
    }
    if (letter == 'w') {
        return range('0', '9') | range('A', 'Z') | range('a', 'z') | range('_', '_');
    }
    return letter == 's' ? range(' ', ' ') | range('\t', '\r') : ascii_set{};
}

/// The character that `\` and this one stand for; nothing if they stand for something else.
std::optional<char> escaped(char letter) {
    switch (letter) {
        case 'n':
            return '\n';
        case 't':
            return '\t';
        case 'r':
            return '\r';
        default:
            break;
    }
    const bool is_special =
        (range('0', '9') | range('A', 'Z') | range('a', 'z')).test(static_cast<unsigned char>(letter) & 0x7FU);
    return is_special || static_cast<unsigned char>(letter) > 0x7F ? std::nullopt : std::optional(letter);
}

struct unknown_pattern {};

/// Reads a pattern from left to right.
class pattern_sampler {
public:
    /// `further`: how often more than it must each repetition without an upper bound is repeated.
    pattern_sampler(std::string_view pattern, std::size_t further) : rest_(pattern), further_(further) {}

    std::string take() {
        auto text = alternatives(0);
        if (!rest_.empty()) {
            throw unknown_pattern{};
        }
        return text;
    }

private:
    [[nodiscard]] bool skip(std::string_view prefix) {
        const bool is_there = rest_.starts_with(prefix);
        rest_.remove_prefix(is_there ? prefix.size() : 0);
        return is_there;
    }

    char next() {
        if (rest_.empty()) {
            throw unknown_pattern{};
        }
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    std::string alternatives(int depth) {
        auto text = sequence(depth);
        while (skip("|")) {
            (void)sequence(depth);
        }
        return text;
    }

    std::string sequence(int depth) {
        if (depth > deepest_group) {
            throw unknown_pattern{};
        }
        std::string text;
        while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
            if (skip("^") || skip("$")) {
                continue;
            }
            const auto one = atom(depth);
            const auto count = repetitions();
            if (count * std::max<std::size_t>(one.size(), 1) > longest_sample - std::min(longest_sample, text.size())) {
                throw unknown_pattern{};
            }
            for (std::size_t i = 0; i < count; ++i) {
                text += one;
            }
        }
        return text;
    }

    std::string atom(int depth) {
        if (skip("(")) {
            if (!skip("?:") && rest_.starts_with('?')) {
                throw unknown_pattern{};
            }
            auto text = alternatives(depth + 1);
            if (!skip(")")) {
                throw unknown_pattern{};
            }
            return text;
        }
        if (skip("[")) {
            return std::string(1, one_of_class());
        }
        if (skip("\\")) {
            const char letter = next();
            const auto set = set_called(letter);
            return std::string(1, set.any() ? pick(set) : literal(letter));
        }
        if (skip(".")) {
            return "a";
        }
        if (rest_.find_first_of("*+?{") == 0) {
            throw unknown_pattern{};
        }
        const auto character = rest_.substr(0, base::character_end(rest_, 0));
        rest_.remove_prefix(character.size());
        return std::string(character);
    }

    static char literal(char letter) {
        const auto c = escaped(letter);
        if (!c) {
            throw unknown_pattern{};
        }
        return *c;
    }

    /// The first letter or digit of the set, else its first printable character.
    static char pick(const ascii_set& set) {
        for (const auto& preferred : {range('a', 'z'), range('0', '9'), range('A', 'Z'), range('!', '~'), set}) {
            for (std::size_t c = 0; c < set.size(); ++c) {
                if (set.test(c) && preferred.test(c)) {
                    return static_cast<char>(c);
                }
            }
        }
        throw unknown_pattern{};
    }

    char one_of_class() {
        const bool is_negated = skip("^");
        ascii_set set;
        while (!skip("]")) {
            const char first = class_member(set);
            if (first != '\0' && rest_.starts_with('-') && !rest_.starts_with("-]")) {
                rest_.remove_prefix(1);
                const char last = class_member(set);
                if (last < first) {
                    throw unknown_pattern{};
                }
                set |= range(first, last);
            } else if (first != '\0') {
                set.set(static_cast<std::size_t>(first));
            }
        }
        return pick(is_negated ? ~set : set);
    }

    /// A character; NUL after a set, which is added.
    char class_member(ascii_set& set) {
        const char c = next();
        if (c == '\\') {
            const char letter = next();
            const auto named = set_called(letter);
            set |= named;
            return named.any() ? '\0' : literal(letter);
        }
        if (static_cast<unsigned char>(c) > 0x7F || c == '\0') {
            throw unknown_pattern{};
        }
        return c;
    }

    std::size_t repetitions() {
        std::size_t count = 1;
        if (skip("*")) {
            count = further_;
        } else if (skip("+")) {
            count = std::max<std::size_t>(further_, 1);
        } else if (skip("?")) {
            count = 0;
        } else if (skip("{")) {
            count = counted();
        } else {
            return count;
        }
        (void)skip("?");  // lazy
        return count;
    }

    std::size_t counted() {
        const auto inside = rest_.substr(0, rest_.find('}'));
        std::size_t count = 0;
        const auto [end, failure] = std::from_chars(inside.data(), inside.data() + inside.size(), count);
        if (inside.size() == rest_.size() || failure != std::errc{} || count > longest_sample) {
            throw unknown_pattern{};
        }
        const auto after = inside.substr(static_cast<std::size_t>(end - inside.data()));
        rest_.remove_prefix(inside.size() + 1);
        return after == "," ? std::max(count, further_) : count;
    }

    std::string_view rest_;
    std::size_t further_;
};

}  // namespace

std::optional<std::string> pattern_sample(std::string_view pattern, std::size_t least) {
    try {
        auto text = pattern_sampler(pattern, 0).take();
        return base::character_count(text) < least ? pattern_sampler(pattern, least).take() : text;
    } catch (const unknown_pattern&) {
        return std::nullopt;
    }
}

}  // namespace hookd::hookctl
