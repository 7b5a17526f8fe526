// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace hookd::hookctl {

/// What the daemon's catalog calls secret in the payloads of its events: `"x-secret": true` of a member's schema.
class secret_members {
public:
    secret_members() = default;
    /// `schemas`: the result of get_hook_event_schema.
    explicit secret_members(std::string_view schemas);

    /// The payload, valid JSON, with each secret value replaced by `"…"`; all else as it came.
    [[nodiscard]] std::string without_secrets(const std::string& event, std::string_view payload) const;

private:
    std::map<std::string, std::string> payload_schemas_{};  ///< by event, those alone that have secrets
};

}  // namespace hookd::hookctl
