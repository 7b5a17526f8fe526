// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What verdicts and traces say in words of the protocol, as a person would say it.
namespace hookd::hookctl {

/// How a wait of that outcome ended: `no hook was asked`. `outcome`: as verdicts have it, but for `answered`, which the
/// replies tell; what is not known stands as it is.
[[nodiscard]] std::string outcome_text(std::string_view outcome);

/// Why an event that was waited for has no verdict. `ended`: as `trace` has it.
[[nodiscard]] std::string ended_text(std::string_view ended);

/// A hook whose events match, and on which the verdict did not depend.
struct passed_over_hook {
    std::string name{};  ///< as it came
    std::string why{};   ///< `disabled`, `shadow`, `where`, `asked_only`
};

/// The member `passed_over` of a verdict or a trace.
[[nodiscard]] std::vector<passed_over_hook> passed_over_in(std::string_view entry);

/// `lint is disabled`. Harmless on a terminal.
[[nodiscard]] std::string passed_over_text(const passed_over_hook& hook);

/// Why it was not asked, or not notified, and what to type: `it is disabled: hookctl enable lint`. Harmless on a
/// terminal.
[[nodiscard]] std::string passed_over_advice(const passed_over_hook& hook);

}  // namespace hookd::hookctl
