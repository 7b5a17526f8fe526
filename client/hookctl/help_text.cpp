#include "help_text.hpp"

#include <algorithm>
#include <array>

namespace hookd::hookctl {

namespace {

struct command_text {
    std::string_view name;
    std::string_view usage;
    std::string_view help;
};

constexpr std::string_view general = R"(usage: hookctl [--socket PATH] [--timeout DURATION] [--json] COMMAND ...

Fires events to hooks, waits for their verdict, and runs hooks, through the daemon hookd.

commands:
  emit EVENT [PAYLOAD]           fire an event; with --wait, wait for the verdict
  listen [PATTERN...]            print each event as a line of JSON
  on PATTERN... -- CMD [ARG...]  run CMD for each event; what it says is the reply
  respond ID [RESPONSE]          answer an event by its id
  stats                          print the daemon's counters
  top                            show them live, on the full screen
  ping                           ask whether the daemon is there
  call METHOD [PARAMS]           send any request, print the raw result

options, before or after the command:
  --socket PATH        where the daemon listens (default: $HOOKD_SOCKET, else
                       $XDG_RUNTIME_DIR/hookd/hookd.sock, else /tmp/hookd-UID/hookd.sock)
  --timeout DURATION   how long to wait: 250ms, 30s, 5m (each command says for what)
  --json               print JSON, as into a pipe, even on a terminal
  --version            print the version
  -h, --help           print this; after a command, its own help

exit status:
  0  done, or proceed          3  no daemon there
  1  vetoed, or not accepted   4  the daemon answered with an error
  2  wrong usage               5  the connection broke

example: a git pre-commit hook that any hook may veto
  hookctl emit --wait pre_commit "{\"branch\":\"$(git branch --show-current)\"}"
)";

constexpr std::string_view emit_help = R"(usage: hookctl emit [options] EVENT [PAYLOAD]

Fires an event. With --wait, waits for what the hooks say: exit status 0 to
proceed; 1, and the reason on standard error, where it was vetoed.

  EVENT     1 to 128 characters of A-Z a-z 0-9 _ . : / -
  PAYLOAD   JSON text, @FILE, or - for standard input (default {}); it reaches
            every hook byte for byte

options:
  --wait                   wait for the verdict
  --timeout DURATION       with --wait: how long hooks may take (default: the daemon's, 30s)
  --policy first|veto|all  when the verdict is there: at the first reply (default); at
                           the first veto, or when all have replied; when all have replied
  --fail-closed            veto where no hook has decided
  --wait-for-subscriber    where no hook is there, wait for one
  --abort-exit-code N      exit status for a veto, 1 to 255 (default 1)
  --no-daemon proceed|fail what an absent daemon means: exit status 0, or 3 (default)

example:
  hookctl emit --wait --timeout 5s --policy veto pre_push '{"branch":"main"}'
)";

constexpr std::string_view listen_help = R"(usage: hookctl listen [options] [PATTERN...]

Prints each event as it happens, one a line, and answers none. Reconnects and
resumes by itself; says so on standard error where events may have been missed.

  PATTERN   an event's name; * stands for any run of characters, ? for one
            (default: every event)

options:
  --after-seq N   first print the events after number N, as far back as the daemon has them
  --count N       end after N events

example:
  hookctl listen 'pre_*' | jq .payload
)";

constexpr std::string_view on_help = R"(usage: hookctl on [options] PATTERN... -- CMD [ARG...]

Runs CMD for each event that a PATTERN matches. It finds the payload on its
standard input, and HOOK_EVENT, HOOK_EVENT_ID and HOOK_SEQ in its environment.

What CMD says:
  exit status 0, a JSON object on stdout    the reply; its "abort" vetoes
  exit status 0, anything else              no objection
  exit status 1 to 125                      a veto; its stderr is the reason
  not started, 126, 127, a signal, time-out the hook failed: no vote

When its time is over, its process group gets SIGTERM, and 1 s later SIGKILL.

options:
  --timeout DURATION   how long CMD may run (default: as long as the emitter waits)
  --jobs N             how many may run at a time (default 1); further events wait
  --name NAME          what verdicts and logs call this hook (default: CMD's file name)

example:
  hookctl on pre_push -- sh -c 'grep -q "\"main\"" && { echo "not to main" >&2; exit 1; }; exit 0'
)";

constexpr std::string_view respond_help = R"(usage: hookctl respond [options] ID [RESPONSE]

Answers an event by its id (HOOK_EVENT_ID, or hook_event_id in what listen
prints). Exit status 1, and why on standard error, where it was not accepted.

  RESPONSE   a JSON object, @FILE, or - for standard input (default {}: no objection)

options:
  --abort REASON   veto
  --abstain        no opinion
  --failed WHY     the hook could not do its work
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl respond "$HOOK_EVENT_ID" --abort "tests are red"
)";

constexpr std::string_view stats_help = R"(usage: hookctl stats [options]

Prints the daemon's counters: a table on a terminal, JSON into a pipe.

options:
  --watch        again each second, until interrupted
  --prometheus   in the Prometheus text format
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl stats --prometheus > /var/lib/node_exporter/hookd.prom
)";

constexpr std::string_view top_help = R"(usage: hookctl top

Shows rates, events with their reply times, and sessions, live. Needs a
terminal. Press q to quit.

example:
  hookctl --socket /run/hookd/hookd.sock top
)";

constexpr std::string_view ping_help = R"(usage: hookctl ping [options]

Asks whether the daemon is there, and who it is.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl ping >/dev/null && echo up
)";

constexpr std::string_view call_help = R"(usage: hookctl call [options] METHOD [PARAMS]

Sends any request and prints the raw result, byte for byte.

  PARAMS   a JSON object, @FILE, or - for standard input (default: none)

options:
  --timeout DURATION   how long to wait for the answer (default: as long as it takes)

example:
  hookctl call rpc.discover | jq -r '.methods[].name'
)";

constexpr std::array commands{
    command_text{"emit", "emit EVENT [PAYLOAD]", emit_help},
    command_text{"listen", "listen [PATTERN...]", listen_help},
    command_text{"on", "on PATTERN... -- CMD [ARG...]", on_help},
    command_text{"respond", "respond ID [RESPONSE]", respond_help},
    command_text{"stats", "stats [--watch] [--prometheus]", stats_help},
    command_text{"top", "top", top_help},
    command_text{"ping", "ping", ping_help},
    command_text{"call", "call METHOD [PARAMS]", call_help},
};

const command_text& text_of(std::string_view command) {
    return *std::find_if(commands.begin(), commands.end(), [command](const auto& each) { return each.name == command; });
}

}  // namespace

const std::vector<std::string_view>& command_names() {
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> all;
        for (const auto& each : commands) {
            all.push_back(each.name);
        }
        return all;
    }();
    return names;
}

std::string_view general_help() {
    return general;
}

std::string_view command_help(std::string_view command) {
    return text_of(command).help;
}

std::string_view command_usage(std::string_view command) {
    return text_of(command).usage;
}

}  // namespace hookd::hookctl
