"""The picture of the conduct report: each client's calls along time, as positions for an SVG.

Time is bent: a long silence is as wide as a few calls, a storm stays a storm. World times stand
below. The template draws; here is only where.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import Any

from sandbox.domain.conduct.call import Call, gap_ms
from sandbox.domain.conduct.facts import Api, Operation
from sandbox.domain.conduct.verdict import Report
from sandbox.domain.time import jst

MOST_CALLS = 1_000
LEFT, TOP, RIGHT = 210, 46, 40
WIDTH, MOST_STRETCHED = 1070, 3.0  # of a picture of few calls
LANE, TICK_APART = 34, 120
STEP, BEND, UNIT_MS = 5.0, 12.0, 50
LANES = {
    "pages": "同意画面 / pages",
    "oauth": "トークン / OAuth",
    "reference": "参照 / reference",
    "update": "更新 / update",
    "approval": "承認 / approval",
    "other": "その他 / other",
}
OTHERS = "第三者 / somebody else"  # with a token that has leaked
CLOSED = frozenset({"outside_service_hours", "service_unavailable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    client: str
    title: str
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """``kind``: ok, moved, refused, failed or lost. ``level``: of the worst finding, or empty."""

    x: float
    y: int
    kind: str
    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Where something stood in the way: a fault (``fault``) or a closed bank (``closed``)."""

    x: float
    width: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The last call of a finding."""

    x: float
    y: int
    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    width: int
    height: int
    lanes: tuple[Lane, ...]
    dots: tuple[Dot, ...]
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    left_out: int


def timeline(report: Report, apis: Mapping[Operation, Api]) -> Timeline:
    """Return the picture of a report; of long journals, what was found and the newest calls."""
    levels = _levels(report)
    shown = _shown(report, levels)
    places = _places(shown)
    lanes = _lanes(shown, report.others, apis)
    height = TOP + LANE * len(lanes) + 40
    rows = {(lane.client, lane.title): lane.y for lane in lanes}
    spots = {
        call.id: (places[call.id], rows[_who(call, report.others), LANES[_class(call, apis)]])
        for call in shown
    }
    return Timeline(
        width=max(WIDTH, int(max(places.values(), default=LEFT)) + RIGHT),
        height=height,
        lanes=lanes,
        dots=tuple(_dot(call, *spots[call.id], levels.get(call.id, "")) for call in shown),
        bands=tuple(_bands(shown, places)),
        marks=tuple(_marks(report, spots)),
        ticks=tuple(_ticks(shown, places)),
        left_out=len(report.calls) - len(shown),
    )


def _levels(report: Report) -> dict[int, str]:
    """Return the worst level of each call that a finding names."""
    levels: dict[int, str] = {}
    for checked in report.checked:
        for finding in checked.findings:
            level = checked.level_of(finding).value
            for number in finding.calls:
                levels[number] = min(level, levels.get(number, "W"))
    return levels


def _shown(report: Report, levels: Mapping[int, str]) -> list[Call]:
    calls = report.calls
    if len(calls) <= MOST_CALLS:
        return list(calls)
    kept = {call.id for call in calls if call.id in levels}
    rest = [call.id for call in calls if call.id not in levels][-MOST_CALLS:]
    chosen = kept | set(rest)
    return [call for call in calls if call.id in chosen][-MOST_CALLS:]


def _places(calls: list[Call]) -> dict[int, float]:
    """Return how far to the right each call stands."""
    places: dict[int, float] = {}
    x = first = float(LEFT + 16)
    for before, call in pairwise([None, *calls]):
        assert call is not None  # only the first has none before it
        if before is not None:
            x += STEP + BEND * log10(1 + max(0, gap_ms(before, call)) / UNIT_MS)
        places[call.id] = x
    span = x - first
    scale = min(MOST_STRETCHED, max(1.0, (WIDTH - RIGHT - first) / span)) if span else 1.0
    return {number: round(first + (place - first) * scale, 1) for number, place in places.items()}


def _class(call: Call, apis: Mapping[Operation, Api]) -> str:
    if call.is_page:
        return "pages"
    api = apis.get((call.bank, call.operation or ""))
    if api is not None:
        return api.api_class.value
    return "oauth" if "/oauth" in call.target else "other"


def _who(call: Call, others: Set[int]) -> str:
    return OTHERS if call.id in others else call.client_id or "–"


def _lanes(calls: list[Call], others: Set[int], apis: Mapping[Operation, Api]) -> tuple[Lane, ...]:
    order = list(LANES)
    wanted = {(_who(call, others), _class(call, apis)) for call in calls}
    chosen = sorted(wanted, key=lambda each: (each[0], order.index(each[1])))
    return tuple(
        Lane(client=client, title=LANES[name], y=TOP + LANE * row + LANE // 2)
        for row, (client, name) in enumerate(chosen)
    )


def _dot(call: Call, x: float, y: int, level: str) -> Dot:
    kind = "moved" if call.is_handshake else _kind(call.status)
    return Dot(x=x, y=y, kind=kind, level=level, text=_told(call))


def _kind(status: int | None) -> str:
    if status is None:
        return "lost"
    return {2: "ok", 3: "moved", 4: "refused"}.get(status // 100, "failed")


def _told(call: Call) -> str:
    parts: list[Any] = [
        f"#{call.id}",
        f"{jst(call.at):%m-%d %H:%M:%S}",
        call.method,
        call.target,
        _came_of(call),
        call.error_code or "",
        call.effect,
    ]
    return " ".join(str(part) for part in parts if part != "")


def _came_of(call: Call) -> str | int:
    if call.is_handshake:
        return "証明書を拒否 / certificate refused"
    return "応答なし / no answer" if call.status is None else call.status


def _bands(calls: list[Call], places: Mapping[int, float]) -> Iterable[Band]:
    reach: dict[tuple[str, str, str], list[float]] = {}
    for call in calls:
        if call.effect:
            key = ("fault", call.fault or "", call.effect)
        elif call.error_code in CLOSED:
            key = ("closed", call.fault or "", call.reason or call.error_code or "")
        else:
            continue
        reach.setdefault(key, []).append(places[call.id])
    for (kind, _, text), found in reach.items():
        yield Band(x=found[0] - 7, width=round(found[-1] - found[0] + 14, 1), kind=kind, text=text)


def _marks(report: Report, spots: Mapping[int, tuple[float, int]]) -> Iterable[Mark]:
    taken: dict[tuple[float, int], int] = {}
    for checked in report.checked:
        for finding in checked.findings:
            here = [number for number in finding.calls if number in spots]
            if not here:
                continue
            spot = spots[here[-1]]
            taken[spot] = row = taken.get(spot, -1) + 1
            level = checked.level_of(finding).value
            yield Mark(x=spot[0], y=spot[1] - 11 - 9 * row, level=level, text=checked.check.id)


def _ticks(calls: list[Call], places: Mapping[int, float]) -> Iterable[tuple[float, str]]:
    last_x, last_day = -1e9, ""
    for call in calls:
        x, moment = places[call.id], jst(call.at)
        if x - last_x < TICK_APART:
            continue
        day = f"{moment:%m-%d}"
        yield x, f"{moment:%H:%M:%S}" if day == last_day else f"{day} {moment:%H:%M:%S}"
        last_x, last_day = x, day
