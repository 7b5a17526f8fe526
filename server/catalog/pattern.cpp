// SPDX-License-Identifier: BSL-1.0
#include "pattern.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

// Thompson's construction: the pattern is parsed to a tree, the tree becomes a program, and the program runs on all
// alternatives at once.
namespace hookd::catalogs {
namespace {

using operation = pattern::instruction::operation;

constexpr unsigned unlimited = std::numeric_limits<unsigned>::max();
constexpr unsigned most_repeats = 1000;
constexpr std::size_t most_instructions = 10'000;
constexpr int deepest_group = 100;
constexpr char32_t last_code = 0x10FFFF;

struct node {
    enum class kind : std::uint8_t { nothing, one_of, sequence, choice, repeat, assertion };
    kind is = kind::nothing;
    std::vector<node> children{};
    std::uint32_t set = 0;
    unsigned least = 0;
    unsigned most = 0;
    operation assertion = operation::at_begin;
};

bool is_word(char32_t code) noexcept {
    return (code >= U'a' && code <= U'z') || (code >= U'A' && code <= U'Z') || (code >= U'0' && code <= U'9') ||
           code == U'_';
}

// The characters of a class escape; its capital letter is all others.
std::vector<pattern::code_range> class_of(char32_t letter) {
    switch (letter) {
        case U'd':
            return {{U'0', U'9'}};
        case U'w':
            return {{U'0', U'9'}, {U'A', U'Z'}, {U'_', U'_'}, {U'a', U'z'}};
        default:
            return {{0x09, 0x0D}, {0x20, 0x20}, {0xA0, 0xA0}, {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029},
                {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
    }
}

std::vector<pattern::code_range> all_but(const std::vector<pattern::code_range>& ascending) {
    std::vector<pattern::code_range> result;
    char32_t next = 0;
    for (const auto& each : ascending) {
        if (each.first > next) {
            result.push_back({next, each.first - 1});
        }
        next = each.last + 1;
    }
    result.push_back({next, last_code});
    return result;
}

class parser {
public:
    parser(std::string_view text, std::vector<pattern::code_set>& sets) : sets_(sets) {
        for (std::size_t at = 0; at < text.size();) {
            text_.push_back(take_code_point(text, at));
        }
    }

    node parse() {
        auto whole = choice();
        if (at_ != text_.size()) {
            refuse("a ) has no ( before it");
        }
        return whole;
    }

private:
    [[noreturn]] static void refuse(const std::string& why) { throw std::invalid_argument(why); }

    [[nodiscard]] bool ended() const noexcept { return at_ == text_.size(); }
    [[nodiscard]] bool is(char32_t code) const noexcept { return !ended() && text_[at_] == code; }
    bool skip(char32_t code) {
        const bool there = is(code);
        at_ += there ? 1 : 0;
        return there;
    }
    char32_t take(const char* missing) {
        if (ended()) {
            refuse(missing);
        }
        return text_[at_++];
    }

    node choice() {
        if (++depth_ > deepest_group) {
            refuse("its groups are nested more than 100 deep");
        }
        node result{.is = node::kind::choice};
        do {
            result.children.push_back(sequence());
        } while (skip(U'|'));
        --depth_;
        return result;
    }

    node sequence() {
        node result{.is = node::kind::sequence};
        while (!ended() && !is(U'|') && !is(U')')) {
            result.children.push_back(repeated());
        }
        return result;
    }

    node repeated() {
        auto what = single();
        unsigned least = 0;
        unsigned most = unlimited;
        if (skip(U'*')) {
        } else if (skip(U'+')) {
            least = 1;
        } else if (skip(U'?')) {
            most = 1;
        } else if (!counts(least, most)) {
            return what;
        }
        if (what.is == node::kind::assertion) {
            refuse("a repeat follows an assertion such as ^");
        }
        (void)skip(U'?');  // lazy or greedy: that matters for what is captured only
        if (is(U'*') || is(U'+') || is(U'?')) {
            refuse("a repeat follows a repeat");
        }
        node result{.is = node::kind::repeat, .least = least, .most = most};
        result.children.push_back(std::move(what));
        return result;
    }

    // {n}, {n,} or {n,m}; a brace that begins none of these is a character.
    bool counts(unsigned& least, unsigned& most) {
        const auto begin = at_;
        if (!skip(U'{') || !number(least)) {
            at_ = begin;
            return false;
        }
        most = least;
        if (skip(U',') && !number(most)) {
            most = unlimited;
        }
        if (!skip(U'}')) {
            at_ = begin;
            return false;
        }
        if (least > most_repeats || (most != unlimited && most > most_repeats)) {
            refuse("a repeat counts to more than 1000");
        }
        if (least > most) {
            refuse("a repeat counts backwards");
        }
        return true;
    }

    bool number(unsigned& value) {
        const auto begin = at_;
        value = 0;
        while (!ended() && text_[at_] >= U'0' && text_[at_] <= U'9') {
            value = std::min(most_repeats + 1, value * 10 + static_cast<unsigned>(text_[at_++] - U'0'));
        }
        return at_ != begin;
    }

    node single() {
        const auto code = take("it ends too early");
        switch (code) {
            case U'.':
                return one_of({.ranges = {{U'\n', U'\n'}, {U'\r', U'\r'}, {0x2028, 0x2029}}, .negated = true});
            case U'^':
                return {.is = node::kind::assertion, .assertion = operation::at_begin};
            case U'$':
                return {.is = node::kind::assertion, .assertion = operation::at_end};
            case U'(':
                return group();
            case U'[':
                return bracket();
            case U'\\':
                return escape();
            case U'*':
            case U'+':
            case U'?':
                refuse("a repeat has nothing before it");
            default:
                return one_of({.ranges = {{code, code}}});
        }
    }

    node group() {
        if (skip(U'?')) {
            if (is(U'=') || is(U'!')) {
                refuse("look-ahead, (?= and (?!, is not supported");
            }
            if (skip(U'<')) {
                if (is(U'=') || is(U'!')) {
                    refuse("look-behind, (?<= and (?<!, is not supported");
                }
                while (take("the name of a group has no end") != U'>') {
                }
            } else if (!skip(U':')) {
                refuse("an unknown kind of group: ( and (?: are known");
            }
        }
        auto inner = choice();
        if (!skip(U')')) {
            refuse("a ( has no ) after it");
        }
        return inner;
    }

    node escape() {
        if (is(U'b') || is(U'B')) {
            return {.is = node::kind::assertion,
                .assertion = text_[at_++] == U'b' ? operation::at_boundary : operation::not_at_boundary};
        }
        if (!ended() && ((text_[at_] >= U'1' && text_[at_] <= U'9') || text_[at_] == U'k')) {
            refuse("back references are not supported");
        }
        pattern::code_set set;
        add_escaped(set.ranges);
        return one_of(std::move(set));
    }

    node bracket() {
        pattern::code_set set;
        set.negated = skip(U'^');
        while (!skip(U']')) {
            const auto first = bracket_item(set.ranges);
            if (!first || !is(U'-') || at_ + 1 >= text_.size() || text_[at_ + 1] == U']') {
                continue;
            }
            ++at_;
            const auto last = bracket_item(set.ranges);
            if (!last) {
                set.ranges.push_back({U'-', U'-'});  // [a-\d]: the dash is one of the characters
                continue;
            }
            if (*last < *first) {
                refuse("a range in [] runs backwards");
            }
            set.ranges.push_back({*first, *last});
        }
        return one_of(std::move(set));
    }

    // Adds one character, which may begin or end a range, or a class, which may not.
    std::optional<char32_t> bracket_item(std::vector<pattern::code_range>& ranges) {
        const auto code = take("a [ has no ] after it");
        if (code != U'\\') {
            ranges.push_back({code, code});
            return code;
        }
        if (skip(U'b')) {
            ranges.push_back({0x08, 0x08});
            return 0x08;
        }
        return add_escaped(ranges);
    }

    std::optional<char32_t> add_escaped(std::vector<pattern::code_range>& ranges) {
        const auto code = take("it ends with a single \\");
        const char32_t small = code | 0x20U;
        if (small == U'd' || small == U'w' || small == U's') {
            const auto members = code == small ? class_of(small) : all_but(class_of(small));
            ranges.insert(ranges.end(), members.begin(), members.end());
            return std::nullopt;
        }
        const auto meant = escaped(code);
        ranges.push_back({meant, meant});
        return meant;
    }

    char32_t escaped(char32_t code) {
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
                return 0;
            case U'x':
                return hex(2);
            case U'u': {
                const auto unit = hex(4);
                if (unit >= 0xD800 && unit < 0xDC00 && is(U'\\') && at_ + 1 < text_.size() && text_[at_ + 1] == U'u') {
                    at_ += 2;
                    const auto low = hex(4);
                    if (low >= 0xDC00 && low < 0xE000) {
                        return 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
                    }
                    refuse("a \\u escape is half a surrogate pair");
                }
                return unit;
            }
            default:
                if (is_word(code)) {
                    refuse(std::string{"the escape \\"} + static_cast<char>(code) + " is not supported");
                }
                return code;
        }
    }

    char32_t hex(int digits) {
        char32_t value = 0;
        for (int i = 0; i < digits; ++i) {
            const auto code = take("an escape lacks hexadecimal digits");
            const char32_t small = code | 0x20U;
            if (code >= U'0' && code <= U'9') {
                value = value * 16 + (code - U'0');
            } else if (small >= U'a' && small <= U'f') {
                value = value * 16 + (small - U'a' + 10);
            } else {
                refuse("an escape lacks hexadecimal digits");
            }
        }
        return value;
    }

    node one_of(pattern::code_set set) {
        set.order();
        sets_.push_back(std::move(set));
        return {.is = node::kind::one_of, .set = static_cast<std::uint32_t>(sets_.size() - 1)};
    }

    std::vector<char32_t> text_{};
    std::size_t at_ = 0;
    int depth_ = 0;
    std::vector<pattern::code_set>& sets_;
};

class writer {
public:
    explicit writer(std::vector<pattern::instruction>& program) : program_(program) {}

    void write(const node& what) {
        switch (what.is) {
            case node::kind::nothing:
                break;
            case node::kind::one_of:
                add(operation::one_of, what.set);
                break;
            case node::kind::assertion:
                add(what.assertion);
                break;
            case node::kind::sequence:
                for (const auto& each : what.children) {
                    write(each);
                }
                break;
            case node::kind::choice:
                write_choice(what);
                break;
            case node::kind::repeat:
                write_repeat(what);
                break;
        }
    }

    std::uint32_t add(operation what, std::uint32_t first = 0) {
        if (program_.size() == most_instructions) {
            throw std::invalid_argument("it is too large: its repeats multiply to more than 10000 characters");
        }
        program_.push_back({what, first, 0});
        return static_cast<std::uint32_t>(program_.size() - 1);
    }

private:
    [[nodiscard]] std::uint32_t here() const noexcept { return static_cast<std::uint32_t>(program_.size()); }

    void write_choice(const node& what) {
        std::vector<std::uint32_t> ends;
        for (std::size_t i = 0; i < what.children.size(); ++i) {
            if (i + 1 == what.children.size()) {
                write(what.children[i]);
                break;
            }
            const auto fork = add(operation::fork, here() + 1);
            write(what.children[i]);
            ends.push_back(add(operation::jump));
            program_[fork].second = here();
        }
        for (const auto end : ends) {
            program_[end].first = here();
        }
    }

    void write_repeat(const node& what) {
        const auto& body = what.children.front();
        const auto begin = here();
        for (unsigned i = 0; i < what.least; ++i) {
            write(body);
            if (here() == begin) {
                return;  // a body that is nothing stays nothing
            }
        }
        if (what.most == unlimited) {
            const auto fork = add(operation::fork, here() + 1);
            write(body);
            add(operation::jump, fork);
            program_[fork].second = here();
            return;
        }
        std::vector<std::uint32_t> forks;
        for (unsigned i = what.least; i < what.most; ++i) {
            forks.push_back(add(operation::fork, here() + 1));
            write(body);
        }
        for (const auto fork : forks) {
            program_[fork].second = here();
        }
    }

    std::vector<pattern::instruction>& program_;
};

/// The places of the program that are alive at one place of the subject.
class run {
public:
    run(const std::vector<pattern::instruction>& program, std::size_t& steps)
        : program_(program), seen_(program.size(), 0), steps_(steps) {}

    void begin_place(std::optional<char32_t> before, std::optional<char32_t> after) {
        before_ = before;
        after_ = after;
        alive_.clear();
        ++place_;
    }

    /// Follows all that needs no character. Whether that ends in a match; `exhausted()` where the steps have run out.
    bool enter(std::uint32_t at) {
        open_.push_back(at);
        while (!open_.empty()) {
            const auto next = open_.back();
            open_.pop_back();
            if (seen_[next] == place_) {
                continue;
            }
            if (steps_ == 0) {
                exhausted_ = true;
                return false;
            }
            --steps_;
            seen_[next] = place_;
            const auto& each = program_[next];
            switch (each.what) {
                case operation::accept:
                    return true;
                case operation::one_of:
                    alive_.push_back(next);
                    break;
                case operation::jump:
                    open_.push_back(each.first);
                    break;
                case operation::fork:
                    open_.push_back(each.second);
                    open_.push_back(each.first);
                    break;
                default:
                    if (holds(each.what)) {
                        open_.push_back(next + 1);
                    }
                    break;
            }
        }
        return false;
    }

    [[nodiscard]] const std::vector<std::uint32_t>& alive() const noexcept { return alive_; }
    [[nodiscard]] bool exhausted() const noexcept { return exhausted_; }

private:
    [[nodiscard]] bool holds(operation assertion) const noexcept {
        const bool boundary = (before_ && is_word(*before_)) != (after_ && is_word(*after_));
        switch (assertion) {
            case operation::at_begin:
                return !before_;
            case operation::at_end:
                return !after_;
            case operation::at_boundary:
                return boundary;
            default:
                return !boundary;
        }
    }

    const std::vector<pattern::instruction>& program_;
    std::vector<std::size_t> seen_;
    std::size_t place_ = 0;
    std::vector<std::uint32_t> alive_{};
    std::vector<std::uint32_t> open_{};
    std::optional<char32_t> before_{};
    std::optional<char32_t> after_{};
    std::size_t& steps_;
    bool exhausted_ = false;
};

}  // namespace

void pattern::code_set::order() {
    std::sort(ranges.begin(), ranges.end(), [](const code_range& a, const code_range& b) { return a.first < b.first; });
    std::vector<code_range> apart;
    for (const auto& each : ranges) {
        if (apart.empty() || each.first > apart.back().last) {
            apart.push_back(each);
        } else {
            apart.back().last = std::max(apart.back().last, each.last);
        }
    }
    ranges = std::move(apart);
}

bool pattern::code_set::has(char32_t code) const noexcept {
    const auto after = std::upper_bound(
        ranges.begin(), ranges.end(), code, [](char32_t c, const code_range& each) { return c < each.first; });
    const bool listed = after != ranges.begin() && code <= std::prev(after)->last;
    return listed != negated;
}

char32_t take_code_point(std::string_view text, std::size_t& at) noexcept {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80) {
        return lead;
    }
    const int following = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    char32_t code = lead & (0x3FU >> following);
    for (int i = 0; i < following && at < text.size(); ++i) {
        code = (code << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
    }
    return code;
}

pattern::pattern(std::string_view text) {
    const auto tree = parser{text, sets_}.parse();
    writer program{program_};
    program.write(tree);
    program.add(operation::accept);
}

std::optional<bool> pattern::found_in(std::string_view subject, std::size_t& steps) const {
    // To begin costs something, too, where the pattern is large: many short texts are no way around the bound.
    constexpr std::size_t begun_in_a_step = 32;
    const auto to_begin = program_.size() / begun_in_a_step;
    if (to_begin > steps) {
        steps = 0;
        return std::nullopt;
    }
    steps -= to_begin;
    run places{program_, steps};
    const bool begins_only_at_begin = program_.front().what == operation::at_begin;
    std::vector<std::uint32_t> entered;
    std::optional<char32_t> before;
    for (std::size_t at = 0;;) {
        std::optional<char32_t> after;
        if (at < subject.size()) {
            after = take_code_point(subject, at);
        }
        places.begin_place(before, after);
        if (!before || !begins_only_at_begin) {
            entered.push_back(0);  // a match may begin here
        } else if (entered.empty()) {
            return false;
        }
        for (const auto each : entered) {
            if (places.enter(each)) {
                return true;
            }
            if (places.exhausted()) {
                return std::nullopt;
            }
        }
        if (!after) {
            return false;
        }
        entered.clear();
        for (const auto each : places.alive()) {
            if (sets_[program_[each].first].has(*after)) {
                entered.push_back(each + 1);
            }
        }
        before = after;
    }
}

}  // namespace hookd::catalogs
