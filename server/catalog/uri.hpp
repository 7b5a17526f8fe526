// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace hookd::catalogs {

/// A URI or a relative reference in its five parts, percent-encoded as they were written (RFC 3986, section 3).
///
/// Ours, although Boost has a library: that of Boost 1.81 aborts on some (boostorg/url, issue 665).
struct uri {
    std::optional<std::string> scheme{};  ///< in lower case
    std::optional<std::string> authority{};
    std::string path{};
    std::optional<std::string> query{};
    std::optional<std::string> fragment{};

    friend auto operator<=>(const uri&, const uri&) = default;
    friend bool operator==(const uri&, const uri&) = default;
};

/// Nothing where `text` is not a URI-reference (RFC 3986, appendix A).
[[nodiscard]] std::optional<uri> parse_uri_reference(std::string_view text);

/// What `reference` means in a text whose URI is `base`, which has a scheme (RFC 3986, section 5.2.2, strictly).
[[nodiscard]] uri resolve(const uri& base, const uri& reference);

/// `text` as a path: what may not stand in one is percent-encoded.
[[nodiscard]] std::string encode_path(std::string_view text);

/// What each %XX of a part stands for in its place.
[[nodiscard]] std::string decode_percent(std::string_view part);

}  // namespace hookd::catalogs
