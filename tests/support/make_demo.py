#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Makes the picture at the top of README.md from the real programs: make_demo.py BIN-DIRECTORY >.github/demo.svg

Runs a short session on a pseudo-terminal, against a daemon of its own in a temporary directory, and draws what the terminal showed.
"""

import html
import os
import pty
import re
import subprocess
import sys
import tempfile
import time

HOOK = """#!/bin/sh
grep -q '"main"' || exit 0
echo "main is closed: open a merge request" >&2
exit 1
"""
SESSION = [
    "cat no-main",
    "hookctl register no-main --on pre_push -- ./no-main",
    "hookctl emit --wait pre_push '{\"branch\":\"topic\"}' && echo pushing",
    "hookctl emit --wait pre_push '{\"branch\":\"main\"}' && echo pushing",
]
COLUMNS = 84
COLOURS = {"31": "#f47067", "32": "#8ddb8c", "33": "#e0b566", "34": "#6cb6ff", "35": "#dcbdfb", "36": "#76e3ea"}
CELL_WIDTH, LINE_HEIGHT, MARGIN = 8.4, 19, 16


def run_on_terminal(command, directory, environment):
    """What a terminal of COLUMNS columns shows of one command."""
    output = b""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(directory)
        os.execvpe("bash", ["bash", "-c", f"stty cols {COLUMNS} rows 24; {command}"], environment)
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # EIO: the last process has closed the terminal
            break
        if not piece:
            break
        output += piece
    os.waitpid(child, 0)
    os.close(terminal)
    return output.decode().replace("\r\n", "\n").rstrip("\n").split("\n")


def record(programs):
    with tempfile.TemporaryDirectory() as directory:
        with open(f"{directory}/no-main", "w", encoding="utf-8") as hook:
            hook.write(HOOK)
        os.chmod(f"{directory}/no-main", 0o755)
        environment = {
            "PATH": f"{programs}:/usr/bin:/bin", "HOME": directory, "TERM": "xterm-256color", "LANG": "C.UTF-8",
            "HOOKD_SOCKET": f"{directory}/run/hookd.sock",
        }
        daemon = subprocess.Popen(["hookd", "--log-level", "error", "--registry", f"{directory}/registry.json"], env=environment)
        try:
            while subprocess.run(["hookctl", "ping"], env=environment, capture_output=True, check=False).returncode != 0:
                if daemon.poll() is not None:
                    sys.exit("make_demo.py: the daemon ended at its start")
                time.sleep(0.02)
            lines = []
            for command in SESSION:
                lines.append(f"\x1b[32m$\x1b[0m \x1b[1m{command}\x1b[0m")
                lines += [each.replace(directory, "~") for each in run_on_terminal(command, directory, environment)]
                lines.append("")
            return lines[:-1]
        finally:
            daemon.terminate()
            daemon.wait()


def draw_line(line, baseline):
    """One text element, a span for each run of one rendition."""
    spans, bold, dim, colour = [], False, False, None
    for escape, text in re.findall(r"(?:\x1b\[([0-9;]*)m)?([^\x1b]*)", line):
        for code in escape.split(";"):
            if code in ("", "0") and (escape or code == "0"):
                bold, dim, colour = False, False, None
            elif code == "1":
                bold = True
            elif code == "2":
                dim = True
            elif code in COLOURS:
                colour = COLOURS[code]
            elif code == "39":
                colour = None
        if text:
            style = (' font-weight="bold"' if bold else "") + (' opacity="0.65"' if dim else "") + (f' fill="{colour}"' if colour else "")
            spans.append(f"<tspan{style}>{html.escape(text, quote=False)}</tspan>")
    return f'<text x="{MARGIN}" y="{baseline}" xml:space="preserve">{"".join(spans)}</text>'


def draw(lines):
    width, height = int(COLUMNS * CELL_WIDTH + 2 * MARGIN), len(lines) * LINE_HEIGHT + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"')
    print(' font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#cdd9e5">')
    print("<title>A hook that keeps main closed: one push proceeds, one is vetoed</title>")
    print(f'<rect width="{width}" height="{height}" rx="8" fill="#1c2128"/>')
    for number, line in enumerate(lines):
        print(draw_line(line, MARGIN + LINE_HEIGHT * (number + 1) - 5))
    print("</svg>")


if len(sys.argv) != 2:
    sys.exit(__doc__)
draw(record(os.path.abspath(sys.argv[1])))
