// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "session.hpp"

#include <base/text/glob.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace hookd::core {

/// Which names a session matches. Asked of thousands of events at once, which mostly share few names. Once it has taken
/// most_steps, it says no to all that it has not been asked before.
///
/// Thread-safety: none. Lifetime: the session must outlive it.
class name_matcher {
public:
    explicit name_matcher(const session& session) noexcept : session_(session) {}

    /// `name` must outlive this.
    [[nodiscard]] bool operator()(std::string_view name) {
        const auto [known, is_new] = known_.try_emplace(name, false);
        if (is_new) {
            known->second = compare(name);
        }
        return known->second;
    }
    /// The same without room for each name that it is asked about; the last one's answer is at hand.
    [[nodiscard]] bool once(std::string_view name) {
        if (name != last_name_) {
            last_name_ = name;
            last_answer_ = compare(name);
        }
        return last_answer_;
    }

    /// The error for the request that has taken more steps than it may.
    [[nodiscard]] std::optional<protocol::error> refuse() const {
        if (steps_ <= most_steps) {
            return std::nullopt;
        }
        return protocol::limit_error("match_steps", most_steps,
            "parameter 'events' takes too many steps to compare with the events that wait or are retained: subscribe "
            "with fewer patterns, or with fewer stars in them");
    }

private:
    // A step takes some nanoseconds; all others wait meanwhile.
    static constexpr std::size_t most_steps = 1'000'000;

    [[nodiscard]] bool compare(std::string_view name) {
        if (steps_ > most_steps) {
            return false;
        }
        base::glob_subject subject{name};
        const bool answer = session_.matches(subject);
        steps_ += subject.steps();
        return answer;
    }

    const session& session_;
    std::size_t steps_ = 0;
    boost::unordered_flat_map<std::string_view, bool> known_{};
    std::string_view last_name_{};
    bool last_answer_ = false;
};

}  // namespace hookd::core
