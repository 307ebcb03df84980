"""What goes over the connection, and when, where the bytes themselves are the fault."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sandbox.domain.effect_reply import Reply
from sandbox.domain.effect_rules import Effect

STEP_MS = 50
PIECE_MIN = 64
CHUNKS = 10
HALF = 0.5
WAIT_MS = 1000
# So that the head is read before the reset takes it away again.
BREATH_MS = 50


class End(StrEnum):
    CLOSE = "close"  # FIN
    RESET = "reset"  # RST


@dataclass(frozen=True, slots=True)
class Step:
    """Wait, then send. ``pause_ms`` None: until the rule or the caller is gone."""

    data: bytes = b""
    pause_ms: int | None = 0


@dataclass(frozen=True, slots=True)
class Script:
    """``is_answer``: a status line goes out, so that the caller gets an answer of some kind."""

    steps: tuple[Step, ...]
    end: End = End.CLOSE
    is_answer: bool = True


SILENT: Mapping[str, Callable[[Effect], Script]] = {
    "empty_close": lambda _: Script((), is_answer=False),
    "reset": lambda _: Script((), End.RESET, is_answer=False),
    "refuse_connections": lambda _: Script((), End.RESET, is_answer=False),
    "never_answer": lambda _: Script((Step(pause_ms=None),), is_answer=False),
    "wait_then_close": lambda effect: Script(
        (Step(pause_ms=effect.get("after_ms", WAIT_MS)),), is_answer=False
    ),
}


def head_of(reply: Reply, **framing: str) -> bytes:
    """Return status line and headers; the connection ends with every harmed answer."""
    named = [*reply.headers, *((name.replace("_", "-"), value) for name, value in framing.items())]
    lines = [f"HTTP/1.1 {reply.status} {reply.reason}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in named]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def whole(reply: Reply) -> bytes:
    return head_of(reply, Content_Length=str(len(reply.body))) + reply.body


def script_of(effect: Effect, reply: Reply) -> Script | None:
    """Return how ``reply`` goes out under an effect on the bytes; None: as ever."""
    write = _WRITERS.get(effect["kind"])
    return None if write is None else write(effect, reply)


def _capped(effect: Effect, reply: Reply) -> Script:
    bytes_per_ms = effect["kb_per_s"] * 1024 / 1000
    piece = max(PIECE_MIN, int(bytes_per_ms * STEP_MS))
    pause_ms = max(1, round(piece / bytes_per_ms))
    return Script(tuple(Step(part, pause_ms) for part in _split(whole(reply), piece)))


def _dribbled(effect: Effect, reply: Reply) -> Script:
    data, chunks = whole(reply), effect.get("chunks", CHUNKS)
    parts = _split(data, -(-len(data) // chunks))
    pause_ms = effect["total_ms"] // max(1, len(parts) - 1)
    return Script((Step(parts[0]), *(Step(part, pause_ms) for part in parts[1:])))


def _split(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def _slow_headers(effect: Effect, reply: Reply) -> Script:
    status_line, _, rest = whole(reply).partition(b"\r\n")
    return Script((Step(status_line + b"\r\n"), Step(rest, effect["pause_ms"])))


def _slow_close(effect: Effect, reply: Reply) -> Script:
    # Without a length: the end of the connection is the end of the answer (RFC 9112 §6.3).
    return Script((Step(head_of(reply) + reply.body), Step(pause_ms=effect["delay_ms"])))


def _broken_chunk(_effect: Effect, reply: Reply) -> Script:
    half = len(reply.body) // 2
    first = f"{half:x}\r\n".encode() + reply.body[:half] + b"\r\n"
    head = head_of(reply, Transfer_Encoding="chunked")
    return Script((Step(head + first + b"zz\r\n" + reply.body[half:] + b"\r\n0\r\n\r\n"),))


def _truncated(effect: Effect, reply: Reply) -> Script:
    size = len(reply.body)
    kept = effect.get("bytes", int(size * effect.get("fraction", HALF)))
    # One byte less at least: a body that comes whole has not broken off.
    head = head_of(reply, Content_Length=str(size))
    return Script((Step(head + reply.body[: max(0, min(kept, size - 1))]),))


def _reset(_effect: Effect, reply: Reply) -> Script:
    head = head_of(reply, Content_Length=str(len(reply.body)))
    begun = head + reply.body[: len(reply.body) // 2]
    return Script((Step(begun), Step(pause_ms=BREATH_MS)), End.RESET)


_WRITERS: Mapping[str, Callable[[Effect, Reply], Script]] = {
    "bandwidth": _capped,
    "dribble": _dribbled,
    "slow_headers": _slow_headers,
    "slow_close": _slow_close,
    "malformed_chunk": _broken_chunk,
    "truncated_body": _truncated,
    "reset": _reset,
}
