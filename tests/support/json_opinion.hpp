// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

/// Boost.JSON as a second opinion on what JSON is. Header only, so that fuzz targets need no library of ours for it.
namespace hookd::test {

enum class opinion { valid, invalid, none };

/// `text` with each escape of a surrogate turned into that of a letter. Boost.JSON refuses lone surrogates, which are
/// grammatical; nothing else about a text's validity depends on which character an escape stands for.
[[nodiscard]] inline std::string without_surrogates(std::string_view text) {
    const auto is_hex = [](char c) {
        return std::string_view{"0123456789abcdefABCDEF"}.find(c) != std::string_view::npos;
    };
    std::string changed{text};
    for (std::size_t at = changed.find("\\u"); at != std::string::npos; at = changed.find("\\u", at + 1)) {
        const std::string_view digits = std::string_view{changed}.substr(at + 2, 4);
        if (digits.size() == 4 && std::all_of(digits.begin(), digits.end(), is_hex) &&
            (digits[0] == 'd' || digits[0] == 'D') && digits[1] >= '8') {
            changed.replace(at + 2, 4, "0041");
        }
    }
    return changed;
}

/// What Boost.JSON's strict parser says about a text nested at most `max_depth` deep. It has no opinion that counts
/// about exponents that overflow an int, which it refuses.
[[nodiscard]] inline opinion opinion_of_boost(std::string_view text, std::size_t max_depth) {
    boost::json::parse_options options;
    options.max_depth = max_depth;
    boost::json::error_code code;
    static_cast<void>(boost::json::parse(without_surrogates(text), code, {}, options));
    if (!code) {
        return opinion::valid;
    }
    return code == boost::json::error::exponent_overflow ? opinion::none : opinion::invalid;
}

}  // namespace hookd::test
