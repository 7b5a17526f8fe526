// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::protocol {

/// What a command's environment says of the event that it answers.
struct event_variables {
    std::string_view event{};          ///< HOOK_EVENT
    std::string_view hook_event_id{};  ///< HOOK_EVENT_ID
    std::uint64_t seq = 0;             ///< HOOK_SEQ
    std::string_view host{};           ///< HOOK_HOST: where it was fired; empty: on this machine
    std::string_view cause{};          ///< what led to the event; HOOK_CAUSE is that and the event itself
    std::string_view payload{};        ///< a valid JSON text: HOOK_CAUSE has the place that it names
    std::string_view directory{};      ///< HOOK_DIR: where the hook's own script lies; empty: it is not set
};

/// The environment of hook commands: of what the program itself was started with only PATH, HOME, LANG, USER, TMPDIR
/// and HOOK_*, so that no secret and no setting of a terminal gets to a command by chance; HOOKD_SOCKET; what add()
/// passes besides; and the event's.
///
/// Thread-safety: as a const std::vector.
class command_environment {
public:
    /// `inherited`: as ::environ, read now. `socket`: of the daemon that the command's own hookctl is to talk to.
    /// `host`: this host's name; empty: the machine's.
    command_environment(const char* const* inherited, std::string_view socket, std::string host = {});

    /// Passes one more on: `NAME=VALUE`, or `NAME` for the value in `inherited` (nothing where it is not set there).
    void add(std::string_view setting, const char* const* inherited);

    /// All of it, `NAME=value` each.
    [[nodiscard]] std::vector<std::string> for_event(const event_variables& variables) const;

    /// Whether for_event sets the variable of that name.
    [[nodiscard]] static bool is_for_event(std::string_view name) noexcept;

private:
    std::vector<std::string> common_{};
    std::string host_;
};

}  // namespace hookd::protocol
