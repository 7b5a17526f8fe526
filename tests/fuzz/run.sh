#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
# tests/fuzz/run.sh [SECONDS] [TARGET]...   fuzzes each target (by default all that tests/fuzz has) that long, a minute unless told otherwise, as many
# at a time as there are processors. Its last line is "N passed, M failed".
# tests/fuzz/run.sh --repeatable [TARGET]... tries the same inputs each time: 20,000 at most, and not longer than 10 s, for each target.
#
# Needs clang 14 with libFuzzer. An input that fails is left in the build directory, whose path is printed; store it in corpus/TARGET under a
# name that says what it is, and the tests replay it from then on.
set -euo pipefail

top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
if [[ ${1-} == --repeatable ]]; then
    limits=(-seed=1 -runs=20000 -max_total_time=10)
else
    limits=(-max_total_time="${1:-60}")
fi
# libFuzzer's choices depend on where code lies.
fixed_layout=()
setarch -R true 2>/dev/null && fixed_layout=(setarch -R)
targets=("${@:2}")
if ((${#targets[@]} == 0)); then
    for source in "$top"/tests/fuzz/fuzz_*.cpp; do
        target="${source##*/fuzz_}"
        targets+=("${target%.cpp}")
    done
fi
build="${HOOKD_BUILD_DIR:-$top/.build}/fuzz"

options=()
command -v ccache >/dev/null && options=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake -S "$top" --preset fuzz -B "$build" "${options[@]}" >/dev/null
cmake --build "$build" --parallel "$(nproc)" --target "${targets[@]/#/fuzz_}"

fuzz() {
    local target="$1"
    # What an earlier run found would change what this one tries.
    [[ ${limits[*]} != *-seed=* ]] || rm -rf "$build/found/$target"
    mkdir -p "$build/found/$target"
    "${fixed_layout[@]}" "$build/bin/fuzz_$target" "${limits[@]}" -max_len=4096 -print_final_stats=1 -artifact_prefix="$build/found/$target-" \
        "$build/found/$target" "$top/tests/fuzz/corpus/$target" 2>"$build/$target.log"
}
echo "${targets[*]}: ${limits[*]}; failing inputs go to $build/found"
running=()
failed=0
wait_for_first() {
    local target="${running[0]%% *}"
    if wait "${running[0]##* }"; then
        echo "$target: $(grep -o 'number_of_executed_units: [0-9]*' "$build/$target.log")"
    else
        echo "FAIL: $target"
        grep -aE -m 5 'ERROR|SUMMARY|Assertion|what\(\)|runtime error' "$build/$target.log" || tail -n 20 "$build/$target.log"
        # Where the build directory is gone by the time that this is read.
        find "$build/found" -maxdepth 1 -name "$target-*" -size -4k -printf '%f, as base64:\n' -exec base64 -w 900 {} \;
        failed=$((failed + 1))
    fi
    running=("${running[@]:1}")
}
for target in "${targets[@]}"; do
    ((${#running[@]} < $(nproc))) || wait_for_first
    fuzz "$target" &
    running+=("$target $!")
done
while ((${#running[@]})); do
    wait_for_first
done
echo "$((${#targets[@]} - failed)) passed, $failed failed"
((failed == 0))
