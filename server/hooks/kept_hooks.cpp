// SPDX-License-Identifier: BSL-1.0
#include "hooks/kept_hooks.hpp"

#include <algorithm>
#include <utility>

namespace hookd::server {

kept_hooks::kept_hooks(const std::filesystem::path& registry) {
    if (!registry.empty()) {
        file_.emplace(registry);
    }
}

std::vector<registered_hook> kept_hooks::update(const std::function<void(std::vector<registered_hook>&)>& change) {
    if (file_) {
        return file_->update(change);
    }
    auto changed = memory_;
    change(changed);
    std::sort(changed.begin(), changed.end(),
        [](const auto& a, const auto& b) { return a.definition.name < b.definition.name; });
    memory_ = std::move(changed);
    return memory_;
}

}  // namespace hookd::server
