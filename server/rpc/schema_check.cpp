// SPDX-License-Identifier: BSL-1.0
#include "schema_check.hpp"

#include <base/json/pointer.hpp>
#include <base/json/text.hpp>

#include <algorithm>
#include <atomic>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace hookd::server::rpc {

using protocol::error;

namespace {

/// One text and what it is to match.
struct checked_part {
    bool is_reply = false;
    std::string_view text{};  // in the request
};

// The bytes of a member of `params`; empty if there is none.
std::string_view member_of(const protocol::request& call, std::string_view name) {
    const auto at = std::find_if(
        call.members.begin(), call.members.end(), [name](const auto& each) { return each.key.equals(name); });
    return at == call.members.end() ? std::string_view{} : at->value;
}

std::string text_of(std::string_view value) {
    return value.size() < 2 || value.front() != '"' ? std::string{}
                                                    : base::json_string{value.substr(1, value.size() - 2)}.decode();
}

/// What a request has to check, and for which event.
struct wanted_checks {
    std::string event{};
    std::vector<checked_part> parts{};
};

wanted_checks checks_of_reply(const broker_service& broker, const core::client& client, const protocol::request& call) {
    wanted_checks result;
    const auto response = member_of(call, "response");
    if (response.empty() || response.front() != '{') {
        return result;
    }
    const auto id = text_of(member_of(call, "hook_event_id"));
    result.event = broker.state().event_that_awaits(id);
    result.parts.push_back({true, response});
    if (broker.state().is_turn_of(client, id)) {
        if (const auto payload = base::find_value(response, "/payload"); payload && payload->front() == '{') {
            result.parts.push_back({false, *payload});
        }
    }
    return result;
}

wanted_checks checks_of(const broker_service& broker, const core::client& client, const protocol::request& call) {
    if (call.method.equals(protocol::respond_params::method)) {
        return checks_of_reply(broker, client, call);
    }
    const bool is_trial = call.method.equals(protocol::schema_params::method);
    if (!is_trial && !call.method.equals(protocol::emit_params::method) &&
        !call.method.equals(protocol::emit_and_wait_params::method)) {
        return {};
    }
    wanted_checks result;
    if (const auto payload = member_of(call, "payload"); !payload.empty()) {
        result.parts.push_back({false, payload});
    }
    if (const auto response = member_of(call, "response"); is_trial && response.starts_with('{')) {
        result.parts.push_back({true, response});
    }
    if (!result.parts.empty()) {
        result.event = text_of(member_of(call, "event"));
    }
    return result;
}

std::optional<error> check(
    const catalog& events, const std::string& event, bool is_reply, std::string_view text, check_limit& limit) {
    return is_reply ? events.check_reply(event, text, limit) : events.check_event(event, text, limit);
}

}  // namespace

// Shared with the thread that does it.
struct schema_check::work {
    struct item {
        checked_part part{};
        bool is_decided = false;
        std::optional<error> refusal{};
    };

    std::shared_ptr<const catalog> events{};
    std::shared_ptr<const char[]> memory{};  // of the texts
    std::string event{};
    std::vector<item> items{};
    std::atomic<bool> is_cancelled{false};
    std::atomic<bool> is_done{false};  // from then on the broker's strand has the items

    static void report(std::vector<item>& items, broker_service& broker) {
        for (auto& each : items) {
            broker.checked().add(each.part.text.data(), std::move(each.refusal));
        }
    }
    void decide(item& next) const {
        check_limit limit{};
        limit.is_cancelled = &is_cancelled;
        try {
            next.refusal = check(*events, event, next.part.is_reply, next.part.text, limit);
        } catch (const std::bad_alloc&) {
            next.refusal =
                error{protocol::errc::internal_error, "there is no memory to check it against its schema: retry later"};
        }
    }
    void run() {
        for (auto& each : items) {
            if (!each.is_decided) {
                decide(each);
            }
        }
        is_done.store(true, std::memory_order_release);
    }
};

schema_check::~schema_check() { work_->is_cancelled.store(true, std::memory_order_relaxed); }

std::unique_ptr<schema_check> schema_check::begin_checks(broker_service& broker, const core::client& client,
    const protocol::request& call, const std::shared_ptr<const char[]>& memory) {
    auto wanted = checks_of(broker, client, call);
    if (wanted.event.empty()) {
        return nullptr;
    }
    std::vector<work::item> items;
    bool is_decided = true;
    for (const auto& each : wanted.parts) {
        check_limit limit{};
        limit.steps = check_limit::short_steps;
        auto refusal = check(*broker.events(), wanted.event, each.is_reply, each.text, limit);
        is_decided = is_decided && !limit.is_exceeded;
        items.push_back({each, !limit.is_exceeded, std::move(refusal)});
    }
    if (is_decided) {
        work::report(items, broker);
        return nullptr;
    }
    auto rest = std::make_shared<work>();
    rest->items = std::move(items);
    rest->events = broker.shared_events();
    rest->memory = memory;
    rest->event = std::move(wanted.event);
    broker.checks().run([target = std::weak_ptr{rest}] {
        if (const auto pending = target.lock()) {
            pending->run();
        }
    });
    return std::unique_ptr<schema_check>{new schema_check{std::move(rest)}};
}

bool schema_check::is_over(broker_service& broker) {
    if (!work_->is_done.load(std::memory_order_acquire)) {
        return false;
    }
    work::report(work_->items, broker);
    return true;
}

}  // namespace hookd::server::rpc
