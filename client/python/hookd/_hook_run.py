# SPDX-License-Identifier: BSL-1.0
"""One run of Hooks, in one event loop."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import queue
from collections import deque
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, Callable, Deque, Dict, List, Optional, Set, Tuple

from . import _model, _requests, _wire
from ._connection import Connection
from ._errors import HookdError, InvalidArgumentError, RequestError, ResumeImpossibleError
from ._model import Event, Position, Reply
from ._session import Backoff, Hook, Notify, SessionState, Settings, Subscription

#: What a plain function returned, and the daemon's answer to it if it has been sent.
Outcome = asyncio.Future[Tuple[Any, Optional[asyncio.Future[_wire.Message]]]]

# Read ahead while hooks are busy, so that a cancellation is seen behind events that wait; past it the daemon keeps the rest.
_MAX_QUEUED_BYTES = 4 * 1024 * 1024

#: Why the daemon did not accept a reply. "answered" is none of them: another hook's reply, as a veto that came first, has ended the wait.
_REFUSAL_TEXTS = {
    "expired": "it came after the time limit", "cancelled": "the emitter no longer waits", "unknown": "the daemon no longer knows the event",
}


class HookRun:
    """From its start to its end. The connection's reader puts events into a queue, and `_hand_out` starts a task for each while fewer than
    `concurrency` are in hand. A reply takes the connection that is there when it is ready."""

    def __init__(self, settings: Settings, subscription: Subscription, find: Callable[[str], Optional[Hook]], notify: Notify,
                 position: Optional[Position], executor: Optional[Executor]) -> None:
        self.position = position  #: after the last event handed out
        self._settings = settings
        self._responds = subscription.responds
        self._state = SessionState(subscription, position)
        self._find = find
        self._notify = notify
        self._executor = executor
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._closing = False
        self._connection: Optional[Connection] = None  # while its session is open
        self._lagged = asyncio.Event()  # the daemon has closed the session, and it may be opened again
        self._queue: Deque[Tuple[Event, Position]] = deque()
        self._queued_bytes = 0
        self._paused: Optional[Connection] = None  # until the queue has room again
        self._free_slots = settings.concurrency
        self._hands_out = True  # until stop()
        self._in_hand: Dict[asyncio.Task[None], Event] = {}
        self._undelivered: List[Tuple[Event, Reply]] = []  # answered while there was no session

    def stop(self) -> None:
        """From any thread, or a signal handler."""
        try:
            self._loop.call_soon_threadsafe(self._stopping.set)
        except RuntimeError:
            pass  # the loop is closed: it has ended by itself

    async def serve(self) -> None:
        backoff = Backoff(self._settings.reconnect_min, self._settings.reconnect_max)
        stopping = asyncio.ensure_future(self._stopping.wait())
        tasks: Set[asyncio.Task[Any]] = {stopping}
        try:
            while True:
                attempt = asyncio.ensure_future(self._serve_connection(stopping, backoff))
                tasks.add(attempt)
                await asyncio.wait({stopping, attempt}, return_when=asyncio.FIRST_COMPLETED)
                if not attempt.done() and self._connection is None:
                    return  # nothing to wait for: the daemon is absent, or hangs
                failure = await attempt
                tasks.remove(attempt)
                if failure is None:
                    return
                if not self._state.outlasts(failure, self._settings.wait_for_daemon):
                    raise failure
                await asyncio.wait({stopping}, timeout=backoff.next())
                if stopping.done():
                    return
        finally:
            self._closing = True
            self._hands_out = False
            tasks.update(self._in_hand)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    # --- the connection ----------------------------------------------------------------------------------------------

    async def _serve_connection(self, stopping: asyncio.Task[Any], backoff: Backoff) -> Optional[HookdError]:
        """Serves one connection. Returns why it ended; None where stop() ended it."""
        connection = None
        try:
            connection = await Connection.open(self._settings.address, self._settings.connect_timeout, self._on_message)
            while True:
                await self._subscribe(connection)
                backoff.reset()
                lagged = asyncio.ensure_future(self._lagged.wait())
                await asyncio.wait({stopping, lagged, connection.lost}, return_when=asyncio.FIRST_COMPLETED)
                lagged.cancel()
                if stopping.done():
                    self._hands_out = False
                    await self._drain()
                    return None
                if connection.lost.done():
                    failure = connection.lost.result()
                    self._notify("disconnected", f"lost the daemon, trying again: {failure}", None)
                    return failure
        except HookdError as failure:
            return failure
        finally:
            self._connection = None
            if connection:
                await connection.close()

    async def _subscribe(self, connection: Connection) -> None:
        # The first answer has a limit, so that a daemon which hangs does not look like one that has nothing to ask.
        limit = None if self._state.was_open or self._settings.wait_for_daemon else self._settings.answer_timeout
        self._lagged.clear()

        async def attempt() -> None:
            await connection.request("subscribe", self._state.params(), limit, self._settings.answer_timeout,
                                     on_result=partial(self._on_subscribed, connection))

        try:
            await attempt()
        except ResumeImpossibleError as failure:
            lost = self._state.start_afresh()
            after = f" after event {lost.after_seq}" if lost else ""
            self._notify("resume_impossible", f"could not resume{after}, so events may have been missed ({failure})", failure)
            await attempt()

    def _on_subscribed(self, connection: Connection, result: Any) -> None:
        begin = self._state.opened(result)
        if not self._queue:
            self.position = begin
        self._connection = connection
        self._notify("connected", f"subscribed; the session begins after event {begin.after_seq}", None)
        undelivered, self._undelivered = self._undelivered, []
        for event, reply in undelivered:
            self._start(self._deliver(connection, event, reply), event)

    def _on_message(self, message: _wire.Message) -> None:
        params = message.fields.get("params")
        if message.method == "event":
            event = _model.read_event(params, message.text)
            self._queue.append((event, self._state.received(event.seq)))
            self._queued_bytes += len(message.text)
            self._hand_out()
            if self._queued_bytes > _MAX_QUEUED_BYTES and self._connection:
                self._paused = self._connection
                self._paused.pause()
        elif message.method == "cancelled" and isinstance(params, dict):
            self._cancel(params.get("hook_event_id"))
        elif message.method == "closed" and isinstance(params, dict):
            self._on_closed(params.get("reason"), params.get("last_seq"))

    def _on_closed(self, reason: Any, last_seq: Any) -> None:
        self._connection = None
        if isinstance(last_seq, int):
            self._state.received(last_seq)
        if reason != "shutdown":
            self._notify("lagged", f"the daemon closed the session ({reason}); resuming", None)
            self._lagged.set()

    # --- events ------------------------------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        while self._hands_out and self._queue and self._free_slots > 0:
            self._free_slots -= 1
            event, self.position = self._queue.popleft()
            self._queued_bytes -= len(event._text)
            self._start(self._handle(event, self._begin(event)), event)
        if self._paused and self._queued_bytes <= _MAX_QUEUED_BYTES:
            self._paused.resume()
            self._paused = None

    def _start(self, work: Any, event: Event) -> None:
        task = asyncio.ensure_future(work)
        self._in_hand[task] = event
        task.add_done_callback(self._in_hand.pop)

    def _begin(self, event: Event) -> Optional[Outcome]:
        """Calls the hook of an event in its thread, at once and not in a turn of the task that waits for it; None where there is nothing to call
        in a thread."""
        hook = None if event.cancelled else self._find(event.name)
        if hook is None or inspect.iscoroutinefunction(hook):
            return None
        context, call = contextvars.copy_context(), partial(self._call, hook, event)
        context.run(_model.current_cause.set, event.as_cause)
        return self._loop.run_in_executor(self._executor, lambda: context.run(call))

    async def _handle(self, event: Event, outcome: Optional[Outcome]) -> None:
        try:
            reply, answer = await self._ask(event, outcome)
        finally:
            self._free_slots += 1
            self._hand_out()
        if reply is None:
            return
        if answer is not None:
            await self._confirm(answer, event, reply)
        elif self._is_awaited(event):
            if self._connection:
                await self._deliver(self._connection, event, reply)
            else:
                self._undelivered.append((event, reply))

    def _is_awaited(self, event: Event) -> bool:
        return self._responds and not event.cancelled and (event.expects_response or event.replayed)

    async def _ask(self, event: Event, outcome: Optional[Outcome]) -> Tuple[Optional[Reply], Optional[asyncio.Future[_wire.Message]]]:
        """The reply, and the daemon's answer to it if it has been sent; None if no emitter waits for it any longer."""
        _model.current_cause.set(event.as_cause)  # of this task, and of what it calls
        try:
            if outcome:
                value, answer = await outcome
                return _model.as_reply(await value if inspect.isawaitable(value) else value), answer
            if event.cancelled:
                return None, None
            hook = self._find(event.name)
            if hook is None:
                return _model.abstain(), None
            return _model.as_reply(await hook(event)), None
        except asyncio.CancelledError:
            if self._closing:
                raise
            return (None if event.cancelled else _model.failed("the hook was interrupted")), None
        except Exception as failure:  # a hook that breaks must not take the others along
            why = f"{type(failure).__name__}: {failure}"
            self._notify("hook_failed", f"the hook for {event.name} (event {event.seq}) failed: {why}", failure)
            return _model.failed(why), None

    def _call(self, hook: Hook, event: Event) -> Tuple[Any, Optional[asyncio.Future[_wire.Message]]]:
        """In the thread of a plain function, from which its reply leaves at once if it can."""
        value = hook(event)
        if inspect.isawaitable(value):
            return value, None
        reply = _model.as_reply(value)
        connection = self._connection
        if connection is None or not self._is_awaited(event):
            return reply, None
        try:
            params = _requests.respond(event.hook_event_id, reply)
        except InvalidArgumentError:
            return reply, None  # which _deliver() reports
        return reply, connection.send_from_thread("respond", params)

    def _cancel(self, hook_event_id: Any) -> None:
        for event, _ in self._queue:
            if event.hook_event_id == hook_event_id:
                event.cancel()
        for task, event in self._in_hand.items():
            if event.hook_event_id == hook_event_id:
                event.cancel()
                # A plain function goes on in its thread; it may ask event.cancelled.
                if inspect.iscoroutinefunction(self._find(event.name)):
                    task.cancel()

    async def _deliver(self, connection: Connection, event: Event, reply: Reply) -> None:
        try:
            answer = connection.send("respond", _requests.respond(event.hook_event_id, reply))
        except InvalidArgumentError as failure:
            await self._replace_refused(event, reply, failure)
        else:
            await self._confirm(answer, event, reply)

    async def _confirm(self, answer: asyncio.Future[_wire.Message], event: Event, reply: Reply) -> None:
        """Sees to it that the daemon takes the reply that was sent."""
        try:
            accepted = _model.read_accepted((await answer).successful("respond").fields["result"])
            if not accepted and accepted.reason != "answered" and not event.cancelled:
                why = _REFUSAL_TEXTS.get(accepted.reason or "", accepted.reason)
                self._notify("reply_refused", f"the reply to {event.name} (event {event.seq}) was not accepted: {why}", None)
        except (RequestError, InvalidArgumentError) as failure:
            await self._replace_refused(event, reply, failure)
        except HookdError:
            pass  # reported as disconnected; the daemon has noticed that this responder left

    async def _replace_refused(self, event: Event, reply: Reply, failure: HookdError) -> None:
        self._notify("reply_refused", f"the reply to {event.name} (event {event.seq}) was refused: {failure}", failure)
        # A reply that is not valid is a hook that failed; the emitter is not to wait for it until its time is over.
        if "response" in reply.members and self._connection:
            await self._deliver(self._connection, event, _model.failed(str(failure)))

    async def _drain(self) -> None:
        if self._in_hand:
            await asyncio.wait(set(self._in_hand), timeout=self._settings.drain_timeout)


class CallingThread(Executor):
    """Runs what is submitted in the thread that calls work(), in order."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Optional[Tuple[Future[Any], Callable[[], Any]]]] = queue.SimpleQueue()
        self._cancelled = False

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self._cancelled:
            future.cancel()
        else:
            self._calls.put((future, partial(function, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends work() after what was submitted before."""
        self._calls.put(None)

    def cancel(self) -> None:
        """Nobody works any longer: cancels what was submitted, and what will be."""
        self._cancelled = True
        while not self._calls.empty():
            call = self._calls.get()
            if call:
                call[0].cancel()

    def work(self) -> None:
        """Runs until shutdown(). An exception that is more than an Exception (Ctrl-C, exit) ends the call, and this."""
        while True:
            call = self._calls.get()
            if call is None:
                return
            future, function = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = function()
            except Exception as failure:
                future.set_exception(failure)
            except BaseException:
                future.set_exception(RuntimeError("the hook was interrupted"))
                raise
            else:
                future.set_result(result)
