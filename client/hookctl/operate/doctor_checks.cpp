// SPDX-License-Identifier: BSL-1.0
#include "doctor_checks.hpp"

#include "hookctl/daemon/daemon_call.hpp"
#include "hookctl/daemon/daemon_program.hpp"
#include "hookctl/git/survey.hpp"
#include "stats_reader.hpp"

#include <base/exec/command_runner.hpp>
#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/posix/read_file.hpp>
#include <base/text/counted.hpp>
#include <base/text/shell_word.hpp>
#include <hookd/client.hpp>
#include <hookd/protocol/methods.hpp>
#include <hookd/protocol/socket_path.hpp>
#include <hookd/protocol/version.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace hookd::hookctl {

namespace {

namespace fs = std::filesystem;
using command_ending = base::command_result::ending;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

finding check_socket(const std::string& path) {
    if (path.starts_with('@')) {
        return {"socket", true, path + " is in the abstract namespace"};
    }
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) {
        return {"socket", false, path + " is gone although the daemon answers: restart the daemon"};
    }
    if (found.st_uid != ::geteuid() && found.st_uid != 0) {
        return {"socket", true, path + " is user " + std::to_string(found.st_uid) + "'s, whom you trust"};
    }
    if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return {"socket", true, path + " is open to other users: the daemon refuses those whom it does not allow"};
    }
    return {"socket", true, path + (found.st_uid == ::geteuid() ? " is yours alone" : " is root's")};
}

finding check_version(const daemon_info& daemon) {
    if (daemon.version == protocol::release_version) {
        return {"version", true, "hookctl and the daemon are both " + daemon.version};
    }
    return {"version", false,
        "hookctl is " + std::string(protocol::release_version) + ", the daemon that runs is " + daemon.version +
            ": install one release, then end the old daemon: kill " + std::to_string(daemon.pid)};
}

/// Whether a daemon that is started here listens at the default socket: only there it has a registry by default.
bool is_at_default_socket() {
    const auto named = environment_variable("HOOKD_SOCKET");
    const fs::path usual = protocol::default_socket_path(nullptr, std::getenv("XDG_RUNTIME_DIR"), ::getuid());
    return named.empty() || fs::absolute(named).lexically_normal() == usual.lexically_normal();
}

/// The program with which a daemon would be started.
finding check_program() {
    const auto done = run_daemon_program({"--version"});
    const auto name = daemon_program();
    if (done.how != command_ending::exited || done.code != 0) {
        return {"hookd", false, "there is no " + name + " that runs, beside hookctl or in PATH: install it"};
    }
    const auto version_line = first_line(done.output.text);
    const std::string own = std::string("hookd ") + protocol::release_version;
    if (version_line == own || version_line.starts_with(own + ",")) {
        return {"hookd", true, name + ": " + version_line};
    }
    return {"hookd", false,
        name + " is of another release than hookctl " + protocol::release_version + ": " + version_line +
            "; install one release"};
}

finding check_hook(std::string_view hook) {
    const auto name = base::value_view(hook)["name"].string();
    const auto state = base::value_view(hook)["state"].string();
    if (base::value_view(hook)["enabled"] == "false") {
        return {"hook " + name, false, "disabled: hookctl enable " + base::shell_word(name)};
    }
    if (state != protocol::to_string(protocol::hook_state::ok)) {
        const auto why = base::value_view(hook)["why"].string();
        return {"hook " + name, false, state + (why.empty() ? "" : ": " + why)};
    }
    return {"hook " + name, true, "can run"};
}

findings check_hooks(client& daemon, const invocation& call) {
    const auto listed =
        daemon.call(protocol::list_hooks_params::method, {}, call.timeout.value_or(default_answer_timeout));
    findings all;
    for (const auto& hook : base::value_view(listed)["hooks"].elements()) {
        all.push_back(check_hook(hook));
    }
    if (all.empty()) {
        all.push_back({"hooks", true, "none is registered"});
    }
    return all;
}

/// Whether the daemon can read its journal.
finding check_history(client& daemon, const invocation& call, finding found) {
    try {
        (void)daemon.call(protocol::history_params::method, base::object_writer().number("limit", 1).finish(),
            call.timeout.value_or(default_answer_timeout));
        return found;
    } catch (const error& failure) {
        return {found.subject, false, "it can't be read: " + std::string(failure.what())};
    }
}

finding check_journal(client& daemon, const invocation& call) {
    const auto stats = daemon.call(protocol::stats_params::method, {}, call.timeout.value_or(default_answer_timeout));
    auto found = journal_finding(stats);
    const bool is_kept = !read_stats(stats).journal.file.empty();
    return is_kept && found.fine ? check_history(daemon, call, std::move(found)) : found;
}

findings check_cluster(client& daemon, const invocation& call) {
    const auto answer =
        daemon.call(protocol::cluster_hosts_params::method, {}, call.timeout.value_or(default_answer_timeout));
    const auto hosts = base::value_view(answer)["hosts"].elements();
    if (hosts.empty()) {
        return {{"cluster", true, "this host is in none"}};
    }
    const auto name = hosts.front()["host"].string();
    const auto state = hosts.front()["state"].string();
    if (state == "up") {
        return {{"cluster", true, "host " + name + " is up, with " + base::counted(hosts.size() - 1, "other host")}};
    }
    return {{"cluster", false,
        "host " + name + "'s link is " + state +
            ": the daemon's log says why; check the engine with hookd-postgres --check FILE, or hookd-nats"}};
}

/// The program of `ExecStart=`; empty where there is none.
std::string started_program(const fs::path& unit) {
    constexpr std::string_view key = "ExecStart=";
    const auto text = base::read_front(unit, std::size_t{64} << 10U).value_or("");
    for (std::string_view rest = text; !rest.empty();) {
        auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.starts_with(key)) {
            line.remove_prefix(key.size());
            return std::string(line.substr(0, line.find(' ')));
        }
    }
    return {};
}

/// Whether systemd starts the user's hookd with the session: what `systemctl enable` makes is links.
bool is_enabled(const fs::path& own_units) {
    for (const auto& directory : {own_units, fs::path("/etc/systemd/user")}) {
        for (const auto* link : {"sockets.target.wants/hookd.socket", "default.target.wants/hookd.service"}) {
            std::error_code unknown;
            if (fs::is_symlink(directory / link, unknown)) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

finding journal_finding(std::string_view stats) {
    const auto journal = read_stats(stats).journal;
    if (journal.file.empty()) {
        return {"journal", true, "off, so hookctl log and trace find nothing: start hookd with --journal FILE"};
    }
    if (!journal.failure.empty()) {
        const auto file = base::shell_word(journal.file);
        return {
            "journal", false, journal.failure + "; look at the file and its disk: ls -l " + file + "; df -h " + file};
    }
    const auto kept = base::counted(journal.events, "event") + " in " + journal.file;
    if (journal.dropped > 0) {
        return {"journal", true,
            kept + ", " + std::to_string(journal.dropped) +
                " could not be kept since the daemon's start: its log says why",
            true};
    }
    return {"journal", true, kept};
}

findings check_daemon(const invocation& call) {
    findings all;
    try {
        auto daemon = connect_for(call);
        const auto info = daemon.ping();
        all.push_back({"daemon", true, "answers at " + daemon.path() + ", pid " + std::to_string(info.pid)});
        all.push_back(check_socket(daemon.path()));
        all.push_back(check_version(info));
        all.push_back(check_journal(daemon, call));
        for (auto& each : check_hooks(daemon, call)) {
            all.push_back(std::move(each));
        }
        for (auto& each : check_cluster(daemon, call)) {
            all.push_back(std::move(each));
        }
    } catch (const std::exception& failure) {
        all.push_back({all.empty() ? "daemon" : "hooks", false, failure.what()});
    }
    return all;
}

findings check_settings() {
    findings all{check_program()};
    if (!all.front().fine) {
        return all;
    }
    const auto done = run_daemon_program({"--check"});
    if (done.how == command_ending::exited && done.code == 0) {
        const bool has_registry = is_at_default_socket() || !environment_variable("HOOKD_REGISTRY").empty();
        all.push_back({"settings", true,
            has_registry
                ? "configuration, catalog, journal and registry (" + default_registry().string() + ") are valid"
                : "configuration and catalog are valid; without --registry a daemon at $HOOKD_SOCKET keeps hooks until "
                  "it ends"});
    } else {
        all.push_back({"settings", false, first_line(done.errors.text)});
    }
    return all;
}

findings check_git() {
    try {
        const auto survey = survey_git_hooks(find_git_site({}, false), {});
        findings all;
        for (const auto& each : survey.hooks) {
            if (!each.fires) {
                all.push_back({"git " + std::string(each.hook->name), false, "would not fire: " + each.why_not});
            }
        }
        if (all.empty()) {
            all.push_back({"git", true,
                survey.hooks.empty() ? "no hook is installed in this repository"
                                     : base::counted(survey.hooks.size(), "hook") + " of this repository would fire"});
        }
        return all;
    } catch (const usage_error&) {
        return {};  // no repository, or no git
    } catch (const std::exception& failure) {
        return {{"git", false, failure.what()}};
    }
}

findings check_units() {
    const auto config = environment_variable("XDG_CONFIG_HOME");
    const fs::path own =
        (config.empty() ? fs::path(environment_variable("HOME")) / ".config" : fs::path(config)) / "systemd/user";
    for (const auto& directory : {own, fs::path("/etc/systemd/user"), fs::path("/usr/local/lib/systemd/user"),
             fs::path("/usr/lib/systemd/user")}) {
        const auto unit = directory / "hookd.service";
        const auto program = started_program(unit);
        if (program.empty()) {
            continue;
        }
        if (::access(program.c_str(), X_OK) == 0) {
            return {{"units", true,
                unit.string() + " starts " + program +
                    (is_enabled(own)
                            ? ", and is enabled"
                            : "; to have it started with your session: systemctl --user enable --now hookd.socket")}};
        }
        return {{"units", false,
            unit.string() + " starts " + program + ", which can't be run: install hookd there, or correct ExecStart="}};
    }
    return {{"units", true,
        "no systemd unit; at the default socket hookctl starts a daemon by itself once a hook is registered"}};
}

}  // namespace hookd::hookctl
