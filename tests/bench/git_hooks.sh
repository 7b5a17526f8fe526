#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
# What hookd costs git: a commit with four hooks, and a push of 1,001 refs with `update` for each, with no hooks, with empty sh hooks, and with those
# of `hookctl git install`, which ask a daemon.
#
#   HOOKD_BIN=… HOOKCTL_BIN=… tests/bench/git_hooks.sh [ROUNDS]
#
# Prints medians of interleaved rounds, in ms, and the ratio to the empty sh hooks. The target is 1.3.
set -euo pipefail

rounds="${1:-5}"
hookd="$(realpath "${HOOKD_BIN:?}")"
hookctl="$(realpath "${HOOKCTL_BIN:?}")"
work="$(mktemp -d)"
daemon=
trap '[[ -z $daemon ]] || kill "$daemon"; wait; rm -rf "$work"' EXIT
unset "${!GIT_@}" "${!HOOKD_@}"
export HOME="$work" GIT_CONFIG_NOSYSTEM=1 HOOKD_SOCKET="$work/socket"
git config --global user.name Bench
git config --global user.email bench@example.org
git config --global init.defaultBranch main
git config --global gc.auto 0

"$hookd" --registry "$work/registry.json" --log-level error &
daemon=$!
until "$hookctl" ping >/dev/null 2>&1; do kill -0 "$daemon"; done

commit_hooks=pre-commit,prepare-commit-msg,commit-msg,post-commit
cases=(none sh hookd)
git init -q "$work/source"
cd "$work/source"
git commit -q --allow-empty -m one
for i in $(seq 1000); do echo "create refs/heads/b$i HEAD"; done | git update-ref --stdin
for each in "${cases[@]}"; do
    git init -q "$work/$each"
    git init -q --bare "$work/$each.git"
done
empty() { printf '#!/bin/sh\nexit 0\n' >"$1" && chmod +x "$1"; }
for hook in ${commit_hooks//,/ }; do empty "$work/sh/.git/hooks/$hook"; done
empty "$work/sh.git/hooks/update"
"$hookctl" git install --repo "$work/hookd" --events "$commit_hooks" >/dev/null
"$hookctl" git install --repo "$work/hookd.git" --events update >/dev/null

now() { date +%s%N; }
# Both set $took, in microseconds.
commits() {
    local begin i
    cd "$work/$1"
    begin="$(now)"
    for ((i = 0; i < 20; i++)); do git commit -q --allow-empty -m one; done
    took=$((($(now) - begin) / 20000))
}
pushes() {
    local begin
    cd "$work/source"
    begin="$(now)"
    git push -q --all "$work/$1.git"
    took=$((($(now) - begin) / 1000))
    git -C "$work/$1.git" for-each-ref --format='delete %(refname)' | git -C "$work/$1.git" update-ref --stdin
}
median() { sort -n "$1" | sed -n "$(((rounds + 1) / 2))p"; }
measure() {
    local round each
    for ((round = 0; round < rounds; round++)); do
        for each in "${cases[@]}"; do
            "$1" "$each"
            echo "$took" >>"$work/$1.$each"
        done
    done
    for each in "${cases[@]}"; do
        awk -v what="$2" -v each="$each" -v us="$(median "$work/$1.$each")" -v sh="$(median "$work/$1.sh")" \
            'BEGIN { printf "%-32s %-6s %9.2f ms  %.2fx\n", what, each, us / 1000, us / sh }'
    done
    rm "$work/$1".*
}

measure commits "a commit with four hooks"
measure pushes "a push of 1,001 refs, update"
