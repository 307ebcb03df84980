"""An answer as a value, and how effects change what it says (F-17, F-19, F-29, F-37, F-40)."""

import gzip
import json
import re
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from typing import Any, TypeAlias

from sandbox.domain.effect_rules import Effect

Headers: TypeAlias = tuple[tuple[str, str], ...]

SWOLLEN_BYTES = 10 * 1024 * 1024
LOST_PAGE = 10
_BLANKS = b" " * 65_536
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Without Content-Length and Connection: whoever sends it knows them."""

    status: int
    reason: str
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        found = (value for each, value in self.headers if each.lower() == name.lower())
        return next(found, None)

    def with_header(self, name: str, value: str) -> "Reply":
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*kept, (name, value)))


def changed(reply: Reply, effect: Effect) -> Reply:
    """Return ``reply`` as ``effect`` lets it read; unchanged by effects of another sort."""
    change = _CHANGES.get(effect["kind"])
    return reply if change is None else change(reply, effect)


# Fields (F-17)


def _drifted(reply: Reply, effect: Effect) -> Reply:
    def drift(body: Any) -> Any:
        for change in effect["changes"]:
            _drift(body, change["pointer"], change["op"], change.get("to"))
        return body

    return _with_json(reply, drift)


def _with_json(reply: Reply, change: Callable[[Any], Any]) -> Reply:
    """Return ``reply`` with its JSON changed; another body stays as it is."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        return reply
    text = json.dumps(change(body), ensure_ascii=False, separators=(",", ":"))
    return replace(reply, body=text.encode())


def _drift(body: Any, pointer: str, op: str, to: Any) -> None:
    *steps, last = (
        step.replace("~1", "/").replace("~0", "~") for step in pointer.removeprefix("/").split("/")
    )
    for parent in _parents([body], steps):
        for key in _keys(parent, last, is_new=op == "add"):
            _apply(parent, key, op, to)


def _parents(found: list[Any], steps: list[str]) -> list[Any]:
    for step in steps:
        found = [parent[key] for parent in found for key in _keys(parent, step)]
    return found


def _keys(parent: Any, step: str, *, is_new: bool = False) -> list[Any]:
    """Return what ``step`` names within ``parent``, none where there is no such thing."""
    if isinstance(parent, dict):
        return [step] if step in parent or is_new else []
    if isinstance(parent, list):
        if step == "*":
            return list(range(len(parent)))[::-1]  # from behind: dropping moves no other one
        return [int(step)] if step.isdecimal() and int(step) < len(parent) else []
    return []


def _apply(parent: Any, key: Any, op: str, to: Any) -> None:
    match op:
        case "drop":
            del parent[key]
        case "null":
            parent[key] = None
        case "retype":
            parent[key] = _retyped(parent[key])
        case "rename" if isinstance(parent, dict):
            parent[str(to) if to is not None else f"{key}_new"] = parent.pop(key)
        case "add" | "break":
            parent[key] = to if to is not None or op == "add" else _broken(parent[key])


def _retyped(value: Any) -> Any:
    match value:
        case bool() | int() | float():
            return str(value)
        case str():
            return int(value) if value.isdecimal() else [value]
        case list():
            return {str(number): each for number, each in enumerate(value)}
    return [value]


def _broken(value: Any) -> Any:
    """Return a value of the same type that no rule of the field lets pass."""
    return -(10**15) if isinstance(value, int | float) else "\u0000?"


# Bytes (F-19, F-29)


def _recoded(reply: Reply, effect: Effect) -> Reply:
    text = reply.body.decode("utf-8", "replace")
    codec = effect["encoding"].replace("_sig", "-sig")
    return replace(reply, body=text.encode(codec, "replace"))


def _badly_compressed(reply: Reply, effect: Effect) -> Reply:
    packed = reply.with_header("Content-Encoding", "gzip")
    match effect["how"]:
        case "not_compressed":
            return packed
        case "swollen":
            return replace(packed, body=_swollen(reply.body, effect.get("size_bytes")))
    body = gzip.compress(reply.body, mtime=0)
    half = len(body) // 2
    if effect["how"] == "cut_off":
        return replace(packed, body=body[:half])
    return replace(packed, body=body[:half] + bytes(each ^ 0xFF for each in body[half:]))


def _swollen(body: bytes, size_bytes: int | None) -> bytes:
    """Return ``body`` and blanks behind it, packed: a thousandth of what they unpack to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    left = (size_bytes or SWOLLEN_BYTES) - len(body)
    parts = [packer.compress(body)]
    while left > 0:
        parts.append(packer.compress(_BLANKS[:left]))
        left -= len(_BLANKS)
    return b"".join([*parts, packer.flush()])


# Time and pages (F-37, F-40)


def _skewed(reply: Reply, effect: Effect) -> Reply:
    shift, places = timedelta(milliseconds=effect["skew_ms"]), effect.get("on", ["date"])
    date = reply.header("Date")
    if "date" in places and date is not None:
        moved = parsedate_to_datetime(date) + shift
        reply = reply.with_header("Date", format_datetime(moved, usegmt=True))
    return _with_json(reply, lambda body: _moved(body, shift)) if "body" in places else reply


def _moved(value: Any, shift: timedelta) -> Any:
    """Return ``value`` with every time stamp in it moved; 基準日 and 基準時刻 as one."""
    if isinstance(value, str) and _STAMP.fullmatch(value):
        with suppress(ValueError):  # it only looks like one
            return (datetime.fromisoformat(value) + shift).isoformat()
    if isinstance(value, list):
        return [_moved(each, shift) for each in value]
    if not isinstance(value, dict):
        return value
    return {**{name: _moved(each, shift) for name, each in value.items()}, **_base(value, shift)}


def _base(value: Mapping[str, Any], shift: timedelta) -> dict[str, str]:
    day, hour = value.get("base_date"), value.get("base_time")
    if not (isinstance(day, str) and isinstance(hour, str)):
        return {}
    moment = (datetime.fromisoformat(f"{day}T{hour}") + shift).isoformat()
    return dict(zip(("base_date", "base_time"), moment.split("T"), strict=True))


def _cut(reply: Reply, effect: Effect) -> Reply:
    def cut(body: Any) -> Any:
        if not isinstance(body, dict) or not isinstance(body.get("transactions"), list):
            return body
        rows = body["transactions"][: effect.get("page", LOST_PAGE)]
        found = {**body, "transactions": rows, "count": len(rows), "has_next": True}
        return found if "key" not in effect else {**found, effect["key"]: _page_key(reply.body)}

    return _with_json(reply, cut)


def _page_key(body: bytes) -> str:
    """Return a key as banks make them: it says nothing, and the same page has the same."""
    return urlsafe_b64encode(sha256(body).digest()[:15]).decode()


_CHANGES: Mapping[str, Callable[[Reply, Effect], Reply]] = {
    "schema_drift": _drifted,
    "wrong_charset": _recoded,
    "bad_compression": _badly_compressed,
    "clock_skew": _skewed,
    "lost_cursor": _cut,
}
