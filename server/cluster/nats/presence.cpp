// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/presence.hpp"

#include "cluster/nats/json_fields.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/text/glob.hpp>

#include <algorithm>

namespace hookd::nats {
namespace {

std::string to_text(const link::host_session& session) {
    return base::object_writer{}
        .text("name", session.name)
        .texts("events", session.events)
        .flag("responds", session.responds)
        .number("uid", session.uid)
        .text("on_failure", session.on_failure)
        .number("order", session.order)
        .text("kind", session.kind)
        .finish();
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
    for (base::json_cursor elements{sessions}; const auto each = elements.next();) {
        if (const auto session = json_fields::read(each->value)) {
            found.sessions.push_back({session->text("name"), session->texts("events"), session->flag("responds"),
                session->signed_number("uid"), session->text("on_failure"), session->signed_number("order"),
                session->text("kind")});
        }
    }
    return found;
}

audience audience_of(const std::vector<link::host_session>& sessions, std::string_view event) {
    audience found;
    const auto matches = [event](const std::string& pattern) { return base::glob_matches(pattern, event); };
    for (const link::host_session& each : sessions) {
        if (std::any_of(each.events.begin(), each.events.end(), matches)) {
            found.is_heard = true;
            if (each.responds) {
                found.responders.push_back({each.name, each.on_failure, each.order});
            }
        }
    }
    return found;
}

std::string to_text(const presence& shown) {
    std::string sessions = "[";
    for (const link::host_session& each : shown.sessions) {
        const std::string text = to_text(each);
        if (sessions.size() + text.size() + 2 > max_presence_bytes) {
            break;
        }
        sessions.append(sessions.size() > 1 ? "," : "").append(text);
    }
    sessions += ']';
    return base::object_writer{}
        .text("host", shown.who.host)
        .text("entry", shown.who.entry)
        .text("instance", shown.instance)
        .raw("sessions", sessions)
        .finish();
}

}  // namespace hookd::nats
