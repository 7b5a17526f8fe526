// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "wiring.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Settings in TOML, as Kimi has them: a [[hooks]] table for each event. Ours stand together at the end of the file,
/// between two comments.
namespace hookd::hookctl {

/// The settings with the command as a hook of each event, in place of what was there of ours. `settings` is the file's
/// text, if there is a file. Throws usage_error if it is not TOML or has `hooks` of another form, or if the limit is
/// above the 600 s that such an agent accepts: it would read nothing of the file.
[[nodiscard]] std::string toml_wired(const std::optional<std::string>& settings,
    std::span<const std::string_view> events, const std::string& command, std::chrono::seconds limit);

/// The settings without them, byte for byte as before; nothing if toml_wired() has made the file and nothing else is in
/// it.
[[nodiscard]] std::optional<std::string> toml_unwired(std::string settings);

/// The hooks of that event, whoever has written them. Throws usage_error if the settings are not TOML.
[[nodiscard]] std::vector<wired_hook> toml_hooks(std::string_view settings, std::string_view event);

}  // namespace hookd::hookctl
