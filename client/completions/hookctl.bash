# bash completion for hookctl(1)

_hookctl() {
    local commands="emit listen on register deregister hooks trust respond git agent-hook schema stats top ping call"
    local general="--socket --timeout --json --help --version"
    local methods="ping emit emit_and_wait await_response subscribe unsubscribe respond register_hook deregister_hook list_hooks trust_hook get_hook_event_schema stats rpc.discover"
    local git_hooks="all applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg post-commit
        pre-rebase post-checkout post-merge pre-push pre-receive update post-receive post-update reference-transaction pre-auto-gc
        post-rewrite sendemail-validate post-index-change p4-changelist p4-prepare-changelist p4-post-changelist p4-pre-submit"
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command="" words=0 i

    # The command is the first word that is neither an option nor the value of a general one.
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --socket | --timeout) [[ -z $command ]] && ((i++)) ;;
            --) [[ $command == on || $command == register ]] && {
                # What follows is a command of its own: programs first, then files.
                if ((i + 1 == COMP_CWORD)); then
                    mapfile -t COMPREPLY < <(compgen -c -- "$cur")
                else
                    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
                fi
                return
            } ;;
            -*) ;;
            *) if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else ((words++)); fi ;;
        esac
    done

    case $prev in
        --socket | --repo) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --policy) mapfile -t COMPREPLY < <(compgen -W "first veto all" -- "$cur"); return ;;
        --agent) mapfile -t COMPREPLY < <(compgen -W "claude codex gemini auto" -- "$cur"); return ;;
        --no-daemon) mapfile -t COMPREPLY < <(compgen -W "proceed fail" -- "$cur"); return ;;
        --events)
            # A list: what is complete of it stays.
            local before=""
            [[ $cur == *,* ]] && before=${cur%,*},
            mapfile -t COMPREPLY < <(compgen -P "$before" -W "$git_hooks" -- "${cur##*,}")
            return ;;
        --timeout | --abort-exit-code | --after-seq | --count | --jobs | --name | --env | --on | --abort | --failed) return ;;
    esac

    local options=$general
    case $command in
        "") options="$commands $general" ;;
        emit) options+=" --wait --policy --fail-closed --wait-for-subscriber --abort-exit-code --no-daemon" ;;
        listen) options+=" --after-seq --count" ;;
        on) options+=" --jobs --name --env --" ;;
        register) options+=" --on --" ;;
        respond) options+=" --abort --abstain --failed" ;;
        git)
            options+=" --events --repo --global --fail-closed --no-daemon"
            [[ $cur != -* && $words -eq 0 ]] && options="install uninstall run" ;;
        agent-hook) options+=" --agent --fail-closed --no-daemon" ;;
        stats) options+=" --watch --prometheus" ;;
        call) [[ $cur != -* && $words -eq 0 ]] && options=$methods ;;
    esac
    if [[ $cur == @* ]]; then
        mapfile -t COMPREPLY < <(compgen -P @ -f -- "${cur#@}")
    elif [[ -z $command || $command == call || $command == git || $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    fi
}

complete -F _hookctl hookctl
