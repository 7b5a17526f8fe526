// SPDX-License-Identifier: BSL-1.0
#include "missing.hpp"
#include "slot.hpp"

#include <base/json/text.hpp>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

// What a slot came to: its replies in order, who is missing, and whether the operation may proceed.
namespace hookd::core {

using protocol::outcome;

namespace {

// As `abort` is kept: the inside of a JSON string.
std::string inside_of_json(std::string_view text) {
    std::string quoted;
    base::append_json_string(quoted, text);
    return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

protocol::wait_result slot::describe(outcome outcome) {
    protocol::wait_result result;
    protocol::append_uuid(result.hook_event_id, id_);
    result.seq = seq_;
    result.outcome = outcome;
    if (chain_) {
        result.payload = chain_->payload;
    }
    auto missing = find_absent(outcome);
    result.missing = std::move(missing.all);
    result.abort = abort_;
    const bool undecided = outcome != protocol::outcome::answered && outcome != protocol::outcome::abstained;
    if (outcome == protocol::outcome::cancelled || !result.abort.empty()) {
        // nothing is to be stopped, or it is already
    } else if (on_failure_ == protocol::failure_policy::closed && undecided) {
        result.abort = inside_of_json(no_decision_reason(event_name_, outcome, result.missing));
    } else if (!missing.decisive.empty()) {
        result.abort = inside_of_json(missing_reason(event_name_, missing.decisive));
    }
    result.passed_over = describe_passed_over();
    result.responses = take_replies();
    return result;
}

protocol::wait_result slot::describe_so_far() {
    auto replies = replies_;
    auto orders = reply_orders_;
    auto result = describe(outcome::timeout);
    replies_ = std::move(replies);
    reply_orders_ = std::move(orders);
    return result;
}

// By the responder's order, then by name.
std::vector<protocol::wait_result::reply> slot::take_replies() {
    if (replies_.size() < 2) {
        reply_orders_.clear();
        return std::exchange(replies_, {});
    }
    std::vector<std::size_t> turns(replies_.size());
    std::iota(turns.begin(), turns.end(), std::size_t{0});
    std::sort(turns.begin(), turns.end(), [this](std::size_t a, std::size_t b) {
        return std::tie(reply_orders_[a], replies_[a].responder, a) <
               std::tie(reply_orders_[b], replies_[b].responder, b);
    });
    std::vector<protocol::wait_result::reply> sorted;
    sorted.reserve(turns.size());
    for (const std::size_t each : turns) {
        sorted.push_back(std::move(replies_[each]));
    }
    replies_.clear();
    reply_orders_.clear();
    return sorted;
}

slot::absence slot::find_absent(outcome outcome) const {
    absence found;
    const auto is_required = [this](const responder& each) {
        return std::any_of(require_.begin(), require_.end(),
            [&](const std::string& name) { return each.is_called(name) && !has_spoken(name); });
    };
    for (const auto& each : responders_) {
        if (each.has_spoken()) {
            continue;
        }
        if (auto why = why_missing(each, outcome); !why.empty()) {
            found.all.push_back({std::string{each.own_name()}, std::move(why), std::string{each.host()}, each.insists});
            if (each.insists || is_required(each)) {
                found.decisive.push_back(found.all.back());
            }
        }
    }
    for (const auto& name : require_) {
        if (std::none_of(responders_.begin(), responders_.end(), [&name](const responder& each) {
                return each.is_called(name) && each.is != responder::state::passed;
            })) {
            found.all.push_back({.responder = name, .why = "absent"});
            found.decisive.push_back(found.all.back());
        }
    }
    return found;
}

// Empty: it is not.
std::string slot::why_missing(const responder& responder, outcome outcome) const {
    using state = core::responder::state;
    switch (responder.is) {
        case state::left:
            return "left";
        case state::lagged:
            return "lagged";
        case state::failed: {
            const auto found = std::find_if(failures_.begin(), failures_.end(),
                [&responder](const failure& each) { return each.session_id == responder.session_id; });
            return "failed: " + found->why;
        }
        case state::waiting:
            return outcome == protocol::outcome::timeout || outcome == protocol::outcome::shutdown
                       ? std::string{to_string(outcome)}
                       : std::string{};
        case state::replied:
        case state::abstained:
        case state::passed:
            break;
    }
    return {};
}

std::shared_ptr<const protocol::wait_result::silent_responders> slot::describe_silent() const {
    auto silent = std::make_shared<protocol::wait_result::silent_responders>();
    silent->passed = foreign_->passed;
    for (const auto& each : responders_) {
        if (each.is == responder::state::abstained) {
            silent->abstained.push_back(each.name());
        }
    }
    return silent;
}

std::shared_ptr<const protocol::passed_over_hooks> slot::describe_passed_over() const {
    if (!is_chain() || std::none_of(responders_.begin(), responders_.end(),
                           [](const responder& each) { return each.is == responder::state::passed; })) {
        return passed_over_;
    }
    using hooks = protocol::passed_over_hooks;
    auto all = std::make_shared<hooks>(passed_over_ ? *passed_over_ : hooks{});
    for (const auto& each : responders_) {
        if (each.is == responder::state::passed && ++all->total <= hooks::most) {
            all->named.push_back({each.name(), protocol::pass_reason::where});
        }
    }
    return all;
}

void slot::count_failures(outcome outcome) const noexcept {
    const bool is_late = outcome == protocol::outcome::timeout || outcome == protocol::outcome::shutdown;
    for (const auto& each : responders_) {
        each.record->failed += each.is == responder::state::left || (each.is_waiting() && is_late) ? 1U : 0U;
    }
}

}  // namespace hookd::core
