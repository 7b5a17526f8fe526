#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""What one guarded tool call costs a coding agent: HOOKD_BIN=… HOOKCTL_BIN=… tests/bench/agent_hook.py [ROUNDS]

Whole processes, from fork to exit, in interleaved rounds: /bin/true, `hookctl agent-hook` with a resident hook behind hookd, and the same policy as
scripts for bash with jq, python3 and node, as they are put into an agent's settings today. Prints medians in ms and ratios to /bin/true; the target
is 2 for `hookctl agent-hook`.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

CALL = json.dumps({"session_id": "s", "hook_event_name": "PreToolUse", "cwd": "/tmp", "tool_name": "Bash", "tool_input": {"command": "ls -l"}}).encode()
SCRIPTS = {
    "bash and jq": ["bash", "-c", """jq -e '.tool_input.command // "" | test("\\\\brm\\\\b") | not' >/dev/null || { echo removes files >&2; exit 2; }"""],
    "python3": ["python3", "-c", "import json, re, sys\nif re.search(r'\\brm\\b', json.load(sys.stdin)['tool_input']['command']): sys.exit('removes files')"],
    "node": ["node", "-e", "let t='';process.stdin.on('data',d=>t+=d).on('end',()=>process.exit(/\\brm\\b/.test(JSON.parse(t).tool_input.command)?2:0))"],
}


def run(argv, environment):
    """Seconds of time and of processor time."""
    begin = time.perf_counter()
    child = subprocess.Popen(argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        child.stdin.write(CALL)
        child.stdin.close()
    except BrokenPipeError:
        pass  # /bin/true reads nothing
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"agent_hook.py: {argv[0]} ended with status {child.returncode}")
    return time.perf_counter() - begin, used.ru_utime + used.ru_stime


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    hookd, hookctl = os.path.abspath(os.environ["HOOKD_BIN"]), os.path.abspath(os.environ["HOOKCTL_BIN"])
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../client/python"))
    with tempfile.TemporaryDirectory() as directory:
        environment = {"PATH": "/usr/bin:/bin", "HOME": directory, "HOOKD_SOCKET": f"{directory}/run/hookd.sock"}
        cases = {"/bin/true": ["/bin/true"], "hookctl agent-hook": [hookctl, "agent-hook", "--agent", "claude", "--no-daemon", "fail"]}
        cases.update({name: argv for name, argv in SCRIPTS.items() if shutil.which(argv[0]) and (name != "bash and jq" or shutil.which("jq"))})
        children = [subprocess.Popen([hookd, "--log-level", "error"], env=environment)]
        try:
            while subprocess.run([hookctl, "ping"], env=environment, capture_output=True, check=False).returncode != 0:
                time.sleep(0.01)
            hook = [sys.executable, "-c", "import hookd, re\nhooks = hookd.Hooks('careful')\n"
                    "@hooks.on('agent.pre_tool_use')\ndef careful(event):\n"
                    "    return hookd.veto('removes files') if re.search(r'\\brm\\b', event.get('command') or '') else None\nhooks.run()"]
            children.append(subprocess.Popen(hook, env={**environment, "PYTHONPATH": sys.path[0]}))
            while json.loads(subprocess.run([hookctl, "--json", "stats"], env=environment, capture_output=True, check=True).stdout)["subscribers"] == 0:
                time.sleep(0.01)
            times = {name: [] for name in cases}
            for _ in range(rounds):
                for name, argv in cases.items():
                    times[name].append(run(argv, environment))
        finally:
            for each in reversed(children):
                each.terminate()
                each.wait()
    floor = [[pair[i] for pair in times["/bin/true"]] for i in (0, 1)]
    print(f"{rounds} interleaved rounds, medians{'':16} ms   x true   CPU ms   x true")
    for name, pairs in times.items():
        wall, used = ([pair[i] for pair in pairs] for i in (0, 1))
        ratios = [statistics.median(mine / least for mine, least in zip(values, least_of)) for values, least_of in ((wall, floor[0]), (used, floor[1]))]
        print(f"  {name:36} {statistics.median(wall) * 1000:8.2f} {ratios[0]:8.2f} {statistics.median(used) * 1000:8.2f} {ratios[1]:8.2f}")


main()
