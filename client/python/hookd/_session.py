# SPDX-License-Identifier: BSL-1.0
"""What Hooks was made with, and where its push session stands: from where it resumes, how long it pauses. Without I/O."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional

from . import _json
from ._address import Address
from ._errors import (ConnectionBrokenError, HookdError, LimitExceededError, NoDaemonError, RequestError, ShuttingDownError,
                      UnreachableError, UntrustedDaemonError)
from ._model import Event, Position

Hook = Callable[[Event], Any]
#: Is told the kind of a notice, a sentence, and the exception behind it.
Notify = Callable[[str, str, Optional[BaseException]], None]


@dataclass(frozen=True)
class Settings:
    """How to connect, how much at a time, how long."""

    address: Address
    concurrency: int
    wait_for_daemon: bool
    connect_timeout: float
    answer_timeout: float
    drain_timeout: float
    reconnect_min: float
    reconnect_max: float


@dataclass(frozen=True)
class Subscription:
    """The parameters of `subscribe` that stay the same. None, and False where that is the default, is not sent, for older daemons."""

    events: List[str]
    name: Optional[str] = None
    responds: bool = True
    asked_only: bool = False
    on_failure: Optional[str] = None
    order: Optional[int] = None
    where: Optional[Mapping[str, str]] = None
    shadow: bool = False
    scope: Optional[str] = None
    cancellations: bool = False

    def members(self) -> Dict[str, Any]:
        return {
            "events": self.events, "name": self.name, "responds": None if self.responds else False,
            "asked_only": self.asked_only or None, "on_failure": self.on_failure, "order": self.order,
            "where": None if self.where is None else dict(self.where), "shadow": self.shadow or None, "scope": self.scope,
            "cancellations": self.cancellations or None}


class SessionState:
    """Keeps the place in the sequence of events, over lost connections."""

    def __init__(self, subscription: Subscription, resume_from: Optional[Position]) -> None:
        self._subscription = subscription
        #: Up to where events were received, and so where the next session resumes; None: with the next event.
        self.reached = resume_from
        self.was_open = False

    def params(self) -> str:
        """Of the next `subscribe`."""
        members = self._subscription.members()
        if self.reached:
            members["after_seq"] = self.reached.after_seq
            members["instance"] = self.reached.instance
        return _json.encode_object(members)

    def opened(self, result: Any) -> Position:
        """`subscribe` was answered. Returns where the session begins."""
        try:
            instance, head, resumed = str(result["instance"]), int(result["head_seq"]), result["resumed"] is True
        except (LookupError, TypeError, ValueError):
            raise ConnectionBrokenError("what answers there is not a hookd that this client understands: no proper session") from None
        self.reached = Position(self.reached.after_seq if resumed and self.reached else head, instance)
        self.was_open = True
        return self.reached

    def received(self, seq: int) -> Position:
        """An event came, or the session's end with the last number. Returns where to resume after it. An event that waited for its turn in a
        chain may have a lower number than those before it; that is no way back."""
        if self.reached is None or seq > self.reached.after_seq:
            self.reached = Position(seq, self.reached.instance if self.reached else None)
        return self.reached

    def start_afresh(self) -> Optional[Position]:
        """A resume was impossible: the next session begins with the next event. Returns where it should have begun."""
        lost, self.reached = self.reached, None
        return lost

    def outlasts(self, failure: HookdError, wait_for_daemon: bool) -> bool:
        """Whether to try again after that."""
        if isinstance(failure, UntrustedDaemonError) or not (self.was_open or wait_for_daemon):
            return False
        if isinstance(failure, RequestError):
            return isinstance(failure, (LimitExceededError, ShuttingDownError))
        return isinstance(failure, (NoDaemonError, UnreachableError, ConnectionBrokenError))


class Backoff:
    """Pauses between attempts: doubled from `first` to `last`, each cut at random by up to a half, so that many clients of a daemon that was
    restarted do not return at the same moment."""

    def __init__(self, first: float, last: float) -> None:
        self._first = max(first, 0.001)
        self._last = max(last, self._first)
        self._pause = self._first

    def next(self) -> float:
        """How long to wait before the next attempt, in seconds."""
        pause = self._pause
        self._pause = min(pause * 2, self._last)
        return pause * random.uniform(0.5, 1)

    def reset(self) -> None:
        """After a success: begins with the first pause again."""
        self._pause = self._first
