// SPDX-License-Identifier: BSL-1.0
#include "name_set.hpp"

#include <base/json/scanner.hpp>

#include <algorithm>
#include <string>

namespace hookd::protocol::detail {

namespace {

/// Order of names after decoding. Only names whose hashes are equal are compared, so copies are rare.
bool name_less(base::json_string left, base::json_string right) {
    if (!left.has_escapes() && !right.has_escapes()) {
        return left.raw < right.raw;
    }
    return left.decode() < right.decode();
}

/// FNV-1a, 32 bits, of the decoded name.
std::uint32_t name_hash(base::json_string name) {
    const auto hash_of = [](std::string_view bytes) {
        std::uint32_t hash = 2166136261U;
        for (const char c : bytes) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
        }
        return hash;
    };
    return name.has_escapes() ? hash_of(name.decode()) : hash_of(name.raw);
}

}  // namespace

void name_set::add_to_many(base::json_string name) {
    if (many_.empty()) {
        for (const base::json_string& early : first_) {
            many_.push_back(
                std::uint64_t{name_hash(early)} << 32U | static_cast<std::uint32_t>(early.raw.data() - text_.data()));
        }
    }
    many_.push_back(std::uint64_t{name_hash(name)} << 32U | static_cast<std::uint32_t>(name.raw.data() - text_.data()));
}

base::json_string name_set::name_at(std::uint64_t entry) const noexcept {
    // The name was a valid string when it was added, so its closing quote is there.
    const char* const begin = text_.data() + static_cast<std::uint32_t>(entry);
    base::json_scanner scanner{text_};
    const char* const after = scanner.skip_string(begin - 1);
    return {{begin, static_cast<std::size_t>(after - 1 - begin)}};
}

std::optional<base::json_string> name_set::find_repeated() {
    std::sort(many_.begin(), many_.end());
    const auto hash_of = [](std::uint64_t entry) { return entry >> 32U; };
    for (auto run = many_.begin(); run != many_.end() && !repeated_;) {
        const auto run_end =
            std::find_if(run, many_.end(), [&](std::uint64_t entry) { return hash_of(entry) != hash_of(*run); });
        if (run_end - run > 1) {
            std::sort(run, run_end,
                [this](std::uint64_t left, std::uint64_t right) { return name_less(name_at(left), name_at(right)); });
            const auto twin = std::adjacent_find(run, run_end,
                [this](std::uint64_t left, std::uint64_t right) { return !name_less(name_at(left), name_at(right)); });
            if (twin != run_end) {
                repeated_ = name_at(*twin);
            }
        }
        run = run_end;
    }
    return repeated_;
}

}  // namespace hookd::protocol::detail
