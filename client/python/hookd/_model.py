# SPDX-License-Identifier: BSL-1.0
"""What travels, as Python sees it: events, replies, verdicts."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Tuple, Union
from urllib.parse import quote

from . import _json
from ._errors import ConnectionBrokenError, InvalidArgumentError
from ._json import RawJson

#: The cause of what the running hook emits (Event.as_cause).
current_cause: ContextVar[Optional[str]] = ContextVar("hookd_cause", default=None)


@dataclass(frozen=True)
class Event:
    """An event as a hook receives it."""

    seq: int  #: its number: grows by one an event, from 1, for each run of the daemon
    hook_event_id: str  #: the unguessable id that a reply names
    name: str  #: for example `pre_push`
    payload: Any  #: any JSON value: a dict as a rule, but the emitter decides
    emitted_at: str  #: RFC 3339, UTC, nanoseconds
    expects_response: bool  #: whether an emitter waited for a reply when it was emitted
    timeout: Optional[float] = None  #: for how long that emitter waits, in seconds, counted from the emission
    cause: str = ""  #: the events that led to it, oldest first, separated by commas
    host: Optional[str] = None  #: the host that it comes from, where that is another one
    replayed: bool = False  #: whether it was handed out again by `hookctl replay`
    _text: str = field(default="{}", repr=False, compare=False)
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    @property
    def text(self) -> str:
        """All of the event as one JSON object, byte for byte: the `params` of the notification."""
        return _json.member_text(self._text, "params") or "{}"

    @property
    def payload_text(self) -> str:
        """The payload as JSON text, byte for byte as it was emitted."""
        return _json.member_text(self._text, "params", "payload") or "null"

    def get(self, *path: Union[str, int], default: Any = None) -> Any:
        """A part of the payload, `event.get("author", "name")`; `default` where the payload has no such part or another shape."""
        value = self.payload
        for step in path:
            try:
                value = value[step]
            except (LookupError, TypeError):
                return default
        return value

    @property
    def as_cause(self) -> str:
        """The cause of what a hook emits for this event. emit and emit_and_wait use it within a hook unless told otherwise; a program that
        the hook starts finds it in the variable HOOK_CAUSE if you put it there."""
        entry = self.name
        place = self.get("git_dir") if self.name.startswith("git.") else None
        if isinstance(place, str) and place:
            written = quote(place, safe="_.:/-~+=", errors="replace")
            entry += f"@{written}" if len(written) <= 4096 else ""  # the daemon takes no longer ones
        return f"{self.cause},{entry}" if self.cause else entry

    @property
    def cancelled(self) -> bool:
        """Whether the emitter has stopped waiting (Hooks needs `cancellations=True`). True stays true; may be asked from any thread."""
        return self._cancelled.is_set()

    def wait_cancelled(self, timeout: Optional[float] = None) -> bool:
        """Waits until it is cancelled, for at most `timeout` seconds; returns `cancelled`. For a thread that stops what the hook began."""
        return self._cancelled.wait(timeout)

    def cancel(self) -> None:
        """Sets `cancelled`; what the library calls, and a test of a hook may."""
        self._cancelled.set()


@dataclass(frozen=True)
class Reply:
    """What a hook answers. Made by proceed, veto, respond, abstain and failed."""

    members: Mapping[str, Any]  #: the members of `respond`'s parameters besides the id


def respond(response: Union[Mapping[str, Any], RawJson]) -> Reply:
    """Any JSON object. Its member `abort`, where it is a non-empty string, vetoes; `note` is shown to the person who waits."""
    if isinstance(response, RawJson):
        if not response.text.lstrip(" \t\r\n").startswith("{"):
            raise InvalidArgumentError("a reply is a JSON object")
        return Reply({"response": response})
    if not isinstance(response, Mapping):
        raise InvalidArgumentError(f"a reply is a mapping, not {type(response).__name__}")
    return Reply({"response": RawJson.of(dict(response))})


def proceed(**members: Any) -> Reply:
    """No objection."""
    return respond(members)


def veto(reason: str, **members: Any) -> Reply:
    """An objection. An empty reason vetoes, too: the emitter then reads "vetoed without a reason"."""
    return respond({**members, "abort": reason or "vetoed without a reason"})


def abstain() -> Reply:
    """No opinion: this hook decides nothing, and no emitter waits for it any longer."""
    return Reply({"abstain": True})


def failed(why: str) -> Reply:
    """The hook could not do its work: it decides nothing, is listed as missing, and the failure policy decides."""
    return Reply({"failed": why or "failed without a reason"})


def as_reply(value: Any) -> Reply:
    """What a hook function returned, as a reply."""
    if value is None:
        return proceed()
    if isinstance(value, Reply):
        return value
    if isinstance(value, (Mapping, RawJson)):
        return respond(value)
    return failed(f"the hook returned {type(value).__name__}: return None, a mapping, or what hookd.veto() and its like return")


@dataclass(frozen=True)
class Response:
    """One hook's reply, in a verdict."""

    response: Dict[str, Any]
    responder: str  #: the hook's name, `pid N`, or `peer N`
    uid: Optional[int]  #: the user whose process replied
    elapsed_ms: float
    host: Optional[str] = None


@dataclass(frozen=True)
class Missing:
    """A hook that was waited for in vain."""

    responder: str
    why: str  #: `timeout`, `left`, `failed: …`, `lagged`, `absent` or `shutdown`
    host: Optional[str] = None


@dataclass(frozen=True)
class Verdict:
    """What the hooks decided. It is true where the operation may go on: `if daemon.emit_and_wait("pre_push"): push()`."""

    hook_event_id: str
    seq: Optional[int]  #: None where the outcome is `unknown`
    outcome: str  #: `answered`, `abstained`, `timeout`, `abandoned`, `no_subscribers`, `shutdown` or `unknown`
    abort: str  #: why not to go on; empty to go on
    responses: Tuple[Response, ...] = ()
    missing: Tuple[Missing, ...] = ()
    payload: Any = None  #: under policy `chain`, the last payload, where a hook replaced it
    bypassed: Optional[str] = None  #: the reason of the bypass that this verdict proceeds by
    _text: str = field(default="{}", repr=False, compare=False)

    @property
    def proceed(self) -> bool:
        """Whether the operation may go on. Under failure policy `open` (the default) that is so if no hook has decided, too."""
        return not self.abort

    # Without this every verdict would count as true, a veto included.
    def __bool__(self) -> bool:
        return self.proceed

    @property
    def notes(self) -> Tuple[str, ...]:
        """What the hooks have to say to the person who waits."""
        notes = (each.response.get("note") for each in self.responses)
        return tuple(note for note in notes if isinstance(note, str))

    @property
    def text(self) -> str:
        """The whole result as JSON text, byte for byte."""
        return _json.member_text(self._text, "result") or "{}"

    @property
    def payload_text(self) -> Optional[str]:
        """`payload` as JSON text, byte for byte; None where no hook replaced it."""
        return _json.member_text(self._text, "result", "payload")


@dataclass(frozen=True)
class Emission:
    """The result of emit."""

    hook_event_id: str
    seq: int
    subscribers: int  #: sessions that it was queued for


@dataclass(frozen=True)
class Accepted:
    """The result of respond; true where the reply reached a waiting slot."""

    accepted: bool
    reason: Optional[str]  #: why not: `answered`, `expired`, `cancelled` or `unknown`

    def __bool__(self) -> bool:
        return self.accepted


@dataclass(frozen=True)
class DaemonInfo:
    """The result of ping."""

    instance: str  #: a UUID, new for every run of the daemon (one that is durable keeps it)
    version: str
    protocol: int
    pid: int


@dataclass(frozen=True)
class Position:
    """A place in the sequence of events, to go on from."""

    after_seq: int
    instance: Optional[str] = None  #: the daemon's run that it belongs to; None means the present one


def read_event(params: Any, text: str) -> Event:
    """The event of a notification whose frame is `text`."""
    with _Understanding("event"):
        timeout_ms = params.get("timeout_ms")
        return Event(
            seq=int(params["seq"]), hook_event_id=str(params["hook_event_id"]), name=str(params["event"]), payload=params["payload"],
            emitted_at=str(params["emitted_at"]), expects_response=bool(params["expects_response"]),
            timeout=None if timeout_ms is None else timeout_ms / 1000, cause=str(params.get("cause", "")), host=params.get("host"),
            replayed=bool(params.get("replayed", False)), _text=text)


#: How a wait may end.
OUTCOMES = frozenset({"answered", "abstained", "timeout", "abandoned", "no_subscribers", "shutdown", "unknown"})
#: Of those: the hooks have had their say.
CONSULTED = frozenset({"answered", "abstained"})


def read_verdict(result: Any, text: str, failure_policy: Optional[str] = None) -> Verdict:
    """The verdict in an answer whose frame is `text`, to a request of that failure policy."""
    with _Understanding("verdict"):
        responses = tuple(
            Response(each["response"], each["responder"], each.get("uid"), each["elapsed_ms"], each.get("host"))
            for each in result["responses"])
        missing = tuple(Missing(each["responder"], each["why"], each.get("host")) for each in result["missing"])
        # A verdict that can't be understood must not be taken for consent.
        if not isinstance(result["abort"], str) or result["outcome"] not in OUTCOMES:
            raise TypeError("outcome or abort")
        if failure_policy == "closed" and not result["abort"] and result["outcome"] not in CONSULTED and not result.get("bypassed"):
            raise ValueError("proceeds without a consultation")
        if not all(isinstance(each.response, dict) for each in responses):
            raise TypeError("responses")
        return Verdict(result["hook_event_id"], result["seq"], result["outcome"], result["abort"], responses, missing,
                       result.get("payload"), result.get("bypassed"), text)


def read_emission(result: Any) -> Emission:
    with _Understanding("result of emit"):
        return Emission(result["hook_event_id"], result["seq"], result["subscribers"])


def read_accepted(result: Any) -> Accepted:
    with _Understanding("result of respond"):
        return Accepted(result["accepted"], result["reason"])


def read_info(result: Any) -> DaemonInfo:
    with _Understanding("result of ping"):
        return DaemonInfo(result["instance"], result["version"], result["protocol"], result["pid"])


class _Understanding:
    """Turns a member that is missing or of another type into the error that says so."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, failure: Any, trace: Any) -> None:
        if isinstance(failure, (LookupError, TypeError, ValueError, AttributeError)):
            raise ConnectionBrokenError(
                f"what answers there is not a hookd that this client understands: it sent no proper {self._what}") from failure
