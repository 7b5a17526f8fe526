// SPDX-License-Identifier: BSL-1.0
#include "bypass_switch.hpp"

#include <base/text/counted.hpp>
#include <base/text/glob.hpp>

#include <algorithm>

namespace hookd::core {
namespace {

constexpr std::size_t shown_abort_bytes = 200;

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

}  // namespace

std::string bypass_switch::bypass::label() const {
    std::string names;
    for (const auto& each : events) {
        names += (names.empty() ? "" : ", ") + each;
    }
    return "the bypass of " + names + " (" + reason + ")";
}

std::optional<protocol::bypass_info> bypass_switch::in_force(instant now) const {
    if (!bypass_ || now.steady >= bypass_->when) {
        return std::nullopt;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(bypass_->when - now.steady);
    return protocol::bypass_info{bypass_->events, bypass_->reason, bypass_->uid, left};
}

protocol::bypass_result bypass_switch::change(
    const protocol::bypass_params& params, std::uint32_t uid, const std::string& author, instant now) {
    protocol::bypass_result result;
    result.ended = in_force(now);
    const std::string user = "user " + std::to_string(uid) + " (" + author + ")";
    if (bypass_) {
        end(result.ended ? (params.events.empty() ? "was ended by " : "was replaced by ") + user : "has expired");
    }
    if (params.events.empty()) {
        return result;
    }
    bypass_.emplace(bypass{.events = params.events,
        .reason = std::string{params.reason.view()},
        .uid = uid,
        .when = now.steady + params.duration.value_or(std::chrono::milliseconds{0})});
    result.bypass = in_force(now);
    audit_.push_back(bypass_->label() + " was begun by " + user + " for " +
                     std::to_string(result.bypass->left.count()) +
                     " ms: no veto of these events counts until it is over");
    return result;
}

void bypass_switch::override_abort(
    const std::string& event_name, std::uint64_t seq, protocol::wait_result& verdict, instant now) {
    if (verdict.abort.empty() || !bypass_ || now.steady >= bypass_->when) {
        return;
    }
    base::glob_subject name{event_name};
    if (std::none_of(bypass_->events.begin(), bypass_->events.end(),
            [&name](const std::string& pattern) { return name.matches(pattern); })) {
        return;
    }
    ++bypass_->overridden;
    audit_.push_back(bypass_->label() + " overrode \"" + shortened(verdict.abort) + "\" on " + event_name + " #" +
                     std::to_string(seq) + " (" + verdict.hook_event_id + ")");
    verdict.abort.clear();
    verdict.bypassed = bypass_->reason;
}

void bypass_switch::expire(instant now) {
    if (bypass_ && bypass_->when <= now.steady) {
        end("has expired");
    }
}

void bypass_switch::shut_down() {
    if (bypass_) {
        end("ended with the daemon");
    }
}

void bypass_switch::end(std::string_view why) {
    audit_.push_back(
        bypass_->label() + " " + std::string{why} + "; " + base::counted(bypass_->overridden, "verdict") + " bypassed");
    bypass_.reset();
}

}  // namespace hookd::core
