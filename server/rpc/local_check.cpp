// SPDX-License-Identifier: BSL-1.0
#include "local_check.hpp"

#include "long_message.hpp"

#include <hookd/protocol/json_text.hpp>

#include <algorithm>
#include <new>

namespace hookd::server::rpc {

using protocol::error;

namespace {

std::optional<error> check(
    const catalog* events, const std::string& event, const local_text& each, check_limit& limit) {
    if (each.what == local_text::kind::payload && protocol::find_json_fault(each.text)) {
        return error{protocol::errc::invalid_params, "the payload is not valid JSON"};
    }
    if (events == nullptr) {
        return std::nullopt;
    }
    return each.what == local_text::kind::reply ? events->check_reply(event, each.text, limit)
                                                : events->check_event(event, each.text, limit);
}

std::optional<error> check_to_the_end(
    const catalog* events, const std::string& event, const local_text& each, const std::atomic<bool>& is_stopping) {
    try {
        check_limit limit{};
        limit.is_cancelled = &is_stopping;
        return check(events, event, each, limit);
    } catch (const std::bad_alloc&) {
        return error{protocol::errc::internal_error, "there is no memory to check it: retry later"};
    }
}

}  // namespace

bool check_now(broker_service& broker, const std::string& event, const std::vector<local_text>& texts) {
    if (std::any_of(texts.begin(), texts.end(),
            [](const local_text& each) { return each.text.size() > long_message::most_bytes_in_a_turn; })) {
        return false;
    }
    for (const auto& each : texts) {
        check_limit limit{};
        limit.steps = check_limit::short_steps;
        auto refusal = check(broker.events(), event, each, limit);
        if (limit.is_exceeded) {
            broker.checked().clear();
            return false;
        }
        broker.checked().add(each.text.data(), std::move(refusal));
    }
    return true;
}

void check_elsewhere(broker_service& broker, std::string event, std::vector<local_text> texts,
    std::function<void(local_findings)> then) {
    broker.checks().run([&is_stopping = broker.checks().is_stopping(), events = broker.shared_events(),
                            event = std::move(event), texts = std::move(texts), then = std::move(then)] {
        local_findings found;
        for (const auto& each : texts) {
            found.emplace_back(each.text.data(), check_to_the_end(events.get(), event, each, is_stopping));
        }
        then(std::move(found));
    });
}

}  // namespace hookd::server::rpc
