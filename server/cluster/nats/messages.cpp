// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/messages.hpp"

#include "cluster/nats/json_fields.hpp"

#include <base/json/object_writer.hpp>

#include <algorithm>
#include <array>

namespace hookd::nats {
namespace {

constexpr std::uint64_t version = 1;

// In the order of message::kind.
constexpr std::array<std::string_view, 10> names{
    "ask", "told", "none", "has", "settled", "close", "here", "known", "gone", "probe"};

// What each kind can't be without.
bool is_complete(const message& received) noexcept {
    if (received.from.host.empty() || received.from.entry.empty()) {
        return false;
    }
    switch (received.type) {
        case message::kind::ask:
            return !received.id.empty() && !received.event.empty() && !received.payload.empty() &&
                   !received.emitted_at.empty() && !received.policy.empty() && received.timeout_ms > 0;
        case message::kind::told:
            return !received.id.empty() && !received.event.empty() && !received.payload.empty() &&
                   !received.emitted_at.empty();
        case message::kind::none:
        case message::kind::close:
            return !received.id.empty();
        case message::kind::has:
            return !received.id.empty() && received.responders.starts_with('[');
        case message::kind::settled:
            return !received.id.empty() && received.result.starts_with('{');
        case message::kind::here:
            return received.presence.starts_with('{');
        case message::kind::known:
        case message::kind::gone:
        case message::kind::probe:
            return true;
    }
    return false;
}

}  // namespace

std::optional<message> read_message(std::string_view text) {
    const auto fields = json_fields::read(text);
    if (!fields || fields->number("v") != version) {
        return std::nullopt;
    }
    const auto* const name = std::find(names.begin(), names.end(), fields->text("kind"));
    if (name == names.end()) {
        return std::nullopt;
    }
    message result;
    result.type = static_cast<message::kind>(name - names.begin());
    result.from = {fields->text("host"), fields->text("entry")};
    result.sequence = fields->number("seq");
    result.id = fields->text("id");
    result.event = fields->text("event");
    result.payload = fields->raw("payload");
    result.cause = fields->raw("cause");
    result.emitted_at = fields->raw("emitted_at");
    result.policy = fields->text("policy");
    result.timeout_ms = fields->number("timeout_ms");
    result.responders = fields->raw("responders");
    result.result = fields->raw("result");
    result.presence = fields->raw("presence");
    result.decides = fields->flag("decides");
    return is_complete(result) ? std::optional{std::move(result)} : std::nullopt;
}

link::event_content to_event(const message& received) {
    return {received.id, received.event, std::string{received.payload}, std::string{received.cause},
        std::string{received.emitted_at}};
}

void set_event(message& outgoing, const link::event_content& event) {
    outgoing.id = event.id;
    outgoing.event = event.name;
    outgoing.payload = event.payload_json;
    outgoing.cause = event.cause_json;
    outgoing.emitted_at = event.emitted_at_json;
}

std::string to_text(const message& outgoing) {
    base::object_writer out;
    out.number("v", version)
        .text("kind", names[static_cast<std::size_t>(outgoing.type)])
        .text("host", outgoing.from.host)
        .text("entry", outgoing.from.entry)
        .number("seq", outgoing.sequence)
        .optional_text("id", outgoing.id)
        .optional_text("event", outgoing.event)
        .optional_raw("cause", outgoing.cause)
        .optional_raw("emitted_at", outgoing.emitted_at)
        .optional_text("policy", outgoing.policy);
    if (outgoing.timeout_ms > 0) {
        out.number("timeout_ms", outgoing.timeout_ms);
    }
    return out.optional_raw("responders", outgoing.responders)
        .optional_raw("result", outgoing.result)
        .optional_raw("presence", outgoing.presence)
        .optional_flag("decides", outgoing.decides)
        .optional_raw("payload", outgoing.payload)
        .finish();
}

}  // namespace hookd::nats
