// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/terminal/output.hpp"

#include <string>
#include <vector>

namespace hookd::hookctl {

/// One thing that was looked at.
struct finding {
    std::string subject{};  ///< what: `daemon`, `hook no-main`
    bool fine = true;
    std::string text{};  ///< what was found, and what to type where it is not fine
    bool warns = false;  ///< fine for now, but to be looked at
};

using findings = std::vector<finding>;

/// A line each, for people: `✓ SUBJECT  TEXT`, aligned; `!` before a warning.
[[nodiscard]] std::string finding_lines(const findings& all, const palette& colour);

/// Prints them: for people on a terminal, else as JSON, {"subject", "ok", "text", "warning"?} a line. Returns whether
/// all are fine.
bool print_findings(const findings& all, bool json_wanted);

}  // namespace hookd::hookctl
