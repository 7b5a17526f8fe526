// SPDX-License-Identifier: BSL-1.0
#include "broker.hpp"

#include <hookd/protocol/counted.hpp>

#include <algorithm>

// Bypass: for a while, what would stop an operation is noted and does not. Each step is audited.
namespace hookd::core {
namespace {

constexpr std::size_t shown_abort_bytes = 200;

std::string list_of(const std::vector<std::string>& events) {
    std::string text;
    for (const auto& each : events) {
        text += (text.empty() ? "" : ", ") + each;
    }
    return text;
}

std::string label_of(const bypass_in_force& which) {
    return "the bypass of " + list_of(which.events) + " (" + which.reason + ")";
}

std::string shortened(std::string_view text) {
    if (text.size() <= shown_abort_bytes) {
        return std::string{text};
    }
    std::size_t end = shown_abort_bytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
        --end;
    }
    return std::string{text.substr(0, end)} + "...";
}

protocol::bypass_info info_of(const bypass_in_force& which, steady_time now) {
    return {which.events, which.reason, which.uid,
        std::max(std::chrono::ceil<std::chrono::milliseconds>(which.when - now), std::chrono::milliseconds{0})};
}

}  // namespace

std::optional<protocol::bypass_info> broker::bypass_now(instant now) const {
    return bypass_ && now.steady < bypass_->when ? std::optional{info_of(*bypass_, now.steady)} : std::nullopt;
}

protocol::bypass_result broker::bypass(const client& by, const protocol::bypass_params& params, instant now) {
    protocol::bypass_result result;
    result.ended = bypass_now(now);
    const std::string who = "user " + std::to_string(by.who.uid) + " (" + default_name(by) + ")";
    if (bypass_) {
        end_bypass(result.ended ? (params.events.empty() ? "was ended by " : "was replaced by ") + who : "has expired");
    }
    if (params.events.empty()) {
        return result;
    }
    bypass_ = std::make_unique<bypass_in_force>();
    bypass_->events = params.events;
    bypass_->reason = params.reason.view();
    bypass_->uid = by.who.uid;
    bypass_->when = now.steady + params.duration.value_or(std::chrono::milliseconds{0});
    deadlines_.insert(*bypass_);
    result.bypass = bypass_now(now);
    audit_.push_back(label_of(*bypass_) + " was begun by " + who + " for " +
                     std::to_string(result.bypass->left.count()) +
                     " ms: no veto of these events counts until it is over");
    return result;
}

void broker::end_bypass(std::string_view how) {
    audit_.push_back(label_of(*bypass_) + " " + std::string{how} + "; " +
                     protocol::counted(bypass_->overridden, "verdict") + " bypassed");
    deadlines_.erase(deadlines_.iterator_to(*bypass_));
    bypass_.reset();
}

void broker::override_abort(const slot& which, protocol::wait_result& verdict, instant now) {
    if (verdict.abort.empty() || !bypass_ || now.steady >= bypass_->when) {
        return;
    }
    glob_subject name{which.event_name};
    if (std::none_of(bypass_->events.begin(), bypass_->events.end(),
            [&name](const std::string& pattern) { return name.matches(pattern); })) {
        return;
    }
    ++bypass_->overridden;
    audit_.push_back(label_of(*bypass_) + " overrode \"" + shortened(verdict.abort) + "\" on " + which.event_name +
                     " #" + std::to_string(which.seq) + " (" + verdict.hook_event_id + ")");
    verdict.abort.clear();
    verdict.bypassed = bypass_->reason;
}

}  // namespace hookd::core
