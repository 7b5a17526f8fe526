// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

/// The record of a repository's `hookctl sync`: a file `hookd-sync` in its common directory, which names that
/// directory. The daemon asks the synced hooks about the events of that directory alone; where the record names another
/// one, the repository was moved or copied, and none of them would be asked.
namespace hookd::hookctl {

/// The common directory that `sync` registered hooks for; nothing if there is no record that can be read,
/// or no repository (an empty path).
[[nodiscard]] std::optional<std::filesystem::path> synced_directory(const std::filesystem::path& common_dir);

/// Writes the record, whole or not at all. Throws std::system_error.
void record_sync(const std::filesystem::path& common_dir);

/// Throws std::filesystem::filesystem_error.
void forget_sync(const std::filesystem::path& common_dir);

/// Why no synced hook is asked about the repository's events, and what to type; empty if it is where it was synced, or
/// was not.
[[nodiscard]] std::string moved_repository_text(const std::filesystem::path& common_dir);

}  // namespace hookd::hookctl
