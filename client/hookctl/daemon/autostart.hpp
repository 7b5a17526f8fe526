// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/arguments.hpp"

namespace hookd::hookctl {

/// Starts a daemon (`hookd --detach`) where there is none, so that the hooks that are registered guard although nothing
/// else has started it: after a reboot, say, without a service manager. Returns whether there may be one now, started
/// by this process or by another at the same time.
///
/// It does nothing, and returns false, unless all of this holds: `call` allows it, and $HOOKD_AUTOSTART is not 0; the
/// daemon is at the default path, which neither `call` nor $HOOKD_SOCKET names; the registry of that daemon has a hook
/// that is enabled; and this process acts for nobody else (root by sudo, or with another user's home, does not). Blocks
/// until the daemon is ready, for some seconds at most. Where it can't be started, standard error says why.
[[nodiscard]] bool start_absent_daemon(const invocation& call);

}  // namespace hookd::hookctl
