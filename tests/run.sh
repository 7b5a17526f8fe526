#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
# Runs every test of hookd. See --help.
set -uo pipefail

usage() {
    cat <<'TEXT'
tests/run.sh [--all] [--config NAME]... [--suite NAME]... [--test PATTERN] [--list]

Installs what is missing (Debian 12), builds, runs every suite of the release build and the checks, and ends with "N passed, M failed".
Exit status: 0 where something ran and nothing failed, 1 otherwise, 2 for wrong usage.

  --all            every configuration but asan: what CI runs
  --config NAME    only this way to build and run: release (CMake, gcc), checks (scripts: packages, both builds alike, the quickstart),
                   b2 (Boost's build, gcc, with AddressSanitizer and UndefinedBehaviorSanitizer), tsan (CMake, clang, ThreadSanitizer),
                   static (the tarball of static programs), fuzz (each fuzz target for 10 s at most), soak (traffic for a minute),
                   lint (clang-tidy: some minutes, then only what has changed), or asan (what b2 runs, built by CMake)
  --suite NAME     only this suite: a test executable (core, integration, ..., bench) or a check (builds_agree, ...)
  --test PATTERN   only the test cases whose name, or path (suite/name), matches PATTERN, with * at its ends
  --list           names the suites and checks of what was chosen, after building, and runs none

--config and --suite may be repeated.
Build trees and logs go to $HOOKD_BUILD_DIR, or .build at the top of the tree.
TEXT
}

top="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
export HOOKD_BUILD_DIR="${HOOKD_BUILD_DIR:-$top/.build}"
configs=() together=() suites=() test_pattern='' list_only=''
wrong_usage() { echo "run.sh: $1 (see tests/run.sh --help)" >&2; exit 2; }
while (($#)); do
    case "$1" in
        --help | -h) usage; exit 0 ;;
        --list) list_only=1; shift; continue ;;
        --all) configs=(release checks b2 tsan static fuzz soak lint); shift; continue ;;
        --config | --suite | --test) (($# > 1)) || wrong_usage "$1 needs a value" ;;&
        --config)
            case "$2" in
                release | checks | b2 | tsan | static | fuzz | soak | asan | lint) configs+=("$2") ;;
                *) wrong_usage "unknown configuration '$2': release, checks, b2, tsan, static, fuzz, soak, asan or lint" ;;
            esac ;;
        --suite) suites+=("${2%_test}") ;;
        --test) test_pattern="$2" ;;
        *) wrong_usage "unknown argument '$1'" ;;
    esac
    shift 2
done
((${#configs[@]})) || configs=(release checks)

"$top/tests/support/packages.sh" build demo test packaging lint bench || exit 1

mkdir -p "$HOOKD_BUILD_DIR" && HOOKD_BUILD_DIR="$(cd "$HOOKD_BUILD_DIR" && pwd -P)" || exit 1
logs="$HOOKD_BUILD_DIR/logs"
rm -rf "$logs" && mkdir -p "$logs" && touch "$logs/counts" || exit 1
release="$HOOKD_BUILD_DIR/release"
release_options=(-DBUILD_TESTING=ON -DHOOKD_BENCH=ON)
# A second run in another clone compiles little. Not in a tree that quickstart has configured without ccache: with it all would be compiled again.
[[ ! -f $release/CMakeCache.txt ]] || grep -q '^CMAKE_CXX_COMPILER_LAUNCHER:' "$release/CMakeCache.txt" &&
    command -v ccache >/dev/null && export CMAKE_CXX_COMPILER_LAUNCHER=ccache
export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR="$top" CCACHE_NOHASHDIR=1
unset HOOKD_BIN HOOKCTL_BIN HOOKD_SUITES HOOKD_LAUNCH
# Servers for the tests of hookd-nats and for the benchmark, unpacked: to install them would start services.
servers="$HOOKD_BUILD_DIR/bench-peers"
export HOOKD_TEST_NATS_SERVER="$servers/usr/sbin/nats-server"

# A step, reported only where it fails: CONFIG COMMAND...
step() {
    local config="$1" log="$logs/$1-build.log"
    shift
    timeout -k 10 2400 "$@" >>"$log" 2>&1 </dev/null && return
    echo "$config: failed: $*"
    { grep -aE -m 20 -B 2 -A 5 ': (fatal )?error: |undefined reference|^FAIL' "$log"; tail -n 30 "$log"; } | cut -c -1000 | sed 's/^/    | /'
    echo "    all of it: $log"
    echo "0 1" >>"$logs/counts"
    return 1
}

# Builds a CMake preset: CONFIG [OPTION]... -- [TARGET]...
build_preset() {
    local config="$1" tree="$HOOKD_BUILD_DIR/$1" options=() begin=$SECONDS
    while [[ $2 != -- ]]; do options+=("$2"); shift; done
    shift 2
    step "$config" cmake --preset "$config" -B "$tree" "${options[@]}" && step "$config" cmake --build "$tree" ${1:+--target "$@"} &&
        printf '%-8s %-22s %36d s\n' "$config" "(build)" $((SECONDS - begin))
}

# What ctest knows in the release tree by these labels: LABELS
tests_of() { ctest --test-dir "$release" -N -L "^($1)$" | sed -n 's/^ *Test *#[0-9]*: *//p'; }

# Runs what has one of these labels, twice as much at a time as there are processors, since most of it waits: CONFIG LABELS [VARIABLE=VALUE]...
run_tests() {
    local config="$1" chosen=(-L "^($2)$" --no-tests=ignore) junit="$logs/$1.xml"
    shift 2
    [[ $test_pattern ]] && chosen+=(-L '^suite$') && set -- "$@" BOOST_TEST_RUN_FILTERS="$test_pattern:*/$test_pattern:*/*/$test_pattern"
    ((${#suites[@]})) && chosen+=(-R "^($(IFS='|'; echo "${suites[*]}"))(_test)?$")
    if [[ $list_only ]]; then
        ctest --test-dir "$release" -N "${chosen[@]}" | sed -n "s/^ *Test *#[0-9]*: */$config /p"
    else
        env "$@" ctest --test-dir "$release" "${chosen[@]}" --parallel $((2 * $(nproc))) --output-junit "$junit" \
            --test-output-size-passed 100000000 --test-output-size-failed 100000000 >>"$logs/$config-build.log" 2>&1 </dev/null
        step "$config" test -f "$junit" && "$top/tests/support/report.py" "$config" "$junit" "$logs" "$logs/counts"
    fi
}

# The tests in process of another build, and those that only start programs with its programs: CONFIG LABELS SUITES PROGRAMS [VARIABLE=VALUE]...
run_other() { run_tests "$1" "$2" HOOKD_SUITES="$3" HOOKD_BIN="$4/hookd" HOOKCTL_BIN="$4/hookctl" "${@:5}"; }
# Those that only start programs are compiled once, for the release: a sanitizer is to look at what they start.
need_black_box() {
    step release cmake --preset release -B "$release" "${release_options[@]}" &&
        step release cmake --build "$release" --target $(tests_of black_box)
}

run_b2() {
    need_black_box || return
    local begin=$SECONDS names
    mapfile -t names < <(tests_of in_process)
    [[ -d /usr/lib/ccache ]] && local PATH="/usr/lib/ccache:$PATH"
    # Undefined behaviour ends a program by SIGILL: to say where (as --config asan does) would double its size and the time that thousands need to start.
    step b2 b2 -q "-j$(nproc)" toolset=gcc variant=debug debug-symbols=off warnings-as-errors=on address-sanitizer=norecover \
        undefined-sanitizer=norecover cxxflags=-fsanitize-undefined-trap-on-error cxxflags=--param=ggc-min-heapsize=4000000 \
        unity=on protocol server client programs "${names[@]/#/tests//}" || return
    printf '%-8s %-22s %36d s\n' b2 "(build)" $((SECONDS - begin))
    run_other b2 suite "$(find "$HOOKD_BUILD_DIR/b2/tests" -path '*/debug-symbols-off/*' -name core_test -printf '%h\n' -quit)" "$HOOKD_BUILD_DIR/b2/programs"
}

# What has threads; the rest would only take the time to compile it. Where the kernel places memory more randomly than this ThreadSanitizer knows,
# it needs a fixed layout.
run_tsan() {
    need_black_box || return
    build_preset tsan -DHOOKD_BLACK_BOX_TESTS=OFF -- hookd hookctl $(comm -12 <(tests_of threads | sort) <(tests_of in_process | sort)) &&
        run_other tsan threads "$HOOKD_BUILD_DIR/tsan/bin" "$HOOKD_BUILD_DIR/tsan/bin" HOOKD_LAUNCH="$(setarch -R echo setarch -R 2>/dev/null)"
}

[[ $list_only ]] || "$top/tests/support/packages.sh" --unpack "$servers" bench-servers || exit 1
begin=$SECONDS kinds="$(printf '%s\n' "${configs[@]}" | sed -n 's/^release$/suite|bench/p; s/^checks$/check/p' | paste -sd '|')"
[[ $kinds ]] && build_preset release "${release_options[@]}" -- && run_tests release "$kinds"
for config in "${configs[@]}"; do
    case "$config" in
        asan) need_black_box && build_preset asan -DHOOKD_BLACK_BOX_TESTS=OFF -- && run_other asan suite "$HOOKD_BUILD_DIR/asan/bin" "$HOOKD_BUILD_DIR/asan/bin" ;;
        b2) run_b2 ;;
        tsan) run_tsan ;;
        static) build_preset static -- && together+=(static) ;;
        fuzz) build_preset fuzz -DHOOKD_SANITIZE_OPTIONS=-O0 -- $(cd "$top/tests/fuzz" && printf '%s\n' fuzz_*.cpp | sed 's/\.cpp$//') && together+=(fuzz) ;;
        soak | lint) together+=("$config") ;;
    esac
done
((${#together[@]})) && need_black_box && run_tests "$(IFS=+; echo "${together[*]}")" "$(IFS='|'; echo "${together[*]}")"
[[ $list_only ]] && exit 0
echo "in $((SECONDS - begin)) s"
awk '{ passed += $1; failed += $2 } END { if (!(passed + failed)) print "no test ran: run.sh --list names them all"; print passed + 0 " passed, " failed + 0 " failed"; exit !(passed && !failed) }' "$logs/counts"
