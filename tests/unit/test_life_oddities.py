"""The statement that holds every oddity, and the one that holds a hundred thousand lines."""

from collections import Counter
from datetime import date, timedelta

import pytest

from sandbox.domain.account import LineStatus
from sandbox.domain.life import BUSY_LINES, LifeKind, Movement, busy_days, movements_between
from sandbox.domain.life.oddities import CROWD, CROWD_DAY
from sandbox.domain.time import jst_date
from tests.lives import CALENDAR, life

FIRST, LAST = date(2025, 10, 22), date(2026, 11, 21)


@pytest.fixture(scope="module")
def may() -> list[Movement]:
    months = movements_between(
        7,
        life(LifeKind.RESTLESS),
        date(2026, 5, 1),
        date(2026, 5, 31),
        CALENDAR,
        balance_yen=900_000,
    )
    return next(months)


def test_a_cancelled_row_stays_and_its_counter_row_follows(may: list[Movement]) -> None:
    (at,) = [n for n, m in enumerate(may) if m.status == LineStatus.CANCELLED]
    wrong, counter = may[at], may[at + 1]
    assert (counter.content, counter.status) == ("取消", LineStatus.NORMAL)
    assert counter.amount_yen == -wrong.amount_yen
    assert counter.booked_at == wrong.booked_at


def test_a_missing_number_has_no_amount(may: list[Movement]) -> None:
    (missing,) = [m for m in may if m.status == LineStatus.MISSING_NUMBER]
    assert (missing.amount_yen, missing.abstract) == (0, "")


def test_value_dates_lie_before_and_after_the_booking(may: list[Movement]) -> None:
    shifts = {
        m.content: (m.value_on - jst_date(m.booked_at)).days
        for m in may
        if m.value_on != jst_date(m.booked_at)
    }
    assert set(shifts) == {"訂正入金", "他店券入金"}
    assert shifts["訂正入金"] < 0 < shifts["他店券入金"]


def test_value_dates_are_business_days(may: list[Movement]) -> None:
    moved = [m for m in may if m.value_on != jst_date(m.booked_at)]
    assert all(CALENDAR.is_business_day(m.value_on) for m in moved)


def test_one_row_fills_both_texts_and_one_has_no_abstract(may: list[Movement]) -> None:
    assert max(len(m.content) for m in may) == 20
    assert max(len(m.abstract) for m in may) == 48
    assert any(m.abstract == "" and m.amount_yen for m in may)


def test_one_day_has_more_rows_than_some_providers_can_take(may: list[Movement]) -> None:
    rows = Counter(jst_date(m.booked_at) for m in may)
    assert rows[date(2026, 5, CROWD_DAY)] >= CROWD > 300


def test_a_restless_life_is_also_a_salary_life(may: list[Movement]) -> None:
    assert {"給与", "口座振替", "カード"} <= {m.content for m in may}


@pytest.fixture(scope="module")
def busy() -> list[list[Movement]]:
    return list(busy_days(7, "0001", FIRST, LAST))


def test_the_busy_account_has_a_hundred_thousand_lines(busy: list[list[Movement]]) -> None:
    assert sum(map(len, busy)) == BUSY_LINES - 1  # and the opening line
    assert len(busy) == (LAST - FIRST).days + 1


def test_the_busy_account_has_too_many_rows_for_a_day_and_for_a_year(
    busy: list[list[Movement]],
) -> None:
    assert max(map(len, busy)) > 300
    assert sum(map(len, busy[-365:])) > 9_999
    assert sum(map(len, busy[-31:])) < 9_999


def test_the_rush_is_on_the_25th(busy: list[list[Movement]]) -> None:
    rushes = {jst_date(day[0].booked_at).day for day in busy if len(day) > 300}
    assert rushes == {25}


def test_every_busy_day_ends_where_it_began(busy: list[list[Movement]]) -> None:
    for day in busy:
        assert sum(m.amount_yen for m in day) == 0
        assert all(m.amount_yen > 0 for m in day[:-1])


def test_busy_days_are_in_booking_order_and_on_their_day(busy: list[list[Movement]]) -> None:
    for number, day in enumerate(busy):
        instants = [m.booked_at for m in day]
        assert instants == sorted(instants)
        assert {jst_date(at) for at in instants} == {FIRST + timedelta(days=number)}


def test_busy_days_repeat_with_the_seed_alone(busy: list[list[Movement]]) -> None:
    assert next(busy_days(7, "0001", FIRST, LAST)) == busy[0]
    assert next(busy_days(8, "0001", FIRST, LAST)) != busy[0]
    assert next(busy_days(7, "0002", FIRST, LAST)) != busy[0]
