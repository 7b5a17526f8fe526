#include "nearest_name.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace hookd::core {
namespace {

/// Letters to insert, remove or replace to make `to` of `from` (Levenshtein).
std::size_t edits(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
    const std::size_t allowed = std::min<std::size_t>(2, word.size() / 3);
    const std::string* best = nullptr;
    std::size_t fewest = allowed + 1;
    for (const auto& name : names) {
        // Each letter more or less is an edit, so most names need no closer look.
        const auto difference = std::max(word.size(), name.size()) - std::min(word.size(), name.size());
        const auto needed = difference < fewest ? edits(word, name) : fewest;
        if (needed < fewest) {
            fewest = needed;
            best = &name;
        }
    }
    if (best != nullptr) {
        return *best;
    }
    const auto begins = [word](const std::string& name) { return name.compare(0, word.size(), word) == 0; };
    if (word.size() > 2 && std::count_if(names.begin(), names.end(), begins) == 1) {
        return *std::find_if(names.begin(), names.end(), begins);
    }
    return {};
}

}  // namespace hookd::core
