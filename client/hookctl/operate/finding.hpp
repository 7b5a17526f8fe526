// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hookctl/terminal/output.hpp"

#include <cstddef>
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

/// For people: `✓ SUBJECT  TEXT` each, aligned; `!` before a warning. Wrapped at `columns`, unless that is 0.
[[nodiscard]] std::string finding_lines(const findings& all, const palette& colour, std::size_t columns = 0);

/// Prints them: for people on a terminal, else as JSON, {"subject", "ok", "text", "warning"?} a line. Returns whether
/// all are fine.
bool print_findings(const findings& all, bool json_wanted);

}  // namespace hookd::hookctl
