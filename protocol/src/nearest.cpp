#include <hookd/protocol/nearest.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace hookd::protocol {

namespace {

std::size_t distance(std::string_view a, std::string_view b) {
    // Three rows of the usual table: a swap of two letters looks back two rows.
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
    for (const auto candidate : candidates) {
        // Each letter more or less counts, so most candidates need no closer look.
        const auto difference = std::max(word.size(), candidate.size()) - std::min(word.size(), candidate.size());
        if (difference >= best_distance) {
            continue;
        }
        if (const auto d = distance(word, candidate); d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    if (!best.empty() || word.size() < 2) {
        return best;
    }
    const auto begins = [word](std::string_view candidate) { return candidate.substr(0, word.size()) == word; };
    if (std::count_if(candidates.begin(), candidates.end(), begins) == 1) {
        return *std::find_if(candidates.begin(), candidates.end(), begins);
    }
    return {};
}

}  // namespace hookd::protocol
