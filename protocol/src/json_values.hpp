// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <hookd/protocol/methods.hpp>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// How values stand in results and notifications.
namespace hookd::protocol::detail {

inline constexpr std::size_t most_digits = 20;

[[nodiscard]] constexpr std::string_view text_of(bool value) noexcept { return value ? "true" : "false"; }

inline char* write_number(char* out, std::uint64_t value) noexcept {
    return std::to_chars(out, out + most_digits, value).ptr;
}

inline void append_number(std::string& out, std::uint64_t value) {
    char digits[most_digits];
    out.append(digits, write_number(digits, value));
}

// Fixed, not scientific: people read it, too.
inline void append_fraction(std::string& out, double value) {
    char digits[340];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 3).ptr);
}

inline void append_fraction_or_null(std::string& out, std::optional<double> value) {
    if (value) {
        append_fraction(out, *value);
    } else {
        out += "null";
    }
}

inline void append_text_or_null(std::string& out, std::string_view value) {
    if (value.empty()) {
        out += "null";
    } else {
        base::append_json_string(out, value);
    }
}

inline void add_uuid(base::object_writer& out, std::string_view name, const uuid& id) {
    auto& text = out.member(name);
    text += '"';
    append_uuid(text, id);
    text += '"';
}

// `null` where there is none.
inline void append_bypass(std::string& out, const std::optional<bypass_info>& bypass) {
    if (!bypass) {
        out += "null";
        return;
    }
    base::object_writer members{out};
    members.texts("events", bypass->events);
    members.text("reason", bypass->reason);
    members.number("uid", bypass->uid);
    members.number("left_ms", static_cast<std::uint64_t>(bypass->left.count()));
    members.end();
}

inline void append_passed_over_hook(std::string& out, const passed_over_hooks::hook& hook) {
    base::object_writer{out}.text("responder", hook.name).text("why", to_string(hook.why)).end();
}

inline void add_passed_over(base::object_writer& out, const passed_over_hooks& hooks) {
    out.array("passed_over", hooks.named, append_passed_over_hook);
    if (hooks.total > hooks.named.size()) {
        out.number("passed_over_total", hooks.total);
    }
}

}  // namespace hookd::protocol::detail
