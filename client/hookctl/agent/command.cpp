// SPDX-License-Identifier: BSL-1.0
// hookctl agent: the agents' settings, and a test event through what they have.
#include "event.hpp"
#include "hookctl/commands.hpp"
#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/exit_status.hpp"
#include "hookctl/terminal/output.hpp"
#include "hookctl/terminal/run_to_end.hpp"
#include "reply.hpp"
#include "site.hpp"
#include "wiring.hpp"

#include <base/exec/command_runner.hpp>
#include <base/json/object_writer.hpp>
#include <base/text/shell_word.hpp>

#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;
using base::shell_word;
using std::chrono::milliseconds;

constexpr milliseconds test_time{60'000};

/// This program, by the name under which it was started from a file.
std::string own_path() {
    std::error_code error;
    const auto path = fs::read_symlink("/proc/self/exe", error);
    return error ? "hookctl" : path.string();
}

milliseconds hook_time(const invocation& call) { return call.timeout.value_or(default_agent_timeout); }

std::string hook_command(const invocation& call, const agent_arguments& arguments, const agent_wiring& wiring) {
    const auto time = hook_time(call).count();
    auto line = shell_word(own_path()) + agent_hook_words(wiring) +
                (time % 1000 == 0 ? std::to_string(time / 1000) + "s" : std::to_string(time) + "ms");
    if (arguments.fail_closed) {
        line += " --fail-closed";
    }
    if (!arguments.no_daemon.empty()) {
        line += " --no-daemon " + arguments.no_daemon;
    }
    if (arguments.stop_once) {
        line += " --stop-once";
    }
    if (!call.socket.empty()) {
        line += " --socket " + shell_word(absolute_socket(call.socket));
    }
    return line;
}

std::string all_names() {
    std::string names;
    for (const auto& each : agent_wirings()) {
        if (find_agent_wiring(each.agent) == &each) {
            names.append(names.empty() ? "" : ", ").append(each.agent);
        }
    }
    return names;
}

/// Those of that agent, or of all, whose directories are there.
void add_used(std::vector<const agent_wiring*>& found, std::string_view agent, bool project) {
    for (const auto& each : agent_wirings()) {
        if ((agent.empty() || each.agent == agent) && is_used(each, project)) {
            found.push_back(&each);
        }
    }
}

std::vector<const agent_wiring*> chosen(const agent_arguments& arguments) {
    std::vector<const agent_wiring*> found;
    for (const auto& name : arguments.agents) {
        const auto* wiring = find_agent_wiring(name);
        if (name == "vscode") {
            throw usage_error("VS Code runs the hooks of copilot (with --project) and of claude: name one of these");
        }
        if (wiring == nullptr) {
            throw usage_error("hookctl can't edit the settings of " + harmless(name) + ": it knows " + all_names() +
                              "; elsewhere, have the agent run: hookctl agent-hook");
        }
        if (arguments.project && wiring->project_directory.empty()) {
            throw usage_error(name + " reads no settings of a project: leave out --project");
        }
        const auto count = found.size();
        add_used(found, name, arguments.project);
        if (found.size() == count) {
            found.push_back(wiring);
        }
    }
    if (arguments.agents.empty()) {
        add_used(found, {}, arguments.project);
    }
    if (found.empty()) {
        throw usage_error("no agent's directory was found here; name one: " + all_names());
    }
    return found;
}

void report(const invocation& call, const agent_wiring& wiring, const settings_path& path, bool is_wired,
    std::string_view finding, base::object_writer details = {}) {
    if (writes_for_programs(call.json)) {
        print(details.text("agent", wiring.agent).text("path", path.whole()).flag("wired", is_wired).finish() + '\n');
        return;
    }
    const palette colour;
    print(std::string(is_wired ? colour.green() : colour.red()) + (is_wired ? "✓ " : "✗ ") +
          std::string(colour.plain()) + std::string(wiring.agent) + "  " + harmless(path.whole()) + ": " +
          harmless(finding) + '\n');
}

void install(const invocation& call, const agent_arguments& arguments, const agent_wiring& wiring) {
    const auto path = settings_of(wiring, arguments.project);
    const auto before = read_settings(path);
    const auto after = wired(wiring, before, hook_command(call, arguments, wiring), hook_time(call));
    const bool changes = !before || after != *before;
    if (changes) {
        write_settings(path, after);
    }
    report(call, wiring, path, true, changes ? "calls hookctl agent-hook now" : "calls hookctl agent-hook already",
        base::object_writer().flag("changed", changes));
}

void uninstall(const invocation& call, const agent_arguments& arguments, const agent_wiring& wiring) {
    const auto path = settings_of(wiring, arguments.project);
    const auto before = read_settings(path);
    const auto after = before ? unwired(wiring, *before) : std::nullopt;
    const bool changes = after != before;
    if (changes && after) {
        write_settings(path, *after);
    } else if (changes) {
        remove_settings(path);
    }
    report(call, wiring, path, false, changes ? "calls hookctl agent-hook no more" : "did not call it",
        base::object_writer().flag("changed", changes));
}

std::string test_input(const agent_wiring& wiring, const settings_path& path) {
    const auto tool = base::object_writer()
                          .text(wiring.form == agent_hook_form::untimed ? "command_line" : "command", "true")
                          .finish();
    const auto event = wiring.events.front();
    base::object_writer input;
    input.text("cwd", fs::current_path().string());
    switch (wiring.form) {
        case agent_hook_form::bash:
            return input.text("sessionId", "hookctl-agent-status")
                .text("toolName", wiring.shell_tool)
                .raw("toolArgs", tool)
                .finish();
        case agent_hook_form::untimed:
            return input.text("trajectory_id", "hookctl-agent-status")
                .text("agent_action_name", event)
                .raw("tool_info", tool)
                .finish();
        case agent_hook_form::command:
            input.text("conversation_id", "hookctl-agent-status").text("generation_id", "1");
            break;
        case agent_hook_form::nested:
        case agent_hook_form::nested_unmatched:
        case agent_hook_form::toml:
            input.text("session_id", "hookctl-agent-status")
                .text("transcript_path",
                    (fs::path(path.whole()).parent_path() / "projects/hookctl-agent-status.jsonl").string());
            break;
    }
    return input.text("hook_event_name", event).text("tool_name", wiring.shell_tool).raw("tool_input", tool).finish();
}

base::command_result run_shell(const std::string& command, std::string input) {
    base::command request;
    request.argv = {"/bin/sh", "-c", command};
    for (char** each = environ; *each != nullptr; ++each) {
        request.environment.emplace_back(*each);
    }
    request.input = std::move(input);
    request.timeout = test_time;
    return run_to_end(std::move(request));
}

constexpr std::string_view own_name = "hookctl";

/// A notice of decide() begins with the name of the hook that replied, which is always this program here.
std::string without_own_name(const std::string& notice) {
    const auto prefix = std::string(own_name) + ": ";
    return notice.starts_with(prefix) ? notice.substr(prefix.size()) : notice;
}

/// What the agent would make of that.
agent_decision understood(const agent_wiring& wiring, const std::string& input, const base::command_result& ended) {
    agent_decision decision;
    if (ended.how != base::command_result::ending::exited) {
        decision.notices.emplace_back("the command could not be started, or took too long");
        return decision;
    }
    const auto event = recognize_agent_event(agent_input(input), wiring.agent);
    if (const agent_input words(ended.output.text); words.fault().empty()) {
        verdict answer;
        auto& reply = answer.responses.emplace_back();
        reply.text = words.text();
        reply.responder = own_name;
        reply.uid = ::geteuid();
        decision = decide(event, answer, false);
        for (auto& notice : decision.notices) {
            notice = without_own_name(notice);
        }
    }
    if (ended.code != 0) {
        decision.word = ended.code == 2 ? agent_word::deny : decision.word;
        decision.reason = ended.errors.text.substr(0, ended.errors.text.find_last_not_of('\n') + 1);
        if (ended.code != 2) {
            decision.notices.push_back("the command exited " + std::to_string(ended.code) + ": " + decision.reason);
        }
    }
    return decision;
}

/// Returns whether all is as it should be.
bool status(const invocation& call, const agent_arguments& arguments, const agent_wiring& wiring) {
    const auto path = settings_of(wiring, arguments.project);
    const auto settings = read_settings(path);
    const auto hooks = settings ? wired_hooks(wiring, *settings, wiring.events.front()) : std::vector<wired_hook>();
    if (hooks.empty()) {
        report(call, wiring, path, false,
            "does not call hookctl agent-hook; type: hookctl agent install " + std::string(wiring.agent) +
                (arguments.project ? " --project" : ""));
        return false;
    }
    bool is_right = true;
    for (const auto event : wiring.events) {
        if (wired_hooks(wiring, *settings, event).empty()) {
            report(call, wiring, path, false, "does not call hookctl agent-hook at " + std::string(event));
            is_right = false;
        }
    }
    for (const auto& [command, limit] : hooks) {
        const auto input = test_input(wiring, path);
        const auto ended = run_shell(command, input);
        const auto decision = understood(wiring, input, ended);
        const auto answer = decision.word == agent_word::none ? "proceed" : word_of(decision.word);
        base::object_writer details;
        details.text("command", command)
            .text("answer", answer)
            .text("reason", decision.reason)
            .texts("notices", decision.notices);
        auto outcome = "a test event would " + std::string(answer);
        outcome.append(decision.reason.empty() ? "" : ": ").append(decision.reason);
        for (const auto& notice : decision.notices) {
            outcome.append("; ").append(notice);
        }
        report(call, wiring, path, true, outcome, std::move(details));
        is_right =
            is_right && ended.how == base::command_result::ending::exited && (ended.code == 0 || ended.code == 2);
    }
    return is_right;
}

}  // namespace

int run_agent(const invocation& call, const agent_arguments& arguments) {
    int result = exit_status::done;
    for (const auto* wiring : chosen(arguments)) {
        try {
            switch (arguments.action) {
                case agent_action::install:
                    install(call, arguments, *wiring);
                    break;
                case agent_action::uninstall:
                    uninstall(call, arguments, *wiring);
                    break;
                case agent_action::status:
                    result = status(call, arguments, *wiring) ? result : exit_status::not_done;
                    break;
            }
        } catch (const usage_error& wrong) {
            report_error(std::string(wiring->agent) + ": " + settings_of(*wiring, arguments.project).whole() + ": " +
                         wrong.what());
            result = exit_status::not_done;
        }
    }
    return result;
}

}  // namespace hookd::hookctl
