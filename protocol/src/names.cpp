// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/methods.hpp>

#include <base/text/utf8.hpp>

#include <algorithm>
#include <array>

namespace hookd::protocol {
namespace {

constexpr auto event_characters = [] {
    std::array<bool, 256> allowed{};
    for (const char c : std::string_view{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/-"}) {
        allowed[static_cast<unsigned char>(c)] = true;
    }
    return allowed;
}();

constexpr bool is_event_character(char c) noexcept { return event_characters[static_cast<unsigned char>(c)]; }

// U+200B, U+200E, U+200F, U+2028 to U+202E and U+2060 to U+206F, by what follows E2 in UTF-8: nobody sees them, and
// they make one name look like another.
bool is_invisible(unsigned second, unsigned third) noexcept {
    return (second == 0x80 && (third == 0x8b || third == 0x8e || third == 0x8f || (third >= 0xa8 && third <= 0xae))) ||
           (second == 0x81 && third >= 0xa0 && third <= 0xaf);
}

}  // namespace

bool is_event_name(std::string_view name) noexcept {
    if (name.empty() || name.size() > max_event_name) {
        return false;
    }
    for (const char c : name) {
        if (!is_event_character(c)) {
            return false;
        }
    }
    return true;
}

bool is_pattern(std::string_view text) noexcept {
    if (text.empty() || text.size() > max_event_name) {
        return false;
    }
    for (const char c : text) {
        if (!is_event_character(c) && c != '*' && c != '?') {
            return false;
        }
    }
    return true;
}

bool is_host_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= max_host_name &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_event_character(c) && c != ':' && c != '/'; });
}

bool is_json_pointer(std::string_view text) noexcept {
    if (text.size() > max_pointer || (!text.empty() && text.front() != '/')) {
        return false;
    }
    for (std::size_t at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
        if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) {
            return false;
        }
    }
    return true;
}

bool is_condition(const payload_condition& condition) noexcept {
    return is_json_pointer(condition.pointer) && condition.glob.size() <= max_condition_glob;
}

bool is_subscriber_name(std::string_view name) noexcept {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto byte = static_cast<unsigned char>(name[i]);
        if (byte < 0x20 || byte == 0x7f) {
            return false;
        }
        const auto next = i + 1 < name.size() ? static_cast<unsigned char>(name[i + 1]) : 0U;
        if (byte == 0xc2 && next < 0xa0) {  // U+0080 to U+009F
            return false;
        }
        if (byte == 0xe2 && i + 2 < name.size() && is_invisible(next, static_cast<unsigned char>(name[i + 2]))) {
            return false;
        }
        characters += base::continues_character(name[i]) ? 0U : 1U;
    }
    return characters >= 1 && characters <= max_subscriber_name;
}

}  // namespace hookd::protocol
