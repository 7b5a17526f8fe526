#pragma once

#include <string_view>

namespace hookd::core {

/// Whether `pattern` matches the whole of `name`: `*` stands for any run of characters, the empty one too, `?` for exactly one.
/// Time: at most pattern.size() * name.size() steps.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view name) noexcept;

/// Whether `pattern` has a `*` or `?`.
[[nodiscard]] bool is_glob(std::string_view pattern) noexcept;

}  // namespace hookd::core
