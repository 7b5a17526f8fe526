#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
# Measures hookd side by side with its floor and with what a user would pick instead (see tests/bench/README.md):
#
#   tests/bench/run.sh                                       all of it, five to fifteen minutes
#   tests/bench/run.sh --only trip,fanout --peers floor,hookd --rounds 7
#   tests/bench/run.sh --quick                               under a minute: does it all work, is nothing lost?
#   tests/bench/run.sh --list
#
# Installs the packages that are missing, builds below HOOKD_BUILD_DIR, or .build at the top of the tree, leaves nothing running.
set -euo pipefail

top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
build="${HOOKD_BUILD_DIR:-$top/.build}"

"$top/tests/support/packages.sh" build bench
"$top/tests/support/packages.sh" --unpack "$build/bench-peers" bench-servers

# Hook managers, for the group `users`; without npm, or out of its reach, they are passed over.
[[ -x $build/bench-npm/node_modules/.bin/lefthook ]] || { mkdir -p "$build/bench-npm" && (
    cd "$build/bench-npm" && npm init -y && npm install --no-audit --no-fund --no-update-notifier --ignore-scripts husky@9.1.7 lefthook@2.2.2
) >"$build/bench-npm/log" 2>&1 || echo "tests/bench/run.sh: no husky nor lefthook: $(tail -n 1 "$build/bench-npm/log")" >&2; }

launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR="$top" CCACHE_NOHASHDIR=1
cmake -S "$top" -B "$build/bench" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DHOOKD_BENCH=ON "${launcher[@]}" >/dev/null
cmake --build "$build/bench" --parallel "$(nproc)" | tail -n 1 >&2

exec python3 -B "$top/tests/bench/bench.py" --built "$build/bench/bin" --unpacked "$build/bench-peers" --npm "$build/bench-npm" "$@"
