// SPDX-License-Identifier: BSL-1.0
#include "event.hpp"

#include "hookctl/arguments.hpp"
#include "hookctl/git/place.hpp"
#include "tool.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <hookd/protocol/limits.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace hookd::hookctl {

namespace {

using kind = agent_event_kind;
using base::json_kind;

constexpr std::string_view agent_prefix = "agent.";
constexpr std::string_view unnamed_tool = "unknown";

struct caller_event {
    std::string_view name;
    kind meaning;
};

/// In snake_case, whatever the case in which an agent writes them: Claude Code `PreToolUse`, Cursor `preToolUse`, Grok
/// `pre_tool_use`. No name means two things to two agents.
constexpr std::array caller_events{
    // Claude Code's names, which most have.
    caller_event{"pre_tool_use", kind::pre_tool_use},
    caller_event{"permission_request", kind::permission_request},
    caller_event{"user_prompt_submit", kind::prompt_submit},
    caller_event{"post_tool_use", kind::post_tool_use},
    caller_event{"post_tool_use_failure", kind::post_tool_use},
    caller_event{"stop", kind::stop},
    caller_event{"subagent_stop", kind::stop},
    caller_event{"subagent_end", kind::stop},
    caller_event{"session_start", kind::session_start},
    caller_event{"session_end", kind::session_end},
    // Gemini CLI.
    caller_event{"before_tool", kind::pre_tool_use},
    caller_event{"before_agent", kind::prompt_submit},
    caller_event{"after_tool", kind::post_tool_use},
    caller_event{"after_agent", kind::stop},
    // Copilot CLI in camelCase, and Cursor.
    caller_event{"user_prompt_submitted", kind::prompt_submit},
    caller_event{"agent_stop", kind::stop},
    caller_event{"before_shell_execution", kind::pre_tool_use},
    caller_event{"before_mcp_execution", kind::pre_tool_use},
    caller_event{"before_read_file", kind::pre_tool_use},
    caller_event{"before_tab_file_read", kind::pre_tool_use},
    caller_event{"before_submit_prompt", kind::prompt_submit},
    caller_event{"after_shell_execution", kind::post_tool_use},
    caller_event{"after_mcp_execution", kind::post_tool_use},
    caller_event{"after_file_edit", kind::post_tool_use},
    // Cline.
    caller_event{"tool_call", kind::pre_tool_use},
    caller_event{"task_start", kind::session_start},
    caller_event{"task_resume", kind::session_start},
    caller_event{"task_complete", kind::stop},
    caller_event{"task_cancel", kind::stop},
    // Windsurf.
    caller_event{"pre_run_command", kind::pre_tool_use},
    caller_event{"pre_write_code", kind::pre_tool_use},
    caller_event{"pre_read_code", kind::pre_tool_use},
    caller_event{"pre_mcp_tool_use", kind::pre_tool_use},
    caller_event{"pre_user_prompt", kind::prompt_submit},
    caller_event{"post_run_command", kind::post_tool_use},
    caller_event{"post_write_code", kind::post_tool_use},
    caller_event{"post_read_code", kind::post_tool_use},
    caller_event{"post_mcp_tool_use", kind::post_tool_use},
    caller_event{"post_cascade_response", kind::stop},
};

constexpr std::array<std::string_view, 7> kind_names{"agent.pre_tool_use", "agent.permission_request",
    "agent.prompt_submit", "agent.post_tool_use", "agent.stop", "agent.session_start", "agent.session_end"};

/// Called before something that they can't stop, or must not: a compaction that fails ends a session.
constexpr std::array<std::string_view, 4> told_only{
    "before_model", "before_tool_selection", "pre_compress", "pre_compact"};

bool is_told_only(std::string_view snake_name) {
    return std::find(told_only.begin(), told_only.end(), snake_name) != told_only.end();
}

/// Whether an event of a name that is not known can be stopped.
bool sounds_stoppable(std::string_view caller_name) {
    const auto begins = [&](std::string_view prefix) {
        return caller_name.size() >= prefix.size() &&
               std::equal(prefix.begin(), prefix.end(), caller_name.begin(),
                   [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b); });
    };
    return begins("pre") || begins("before") || caller_name.ends_with("Request") || caller_name.ends_with("_request");
}

std::string caller_name_of(const agent_input& input) {
    for (const std::string_view member : {"hook_event_name", "agent_action_name", "hookName", "hookEventName"}) {
        if (auto name = input.text(member); !name.empty()) {
            return name;
        }
    }
    if (input.text("type") == codex_notice) {
        return std::string(codex_notice);
    }
    return {};
}

/// Where agents have what is told under one name. `member/inner` is a member of a member.
struct passed_member {
    std::string_view name;
    json_kind wanted;
    std::array<std::string_view, 4> from;
};

constexpr std::array passed_members{
    passed_member{"session_id", json_kind::string, {"session_id", "sessionId", "taskId", "thread-id"}},
    passed_member{"session_id", json_kind::string, {"conversation_id", "trajectory_id"}},
    passed_member{"cwd", json_kind::string, {"cwd", "tool_info/cwd"}},
    passed_member{"transcript_path", json_kind::string, {"transcript_path", "transcriptPath"}},
    passed_member{"permission_mode", json_kind::string, {"permission_mode"}},
    passed_member{"agent_id", json_kind::string, {"agent_id", "agent_name", "agentName"}},
    passed_member{"agent_type", json_kind::string, {"agent_type", "agent_name"}},
    passed_member{"tool_use_id", json_kind::string, {"tool_use_id", "tool_call_id", "toolUseId"}},
    passed_member{"error", json_kind::string, {"error"}},
    passed_member{"prompt", json_kind::string, {"prompt", "tool_info/user_prompt", "userPromptSubmit/prompt"}},
    passed_member{"source", json_kind::string, {"source"}},
    passed_member{"model", json_kind::string, {"model"}},
    passed_member{"reason", json_kind::string, {"reason", "stopReason", "stop_reason"}},
    passed_member{"message", json_kind::string, {"message"}},
    passed_member{"title", json_kind::string, {"title"}},
    passed_member{"notification_type", json_kind::string, {"notification_type"}},
    passed_member{"stop_hook_active", json_kind::boolean, {"stop_hook_active", "stopHookActive"}},
    passed_member{"last_assistant_message", json_kind::string,
        {"last_assistant_message", "prompt_response", "last-assistant-message", "tool_info/response"}},
};

std::string_view find_member(const agent_input& input, const passed_member& wanted) {
    for (const auto name : wanted.from) {
        const auto slash = name.find('/');
        auto value = input.raw(name.substr(0, slash));
        if (slash != std::string_view::npos) {
            value = json_member_of(value, name.substr(slash + 1));
        }
        if (!value.empty() && base::kind_of(value) == wanted.wanted) {
            return value;
        }
    }
    return {};
}

/// What is passed on under that name; empty if there is nothing.
std::string_view find_passed(const agent_input& input, std::string_view name) {
    for (const auto& each : passed_members) {
        if (each.name == name) {
            if (const auto value = find_member(input, each); !value.empty()) {
                return value;
            }
        }
    }
    return {};
}

std::string project_directory(const agent_dialect& dialect, const agent_input& input) {
    if (!dialect.project_variable.empty()) {
        if (const char* value = std::getenv(std::string(dialect.project_variable).c_str());
            value != nullptr && *value != '\0') {
            return value;
        }
    }
    for (const std::string_view roots : {"workspace_roots", "workspaceRoots"}) {
        if (const auto all = input.raw(roots, json_kind::array); !all.empty()) {
            base::json_cursor elements(all);
            if (const auto first = elements.next()) {
                return json_text_of(first->value);
            }
        }
    }
    auto root = input.text("workspaceRoot");
    return root.empty() ? json_text_of(find_passed(input, "cwd")) : root;
}

/// Whether a request, and the event that it becomes, can have that payload with the daemon's usual limits.
bool fits_a_message(const std::string& payload) {
    constexpr std::size_t beside_it = std::size_t{4} * 1024;  // the rest of the request
    const auto fits = payload.size() + beside_it <= protocol::default_max_frame_bytes;
    return fits && !base::find_json_fault("[[" + payload + "]]");  // as deep as within {"params":{"payload":
}

/// The payload with all that the agent wrote, or without if that is too much: what has been read out of it matters
/// more.
std::string finish_payload(base::object_writer payload, std::string_view text) {
    auto whole = base::object_writer(payload).raw("raw", text).finish();
    return fits_a_message(whole) ? whole : payload.flag("raw_omitted", true).finish();
}

void add_tool(base::object_writer& payload, const agent_event& event, const agent_tool_call& call) {
    payload.text("tool_name", call.name).text("tool_kind", agent_tool_kind(event.dialect->name, call.name));
    if (const auto command = agent_tool_command(call); !command.empty()) {
        payload.text("command", command);
    }
    payload.texts("paths", agent_tool_paths(call));
    if (!call.input.empty()) {
        payload.raw("tool_input", call.input);
    }
    if (!call.result.empty()) {
        payload.raw("tool_response", call.result);
    }
}

base::object_writer begin_payload(const agent_event& event, const agent_input& input) {
    base::object_writer payload;
    payload.text("agent", event.dialect->name).text("hook_event_name", event.caller_name);
    for (std::string_view last; const auto& each : passed_members) {
        if (each.name == last) {
            continue;
        }
        last = each.name;
        if (const auto value = find_passed(input, each.name); !value.empty()) {
            payload.raw(each.name, value);
        }
    }
    if (!event.project_directory.empty()) {
        payload.text("project_dir", event.project_directory);
    }
    if (!event.common_directory.empty()) {
        payload.text("common_dir", event.common_directory);
    }
    return payload;
}

bool is_tool_event(kind event_kind) {
    return event_kind == kind::pre_tool_use || event_kind == kind::permission_request ||
           event_kind == kind::post_tool_use;
}

/// `call`: of a tool's event. `author`: the hook whose rewrite it is; empty if it is as the agent has it.
std::string make_payload(
    const agent_event& event, const agent_input& input, const agent_tool_call& call, std::string_view author) {
    auto payload = begin_payload(event, input);
    if (!call.name.empty()) {
        add_tool(payload, event, call);
    }
    if (!author.empty()) {
        payload.text("rewritten_by", author);
    }
    // What the event's readers rely on, although an agent may leave it out.
    if (event.session_id.empty()) {
        payload.text("session_id", "");
    }
    if (event.kind == kind::prompt_submit && find_passed(input, "prompt").empty()) {
        payload.text("prompt", "");
    }
    return finish_payload(std::move(payload), input.text());
}

}  // namespace

std::string agent_event_name(std::string_view caller_name) {
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    const auto is_small = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    std::string name(agent_prefix);
    const auto room = protocol::max_event_name - name.size() - 1;
    for (std::size_t i = 0; i < caller_name.size() && name.size() < room; ++i) {
        const char c = caller_name[i];
        const char before = i > 0 ? caller_name[i - 1] : '_';
        const char after = i + 1 < caller_name.size() ? caller_name[i + 1] : '_';
        if (is_upper(c)) {
            name += is_small(before) || (is_upper(before) && is_small(after)) ? "_" : "";
            name += static_cast<char>(c - 'A' + 'a');
        } else {
            name += is_small(c) ? c : '_';
        }
    }
    return name;
}

agent_event recognize_agent_event(const agent_input& input, std::string_view dialect) {
    agent_event event;
    event.dialect = dialect.empty() ? &dialect_of(input) : &dialect_called(dialect, input);
    event.caller_name = caller_name_of(input);
    if (event.caller_name.empty() && event.dialect->name == "copilot") {
        event.caller_name = copilot_event_name(input);
    } else if (event.caller_name.empty() && event.dialect->name == "grok") {
        const char* name = std::getenv("GROK_HOOK_EVENT");
        event.caller_name = name != nullptr ? name : "";
    }
    if (event.caller_name.empty()) {
        return event;
    }
    const auto own_name = agent_event_name(event.caller_name);
    const auto snake_name = std::string_view(own_name).substr(agent_prefix.size());
    const auto known = std::find_if(caller_events.begin(), caller_events.end(),
        [snake_name](const caller_event& each) { return each.name == snake_name; });
    const bool is_notice = event.caller_name == codex_notice;  // to a program that answers nothing
    event.kind = known != caller_events.end() ? known->meaning : is_notice ? kind::stop : kind::other;
    event.name = event.kind == kind::other ? own_name : kind_names[static_cast<std::size_t>(event.kind)];
    event.is_guarded = event.kind == kind::pre_tool_use || event.kind == kind::permission_request ||
                       event.kind == kind::prompt_submit ||
                       (event.kind == kind::other && sounds_stoppable(event.caller_name) && !is_told_only(snake_name));
    event.is_start = event.kind == kind::session_start ||
                     (snake_name == "subagent_start" && (event.dialect->adds_context & at(kind::other)) != 0);
    const bool takes_answer = event.kind != kind::other || event.is_guarded || event.is_start ||
                              (event.caller_name == "PreCompact" && event.dialect->name == "claude");
    event.waits =
        !is_notice && takes_answer && (event.dialect->heeds & at(event.kind)) != 0 && event.kind != kind::session_end;
    event.is_guarded = event.is_guarded && event.waits;
    event.session_id = json_text_of(find_passed(input, "session_id"));
    return event;
}

agent_event read_agent_event(const agent_input& input, std::string_view dialect) {
    if (!input.fault().empty()) {
        throw usage_error("the agent's input can't be read: " + input.fault());
    }
    auto event = recognize_agent_event(input, dialect);
    if (event.name.empty()) {
        throw usage_error("this is not the input of an agent's hook: it has no hook_event_name");
    }
    agent_tool_call call;
    if (is_tool_event(event.kind)) {
        call = event.dialect->tool_call(input, event.caller_name);
        if (call.name.empty()) {
            call.name = unnamed_tool;
            event.unclear = event.caller_name + " has no tool_name";
        }
    }
    event.tool_input = call.input;
    event.project_directory = project_directory(*event.dialect, input);
    event.common_directory = common_directory_above(event.project_directory).string();
    event.payload = make_payload(event, input, call, {});
    return event;
}

agent_event rewritten_agent_event(
    const agent_event& event, const agent_input& input, std::string_view tool_input, std::string_view author) {
    auto result = event;
    auto call = event.dialect->tool_call(input, event.caller_name);
    call.input = event.dialect->merges_input ? merged_json(call.input, tool_input) : std::string(tool_input);
    result.tool_input = call.input;
    result.payload = make_payload(result, input, call, author);
    return result;
}

}  // namespace hookd::hookctl
