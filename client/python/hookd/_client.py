# SPDX-License-Identifier: BSL-1.0
"""The blocking client."""

from __future__ import annotations

import os
import select
import socket
import time
from types import TracebackType
from typing import Any, Dict, Mapping, Optional, Sequence, Type, Union

from . import _json, _model, _requests, _wire
from ._address import Address
from ._errors import AnswerTimeoutError, ConnectionBrokenError, HookdError, RequestError, request_error
from ._json import EMPTY_OBJECT, RawJson
from ._model import Accepted, DaemonInfo, Emission, Reply, Verdict

_PAUSE = 0.001  # between attempts while the daemon's queue of connections is full
_CHUNK = 256 * 1024


class Client:
    """A blocking client: one connection, one request at a time.

        with hookd.Client() as daemon:
            verdict = daemon.emit_and_wait("pre_push", {"branch": "main"})
            if not verdict:
                sys.exit(verdict.abort)

    Times are in seconds. Payloads and parameters are JSON values, or RawJson for a text that is to arrive byte for byte.

    It connects at once, and again with the next call once the connection is lost. A connection that breaks while an answer is awaited is
    reported (ConnectionBrokenError), since the daemon may have done what was asked; but what has an `operation_id`, or changes nothing (ping,
    stats), is sent once more over a new connection first. A daemon that hangs ends every call (AnswerTimeoutError).

    Thread-safety: none; use one client per thread. Every method raises HookdError.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]", None] = None, *, daemon_user: Union[str, int, None] = None,
                 connect_timeout: float = 5.0, answer_timeout: float = 30.0) -> None:
        """`path`: the socket, or `@NAME` for an abstract one; None for default_socket_path(). `daemon_user`: a user besides the own one and
        root whose daemon is trusted; None for $HOOKD_DAEMON_USER. `connect_timeout`: for a daemon whose queue of connections is full; an absent
        one is reported at once. `answer_timeout`: how long an answer may take beyond what the request itself asks to wait."""
        self._address = Address(path, daemon_user)
        self._connect_timeout = connect_timeout
        self._answer_timeout = answer_timeout
        self._stream: Optional[_Stream] = None
        self._last_number = 0
        self._connect()

    @property
    def path(self) -> str:
        """The socket's path that this client uses."""
        return self._address.path

    def emit(self, event: str, payload: Any = EMPTY_OBJECT, *, reserve: Optional[float] = None, cause: Optional[str] = None,
             scope: Optional[str] = None, operation_id: Optional[str] = None) -> Emission:
        """Fires an event and does not wait. `reserve`: keeps a slot that long for await_response. `cause`: the events that led to this one;
        None for that of the hook which runs, or $HOOK_CAUSE; "" for none. `operation_id`: a UUID that makes a retry safe."""
        params = _requests.emit(event, payload, reserve=reserve, cause=cause, scope=scope, operation_id=operation_id)
        return _model.read_emission(self._request("emit", params, repeatable=operation_id is not None).fields["result"])

    def emit_and_wait(self, event: str, payload: Any = EMPTY_OBJECT, *, timeout: Optional[float] = None, policy: Optional[str] = "veto",
                      failure_policy: Optional[str] = None, require_subscriber: bool = True, require: Sequence[str] = (),
                      cause: Optional[str] = None, scope: Optional[str] = None, operation_id: Optional[str] = None) -> Verdict:
        """Fires an event and waits for what the hooks say.

        `policy`: "veto" unless given, as hookctl has it and other than on the wire: a fast "fine" must not overtake a slower veto. None leaves it
        to the daemon (its catalog, else "first"). `timeout`, `failure_policy`: None leaves them to the daemon (its catalog, else 30 s and
        "open"). `require`: names of hooks that must have replied. `require_subscriber=False`: waits for a hook where none is there."""
        params = _requests.emit_and_wait(
            event, payload, timeout=timeout, policy=policy, failure_policy=failure_policy, require_subscriber=require_subscriber,
            require=require, cause=cause, scope=scope, operation_id=operation_id)
        answer = self._request("emit_and_wait", params, waits=True, timeout=timeout, repeatable=operation_id is not None)
        return _model.read_verdict(answer.fields["result"], answer.text, failure_policy)

    def await_response(self, hook_event_id: str, timeout: Optional[float] = None) -> Verdict:
        """Waits for the reply to an event that was emitted with `reserve`, by any process."""
        params = _requests.await_response(hook_event_id, timeout)
        answer = self._request("await_response", params, waits=True, timeout=timeout)
        return _model.read_verdict(answer.fields["result"], answer.text)

    def respond(self, hook_event_id: str, reply: Union[Reply, Mapping[str, Any], None] = None) -> Accepted:
        """Answers an event, from whichever process knows its id."""
        params = _requests.respond(hook_event_id, _model.as_reply(reply))
        return _model.read_accepted(self._request("respond", params).fields["result"])

    def ping(self) -> DaemonInfo:
        """Asks which daemon this is."""
        return _model.read_info(self._request("ping", "{}", repeatable=True).fields["result"])

    def stats(self) -> Dict[str, Any]:
        """The daemon's counters."""
        stats: Dict[str, Any] = self._request("stats", "{}", repeatable=True).fields["result"]
        return stats

    def call(self, method: str, params: Union[Mapping[str, Any], RawJson, None] = None, *, timeout: Optional[float] = None) -> Any:
        """Any request; returns its result. `timeout`: how long the request itself waits, if it does; None: as long as the daemon lives."""
        return self._request(method, _requests.call(params), waits=True, timeout=timeout).fields["result"]

    def close(self) -> None:
        """Ends the connection. A later call opens a new one."""
        if self._stream:
            self._stream.close()
            self._stream = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], failure: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def _request(self, method: str, params: str, *, waits: bool = False, timeout: Optional[float] = None,
                 repeatable: bool = False) -> _wire.Message:
        """The answer. `waits`: it may take `timeout` and the answer's time, or, without one, as long as the daemon lives."""
        limit = None if waits and timeout is None else (timeout or 0) + self._answer_timeout
        try:
            return self._exchange(method, params, limit)
        except ConnectionBrokenError:
            if not repeatable:
                raise
            return self._exchange(method, params, limit)

    def _exchange(self, method: str, params: str, limit: Optional[float]) -> _wire.Message:
        stream = self._connect()
        self._last_number += 1
        number = self._last_number
        frame = _wire.request(number, method, params)
        try:
            stream.send(frame, self._answer_timeout)
            answer = self._receive(stream, number, limit)
        except BaseException:
            # Whatever interrupted it, Ctrl-C included: half a frame may have been sent, and an answer would meet the next request.
            self.close()
            raise
        return answer.successful(method)

    def _receive(self, stream: _Stream, number: int, limit: Optional[float]) -> _wire.Message:
        end = None if limit is None else time.monotonic() + limit
        asked = False
        while True:
            message = stream.receive(self._answer_timeout if end is None else end - time.monotonic())
            if message is None:
                if end is not None or asked:
                    raise AnswerTimeoutError(f"the daemon at {self.path} did not answer in time: see whether it hangs")
                # The wait may be long, but a daemon that lives answers this at once.
                stream.send(_wire.request(0, "ping", "{}"), self._answer_timeout)
                asked = True
                continue
            asked = False
            if message.number == number and message.method is None:
                return message

    def _connect(self) -> _Stream:
        if self._stream and self._stream.has_ended():
            self.close()
        if not self._stream:
            self._stream = _Stream(self._open())
        return self._stream

    def _open(self) -> socket.socket:
        end = time.monotonic() + self._connect_timeout
        while True:
            peer = self._address.try_connect()
            if peer:
                return peer
            if time.monotonic() >= end:
                raise self._address.full_error()
            time.sleep(_PAUSE)


class _Stream:
    """A connected socket as frames. After a write that failed it reads on: the daemon may have said why it closed."""

    def __init__(self, peer: socket.socket) -> None:
        self._socket = peer
        self._frames = _wire.FrameReader()
        self._write_failure: Optional[OSError] = None
        self._last_word: Optional[RequestError] = None

    def close(self) -> None:
        self._socket.close()

    def has_ended(self) -> bool:
        """Whether the other end has closed in the meantime."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if not poll.poll(0):
            return False
        try:
            return not self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def send(self, frame: bytes, timeout: float) -> None:
        self._socket.settimeout(timeout)
        try:
            self._socket.sendall(frame, socket.MSG_NOSIGNAL)
        except socket.timeout:
            raise AnswerTimeoutError("the daemon does not read what it is sent: see whether it hangs") from None
        except OSError as failure:
            self._write_failure = failure

    def receive(self, timeout: float) -> Optional[_wire.Message]:
        """The next message; None where none came in time."""
        end = time.monotonic() + timeout
        while True:
            frame = self._frames.next_frame()
            if frame is not None:
                message = _wire.Message(frame)
                if message.is_last_word:
                    self._last_word = request_error(message.fields["error"])
                    continue
                return message
            # 0 would mean "do not block" to the socket, and something may be there already.
            self._socket.settimeout(max(end - time.monotonic(), 1e-6))
            try:
                data = self._socket.recv(_CHUNK)
            except socket.timeout:
                return None
            except OSError as failure:
                raise self._ended(failure) from None
            if not data:
                raise self._ended(self._write_failure)
            self._frames.feed(data)

    def _ended(self, failure: Optional[OSError]) -> HookdError:
        if self._last_word:
            return self._last_word
        reason = f" ({failure.strerror})" if failure else ""
        return ConnectionBrokenError(
            f"the daemon closed the connection before it answered{reason}; the request may or may not have been carried out")
