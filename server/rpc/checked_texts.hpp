// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/protocol/methods.hpp>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::server::rpc {

/// What schema checks have said of texts of the request that is being carried out, which are known by their addresses.
///
/// Thread-safety: none (broker's strand).
class checked_texts {
public:
    void add(const char* text, std::optional<protocol::error> refusal) {
        known_.emplace_back(text, std::move(refusal));
    }
    void clear() noexcept { known_.clear(); }
    /// Null if it has not been checked.
    [[nodiscard]] const std::optional<protocol::error>* find(std::string_view text) const noexcept {
        for (const auto& [known, refusal] : known_) {
            if (known == text.data()) {
                return &refusal;
            }
        }
        return nullptr;
    }

private:
    std::vector<std::pair<const char*, std::optional<protocol::error>>> known_{};
};

}  // namespace hookd::server::rpc
