// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "finding.hpp"
#include "hookctl/arguments.hpp"

#include <string_view>

namespace hookd::hookctl {

// What `hookctl doctor` looks at. Each check says all that it finds and throws nothing but std::bad_alloc: what goes
// wrong is a finding.

/// Whether a daemon answers, whose its socket is, whether it and the installed one are of this release, and which of
/// its hooks can't run.
[[nodiscard]] findings check_daemon(const invocation& call);

/// What the result of `stats` says of the journal.
[[nodiscard]] finding journal_finding(std::string_view stats);

/// Whether the configuration, catalog and registry with which a daemon would start here are right.
[[nodiscard]] findings check_settings();

/// Whether git would run what is installed in the repository that this is run in; nothing where there is none.
[[nodiscard]] findings check_git();

/// Whether the units for systemd start a program that is there.
[[nodiscard]] findings check_units();

}  // namespace hookd::hookctl
