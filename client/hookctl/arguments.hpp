// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <hookd/requests.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace hookd::hookctl {

/// The command line cannot be carried out; what() is one line that says what to do.
class usage_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct emit_arguments {
    std::string event{};
    std::string payload = "{}";  ///< as given: JSON text, `@FILE` or `-`
    bool wait = false;
    wait_policy policy = wait_policy::veto;
    std::vector<std::string> require{};  ///< hooks without whom it does not proceed
    std::optional<event_scope> scope{};
    bool fail_closed = false;
    bool wait_for_subscriber = false;
    int abort_exit_code = 1;
    bool proceed_without_daemon = false;
    bool quiet = false;  ///< nothing on standard output
};

struct listen_arguments {
    std::vector<std::string> patterns{};
    std::optional<std::uint64_t> after_seq{};
    std::optional<std::uint64_t> count{};
    event_scope scope = event_scope::local;
};

/// What `on` and `register` have in common.
struct hook_arguments {
    std::string name{};
    std::vector<std::string> patterns{};
    std::vector<std::string> argv{};
    std::optional<std::uint64_t> jobs{};
    std::vector<std::string> environment{};  ///< further variables for the command: NAME, or NAME=VALUE
    bool git = false;                        ///< it runs where git's own hook would, and with git's variables
    std::string repository{};  ///< a directory: only events of the git repository there; empty: of any, and others
    responder_options as_responder{};
};

struct on_arguments : hook_arguments {};

struct register_arguments : hook_arguments {
    std::string directory{};  ///< where the command runs; empty: where the daemon does
};

struct deregister_arguments {
    std::string name{};
};

struct trust_arguments {
    std::string name{};  ///< of a registered hook; or the path of a .hookd.toml
};

struct enable_arguments {
    std::string name{};
    bool enabled = true;
};

struct bypass_arguments {
    std::vector<std::string> patterns{};  ///< empty: the bypass in force ends
    std::chrono::milliseconds duration{};
    std::string reason{};
};

struct hooks_arguments {};

struct respond_arguments {
    std::string id{};
    std::optional<std::string> response{};  ///< as given: JSON text, `@FILE` or `-`
    std::optional<std::string> abort{};
    std::optional<std::string> failed{};
    bool abstain = false;
};

struct schema_arguments {
    std::string event{};  ///< empty: all events
};

struct who_arguments {
    std::string event{};
    std::optional<std::string> payload{};  ///< as given: JSON text, `@FILE` or `-`
    std::optional<event_scope> scope{};
};

struct log_arguments {
    bool follow = false;
    std::string event{};  ///< a name or a glob; empty: every event
    std::string hook{};   ///< empty: whichever
    bool vetoed = false;
    std::optional<std::chrono::system_clock::time_point> since{};
};

struct trace_arguments {
    std::string id{};
};

struct replay_arguments {
    std::string id{};
    std::string to{};
};

struct hosts_arguments {};

struct stats_arguments {
    bool watch = false;
    bool prometheus = false;
};

struct top_arguments {};

struct ping_arguments {};

enum class git_action : unsigned char { install, uninstall, run, status, exec, interpret };

struct git_arguments {
    git_action action = git_action::install;
    std::string events{};      ///< all but run: hooks separated by commas; empty: those that the action means
    std::string repository{};  ///< the same: empty for the one that we are in
    bool global = false;       ///< the same: the hooks of all repositories
    bool fail_closed = false;
    bool proceed_without_daemon = true;
    bool is_proceed_given = false;   ///< install: by an option, and not as the default
    std::string script{};            ///< interpret: the hook's file, whose arguments are hook_arguments
    std::string installed_socket{};  ///< run: for where $HOOKD_SOCKET names none
    std::string hook{};              ///< the same: and its arguments; exec: the program, and its own
    std::vector<std::string> hook_arguments{};
};

struct jj_arguments {
    bool fail_closed = false;
    bool proceed_without_daemon = true;
    std::vector<std::string> push_options{};  ///< for `jj git push`
};

struct agent_hook_arguments {
    std::string agent{};      ///< empty: the input tells
    std::string input = "-";  ///< as given: JSON text, `@FILE` or `-`
    bool fail_closed = false;
    bool proceed_without_daemon = true;
    bool stop_once = false;  ///< a session's end is blocked once at most
};

enum class agent_action : unsigned char { install, status, uninstall };

struct agent_arguments {
    agent_action action = agent_action::status;
    std::vector<std::string> agents{};  ///< none: those that are used here
    bool project = false;               ///< the project's settings instead of the user's
    // For the command that is installed.
    bool fail_closed = false;
    bool stop_once = false;
    std::string no_daemon{};  ///< as given; empty: not given
};

struct doctor_arguments {};

struct test_arguments {
    std::string event = "test";
    std::optional<std::string> payload{};  ///< as given: JSON text, `@FILE` or `-`; nothing: made from the schema
    std::vector<std::string> argv{};
};

struct ask_arguments {
    std::vector<std::string> patterns{};
    std::string name{};        ///< empty: the user's
    std::string notify{};      ///< a shell command, for each question; empty: none
    std::string repository{};  ///< as hook_arguments::repository
    responder_options as_responder{};
};

struct init_arguments {};

struct sync_arguments {};

struct unsync_arguments {};

struct call_arguments {
    std::string method{};
    std::optional<std::string> params{};  ///< as given: JSON text, `@FILE` or `-`
};

using command_arguments = std::variant<emit_arguments, listen_arguments, on_arguments, register_arguments,
    deregister_arguments, trust_arguments, enable_arguments, bypass_arguments, hooks_arguments, respond_arguments,
    schema_arguments, who_arguments, log_arguments, trace_arguments, replay_arguments, hosts_arguments, stats_arguments,
    top_arguments, ping_arguments, git_arguments, jj_arguments, agent_hook_arguments, agent_arguments, doctor_arguments,
    test_arguments, ask_arguments, init_arguments, sync_arguments, unsync_arguments, call_arguments>;

/// What hookctl is asked to do.
struct invocation {
    std::string socket{};       ///< empty: the default
    std::string daemon_user{};  ///< empty: $HOOKD_DAEMON_USER, or nobody besides the own user and root
    /// 1 ms to 24 h where given.
    std::optional<std::chrono::milliseconds> timeout{};
    bool json = false;
    bool autostart = true;  ///< a daemon that is not there may be started, see start_absent_daemon()
    command_arguments command{};
};

/// Only a text is wanted: help, or the version.
struct information {
    std::string text{};
};

/// Reads the command line, `words` without the program's name. Throws usage_error. Reads no file, environment or
/// terminal.
[[nodiscard]] std::variant<invocation, information> parse_arguments(const std::vector<std::string>& words);

}  // namespace hookd::hookctl
