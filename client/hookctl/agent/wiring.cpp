// SPDX-License-Identifier: BSL-1.0
#include "wiring.hpp"

#include "hookctl/arguments.hpp"
#include "toml_settings.hpp"

#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/text/utf8.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace hookd::hookctl {

namespace {

using base::json_kind;
using wiring_form = agent_hook_form;

constexpr std::array<std::string_view, 8> claude_events{"PreToolUse", "PermissionRequest", "UserPromptSubmit",
    "PostToolUse", "Stop", "SubagentStop", "SessionStart", "SessionEnd"};
constexpr std::array<std::string_view, 6> codex_events{
    "PreToolUse", "PermissionRequest", "UserPromptSubmit", "PostToolUse", "Stop", "SessionStart"};
constexpr std::array<std::string_view, 6> gemini_events{
    "BeforeTool", "BeforeAgent", "AfterTool", "AfterAgent", "SessionStart", "SessionEnd"};
constexpr std::array<std::string_view, 7> droid_events{
    "PreToolUse", "UserPromptSubmit", "PostToolUse", "Stop", "SubagentStop", "SessionStart", "SessionEnd"};
constexpr std::array<std::string_view, 4> qoder_events{"PreToolUse", "UserPromptSubmit", "PostToolUse", "Stop"};
constexpr std::array<std::string_view, 6> copilot_events{
    "preToolUse", "userPromptSubmitted", "postToolUse", "agentStop", "sessionStart", "sessionEnd"};
constexpr std::array<std::string_view, 4> cursor_events{"preToolUse", "beforeSubmitPrompt", "afterFileEdit", "stop"};
constexpr std::array<std::string_view, 6> windsurf_events{"pre_run_command", "pre_write_code", "pre_read_code",
    "pre_mcp_tool_use", "pre_user_prompt", "post_cascade_response"};

// clang-format off
/// VS Code reads Copilot's file in a project. Gemini CLI and Qwen Code remove comments before they read their settings.
constexpr std::array wirings{
    //           agent       user's directory, variable, file                                project's directory and file    form                 ms     version shared shell
    agent_wiring{"claude",   ".claude",            "CLAUDE_CONFIG_DIR", "settings.json",      ".claude",        "settings.json", wiring_form::nested,  false, false, true,  "Bash",              claude_events, json_comments::refused},
    agent_wiring{"codex",    ".codex",             "CODEX_HOME",        "hooks.json",         ".codex",         "hooks.json",    wiring_form::nested,  false, false, false, "Bash",              codex_events, json_comments::refused},
    agent_wiring{"gemini",   ".gemini",            "",                  "settings.json",      ".gemini",        "settings.json", wiring_form::nested,  true,  false, false, "run_shell_command", gemini_events, json_comments::accepted},
    agent_wiring{"qwen",     ".qwen",              "",                  "settings.json",      ".qwen",          "settings.json", wiring_form::nested,  true,  false, false, "run_shell_command", claude_events, json_comments::accepted},
    agent_wiring{"copilot",  ".copilot/hooks",     "",                  "hookd.json",         ".github/hooks",  "hookd.json",    wiring_form::bash,    false, true,  false, "bash",              copilot_events, json_comments::refused},
    agent_wiring{"cursor",   ".cursor",            "",                  "hooks.json",         ".cursor",        "hooks.json",    wiring_form::command, false, true,  true,  "Shell",             cursor_events, json_comments::refused},
    agent_wiring{"windsurf", ".codeium/windsurf",  "",                  "hooks.json",         ".windsurf",      "hooks.json",    wiring_form::untimed, false, false, false, "run_command",       windsurf_events, json_comments::refused},
    agent_wiring{"droid",    ".factory",           "",                  "settings.json",      ".factory",       "settings.json", wiring_form::nested,  false, false, false, "Execute",           droid_events, json_comments::refused},
    agent_wiring{"kimi",     ".kimi-code",         "",                  "config.toml",        "",               "",              wiring_form::toml,    false, false, false, "Bash",              droid_events, json_comments::refused},
    agent_wiring{"kimi",     ".kimi",              "",                  "config.toml",        "",               "",              wiring_form::toml,    false, false, false, "Shell",             droid_events, json_comments::refused},
    agent_wiring{"grok",     ".grok/hooks",        "",                  "hookd.json",         ".grok/hooks",    "hookd.json",    wiring_form::nested_unmatched, false, false, false, "Bash",       claude_events, json_comments::refused},
    agent_wiring{"qoder",    ".qoder",             "",                  "settings.json",      ".qoder",         "settings.json", wiring_form::nested,  false, false, false, "Bash",              qoder_events, json_comments::refused},
};
// clang-format on

/// What makes the agent give up later than hookctl does: time to start, to connect and to give up a daemon that hangs.
constexpr std::chrono::milliseconds margin{10'000};

constexpr std::string_view blanks = " \t\r\n";

bool is_unwritten(std::string_view settings) { return settings.find_first_not_of(blanks) == std::string_view::npos; }

std::string json_of_text(std::string_view text) {
    std::string json;
    base::append_json_string(json, text);
    return json;
}

/// One of our hooks for that event, on a line.
std::string hook_entry(const agent_wiring& wiring, std::string_view event, const std::string& command,
    std::chrono::milliseconds hook_timeout) {
    const auto limit = hook_timeout + margin;
    const auto time =
        std::to_string(wiring.in_milliseconds ? limit.count() : std::chrono::ceil<std::chrono::seconds>(limit).count());
    switch (wiring.form) {
        case wiring_form::command:
            return R"({"command": )" + json_of_text(command) + R"(, "timeout": )" + time + "}";
        case wiring_form::bash:
            return R"({"type": "command", "bash": )" + json_of_text(command) + R"(, "timeoutSec": )" + time + "}";
        case wiring_form::untimed:
            return R"({"command": )" + json_of_text(command) + "}";
        case wiring_form::nested:
        case wiring_form::nested_unmatched:
        case wiring_form::toml:
            break;
    }
    const bool is_of_a_tool = wiring.form == wiring_form::nested &&
                              (event.find("Tool") != std::string_view::npos || event == "PermissionRequest");
    return std::string("{") + (is_of_a_tool ? R"("matcher": "*", )" : "") +
           R"("hooks": [{"type": "command", "command": )" + json_of_text(command) + R"(, "timeout": )" + time + "}]}";
}

std::string named_agent_words(const agent_wiring& wiring) {
    return " agent-hook --agent " + std::string(wiring.agent) + " ";
}

/// What a hook runs; empty if it is not a command.
std::string command_of(std::string_view hook) {
    for (const std::string_view name : {"command", "bash"}) {
        if (const auto value = json_member_view(hook, name);
            !value.empty() && base::kind_of(value) == json_kind::string) {
            return base::json_string{value.substr(1, value.size() - 2)}.decode();
        }
    }
    return {};
}

bool is_ours(const agent_wiring& wiring, std::string_view command) {
    // An earlier version named the agent in every command.
    return command.find("hookctl") != std::string_view::npos &&
           (command.find(agent_hook_words(wiring)) != std::string_view::npos ||
               command.find(named_agent_words(wiring)) != std::string_view::npos);
}

/// The time-out that a hook has.
std::optional<std::chrono::milliseconds> limit_of(const agent_wiring& wiring, std::string_view hook) {
    const auto value = json_member_view(hook, wiring.form == wiring_form::bash ? "timeoutSec" : "timeout");
    double number = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), number).ec != std::errc{}) {
        return std::nullopt;
    }
    constexpr double longest = 1e9;
    const std::chrono::duration<double, std::milli> limit(
        std::clamp(wiring.in_milliseconds ? number : number * 1000, 0.0, longest));
    return std::chrono::duration_cast<std::chrono::milliseconds>(limit);
}

/// Our hooks in an element of an event's array.
std::vector<wired_hook> our_hooks(const agent_wiring& wiring, std::string_view element) {
    std::vector<wired_hook> found;
    if (base::kind_of(element) != json_kind::object) {
        return found;
    }
    const auto add = [&](std::string_view hook) {
        if (auto command = base::kind_of(hook) == json_kind::object ? command_of(hook) : std::string();
            is_ours(wiring, command)) {
            found.push_back({std::move(command), limit_of(wiring, hook)});
        }
    };
    add(element);
    if (const auto hooks = json_member_view(element, "hooks");
        !hooks.empty() && base::kind_of(hooks) == json_kind::array) {
        for (const auto& hook : base::value_view(hooks).elements()) {
            add(hook);
        }
    }
    return found;
}

/// Whether nothing but ours is in an element.
bool is_our_element(const agent_wiring& wiring, std::string_view element) {
    std::size_t hooks = 1;
    if (base::kind_of(element) == json_kind::object) {
        if (const auto list = json_member_view(element, "hooks");
            !list.empty() && base::kind_of(list) == json_kind::array) {
            base::json_cursor each(list);
            for (hooks = 0; each.next();) {
                ++hooks;
            }
        }
    }
    return hooks > 0 && our_hooks(wiring, element).size() == hooks;
}

/// What JSON with extensions has at a fault, which editors write and some agents read.
std::string extension_at(std::string_view settings, std::size_t fault) {
    const auto rest = settings.substr(fault);
    const auto last = settings.find_last_not_of(blanks, fault == 0 ? 0 : fault - 1);
    if (rest.starts_with("//") || rest.starts_with("/*")) {
        return ": this agent accepts no such comment in its settings";
    }
    const bool closes = rest.starts_with('}') || rest.starts_with(']');
    return closes && last < fault && settings[last] == ',' ? ": remove the comma before it" : "";
}

/// The object that the file is.
std::string_view root_of(std::string_view settings) {
    if (settings.starts_with(base::byte_order_mark)) {
        throw usage_error("it begins with a byte order mark: save it as UTF-8 without one");
    }
    if (const auto fault = base::find_json_fault(settings)) {
        throw usage_error("it is not JSON: " + std::string(fault->reason) + ", at byte " +
                          std::to_string(fault->offset) + extension_at(settings, fault->offset));
    }
    const auto begin = settings.find_first_not_of(blanks);
    if (settings[begin] != '{') {
        throw usage_error("it is not a JSON object");
    }
    return settings.substr(begin, settings.find_last_not_of(blanks) + 1 - begin);
}

/// The member that has the hooks; empty if there is none.
std::string_view hooks_of(std::string_view settings) {
    if (is_unwritten(settings)) {
        return {};
    }
    const auto hooks = json_member_view(root_of(settings), "hooks");
    if (!hooks.empty() && base::kind_of(hooks) != json_kind::object) {
        throw usage_error("its \"hooks\" is not an object");
    }
    return hooks;
}

std::string_view hooks_of(std::string_view settings, std::string_view event) {
    const auto hooks = hooks_of(settings);
    const auto found = hooks.empty() ? std::string_view() : json_member_view(hooks, event);
    if (!found.empty() && base::kind_of(found) != json_kind::array) {
        throw usage_error("its hooks of " + std::string(event) + " are not an array");
    }
    return found;
}

/// What is made begins so, which no file does that hooks were added to. If there was no file a line end is its end,
/// else nothing, and the blanks of that file are before it.
constexpr std::string_view made_file_begins = "{\n  \"hooks\": {";

std::string made_object(const agent_wiring& wiring) {
    return std::string(made_file_begins) + "\n  }" + (wiring.has_version ? ",\n  \"version\": 1" : "") + "\n}";
}

std::string_view rest_of_made_object(const agent_wiring& wiring) {
    return wiring.has_version ? "{\n  \"version\": 1\n}" : "{\n}";
}

/// Removes our hooks from an event's array, and the array if it was made for them.
bool remove_hooks(const agent_wiring& wiring, json_document& text, std::string_view event) {
    const auto hooks = hooks_of(text.view(), event);
    const bool was_made = json_was_made(hooks);
    if (!json_remove_if(text, hooks, [&](std::string_view element) { return is_our_element(wiring, element); })) {
        return false;
    }
    if (was_made && json_is_empty(hooks_of(text.view(), event))) {
        json_remove(text, hooks_of(text.view()), hooks_of(text.view(), event));
    }
    return true;
}

/// The events that have hooks.
std::vector<std::string> events_in(std::string_view settings) {
    std::vector<std::string> events;
    const auto hooks = hooks_of(settings);
    if (hooks.empty()) {
        return events;
    }
    for (const auto& event : base::value_view(hooks).members()) {
        if (base::kind_of(event.value) == json_kind::array) {
            events.push_back(event.key.decode());
        }
    }
    return events;
}

}  // namespace

std::span<const agent_wiring> agent_wirings() { return wirings; }

const agent_wiring* find_agent_wiring(std::string_view agent) {
    const auto found =
        std::find_if(wirings.begin(), wirings.end(), [agent](const agent_wiring& each) { return each.agent == agent; });
    return found == wirings.end() ? nullptr : &*found;
}

std::string agent_hook_words(const agent_wiring& wiring) {
    return (wiring.is_shared ? " agent-hook " : named_agent_words(wiring)) + "--timeout ";
}

std::string wired(const agent_wiring& wiring, const std::optional<std::string>& settings, const std::string& command,
    std::chrono::milliseconds hook_timeout) {
    if (wiring.form == wiring_form::toml) {
        const auto limit = std::chrono::ceil<std::chrono::seconds>(hook_timeout + margin);
        return toml_wired(settings, wiring.events, command, limit);
    }
    const auto before = settings ? unwired(wiring, *settings) : std::nullopt;
    json_document text(before.value_or(""), wiring.comments);
    bool makes_hooks = true;
    if (is_unwritten(text.view())) {
        text.insert(text.view().size(), made_object(wiring) + (before ? "" : "\n"));
    } else if (hooks_of(text.view()).empty()) {
        json_add_member(text, root_of(text.view()), "hooks", "{\n  }");
    } else {
        makes_hooks = false;
    }
    for (const auto event : wiring.events) {
        const auto entry = hook_entry(wiring, event, command, hook_timeout);
        if (const auto hooks = hooks_of(text.view(), event); !hooks.empty()) {
            json_add_element(text, hooks, entry);
            continue;
        }
        const auto hooks = hooks_of(text.view());
        const auto inside = static_cast<std::size_t>(hooks.data() - text.view().data()) + 1;
        json_add_member(text, hooks, event, "[\n      " + entry + "\n    ]");
        if (makes_hooks) {
            text.insert(inside, "\n    ");
            makes_hooks = false;
        }
    }
    return std::string(text.text());
}

std::optional<std::string> unwired(const agent_wiring& wiring, std::string settings) {
    if (wiring.form == wiring_form::toml) {
        return toml_unwired(std::move(settings));
    }
    json_document text(std::move(settings), wiring.comments);
    const auto hooks = hooks_of(text.view());
    const bool made_hooks = !hooks.empty() && json_was_made(hooks);
    const auto begin = std::min(text.view().find_first_not_of(blanks), text.view().size());
    const bool was_made = text.view().substr(begin).starts_with(made_file_begins);
    bool removed = false;
    for (const auto& event : events_in(text.view())) {
        removed = remove_hooks(wiring, text, event) || removed;
    }
    if (removed && made_hooks && json_is_empty(hooks_of(text.view()))) {
        json_remove(text, root_of(text.view()), hooks_of(text.view()));
        const auto rest = text.text().substr(begin);
        if (was_made && begin == 0 && rest == std::string(rest_of_made_object(wiring)) + "\n") {
            return std::nullopt;
        }
        if (was_made && rest == rest_of_made_object(wiring)) {
            text.erase(begin, rest.size());
        }
    }
    return std::string(text.text());
}

std::vector<wired_hook> wired_hooks(const agent_wiring& wiring, std::string_view settings, std::string_view event) {
    if (wiring.form == wiring_form::toml) {
        auto hooks = toml_hooks(settings, event);
        std::erase_if(hooks, [&](const wired_hook& each) { return !is_ours(wiring, each.command); });
        return hooks;
    }
    std::vector<wired_hook> all;
    const json_document text(std::string(settings), wiring.comments);
    if (const auto hooks = hooks_of(text.view(), event); !hooks.empty()) {
        for (const auto& element : base::value_view(hooks).elements()) {
            const auto found = our_hooks(wiring, element);
            all.insert(all.end(), found.begin(), found.end());
        }
    }
    return all;
}

}  // namespace hookd::hookctl
