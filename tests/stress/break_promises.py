#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Breaks each promise of broken_promises.txt in the code, and sees its test fail: break_promises.py [--tree DIR] [--only PART...]

Copies the tree to DIR (default .build/broken), puts all the faults into the copy, each behind a number that the variable BROKEN_PROMISE chooses, builds
it once, and runs each test twice: with no promise broken it has to pass, with its own broken it has to fail. With a compiler cache only what has a fault
in it is compiled anew; the number is made from the name of the test, so that a new fault changes no other.

The tests with real engines are skipped where these are not found, and then see nothing: HOOKD_TEST_NATS_SERVER names nats-server, as in tests/run.sh.

Prints a line for each promise, then the sum. Exit status 1 if one did not fail, or could not be broken since the code has changed.
"""

import argparse
import os
import subprocess
import sys
import zlib
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CODE = ("protocol/", "server/", "client/src/", "client/include/", "client/hookctl/")
STARTS_PROGRAMS = {"integration_test", "cli_test", "client_test", "stress_test", "cluster_test", "postgres_test", "cluster_nats_test"}
HEADER = """#pragma once
#include <cstdlib>
/// Whether promise `number` is the one that is broken in this run.
inline bool is_promise_broken(int number) noexcept {
    static const int chosen = [] {
        const char* const given = std::getenv("BROKEN_PROMISE");
        return given == nullptr ? 0 : std::atoi(given);
    }();
    return chosen == number;
}
"""


def read_blocks():
    """(suite, test, old, new) of each block."""
    blocks = []
    for block in (TOP / "tests/stress/broken_promises.txt").read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if not lines:
            continue
        suite, test = lines[0].split(": ")
        old = "\n".join(line[1:] for line in lines[1:] if line.startswith("-"))
        new = "\n".join(line[1:] for line in lines[1:] if line.startswith("+"))
        blocks.append((suite, test, old, new))
    return blocks


def is_code(name):
    return name.startswith(CODE) and name.endswith((".cpp", ".hpp"))


def place_of(old, code):
    """The file of `code` (texts by names) that has these lines, where they stand once; or None."""
    found = [name for name, text in code.items() if old in text]
    return found[0] if len(found) == 1 and code[found[0]].count(old) == 1 else None


def number_of(suite, test):
    return zlib.crc32(f"{suite}: {test}".encode()) >> 1


def copy_and_break(tree, blocks):
    """Copies the tree and puts the faults into it; what has not changed since the last time is left alone, for the build. Returns the tests of those
    whose code is not there exactly once."""
    listed = subprocess.run(["git", "-C", TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True, capture_output=True, text=True)
    names = listed.stdout.split("\0")
    files = {name: (TOP / name).read_bytes() for name in names if (TOP / name).is_file()}
    code = {name: text.decode() for name, text in files.items() if is_code(name)}
    lost, broken = set(), set()
    for suite, test, old, new in blocks:
        place = place_of(old, code)
        if place is None:
            lost.add((suite, test))
        else:
            code[place] = code[place].replace(old, new.replace("BROKEN", f"::is_promise_broken({number_of(suite, test)})"))
            broken.add(place)
    for name in broken:
        files[name] = f'#include "{tree}/broken_promise.hpp"\n{code[name]}'.encode()
    files["broken_promise.hpp"] = HEADER.encode()
    for name, text in files.items():
        path = tree / name
        if not path.exists() or path.read_bytes() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
            path.chmod((TOP / name).stat().st_mode if (TOP / name).exists() else 0o644)
    return lost


def build(tree, suites):
    built = tree / ".build/release"
    subprocess.run(["cmake", "--preset", "release", "-DBUILD_TESTING=ON"], cwd=tree, check=True, stdout=subprocess.DEVNULL)
    programs = ["hookd", "hookctl"] if suites & STARTS_PROGRAMS else []
    subprocess.run(["cmake", "--build", built, "--target", *programs, *sorted(suites)], check=True, stdout=subprocess.DEVNULL)
    return built / "bin"


def passes(programs, suite, test, number):
    environment = dict(os.environ, HOOKD_BIN=str(programs / "hookd"), HOOKCTL_BIN=str(programs / "hookctl"), BROKEN_PROMISE=str(number))
    try:
        done = subprocess.run([programs / suite, f"--run_test={test}:{test}<*"], env=environment, capture_output=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tree", type=Path, default=TOP / ".build/broken")
    options.add_argument("--only", nargs="+", default=[""], help="promises whose test has one of these in its name")
    chosen = options.parse_args()
    blocks = read_blocks()
    tree = chosen.tree.resolve()
    tree.mkdir(parents=True, exist_ok=True)
    lost = copy_and_break(tree, blocks)
    named = dict.fromkeys((suite, test) for suite, test, *_ in blocks)  # one promise may need faults in two places
    tried = [(suite, test) for suite, test in named if any(each in f"{suite}: {test}" for each in chosen.only)]
    programs = build(tree, {suite for suite, _ in tried})
    seen = 0
    for suite, test in tried:
        if (suite, test) in lost:
            verdict = "LOST: its code has changed"
        elif not passes(programs, suite, test, 0):
            verdict = "FAIL: it fails though nothing is broken"
        elif passes(programs, suite, test, number_of(suite, test)):
            verdict = "FAIL: it passes though the promise is broken"
        else:
            verdict = "ok"
            seen += 1
        print(f"{verdict}  {suite}: {test}", flush=True)
    print(f"{seen} of {len(tried)} were seen failing")
    return 0 if seen == len(tried) else 1


if __name__ == "__main__":
    sys.exit(main())
