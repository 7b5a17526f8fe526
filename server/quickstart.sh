#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
# hookd in a minute, on a real git repository: builds a release, starts a daemon and a hook that refuses commits with merge-conflict
# markers, and makes two commits. Installs what is missing (Debian 12). Leaves nothing running, and no files but the build
# tree ($HOOKD_BUILD_DIR, or .build at the top).
set -euo pipefail

top="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
build="${HOOKD_BUILD_DIR:-$top/.build}/release"

say() { printf '\n\033[1m%s\033[0m\n' "$1"; }
[[ -t 1 ]] || say() { printf '\n%s\n' "$1"; }
fail() {
    echo "quickstart: $1" >&2
    exit 1
}

say "Building hookd"
"$top/tests/support/packages.sh" build demo
log="$(mktemp)"
if ! { [[ -f $build/CMakeCache.txt ]] ||
    cmake -S "$top" --preset release -B "$build" -DBUILD_TESTING=OFF; } >"$log" 2>&1 </dev/null ||
    ! cmake --build "$build" --target hookd hookctl >>"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    fail "the build failed; the log above ($log) says why"
fi
rm -f "$log"

demo="$(mktemp -d)"
daemon_pid=
hook_pid=
# shellcheck disable=SC2317
cleanup() {
    local pid
    for pid in $hook_pid $daemon_pid; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    rm -rf "$demo"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

export PATH="$build/bin:$PATH"
export HOOKD_SOCKET="$demo/run/hookd.sock"
# A repository of its own: no setting or hook of the person who runs this.
unset "${!GIT_@}"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=Quickstart GIT_AUTHOR_EMAIL=quickstart@example.org
export GIT_COMMITTER_NAME=Quickstart GIT_COMMITTER_EMAIL=quickstart@example.org

# Waits until command "$2"... succeeds, while process $1 lives.
wait_for() {
    local pid="$1"
    shift
    local give_up=$((SECONDS + 30))
    until "$@" >/dev/null 2>&1; do
        kill -0 "$pid" 2>/dev/null || fail "a program ended at its start; its words are above"
        ((SECONDS < give_up)) || fail "'$*' did not succeed for 30 s"
    done
}

say "Starting the daemon, and a hook"
hookd --log-level warning &
daemon_pid=$!
wait_for "$daemon_pid" hookctl ping

cat >"$demo/no-conflict-markers" <<'HOOK'
#!/bin/sh
# A hook is any program: payload on stdin; exit 1 with a reason on stderr is a veto.
marked="$(git diff --cached -G '^(<<<<<<<|>>>>>>>) ' --name-only)"
[ -z "$marked" ] && exit 0
echo "merge-conflict markers in $marked" >&2
exit 1
HOOK
chmod +x "$demo/no-conflict-markers"
hookctl on --git git.pre_commit -- "$demo/no-conflict-markers" &
hook_pid=$!
hook_is_there() { hookctl --json stats | grep -Eq '"subscribers": *1\b'; }
wait_for "$hook_pid" hook_is_there
echo "hookctl on --git git.pre_commit -- ./no-conflict-markers"

say "A git repository whose pre-commit hook asks them"
git init -q -b main "$demo/repository"
cd "$demo/repository"
echo "hookctl git install --events pre-commit"
hookctl git install --events pre-commit >/dev/null

# Commits what is staged and shows how long the verdict took: from git's start of the hook to its end, as git itself measures it. That is
# the whole round trip: hookctl, daemon, hook, and back. Returns git's status.
commit() {
    local status=0
    rm -f "$demo/trace"
    echo "$ git commit -m '$1'"
    GIT_TRACE2_EVENT="$demo/trace" git commit -q -m "$1" || status=$?
    sed -n '/"event":"region_leave".*"label":"pre-commit"/s/.*"t_rel":\([0-9.]*\).*/\1/p' "$demo/trace" |
        awk '{ printf "round trip: %.1f ms\n", $1 * 1000 }'
    return "$status"
}

say "A commit with a conflict marker"
printf 'one\n<<<<<<< HEAD\ntwo\n=======\nthree\n>>>>>>> topic\n' >notes.txt
git add notes.txt
if commit "Merge topic"; then
    fail "the commit should have been refused"
fi
[[ -z $(git rev-list --all) ]] || fail "the refused commit is there"

say "The same, resolved"
printf 'one\ntwo\nthree\n' >notes.txt
git add notes.txt
commit "Merge topic" || fail "the commit should have been accepted"
git --no-pager log --oneline

say "Done: one commit refused, one accepted."
