# SPDX-License-Identifier: BSL-1.0
"""The native framing (four bytes of length, then JSON), and the messages in it. Without I/O."""

from __future__ import annotations

import struct
from typing import Any, Optional, Union

from . import _json
from ._errors import ConnectionBrokenError, InvalidArgumentError, request_error

#: The longest frame that any daemon reads.
MAX_SENT = 128 * 1024 * 1024
#: The longest frame that is read. The daemon's own limit is for what it reads; a verdict holds many replies.
MAX_RECEIVED = 256 * 1024 * 1024

_length = struct.Struct(">I")


def request(number: Optional[int], method: str, params: str) -> bytes:
    """The frame of a request, or of a notification where `number` is None. `params` is JSON text."""
    number_text = "" if number is None else f'"id":{number},'
    body = f'{{"jsonrpc":"2.0",{number_text}"method":{_json.encode(method)},"params":{params}}}'.encode()
    if len(body) > MAX_SENT:
        raise InvalidArgumentError(f"the request has {len(body)} bytes; a daemon reads at most {MAX_SENT}: send a reference to the data")
    return _length.pack(len(body)) + body


class Message:
    """One frame from the daemon: an answer (number, and result or error), or a notification (method and params)."""

    __slots__ = ("text", "fields")

    def __init__(self, frame: bytes) -> None:
        try:
            self.text = frame.decode()
            fields = _json.decode(self.text)
        except ValueError as failure:
            raise _not_understood(f"it sent a frame that is not JSON ({failure})") from None
        is_message = isinstance(fields, dict) and fields.keys() & {"method", "result", "error"}
        if not is_message or not isinstance(fields.get("id"), (int, str, type(None))):
            raise _not_understood("it sent a frame that is neither an answer nor a notification")
        self.fields = fields

    @property
    def number(self) -> Any:
        return self.fields.get("id")

    @property
    def method(self) -> Any:
        return self.fields.get("method")

    def successful(self, method: str) -> Message:
        """This answer to `method`, unless it is an error, which is raised."""
        if "error" in self.fields:
            raise request_error(self.fields["error"], method)
        return self

    @property
    def is_last_word(self) -> bool:
        """Whether it is an error that belongs to no request: the daemon says it, and closes."""
        return "error" in self.fields and self.number is None


class FrameReader:
    """Bytes of the stream until they are complete frames. Refuses a length before anything is stored for it."""

    def __init__(self, limit: int = MAX_RECEIVED) -> None:
        self._limit = limit
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        self._bytes += data

    def next_frame(self) -> Optional[bytes]:
        """The next complete frame, or None until more bytes have come."""
        if len(self._bytes) < _length.size:
            return None
        end = _length.size + check_length(self._bytes, self._limit)
        if len(self._bytes) < end:
            return None
        frame = bytes(memoryview(self._bytes)[_length.size:end])
        del self._bytes[:end]
        return frame


def check_length(head: Union[bytes, bytearray], limit: int = MAX_RECEIVED) -> int:
    """The length that the first four bytes of a frame announce. Raises ConnectionBrokenError past `limit`."""
    size: int = _length.unpack_from(head)[0]
    if not 0 < size <= limit:
        raise _not_understood(f"it announced a frame of {size} bytes, and at most {limit} are read")
    return size


def _not_understood(what: str) -> ConnectionBrokenError:
    return ConnectionBrokenError("what answers there is not a hookd that this client understands: " + what)
