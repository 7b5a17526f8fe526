# SPDX-License-Identifier: BSL-1.0
"""The parameters of requests, as JSON text: what the two clients have in common."""

from __future__ import annotations

import math
import os
from typing import Any, Mapping, Optional, Sequence, Union

from . import _json
from ._errors import InvalidArgumentError
from ._json import RawJson
from ._model import Reply, current_cause


def milliseconds(seconds: Optional[float], name: str) -> Optional[int]:
    """Rounded up, so that no wait becomes 0."""
    if seconds is None:
        return None
    if not math.isfinite(seconds) or seconds <= 0:
        raise InvalidArgumentError(f"{name} has to be a positive number of seconds, not {seconds}")
    return math.ceil(seconds * 1000)


def cause_in_effect(cause: Optional[str]) -> Optional[str]:
    """`cause`, else that of the hook which runs, else $HOOK_CAUSE; None for none."""
    if cause is None:
        cause = current_cause.get()
    if cause is None:
        cause = os.environ.get("HOOK_CAUSE")
    return cause or None


def emit(event: str, payload: Any, *, reserve: Optional[float], cause: Optional[str], scope: Optional[str],
         operation_id: Optional[str]) -> str:
    return _json.encode_object({
        "event": event, "payload": RawJson.of(payload), "reserve_ms": milliseconds(reserve, "reserve"), "cause": cause_in_effect(cause),
        "scope": scope, "operation_id": operation_id})


def emit_and_wait(event: str, payload: Any, *, timeout: Optional[float], policy: Optional[str], failure_policy: Optional[str],
                  require_subscriber: bool, require: Sequence[str], cause: Optional[str], scope: Optional[str],
                  operation_id: Optional[str]) -> str:
    if isinstance(require, str):
        raise InvalidArgumentError("require has to be a sequence of names, not one string")
    return _json.encode_object({
        "event": event, "payload": RawJson.of(payload), "timeout_ms": milliseconds(timeout, "timeout"), "policy": policy,
        "failure_policy": failure_policy, "require_subscriber": None if require_subscriber else False,
        "require": list(require) or None, "cause": cause_in_effect(cause), "scope": scope, "operation_id": operation_id})


def await_response(hook_event_id: str, timeout: Optional[float]) -> str:
    return _json.encode_object({"hook_event_id": hook_event_id, "timeout_ms": milliseconds(timeout, "timeout")})


def respond(hook_event_id: str, reply: Reply) -> str:
    return _json.encode_object({"hook_event_id": hook_event_id, **reply.members})


def call(params: Union[Mapping[str, Any], RawJson, None]) -> str:
    if params is None:
        return "{}"
    return params.text if isinstance(params, RawJson) else _json.encode(dict(params))
