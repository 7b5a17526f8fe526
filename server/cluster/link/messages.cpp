// SPDX-License-Identifier: BSL-1.0
#include "cluster/link/messages.hpp"

#include <hookd/protocol/json_text.hpp>
#include <hookd/protocol/limits.hpp>

#include "json_scanner.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace hookd::link {
namespace {

using protocol::json_cursor;
using protocol::json_kind;
using protocol::kind_of;

// Around a payload or a reply, which may be nested as deep as the wire contract allows, a message adds a few levels.
constexpr std::size_t message_depth = protocol::detail::json_scanner::scannable_depth;
constexpr std::size_t content_depth = protocol::max_depth + 8;
static_assert(content_depth + 8 <= message_depth);

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string string_of(std::string_view value) {
    return protocol::json_string{value.substr(1, value.size() - 2)}.decode();
}

std::int64_t integer_of(std::string_view value, std::string_view name) {
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (fault != std::errc{} || end != value.data() + value.size()) {
        throw malformed_message(std::string{name} + " is not an integer of 64 bits");
    }
    return number;
}

/// The members of an object. (protocol::json_cursor stops at the depth of the wire contract, which a message exceeds.)
class fields {
public:
    explicit fields(std::string_view object) {
        protocol::detail::json_scanner scanner{object, message_depth};
        const char* const end = scanner.walk_object(scanner.begin(), [&](protocol::json_string key, const char* value) {
            const char* const after = scanner.skip_value(value);
            if (after != nullptr) {
                members_.push_back({key, {value, static_cast<std::size_t>(after - value)}});
            }
            return after;
        });
        if (end == nullptr || scanner.expect_end(end) == nullptr) {
            throw malformed_message("it is not valid JSON");
        }
    }

    /// Empty where there is none.
    [[nodiscard]] std::string_view find(std::string_view name) const {
        const auto found = std::find_if(members_.begin(), members_.end(),
            [name](const protocol::json_member& each) { return each.key.equals(name); });
        return found == members_.end() ? std::string_view{} : found->value;
    }

    [[nodiscard]] std::string text(std::string_view name) const { return string_of(required(name, json_kind::string)); }
    [[nodiscard]] std::string raw(std::string_view name) const { return std::string{required(name)}; }
    [[nodiscard]] std::string raw_object(std::string_view name) const {
        return std::string{required(name, json_kind::object)};
    }
    [[nodiscard]] std::int64_t integer(std::string_view name) const {
        return integer_of(required(name, json_kind::number), name);
    }
    [[nodiscard]] bool boolean(std::string_view name) const { return required(name, json_kind::boolean) == "true"; }

    [[nodiscard]] milliseconds duration(std::string_view name) const {
        constexpr std::int64_t longest = 10LL * 86'400'000;
        const auto count = integer(name);
        if (count < 0 || count > longest) {
            throw malformed_message(std::string{name} + " is out of range");
        }
        return milliseconds{count};
    }

    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const {
        std::vector<std::string> found;
        for (json_cursor elements{required(name, json_kind::array)}; const auto element = elements.next();) {
            if (kind_of(element->value) != json_kind::string) {
                throw malformed_message(std::string{name} + " has an element that is not a string");
            }
            found.push_back(string_of(element->value));
        }
        return found;
    }

    /// A string that may be absent or null.
    [[nodiscard]] std::string optional_text(std::string_view name) const {
        const auto value = find(name);
        return value.empty() || value == "null" ? std::string{} : text(name);
    }
    [[nodiscard]] std::int64_t optional_integer(std::string_view name) const {
        const auto value = find(name);
        return value.empty() || value == "null" ? 0 : integer(name);
    }
    [[nodiscard]] std::string optional_raw(std::string_view name) const {
        const auto value = find(name);
        return value == "null" ? std::string{} : std::string{value};
    }

private:
    [[nodiscard]] std::string_view required(std::string_view name) const {
        const auto value = find(name);
        if (value.empty()) {
            throw malformed_message(std::string{name} + " is missing");
        }
        return value;
    }
    [[nodiscard]] std::string_view required(std::string_view name, json_kind kind) const {
        const auto value = required(name);
        if (kind_of(value) != kind) {
            throw malformed_message(std::string{name} + " is of the wrong type");
        }
        return value;
    }

    std::vector<protocol::json_member> members_{};
};

event_content read_event(const fields& from) {
    event_content event;
    event.id = from.text("hook_event_id");
    event.name = from.text("event");
    event.payload_json = from.raw("payload");
    event.cause_json = from.optional_raw("cause");
    event.emitted_at_json = from.raw("emitted_at");
    return event;
}

command read_hello(const fields& from) {
    if (const auto spoken = from.integer("protocol"); spoken != 1) {
        throw malformed_message(
            "hookd speaks version " + std::to_string(spoken) +
            " of the link's protocol, and this program version 1: install the same release of both");
    }
    return hello{from.text("url"), from.text("host"), from.text("instance"), from.duration("lease_ms")};
}

command read_session(const fields& from) {
    session found;
    found.number = from.integer("session");
    found.name = from.optional_text("name");
    found.uid = from.optional_integer("uid");
    found.responds = from.boolean("responds");
    found.events = from.texts("events");
    found.on_failure = from.optional_text("on_failure");
    found.order = from.optional_integer("order");
    found.kind = from.optional_text("kind");
    return found;
}

command read_reply(const fields& from) {
    reply answer;
    answer.origin = from.text("origin");
    answer.id = from.text("hook_event_id");
    answer.result_json = from.raw_object("result");
    answer.decides = from.boolean("decides");
    return answer;
}

command read_params(std::string_view method, const fields& from) {
    if (method == "cluster.ping") {
        return ping{};
    }
    if (method == "cluster.ask") {
        return ask{read_event(from), from.duration("timeout_ms"), from.text("policy")};
    }
    if (method == "cluster.tell") {
        return tell{from.integer("request"), read_event(from)};
    }
    if (method == "cluster.reply") {
        return read_reply(from);
    }
    if (method == "cluster.close") {
        return close_event{from.text("hook_event_id")};
    }
    if (method == "cluster.session") {
        return read_session(from);
    }
    if (method == "cluster.session_gone") {
        return session_gone{from.integer("session")};
    }
    if (method == "cluster.hello") {
        return read_hello(from);
    }
    throw malformed_message("the method is unknown");
}

/// Writes one notification, member by member.
class notification {
public:
    explicit notification(std::string_view method) {
        text_ = R"({"jsonrpc":"2.0","method":"cluster.)";
        text_ += method;
        text_ += R"(","params":{)";
    }

    notification& text(std::string_view name, std::string_view value) {
        key(name);
        protocol::append_json_string(text_, value);
        return *this;
    }
    notification& text_if_any(std::string_view name, std::string_view value) {
        return value.empty() ? *this : text(name, value);
    }
    notification& raw(std::string_view name, std::string_view json) {
        key(name);
        text_ += json;
        return *this;
    }
    notification& raw_if_any(std::string_view name, std::string_view json) {
        return json.empty() ? *this : raw(name, json);
    }
    notification& number(std::string_view name, std::int64_t value) { return raw(name, std::to_string(value)); }

    [[nodiscard]] std::string end() {
        text_ += "}}";
        return std::move(text_);
    }

private:
    void key(std::string_view name) {
        if (!first_) {
            text_ += ',';
        }
        first_ = false;
        text_ += '"';
        text_ += name;
        text_ += "\":";
    }

    std::string text_{};
    bool first_ = true;
};

/// Appends `[…]`, with what `append` writes for each element.
template <class Elements, class Append>
void append_array(std::string& out, const Elements& elements, Append append) {
    out += '[';
    for (bool first = true; const auto& each : elements) {
        if (!first) {
            out += ',';
        }
        first = false;
        append(each);
    }
    out += ']';
}

void append_responder(std::string& out, const responder& each) {
    out += R"({"name":)";
    protocol::append_json_string(out, each.name);
    out += R"(,"on_failure":)";
    protocol::append_json_string(out, each.on_failure);
    out += R"(,"order":)" + std::to_string(each.order) + "}";
}

void append_session(std::string& out, const host_session& each) {
    out += R"({"name":)";
    protocol::append_json_string(out, each.name);
    out += R"(,"events":)";
    protocol::append_strings(out, each.events);
    out += each.responds ? R"(,"responds":true)" : R"(,"responds":false)";
    if (!each.kind.empty()) {
        out += R"(,"uid":)" + std::to_string(each.uid) + R"(,"on_failure":)";
        protocol::append_json_string(out, each.on_failure);
        out += R"(,"order":)" + std::to_string(each.order) + R"(,"kind":)";
        protocol::append_json_string(out, each.kind);
    }
    out += '}';
}

void append_host(std::string& out, const host& each) {
    out += R"({"host":)";
    protocol::append_json_string(out, each.name);
    out += R"(,"instance":)";
    protocol::append_json_string(out, each.instance);
    out += R"(,"lease_ms":)" + std::to_string(each.lease.count()) + R"(,"sessions":)";
    append_array(out, each.sessions, [&out](const host_session& session) { append_session(out, session); });
    out += '}';
}

std::string_view name_of(link_state state) {
    switch (state) {
        case link_state::down:
            return "down";
        case link_state::connecting:
            return "connecting";
        case link_state::entering:
            return "entering";
        case link_state::up:
            break;
    }
    return "up";
}

}  // namespace

command parse_command(std::string_view frame) {
    const auto text = trimmed(frame);
    if (text.empty() || kind_of(text) != json_kind::object) {
        throw malformed_message("it is not a JSON object");
    }
    const fields envelope{text};
    const auto params = envelope.find("params");
    const auto method = envelope.text("method");
    try {
        return read_params(method, fields{!params.empty() && kind_of(params) == json_kind::object ? params : "{}"});
    } catch (const malformed_message& fault) {
        throw malformed_message(method + ": " + fault.what());
    }
}

std::string encode(const state_report& report) {
    return notification{"state"}
        .text("state", name_of(report.state))
        .text_if_any("reason", report.reason)
        .text_if_any("engine", report.engine)
        .text_if_any("epoch", report.epoch)
        .end();
}

std::string encode(const pong&) { return notification{"pong"}.end(); }

std::string encode(const hosts_report& report) {
    std::string list;
    append_array(list, report.hosts, [&list](const host& each) { append_host(list, each); });
    return notification{"hosts"}.raw("hosts", list).end();
}

std::string encode(const session_ready& report) {
    return notification{"session_ready"}.number("session", report.number).end();
}

std::string encode(const asked& report) {
    std::string list;
    append_array(list, report.hosts, [&list](const asked_host& each) {
        list += R"({"host":)";
        protocol::append_json_string(list, each.name);
        list += R"(,"responders":)";
        append_array(list, each.responders, [&list](const responder& one) { append_responder(list, one); });
        list += '}';
    });
    return notification{"asked"}.text("hook_event_id", report.id).raw("hosts", list).end();
}

std::string encode(const ask_failed& report) {
    return notification{"ask_failed"}.text("hook_event_id", report.id).text("reason", report.reason).end();
}

std::string encode(const told& report) {
    return notification{"told"}.number("request", report.request).number("hosts", report.hosts).end();
}

std::string encode(const tell_failed& report) {
    return notification{"told"}.number("request", report.request).text("failed", report.reason).end();
}

std::string encode(const foreign_event& report) {
    notification text{"event"};
    text.text("host", report.host).text("hook_event_id", report.event.id).text("event", report.event.name);
    text.raw("payload", report.event.payload_json)
        .raw_if_any("cause", report.event.cause_json)
        .raw("emitted_at", report.event.emitted_at_json);
    if (report.asks) {
        text.text("policy", report.asks->policy).number("timeout_ms", report.asks->left.count());
    }
    return text.end();
}

std::string encode(const cancel& report) {
    return notification{"cancel"}.text("hook_event_id", report.id).text("reason", report.reason).end();
}

std::string encode(const settled& report) {
    return notification{"settled"}
        .text("host", report.host)
        .text("hook_event_id", report.id)
        .raw("result", report.result_json)
        .end();
}

std::string encode(const host_left& report) {
    return notification{"host_left"}.text("host", report.host).text("why", report.why).end();
}

std::string encode(const gap& report) { return notification{"gap"}.text("reason", report.reason).end(); }

std::string encode(const fatal& report) { return notification{"fatal"}.text("reason", report.reason).end(); }

std::string result_without_answer(std::string_view failure) {
    std::string result = R"({"replies":[],"missing":[],"abstained":[],"passed":[])";
    if (!failure.empty()) {
        result += R"(,"failed":)";
        protocol::append_json_string(result, failure);
    }
    return result + '}';
}

bool is_json(std::string_view text) {
    protocol::detail::json_scanner scanner{text, content_depth};
    const char* const end = scanner.skip_value(scanner.begin());
    return end != nullptr && end == scanner.end();
}

}  // namespace hookd::link
