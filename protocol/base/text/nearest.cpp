// SPDX-License-Identifier: BSL-1.0
#include "nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>

namespace hookd::base {

namespace {

/// Their distance where it is below `limit`, by which their lengths may not differ; else `limit`.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit) {
    // Three rows of the usual table: a swap of two letters looks back two rows. What is `limit` or more off the
    // diagonal is too far.
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    std::size_t last_least = 0;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        const std::size_t first = i > limit ? i - limit : 1;
        const std::size_t end = std::min(b.size(), i + limit);
        row[first - 1] = first == 1 ? i : limit;
        std::size_t least = row[first - 1];
        for (std::size_t j = first; j <= end; ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
            least = std::min(least, row[j]);
        }
        if (end < b.size()) {
            row[end + 1] = limit;
        }
        // All that follows comes from this row, or by a swap, which costs one, from the row before.
        if (least >= limit && last_least + 1 >= limit) {
            return limit;
        }
        last_least = least;
        before_last.swap(last);
        last.swap(row);
    }
    return std::min(last[b.size()], limit);
}

/// What counts of a name: `PrePush`, `PRE_PUSH` and `pre-push` are one, written by different customs.
std::string letters_of(std::string_view name) {
    std::string letters;
    for (const char c : name) {
        if (c >= 'A' && c <= 'Z') {
            letters += static_cast<char>(c - 'A' + 'a');
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            letters += c;
        }
    }
    return letters;
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    constexpr std::size_t longest_ordinary = 64;
    constexpr std::size_t most_in_long_ones = 4;
    const auto wanted = letters_of(word);
    if (wanted.empty()) {
        return {};
    }
    std::vector<std::string> names(candidates.size());
    std::transform(candidates.begin(), candidates.end(), names.begin(), letters_of);
    std::string_view best;
    std::size_t best_distance =
        wanted.size() > longest_ordinary ? most_in_long_ones + 1 : std::max<std::size_t>(wanted.size() / 3, 1) + 1;
    for (std::size_t i = 0; i < names.size(); ++i) {
        // Each letter more or less counts, so most candidates need no closer look.
        const auto difference = std::max(wanted.size(), names[i].size()) - std::min(wanted.size(), names[i].size());
        if (difference >= best_distance) {
            continue;
        }
        if (const auto d = distance(wanted, names[i], best_distance); d < best_distance) {
            best = candidates[i];
            best_distance = d;
        }
    }
    if (!best.empty() || wanted.size() < 2) {
        return best;
    }
    const auto begins = [&wanted](const std::string& name) { return name.starts_with(wanted); };
    if (std::count_if(names.begin(), names.end(), begins) == 1) {
        return candidates[static_cast<std::size_t>(std::find_if(names.begin(), names.end(), begins) - names.begin())];
    }
    return {};
}

}  // namespace hookd::base
