"""Fault rules, as calls of the control API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.client.answers import WHEN, Done, Json
from sandbox.client.request import Request, encoded, one, page, path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault rule. ``times`` None: no end; ``ends_at`` is the machine's time.

    ``url``: of kind ``tls``, where its listener is. ``seen``: calls that matched so far.
    ``struck``: those that were struck.
    """

    id: str
    match: Json
    effect: Json
    stage: str
    times: int | None = None
    skip: int
    every: int
    probability: float
    window: Json | None = None
    ends_at: datetime | None = field(default=None, metadata=WHEN)
    url: str | None = None
    seen: int
    struck: int

    @property
    def kind(self) -> str:
        return str(self.effect["kind"])


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultVerdict:
    """What one rule does with a call. ``why_not`` None: it strikes."""

    id: str
    strikes: bool
    why_not: str | None = None


def list_faults(world: str) -> Request[tuple[Fault, ...]]:
    """List the rules in the order in which a call asks them."""
    return _request("GET", world, page("faults", Fault)).then(lambda found: found.items)


def add(
    world: str,
    /,
    effect: str | Mapping[str, Any],
    match: Mapping[str, Any] | None = None,
    **rule: Any,
) -> Request[Fault]:
    """Add a rule behind those that are there; it is in force for the next call.

    Args:
        effect: with ``kind`` and its parameters, or the kind alone where it has none.
        match: what a call must be; default: every call.
        rule: stage, times, skip, every, probability, seed, window, ttl.

    Raises:
        ProblemError: ``invalid-request`` (``more["errors"]`` names the fields), ``refused`` (too
            many rules).
    """
    meant = {"kind": effect} if isinstance(effect, str) else dict(effect)
    content = encoded(effect=meant, match=None if match is None else dict(match), **rule)
    return _request("POST", world, one(Fault), content=content)


def show(world: str, fault_id: str) -> Request[Fault]:
    """Show one rule, and how often it has struck. Raises ``ProblemError`` unknown-fault."""
    return _request("GET", world, one(Fault), fault_id)


def remove(world: str, fault_id: str) -> Request[Done]:
    """Take a rule away. Calls that hang on it go on at once."""
    return _request("DELETE", world, one(Done), fault_id)


def clear(world: str) -> Request[Done]:
    """Take every rule away."""
    return _request("DELETE", world, one(Done))


def explain(world: str, /, **call: Any) -> Request[tuple[FaultVerdict, ...]]:
    """Tell what each rule would do with a call of these facts, in order; nothing is counted."""
    return _request("POST", world, _verdicts, "explain", content=encoded(request=call))


def _request(
    method: str, world: str, read: Any, *below: str, content: bytes | None = None
) -> Request[Any]:
    target = path("worlds", world, "faults", *below)
    return Request(method=method, path=target, read=read, content=content)


def _verdicts(content: bytes) -> tuple[FaultVerdict, ...]:
    return tuple(FaultVerdict(**each) for each in json.loads(content)["rules"])
