#include "agent_event.hpp"

#include "arguments.hpp"
#include "json_object.hpp"

#include <hookd/protocol/json_text.hpp>
#include <hookd/protocol/limits.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace hookd::hookctl {

namespace {

using kind = agent_event_kind;
using protocol::json_kind;

struct caller_event {
    std::string_view name;
    kind meaning;
};

constexpr std::array caller_events{
    caller_event{"SessionStart", kind::session_start},
    caller_event{"SessionEnd", kind::session_end},
    caller_event{"UserPromptSubmit", kind::prompt_submit},
    caller_event{"PreToolUse", kind::pre_tool_use},
    // The same question, asked where the agent would ask a person.
    caller_event{"PermissionRequest", kind::pre_tool_use},
    caller_event{"PostToolUse", kind::post_tool_use},
    caller_event{"PostToolUseFailure", kind::post_tool_use},
    caller_event{"Notification", kind::notification},
    caller_event{"Stop", kind::stop},
    caller_event{"SubagentStop", kind::subagent_stop},
    // These are Gemini's.
    caller_event{"BeforeAgent", kind::prompt_submit},
    caller_event{"BeforeTool", kind::pre_tool_use},
    caller_event{"AfterTool", kind::post_tool_use},
    caller_event{"AfterAgent", kind::stop},
};

constexpr std::array<std::string_view, 8> event_names{"agent.session_start", "agent.session_end",  "agent.prompt_submit",
                                                      "agent.pre_tool_use",  "agent.post_tool_use", "agent.notification",
                                                      "agent.stop",          "agent.subagent_stop"};
constexpr std::array<std::string_view, 3> agent_names{"claude-code", "codex", "gemini"};

constexpr std::string_view codex_notice = "agent-turn-complete";

/// The members of the input, by name.
class input_members {
public:
    explicit input_members(std::string_view object) : object_(object) {}

    /// The value of the first member of that name; empty where there is none, or null.
    [[nodiscard]] std::string_view raw(std::string_view name) const {
        protocol::json_cursor members(object_);
        while (const auto member = members.next()) {
            if (member->key.equals(name)) {
                return protocol::kind_of(member->value) == json_kind::null ? std::string_view() : member->value;
            }
        }
        return {};
    }
    [[nodiscard]] bool has(std::string_view name) const { return !raw(name).empty(); }
    /// The same where it is of that kind.
    [[nodiscard]] std::string_view raw(std::string_view name, json_kind wanted) const {
        const auto value = raw(name);
        return !value.empty() && protocol::kind_of(value) == wanted ? value : std::string_view();
    }
    /// A string, decoded; empty where there is none.
    [[nodiscard]] std::string text(std::string_view name) const {
        const auto value = raw(name, json_kind::string);
        return value.empty() ? std::string() : protocol::json_string{value.substr(1, value.size() - 2)}.decode();
    }

private:
    std::string_view object_;
};

agent_kind agent_of(const input_members& input, std::string_view caller_name) {
    constexpr std::array<std::string_view, 8> gemini_names{"BeforeTool",  "AfterTool",           "BeforeAgent", "AfterAgent",
                                                           "BeforeModel", "BeforeToolSelection", "AfterModel",  "PreCompress"};
    const auto transcript = input.text("transcript_path");
    const auto is_kept_in = [&transcript](std::string_view directory) { return transcript.find(directory) != std::string::npos; };
    if (std::find(gemini_names.begin(), gemini_names.end(), caller_name) != gemini_names.end() || is_kept_in("/.gemini/") ||
        (input.has("timestamp") && !input.has("permission_mode"))) {
        return agent_kind::gemini;
    }
    return input.has("turn_id") || is_kept_in("/.codex/") ? agent_kind::codex : agent_kind::claude;
}

/// A member that is passed on, where the input has it.
struct passed_member {
    std::string_view name;
    std::span<const json_kind> kinds;  ///< none: any
    std::string_view also{};           ///< another agent's name for it
};

constexpr std::array a_string{json_kind::string};
constexpr std::array a_boolean{json_kind::boolean};

std::span<const passed_member> members_of(kind what) {
    static constexpr std::array start{passed_member{"source", a_string}, passed_member{"model", a_string}};
    static constexpr std::array end{passed_member{"reason", a_string}};
    static constexpr std::array prompt{passed_member{"prompt", a_string}};
    static constexpr std::array before{passed_member{"tool_name", a_string}, passed_member{"tool_input", {}},
                                       passed_member{"tool_use_id", a_string}};
    static constexpr std::array after{passed_member{"tool_name", a_string}, passed_member{"tool_input", {}},
                                      passed_member{"tool_use_id", a_string}, passed_member{"tool_response", {}},
                                      passed_member{"error", a_string}};
    static constexpr std::array notification{passed_member{"message", a_string}, passed_member{"notification_type", a_string},
                                             passed_member{"title", a_string}};
    static constexpr std::array stop{passed_member{"stop_hook_active", a_boolean},
                                     passed_member{"last_assistant_message", a_string, "prompt_response"},
                                     passed_member{"agent_id", a_string}, passed_member{"agent_type", a_string}};
    switch (what) {
        case kind::session_start:
            return start;
        case kind::session_end:
            return end;
        case kind::prompt_submit:
            return prompt;
        case kind::pre_tool_use:
            return before;
        case kind::post_tool_use:
            return after;
        case kind::notification:
            return notification;
        case kind::stop:
        case kind::subagent_stop:
            break;
    }
    return stop;
}

void pass(json_object& payload, const input_members& input, const passed_member& member) {
    auto value = input.raw(member.name);
    if (value.empty() && !member.also.empty()) {
        value = input.raw(member.also);
    }
    const bool fits = member.kinds.empty() || (!value.empty() && protocol::kind_of(value) == member.kinds.front());
    if (!value.empty() && fits) {
        payload.raw(member.name, value);
    }
}

void begin_payload(json_object& payload, const agent_event& event, std::string_view session, const input_members& input) {
    payload.text("agent", agent_names[static_cast<std::size_t>(event.agent)]).text("session_id", session);
    for (const std::string_view name : {"cwd", "transcript_path", "permission_mode"}) {
        pass(payload, input, {name, a_string});
    }
    payload.text("hook_event_name", event.caller_name);
}

/// Whether a request, and the event that it becomes, can have that payload with the daemon's usual limits.
bool fits_a_message(const std::string& payload) {
    constexpr std::size_t beside_it = std::size_t{4} * 1024;  // the rest of the request
    const auto fits = payload.size() + beside_it <= protocol::default_max_frame_bytes;
    return fits && !protocol::find_json_fault("[[" + payload + "]]");  // as deep as within {"params":{"payload":
}

/// The payload with all that the agent wrote, or without where that is too much: what has been read out of it matters more.
std::string finish_payload(json_object payload, std::string_view text) {
    auto whole = json_object(payload).raw("raw", text).finish();
    return fits_a_message(whole) ? whole : payload.flag("raw_omitted", true).finish();
}

/// Codex tells the end of a turn to a program of its own kind (`notify`), which answers nothing.
agent_event read_codex_notice(const input_members& input, std::string_view text) {
    agent_event event;
    event.agent = agent_kind::codex;
    event.caller_name = codex_notice;
    event.kind = kind::stop;
    event.answered = false;
    json_object payload;
    begin_payload(payload, event, input.text("thread-id"), input);
    if (input.has("last-assistant-message")) {
        payload.text("last_assistant_message", input.text("last-assistant-message"));
    }
    event.payload = finish_payload(std::move(payload), text);
    return event;
}

}  // namespace

std::string agent_event::name() const {
    return std::string(event_names[static_cast<std::size_t>(*kind)]);
}

bool agent_event::waits() const noexcept {
    return answered && kind != agent_event_kind::session_end && kind != agent_event_kind::notification;
}

bool agent_event::is_guarded() const noexcept {
    return kind == agent_event_kind::pre_tool_use || kind == agent_event_kind::prompt_submit;
}

agent_event read_agent_event(std::string_view input, std::optional<agent_kind> agent) {
    constexpr std::string_view white_space = " \t\r\n";
    const auto begin = input.find_first_not_of(white_space);
    const auto text = input.substr(begin, input.find_last_not_of(white_space) + 1 - begin);
    if (protocol::kind_of(text) != json_kind::object) {
        throw usage_error("an agent's hook gets a JSON object, and this is none");
    }
    const input_members members(text);
    if (members.text("type") == codex_notice) {
        return read_codex_notice(members, text);
    }
    agent_event event;
    event.caller_name = members.text("hook_event_name");
    if (event.caller_name.empty()) {
        throw usage_error("this is no input of an agent's hook: it has no hook_event_name");
    }
    event.agent = agent.value_or(agent_of(members, event.caller_name));
    const auto known = std::find_if(caller_events.begin(), caller_events.end(),
                                    [&event](const caller_event& each) { return each.name == event.caller_name; });
    if (known == caller_events.end()) {
        return event;
    }
    event.kind = known->meaning;
    const bool has_tool = event.kind == kind::pre_tool_use || event.kind == kind::post_tool_use;
    if (has_tool && members.text("tool_name").empty()) {
        throw usage_error(event.caller_name + " has no tool_name");
    }

    json_object payload;
    begin_payload(payload, event, members.text("session_id"), members);
    for (const auto& each : members_of(*event.kind)) {
        pass(payload, members, each);
    }
    // What the event's readers count on, although an agent may leave it out.
    if (event.kind == kind::prompt_submit && members.raw("prompt", json_kind::string).empty()) {
        payload.text("prompt", "");
    }
    if (event.kind == kind::notification && members.raw("message", json_kind::string).empty()) {
        payload.text("message", "");
    }
    event.payload = finish_payload(std::move(payload), text);
    return event;
}

}  // namespace hookd::hookctl
