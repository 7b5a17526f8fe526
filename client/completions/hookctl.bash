# bash completion for hookctl(1)

_hookctl() {
    local commands="emit listen on respond stats top ping call"
    local general="--socket --timeout --json --help --version"
    local methods="ping emit emit_and_wait await_response subscribe unsubscribe respond stats rpc.discover"
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command="" words=0 i

    # The command is the first word that is neither an option nor the value of a general one.
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --socket | --timeout) [[ -z $command ]] && ((i++)) ;;
            --) [[ $command == on ]] && {
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
        --socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --policy) mapfile -t COMPREPLY < <(compgen -W "first veto all" -- "$cur"); return ;;
        --no-daemon) mapfile -t COMPREPLY < <(compgen -W "proceed fail" -- "$cur"); return ;;
        --timeout | --abort-exit-code | --after-seq | --count | --jobs | --name | --abort | --failed) return ;;
    esac

    local options=$general
    case $command in
        "") options="$commands $general" ;;
        emit) options+=" --wait --policy --fail-closed --wait-for-subscriber --abort-exit-code --no-daemon" ;;
        listen) options+=" --after-seq --count" ;;
        on) options+=" --jobs --name --" ;;
        respond) options+=" --abort --abstain --failed" ;;
        stats) options+=" --watch --prometheus" ;;
        call) [[ $cur != -* && $words -eq 0 ]] && options=$methods ;;
    esac
    if [[ $cur == @* ]]; then
        mapfile -t COMPREPLY < <(compgen -P @ -f -- "${cur#@}")
    elif [[ -z $command || $command == call || $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    fi
}

complete -F _hookctl hookctl
