// SPDX-License-Identifier: BSL-1.0
#include "glob.hpp"

#include "utf8.hpp"

namespace hookd::base {

bool glob_matches(std::string_view pattern, std::string_view name) noexcept {
    // Only the last star needs to be taken back: an earlier one that took more would leave the later one less to choose
    // from.
    constexpr std::size_t none = std::string_view::npos;
    std::size_t p = 0;
    std::size_t n = 0;
    std::size_t star = none;
    std::size_t star_took_to = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_took_to = n;
        } else if (p < pattern.size() && pattern[p] == '?') {
            ++p;
            n = character_end(name, n);
        } else if (p < pattern.size() && pattern[p] == name[n]) {
            ++p;
            ++n;
        } else if (star != none) {
            p = star + 1;
            n = star_took_to = character_end(name, star_took_to);
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') {
        ++p;
    }
    return p == pattern.size();
}

bool is_glob(std::string_view pattern) noexcept { return pattern.find_first_of("*?") != std::string_view::npos; }

bool glob_subject::matches(std::string_view pattern) noexcept {
    // What stands before the first star and after the last one has one place only.
    std::size_t begin = 0;
    for (;; ++begin) {
        ++steps_;
        if (begin == pattern.size()) {
            return begin == name_.size();
        }
        if (pattern[begin] == '*') {
            break;
        }
        if (begin == name_.size() || (pattern[begin] != '?' && pattern[begin] != name_[begin])) {
            return false;
        }
    }
    std::size_t end = name_.size();
    while (pattern.back() != '*') {
        ++steps_;
        if (end == begin || (pattern.back() != '?' && pattern.back() != name_[end - 1])) {
            return false;
        }
        pattern.remove_suffix(1);
        --end;
    }
    return matches_between(pattern.substr(begin), begin, end);
}

// `pattern` begins and ends with a star: whether it matches what of the name is from `begin` to `end`.
bool glob_subject::matches_between(std::string_view pattern, std::size_t begin, std::size_t end) noexcept {
    if (pattern.find_first_not_of('*') == std::string_view::npos) {
        return true;
    }
    place_set at = place_set::from(begin);
    for (const char each : pattern) {
        ++steps_;
        if (each == '*') {
            at = place_set::from(at.lowest());
        } else {
            at = each == '?' ? at.moved_on() : (at & places_of(each)).moved_on();
            if (at.lowest() > end) {
                return false;
            }
        }
    }
    return true;
}

const place_set& glob_subject::places_of(char letter) noexcept {
    if (!places_) {
        auto& all = places_.emplace();
        for (std::size_t i = 0; i < name_.size(); ++i) {
            all[index_of(name_[i])].add(i);
        }
    }
    return (*places_)[index_of(letter)];
}

}  // namespace hookd::base
