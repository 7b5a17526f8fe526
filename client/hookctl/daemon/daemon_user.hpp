// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/arguments.hpp"

#include <string>

namespace hookd::hookctl {

/// The number of the user whose daemon may be talked to (client_options::daemon_user), whom `call` or
/// $HOOKD_DAEMON_USER names; empty: none is named. A name is looked up by getent(1): hookctl may be linked statically,
/// and getpwnam(3), which the client library uses, then can't load what nsswitch.conf(5) says. Throws hookd::error
/// (invalid_argument) for a user that this system does not know.
[[nodiscard]] std::string daemon_user_of(const invocation& call);

/// The name of the account that has this user number; empty if the system knows none. Looked up as above.
[[nodiscard]] std::string account_name_of(const std::string& number);

}  // namespace hookd::hookctl
