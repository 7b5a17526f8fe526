// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace hookd::protocol {

/// Where a daemon keeps what outlives it, unless told otherwise: `state_directory` ($STATE_DIRECTORY, of which systemd
/// may list several: the first), else `xdg_state_home`/hookd ($XDG_STATE_HOME, where absolute), else
/// `home`/.local/state/hookd ($HOME). A null or empty variable counts as unset. Pure: the caller reads the environment.
[[nodiscard]] inline std::string default_state_directory(
    const char* state_directory, const char* xdg_state_home, const char* home) {
    const auto text = [](const char* variable) { return std::string{variable != nullptr ? variable : ""}; };
    if (const auto given = text(state_directory); !given.empty()) {
        return given.substr(0, given.find(':'));
    }
    const auto state = text(xdg_state_home);
    return (state.starts_with('/') ? state : text(home) + "/.local/state") + "/hookd";
}

}  // namespace hookd::protocol
