// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/arguments.hpp"

#include <string>

namespace hookd::hookctl {

/// The id of the event that a person means by `text`: the id itself, or the first digits of it (short_id_digits or
/// more), as `log` prints them: then that of the newest such question in the journal. Where there is none, `text`: the
/// daemon's error says so.
[[nodiscard]] std::string resolve_event_id(const invocation& call, const std::string& text);

}  // namespace hookd::hookctl
