// SPDX-License-Identifier: BSL-1.0
#include "command_parsers.hpp"

#include "hookctl/agent/dialect.hpp"

#include <algorithm>
#include <utility>

namespace hookd::hookctl {

command_arguments parse_git(option_reader& options) {
    git_arguments result;
    optional_text events;
    optional_text repository;
    optional_text no_daemon;
    optional_text installed_socket;
    options.value("--events", events);
    options.value("--repo", repository);
    options.flag("--global", result.global);
    options.flag("--fail-closed", result.fail_closed);
    options.value("--no-daemon", no_daemon);
    options.value("--installed-socket", installed_socket);
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(1, words().max_size());
    result.action = options.choice<git_action>("git", given[0],
        {{"install", git_action::install}, {"uninstall", git_action::uninstall}, {"run", git_action::run},
            {"status", git_action::status}, {"exec", git_action::exec}});
    if (no_daemon) {
        result.proceed_without_daemon = options.proceeds_without_daemon(*no_daemon);
        result.is_proceed_given = result.proceed_without_daemon;
    }
    if (result.action == git_action::run || result.action == git_action::exec) {
        if (events || repository || result.global) {
            options.fail("--events, --repo and --global are for install, uninstall and status");
        }
        result.installed_socket = installed_socket.value_or("");
        result.hook = std::move(options.positionals(2, words().max_size())[1]);
        result.hook_arguments.assign(given.begin() + 2, given.end());
        return result;
    }
    (void)options.positionals(1, 1);
    if (result.action != git_action::install && (no_daemon || result.fail_closed)) {
        options.fail("--no-daemon and --fail-closed are for install and run");
    }
    if (installed_socket) {
        options.fail("--installed-socket is for run: install takes --socket");
    }
    if ((events && events->empty()) || (repository && repository->empty())) {
        options.fail("--events needs names of hooks, and --repo a directory");
    }
    if (repository && result.global) {
        options.fail("give --repo or --global");
    }
    result.events = events.value_or("");
    result.repository = repository.value_or("");
    return result;
}

command_arguments parse_jj(option_reader& options, const std::optional<words>& push_options) {
    jj_arguments result;
    optional_text no_daemon;
    options.flag("--fail-closed", result.fail_closed);
    options.value("--no-daemon", no_daemon);
    if (!options.parse()) {
        return result;
    }

    if (options.positionals(1, 1)[0] != "push") {
        options.fail("jj takes push, with options for jj git push behind --");
    }
    if (no_daemon) {
        result.proceed_without_daemon = options.proceeds_without_daemon(*no_daemon);
    }
    result.push_options = push_options.value_or(words());
    return result;
}

command_arguments parse_agent_hook(option_reader& options) {
    agent_hook_arguments result;
    optional_text agent;
    optional_text no_daemon;
    options.value("--agent", agent);
    options.flag("--fail-closed", result.fail_closed);
    options.flag("--stop-once", result.stop_once);
    options.value("--no-daemon", no_daemon);
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(0, 1);
    if (!given.empty()) {
        result.input = std::move(given[0]);
    }
    if (agent && *agent != "auto") {
        if (find_agent_dialect(*agent) == nullptr) {
            options.fail("--agent takes one of auto, " + agent_names() + ", not " + in_quotes(*agent));
        }
        result.agent = *agent;
    }
    if (no_daemon) {
        result.proceed_without_daemon = options.proceeds_without_daemon(*no_daemon);
    }
    return result;
}

command_arguments parse_agent(option_reader& options) {
    agent_arguments result;
    optional_text no_daemon;
    options.flag("--project", result.project);
    options.flag("--fail-closed", result.fail_closed);
    options.flag("--stop-once", result.stop_once);
    options.value("--no-daemon", no_daemon);
    if (!options.parse()) {
        return result;
    }

    auto& given = options.positionals(1, words().max_size());
    result.action = options.choice<agent_action>("agent", given[0],
        {{"install", agent_action::install}, {"status", agent_action::status}, {"uninstall", agent_action::uninstall}});
    result.agents.assign(given.begin() + 1, given.end());
    if (no_daemon) {
        (void)options.proceeds_without_daemon(*no_daemon);
        result.no_daemon = *no_daemon;
    }
    if (result.action != agent_action::install && (result.fail_closed || result.stop_once || no_daemon)) {
        options.fail("--fail-closed, --stop-once and --no-daemon are for install");
    }
    return result;
}

}  // namespace hookd::hookctl
