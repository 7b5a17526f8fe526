#include "cluster/nats/presence.hpp"

#include "cluster/nats/json_fields.hpp"

#include <hookd/protocol/json_text.hpp>

namespace hookd::nats {
namespace {

std::string to_text(const link::host_session& session) {
    std::string events;
    protocol::append_strings(events, session.events);
    return json_writer{}.text("name", session.name).raw("events", events).flag("responds", session.responds).take();
}

}  // namespace

std::optional<presence> read_presence(std::string_view text) {
    const auto fields = json_fields::read(text);
    if (!fields) {
        return std::nullopt;
    }
    presence found;
    found.who = {fields->text("host"), fields->text("entry")};
    found.instance = fields->text("instance");
    const std::string_view sessions = fields->raw("sessions");
    if (found.who.host.empty() || found.who.entry.empty() || !sessions.starts_with('[')) {
        return std::nullopt;
    }
    for (protocol::json_cursor elements{sessions}; const auto each = elements.next();) {
        if (const auto session = json_fields::read(each->value)) {
            found.sessions.push_back({session->text("name"), session->texts("events"), session->flag("responds")});
        }
    }
    return found;
}

std::string to_text(const presence& what) {
    std::string sessions = "[";
    for (const link::host_session& each : what.sessions) {
        const std::string text = to_text(each);
        if (sessions.size() + text.size() + 2 > max_presence_bytes) {
            break;
        }
        sessions.append(sessions.size() > 1 ? "," : "").append(text);
    }
    sessions += ']';
    return json_writer{}
        .text("host", what.who.host)
        .text("entry", what.who.entry)
        .text("instance", what.instance)
        .raw("sessions", sessions)
        .take();
}

}  // namespace hookd::nats
