// SPDX-License-Identifier: BSL-1.0
#include "url.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

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

/// Where user and password end in what follows `scheme://`; npos if there are none. A password whose `/`, `?` or `#` is
/// not escaped makes git fail, and is one nevertheless: what follows the last colon of the host is not a port then.
std::size_t end_of_credentials(std::string_view rest) {
    const auto authority = rest.substr(0, rest.find_first_of("/?#"));
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        return at;
    }
    const auto colon = authority.rfind(':');
    const bool has_port = colon == std::string_view::npos || authority.ends_with(']') ||
                          authority.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
    return has_port ? std::string_view::npos : rest.rfind('@');
}

std::string without_first_credentials(std::string_view url) {
    constexpr std::string_view separator = "://";
    const auto end = url.find(separator);
    if (end == std::string_view::npos) {
        return std::string(url);
    }
    const auto scheme = scheme_before(url, end);
    const bool user_may_be_a_token = !scheme.ends_with("ssh") && scheme != "git";
    const auto authority = end + separator.size();
    const auto at = end_of_credentials(url.substr(authority));

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

}  // namespace

// What is left may look as if it had credentials again, where a path has an @.
std::string without_credentials(std::string_view url) {
    auto result = without_first_credentials(url);
    for (auto next = without_first_credentials(result); next != result; next = without_first_credentials(result)) {
        result = std::move(next);
    }
    return result;
}

std::string words_without_credentials(std::string_view text) {
    std::string result;
    for (;;) {
        const auto word = text.substr(0, text.find(' '));
        result.append(without_credentials(word));
        if (word.size() == text.size()) {
            return result;
        }
        result.append(" ");
        text.remove_prefix(word.size() + 1);
    }
}

}  // namespace hookd::hookctl
