#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hookd::core {

/// The name that `word` is most likely a misspelling of: at most two letters missing, added or wrong, and not more than a third of it; else
/// the only one that begins with `word`. Empty where there is none.
[[nodiscard]] std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace hookd::core
