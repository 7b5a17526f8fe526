#pragma once

#include <string>
#include <vector>

namespace hookd::hookctl {

/// One line of `hookctl doctor`.
struct finding {
    std::string subject{};  ///< what was looked at: `daemon`, `hook no-main`
    bool fine = true;
    std::string text{};  ///< what was found, and what to type where it is not fine
};

using findings = std::vector<finding>;

}  // namespace hookd::hookctl
