// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/messages.hpp"

#include "cluster/link/object_writer.hpp"
#include "cluster/nats/json_fields.hpp"

#include <algorithm>
#include <array>

namespace hookd::nats {
namespace {

constexpr std::uint64_t version = 1;

// In the order of message::kind.
constexpr std::array<std::string_view, 10> names{
    "ask", "told", "none", "has", "settled", "close", "here", "known", "gone", "probe"};

// What each kind can't be without.
bool is_complete(const message& what) noexcept {
    if (what.from.host.empty() || what.from.entry.empty()) {
        return false;
    }
    switch (what.type) {
        case message::kind::ask:
            return !what.id.empty() && !what.event.empty() && !what.payload.empty() && !what.emitted_at.empty() &&
                   !what.policy.empty() && what.timeout_ms > 0;
        case message::kind::told:
            return !what.id.empty() && !what.event.empty() && !what.payload.empty() && !what.emitted_at.empty();
        case message::kind::none:
        case message::kind::close:
            return !what.id.empty();
        case message::kind::has:
            return !what.id.empty() && what.responders.starts_with('[');
        case message::kind::settled:
            return !what.id.empty() && what.result.starts_with('{');
        case message::kind::here:
            return what.presence.starts_with('{');
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

link::event_content to_event(const message& what) {
    return {what.id, what.event, std::string{what.payload}, std::string{what.cause}, std::string{what.emitted_at}};
}

void set_event(message& what, const link::event_content& event) {
    what.id = event.id;
    what.event = event.name;
    what.payload = event.payload_json;
    what.cause = event.cause_json;
    what.emitted_at = event.emitted_at_json;
}

std::string to_text(const message& what) {
    link::object_writer out;
    out.number("v", version)
        .text("kind", names[static_cast<std::size_t>(what.type)])
        .text("host", what.from.host)
        .text("entry", what.from.entry)
        .number("seq", what.sequence)
        .text_if_any("id", what.id)
        .text_if_any("event", what.event)
        .raw_if_any("cause", what.cause)
        .raw_if_any("emitted_at", what.emitted_at)
        .text_if_any("policy", what.policy);
    if (what.timeout_ms > 0) {
        out.number("timeout_ms", what.timeout_ms);
    }
    return out.raw_if_any("responders", what.responders)
        .raw_if_any("result", what.result)
        .raw_if_any("presence", what.presence)
        .raw_if_any("decides", what.decides ? "true" : "")
        .raw_if_any("payload", what.payload)
        .take();
}

}  // namespace hookd::nats
