#pragma once

#include <string>
#include <string_view>

namespace hookd::hookctl {

/// What a reply, a JSON object, has for the person who waits: its string member `note`; empty where it has none.
[[nodiscard]] std::string note_of(std::string_view reply);

}  // namespace hookd::hookctl
