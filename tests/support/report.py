#!/usr/bin/python3
# SPDX-License-Identifier: BSL-1.0
"""report.py CONFIG JUNIT LOGS COUNTS

Prints a line for each test of ctest's JUnit file, how many cases of it passed and failed, and more about those that failed; keeps what each printed
in the directory LOGS, and adds "PASSED FAILED" to the file COUNTS.
"""

import re
import sys
import xml.etree.ElementTree
from pathlib import Path


def count(output, succeeded):
    """How many cases passed, failed and were skipped: as Boost.Test's report or the last line says, else the test is one case."""
    found = re.findall(r"<TestResult>.*", output)
    if found:
        passed, failed, skipped = (int(re.search(rf'test_cases_{each}="(\d+)"', found[-1]).group(1)) for each in ("passed", "failed", "skipped"))
    elif last := re.search(r"^(\d+) passed, (\d+) failed\s*\Z", output, re.M):
        passed, failed, skipped = int(last.group(1)), int(last.group(2)), 0
    else:
        passed, failed, skipped = int(succeeded), 0, 0
    if succeeded and passed + failed == 0:
        return 0, 1, 0, "ran no test"
    if not succeeded and failed == 0:
        return passed, 1, skipped, "crashed, was killed or took too long"
    return passed, failed, skipped, f"{skipped} skipped" if skipped else ""


def show(output, log):
    """What a log says of a failure: its errors with their surroundings, and its end."""
    lines = output.splitlines()
    shown = set()
    for number, line in enumerate(lines):
        if re.search(r": (fatal )?(error|exception): |undefined reference|^FAIL", line) and len(shown) < 150:
            shown.update(range(max(0, number - 2), min(len(lines), number + 6)))
    shown.update(range(max(0, len(lines) - 20), len(lines)))
    for number in sorted(shown):
        print("    | " + lines[number][:1000])
    print(f"    all of it: {log}")


def main():
    config, junit, logs, counts = sys.argv[1:]
    total_passed = total_failed = 0
    for test in xml.etree.ElementTree.parse(junit).getroot().iter("testcase"):
        skipped = test.find("skipped")
        if skipped is not None and skipped.get("message") == "SKIP_REGULAR_EXPRESSION_MATCHED":
            continue  # no case of it matches what was asked for
        output = (test.findtext("system-out") or "").strip()
        passed, failed, _, remark = count(output, test.get("status") == "run")
        log = Path(logs, f"{config}-{test.get('name')}.log")
        log.write_text(output)
        total_passed += passed
        total_failed += failed
        print(f"{config:8} {test.get('name'):22} {passed:5} passed {failed:4} failed {float(test.get('time')):8.1f} s   {remark}".rstrip())
        if failed:
            show(output, log)
    with open(counts, "a", encoding="utf-8") as file:
        print(total_passed, total_failed, file=file)


if __name__ == "__main__":
    main()
