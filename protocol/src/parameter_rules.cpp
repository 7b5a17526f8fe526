// SPDX-License-Identifier: BSL-1.0
#include "parameter_rules.hpp"

#include <base/text/terminal_text.hpp>
#include <base/text/utf8.hpp>

namespace hookd::protocol::rules {

std::string quoted(std::string_view name) {
    std::string out = "'";
    constexpr std::size_t longest = 64;
    out += base::harmless(base::cut_at_character(name, longest));
    out += name.size() > longest ? "…'" : "'";
    return out;
}

error wrong(std::string_view name, std::string_view rule) {
    return {errc::invalid_params, "parameter " + quoted(name) + " " + std::string{rule}};
}

std::optional<error> check_event_name(std::string_view name, std::string_view value) {
    if (is_event_name(value)) {
        return std::nullopt;
    }
    return wrong(name, "must be a string of 1 to 128 characters of A-Z a-z 0-9 _ . : / -");
}

std::optional<error> check_pattern(std::string_view name, std::string_view value) {
    if (is_pattern(value)) {
        return std::nullopt;
    }
    return wrong(name, "must be a name or pattern: 1 to 128 characters of A-Z a-z 0-9 _ . : / - * ?");
}

std::optional<error> check_subscriber_name(std::string_view name, std::string_view value) {
    if (is_subscriber_name(value)) {
        return std::nullopt;
    }
    return wrong(name, "must be a string of 1 to 128 printable characters");
}

std::optional<error> check_not_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) {
        return std::nullopt;
    }
    return wrong(name, "must be a string that is not empty");
}

std::optional<error> check_duration(std::string_view name, std::optional<std::chrono::milliseconds> value) {
    if (value && value->count() >= 1 && *value <= max_timeout) {
        return std::nullopt;
    }
    return wrong(name, "must be an integer from 1 to 86400000, in milliseconds");
}

std::optional<error> check_order(std::string_view name, std::optional<std::int64_t> value) {
    if (value && *value >= -max_order && *value <= max_order) {
        return std::nullopt;
    }
    return wrong(name, "must be an integer from -" + std::to_string(max_order) + " to " + std::to_string(max_order));
}

std::optional<error> check_next_pattern(std::string_view name, std::size_t before, std::string_view value) {
    if (before == max_patterns) {
        return limit_error("patterns", max_patterns,
            "parameter 'events' has more than 256 patterns: use globs, or subscribe on more connections");
    }
    if (is_pattern(value)) {
        return std::nullopt;
    }
    return wrong(name, "has the pattern " + quoted(value) +
                           ", which matches no event: a pattern is 1 to 128 characters of A-Z a-z 0-9 _ . : / - * ?");
}

std::optional<error> check_next_responder(std::string_view name, std::size_t before, std::string_view value) {
    if (!is_subscriber_name(value)) {
        return wrong(name, "must hold names of 1 to 128 printable characters");
    }
    if (before == max_required) {
        return limit_error("require", max_required,
            "parameter '" + std::string{name} + "' has more than 16 names: let one responder stand for several");
    }
    return std::nullopt;
}

std::optional<error> check_next_condition(
    std::string_view name, std::size_t before, std::string_view pointer, std::optional<std::string_view> glob) {
    if (!is_json_pointer(pointer)) {
        return wrong(name,
            "has the member " + quoted(pointer) +
                ", which is not a JSON pointer of at most 256 bytes: one begins with / and writes ~0 for ~ and ~1 for "
                "/");
    }
    if (!glob || glob->size() > max_condition_glob) {
        return wrong(name, "must have for " + quoted(pointer) + " a glob: a string of at most 1024 bytes");
    }
    if (before == max_conditions) {
        return limit_error("where", max_conditions, "parameter 'where' has more than 16 conditions: use fewer");
    }
    return std::nullopt;
}

}  // namespace hookd::protocol::rules
