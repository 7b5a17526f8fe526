// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/message.hpp>

#include <base/json/scanner.hpp>
#include <base/json/text.hpp>

#include <string_view>

namespace hookd::protocol::detail {

/// Whether a member's name is `name`. `may_be_escaped`: false where no escape has been seen so far.
[[nodiscard]] inline bool is_named(base::json_string key, std::string_view name, bool may_be_escaped) noexcept {
    return may_be_escaped ? key.equals(name) : key.raw == name;
}

/// Skips a reply, whose opening brace is at `at`, and keeps what the daemon needs of it. As json_scanner::skip_value.
[[nodiscard]] inline const char* skip_reply(base::json_scanner& scanner, const char* at, reply_members& found) {
    return scanner.walk_object(at, [&](base::json_string key, const char* value) {
        const bool is_abort = is_named(key, "abort", scanner.escape_seen());
        const bool is_payload = !is_abort && is_named(key, "payload", scanner.escape_seen());
        const char* const after = scanner.skip_value(value);
        if (after == nullptr) {
            return after;
        }
        const std::string_view bytes{value, static_cast<std::size_t>(after - value)};
        if (is_abort) {
            found.abort = bytes;
            ++found.aborts;
        } else if (is_payload) {
            found.payload = bytes;
        }
        return after;
    });
}

}  // namespace hookd::protocol::detail
