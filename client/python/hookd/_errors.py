# SPDX-License-Identifier: BSL-1.0
"""The exceptions of this package. Each message is a sentence that says what was wrong and what to do about it."""

from __future__ import annotations

from typing import Any, Dict, Type


class HookdError(Exception):
    """The base of all."""


class InvalidArgumentError(HookdError, ValueError):
    """An argument is unusable. Nothing was sent."""


class NoDaemonError(HookdError):
    """The daemon is absent: there is no socket at the path, or no process listens on it. Nothing was sent."""


class UnreachableError(HookdError):
    """Something is at the path that can't be connected to, or it refuses. That is not an absent daemon. Nothing was sent."""


class UntrustedDaemonError(UnreachableError):
    """The process that listens belongs to another user than the own one, root and the one named by daemon_user. Nothing was sent."""


class ConnectionBrokenError(HookdError):
    """The connection ended before the answer arrived: whether the daemon carried the request out is unknown."""


class AnswerTimeoutError(HookdError, TimeoutError):
    """The daemon hangs: no answer came in time. Whether it carried the request out is unknown."""


class RequestError(HookdError):
    """The daemon answered with an error. There is a subclass for each code of PROTOCOL.md."""

    def __init__(self, message: str, code: int, data: Any = None) -> None:
        super().__init__(message)
        self.code = code  #: the JSON-RPC error code
        self.data = data  #: what the protocol defines for that code, or None


class ParseError(RequestError):
    """-32700: the daemon could not read a frame."""


class InvalidRequestError(RequestError):
    """-32600: not a valid request."""


class MethodNotFoundError(RequestError):
    """-32601: this daemon does not know the method."""


class InvalidParamsError(RequestError):
    """-32602: a parameter is missing, unknown or out of range; the message names it."""


class InternalError(RequestError):
    """-32603: a fault of the daemon."""


class LimitExceededError(RequestError):
    """-32001: `data` has the limit's name and value."""


class ShuttingDownError(RequestError):
    """-32002: the daemon stops."""


class NotAllowedError(RequestError):
    """-32003: the daemon does not serve this user, or not this method."""


class CatalogError(RequestError):
    """-32004: not in the catalog, or not what its schema says; `data` names the place."""


class ResumeImpossibleError(RequestError):
    """-32005: events may have been missed."""


class SessionOpenError(RequestError):
    """-32006: the connection has a push session already."""


class ClusterError(RequestError):
    """-32007: in no cluster, or it could not be reached and nothing was fired."""


class RequestCancelledError(RequestError):
    """-32800: the request was cancelled."""


_CLASSES: Dict[int, Type[RequestError]] = {
    -32700: ParseError,
    -32600: InvalidRequestError,
    -32601: MethodNotFoundError,
    -32602: InvalidParamsError,
    -32603: InternalError,
    -32001: LimitExceededError,
    -32002: ShuttingDownError,
    -32003: NotAllowedError,
    -32004: CatalogError,
    -32005: ResumeImpossibleError,
    -32006: SessionOpenError,
    -32007: ClusterError,
    -32800: RequestCancelledError,
}


def request_error(error: Any, method: str = "") -> RequestError:
    """The exception for the `error` member of an answer to `method`."""
    fields = error if isinstance(error, dict) else {}
    code = fields.get("code")
    code = code if isinstance(code, int) else 0
    message = fields.get("message")
    words = message if isinstance(message, str) else "the daemon answered with an error that it does not explain"
    return _CLASSES.get(code, RequestError)(f"{method}: {words}" if method else words, code, fields.get("data"))
