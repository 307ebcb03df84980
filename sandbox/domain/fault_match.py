"""What of a fault rule's match no call can ever be: found when the rule is made (faults §1).

Only what is known to be wrong is found. Clients, accounts or grants may come later, so a rule for
one that is not there waits for it.
"""

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sandbox.domain.fault import AMOUNT_KEYS
from sandbox.domain.meant import meant

Match = Mapping[str, str | int]
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
_WILDCARD = re.compile(r"[*?\[]")
_ANYWHERE = frozenset({"bank", "client_id", "contractor_id", "day_type", "hour_phase"})
# What there is to know of what is no call; of a call all but the ``kind`` and the ``event``.
_KEYS: Mapping[str, frozenset[str]] = {
    "result": _ANYWHERE - {"client_id"}
    | {"kind", "account_id", "branch_code", "beneficiary_bank", *AMOUNT_KEYS},
    "delivery": _ANYWHERE | {"event", "grant_id"},
}
_NOT_OF_CALLS = frozenset({"kind", "event"})
_OF_WHAT = {
    "kind": "The effects of stage result strike requests.",
    "event": "The effects of stage delivery strike events.",
}


@dataclass(frozen=True, slots=True)
class KnownCall:
    """An operation of a bank, as rules see its calls."""

    bank: str
    operation: str
    api_class: str
    function: str | None = None


@dataclass(frozen=True, slots=True)
class Vain:
    """A key of a match that nothing can be; ``remedy``: what to write instead."""

    key: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.problem}. {self.remedy}"


def in_vain(match: Match, stage: str, calls: Sequence[KnownCall]) -> Vain | None:
    """Return what of ``match`` nothing can be, or None where nobody can know.

    ``calls``: of all banks; none: banks, operations, functions and paths are not looked at.
    """
    return next(_all_in_vain(match, stage, calls), None)


def _all_in_vain(match: Match, stage: str, calls: Sequence[KnownCall]) -> Iterator[Vain]:
    yield from _other_stage(match, stage)
    if calls:
        yield from _unknown(match, calls)
    yield from _never_written_so(match)


def _other_stage(match: Match, stage: str) -> Iterator[Vain]:
    known = _KEYS.get(stage)
    for key in match:
        if known is None and key in _NOT_OF_CALLS:
            yield Vain(key, f"this effect strikes calls, which have no {key}", _OF_WHAT[key])
        elif known is not None and key not in known:
            remedy = f"Of that stage: {', '.join(sorted(known))}."
            yield Vain(key, f"nothing at the stage {stage} has {key}", remedy)


def _unknown(match: Match, calls: Sequence[KnownCall]) -> Iterator[Vain]:
    bank = match.get("bank")
    banks = sorted({call.bank for call in calls})
    if bank is not None and bank not in banks:
        yield Vain("bank", f"there is no bank {bank!r}", meant(str(bank), banks))
        return
    here = [call for call in calls if bank in (None, call.bank)]
    function = match.get("function")
    functions = sorted({call.function for call in here if call.function is not None})
    if function is not None and function not in functions:
        problem = _missing(bank, "function", function)
        yield Vain("function", problem, meant(str(function), functions))
    yield from _operation(match, here, calls)
    path = match.get("path")
    if path is not None:
        yield from _path(str(path), banks if bank is None else [str(bank)])


def _operation(
    match: Match, here: Sequence[KnownCall], calls: Sequence[KnownCall]
) -> Iterator[Vain]:
    name, bank = match.get("operation"), match.get("bank")
    if name is None:
        return
    named = [call for call in here if call.operation == name]
    if not named:
        others = sorted({call.bank for call in calls if call.operation == name})
        remedy = f"It is of {', '.join(others)}." if others else ""
        known = sorted({call.operation for call in here})
        problem = _missing(bank, "operation", name)
        yield Vain("operation", problem, remedy or meant(str(name), known))
        return
    for key, are in (
        ("class", {call.api_class for call in named}),
        ("function", {str(call.function) for call in named if call.function is not None}),
    ):
        if key in match and match[key] not in are:
            it_is = f"It is of {', '.join(sorted(are))}." if are else f"It has no {key}."
            yield Vain(key, f"{name} is not of the {key} {match[key]!r}", it_is)


def _missing(bank: object, what: str, name: object) -> str:
    return f"there is no {what} {name!r}" if bank is None else f"{bank} has no {what} {name!r}"


def _path(path: str, banks: Collection[str]) -> Iterator[Vain]:
    """Look at a path's beginning, up to its first wildcard: whatever it goes on with may come."""
    head = _WILDCARD.split(path, maxsplit=1)[0]
    is_open = head != path
    if head.startswith("/w/"):
        head = "/" + "/".join(head.split("/")[3:])  # "", w, world, bank, …
    places = [f"/{bank}" for bank in sorted(banks)]
    if any(
        head == place or head.startswith(f"{place}/") or (is_open and place.startswith(head))
        for place in places
    ):
        return
    if is_open and "/w/".startswith(head):
        return
    begins = " or ".join(f"{place}/" for place in places)
    yield Vain("path", f"no call of a bank has a path like {path!r}", f"Begin with {begins} or *.")


def _never_written_so(match: Match) -> Iterator[Vain]:
    method = match.get("method")
    if isinstance(method, str) and method not in METHODS and method.upper() in METHODS:
        yield Vain("method", f"no call has the method {method!r}", f"Write {method.upper()}.")
    address = match.get("address")
    if address is not None:
        yield from _address(str(address))
    low, high = (match.get(key) for key in AMOUNT_KEYS)
    if low is not None and high is not None and int(low) > int(high):
        yield Vain(AMOUNT_KEYS[0], f"no amount is from {low} to {high}", "Swap them.")


def _address(address: str) -> Iterator[Vain]:
    try:
        canonical = str(ipaddress.ip_address(address))
    except ValueError:
        yield Vain("address", f"{address!r} is no IP address", "Write one such as 127.0.0.1.")
        return
    if canonical != address:
        yield Vain("address", f"no call comes from {address!r}", f"Write {canonical}.")
