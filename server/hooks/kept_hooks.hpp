// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "hooks/registry_file.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace hookd::server {

/// Where registered hooks are kept: in the registry, or, where there is none, in memory for as long as the daemon runs.
///
/// Thread-safety: none. Errors: as registry_file's.
class kept_hooks {
public:
    /// `registry`: empty for none.
    explicit kept_hooks(const std::filesystem::path& registry);

    /// Whether they outlive the daemon.
    [[nodiscard]] bool are_kept() const noexcept { return file_.has_value(); }
    /// As registry_file's.
    [[nodiscard]] std::vector<registered_hook> load() const { return file_ ? file_->load() : memory_; }
    std::vector<registered_hook> update(const std::function<void(std::vector<registered_hook>&)>& change);

private:
    std::optional<registry_file> file_{};
    std::vector<registered_hook> memory_{};
};

}  // namespace hookd::server
