#!/bin/bash
# Runs every test of hookd. See --help.
set -uo pipefail

usage() {
    cat <<'TEXT'
tests/run.sh [--all] [--config NAME]... [--suite NAME]... [--test PATTERN] [--list]

Installs what is missing (Debian 12), builds, runs every suite of the release build and the checks, and ends with "N passed, M failed".
Exit status: 0 where something ran and nothing failed, 1 otherwise, 2 for wrong usage.

  --all            every configuration but asan: what CI runs
  --config NAME    only this way to build and run: release (CMake, gcc), checks (scripts: packaging, both builds alike, the quickstart),
                   b2 (Boost's build, gcc, with AddressSanitizer and UndefinedBehaviorSanitizer), tsan (CMake, clang, ThreadSanitizer),
                   fuzz (each fuzz target for 10 s), or asan (what b2 runs, built by CMake)
  --suite NAME     only this suite: a test executable (core, integration, ..., bench) or a check (builds_agree, ...)
  --test PATTERN   only the test cases whose name, or path (suite/name), matches this shell pattern
  --list           names the suites and checks of what was chosen, after building, and runs none

--config and --suite may be repeated.
Build trees and logs go to $HOOKD_BUILD_DIR, or .build at the top of the tree.
TEXT
}

top="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
export HOOKD_BUILD_DIR="${HOOKD_BUILD_DIR:-$top/.build}"

configs=()
suites=()
test_pattern=
list_only=
wrong_usage() {
    echo "run.sh: $1 (see tests/run.sh --help)" >&2
    exit 2
}
while (($#)); do
    case "$1" in
        --help | -h) usage; exit 0 ;;
        --list) list_only=1; shift; continue ;;
        --all) configs=(release b2 tsan checks fuzz); shift; continue ;;
        --config | --suite | --test) (($# > 1)) || wrong_usage "$1 needs a value" ;;&
        --config)
            case "$2" in
                release | asan | tsan | b2 | checks | fuzz) configs+=("$2") ;;
                *) wrong_usage "unknown configuration '$2': release, checks, b2, tsan, fuzz or asan" ;;
            esac ;;
        --suite) suites+=("${2%_test}") ;;
        --test) test_pattern="$2" ;;
        *) wrong_usage "unknown argument '$1'" ;;
    esac
    shift 2
done
((${#configs[@]})) || configs=(release checks)
# Checks and fuzz targets have no test cases to choose from.
[[ $test_pattern ]] && configs=("${configs[@]/checks/}") && configs=("${configs[@]/fuzz/}")

cd "$top" || exit 1
"$top/tests/support/packages.sh" build demo test bench || exit 1

mkdir -p "$HOOKD_BUILD_DIR" || exit 1
HOOKD_BUILD_DIR="$(cd "$HOOKD_BUILD_DIR" && pwd -P)"
logs="$HOOKD_BUILD_DIR/logs"
rm -rf "$logs"
mkdir -p "$logs" || exit 1
jobs="$(nproc)"

# GCC spends a tenth of its time to keep each of its processes below 300 MiB; this lets them have 600.
gcc_memory=--param=ggc-min-heapsize=4000000
# A second run in another clone, or after a change of a branch, compiles little.
export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR="$top" CCACHE_NOHASHDIR=1
# What a sanitizer finds ends the program with a status that no test takes for success.
export ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1:exitcode=99"
export LSAN_OPTIONS="exitcode=99"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:exitcode=99"
export TSAN_OPTIONS="halt_on_error=1:exitcode=99:second_deadlock_stack=1"
# Counts are read from this report. Signals are left alone: a crash ends the suite, and the end of a child is no error.
export BOOST_TEST_REPORT_FORMAT=XML BOOST_TEST_REPORT_LEVEL=short BOOST_TEST_LOG_LEVEL=test_suite BOOST_TEST_COLOR_OUTPUT=no
export BOOST_TEST_CATCH_SYSTEM_ERRORS=no
# Unpacked for the tests of hookd-nats and for the benchmark; without it, those tests are skipped, and say so.
servers="$HOOKD_BUILD_DIR/bench-peers"
if [[ ! $list_only ]]; then
    "$top/tests/support/packages.sh" --unpack "$servers" bench-servers >"$logs/servers.log" 2>&1 </dev/null || cat "$logs/servers.log"
    [[ -x $servers/usr/sbin/nats-server ]] && export HOOKD_TEST_NATS_SERVER="$servers/usr/sbin/nats-server"
fi
# No test is to find a daemon of the person who runs it.
unset HOOK_CAUSE HOOKD_SOCKET HOOKD_BIN HOOKCTL_BIN LISTEN_FDS LISTEN_PID NOTIFY_SOCKET

passed=0
failed=0
started=0

seconds_since() {
    local now
    now="$(date +%s%N)"
    printf '%d.%d' $(((now - $1) / 1000000000)) $(((now - $1) / 100000000 % 10))
}
# Prints and adds up one line: CONFIG SUITE PASSED FAILED SECONDS [REMARK]
report() {
    passed=$((passed + $3))
    failed=$((failed + $4))
    printf '%-8s %-22s %5d passed %4d failed %8s s%s\n' "$1" "$2" "$3" "$4" "$5" "${6:+   $6}"
}
# What a log says of a failure: its errors with their surroundings, wherever they stand in it, and its end.
show_log() {
    grep -aE -m 20 -B 2 -A 5 ': (fatal )?(error|exception): |undefined reference|^FAIL' "$1" | cut -c -1000 | sed 's/^/    | /'
    echo "    ... and its end:"
    sed '/<TestResult>/d' "$1" | tail -n "${2:-20}" | cut -c -1000 | sed 's/^/    | /'
    echo "    all of it: $1"
}
wanted() {
    ((${#suites[@]} == 0)) || [[ " ${suites[*]} " == *" ${1%_test} "* ]]
}

# Reads the report in log $1 into cases_passed, cases_failed, cases_skipped and seconds; 1 where there is none.
read_report() {
    local line
    line="$(grep -a '^Leaving test module' "$1")"
    [[ $line =~ time:\ ([0-9]+)us ]] && seconds="$(printf '%d.%d' $((BASH_REMATCH[1] / 1000000)) $((BASH_REMATCH[1] / 100000 % 10)))"
    line="$(grep -ao '<TestResult>.*' "$1" | tail -n 1)"
    [[ $line =~ test_cases_passed=\"([0-9]+)\" ]] || return 1
    cases_passed=${BASH_REMATCH[1]}
    [[ $line =~ test_cases_failed=\"([0-9]+)\" ]] && cases_failed=${BASH_REMATCH[1]}
    [[ $line =~ test_cases_skipped=\"([0-9]+)\" ]] && cases_skipped=${BASH_REMATCH[1]}
    return 0
}

# Reports a suite that has run: CONFIG SUITE LOG STATUS
judge() {
    local cases_passed=0 cases_failed=0 cases_skipped=0 seconds=? remark=
    if ! read_report "$3"; then
        remark="no report: crashed or killed (status $4)"
        ((cases_failed += 1))
    elif (($4 == 124 || $4 == 137)); then
        remark="took too long"
        ((cases_failed += 1))
    elif (($4 != 0 && cases_failed == 0)); then
        remark="ended with status $4"
        ((cases_failed += 1))
    elif ((cases_passed + cases_failed == 0)); then
        remark="ran no test"
        ((cases_failed += 1))
    fi
    [[ ! $test_pattern ]] && ((cases_skipped)) && remark+="${remark:+, }$cases_skipped skipped"
    report "$1" "$2" "$cases_passed" "$cases_failed" "$seconds" "$remark"
    ((cases_failed == 0)) || show_log "$3"
}

# The Boost.Test filter for $test_pattern in test executable $1; empty where no case matches.
filter_for() {
    timeout 60 "$1" --list_content=HRF 2>&1 </dev/null | awk '
        /^ *[^ ]+\*?(: .*)?$/ {
            match($0, /^ */); depth = RLENGTH / 4; name = $1; sub(/:$/, "", name); sub(/\*$/, "", name)
            if (NR > 1 && depth <= last) print path
            parts[depth] = name; path = parts[0]
            for (i = 1; i <= depth; ++i) path = path "/" parts[i]
            last = depth
        }
        END { if (NR) print path }' |
        while read -r path; do
            # shellcheck disable=SC2053
            if [[ $path == $test_pattern || ${path##*/} == $test_pattern ]]; then
                printf '%s:' "$path"
            fi
        done
}

# Test executable $3 as suite $2 of configuration $1, once there is a processor free for it; end_suites waits for all and reports them.
# $4: its time limit in seconds. The rest goes before it.
begun=()
begin_suite() {
    local config="$1" suite="$2" program="$3" limit="$4" log="$logs/$1-$2.log" filters=()
    shift 4
    if [[ $list_only ]]; then
        echo "$config ${suite%_test}"
        return
    fi
    if [[ $test_pattern ]]; then
        local filter
        filter="$(filter_for "$program")"
        [[ $filter ]] || return 0
        filters=("--run_test=${filter%:}")
    fi
    (($(jobs -rp | wc -l) < jobs)) || wait -n
    {
        timeout -k 10 "$limit" "$@" "$program" "${filters[@]}" >"$log" 2>&1 </dev/null
        echo $? >"$log.status"
    } &
    begun+=("$config $suite")
}
end_suites() {
    local each config suite log
    wait
    for each in "${begun[@]}"; do
        read -r config suite <<<"$each"
        log="$logs/$config-$suite.log"
        judge "$config" "$suite" "$log" "$(cat "$log.status")"
    done
    begun=()
}

# Runs a build step, and reports it only where it fails: CONFIG LOG COMMAND...
build_step() {
    local config="$1" log="$2"
    shift 2
    if ! timeout -k 10 1500 "$@" >>"$log" 2>&1 </dev/null; then
        report "$config" build 0 1 "$(seconds_since "$started")" "failed: $*"
        show_log "$log" 100
        return 1
    fi
}

# Configures and builds a CMake preset: CONFIG [OPTION]... -- [TARGET]...
build_preset() {
    local config="$1" tree="$HOOKD_BUILD_DIR/$1" log="$logs/$1-build.log" options=() targets=()
    shift
    command -v ccache >/dev/null && options=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    (($#)) && targets=(--target "$@")
    started="$(date +%s%N)"
    build_step "$config" "$log" cmake --preset "$config" -B "$tree" -DBUILD_TESTING=ON "${options[@]}" &&
        build_step "$config" "$log" cmake --build "$tree" --parallel "$jobs" "${targets[@]}" &&
        printf '%-8s %-22s %39s s\n' "$config" "(build)" "$(seconds_since "$started")"
}

# The test executables in a build tree: TREE [CTEST OPTION]...
tests_in() {
    local tree="$1"
    shift
    ctest --test-dir "$tree" -N "$@" | sed -n 's/^ *Test *#[0-9]*: *//p'
}

# The benchmark's quick run: that everything in it works and nothing is lost, never a time.
run_bench() {
    local log="$logs/release-bench.log" start status remark= cases_passed=0 cases_failed=0
    wanted bench && [[ ! $test_pattern ]] || return 0
    if [[ $list_only ]]; then
        echo "release bench"
        return
    fi
    start="$(date +%s%N)"
    timeout -k 10 300 python3 -B "$top/tests/bench/bench.py" --quick --built "$HOOKD_BUILD_DIR/release/bin" --unpacked "$servers" \
        >"$log" 2>&1 </dev/null
    status=$?
    if [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        cases_passed=${BASH_REMATCH[1]}
        cases_failed=${BASH_REMATCH[2]}
    fi
    if ((status != 0 && cases_failed == 0)); then
        remark="ended with status $status"
        cases_failed=1
    fi
    report release bench "$cases_passed" "$cases_failed" "$(seconds_since "$start")" "$remark"
    ((cases_failed == 0)) || show_log "$log"
}

run_release() {
    local suite all=() bench=OFF
    wanted bench && bench=ON
    build_preset release -DHOOKD_BENCH=$bench -DCMAKE_CXX_FLAGS="$gcc_memory" -- || return
    mapfile -t all < <(tests_in "$HOOKD_BUILD_DIR/release")
    ((${#all[@]})) || report release tests 0 1 "$(seconds_since "$started")" "built no test"
    for suite in "${all[@]}"; do
        wanted "$suite" && begin_suite release "$suite" "$HOOKD_BUILD_DIR/release/bin/$suite" 300
    done
    end_suites
    run_bench
}

# Tests in process are compiled with the sanitizer. Those that only start programs are taken from the release build, which saves half of
# the compiling, and start the programs of this one: CONFIG LIMIT [COMMAND]...
run_sanitized() {
    local config="$1" limit="$2" suite tree="$HOOKD_BUILD_DIR/$1" black_box=() in_process=() targets=()
    shift 2
    if [[ ! -f $HOOKD_BUILD_DIR/release/build.ninja ]]; then
        cmake --preset release -B "$HOOKD_BUILD_DIR/release" >"$logs/release-build.log" 2>&1
    fi
    mapfile -t black_box < <(tests_in "$HOOKD_BUILD_DIR/release" -L black_box)
    build_preset release -- "${black_box[@]}" >"$logs/release-again.log" || { cat "$logs/release-again.log"; return; }
    if [[ $config == tsan ]]; then
        # What has threads; the rest would only take the time to compile it.
        in_process=(net_test server_test client_test client_integration_test hooks_test)
        black_box=(integration_test stress_test)
        targets=(hookd hookctl "${in_process[@]}")
    fi
    build_preset "$config" -DHOOKD_BLACK_BOX_TESTS=OFF -- "${targets[@]}" || return
    [[ $config == tsan ]] || mapfile -t in_process < <(tests_in "$tree")
    if ((${#in_process[@]} == 0 || ${#black_box[@]} == 0)); then
        report "$config" tests 0 1 "$(seconds_since "$started")" "built no test"
        return
    fi
    for suite in "${in_process[@]}"; do
        wanted "$suite" && begin_suite "$config" "$suite" "$tree/bin/$suite" "$limit" "$@"
    done
    for suite in "${black_box[@]}"; do
        wanted "$suite" && begin_suite "$config" "$suite" "$HOOKD_BUILD_DIR/release/bin/$suite" "$limit" \
            env HOOKD_BIN="$tree/bin/hookd" HOOKCTL_BIN="$tree/bin/hookctl" "$@"
    done
    end_suites
}

run_b2() {
    local log="$logs/b2-build.log" program suite output status targets=()
    local b2=(b2 "-j$jobs" toolset=gcc variant=debug debug-symbols=off address-sanitizer=norecover undefined-sanitizer=norecover
        "cxxflags=$gcc_memory")
    [[ -d /usr/lib/ccache ]] && local PATH="/usr/lib/ccache:$PATH"
    started="$(date +%s%N)"
    build_step b2 "$log" "${b2[@]}" -q || return
    printf '%-8s %-22s %39s s\n' b2 "(build)" "$(seconds_since "$started")"

    while read -r program; do
        suite="${program##*/}"
        wanted "$suite" || continue
        if [[ $list_only ]]; then
            echo "b2 ${suite%_test}"
        elif [[ $test_pattern || ${suites[*]} ]]; then
            begin_suite b2 "$suite" "$program" 600
        else
            targets+=("$suite")
        fi
    done < <(find "$HOOKD_BUILD_DIR/b2/tests" -path '*/debug-symbols-off/*' -name '*_test' -type f -perm -u+x | sort)
    end_suites
    [[ $list_only || $test_pattern || ${suites[*]} ]] && return
    if ((${#targets[@]} == 0)); then
        report b2 tests 0 1 "$(seconds_since "$started")" "built no test"
        return
    fi

    # All of it as a person would: b2 runs them. It leaves each output behind, and passes over what has passed before.
    rm -rf "$HOOKD_BUILD_DIR"/b2/tests/run_*.test
    timeout -k 10 1800 "${b2[@]}" -l600 tests >"$logs/b2-tests.log" 2>&1 </dev/null
    status=$?
    for suite in "${targets[@]}"; do
        output="$(find "$HOOKD_BUILD_DIR/b2/tests/run_$suite.test" -name '*.output' 2>/dev/null | head -n 1)"
        if [[ $output ]]; then
            cp "$output" "$logs/b2-$suite.log"
        else
            echo "b2 tests did not run it" >"$logs/b2-$suite.log"
        fi
        judge b2 "$suite" "$logs/b2-$suite.log" "$(sed -n 's/^EXIT STATUS: //p' "$logs/b2-$suite.log" | grep . || echo 1)"
    done
    if ((status != 0 && failed == 0)); then
        report b2 tests 0 1 "$(seconds_since "$started")" "b2 ended with status $status"
        show_log "$logs/b2-tests.log"
    fi
}

# One script that says yes or no, or, where its last line is "N passed, M failed", how often: NAME LIMIT COMMAND...
check() {
    local name="$1" limit="$2" log="$logs/$1.log" start status good= bad=
    shift 2
    wanted "$name" || return 0
    if [[ $list_only ]]; then
        echo "checks $name"
        return
    fi
    start="$(date +%s%N)"
    timeout -k 10 "$limit" "$@" >"$log" 2>&1 </dev/null
    status=$?
    [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] && good="${BASH_REMATCH[1]}" bad="${BASH_REMATCH[2]}"
    if ((status == 0)); then
        report checks "$name" "${good:-1}" 0 "$(seconds_since "$start")"
    else
        report checks "$name" "${good:-0}" "$((${bad:-0} > 0 ? bad : 1))" "$(seconds_since "$start")" "ended with status $status"
        show_log "$log"
    fi
}

run_checks() {
    check builds_agree 300 "$top/tests/packaging/check_builds_agree"
    check consumer 600 "$top/tests/packaging/check_consumer"
    check model 300 "$top/tests/model/check_model"
    check python 300 "$top/tests/packaging/check_python"
    check node 300 "$top/tests/packaging/check_node"
    check git_managers 300 "$top/tests/packaging/check_git_managers"
    check quickstart 600 "$top/server/quickstart.sh"
}

run_fuzz() {
    check fuzz 900 "$top/tests/fuzz/run.sh" 10
}

begin="$(date +%s%N)"
for config in "${configs[@]}"; do
    case "$config" in
        release) run_release ;;
        asan) run_sanitized asan 600 ;;
        # Where the kernel places memory more randomly than this ThreadSanitizer knows, it needs a fixed layout.
        tsan) if setarch -R true 2>/dev/null; then run_sanitized tsan 900 setarch -R; else run_sanitized tsan 900; fi ;;
        b2) run_b2 ;;
        checks) run_checks ;;
        fuzz) run_fuzz ;;
    esac
done
[[ $list_only ]] && exit 0

echo "in $(seconds_since "$begin") s"
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
