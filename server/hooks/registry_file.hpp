// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hooks/trust.hpp"

#include <filesystem>
#include <functional>
#include <vector>

namespace hookd::server {

/// The registry: one JSON file, a hook a line, that says which commands the daemon runs. A member that a file of an
/// older hookd lacks is as where `register_hook` does not give it.
///
/// It is replaced as a whole and durably (temporary file, fsync, rename, fsync of the directory): whenever the machine
/// or the daemon dies, the file is the old one or the new one. One that cannot be read, or does not say what it should,
/// is never written over. Several daemons may share it: each change is made to what the file says then, under a lock
/// (flock on PATH.lock). Where the path is a symbolic link, all of that is about the file that it leads to.
///
/// Thread-safety: as a const path. All of it blocks as long as the disk does, and a second where somebody does not let
/// go of the lock. Errors: std::runtime_error with a message for a person that names the file, and the line where there
/// is one.
class registry_file {
public:
    explicit registry_file(std::filesystem::path path) : path_(std::move(path)) {}

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    /// The hooks in it, by name; none where there is no file.
    [[nodiscard]] std::vector<registered_hook> load() const;

    /// Changes the hooks in it, and returns what it has then. What `change` throws leaves the file as it is.
    std::vector<registered_hook> update(const std::function<void(std::vector<registered_hook>&)>& change) const;

private:
    std::filesystem::path path_;
};

}  // namespace hookd::server
