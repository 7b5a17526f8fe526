// SPDX-License-Identifier: BSL-1.0
#include "url.hpp"

#include <algorithm>
#include <cctype>

namespace hookd::hookctl {

namespace {

bool is_scheme_character(char c) noexcept {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
}

/// The scheme before `end`; a remote helper's name may stand before it: `helper::https://`.
std::string scheme_before(std::string_view url, std::size_t end) {
    auto begin = end;
    while (begin > 0 && is_scheme_character(url[begin - 1])) {
        --begin;
    }
    std::string scheme(url.substr(begin, end - begin));
    std::transform(scheme.begin(), scheme.end(), scheme.begin(),
        [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return scheme;
}

}  // namespace

std::string without_credentials(std::string_view url) {
    constexpr std::string_view separator = "://";
    const auto end = url.find(separator);
    if (end == std::string_view::npos) {
        return std::string(url);
    }
    const auto scheme = scheme_before(url, end);
    const bool user_may_be_a_token = !scheme.ends_with("ssh") && scheme != "git";
    const auto authority = end + separator.size();
    const auto authority_end = std::min(url.find_first_of("/?#", authority), url.size());
    const auto at = url.substr(authority, authority_end - authority).rfind('@');

    std::string result(url.substr(0, authority));
    if (at != std::string_view::npos) {
        const auto user = url.substr(authority, at);
        if (!user_may_be_a_token) {
            result.append(user.substr(0, user.find(':'))).append("@");
        }
        url.remove_prefix(authority + at + 1);
    } else {
        url.remove_prefix(authority);
    }
    const bool has_query = scheme.starts_with("http") || scheme.starts_with("ftp");
    return result.append(has_query ? url.substr(0, url.find_first_of("?#")) : url);
}

}  // namespace hookd::hookctl
