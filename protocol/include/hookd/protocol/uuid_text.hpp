// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/uuid/uuid.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace hookd::protocol {

using boost::uuids::uuid;

/// Length of a UUID in text form (RFC 4122, section 3).
inline constexpr std::size_t uuid_text_size = 36;

/// Writes the text form, lower case, to `out` (uuid_text_size bytes of room); returns the end.
char* write_uuid(char* out, const uuid& id) noexcept;

void append_uuid(std::string& out, const uuid& id);

/// Reads the 36 character text form, in either case; nothing for anything else.
[[nodiscard]] std::optional<uuid> parse_uuid(std::string_view text) noexcept;

}  // namespace hookd::protocol
