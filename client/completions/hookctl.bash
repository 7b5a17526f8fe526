# SPDX-License-Identifier: BSL-1.0
# bash completion for hookctl(1)

# Offers `found`, each name of which completes the part of the current word that stands behind its `lead`.
_hookctl_offer() {
    COMPREPLY=("${found[@]/#/"$lead"}")
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

_hookctl_words() {
    local found
    mapfile -t found < <(compgen -W "$1" -- "${word#"$lead"}")
    _hookctl_offer
}

# Offers what `compgen $1` finds: -f files, -d directories.
_hookctl_files() {
    local found i
    mapfile -t found < <(compgen "$1" -- "${word#"$lead"}")
    if [[ $kept == "$lead"* ]]; then
        compopt -o filenames 2>/dev/null  # quotes them, and marks directories; fails where no completion is under way
    else
        # To readline `@FILE` is no name of a file: what it does for one is done here.
        [[ ${#found[@]} -eq 1 && -d ${found[0]} ]] && compopt -o nospace 2>/dev/null
        for i in "${!found[@]}"; do
            [[ -d ${found[i]} ]] && found[i]+=/
            [[ $lead == *[\"\']* ]] || printf -v "found[i]" %q "${found[i]}"
        done
    fi
    _hookctl_offer
}

# What the daemon says to a command, as JSON; nothing where it does not answer at once.
_hookctl_ask() { command hookctl "${connection[@]}" --timeout 1s "$1" 2>/dev/null </dev/null; }

# Of its catalog, and those that it has seen.
_hookctl_events() {
    { _hookctl_ask schema; _hookctl_ask stats; } |
        grep -oE '"event":"[^"]+","schema_version"|"[A-Za-z0-9_.:/-]+":\{"count":[0-9]+,"p50_ms"' | sed -E 's/^"event"://; s/^"([^"]+)".*/\1/' | sort -u
}

# Those with a blank in their names left out.
_hookctl_hooks() { { _hookctl_ask hooks; _hookctl_ask stats; } | grep -oE '\{"name":"[^"\\ ]+"' | cut -d'"' -f4 | sort -u; }

_hookctl() {
    local commands="emit listen on register deregister hooks trust enable disable bypass respond git jj agent-hook agent schema who log trace replay hosts stats top ping doctor test init sync unsync ask call help version"
    local general="--socket --daemon-user --timeout --json --no-autostart --help --version"
    local methods="ping emit emit_and_wait await_response subscribe unsubscribe respond register_hook deregister_hook list_hooks trust_hook enable_hook bypass get_hook_event_schema who history trace replay cluster_hosts stats rpc.discover"
    local git_hooks="applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg post-commit
        pre-rebase post-checkout post-merge pre-push pre-receive update post-receive post-update reference-transaction pre-auto-gc
        post-rewrite sendemail-validate post-index-change p4-changelist p4-prepare-changelist p4-post-changelist p4-pre-submit"
    # bash splits words at the characters of COMP_WORDBREAKS, `=`, `:` and `@` among them: what no white space separates is one word.
    local words=() line=${COMP_LINE:0:${COMP_POINT:-0}} before part joined i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        part=${COMP_WORDS[i]} joined=
        if [[ -n $COMP_LINE ]]; then
            before=$line line=${line#"${line%%[![:space:]]*}"}
            [[ $line == "$before" ]] && joined=1
            ((i == COMP_CWORD)) && part=$line  # up to the cursor
            line=${line#"$part"}
        elif [[ $part == = || $i -gt 0 && ${COMP_WORDS[i-1]} == [=@] ]]; then
            joined=1
        fi
        if [[ $i -gt 0 && -n $joined ]]; then words[-1]+=$part; else words+=("$part"); fi
    done

    # Of the current word readline replaces the end, $2, and keeps the rest.
    local word=${words[-1]} kept lead prev=${words[-2]} command="" count=0 connection=()
    [[ $part == = ]] && part=""
    kept=${word%"${2-$part}"}
    local leads="^(--[a-z-]+=)?[\"']?@?[\"']?"
    [[ $word =~ $leads ]] && lead=${BASH_REMATCH[0]}
    [[ $word == --*=* ]] && prev=${word%%=*}

    # The command is the first word that is neither an option nor the value of one; `count` further ones come before the current word.
    local valued="^--(socket|installed-socket|daemon-user|timeout|policy|require|scope|abort-exit-code|no-daemon|after-seq|count|jobs|name|env|where|repo|order|on|cwd"
    valued+="|abort|failed|events|agent|notify|event|payload|hook|since|to|for|reason)$"
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        case ${words[i]} in
            --socket | --daemon-user) connection+=("${words[i]}" "${words[++i]}") ;;
            --socket=* | --daemon-user=*) connection+=("${words[i]}") ;;
            --) [[ $command == jj ]] && return
                [[ $command == @(on|register|test) ]] && {
                # What follows is a command of its own: programs first, then files.
                if ((i + 2 == ${#words[@]})); then
                    local found
                    mapfile -t found < <(compgen -c -- "${word#"$lead"}" | sort -u)
                    _hookctl_offer
                else
                    _hookctl_files -f
                fi
                return
            } ;;
            -*) [[ ${words[i]} =~ $valued ]] && ((i++)) ;;
            *) if [[ -z $command ]]; then command=${words[i]}; else ((count++)); fi ;;
        esac
    done

    case $prev in
        --socket | --installed-socket) _hookctl_files -f; return ;;
        --payload) [[ $lead == *@* ]] && _hookctl_files -f; return ;;
        --daemon-user) local found; mapfile -t found < <(compgen -u -- "${word#"$lead"}"); _hookctl_offer; return ;;
        --require | --hook | --to) _hookctl_words "$(_hookctl_hooks)"; return ;;
        --scope) _hookctl_words "local cluster"; return ;;
        --repo | --cwd) _hookctl_files -d; return ;;
        --policy) _hookctl_words "veto all first chain"; return ;;
        --agent) _hookctl_words "auto claude codex gemini qwen vscode copilot cursor kimi windsurf cline grok droid qoder goose unknown"; return ;;
        --no-daemon) _hookctl_words "proceed fail"; return ;;
        --events)
            # A list: what is complete of it stays.
            [[ $word == *,* ]] && lead=${word%,*},
            _hookctl_words "all $git_hooks"
            return ;;
        --on | --event) _hookctl_words "$(_hookctl_events)"; return ;;
    esac
    [[ $prev =~ $valued ]] && return

    local options=$general
    case $command in
        "") options="$commands $general" ;;
        emit) options+=" --wait --policy --require --scope --fail-closed --wait-for-subscriber --abort-exit-code --no-daemon --quiet" ;;
        listen) options+=" --after-seq --count --scope" ;;
        on) options+=" --jobs --name --env --where --repo --asked-only --fail-closed --order --shadow --scope --git --" ;;
        register) options+=" --on --jobs --env --cwd --where --repo --asked-only --fail-closed --order --shadow --scope --git --" ;;
        respond) options+=" --abort --abstain --failed" ;;
        who) options+=" --scope" ;;
        git)
            options+=" --events --repo --global --fail-closed --no-daemon --installed-socket"
            if [[ $word != -* && $count -eq 0 ]]; then
                options="install uninstall status run"
            elif [[ $word != -* ]]; then
                options=""
                [[ $count -eq 1 && " ${words[*]} " == *" run "* ]] && options=$git_hooks
            fi ;;
        jj)
            options+=" --fail-closed --no-daemon --"
            if [[ $word != -* ]]; then
                options=""
                [[ $count -eq 0 ]] && options=push
            fi ;;
        agent-hook) options+=" --agent --fail-closed --no-daemon --stop-once" ;;
        agent)
            options+=" --project --fail-closed --no-daemon --stop-once"
            if [[ $word != -* && $count -eq 0 ]]; then
                options="install status uninstall"
            elif [[ $word != -* ]]; then
                options="claude codex gemini qwen copilot cursor windsurf kimi grok droid qoder"
            fi ;;
        ask) options+=" --notify --name --where --repo --fail-closed" ;;
        test) options+=" --event --payload --" ;;
        log) options+=" --follow --event --hook --vetoed --since" ;;
        replay) options+=" --to" ;;
        stats) options+=" --watch --prometheus" ;;
        bypass) options+=" --for --reason --end" ;;
        call) [[ $word != -* && $count -eq 0 ]] && options=$methods ;;
        help) [[ $word != -* && $count -eq 0 ]] && options=$commands ;;
    esac
    if [[ $word != -* && $lead != *@* ]]; then
        case $command in
            emit | schema | who) [[ $count -eq 0 ]] && _hookctl_words "$(_hookctl_events)" && return ;;
            listen | on | ask | bypass) _hookctl_words "$(_hookctl_events)" && return ;;
            trust) [[ $count -eq 0 ]] && _hookctl_words "$(_hookctl_hooks) .hookd.toml" && return ;;
            deregister | enable | disable) [[ $count -eq 0 ]] && _hookctl_words "$(_hookctl_hooks)" && return ;;
        esac
    fi
    if [[ $lead == *@* ]]; then
        _hookctl_files -f
    elif [[ -z $command || $command == @(call|git|jj|agent|help) || $word == -* ]]; then
        _hookctl_words "$options"
    fi
}

complete -F _hookctl hookctl
