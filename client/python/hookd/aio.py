# SPDX-License-Identifier: BSL-1.0
"""The asyncio client: `hookd.aio.Client`. Hooks for asyncio are `hookd.Hooks` with `await hooks.serve()`."""

from __future__ import annotations

import asyncio
import os
from types import TracebackType
from typing import Any, Dict, Mapping, Optional, Sequence, Type, Union

from . import _model, _requests, _wire
from ._address import Address
from ._connection import Connection
from ._errors import ConnectionBrokenError
from ._json import EMPTY_OBJECT, RawJson
from ._model import Accepted, DaemonInfo, Emission, Reply, Verdict

__all__ = ["Client"]


class Client:
    """An asyncio client: one connection, any number of requests under way on it.

        async with hookd.aio.Client() as daemon:
            verdict = await daemon.emit_and_wait("pre_push", {"branch": "main"})

    Parameters, errors and results are those of hookd.Client. It connects with the first request, and again with the next one once the
    connection is lost. A task that is cancelled while it waits cancels the request at the daemon, too.

    To be used within one event loop; methods may be called from any of its tasks.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]", None] = None, *, daemon_user: Union[str, int, None] = None,
                 connect_timeout: float = 5.0, answer_timeout: float = 30.0) -> None:
        self._address = Address(path, daemon_user)
        self._connect_timeout = connect_timeout
        self._answer_timeout = answer_timeout
        self._connection: Optional[Connection] = None
        self._connecting: Optional[asyncio.Lock] = None

    @property
    def path(self) -> str:
        """The socket's path that this client uses."""
        return self._address.path

    async def connect(self) -> None:
        """Connects now, to learn whether a daemon is there."""
        await self._open()

    async def emit(self, event: str, payload: Any = EMPTY_OBJECT, *, reserve: Optional[float] = None, cause: Optional[str] = None,
                   scope: Optional[str] = None, operation_id: Optional[str] = None) -> Emission:
        """As hookd.Client.emit."""
        params = _requests.emit(event, payload, reserve=reserve, cause=cause, scope=scope, operation_id=operation_id)
        answer = await self._request("emit", params, repeatable=operation_id is not None)
        return _model.read_emission(answer.fields["result"])

    async def emit_and_wait(self, event: str, payload: Any = EMPTY_OBJECT, *, timeout: Optional[float] = None,
                            policy: Optional[str] = "veto", failure_policy: Optional[str] = None, require_subscriber: bool = True,
                            require: Sequence[str] = (), cause: Optional[str] = None, scope: Optional[str] = None,
                            operation_id: Optional[str] = None) -> Verdict:
        """As hookd.Client.emit_and_wait."""
        params = _requests.emit_and_wait(
            event, payload, timeout=timeout, policy=policy, failure_policy=failure_policy, require_subscriber=require_subscriber,
            require=require, cause=cause, scope=scope, operation_id=operation_id)
        answer = await self._request("emit_and_wait", params, waits=True, timeout=timeout, repeatable=operation_id is not None)
        return _model.read_verdict(answer.fields["result"], answer.text, failure_policy)

    async def await_response(self, hook_event_id: str, timeout: Optional[float] = None) -> Verdict:
        """As hookd.Client.await_response."""
        params = _requests.await_response(hook_event_id, timeout)
        answer = await self._request("await_response", params, waits=True, timeout=timeout)
        return _model.read_verdict(answer.fields["result"], answer.text)

    async def respond(self, hook_event_id: str, reply: Union[Reply, Mapping[str, Any], None] = None) -> Accepted:
        """As hookd.Client.respond."""
        answer = await self._request("respond", _requests.respond(hook_event_id, _model.as_reply(reply)))
        return _model.read_accepted(answer.fields["result"])

    async def ping(self) -> DaemonInfo:
        """As hookd.Client.ping."""
        return _model.read_info((await self._request("ping", "{}", repeatable=True)).fields["result"])

    async def stats(self) -> Dict[str, Any]:
        """As hookd.Client.stats."""
        stats: Dict[str, Any] = (await self._request("stats", "{}", repeatable=True)).fields["result"]
        return stats

    async def call(self, method: str, params: Union[Mapping[str, Any], RawJson, None] = None, *,
                   timeout: Optional[float] = None) -> Any:
        """As hookd.Client.call."""
        return (await self._request(method, _requests.call(params), waits=True, timeout=timeout)).fields["result"]

    async def close(self) -> None:
        """Ends the connection; what is under way fails."""
        connection, self._connection = self._connection, None
        if connection:
            await connection.close()

    async def __aenter__(self) -> Client:
        await self.connect()
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]], failure: Optional[BaseException],
                        trace: Optional[TracebackType]) -> None:
        await self.close()

    async def _request(self, method: str, params: str, *, waits: bool = False, timeout: Optional[float] = None,
                       repeatable: bool = False) -> _wire.Message:
        limit = None if waits and timeout is None else (timeout or 0) + self._answer_timeout
        try:
            return await (await self._open()).request(method, params, limit, self._answer_timeout)
        except ConnectionBrokenError:
            if not repeatable:
                raise
            return await (await self._open()).request(method, params, limit, self._answer_timeout)

    async def _open(self) -> Connection:
        if self._connecting is None:
            self._connecting = asyncio.Lock()
        async with self._connecting:
            if self._connection is None or self._connection.lost.done():
                await self.close()
                self._connection = await Connection.open(self._address, self._connect_timeout)
            return self._connection
