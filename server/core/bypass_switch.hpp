// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "instant.hpp"

#include <hookd/protocol/methods.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookd::core {

/// Bypass: for a while, what would stop an operation is noted and does not. Each step is a line for the audit log.
///
/// Thread-safety: none (broker's strand).
class bypass_switch {
public:
    /// Begins a bypass, in place of the one in force, or, without events, ends that. `author`: of user `uid`.
    [[nodiscard]] protocol::bypass_result change(
        const protocol::bypass_params& params, std::uint32_t uid, const std::string& author, instant now);
    [[nodiscard]] std::optional<protocol::bypass_info> in_force(instant now) const;
    /// If one is in force for that event, lets the operation that `verdict` stops proceed.
    void override_abort(const std::string& event_name, std::uint64_t seq, protocol::wait_result& verdict, instant now);

    [[nodiscard]] std::optional<steady_time> next_deadline() const noexcept {
        return bypass_ ? std::optional{bypass_->when} : std::nullopt;
    }
    /// Ends the one that is due.
    void expire(instant now);
    void shut_down();

    /// Lines since the last call.
    [[nodiscard]] std::vector<std::string> take_audit() { return std::exchange(audit_, {}); }
    [[nodiscard]] bool has_audit() const noexcept { return !audit_.empty(); }

private:
    struct bypass {
        std::vector<std::string> events{};
        std::string reason{};
        std::uint32_t uid = 0;
        steady_time when{};            // it is over
        std::uint64_t overridden = 0;  // verdicts so far

        [[nodiscard]] std::string label() const;
    };

    void end(std::string_view why);

    std::optional<bypass> bypass_{};
    std::vector<std::string> audit_{};
};

}  // namespace hookd::core
