# SPDX-License-Identifier: BSL-1.0
"""JSON as hookd needs it: texts that travel byte for byte, numbers of any size, and strings that no encoder refuses."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from math import isinf
from typing import Any, Mapping, NoReturn, Optional, Union

from ._errors import InvalidArgumentError


def _number(text: str) -> Union[int, float, Decimal]:
    try:
        return Decimal(text)
    except ArithmeticError:  # an exponent beyond Decimal's
        return float(text)


def _integer(text: str) -> Union[int, float, Decimal]:
    try:
        return int(text)
    except ValueError:  # longer than sys.get_int_max_str_digits()
        return _number(text)


def _real(text: str) -> Union[int, float, Decimal]:
    value = float(text)
    return _number(text) if isinf(value) else value


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


# Each made once: json.dumps and json.loads make one a call where they are told more than the value.
_encoder = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_decoder = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=_constant)
_space = re.compile(r"[ \t\n\r]*")


def _skip_space(text: str, at: int) -> int:
    match = _space.match(text, at)
    return match.end() if match else at


def decode(text: str) -> Any:
    """The value of a JSON text. An integer too long for int, and a number too large for float, becomes a Decimal. Raises ValueError."""
    try:
        return _decoder.decode(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


class RawJson:
    """A JSON text that is sent byte for byte: `RawJson('{"price": 1.10}')`. Raises InvalidArgumentError where it is not JSON."""

    __slots__ = ("text",)

    def __init__(self, text: Union[str, bytes]) -> None:
        try:
            self.text = text if isinstance(text, str) else text.decode()
            self.text.encode()
            decode(self.text)
        except ValueError as failure:
            raise InvalidArgumentError(f"the text is not valid JSON: {failure}") from None

    @classmethod
    def of(cls, value: Any) -> RawJson:
        """The text of any value that can be sent, and None is one: null."""
        if isinstance(value, RawJson):
            return value
        raw = cls.__new__(cls)
        raw.text = encode(value)
        return raw

    def __repr__(self) -> str:
        return f"RawJson({self.text!r})"


EMPTY_OBJECT = RawJson("{}")


def encode(value: Any) -> str:
    """The JSON text of a value, in ASCII: lone surrogates stay what they are. Raises InvalidArgumentError."""
    if isinstance(value, RawJson):
        return value.text
    try:
        return _encoder.encode(value)
    except (TypeError, ValueError, RecursionError) as failure:
        raise InvalidArgumentError(f"this can't be sent as JSON: {failure}") from None


def encode_object(members: Mapping[str, Any]) -> str:
    """As encode; members may be RawJson, and those that are None are left out."""
    return "{" + ",".join(f"{encode(name)}:{encode(value)}" for name, value in members.items() if value is not None) + "}"


def member_text(text: str, *names: str) -> Optional[str]:
    """The text, as it stands, of a member of the object that `text` is, or of an object within; None where there is no such member.

    Of repeated names the last counts, as it does in decode(). `text` must be valid JSON.
    """
    for name in names:
        found = _member(text, name)
        if found is None:
            return None
        text = found
    return text


def _member(text: str, wanted: str) -> Optional[str]:
    at = _skip_space(text, 0)
    if text[at] != "{":
        return None
    found = None
    at = _skip_space(text, at + 1)
    while text[at] == '"':
        name, at = _decoder.raw_decode(text, at)
        start = _skip_space(text, _skip_space(text, at) + 1)
        _, at = _decoder.raw_decode(text, start)
        if name == wanted:
            found = text[start:at]
        at = _skip_space(text, at)
        if text[at] == ",":
            at = _skip_space(text, at + 1)
    return found
