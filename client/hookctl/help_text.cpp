// SPDX-License-Identifier: BSL-1.0
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
  register NAME --on PATTERN... -- CMD...
                                 have the daemon run CMD for each event
  deregister NAME                remove it
  hooks                          print the registered hooks, and the live sessions
  trust NAME|.hookd.toml         let a registered hook run after its files have changed
  disable NAME                   stop asking a registered hook
  enable NAME                    ask a disabled hook again
  bypass PATTERN... --for DURATION --reason WHY
                                 ignore vetoes of these events for a while
  respond ID [RESPONSE]          answer an event by its id
  git install|uninstall|status|run
                                 make a git repository's hooks fire events
  jj push [-- ARG...]            jj git push, if no hook objects
  agent-hook                     be the command hook of a coding agent
  agent install|status|uninstall make coding agents call it
  schema [EVENT]                 print the events of the catalog, and their schemas
  who EVENT [PAYLOAD]            print which hooks emit --wait would ask
  log [-f]                       print the verdicts of the journal; with -f, new ones, too
  trace ID                       print all that the journal knows of one event
  replay ID --to NAME            hand it to one hook again, and print the reply
  hosts                          print the hosts of the daemon's cluster
  stats                          print the daemon's counters
  top                            show them live, with each verdict, on the full screen
  ping                           ask whether the daemon is there
  doctor                         check the setup, and say what to type
  test [options] -- CMD [ARG...] try a hook command before it guards anything
  ask PATTERN...                 be a hook yourself: answer questions in the terminal
  init                           write a .hookd.toml, which names a git repository's hooks
  sync                           register those hooks, once you agree to what they run
  unsync                         deregister them
  call METHOD [PARAMS]           send any request, print the raw result
  help [COMMAND]                 print this, or a command's own help
  version                        print the version

options, before or after the command:
  --socket PATH        where the daemon listens (default: $HOOKD_SOCKET, else
                       $XDG_RUNTIME_DIR/hookd/hookd.sock, else /run/user/UID/hookd/hookd.sock
                       if that directory exists, else /tmp/hookd-UID/hookd.sock)
  --daemon-user USER   also talk to that user's daemon (default: $HOOKD_DAEMON_USER; else
                       only to your own and root's)
  --timeout DURATION   how long to wait: 250ms, 30s, 5m (each command says for what)
  --json               print JSON, as into a pipe, even on a terminal
  --no-autostart       don't start a daemon; otherwise emit --wait, git run and agent-hook start
                       one at the default path if there is none and a hook is registered
  -V, --version        print the version
  -h, --help           print this; after a command, its own help

exit status:
  0  done, or proceed          3  there is no daemon
  1  vetoed, or not accepted   4  the daemon answered with an error, or is another user's
  2  wrong usage               5  the connection broke

example: a git pre-commit hook that any hook may veto
  hookctl emit --wait pre_commit "{\"branch\":\"$(git branch --show-current)\"}"
)";

constexpr std::string_view emit_help = R"(usage: hookctl emit [options] EVENT [PAYLOAD]

Fires an event. With --wait, waits for the verdict: exit status 0 to proceed; 1,
and the reason on standard error, if a hook vetoed.

  EVENT     1 to 128 characters of A-Z a-z 0-9 _ . : / -
  PAYLOAD   JSON text, @FILE, or - for standard input (default {}); it reaches
            every hook byte for byte

In a hook command, $HOOK_CAUSE is passed on: an event that leads to itself is
refused.

options:
  --wait                   wait for the verdict
  --timeout DURATION       with --wait: how long hooks may take (default: the daemon's, 30s)
  --policy veto|all|first|chain
                           when the verdict is reached: at the first veto, or when all have
                           replied (default); when all have replied; at the first reply;
                           when each has been asked in turn, with the payload as those
                           before it left it, or at the first veto
  --require NAME           veto unless the hook of that name has replied; may be repeated
  --scope local|cluster    who sees it: hooks here, or those of scope cluster on the
                           cluster's other hosts, too (default: as the catalog says, else
                           local)
  --fail-closed            veto if no hook has decided
  --wait-for-subscriber    if there is no hook, wait for one
  --abort-exit-code N      exit status for a veto, 1 to 255 (default 1)
  --no-daemon proceed|fail what an absent daemon means: exit status 0, or 3 (default)
  -q, --quiet              print nothing on standard output

On a terminal it prints a line for each hook: how long it took, and what it said, all at the
end. What hooks that pass have to say reaches a terminal on standard error, too.

example:
  hookctl emit --wait --timeout 5s pre_push '{"branch":"main"}'
)";

constexpr std::string_view listen_help = R"(usage: hookctl listen [options] [PATTERN...]

Prints each event as it happens, one per line, and answers none. Reconnects and
resumes by itself; reports on standard error if events may have been missed. On a
terminal, the verdict on a question is a line of its own, when it comes.

  PATTERN   an event's name; * stands for any run of characters, ? for one
            (default: every event)

options:
  --after-seq N        first print the events after number N, as far back as the daemon has
                       them
  --count N            end after N events
  --scope local|cluster
                       cluster: events of scope cluster of other hosts, too (default local)
  --timeout DURATION   how long to wait for the daemon at the start (default 30s)

example:
  hookctl listen 'pre_*' | jq .payload
)";

constexpr std::string_view on_help = R"(usage: hookctl on [options] PATTERN... -- CMD [ARG...]

Runs CMD for each event that a PATTERN matches. CMD has the payload on its
standard input, and HOOK_EVENT, HOOK_EVENT_ID, HOOK_SEQ, HOOK_HOST and HOOK_CAUSE in
its environment, with PATH, HOME, LANG, USER, TMPDIR and HOOK_* of hookctl's own.

How CMD replies:
  exit status 0, a JSON object on stdout    the reply; its "abort" vetoes
  exit status 0, other text or no output    no objection; the text is a note
  exit status 0, a line that begins with {
    or [, but not one object; over 1 MiB    the hook failed: no vote
  exit status 1 to 125                      a veto; its stderr is the reason
  not started, 126, 127, a signal, time-out the hook failed: no vote

When its time is over, its process group gets SIGTERM, and 1 s later SIGKILL.

options:
  --timeout DURATION   how long CMD may run (default: as long as the emitter waits)
  --jobs N             how many may run at a time (default 1), and as many beside
                       them for events that no emitter waits for
  --name NAME          what verdicts and logs call this hook (default: CMD's file name)
  --env NAME[=VALUE]   pass this variable to CMD, too; may be repeated
  --git                for git's events: run CMD where git would run its own hook, with git's
                       variables
  --where POINTER=GLOB only events whose payload has a string at the JSON pointer that
                       matches; may be repeated: all must match
  --repo DIR           only git's events of the repository in DIR and its work trees
  --asked-only         only events that an emitter waits for
  --fail-closed        nothing proceeds while this hook is missing, for any reason
  --order N            its turn in a chain and its place among the responses (default 0)
  --shadow             asked and recorded, but it decides and delays nothing
  --scope local|cluster
                       cluster: events of scope cluster of other hosts, too (default local)

example:
  hookctl on pre_push -- sh -c 'grep -q "\"main\"" && { echo "not to main" >&2; exit 1; }; exit 0'
)";

constexpr std::string_view register_help = R"(usage: hookctl register [options] NAME --on PATTERN... -- CMD [ARG...]

Has the daemon itself run CMD for each event that a PATTERN matches, from now on and
after a restart. CMD gets its input and replies as under hookctl on. NAME is what
verdicts and logs call the hook; a hook of that name is replaced.

The program, and each argument that names a file, are made absolute, and the daemon
records their hashes: if one of them changes, or a file appears under an argument that
named none, CMD does not run until you have reviewed it and run hookctl trust NAME. So a
file that the hook itself writes should not be an argument: use sh -c 'cat >>file'.
Only the daemon's own user and root may register.

options:
  --on PATTERN         an event's name; * stands for any run of characters, ? for one
  --git                for git's events: run CMD where git would run its own hook, with git's
                       variables
  --timeout DURATION   how long CMD may run (default: as long as the emitter waits)
  --jobs N             how many may run at a time (default: as hookd is configured, 4)
  --cwd DIR            where CMD runs (default: where hookd does)
  --env NAME[=VALUE]   set this variable for CMD, by default as it is here; may be repeated
  --where POINTER=GLOB, --repo DIR, --asked-only, --fail-closed, --order N, --shadow,
  --scope local|cluster
                       as for hookctl on

example:
  hookctl register no-fixme --on pre_commit -- ./no-fixme.sh
)";

constexpr std::string_view deregister_help = R"(usage: hookctl deregister NAME

Removes a registered hook. A command that is running may finish. Exit status 1 if there
is no hook of that name. unregister is the same command.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl deregister no-fixme
)";

constexpr std::string_view hooks_help = R"(usage: hookctl hooks

Prints the registered hooks: what they run, whether they may run (ok; untrusted: a file has
changed or appeared; missing: a file is gone; inactive: the daemon has no such events;
disabled), how often they have run since the daemon's start, how long that took, and the
last outcome. Then the live sessions, such as those of hookctl on.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl hooks | jq -r '.hooks[] | select(.state != "ok") | .why'
)";

constexpr std::string_view trust_help = R"(usage: hookctl trust NAME|.hookd.toml

Lets a registered hook run again after its program or script has changed or appeared.
Review it first. With the path of a .hookd.toml: agrees to what hookctl sync has shown, and
registers it. Exit status 1 if it was not shown, or has changed since.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl trust no-fixme
)";

constexpr std::string_view enable_help = R"(usage: hookctl enable NAME

Lets a disabled hook be asked again.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl enable no-fixme
)";

constexpr std::string_view disable_help = R"(usage: hookctl disable NAME

Stops a registered hook from being asked, across restarts, until hookctl enable.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl disable no-fixme
)";

constexpr std::string_view bypass_help = R"(usage: hookctl bypass PATTERN... --for DURATION --reason WHY
       hookctl bypass --end

For a while, no veto of these events counts: hooks are asked as usual, but the operation
proceeds, whichever hook objected, failed or was missing. The verdict, the log and hookctl
stats say so, with the reason. It ends after its time, with --end, or with the daemon.

  PATTERN              a name of events or a glob (* any run, ? one character)

options:
  --for DURATION       how long: 30s, 10m; at most a day (1440m)
  --reason WHY         why, for all who see it
  --end                end the bypass in force; exit status 1 if there is none
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl bypass 'git.*' --for 10m --reason 'the linter is broken, see #123'
)";

constexpr std::string_view respond_help = R"(usage: hookctl respond [options] ID [RESPONSE]

Answers an event by its id (HOOK_EVENT_ID, or hook_event_id in what listen
prints). Exit status 1, and the reason on standard error, if it was not accepted.

  RESPONSE   a JSON object, @FILE, or - for standard input (default {}: no objection)

options:
  --abort REASON   veto
  --abstain        no opinion
  --failed WHY     the hook could not do its work
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl respond "$HOOK_EVENT_ID" --abort "tests are red"
)";

constexpr std::string_view git_help = R"(usage: hookctl git install|uninstall|status|run ...

Makes git's own hooks fire events, git.pre_commit and so on, that hooks may veto.

  install          make git call hookctl: by its configuration (hook.hookd.*) from git 2.54 on,
                   before that by scripts in the repository's hooks. A hook that is there is
                   kept and runs first; if it fails, its exit status counts. Installing twice
                   is the same as once, whatever other hook managers do in between.
  uninstall        remove all of that, wherever it is now, and restore what was there, byte
                   for byte
  status           where the scripts are, what has taken their place, whether the daemon answers
                   and who would be asked. Exit status 1 if an event would not be fired.
  run HOOK [ARG..] what the scripts call: fire the event of git's HOOK, with its arguments
                   and standard input. Exit status 1, and the reason on standard error,
                   for a veto, and if the daemon refuses to ask. post-* hooks only report:
                   git does not wait for them.
  exec -- CMD ..   what on --git and register --git call: run CMD where the payload says

options of install, uninstall and status:
  --events LIST    pre-commit,pre-push and so on, or all. Default: all but
                   reference-transaction and post-index-change, which run often; for uninstall
                   and status those that are there
  --repo DIR       the repository (default: the current one)
  --global         all repositories: your own git configuration, before git 2.54 the directory
                   that the global core.hooksPath names

options of install (for all that it installs) and run:
  --timeout DURATION       how long hooks may take (default: 10m)
  --fail-closed            veto if no hook has decided
  --no-daemon proceed|fail what to do if no hook could be asked: git continues, with a message
                           (default), or stops. If hookctl itself is gone or can't be run, git
                           stops, unless install was given --no-daemon proceed
  --socket PATH            where the daemon listens, for run

option of run:
  --installed-socket PATH  where it listens if neither --socket nor $HOOKD_SOCKET says so:
                           install records the socket that it finds

example:
  hookctl git install --events pre-commit,pre-push
)";

constexpr std::string_view jj_help = R"(usage: hookctl jj push [options] [-- ARG...]

Runs jj git push, with each ARG, if no hook objects: asks jj what it would push (--dry-run),
fires jj.pre_upload with that, and becomes jj git push once the verdict is there. If nothing
would be pushed, no hook is asked. Stops if it can't read what jj would push.

options:
  --timeout DURATION       how long hooks may take (default 10m)
  --fail-closed            stop if no hook has decided
  --no-daemon proceed|fail what an absent daemon means: jj pushes (default), or stops

exit status: 1 and the reason on standard error for a veto, and if the daemon refuses to
ask; else that of jj

To have "jj push" for it:
  jj config set --user aliases.push '["util", "exec", "--", "hookctl", "jj", "push", "--"]'

example:
  hookctl jj push -- --bookmark main
)";

constexpr std::string_view agent_hook_help = R"(usage: hookctl agent-hook [options] [INPUT]

Is the command hook of a coding agent: reads what the agent writes to its hook, fires an
event, waits for the verdict if the agent obeys one, and answers in that agent's words. If no
hook objects it prints nothing, so that the agent's own rules decide.

  INPUT   JSON text (as Codex gives it to notify), @FILE, or - for standard input (default),
          which is read up to the end of one JSON value

events:
  agent.pre_tool_use        PreToolUse, BeforeTool, ...        may be denied, or asked about
  agent.permission_request  PermissionRequest                  the same, before a person is asked
  agent.prompt_submit       UserPromptSubmit, BeforeAgent, ... may be stopped
  agent.post_tool_use       PostToolUse, AfterTool, ...        an objection reaches the model
  agent.stop                Stop, SubagentStop, AfterAgent ... an objection keeps it working
  agent.session_start       SessionStart, ...                  a text reaches the model
  agent.session_end, and any other as agent.<snake_case>       reported; one whose name begins
                            with Pre or Before, or ends in Request, may be stopped

Each payload has agent, project_dir, and what the agent said (raw); of a tool also tool_kind
(shell, write, read, fetch, mcp, task, other), command and paths.

A hook's reply, or one in an agent's own words, as hookSpecificOutput:
  {"abort": REASON}                                      deny
  {"decision": "allow"|"ask"|"deny", "reason": REASON}   the strictest counts; an agent that
                                                         can't ask a person denies
  {"additional_context": TEXT}                           tell the model
  {"updated_input": OBJECT}                              use the tool with this instead: the last
                                                         counts, and only its own "allow"

options:
  --agent NAME             whose hook it is: claude, codex, gemini, qwen, vscode, copilot,
                           cursor, kimi, windsurf, cline, grok, droid, qoder, goose, unknown, or
                           auto (default): by what only that agent sends. An unknown one is
                           denied by exit status 2
  --timeout DURATION       how long hooks may take (default 20s): less than the agent gives
                           its hook
  --fail-closed            stop the tool, or the prompt, if no hook has decided, or the input
                           can't be read
  --no-daemon proceed|fail what an absent daemon means: the agent continues, and shows so
                           (default), or the tool, or the prompt, is stopped
  --stop-once              block the end of a session once at most

exit status: 0 with an answer in words; 2 with the reason on stderr for an agent that is
denied by it, for an objection that can't be written to stdout, for input that can't be read
under --fail-closed, or for wrong usage; else 1 for input that can't be read

example:
  hookctl agent-hook --agent claude --fail-closed
)";

constexpr std::string_view agent_help = R"(usage: hookctl agent install|status|uninstall [options] [AGENT...]

Has coding agents call hookctl agent-hook, by their own settings. All else in a settings file
stays as it is, byte for byte; a link is not followed.

  install     add hooks for all events that count, with a time-out of the agent above that of
              hookctl's. Installing again gives them the new options
  status      say who calls it, fire a test event through each command, and say what it would
              have done. Exit status 1 if one does not call it
  uninstall   take the hooks away, and leave the file as it was. A file that install made is
              removed, and the agent's directory with it if that is empty then

  AGENT   claude, codex, gemini, qwen, copilot, cursor, windsurf, kimi, grok, droid, qoder
          (default: those whose directories are there)

options:
  --project                the settings of the current project, not the user's

options of install, for the command that agents call:
  --timeout DURATION       how long hooks may take (default 20s)
  --fail-closed            stop the tool, or the prompt, if no hook has decided
  --no-daemon proceed|fail what an absent daemon means
  --stop-once              block the end of a session once at most
  --socket PATH            where the daemon listens

example:
  hookctl agent install claude codex --fail-closed
)";

constexpr std::string_view schema_help = R"(usage: hookctl schema [options] [EVENT]

Prints which events the daemon's catalog has, or what EVENT's payload and reply
look like, as JSON Schema. Into a pipe, JSON: {"schemas": [...]}.

  EVENT   its name (default: all events)

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl schema pre_push | jq '.schemas[0].payload_schema.required'
)";

constexpr std::string_view who_help = R"(usage: hookctl who [options] EVENT [PAYLOAD]

Prints which hooks emit --wait would ask now, in which order, and under which policies.
Exit status 1 if a required hook is absent.

  PAYLOAD   JSON text, @FILE, or - for standard input: for hooks that filter by payload

options:
  --scope local|cluster
                       as for hookctl emit
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl who pre_push '{"branch":"main"}'
)";

constexpr std::string_view log_help = R"(usage: hookctl log [options]

Prints the verdicts that the daemon's journal holds, newest last: when, which event, whether
it proceeded, who said so, how long that took, and why. Without --since, the last 100. On a
terminal a line for people, into a pipe JSON, one verdict a line.

options:
  -f, --follow         continue with new verdicts, until interrupted
  --event PATTERN      only events of that name or glob
  --hook NAME          only those that this hook replied to, or was missing from
  --vetoed             only those that were stopped
  --since T            only those since T: how long ago (90s, 2h, 3d), or a time as in
                       2026-11-23T12:58:36Z
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl log --vetoed --since 1d
)";

constexpr std::string_view trace_help = R"text(usage: hookctl trace [options] ID

Prints all that the daemon's journal knows of one event: who emitted it, which hooks got it
when, what each said, who was missing, the verdict and the payload. ID is its hook_event_id,
as emit, listen and log --json print it, or its first eight digits, as log prints them.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl trace "$(hookctl log --vetoed --json | tail -1 | jq -r .hook_event_id)"
)text";

constexpr std::string_view replay_help = R"(usage: hookctl replay [options] ID --to NAME

Hands an event of the daemon's journal to one hook again, a session or a registered one, and
prints what it says now. It decides nothing. Exit status 1 if the hook fails.

options:
  --to NAME            the hook
  --timeout DURATION   how long to wait (default: the time that the event's emitter gave)

example:
  hookctl replay 5a0d1f7e-2d86-4b9e-a1bb-64f24ec0c0c3 --to lint
)";

constexpr std::string_view hosts_help = R"(usage: hookctl hosts

Prints the hosts of the daemon's cluster, its own first: whether they are up, after how much
silence they count as gone (the lease), and their hooks of scope cluster. Exit status 1 if
the daemon is in no cluster, or its link is not up.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl hosts | jq -r .host
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

Shows live, on the full screen: rates, who waits and for whom, each hook with its vetoes and
times, the verdicts as they come, events and sessions. Needs a terminal.

keys:
  up, down, page up, page down  select a verdict
  Enter                         show it, with what each hook said and the payload
  /                             show only what has a text in its name
  Esc                           back to the tables; there, show all names again
  p                             pause, and continue
  q                             quit

What the catalog calls secret in a payload is shown as "…".

example:
  hookctl --socket /run/hookd/hookd.sock top
)";

constexpr std::string_view ping_help = R"(usage: hookctl ping [options]

Asks whether the daemon is there, and prints its pid, version and socket.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl ping >/dev/null && echo up
)";

constexpr std::string_view doctor_help = R"(usage: hookctl doctor

Checks the daemon, its socket and version, the registered hooks, the program, settings and
units that would start a daemon here, git's hooks in this repository, and the settings of
coding agents: one line each, and what to type if something is wrong. The exit status is then
1, also if there is no daemon.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl doctor
)";

constexpr std::string_view test_help = R"(usage: hookctl test [options] -- CMD [ARG...]

Runs a hook command as the daemon would, and reports how it handles a payload, no input,
1 MiB of input, SIGTERM, and a time-out. Exit status 1 if it would be a hook that failed,
or can't be stopped. If a daemon is there whose catalog has the event, the reply is checked
against the event's response_schema.

options:
  --event EVENT        what HOOK_EVENT says (default: test)
  --payload PAYLOAD    JSON text, @FILE, or - for standard input; by default a sample made
                       from the event's schema in the daemon's catalog, else {}. What in a
                       sample may not match the schema is reported on standard error
  --timeout DURATION   how long CMD may take (default 30s)

example:
  hookctl test --event pre_push --payload '{"branch":"main"}' -- ./no-main
)";

constexpr std::string_view init_help = R"(usage: hookctl init

Writes a .hookd.toml to start from at the top of the current git repository, unless there is
one. It names the repository's hooks; commit it, and the user of each clone agrees to it with
hookctl sync.

keys of a [hooks.NAME]:
  on, run          events, and the command with its arguments: each a list of strings. Paths
                   count from the top of the repository
  git              true: run where git's own hook would, with git's variables, as in a linked
                   work tree (default if all events are git.*); false: at the top of the main one
  timeout, order, jobs, env, where, on_failure, asked_only, shadow
                   as the options of hookctl register

example:
  hookctl init && git add .hookd.toml
)";

constexpr std::string_view sync_help = R"(usage: hookctl sync

Registers the hooks that .hookd.toml names at the top of the current git repository, for the
events of this repository and its work trees, and deregisters those that are no longer in it.
.hookd.local.toml beside it is added, if present; git ignores it, by a line in info/exclude. The
files of the main work tree count, also in a work tree that is linked to it.

What has changed since it was last agreed to, of the files and of the scripts that they run, is
shown first. On a terminal it asks; elsewhere it changes nothing, and the exit status is 1. Until
then each hook of a file that has changed is missing, and nothing proceeds. A change of more than
1 MiB can't be shown whole: it is refused.

After the repository has moved, git stops until the hooks are registered for its new place, by
hookctl sync, or given up, by hookctl unsync.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl sync
)";

constexpr std::string_view unsync_help = R"(usage: hookctl unsync

Deregisters the hooks that hookctl sync has registered for the current git repository, and
forgets what was agreed to. .hookd.toml stays as it is.

options:
  --timeout DURATION   how long to wait for the daemon (default 30s)

example:
  hookctl unsync
)";

constexpr std::string_view ask_help = R"(usage: hookctl ask [options] PATTERN...

A person is the hook: shows each question whose event matches a PATTERN, with its payload, and
waits for a line. Several questions wait in a queue. Needs a terminal.

  y, yes           proceed
  n, no            veto, without a reason
  any other text   veto, for that reason; in n TEXT, TEXT is the reason

A question that was decided by another answer, such as a veto by hookctl respond, or for which
no emitter waits any longer, is replaced by the next. Input from before a question was shown is
ignored. After Ctrl-C, this hook is missing from the questions that are not answered yet.

options:
  --notify CMD         run this shell command for each question, which finds the payload on its
                       standard input and what hookctl on sets in its environment. A JSON object
                       that it prints is the answer
  --name NAME          what verdicts and logs call this hook (default: $USER, else the name of
                       your account)
  --where POINTER=GLOB, --repo DIR, --fail-closed
                       as for hookctl on
  --timeout DURATION   how long to wait for the daemon at the start (default 30s)

example:
  hookctl ask --notify 'notify-send "$HOOK_EVENT"' 'deploy_*'
)";

constexpr std::string_view call_help = R"(usage: hookctl call [options] METHOD [PARAMS]

Sends any request and prints the raw result, byte for byte.

  PARAMS   a JSON object, @FILE, or - for standard input (default: none)

options:
  --timeout DURATION   how long to wait for the answer (default: as long as it takes)

example:
  hookctl call rpc.discover | jq -r '.methods[].name'
)";

constexpr std::string_view help_help = R"(usage: hookctl help [COMMAND]

Prints the list of commands, or the help of one command, as COMMAND --help does.

example:
  hookctl help emit
)";

constexpr std::string_view version_help = R"(usage: hookctl version

Prints the version of hookctl, and of the protocol that it speaks. hookctl ping prints the
daemon's.

example:
  hookctl version
)";

constexpr std::array commands{
    command_text{"emit", "emit EVENT [PAYLOAD]", emit_help},
    command_text{"listen", "listen [PATTERN...]", listen_help},
    command_text{"on", "on PATTERN... -- CMD [ARG...]", on_help},
    command_text{"register", "register NAME --on PATTERN... -- CMD [ARG...]", register_help},
    command_text{"deregister", "deregister NAME", deregister_help},
    command_text{"hooks", "hooks", hooks_help},
    command_text{"trust", "trust NAME", trust_help},
    command_text{"enable", "enable NAME", enable_help},
    command_text{"disable", "disable NAME", disable_help},
    command_text{"bypass", "bypass PATTERN... --for DURATION --reason WHY", bypass_help},
    command_text{"respond", "respond ID [RESPONSE]", respond_help},
    command_text{"git", "git install|uninstall|status|run [HOOK [ARG...]]", git_help},
    command_text{"jj", "jj push [-- ARG...]", jj_help},
    command_text{"agent-hook", "agent-hook [INPUT]", agent_hook_help},
    command_text{"agent", "agent install|status|uninstall [AGENT...]", agent_help},
    command_text{"schema", "schema [EVENT]", schema_help},
    command_text{"who", "who EVENT [PAYLOAD]", who_help},
    command_text{"log", "log [-f] [--event PATTERN] [--hook NAME] [--vetoed] [--since T]", log_help},
    command_text{"trace", "trace ID", trace_help},
    command_text{"replay", "replay ID --to NAME", replay_help},
    command_text{"hosts", "hosts", hosts_help},
    command_text{"stats", "stats [--watch] [--prometheus]", stats_help},
    command_text{"top", "top", top_help},
    command_text{"ping", "ping", ping_help},
    command_text{"doctor", "doctor", doctor_help},
    command_text{"test", "test [--event EVENT] [--payload PAYLOAD] -- CMD [ARG...]", test_help},
    command_text{"init", "init", init_help},
    command_text{"sync", "sync", sync_help},
    command_text{"unsync", "unsync", unsync_help},
    command_text{"ask", "ask PATTERN...", ask_help},
    command_text{"call", "call METHOD [PARAMS]", call_help},
    command_text{"help", "help [COMMAND]", help_help},
    command_text{"version", "version", version_help},
};

const command_text& command_text_of(std::string_view command) {
    return *std::find_if(
        commands.begin(), commands.end(), [command](const auto& each) { return each.name == command; });
}

}  // namespace

const std::vector<std::string_view>& command_names() {
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> all;
        all.reserve(std::size(commands));
        for (const auto& each : commands) {
            all.push_back(each.name);
        }
        return all;
    }();
    return names;
}

std::string_view general_help() { return general; }

std::string_view command_help(std::string_view command) { return command_text_of(command).help; }

std::string_view command_usage(std::string_view command) { return command_text_of(command).usage; }

}  // namespace hookd::hookctl
