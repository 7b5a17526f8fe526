// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// Users and groups of this system, by what an option names: a name, or a number in decimal, which need not be anyone's.
// Nothing for a name that nsswitch.conf(5) does not know or that could not be looked up, and for 4294967295, which
// means "none" to the kernel (chown(2)).
//
// Thread-safety: any thread. Blocks as long as the system's name services take. Throws std::bad_alloc.
namespace hookd::base {

[[nodiscard]] std::optional<std::uint32_t> find_user(std::string_view name_or_number);
[[nodiscard]] std::optional<std::uint32_t> find_group(std::string_view name_or_number);

}  // namespace hookd::base
