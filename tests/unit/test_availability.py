"""Stops, narrowing and ends beside the hours: which call meets what, and how long it waits."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.domain.api_class import ApiClass
from sandbox.domain.availability import (
    Asked,
    HoursChange,
    LinkageEnded,
    Rules,
    Scope,
    ServiceStopped,
    Stop,
    StopKind,
)
from sandbox.domain.errors import OutsideServiceHours
from sandbox.domain.hours import CLOSED, Hours, parse_hours, parse_schedule
from sandbox.domain.time import DAY, HOUR, MINUTE, SECOND, Instant
from sandbox.services.calendar import japanese_calendar
from tests.unit.test_hours_table import tokyo

CALENDAR = japanese_calendar(2026, 2027)
NOON = tokyo("2026-10-01 12:00")
BALANCE = Asked(ApiClass.REFERENCE, "show_balance", "balances")
STATEMENT = Asked(ApiClass.REFERENCE, "list_transactions", "transactions")
REGISTER = Asked(ApiClass.UPDATE, "register_transfer")
TOKEN = Asked(ApiClass.OAUTH, "token")


def stop(kind: StopKind = StopKind.MAINTENANCE, **changes: Any) -> Stop:
    """Return a stop from noon for an hour, of everything."""
    given = {"from_at": NOON, "until_at": NOON + HOUR, **changes}
    return Stop(stop_id="s1", bank="tomato", kind=kind, **{"scope": Scope(), **given})


def rules(
    *stops: Stop,
    hours: str = "always",
    changes: Mapping[ApiClass, tuple[HoursChange, ...]] | None = None,
) -> Rules:
    return Rules(default=parse_schedule(hours), changes=changes or {}, stops=stops)


def verdict(found: Rules, asked: Asked, at: Instant) -> object:
    """Return None where the call passes, else what it meets and the seconds to wait."""
    try:
        found.check(asked, at, CALENDAR)
    except LinkageEnded:
        return "ended"
    except ServiceStopped as error:
        return "stopped", error.retry_after_s
    except OutsideServiceHours as error:
        return "hours", error.retry_after_s
    return None


def test_a_bank_that_is_always_open_has_nothing_to_ask() -> None:
    assert rules().is_empty
    for found in (
        rules(stop()),
        rules(hours="regional"),
        rules(hours="closed"),
        rules(changes={ApiClass.UPDATE: (HoursChange(effective_at=NOON, hours=CLOSED),)}),
    ):
        assert not found.is_empty


@pytest.mark.requirement("T-35")
def test_maintenance_holds_from_its_first_instant_to_the_one_before_its_end() -> None:
    found = rules(stop())
    assert verdict(found, BALANCE, NOON - 1) is None
    assert verdict(found, BALANCE, NOON) == ("stopped", 3600)
    assert verdict(found, BALANCE, NOON + HOUR - 1) == ("stopped", 1)
    assert verdict(found, BALANCE, NOON + HOUR) is None


def test_an_overrun_is_told_to_nobody_until_it_happens() -> None:
    found = rules(stop(overrun_ms=10 * MINUTE, retry_after_s=60))
    assert verdict(found, BALANCE, NOON) == ("stopped", 3600)
    assert verdict(found, BALANCE, NOON + HOUR) == ("stopped", 60)
    assert verdict(found, BALANCE, NOON + HOUR + 10 * MINUTE - 1) == ("stopped", 60)
    assert verdict(found, BALANCE, NOON + HOUR + 10 * MINUTE) is None


def test_nobody_knows_when_an_outage_ends() -> None:
    found = rules(stop(StopKind.OUTAGE, retry_after_s=120))
    assert verdict(found, BALANCE, NOON + 59 * MINUTE) == ("stopped", 120)
    assert verdict(found, BALANCE, NOON + HOUR) is None
    endless = rules(stop(StopKind.OUTAGE, until_at=None))
    assert verdict(endless, BALANCE, NOON + 1_000 * DAY) == ("stopped", 300)


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ({}, {"balance", "statement", "register", "token"}),
        ({"classes": ["update"]}, {"register"}),
        ({"classes": ["reference", "oauth"]}, {"balance", "statement", "token"}),
        ({"functions": ["balances"]}, {"balance"}),
        ({"operations": ["list_transactions", "token"]}, {"statement", "token"}),
        ({"operations": ["token"], "classes": ["reference"]}, set()),
        ({"client_id": "c1"}, set()),
    ],
)
def test_a_stop_covers_what_its_scope_names(scope: dict[str, Any], covered: set[str]) -> None:
    found = rules(stop(scope=Scope.of(scope)))
    calls = {"balance": BALANCE, "statement": STATEMENT, "register": REGISTER, "token": TOKEN}
    met = {name for name, asked in calls.items() if verdict(found, asked, NOON) is not None}
    assert met == covered
    assert Scope.of(Scope.of(scope).fields()) == Scope.of(scope)


@pytest.mark.parametrize(
    ("scope", "is_covered"),
    [
        ({"client_id": "c1"}, True),
        ({"client_id": "c2"}, False),
        ({"contractor_id": "k1"}, True),
        ({"contractor_id": "k2"}, False),
        ({"account_id": "0010112345670"}, True),
        ({"account_id": "0010112345671"}, False),
        ({"branch_code": "001"}, True),
        ({"branch_code": "002"}, False),
        ({"client_id": "c1", "branch_code": "002"}, False),
        ({"client_id": "c1", "classes": ["update"]}, False),
    ],
)
def test_a_stop_of_somebody_waits_until_the_caller_is_known(
    scope: dict[str, str], is_covered: bool
) -> None:
    found = rules(stop(scope=Scope.of(scope)))
    known = replace(BALANCE, client_id="c1", contractor_id="k1", account_id="0010112345670")
    assert verdict(found, BALANCE, NOON) is None
    if is_covered:
        with pytest.raises(ServiceStopped):
            found.check_personal(known, NOON, CALENDAR)
    else:
        found.check_personal(known, NOON, CALENDAR)


def test_a_call_without_an_account_is_not_of_any_branch() -> None:
    found = rules(stop(scope=Scope(branch_code="001")))
    found.check_personal(replace(BALANCE, client_id="c1"), NOON, CALENDAR)


# Hours and stops together


def test_the_wait_reaches_over_all_that_follows_without_a_gap() -> None:
    night = '{"every": ["08:00-21:00"]}'
    first = stop(from_at=tokyo("2026-10-01 20:00"), until_at=tokyo("2026-10-01 22:00"))
    second = stop(
        from_at=tokyo("2026-10-02 07:00"), until_at=tokyo("2026-10-02 09:30"), announced_at=NOON
    )
    found = rules(first, second, hours=night)
    at = tokyo("2026-10-01 20:30")
    opens = tokyo("2026-10-02 09:30")
    assert verdict(found, BALANCE, at) == ("stopped", (opens - at) // SECOND)
    at = tokyo("2026-10-01 23:00")
    assert verdict(found, BALANCE, at) == ("hours", (opens - at) // SECOND)
    assert verdict(found, BALANCE, opens) is None


def test_what_nobody_was_told_of_is_not_in_the_wait() -> None:
    hidden = stop(from_at=tokyo("2026-10-02 07:00"), until_at=tokyo("2026-10-02 09:30"))
    found = rules(hidden, hours='{"every": ["08:00-21:00"]}')
    at = tokyo("2026-10-01 21:00")
    assert verdict(found, BALANCE, at) == ("hours", 11 * 3600)
    assert verdict(found, BALANCE, tokyo("2026-10-02 08:00")) == ("stopped", 5400)


def test_a_stop_that_is_over_is_not_in_the_wait() -> None:
    found = rules(stop(announced_at=NOON - DAY), hours='{"every": ["08:00-21:00"]}')
    assert verdict(found, BALANCE, tokyo("2026-10-01 21:00")) == ("hours", 11 * 3600)


def test_the_wait_is_rounded_up() -> None:
    found = rules(stop())
    assert verdict(found, BALANCE, NOON + 1) == ("stopped", 3600)
    assert verdict(found, BALANCE, NOON + SECOND) == ("stopped", 3599)
    assert verdict(found, BALANCE, NOON + SECOND - 1) == ("stopped", 3600)


def test_hours_that_never_open_are_asked_again_tomorrow() -> None:
    assert verdict(rules(hours="closed"), BALANCE, NOON) == ("hours", 86_400)


@st.composite
def a_day(draw: st.DrawFn) -> list[str]:
    """Windows of a day, at half hours, the last perhaps up to midnight."""
    edges = sorted(draw(st.sets(st.integers(0, 48), max_size=6)))
    pairs = list(pairwise(edges))[::2]
    return [f"{_clock(begin)}-{_clock(end)}" for begin, end in pairs]


def _clock(half_hours: int) -> str:
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


@st.composite
def a_told_stop(draw: st.DrawFn) -> Stop:
    begin = NOON + draw(st.integers(-48, 48)) * 30 * MINUTE
    until = begin + draw(st.integers(1, 48)) * 30 * MINUTE
    return stop(from_at=begin, until_at=until, announced_at=begin - 10 * DAY)


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries({name: a_day() for name in ("every", "sat", "holiday")}),
    st.lists(a_told_stop(), max_size=3),
    st.integers(0, 3 * 24 * 60),
)
def test_the_wait_ends_where_the_first_call_passes(
    table: dict[str, list[str]], stops: list[Stop], minutes: int
) -> None:
    found = rules(*stops, hours=json.dumps(table))
    now = NOON + minutes * MINUTE
    met = verdict(found, BALANCE, now)
    if not isinstance(met, tuple) or not any(table.values()):
        return
    opening = now + met[1] * SECOND
    walk = range(now, opening, 30 * MINUTE)  # every edge is at a half hour
    assert verdict(found, BALANCE, opening) is None
    assert all(verdict(found, BALANCE, at - at % (30 * MINUTE)) for at in walk)
    assert verdict(found, BALANCE, opening - 1) is not None


@pytest.mark.requirement("W-16")
def test_each_class_keeps_its_own_hours() -> None:
    found = rules(hours='{"update": {"every": ["09:00-12:00"]}}')
    assert verdict(found, REGISTER, NOON - 1) is None
    assert verdict(found, REGISTER, NOON) == ("hours", 21 * 3600)
    for asked in (BALANCE, TOKEN):
        assert verdict(found, asked, NOON) is None


@pytest.mark.requirement("W-17")
def test_changed_hours_hold_from_their_instant_and_the_wait_knows_them() -> None:
    def change(at: Instant, hours: Hours) -> HoursChange:
        return HoursChange(effective_at=at, hours=hours)

    changes = (
        change(NOON, CLOSED),
        change(NOON + 2 * HOUR, parse_hours({"every": ["15:00-16:00"]})),
    )
    found = rules(changes={ApiClass.REFERENCE: changes})
    assert verdict(found, BALANCE, NOON - 1) is None
    assert verdict(found, BALANCE, NOON) == ("hours", 3 * 3600)
    assert verdict(found, BALANCE, NOON + 2 * HOUR) == ("hours", 3600)
    assert verdict(found, BALANCE, NOON + 3 * HOUR) is None
    assert verdict(found, BALANCE, NOON + 4 * HOUR) == ("hours", 23 * 3600)
    assert verdict(found, REGISTER, NOON) is None


# What does not come back


@pytest.mark.requirement("T-37", "W-65")
@pytest.mark.parametrize("kind", [StopKind.END, StopKind.NARROW])
def test_what_has_ended_stays_so_and_goes_before_any_other_stop(kind: StopKind) -> None:
    ended = stop(kind, until_at=None, scope=Scope(functions=frozenset({"transactions"})))
    found = rules(stop(), ended, hours="closed")
    assert verdict(found, STATEMENT, NOON - 1) == ("hours", 86_400)
    assert verdict(found, STATEMENT, NOON) == "ended"
    assert verdict(found, STATEMENT, NOON + 10_000 * DAY) == "ended"
    assert verdict(found, BALANCE, NOON) == ("stopped", 86_400)


@pytest.mark.requirement("W-65")
def test_fields_go_out_of_the_answers_they_were_taken_from() -> None:
    scope = Scope(functions=frozenset({"balances"}))
    found = rules(stop(StopKind.NARROW, until_at=None, scope=scope, fields=frozenset({"held"})))
    body = {"held": 1, "rows": [{"held": 2, "kept": 3}], "kept": {"held": 4}}
    assert found.without(BALANCE, body, NOON) == {"rows": [{"kept": 3}], "kept": {}}
    assert found.without(BALANCE, body, NOON - 1) is body
    assert found.without(STATEMENT, body, NOON) is body
    assert verdict(found, BALANCE, NOON) is None


def test_only_an_end_of_everything_for_everybody_ends_the_service() -> None:
    assert stop(StopKind.END).is_whole_end
    for other in (
        stop(StopKind.NARROW),
        stop(StopKind.END, scope=Scope(client_id="c1")),
        stop(StopKind.END, scope=Scope(classes=frozenset({ApiClass.UPDATE}))),
    ):
        assert not other.is_whole_end
