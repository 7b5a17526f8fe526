// SPDX-License-Identifier: BSL-1.0
#include "parameter_rules.hpp"

#include <base/json/value_view.hpp>

#include <algorithm>
#include <charconv>

namespace hookd::protocol {
namespace {

/// Where an event is: git's in a repository. `payload` is a valid JSON text. Empty: nowhere.
std::string place_of(std::string_view event, std::string_view payload) {
    return event.starts_with("git.") ? base::value_view(payload)["git_dir"].string() : std::string{};
}

/// Whether a place may stand in a cause, which is then a list still, and a JSON string without escapes.
bool is_place(std::string_view text) {
    return !text.empty() && text.size() <= max_cause_place && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c <= '~' && c != '"' && c != '\\' && c != ',';
    });
}

std::string encoded_place(std::string_view place) {
    constexpr std::string_view plain = "_.:/-~+=";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (const char c : place) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (is_letter || plain.find(c) != std::string_view::npos) {
            text += c;
        } else {
            text.append({'%', digits[byte >> 4], digits[byte & 0xf]});
        }
    }
    return text;
}

std::string decoded_place(std::string_view text) {
    std::string place;
    while (!text.empty()) {
        unsigned byte = 0;
        const bool is_escape = text.front() == '%' && text.size() >= 3 &&
                               std::from_chars(text.data() + 1, text.data() + 3, byte, 16).ptr == text.data() + 3;
        place += is_escape ? static_cast<char>(byte) : text.front();
        text.remove_prefix(is_escape ? 3 : 1);
    }
    return place;
}

// `at_place`: `@` and where an event of that name was, or nothing. The payload, which may be long, is looked through
// only for an event that is in its own cause.
bool is_elsewhere(std::string_view at_place, std::string_view event, std::string_view payload) {
    if (at_place.empty()) {
        return false;
    }
    const auto place = place_of(event, payload);
    return !place.empty() && decoded_place(at_place.substr(1)) != place;
}

}  // namespace

std::optional<error> check_cause(std::string_view event, std::string_view payload, std::string_view cause) {
    if (cause.empty()) {
        return std::nullopt;
    }
    std::size_t names = 0;
    for (std::optional<std::string_view> left = cause; left; ++names) {
        const auto comma = left->find(',');
        const auto entry = left->substr(0, comma);
        const auto name = entry.substr(0, entry.find('@'));
        if (names == max_cause) {
            return limit_error("cause", max_cause,
                "parameter 'cause' has more than 8 events that led to one another: a hook sets off too much");
        }
        if (!is_event_name(name) || (name.size() < entry.size() && !is_place(entry.substr(name.size() + 1)))) {
            return error{errc::invalid_params,
                "parameter 'cause' must be names of events, oldest first, separated by commas, as $HOOK_CAUSE is; " +
                    rules::quoted(entry) + " is none"};
        }
        if (name == event && !is_elsewhere(entry.substr(name.size()), event, payload)) {
            return error{errc::invalid_params,
                "parameter 'cause' has this event in it, which is a recursion: a hook for '" + std::string{event} +
                    "' has led to '" + std::string{event} + "' again (" + std::string{cause} + ")"};
        }
        left = comma == std::string_view::npos ? std::nullopt : std::optional{left->substr(comma + 1)};
    }
    return std::nullopt;
}

std::string append_cause(std::string_view cause, std::string_view event, std::string_view payload) {
    std::string longer{cause};
    longer.append(cause.empty() ? "" : ",").append(event);
    const auto place = encoded_place(place_of(event, payload));
    return place.empty() || place.size() > max_cause_place ? longer : longer.append("@").append(place);
}

}  // namespace hookd::protocol
