# SPDX-License-Identifier: BSL-1.0
"""What users do all day, as whole processes: a coding agent's guarded tool call, a commit and a push with hooks, beside what people use for the
same today. The policy is one for all of a workload."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from peers import PEERS, Failed, Missing, private_directory

PYTHON_CLIENT = Path(__file__).resolve().parents[2] / "client/python"
COMMIT_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")


def wall(bench, command, count, stdin="/dev/null"):
    """Microseconds of time and of processor time of a whole program, and of all that it waits for."""
    return bench.programs.run(bench.programs.find("bench_load"), "wall", "--count", count, "--warm-up", max(1, count // 20), "--input", stdin,
                              "--", *command)


def version(program):
    def measure(bench, peer):
        command = [bench.programs.find("bench_empty")] if peer.name == "floor" else [bench.programs.find(program), "--version"]
        return wall(bench, command, bench.count(400, peer, 3))
    return measure


# --- a guarded tool call: no command may remove files ----------------------------------------------------------------

CALL = {"session_id": "s", "hook_event_name": "PreToolUse", "cwd": "/tmp", "tool_name": "Bash", "tool_input": {"command": "ls -l"}}
SCRIPTS = {
    "floor": ["true"],
    "bash_jq": ["bash", "-c", """jq -e '.tool_input.command // "" | test("\\\\brm\\\\b") | not' >/dev/null || { echo removes files >&2; exit 2; }"""],
    "python": ["python3", "-c", "import json, re, sys\n"
               "if re.search(r'\\brm\\b', json.load(sys.stdin)['tool_input']['command']): sys.exit('removes files')"],
    "node": ["node", "-e", "let t='';process.stdin.on('data',d=>t+=d)"
             ".on('end',()=>process.exit(/\\brm\\b/.test(JSON.parse(t).tool_input.command)?2:0))"],
}
RESIDENT_GUARD = """
hooks = hookd.Hooks('careful', path=ADDRESS)
@hooks.on('agent.pre_tool_use')
def careful(event):
    return hookd.veto('removes files') if re.search(r'\\brm\\b', event.get('command') or '') else None
"""
RESIDENT_COMMIT_GUARD = """
hooks = hookd.Hooks('no keys', path=ADDRESS)
@hooks.on('git.pre_commit')
def no_keys(event):
    return hookd.veto('adds a key') if any(name.endswith('.pem') for name in event.get('files') or []) else None
"""


@contextmanager
def resident(bench, address, hooks):
    """A hook in Python that stays, as README shows it."""
    program = f"import re, sys\nsys.path.insert(0, {str(PYTHON_CLIENT)!r})\nimport hookd\nADDRESS = {str(address)!r}\n{hooks}\nhooks.run()"
    hookctl = bench.programs.find("hookctl")
    listens = lambda _: json.loads(subprocess.run([hookctl, "--socket", address, "--json", "stats"], capture_output=True, check=True).stdout)["subscribers"]
    with bench.programs.background(sys.executable, "-c", program, awaits=listens):
        yield


def guarded_call(bench, peer):
    with private_directory(bench.programs) as place, ExitStack() as stack:
        call = place / "call.json"
        call.write_text(json.dumps(CALL))
        command = SCRIPTS.get(peer.name)
        if peer.name == "hookd":
            address = stack.enter_context(bench.programs.broker(peer)).address
            stack.enter_context(resident(bench, address, RESIDENT_GUARD))
            command = ["hookctl", "--socket", address, "agent-hook", "--agent", "claude", "--no-daemon", "fail"]
        program, *arguments = command
        return wall(bench, [find(bench, program), *arguments], bench.count(200, peer, 3), call)


def find(bench, program):
    try:
        return bench.programs.find(program)
    except Failed as why:
        raise Missing(why) from None


# --- git ------------------------------------------------------------------------------------------------------------

def run(*command, cwd=None, stdin=None):
    done = subprocess.run([str(word) for word in command], cwd=cwd, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}: status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def git_directory(bench):
    """An empty directory, in which git knows nothing of this machine's settings."""
    with private_directory(bench.programs) as place:
        settings = {name: value for name, value in os.environ.items() if name.startswith(("GIT_", "HOOKD_")) or name in ("HOME", "PATH")}
        for name in settings:
            del os.environ[name]
        npm = bench.programs.npm / "node_modules/.bin"
        os.environ.update(HOME=str(place), PATH=f"{npm}:{settings['PATH']}", GIT_CONFIG_NOSYSTEM="1", PRE_COMMIT_HOME=str(place / "pre-commit"))
        try:
            (place / ".gitconfig").write_text("[user]\nname = Bench\nemail = bench@example.org\n[init]\ndefaultBranch = main\n[gc]\nauto = 0\n")
            yield place
        finally:
            for name in ("GIT_CONFIG_NOSYSTEM", "PRE_COMMIT_HOME"):
                del os.environ[name]
            os.environ.update(settings)


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def new_repository(place, *options):
    run("git", "init", "-q", *options, place)
    if "--bare" not in options:
        run("git", "-C", place, "commit", "-q", "--allow-empty", "-m", "one")
    return place


def install_hookd(bench, stack, peer, repository, events):
    address = stack.enter_context(bench.programs.broker(peer)).address
    run(bench.programs.find("hookctl"), "--socket", address, "git", "install", "--repo", repository, "--events", ",".join(events))
    return address


NO_KEYS = "! git diff --cached --name-only | grep -q '\\.pem$'"


def commit_one(bench, peer):
    """A pre-commit hook that lets no key be committed. Each commit changes one file of those that are there."""
    with git_directory(bench) as place, ExitStack() as stack:
        repository = new_repository(place / "repository")
        if peer.name == "hookd":
            stack.enter_context(resident(bench, install_hookd(bench, stack, peer, repository, ["pre-commit"]), RESIDENT_COMMIT_GUARD))
        elif peer.name != "no_hook":
            MANAGERS[peer.name](bench, repository)
        command = ["git", "-C", repository, "commit", "-q", "--allow-empty", "-m", "one"]
        refused(repository, peer)
        return wall(bench, command, bench.count(100, peer, 2))


def refused(repository, peer):
    """Whether the hook is there at all: it refuses a key."""
    (repository / "a.pem").write_text("key")
    run("git", "add", "a.pem", cwd=repository)
    done = subprocess.run(["git", "commit", "-q", "-m", "a key"], cwd=repository, capture_output=True, check=False)
    if (done.returncode != 0) != (peer.name != "no_hook"):
        raise Failed(f"{peer.title}: a commit of a key has status {done.returncode}: {done.stderr.decode()}")
    if done.returncode != 0:
        run("git", "rm", "-q", "--cached", "a.pem", cwd=repository)


def sh_hook(_, repository):
    script(repository / ".git/hooks/pre-commit", NO_KEYS)


def husky(bench, repository):
    if not (bench.programs.npm / "node_modules/husky").exists():
        raise Missing("npm could not bring husky")
    (repository / "package.json").write_text('{"name": "r"}')
    script(repository / ".husky/pre-commit", NO_KEYS)
    run("husky", cwd=repository)


def lefthook(bench, repository):
    if not (bench.programs.npm / "node_modules/lefthook").exists():
        raise Missing("npm could not bring lefthook")
    (repository / "lefthook.yml").write_text(f"output: false\npre-commit:\n  commands:\n    keys:\n      run: {json.dumps(NO_KEYS)}\n")
    run("lefthook", "install", cwd=repository)


def pre_commit(_, repository):
    if not shutil.which("pre-commit"):
        raise Missing("pre-commit is not installed")
    (repository / ".pre-commit-config.yaml").write_text(
        "repos:\n- repo: local\n  hooks:\n  - {id: keys, name: keys, language: fail, entry: adds a key, files: '\\.pem$'}\n")
    run("git", "add", ".pre-commit-config.yaml", cwd=repository)
    run("git", "commit", "-q", "-m", "configuration", cwd=repository)
    run("pre-commit", "install", cwd=repository)


MANAGERS = {"sh_hook": sh_hook, "husky": husky, "lefthook": lefthook, "pre_commit": pre_commit}


def commit_four(bench, peer):
    """Hooks that say nothing: what calling them costs."""
    with git_directory(bench) as place, ExitStack() as stack:
        repository = new_repository(place / "repository")
        if peer.name == "hookd":
            install_hookd(bench, stack, peer, repository, COMMIT_HOOKS)
        elif peer.name == "sh_hook":
            for hook in COMMIT_HOOKS:
                script(repository / ".git/hooks" / hook, "exit 0")
        return wall(bench, ["git", "-C", repository, "commit", "-q", "--allow-empty", "-m", "one"], bench.count(100, peer, 2))


def push_update(bench, peer):
    """The same on the other side of a push: one hook for each ref."""
    refs = 10 if bench.quick else 1000
    with git_directory(bench) as place, ExitStack() as stack:
        source = new_repository(place / "source")
        run("git", "-C", source, "update-ref", "--stdin", stdin="".join(f"create refs/heads/b{i} HEAD\n" for i in range(refs)))
        server = new_repository(place / "server.git", "--bare")
        if peer.name == "hookd":
            install_hookd(bench, stack, peer, server, ["update"])
        elif peer.name == "sh_hook":
            script(server / "hooks/update", "exit 0")
        times = []
        for _ in range(1 if bench.quick else 3):
            begin = time.perf_counter()
            run("git", "push", "-q", "--all", server, cwd=source)
            times.append(time.perf_counter() - begin)
            run("git", "-C", server, "update-ref", "--stdin", stdin=run("git", "-C", server, "for-each-ref", "--format=delete %(refname)"))
        return {"wall_ms": statistics.median(times) * 1000}
