// SPDX-License-Identifier: BSL-1.0
#include "schema_check.hpp"

#include <hookd/protocol/json_text.hpp>

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
struct part {
    bool is_reply = false;
    std::string_view text{};  // in the request
};

// The bytes of a member of `params`; empty where there is none.
std::string_view member_of(const protocol::request& call, std::string_view name) {
    const auto at = std::find_if(
        call.members.begin(), call.members.end(), [name](const auto& each) { return each.key.equals(name); });
    return at == call.members.end() ? std::string_view{} : at->value;
}

std::string text_of(std::string_view value) {
    return value.size() < 2 || value.front() != '"' ? std::string{}
                                                    : protocol::json_string{value.substr(1, value.size() - 2)}.decode();
}

/// What a request has to check, and for which event.
struct wanted_checks {
    std::string event{};
    std::vector<part> parts{};
};

wanted_checks checks_of_reply(const broker_service& broker, const core::client& by, const protocol::request& call) {
    wanted_checks result;
    const auto response = member_of(call, "response");
    if (response.empty() || response.front() != '{') {
        return result;
    }
    const auto id = text_of(member_of(call, "hook_event_id"));
    result.event = broker.state().event_that_awaits(id);
    result.parts.push_back({true, response});
    if (broker.state().is_turn_of(by, id)) {
        if (const auto payload = call.reply.payload; !payload.empty() && payload.front() == '{') {
            result.parts.push_back({false, payload});
        }
    }
    return result;
}

wanted_checks checks_of(const broker_service& broker, const core::client& by, const protocol::request& call) {
    if (call.method.equals(protocol::respond_params::method)) {
        return checks_of_reply(broker, by, call);
    }
    if (!call.method.equals(protocol::emit_params::method) &&
        !call.method.equals(protocol::emit_and_wait_params::method)) {
        return {};
    }
    const auto payload = member_of(call, "payload");
    return payload.empty() ? wanted_checks{} : wanted_checks{text_of(member_of(call, "event")), {{false, payload}}};
}

std::optional<error> check(
    const catalog& events, const std::string& event, bool is_reply, std::string_view text, check_limit& limit) {
    return is_reply ? events.check_reply(event, text, limit) : events.check_event(event, text, limit);
}

}  // namespace

// Shared with the thread that does it.
struct schema_check::work {
    struct item {
        part what{};
        bool is_decided = false;
        std::optional<error> refusal{};
    };

    std::shared_ptr<const catalog> events{};
    std::shared_ptr<const char[]> memory{};  // of the texts
    std::string event{};
    std::vector<item> items{};
    std::atomic<bool> is_cancelled{false};
    std::atomic<bool> is_done{false};  // from then on the broker's strand has the items

    void decide(item& which) const {
        check_limit limit{};
        limit.is_cancelled = &is_cancelled;
        try {
            which.refusal = check(*events, event, which.what.is_reply, which.what.text, limit);
        } catch (const std::bad_alloc&) {
            which.refusal =
                error{protocol::errc::internal_error, "there is no memory to check it against its schema: retry later"};
        }
    }
    void tell(broker_service& broker) {
        for (auto& each : items) {
            broker.checked().add(each.what.text.data(), std::move(each.refusal));
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

std::unique_ptr<schema_check> schema_check::begin(broker_service& broker, core::client& by,
    const protocol::request& call, const std::shared_ptr<const char[]>& memory) {
    const auto events = broker.shared_events();
    if (events == nullptr) {
        return nullptr;
    }
    auto wanted = checks_of(broker, by, call);
    if (wanted.event.empty()) {
        return nullptr;
    }
    auto rest = std::make_shared<work>();
    bool is_decided = true;
    for (const auto& each : wanted.parts) {
        check_limit limit{};
        limit.steps = check_limit::short_steps;
        auto refusal = check(*events, wanted.event, each.is_reply, each.text, limit);
        is_decided = is_decided && !limit.is_exceeded;
        rest->items.push_back({each, !limit.is_exceeded, std::move(refusal)});
    }
    if (is_decided) {
        rest->tell(broker);
        return nullptr;
    }
    rest->events = events;
    rest->memory = memory;
    rest->event = std::move(wanted.event);
    broker.checks().run([target = std::weak_ptr{rest}] {
        if (const auto wanted = target.lock()) {
            wanted->run();
        }
    });
    return std::unique_ptr<schema_check>{new schema_check{std::move(rest)}};
}

bool schema_check::is_over(broker_service& broker) {
    if (!work_->is_done.load(std::memory_order_acquire)) {
        return false;
    }
    work_->tell(broker);
    return true;
}

}  // namespace hookd::server::rpc
