# SPDX-License-Identifier: BSL-1.0
"""One connection in an event loop: what aio.Client and Hooks are made of."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any, Callable, Dict, Optional, Tuple

from . import _json, _wire
from ._address import Address
from ._errors import AnswerTimeoutError, ConnectionBrokenError, HookdError, RequestError, request_error

_PAUSE = 0.001  # between attempts while the daemon's queue of connections is full
_CHUNK = 64 * 1024

Listener = Callable[[_wire.Message], None]
OnResult = Callable[[Any], None]


class Connection:
    """Any number of requests at a time, and notifications between their answers.

    It works on the socket itself and not through asyncio's streams: those drop what has arrived once a write fails, and that is where the
    daemon says why it closed.
    """

    def __init__(self, peer: socket.socket, listener: Optional[Listener]) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()  # of what send_from_thread() touches
        self._socket = peer
        self._listener = listener
        self._frames = _wire.FrameReader()
        self._frames_read = 0
        self._output = bytearray()
        self._has_output = asyncio.Event()
        self._is_writing = False
        self._write_failure: Optional[OSError] = None
        self._waiting: Dict[int, Tuple[asyncio.Future[_wire.Message], Optional[OnResult]]] = {}
        self._last_number = 0
        self._last_word: Optional[RequestError] = None
        self.lost: asyncio.Future[HookdError] = self._loop.create_future()  #: why it ended, once it has
        self._is_paused = False
        self._loop.add_reader(peer, self._read)
        self._writer = asyncio.ensure_future(self._write())

    @classmethod
    async def open(cls, address: Address, timeout: float, listener: Optional[Listener] = None) -> Connection:
        """Connects. `listener` is called with each notification, in order. What it raises as HookdError ends the connection."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while True:
            peer = address.try_connect()
            if peer:
                return cls(peer, listener)
            if loop.time() >= end:
                raise address.full_error()
            await asyncio.sleep(_PAUSE)

    async def close(self) -> None:
        """Ends it; what waits for an answer fails."""
        self._end(ConnectionBrokenError("the connection was closed before the answer came"))
        self._writer.cancel()
        await asyncio.wait({self._writer})
        with self._lock:
            self._socket.close()

    def send(self, method: str, params: str, on_result: Optional[OnResult] = None) -> asyncio.Future[_wire.Message]:
        """Sends a request, and returns the future of its answer, which fails with HookdError once the connection is lost. Cancelling that
        future cancels the request at the daemon. `on_result` is called with a result as it is read, before what comes behind it."""
        with self._lock:
            number, answer = self._next_answer()
            if self.lost.done():
                answer.set_exception(self.lost.result())
            else:
                self._waiting[number] = (answer, on_result)
                self._send_frame(_wire.request(number, method, params))
        return answer

    def send_from_thread(self, method: str, params: str) -> Optional[asyncio.Future[_wire.Message]]:
        """As send(), in any thread, which saves the two turns until the event loop's is awake; None where the socket does not take it at once,
        and then nothing is sent."""
        with self._lock:
            if self.lost.done() or self._output or self._is_writing or self._write_failure:
                return None
            number, answer = self._next_answer()
            frame = _wire.request(number, method, params)
            self._waiting[number] = (answer, None)
            sent = self._send_at_once(frame)
            if sent == 0:
                del self._waiting[number]
                return None
            if sent < len(frame):
                self._output += frame[sent:]
                self._loop.call_soon_threadsafe(self._has_output.set)
        return answer

    def _next_answer(self) -> Tuple[int, asyncio.Future[_wire.Message]]:
        self._last_number += 1
        number = self._last_number
        answer: asyncio.Future[_wire.Message] = self._loop.create_future()
        answer.add_done_callback(lambda done: self._forget(number, done))
        return number, answer

    async def request(self, method: str, params: str, limit: Optional[float], answer_timeout: float,
                      on_result: Optional[OnResult] = None) -> _wire.Message:
        """The answer; AnswerTimeoutError after `limit` seconds, or, without a limit, once the daemon does not answer a ping either."""
        answer = self.send(method, params, on_result)
        try:
            if limit is not None:
                await asyncio.wait({answer}, timeout=limit)
            else:
                await self._wait_while_alive(answer, answer_timeout)
            if not answer.done():
                raise AnswerTimeoutError("the daemon did not answer in time: see whether it hangs")
        finally:
            answer.cancel()  # does nothing to one that has come
        return answer.result().successful(method)

    async def _wait_while_alive(self, answer: asyncio.Future[_wire.Message], answer_timeout: float) -> None:
        while not answer.done():
            frames = self._frames_read
            await asyncio.wait({answer}, timeout=answer_timeout)
            if answer.done() or self._frames_read != frames:
                continue
            # The wait may be long, but a daemon that lives answers this at once.
            alive = self.send("ping", "{}")
            await asyncio.wait({answer, alive}, timeout=answer_timeout, return_when=asyncio.FIRST_COMPLETED)
            alive.cancel()
            if self._frames_read == frames:
                return

    def _forget(self, number: int, answer: asyncio.Future[_wire.Message]) -> None:
        self._waiting.pop(number, None)
        if not answer.cancelled():
            answer.exception()  # whoever lost interest need not ask for it
        else:
            with self._lock:
                if not self.lost.done():
                    self._send_frame(_wire.request(None, "$/cancelRequest", _json.encode({"id": number})))

    def _send_frame(self, frame: bytes) -> None:
        if self._write_failure:
            return
        if not self._output and not self._is_writing:
            frame = frame[self._send_at_once(frame):]
        if frame and not self._write_failure:
            self._output += frame
            self._has_output.set()

    def _send_at_once(self, frame: bytes) -> int:
        """How many bytes the socket takes without waiting: usually all, which saves a turn of the event loop."""
        try:
            return self._socket.send(frame)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as failure:
            self._write_failure = failure  # reading continues to the end
            return 0

    async def _write(self) -> None:
        try:
            while await self._has_output.wait():
                self._has_output.clear()
                with self._lock:
                    output, self._output = self._output, bytearray()
                    self._is_writing = True
                await self._loop.sock_sendall(self._socket, output)
                self._is_writing = False
        except OSError as failure:
            self._write_failure = failure  # reading continues to the end

    def pause(self) -> None:
        """Reads nothing more, and calls the listener no more, until resume()."""
        self._is_paused = True
        self._loop.remove_reader(self._socket)

    def resume(self) -> None:
        """Goes on from the next turn of the event loop. Does nothing where it is not paused, or has ended."""
        if self._is_paused and not self.lost.done():
            self._is_paused = False
            self._loop.add_reader(self._socket, self._read)
            self._loop.call_soon(self._take_frames)

    def _read(self) -> None:
        """Called by the event loop itself, since a task that waits for the socket would cost each event two turns more."""
        try:
            data = self._socket.recv(_CHUNK)
            if not data:
                raise self._write_failure or EOFError
        except (BlockingIOError, InterruptedError):
            return
        except (EOFError, OSError) as failure:
            reason = f" ({failure.strerror})" if isinstance(failure, OSError) and failure.strerror else ""
            self._end(self._last_word or ConnectionBrokenError(
                f"the daemon closed the connection{reason}; unanswered requests may or may not have been carried out"))
        else:
            self._frames.feed(data)
            self._take_frames()

    def _take_frames(self) -> None:
        try:
            while not self._is_paused and not self.lost.done():
                frame = self._frames.next_frame()
                if frame is None:
                    return
                self._frames_read += 1
                self._take(_wire.Message(frame))
        except HookdError as failure:
            self._end(failure)

    def _take(self, message: _wire.Message) -> None:
        if message.method is not None:
            if self._listener:
                self._listener(message)
        elif message.is_last_word:
            self._last_word = request_error(message.fields["error"])
        else:
            self._take_answer(message)

    def _take_answer(self, message: _wire.Message) -> None:
        answer, on_result = self._waiting.get(message.number, (None, None))
        if answer is None or answer.done():
            return
        if on_result and "result" in message.fields:
            on_result(message.fields["result"])
        answer.set_result(message)

    def _end(self, why: HookdError) -> None:
        with self._lock:
            if self.lost.done():
                return
            self.lost.set_result(why)
        self._loop.remove_reader(self._socket)
        for answer, _ in list(self._waiting.values()):
            if not answer.done():
                answer.set_exception(why)
