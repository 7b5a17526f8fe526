# SPDX-License-Identifier: BSL-1.0
"""Hooks: functions that are asked about events."""

from __future__ import annotations

import logging
import os
import re
import threading
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Callable, List, Mapping, Optional, Pattern, Tuple, TypeVar, Union

from ._address import Address
from ._errors import InvalidArgumentError
from ._model import Position
from ._session import Hook, Settings, Subscription

if TYPE_CHECKING:
    from ._hook_run import HookRun

_log = logging.getLogger("hookd")
_AnyHook = TypeVar("_AnyHook", bound=Hook)


class Hooks:
    """Subscribes, hands events to functions, sends what they return; reconnects and resumes by itself.

        hooks = hookd.Hooks("no-main")

        @hooks.on("pre_push")
        def no_main(event):
            return hookd.veto("main is closed") if event.get("branch") == "main" else None

        hooks.run()

    A hook returns None (no objection), a mapping (the reply), or what proceed, veto, respond, abstain or failed return. One that raises an
    exception has failed: the emitter's failure policy decides, and the next event is handed out as ever. A hook is a plain function or a
    coroutine function. Each event goes to the first hook that matches.

    What happens to the connection is logged (logger "hookd"): Python prints warnings on stderr unless told otherwise. `on_notice` is called with
    the kind and the sentence, too: "connected", "disconnected", "lagged", "resume_impossible" (events may have been missed), "reply_refused",
    "hook_failed". It is called in the thread of the connection.
    """

    def __init__(self, name: Optional[str] = None, *, path: Union[str, "os.PathLike[str]", None] = None,
                 daemon_user: Union[str, int, None] = None, responds: bool = True, asked_only: bool = False,
                 on_failure: Optional[str] = None, order: Optional[int] = None, where: Optional[Mapping[str, str]] = None,
                 shadow: bool = False, scope: Optional[str] = None, cancellations: bool = False, concurrency: int = 64,
                 resume_from: Optional[Position] = None, wait_for_daemon: bool = False, connect_timeout: float = 5.0,
                 answer_timeout: float = 30.0, drain_timeout: float = 2.0, reconnect_min: float = 0.05, reconnect_max: float = 5.0,
                 on_notice: Optional[Callable[[str, str], None]] = None) -> None:
        """`name`: what verdicts and logs call this subscriber. `path`, `daemon_user`: as for Client. `responds=False`: an observer, for which
        no emitter waits. `asked_only`: only events that an emitter waits for. `on_failure="closed"`: where this hook is missing, for whatever
        reason, nothing proceeds. `order`: its turn in a chain. `where`: JSON pointers into the payload, with globs. `shadow`: it is asked and
        recorded, and decides nothing. `cancellations`: once the emitter stops waiting, a coroutine is cancelled, and Event.cancelled is true.

        `concurrency`: events in hand at a time; past it they wait. 1 hands out the next event once the one before is answered. `resume_from`:
        where to go on (position); where that is impossible it is reported, and begins with the next event. `wait_for_daemon`: also for one
        that is not there at the start. `drain_timeout`: how long stop() leaves hooks that are under way. `reconnect_min`, `reconnect_max`: the
        pauses between attempts, doubled from one to the other. Times are in seconds."""
        self._settings = Settings(
            Address(path, daemon_user), max(concurrency, 1), wait_for_daemon, connect_timeout, answer_timeout, drain_timeout, reconnect_min,
            reconnect_max)
        self._on_notice = on_notice
        self._routes: List[Tuple[Pattern[str], Hook]] = []
        self._subscription = Subscription(
            [], name, responds, asked_only, on_failure, order, where, shadow, scope, cancellations)
        self._position = resume_from
        self._run: Optional[HookRun] = None
        self._stop_requested = threading.Event()

    def on(self, *patterns: str) -> Callable[[_AnyHook], _AnyHook]:
        """A decorator: the function is asked about events whose name matches one of the patterns (`*` any run, `?` one character)."""
        if not patterns or not all(isinstance(each, str) for each in patterns):
            raise InvalidArgumentError('on() takes names of events, or patterns: @hooks.on("pre_push")')

        def register(hook: _AnyHook) -> _AnyHook:
            for pattern in patterns:
                self._routes.append((_glob(pattern), hook))
                if pattern not in self._subscription.events:
                    self._subscription.events.append(pattern)
            return hook

        return register

    def run(self) -> None:
        """Serves until stop(). Plain functions run one after the other in the calling thread, and Ctrl-C interrupts them; the connection lives
        in a thread of its own. Raises NoDaemonError where no daemon is there at the start, and HookdError where the daemon refuses for good."""
        import asyncio  # it takes longer to load than a Client, which does without, to get its answer

        from ._hook_run import CallingThread

        calls = CallingThread()
        failures: List[BaseException] = []

        def connect() -> None:
            try:
                asyncio.run(self._serve(calls))
            except BaseException as failure:  # raised again in the calling thread
                failures.append(failure)
            finally:
                calls.shutdown()

        thread = threading.Thread(target=connect, name="hookd", daemon=True)
        thread.start()
        try:
            calls.work()
        except BaseException:
            calls.cancel()
            self.stop()
            thread.join(self._settings.drain_timeout)
            raise
        thread.join()
        if failures:
            raise failures[0]

    async def serve(self) -> None:
        """As run, within the running event loop. Plain functions run in threads of its pool. To end it, cancel the task or call stop()."""
        await self._serve(None)

    def stop(self) -> None:
        """Ends run() or serve(): no further event is handed out, and hooks that are under way may finish within drain_timeout. May be called
        from any thread, and from a signal handler. Before run() it makes that return at once."""
        self._stop_requested.set()
        run = self._run
        if run:
            run.stop()

    @property
    def position(self) -> Optional[Position]:
        """Where a later Hooks has to resume: after the last event handed out."""
        return self._run.position if self._run else self._position

    async def _serve(self, executor: Optional[Executor]) -> None:
        if not self._routes:
            raise InvalidArgumentError('there is no hook: decorate a function with @hooks.on("pre_push") first')
        from ._hook_run import HookRun

        run = HookRun(self._settings, self._subscription, self._find, self._notify, self._position, executor)
        self._run = run
        try:
            if not self._stop_requested.is_set():
                await run.serve()
        finally:
            self._run = None
            self._position = run.position
            self._stop_requested.clear()

    def _find(self, name: str) -> Optional[Hook]:
        return next((hook for pattern, hook in self._routes if pattern.fullmatch(name)), None)

    def _notify(self, kind: str, message: str, failure: Optional[BaseException]) -> None:
        trace = failure if kind == "hook_failed" else None
        _log.log(logging.INFO if kind == "connected" else logging.WARNING, "%s", message, exc_info=trace)
        if self._on_notice:
            self._on_notice(kind, message)


def _glob(pattern: str) -> Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern), re.DOTALL)
