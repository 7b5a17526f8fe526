// SPDX-License-Identifier: BSL-1.0
#include "tool.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace hookd::hookctl {

namespace {

using base::json_kind;

struct known_tool {
    std::string_view name;
    std::string_view kind;
};

/// No name means two things to two agents.
constexpr std::array known_tools{
    known_tool{"Bash", "shell"},
    known_tool{"run_shell_command", "shell"},
    known_tool{"run_in_terminal", "shell"},
    known_tool{"Shell", "shell"},
    known_tool{"bash", "shell"},
    known_tool{"powershell", "shell"},
    known_tool{"execute_command", "shell"},
    known_tool{"Execute", "shell"},
    known_tool{"run_command", "shell"},
    known_tool{"run_terminal_command", "shell"},
    known_tool{"run_terminal_cmd", "shell"},

    known_tool{"Write", "write"},
    known_tool{"Edit", "write"},
    known_tool{"MultiEdit", "write"},
    known_tool{"NotebookEdit", "write"},
    known_tool{"apply_patch", "write"},
    known_tool{"write_file", "write"},
    known_tool{"replace", "write"},
    known_tool{"edit", "write"},
    known_tool{"create_file", "write"},
    known_tool{"replace_string_in_file", "write"},
    known_tool{"multi_replace_string_in_file", "write"},
    known_tool{"insert_edit_into_file", "write"},
    known_tool{"edit_notebook_file", "write"},
    known_tool{"search_replace", "write"},
    known_tool{"WriteFile", "write"},
    known_tool{"StrReplaceFile", "write"},
    known_tool{"StrReplace", "write"},
    known_tool{"Delete", "write"},
    known_tool{"create", "write"},
    known_tool{"write_to_file", "write"},
    known_tool{"replace_in_file", "write"},
    known_tool{"Create", "write"},
    known_tool{"ApplyPatch", "write"},
    known_tool{"write_code", "write"},

    known_tool{"Read", "read"},
    known_tool{"Glob", "read"},
    known_tool{"Grep", "read"},
    known_tool{"LS", "read"},
    known_tool{"read_file", "read"},
    known_tool{"read_many_files", "read"},
    known_tool{"list_directory", "read"},
    known_tool{"glob", "read"},
    known_tool{"grep_search", "read"},
    known_tool{"search_file_content", "read"},
    known_tool{"file_search", "read"},
    known_tool{"list_dir", "read"},
    known_tool{"ReadFile", "read"},
    known_tool{"view", "read"},
    known_tool{"grep", "read"},
    known_tool{"list_files", "read"},
    known_tool{"search_files", "read"},
    known_tool{"read_code", "read"},

    known_tool{"WebFetch", "fetch"},
    known_tool{"WebSearch", "fetch"},
    known_tool{"web_fetch", "fetch"},
    known_tool{"web_search", "fetch"},
    known_tool{"google_web_search", "fetch"},
    known_tool{"fetch_webpage", "fetch"},
    known_tool{"FetchURL", "fetch"},
    known_tool{"SearchWeb", "fetch"},
    known_tool{"FetchUrl", "fetch"},

    known_tool{"Task", "task"},
    known_tool{"Agent", "task"},
    known_tool{"task", "task"},
    known_tool{"runSubagent", "task"},
    known_tool{"spawn_subagent", "task"},

    known_tool{"use_mcp_tool", "mcp"},
    known_tool{"mcp_tool_use", "mcp"},
};

/// A value that may be an object within a string (Copilot's toolArgs, Cursor's MCP input), as that object.
std::string unpacked(std::string_view value) {
    if (value.empty() || base::kind_of(value) != json_kind::string) {
        return std::string(value);
    }
    auto inner = json_text_of(value);
    return !inner.empty() && inner.front() == '{' && !base::find_json_fault(inner) ? inner : std::string(value);
}

/// The first of these that is there.
std::string_view first_of(const agent_input& input, std::initializer_list<std::string_view> names) {
    for (const auto name : names) {
        if (const auto value = input.raw(name); !value.empty()) {
            return value;
        }
    }
    return {};
}

void add_patch_paths(std::vector<std::string>& paths, std::string_view patch) {
    constexpr std::array<std::string_view, 4> marks{
        "*** Add File:", "*** Update File:", "*** Delete File:", "*** Move to:"};
    constexpr std::string_view blanks = " \t\r";
    while (!patch.empty()) {
        const auto end = patch.find('\n');
        auto line = patch.substr(0, end);
        patch.remove_prefix(end == std::string_view::npos ? patch.size() : end + 1);
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        for (const auto mark : marks) {
            if (line.starts_with(mark)) {
                auto path = line.substr(mark.size());
                path.remove_prefix(std::min(path.find_first_not_of(blanks), path.size()));
                paths.emplace_back(path.substr(0, path.find_last_not_of(blanks) + 1));
            }
        }
    }
}

/// A string, or those of an array.
void add_texts(std::vector<std::string>& texts, std::string_view value) {
    if (value.empty()) {
        return;
    }
    if (base::kind_of(value) == json_kind::string) {
        texts.push_back(json_text_of(value));
    } else if (base::kind_of(value) == json_kind::array) {
        for (const auto& element : base::value_view(value).elements()) {
            if (base::kind_of(element) == json_kind::string) {
                texts.push_back(json_text_of(element));
            }
        }
    }
}

/// A command line: a string, or its words.
std::string line_of(std::string_view value) {
    std::vector<std::string> words;
    add_texts(words, value);
    std::string line;
    for (const auto& word : words) {
        line.append(line.empty() ? "" : " ").append(word);
    }
    return line;
}

void add_named_paths(std::vector<std::string>& paths, std::string_view object) {
    for (const std::string_view name : {"file_path", "path", "filePath", "absolute_path", "notebook_path", "dir_path",
             "target_file", "paths", "filePaths"}) {
        add_texts(paths, json_member_of(object, name));
    }
}

/// A tool that does several things at once has an object for each: `replacements`, `files`, `edits`.
void add_paths_of_parts(std::vector<std::string>& paths, std::string_view input) {
    for (const auto& member : base::value_view(input).members()) {
        if (base::kind_of(member.value) != json_kind::array) {
            continue;
        }
        for (const auto& part : base::value_view(member.value).elements()) {
            if (base::kind_of(part) == json_kind::object) {
                add_named_paths(paths, part);
            }
        }
    }
}

}  // namespace

std::string_view copilot_event_name(const agent_input& input) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 8> marks{{
        {"toolResult", "postToolUse"},
        {"toolName", "preToolUse"},
        {"prompt", "userPromptSubmitted"},
        {"stopReason", "agentStop"},
        {"source", "sessionStart"},
        {"reason", "sessionEnd"},
        {"error", "errorOccurred"},
        {"trigger", "preCompact"},
    }};
    for (const auto& [member, event] : marks) {
        if (input.has(member)) {
            return event;
        }
    }
    return {};
}

agent_tool_call plain_tool_call(const agent_input& input, std::string_view /*event*/) {
    return {input.text("tool_name"), unpacked(input.raw("tool_input")),
        std::string(first_of(input, {"tool_response", "tool_output", "tool_result"}))};
}

agent_tool_call camel_tool_call(const agent_input& input, std::string_view event) {
    if (!input.has("toolName")) {
        return plain_tool_call(input, event);
    }
    return {input.text("toolName"), unpacked(first_of(input, {"toolArgs", "toolInput"})),
        std::string(input.raw("toolResult"))};
}

agent_tool_call cursor_tool_call(const agent_input& input, std::string_view event) {
    auto call = plain_tool_call(input, event);
    if (call.result.empty()) {
        call.result = first_of(input, {"output", "result_json"});
    }
    base::object_writer made;
    const auto pass = [&](std::string_view member) {
        if (input.has(member)) {
            made.raw(member, input.raw(member));
        }
    };
    if (event == "beforeShellExecution" || event == "afterShellExecution") {
        pass("command");
        pass("cwd");
        return {"Shell", made.finish(), call.result};
    }
    if (event == "beforeReadFile" || event == "beforeTabFileRead") {
        pass("file_path");
        return {"Read", made.finish(), {}};
    }
    if (event == "afterFileEdit" || event == "afterTabFileEdit") {
        pass("file_path");
        pass("edits");
        return {"Edit", made.finish(), {}};
    }
    if ((event == "beforeMCPExecution" || event == "afterMCPExecution") && !call.name.starts_with("MCP:")) {
        call.name.insert(0, "MCP:");
    }
    return call;
}

agent_tool_call cline_tool_call(const agent_input& input, std::string_view event) {
    for (const std::string_view part : {"preToolUse", "postToolUse", "toolCall", "tool_call"}) {
        if (const auto call = input.raw(part, json_kind::object); !call.empty()) {
            std::string name;
            for (const std::string_view member : {"toolName", "tool", "name"}) {
                name = name.empty() ? json_text_of(json_member_of(call, member)) : name;
            }
            const auto parameters = json_member_of(call, "parameters");
            return {std::move(name), std::string(parameters.empty() ? json_member_of(call, "input") : parameters),
                std::string(json_member_of(call, "result"))};
        }
    }
    return plain_tool_call(input, event);
}

agent_tool_call windsurf_tool_call(const agent_input& input, std::string_view event) {
    const auto info = input.raw("tool_info", json_kind::object);
    const auto name = event.substr(std::min(event.find('_') + 1, event.size()));  // pre_run_command
    if (name == "mcp_tool_use") {
        const auto arguments = json_member_of(info, "mcp_tool_arguments");
        return {"mcp_" + json_text_of(json_member_of(info, "mcp_server_name")) + "_" +
                    json_text_of(json_member_of(info, "mcp_tool_name")),
            std::string(arguments.empty() ? info : arguments), std::string(json_member_of(info, "mcp_result"))};
    }
    return {std::string(name), std::string(info), {}};
}

std::string_view agent_tool_kind(std::string_view agent, std::string_view tool) {
    const auto known = std::find_if(
        known_tools.begin(), known_tools.end(), [tool](const known_tool& each) { return each.name == tool; });
    if (known != known_tools.end()) {
        return known->kind;
    }
    // SERVER-TOOL, and in Grok SERVER__TOOL.
    const bool has_server = (agent == "copilot" && tool.find('-') != std::string_view::npos) ||
                            (agent == "grok" && tool.find("__") != std::string_view::npos);
    return tool.starts_with("mcp_") || tool.starts_with("MCP:") || has_server ? "mcp" : "other";
}

std::string agent_tool_command(const agent_tool_call& call) {
    if (agent_tool_kind({}, call.name) == "write") {
        return {};  // Codex has a patch there
    }
    for (const std::string_view name : {"command", "command_line"}) {
        if (auto line = line_of(json_member_of(call.input, name)); !line.empty()) {
            return line;
        }
    }
    return {};
}

std::vector<std::string> agent_tool_paths(const agent_tool_call& call) {
    std::vector<std::string> paths;
    if (!call.input.empty() && base::kind_of(call.input) == json_kind::object) {
        add_named_paths(paths, call.input);
        add_paths_of_parts(paths, call.input);
    }
    // A patch stands in a member of its own, is the whole input, or is given to a shell (`apply_patch <<EOF`).
    for (const std::string_view name : {"command", "input", "patch", "patch_text"}) {
        const auto text = line_of(json_member_of(call.input, name));
        if (text.find("*** Begin Patch") != std::string::npos || agent_tool_kind({}, call.name) == "write") {
            add_patch_paths(paths, text);
        }
    }
    if (!call.input.empty() && base::kind_of(call.input) == json_kind::string) {
        add_patch_paths(paths, json_text_of(call.input));
    }
    return paths;
}

}  // namespace hookd::hookctl
