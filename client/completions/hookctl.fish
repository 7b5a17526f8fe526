# SPDX-License-Identifier: BSL-1.0
# fish completion for hookctl(1)

set -l commands emit listen on register deregister hooks trust enable disable bypass respond git jj agent-hook agent schema who log trace replay hosts stats top ping doctor test init sync unsync ask call help version
set -l git_hooks applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg post-commit pre-rebase post-checkout post-merge pre-push pre-receive update post-receive post-update reference-transaction pre-auto-gc post-rewrite sendemail-validate post-index-change p4-changelist p4-prepare-changelist p4-post-changelist p4-pre-submit
set -l methods ping emit emit_and_wait await_response subscribe unsubscribe respond register_hook deregister_hook list_hooks trust_hook enable_hook bypass get_hook_event_schema who history trace replay cluster_hosts stats rpc.discover

# What stands after -- is a command line of its own.
function __hookctl_complete_command
    set -l words (commandline -opc)
    set -l rest $words[(math (contains -i -- -- $words) + 1)..]
    complete -C "$(string escape -- $rest | string join ' ') $(commandline -ct)"
end

# What the daemon says to a command, as JSON; nothing where it does not answer at once.
function __hookctl_ask
    set -l connection
    set -l words (commandline -opc)
    for option in --socket --daemon-user
        if set -l at (contains -i -- $option $words); and set -q words[(math $at + 1)]
            set -a connection $option $words[(math $at + 1)]
        end
    end
    command hookctl $connection --timeout 1s $argv 2>/dev/null </dev/null
end

# For a word that begins with @.
function __hookctl_payload_files
    set -l word (commandline -ct)
    if string match -q '@*' -- $word
        __fish_complete_path (string sub -s 2 -- $word) | string replace -r '^' @
    end
end

# Of its catalog, and those that it has seen.
function __hookctl_events
    begin; __hookctl_ask schema; __hookctl_ask stats; end |
        string match -arg '"event":"([^"]+)","schema_version"|"([A-Za-z0-9_.:/-]+)":\{"count":[0-9]+,"p50_ms"' | string match -v '' | sort -u
end

function __hookctl_hooks
    begin; __hookctl_ask hooks; __hookctl_ask stats; end | string match -arg '\{"name":"([^"\\\\]+)"' | sort -u
end

complete -c hookctl -f
complete -c hookctl -l socket -r -F -d 'where the daemon listens'
complete -c hookctl -l daemon-user -x -a '(__fish_complete_users)' -d 'whose daemon may be talked to, too'
complete -c hookctl -l timeout -x -d 'how long to wait, as in 250ms, 30s, 5m'
complete -c hookctl -l json -d 'print JSON even on a terminal'
complete -c hookctl -l no-autostart -d 'do not start a daemon'
complete -c hookctl -s h -l help -d 'print help'
complete -c hookctl -s V -l version -d 'print the version'

complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a emit -d 'fire an event'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a listen -d 'print each event as a line of JSON'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a on -d 'run a command for each event'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a register -d 'have the daemon run a command for each event'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a deregister -d 'end a registered hook'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a hooks -d 'print the registered hooks'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a trust -d 'let a changed hook run again'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a enable -d 'have a registered hook asked again'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a disable -d 'have a registered hook not asked'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a bypass -d 'for a while, let no veto count'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a respond -d 'answer an event by its id'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a git -d 'make the hooks of a git repository fire events'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a jj -d 'push with jj if no hook objects'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a agent-hook -d 'be the command hook of a coding agent'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a agent -d 'have coding agents call agent-hook'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a schema -d 'print what events there are'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a who -d 'print whom emit --wait would ask'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a log -d 'print the verdicts of the journal'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a trace -d 'print all about one event'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a replay -d 'hand an event to one hook again'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a hosts -d 'print the hosts of the cluster'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a stats -d 'print the counters of the daemon'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a top -d 'show the counters of the daemon live'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a ping -d 'ask whether the daemon is there'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a doctor -d 'say what is wrong'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a test -d 'try a hook command'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a init -d 'write a .hookd.toml to start from'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a sync -d 'register the hooks of .hookd.toml'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a unsync -d 'deregister the hooks of .hookd.toml'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a ask -d 'answer questions yourself'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a call -d 'send any request'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a help -d 'print what there is to do'
complete -c hookctl -n "not __fish_seen_subcommand_from $commands" -a version -d 'print the version'

complete -c hookctl -n '__fish_seen_subcommand_from emit' -a '(__hookctl_events)'
complete -c hookctl -n '__fish_seen_subcommand_from emit' -l wait -d 'wait for the verdict'
complete -c hookctl -n '__fish_seen_subcommand_from emit' -l policy -x -a 'veto all first chain' -d 'when the verdict is complete'
complete -c hookctl -n '__fish_seen_subcommand_from emit' -l require -x -a '(__hookctl_hooks)' -d 'a hook that must have replied'
complete -c hookctl -n '__fish_seen_subcommand_from emit' -l fail-closed -d 'veto where no hook has decided'
complete -c hookctl -n '__fish_seen_subcommand_from emit' -l wait-for-subscriber -d 'where no hook is there, wait for one'
complete -c hookctl -n '__fish_seen_subcommand_from emit' -l abort-exit-code -x -d 'exit status for a veto'
complete -c hookctl -n '__fish_seen_subcommand_from emit' -l no-daemon -x -a 'proceed fail' -d 'what an absent daemon means'
complete -c hookctl -n '__fish_seen_subcommand_from emit' -s q -l quiet -d 'print nothing on standard output'

complete -c hookctl -n '__fish_seen_subcommand_from listen on ask schema who bypass' -a '(__hookctl_events)'
complete -c hookctl -n '__fish_seen_subcommand_from deregister trust enable disable' -a '(__hookctl_hooks)'
complete -c hookctl -n '__fish_seen_subcommand_from trust' -a .hookd.toml

complete -c hookctl -n '__fish_seen_subcommand_from emit who respond call agent-hook' -a '(__hookctl_payload_files)'
complete -c hookctl -n '__fish_seen_subcommand_from test' -l payload -x -a '(__hookctl_payload_files)' -d 'what it gets'

complete -c hookctl -n '__fish_seen_subcommand_from log' -s f -l follow -d 'go on with the verdicts to come'
complete -c hookctl -n '__fish_seen_subcommand_from log' -l event -x -a '(__hookctl_events)' -d 'only this event'
complete -c hookctl -n '__fish_seen_subcommand_from log' -l hook -x -a '(__hookctl_hooks)' -d 'only this hook'
complete -c hookctl -n '__fish_seen_subcommand_from log' -l vetoed -d 'only what was stopped'
complete -c hookctl -n '__fish_seen_subcommand_from log' -l since -x -d 'since then: 90s, 2h, 3d, or a time'
complete -c hookctl -n '__fish_seen_subcommand_from replay' -l to -x -a '(__hookctl_hooks)' -d 'the hook that gets it again'

complete -c hookctl -n '__fish_seen_subcommand_from listen' -l after-seq -x -d 'first print what happened after this number'
complete -c hookctl -n '__fish_seen_subcommand_from listen' -l count -x -d 'end after so many events'

complete -c hookctl -n '__fish_seen_subcommand_from on register' -l jobs -x -d 'how many may run at a time'
complete -c hookctl -n '__fish_seen_subcommand_from on' -l name -x -d 'what verdicts and logs call this hook'
complete -c hookctl -n '__fish_seen_subcommand_from on register' -l env -x -a '(set -xn)' -d 'pass this variable, too'
complete -c hookctl -n '__fish_seen_subcommand_from on; and contains -- -- (commandline -opc)' -a '(__hookctl_complete_command)'

complete -c hookctl -n '__fish_seen_subcommand_from on register' -l git -d 'run where git does'
complete -c hookctl -n '__fish_seen_subcommand_from on register' -l where -x -d 'only such payloads'
complete -c hookctl -n '__fish_seen_subcommand_from on register' -l repo -x -a '(__fish_complete_directories)' -d 'only this repository'
complete -c hookctl -n '__fish_seen_subcommand_from on register' -l asked-only -d 'only events that an emitter waits for'
complete -c hookctl -n '__fish_seen_subcommand_from on register' -l fail-closed -d 'stop the operation if this hook fails or is missing'
complete -c hookctl -n '__fish_seen_subcommand_from on register' -l order -x -d 'its turn'
complete -c hookctl -n '__fish_seen_subcommand_from on register' -l shadow -d 'decides and delays nothing'
complete -c hookctl -n '__fish_seen_subcommand_from emit listen on register who' -l scope -x -a 'local cluster' -d 'whose events'
complete -c hookctl -n '__fish_seen_subcommand_from register' -l cwd -x -a '(__fish_complete_directories)' -d 'where it runs'
complete -c hookctl -n '__fish_seen_subcommand_from register' -l on -x -a '(__hookctl_events)' -d 'which events'
complete -c hookctl -n '__fish_seen_subcommand_from register; and contains -- -- (commandline -opc)' -a '(__hookctl_complete_command)'

complete -c hookctl -n '__fish_seen_subcommand_from ask' -l notify -x -d 'run this for each question'
complete -c hookctl -n '__fish_seen_subcommand_from ask' -l name -x -d 'what verdicts and logs call this hook'
complete -c hookctl -n '__fish_seen_subcommand_from ask' -l where -x -d 'only such payloads'
complete -c hookctl -n '__fish_seen_subcommand_from ask' -l repo -x -a '(__fish_complete_directories)' -d 'only this repository'
complete -c hookctl -n '__fish_seen_subcommand_from ask' -l fail-closed -d 'stop the operation if this hook fails or is missing'

complete -c hookctl -n '__fish_seen_subcommand_from bypass' -l for -x -d 'how long'
complete -c hookctl -n '__fish_seen_subcommand_from bypass' -l reason -x -d why
complete -c hookctl -n '__fish_seen_subcommand_from bypass' -l end -d 'end the bypass in force'

complete -c hookctl -n '__fish_seen_subcommand_from respond' -l abort -x -d veto
complete -c hookctl -n '__fish_seen_subcommand_from respond' -l abstain -d 'no opinion'
complete -c hookctl -n '__fish_seen_subcommand_from respond' -l failed -x -d 'the hook could not do its work'

complete -c hookctl -n '__fish_seen_subcommand_from git; and not __fish_seen_subcommand_from install uninstall status run' -a 'install uninstall status run'
complete -c hookctl -n '__fish_seen_subcommand_from git; and __fish_seen_subcommand_from run' -a "$git_hooks"
complete -c hookctl -n '__fish_seen_subcommand_from git' -l events -x -a "all $git_hooks" -d 'which hooks, separated by commas'
complete -c hookctl -n '__fish_seen_subcommand_from git' -l repo -x -a '(__fish_complete_directories)' -d 'the repository'
complete -c hookctl -n '__fish_seen_subcommand_from git' -l global -d 'the global core.hooksPath'
complete -c hookctl -n '__fish_seen_subcommand_from git; and __fish_seen_subcommand_from run' -l installed-socket -r -d 'the socket where nothing names another'
complete -c hookctl -n '__fish_seen_subcommand_from git' -l fail-closed -d 'veto where no hook has decided'
complete -c hookctl -n '__fish_seen_subcommand_from git' -l no-daemon -x -a 'proceed fail' -d 'what an absent daemon means'

complete -c hookctl -n '__fish_seen_subcommand_from jj; and not __fish_seen_subcommand_from push' -a push
complete -c hookctl -n '__fish_seen_subcommand_from jj' -l fail-closed -d 'stop if no hook has decided'
complete -c hookctl -n '__fish_seen_subcommand_from jj' -l no-daemon -x -a 'proceed fail' -d 'what an absent daemon means'

complete -c hookctl -n '__fish_seen_subcommand_from agent-hook' -l agent -x -a 'auto claude codex gemini qwen vscode copilot cursor kimi windsurf cline grok droid qoder goose unknown' -d 'whose hook it is'
complete -c hookctl -n '__fish_seen_subcommand_from agent-hook' -l fail-closed -d 'stop the agent where no hook has decided'
complete -c hookctl -n '__fish_seen_subcommand_from agent-hook' -l no-daemon -x -a 'proceed fail' -d 'what an absent daemon means'
complete -c hookctl -n '__fish_seen_subcommand_from agent-hook' -l stop-once -d 'block the end of a session once at most'
complete -c hookctl -n '__fish_seen_subcommand_from agent; and not __fish_seen_subcommand_from install status uninstall' -a 'install status uninstall'
complete -c hookctl -n '__fish_seen_subcommand_from agent; and __fish_seen_subcommand_from install status uninstall' -a 'claude codex gemini qwen copilot cursor windsurf kimi grok droid qoder'
complete -c hookctl -n '__fish_seen_subcommand_from agent' -l project -d "the project's settings"
complete -c hookctl -n '__fish_seen_subcommand_from agent' -l fail-closed -d 'stop the agent where no hook has decided'
complete -c hookctl -n '__fish_seen_subcommand_from agent' -l no-daemon -x -a 'proceed fail' -d 'what an absent daemon means'
complete -c hookctl -n '__fish_seen_subcommand_from agent' -l stop-once -d 'block the end of a session once at most'

complete -c hookctl -n '__fish_seen_subcommand_from test' -l event -x -a '(__hookctl_events)' -d 'which event'
complete -c hookctl -n '__fish_seen_subcommand_from test; and contains -- -- (commandline -opc)' -a '(__hookctl_complete_command)'

complete -c hookctl -n '__fish_seen_subcommand_from stats' -l watch -d 'again each second'
complete -c hookctl -n '__fish_seen_subcommand_from stats' -l prometheus -d 'in the Prometheus text format'

complete -c hookctl -n '__fish_seen_subcommand_from call' -a "$methods"
complete -c hookctl -n '__fish_seen_subcommand_from help' -a "$commands"
