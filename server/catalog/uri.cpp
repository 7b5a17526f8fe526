// SPDX-License-Identifier: BSL-1.0
#include "uri.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace hookd::catalogs {

namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view digits = "0123456789";
constexpr std::string_view hex_digits = "0123456789ABCDEFabcdef";
constexpr std::string_view unreserved_and_sub_delims =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=";
constexpr std::string_view scheme_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.";

/// Of unreserved characters, sub-delims, `more` and %XX alone?
bool consists_of(std::string_view text, std::string_view more) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (text.size() - i < 3 || text.substr(i + 1, 2).find_first_not_of(hex_digits) != std::string_view::npos) {
                return false;
            }
            i += 2;
        } else if (unreserved_and_sub_delims.find(text[i]) == std::string_view::npos &&
                   more.find(text[i]) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

bool is_scheme(std::string_view text) {
    return !text.empty() && letters.find(text.front()) != std::string_view::npos &&
           text.find_first_not_of(scheme_characters) == std::string_view::npos;
}

bool is_authority(std::string_view text) {
    if (const auto at = text.find('@'); at != std::string_view::npos) {
        if (!consists_of(text.substr(0, at), ":")) {
            return false;
        }
        text.remove_prefix(at + 1);
    }
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos || end == 1 || text.find('%') < end ||
            !consists_of(text.substr(1, end - 1), ":")) {
            return false;
        }
        text.remove_prefix(end + 1);
        if (!text.empty() && text.front() != ':') {
            return false;
        }
    }
    const auto host = text.substr(0, text.find(':'));
    const auto port = text.substr(std::min(host.size() + 1, text.size()));
    return consists_of(host, "") && port.find_first_not_of(digits) == std::string_view::npos;
}

/// Takes what stands behind `mark` from the end of `rest`, and the mark.
std::optional<std::string> take_from_end(std::string_view& rest, char mark) {
    const auto at = rest.find(mark);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    std::string part{rest.substr(at + 1)};
    rest = rest.substr(0, at);
    return part;
}

// RFC 3986, section 5.2.4.
std::string without_dot_segments(std::string_view path) {
    std::string out;
    const auto remove_last_segment = [&out] { out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/')); };
    while (!path.empty()) {
        if (path.starts_with("../")) {
            path.remove_prefix(3);
        } else if (path.starts_with("./") || path.starts_with("/./")) {
            path.remove_prefix(2);
        } else if (path == "/.") {
            path = "/";
        } else if (path.starts_with("/../")) {
            path.remove_prefix(3);
            remove_last_segment();
        } else if (path == "/..") {
            path = "/";
            remove_last_segment();
        } else if (path == "." || path == "..") {
            path = {};
        } else {
            const auto end = std::min(path.find('/', 1), path.size());
            out += path.substr(0, end);
            path.remove_prefix(end);
        }
    }
    return out;
}

// RFC 3986, section 5.2.3.
std::string merged(const uri& base, std::string_view path) {
    if (base.authority && base.path.empty()) {
        return "/" + std::string{path};
    }
    const auto slash = base.path.rfind('/');
    return base.path.substr(0, slash == std::string::npos ? 0 : slash + 1) + std::string{path};
}

}  // namespace

std::optional<uri> parse_uri_reference(std::string_view text) {
    uri result;
    result.fragment = take_from_end(text, '#');
    result.query = take_from_end(text, '?');
    if (const auto colon = text.find(':'); colon < text.find('/')) {
        if (!is_scheme(text.substr(0, colon))) {
            return std::nullopt;
        }
        std::string scheme{text.substr(0, colon)};
        std::transform(scheme.begin(), scheme.end(), scheme.begin(),
            [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        result.scheme = std::move(scheme);
        text.remove_prefix(colon + 1);
    }
    if (text.starts_with("//")) {
        const auto end = std::min(text.find('/', 2), text.size());
        result.authority = text.substr(2, end - 2);
        text.remove_prefix(end);
    }
    result.path = text;
    const bool is_valid = is_authority(result.authority.value_or("")) && consists_of(result.path, ":@/") &&
                          consists_of(result.query.value_or(""), ":@/?") &&
                          consists_of(result.fragment.value_or(""), ":@/?");
    return is_valid ? std::optional{std::move(result)} : std::nullopt;
}

uri resolve(const uri& base, const uri& reference) {
    uri result = reference;
    if (!reference.scheme) {
        result.scheme = base.scheme;
        if (!reference.authority) {
            result.authority = base.authority;
            if (reference.path.empty()) {
                result.path = base.path;
                if (!reference.query) {
                    result.query = base.query;
                }
                return result;
            }
            if (!reference.path.starts_with('/')) {
                result.path = merged(base, reference.path);
            }
        }
    }
    result.path = without_dot_segments(result.path);
    return result;
}

std::string encode_path(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c != '%' && consists_of({&c, 1}, ":@/")) {
            result += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            result += {'%', hex_digits[byte >> 4U], hex_digits[byte & 15U]};
        }
    }
    return result;
}

std::string decode_percent(std::string_view part) {
    std::string result;
    for (std::size_t i = 0; i < part.size(); ++i) {
        unsigned byte = 0;
        if (part[i] == '%' && part.size() - i > 2 &&
            std::from_chars(part.data() + i + 1, part.data() + i + 3, byte, 16).ptr == part.data() + i + 3) {
            result += static_cast<char>(byte);
            i += 2;
        } else {
            result += part[i];
        }
    }
    return result;
}

}  // namespace hookd::catalogs
