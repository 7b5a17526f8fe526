#!/bin/bash
# tests/fuzz/run.sh [SECONDS] [TARGET]...   fuzzes each target (frame, json) that long, a minute unless told otherwise.
#
# Needs clang 14 with libFuzzer. An input that fails is left in the build directory, whose path is printed; store it in corpus/TARGET under a
# name that says what it is, and the tests replay it from then on.
set -euo pipefail

top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
seconds="${1:-60}"
targets=("${@:2}")
((${#targets[@]})) || targets=(frame json)
build="${HOOKD_BUILD_DIR:-$top/.build}/fuzz"

for target in "${targets[@]}"; do
    mkdir -p "$build/$target.found"
    clang++-14 -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
        -I"$top/protocol/include" -I"$top/tests" "$top/tests/fuzz/fuzz_$target.cpp" \
        "$top"/protocol/src/{errc,framing,json_text,message,name_set}.cpp -lboost_json -o "$build/fuzz_$target"
    echo "fuzz_$target for $seconds s; failing inputs go to $build"
    "$build/fuzz_$target" -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 -artifact_prefix="$build/$target-" \
        "$build/$target.found" "$top/tests/fuzz/corpus/$target" 2>"$build/$target.log" || {
        tail -n 40 "$build/$target.log" >&2
        exit 1
    }
    grep -E 'number_of_executed_units|cov:' "$build/$target.log" | tail -n 2
done
