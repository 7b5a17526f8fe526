// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/link/messages.hpp"
#include "cluster/nats/messages.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hookd::nats {

/// What a member says of itself: to others when it enters, and in the bucket.
struct presence {
    sender who{};
    std::string instance{};                      ///< its daemon's run
    std::vector<link::host_session> sessions{};  ///< to be looked at, and what is known of a host that does not answer
};

[[nodiscard]] std::optional<presence> read_presence(std::string_view text);

/// Whom an event concerns among them.
struct audience {
    std::vector<link::responder> responders{};
    bool is_heard = false;  ///< some session gets the event, whether it responds or not
};
[[nodiscard]] audience audience_of(const std::vector<link::host_session>& sessions, std::string_view event);

/// Sessions past max_presence_bytes are left out.
[[nodiscard]] std::string to_text(const presence& shown);
inline constexpr std::size_t max_presence_bytes = std::size_t{64} * 1024;

}  // namespace hookd::nats
