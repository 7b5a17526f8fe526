// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/requests.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// `.hookd.toml`: the hooks of a repository, committed with it (hookctl(1), "REPOSITORY HOOKS").
namespace hookd::hookctl {

inline constexpr std::string_view hook_file_name = ".hookd.toml";
inline constexpr std::string_view local_hook_file_name = ".hookd.local.toml";

/// One `[hooks.NAME]`.
struct file_hook {
    std::string name{};
    std::vector<std::string> events{};
    std::vector<std::string> run{};
    /// Whether it runs where git's own hook would, and with git's variables. Unless the file says so, whether all its
    /// events are git's.
    bool git = false;
    std::optional<std::chrono::milliseconds> timeout{};
    std::optional<std::uint64_t> jobs{};
    std::vector<std::string> environment{};  ///< `NAME=VALUE` each
    responder_options as_responder{};
};

/// The member of a payload that tells whether the event is of the hook's repository. `sync` sets the condition on it.
inline constexpr std::string_view common_dir_pointer = "/common_dir";

struct hook_file {
    std::optional<std::string> repository{};  ///< what stands before the hooks' names instead of the directory's own
    std::vector<file_hook> hooks{};           ///< in the order of their names
};

/// Reads the text of such a file. `path` is what errors call it. Throws usage_error, which names file, line and key,
/// for a text that is not TOML, an unknown key ("did you mean"), and a value that the daemon would refuse.
[[nodiscard]] hook_file parse_hook_file(std::string_view text, const std::string& path);

/// What `hookctl init` writes.
[[nodiscard]] std::string_view initial_hook_file();

}  // namespace hookd::hookctl
