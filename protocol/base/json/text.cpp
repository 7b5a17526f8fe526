// SPDX-License-Identifier: BSL-1.0
#include "text.hpp"

#include "scanner.hpp"

#include <algorithm>

namespace hookd::base {

namespace {

/// U+FFFD, which stands for what cannot be told.
constexpr std::uint32_t replacement = 0xFFFD;

/// Writes `code_point` as UTF-8; returns how many bytes.
std::size_t encode_utf8(std::uint32_t code_point, char (&out)[4]) noexcept {
    const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80U | (bits & 0x3FU)); };
    if (code_point < 0x80) {
        out[0] = static_cast<char>(code_point);
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = static_cast<char>(0xC0U | (code_point >> 6U));
        out[1] = tail(code_point);
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = static_cast<char>(0xE0U | (code_point >> 12U));
        out[1] = tail(code_point >> 6U);
        out[2] = tail(code_point);
        return 3;
    }
    out[0] = static_cast<char>(0xF0U | (code_point >> 18U));
    out[1] = tail(code_point >> 12U);
    out[2] = tail(code_point >> 6U);
    out[3] = tail(code_point);
    return 4;
}

/// The UTF-16 unit of the \u escape at `at`, if one is there.
std::optional<std::uint32_t> unicode_escape(std::string_view raw, std::size_t at) noexcept {
    if (raw.size() < at + 6 || raw[at] != '\\' || raw[at + 1] != 'u') {
        return std::nullopt;
    }
    int unit = 0;
    for (std::size_t i = at + 2; i < at + 6; ++i) {
        const int digit = hex_value(raw[i]);
        if (digit < 0) {
            return std::nullopt;
        }
        unit = unit * 16 + digit;
    }
    return static_cast<std::uint32_t>(unit);
}

/// Decodes the escape at `at`, moves `at` past it, writes its UTF-8; returns how many bytes.
std::size_t decode_escape(std::string_view raw, std::size_t& at, char (&out)[4]) noexcept {
    const char kind = at + 1 < raw.size() ? raw[at + 1] : '\\';
    if (kind != 'u') {
        at += 2;
        switch (kind) {
            case 'b':
                out[0] = '\b';
                break;
            case 'f':
                out[0] = '\f';
                break;
            case 'n':
                out[0] = '\n';
                break;
            case 'r':
                out[0] = '\r';
                break;
            case 't':
                out[0] = '\t';
                break;
            default:
                out[0] = kind;
                break;
        }
        return 1;
    }
    const auto unit = unicode_escape(raw, at);
    at += 6;
    std::uint32_t code_point = unit.value_or(replacement);
    if (code_point >= 0xD800 && code_point < 0xE000) {
        // A high surrogate counts only with the low one right after it (RFC 8259, section 7); what is not such a pair
        // stays where it is, to be decoded by itself.
        const auto low = code_point < 0xDC00 ? unicode_escape(raw, at) : std::nullopt;
        if (low && *low >= 0xDC00 && *low < 0xE000) {
            at += 6;
            code_point = 0x10000U + ((code_point - 0xD800U) << 10U) + (*low - 0xDC00U);
        } else {
            code_point = replacement;
        }
    }
    return encode_utf8(code_point, out);
}

}  // namespace

std::optional<json_fault> find_json_fault(std::string_view text) {
    json_scanner scanner{text};
    const char* at = scanner.skip_value(scanner.skip_space(scanner.begin()));
    if (at != nullptr) {
        at = scanner.expect_end(at);
    }
    if (at != nullptr) {
        return std::nullopt;
    }
    return scanner.fault();
}

bool json_string::escaped_equals(std::string_view plain) const noexcept {
    std::size_t at = 0;
    std::size_t matched = 0;
    while (at < raw.size()) {
        const std::size_t run = std::min(raw.find('\\', at), raw.size()) - at;
        if (plain.substr(matched, run) != raw.substr(at, run)) {
            return false;
        }
        at += run;
        matched += run;
        if (at == raw.size()) {
            break;
        }
        char bytes[4];
        const std::size_t length = decode_escape(raw, at, bytes);
        if (plain.substr(matched, length) != std::string_view{bytes, length}) {
            return false;
        }
        matched += length;
    }
    return matched == plain.size();
}

std::string json_string::decode() const {
    if (!has_escapes()) {
        return std::string{raw};
    }
    std::string decoded;
    decoded.reserve(raw.size());
    std::size_t at = 0;
    while (at < raw.size()) {
        const std::size_t run = std::min(raw.find('\\', at), raw.size()) - at;
        decoded.append(raw, at, run);
        at += run;
        if (at == raw.size()) {
            break;
        }
        char bytes[4];
        const std::size_t length = decode_escape(raw, at, bytes);
        decoded.append(bytes, length);
    }
    return decoded;
}

json_cursor::json_cursor(std::string_view container) noexcept
    : rest_(container.substr(container.empty() ? 0 : 1)), object_(!container.empty() && container.front() == '{') {}

std::optional<json_member> json_cursor::next() noexcept {
    // The text is known to be valid, however deep whoever checked it lets it be, so the scanner finds no fault in it;
    // were the caller wrong about that, the walk just ends.
    json_scanner scanner{rest_, json_scanner::scannable_depth};
    const char* at = scanner.skip_space(scanner.begin());
    if (scanner.is(at, ',')) {
        at = scanner.skip_space(at + 1);
    }
    json_member member;
    if (at == scanner.end() || *at == '}' || *at == ']') {
        rest_ = {};
        return std::nullopt;
    }
    if (object_) {
        const char* const name = at + 1;
        at = scanner.skip_string(at);
        if (at != nullptr) {
            member.key.raw = {name, static_cast<std::size_t>(at - 1 - name)};
            at = scanner.skip_space(at);
            at = scanner.skip_space(scanner.is(at, ':') ? at + 1 : at);
        }
    }
    const char* const value = at;
    if (at != nullptr) {
        at = scanner.skip_value(at);
    }
    if (at == nullptr) {
        rest_ = {};
        return std::nullopt;
    }
    member.value = {value, static_cast<std::size_t>(at - value)};
    rest_ = {at, static_cast<std::size_t>(scanner.end() - at)};
    return member;
}

void append_json_string(std::string& out, std::string_view plain) {
    static constexpr char hex[] = "0123456789abcdef";
    out += '"';
    const char* at = plain.data();
    const char* const end = at + plain.size();
    while (at != end) {
        const char* const run_end = find_special(plain.data(), at, end);
        out.append(at, static_cast<std::size_t>(run_end - at));
        at = run_end;
        if (at == end) {
            break;
        }
        const auto byte = static_cast<unsigned char>(*at);
        if (byte >= 0x80) {
            const std::size_t length = utf8_sequence(at, end);
            if (length == 0) {
                out += "\xEF\xBF\xBD";
                ++at;
            } else {
                out.append(at, length);
                at += length;
            }
            continue;
        }
        ++at;
        switch (byte) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\b':
                out += "\\b";
                break;
            case '\f':
                out += "\\f";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += "\\u00";
                out += hex[byte >> 4U];
                out += hex[byte & 0x0FU];
                break;
        }
    }
    out += '"';
}

}  // namespace hookd::base
