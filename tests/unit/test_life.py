"""Generated life: the same for the same seed, in whatever order it is asked for."""

from datetime import date, timedelta
from itertools import groupby

import pytest

from sandbox.domain.life import (
    Life,
    LifeKind,
    Movement,
    Story,
    movements_between,
    movements_on,
    parse_story,
)
from sandbox.domain.life import plan as plan_module
from sandbox.domain.life.dates import dates_of
from sandbox.domain.life.month import Month
from sandbox.domain.time import jst_date
from tests.lives import CALENDAR, ONE_DAY, life

FIRST, LAST = date(2025, 10, 22), date(2026, 11, 21)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
LIVED = [kind for kind in LifeKind if kind not in (LifeKind.RESTING, LifeKind.BUSY)]
EVERY_KIND = pytest.mark.parametrize("kind", LIVED, ids=str)
PLENTY = 10**12  # no balance is in the way


def lived(
    one: Life,
    *,
    seed: int = 7,
    first: date = FIRST,
    last: date = LAST,
    balance_yen: int = 500_000,
    limit_yen: int = 0,
) -> list[Movement]:
    months = movements_between(
        seed,
        one,
        first,
        last,
        CALENDAR,
        balance_yen=balance_yen,
        overdraft_limit_yen=limit_yen,
    )
    return [movement for month in months for movement in month]


def on(one: Life, day: date, *, seed: int = 7, balance_yen: int = PLENTY) -> list[Movement]:
    return movements_on(seed, one, day, CALENDAR, balance_yen=balance_yen)


def day_by_day(one: Life, balance_yen: int) -> list[Movement]:
    movements: list[Movement] = []
    for day in DAYS:
        today = on(one, day, balance_yen=balance_yen)
        balance_yen += sum(movement.amount_yen for movement in today)
        movements += today
    return movements


def called(movements: list[Movement], content: str) -> list[Movement]:
    return [movement for movement in movements if movement.content == content]


@EVERY_KIND
def test_the_same_seed_gives_the_same_life(kind: LifeKind) -> None:
    assert lived(life(kind)) == lived(life(kind))


@EVERY_KIND
def test_another_seed_gives_another_life(kind: LifeKind) -> None:
    assert lived(life(kind)) != lived(life(kind), seed=8)


@EVERY_KIND
def test_another_account_has_another_life(kind: LifeKind) -> None:
    assert lived(life(kind)) != lived(life(kind, key="2"))


@EVERY_KIND
def test_days_lived_one_by_one_are_the_history(kind: LifeKind) -> None:
    assert day_by_day(life(kind), 500_000) == lived(life(kind))


@EVERY_KIND
def test_days_may_be_asked_for_in_any_order(kind: LifeKind) -> None:
    one = life(kind)
    forwards = [on(one, day) for day in DAYS]
    plan_module._kept_plan.cache_clear()
    backwards = [on(one, day) for day in reversed(DAYS)]
    assert forwards == backwards[::-1]


@EVERY_KIND
def test_a_later_start_of_the_world_moves_nothing(kind: LifeKind) -> None:
    one = life(kind)
    long = lived(one, balance_yen=PLENTY)
    late = lived(one, first=FIRST + 40 * ONE_DAY, balance_yen=PLENTY)
    without_interest = [m for m in long if m.content != "利息" and m.gl_code != "tax_withheld"]
    assert [m for m in without_interest if jst_date(m.booked_at) >= FIRST + 40 * ONE_DAY] == [
        m for m in late if m.content != "利息" and m.gl_code != "tax_withheld"
    ]


def test_a_new_habit_moves_none_of_the_old(monkeypatch: pytest.MonkeyPatch) -> None:
    one = life(LifeKind.SALARY)
    before = lived(one, balance_yen=PLENTY)
    restless = plan_module.HABITS[LifeKind.RESTLESS]
    monkeypatch.setattr(plan_module, "HABITS", {LifeKind.SALARY: restless})
    after = lived(one, balance_yen=PLENTY)
    kept = [movement for movement in before if movement.gl_code not in ("interest_expense",)]
    assert len(after) > len(before)
    assert set(kept) - set(after) <= {m for m in kept if m.gl_code == "tax_withheld"}


@EVERY_KIND
def test_the_balance_never_breaks_the_limit(kind: LifeKind) -> None:
    for seed in range(5):
        balance = low = 3_000
        for movement in lived(life(kind), seed=seed, balance_yen=balance, limit_yen=2_000):
            balance += movement.amount_yen
            low = min(low, balance)
        assert low >= -2_000


def test_an_unborne_transfer_takes_its_fee_with_it() -> None:
    poor = life(LifeKind.TRADING, monthly_yen=20_000_000)
    rich = {m.booked_at for m in lived(poor, balance_yen=PLENTY) if m.abstract == "ﾌﾘｺﾐﾃｽｳﾘﾖｳ"}
    movements = lived(poor, balance_yen=0)
    booked = {m.booked_at for m in movements if m.content != "手数料"}
    fees = [m for m in movements if m.abstract == "ﾌﾘｺﾐﾃｽｳﾘﾖｳ"]
    assert len(fees) < len(rich)
    assert all(fee.booked_at in booked for fee in fees)


@EVERY_KIND
def test_movements_come_in_booking_order(kind: LifeKind) -> None:
    instants = [movement.booked_at for movement in lived(life(kind))]
    assert instants == sorted(instants)


@EVERY_KIND
def test_movements_stay_on_their_day(kind: LifeKind) -> None:
    for day in DAYS[:60]:
        assert {jst_date(movement.booked_at) for movement in on(life(kind), day)} <= {day}


@EVERY_KIND
def test_texts_fit_the_statement(kind: LifeKind) -> None:
    for movement in lived(life(kind), balance_yen=PLENTY):
        assert 1 <= len(movement.content) <= 20
        assert len(movement.abstract) <= 48
        assert movement.customer_number is None or len(movement.customer_number) == 10


def test_salary_comes_on_the_25th_or_the_business_day_before() -> None:
    days = [jst_date(m.booked_at) for m in called(lived(life(LifeKind.SALARY)), "給与")]
    assert len(days) == 13
    assert all(CALENDAR.on_or_before(day.replace(day=25)) == day for day in days)
    assert date(2026, 9, 24) in days  # the 25th is a day off in the test's calendar


def test_bonus_comes_twice_a_year() -> None:
    days = [jst_date(m.booked_at) for m in called(lived(life(LifeKind.SALARY)), "賞与")]
    assert [(day.year, day.month) for day in days] == [(2025, 12), (2026, 6)]


def test_direct_debits_fall_on_business_days() -> None:
    debits = called(lived(life(LifeKind.SALARY)), "口座振替")
    assert len(debits) > 50
    assert all(CALENDAR.is_business_day(jst_date(debit.booked_at)) for debit in debits)


def test_what_is_due_at_a_months_end_may_fall_into_the_next() -> None:
    dues = dates_of(CALENDAR, date(2026, 2, 1)).put_off[31]
    assert [(due.day.on, due.period) for due in dues] == [
        (date(2026, 2, 2), date(2026, 1, 1)),  # 31 January is a Saturday
    ]
    assert [due.day.on for due in dates_of(CALENDAR, date(2026, 3, 1)).put_off[31]] == [
        date(2026, 3, 2),  # 28 February is one too
        date(2026, 3, 31),
    ]


@pytest.mark.parametrize("number", range(1, 32))
def test_every_due_day_comes_once_a_month(number: int) -> None:
    firsts = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(30)]
    periods = [due.period for first in firsts for due in dates_of(CALENDAR, first).put_off[number]]
    assert len(periods) == len(set(periods))
    assert set(firsts[:-1]) <= set(periods)


def test_the_rent_stays_the_same_and_the_power_bill_does_not() -> None:
    movements = lived(life(LifeKind.SALARY))
    rents = {m.amount_yen for m in movements if m.abstract == "ｶｸｳﾌﾄﾞｳｻﾝ ﾔﾁﾝ"}
    bills = {m.amount_yen for m in movements if m.abstract == "ｶｸｳﾃﾞﾝﾘﾖｸ"}
    assert len(rents) == 1
    assert len(bills) > 5


def test_a_supplier_knows_the_household_by_one_number() -> None:
    movements = lived(life(LifeKind.SALARY))
    by_supplier = groupby(
        sorted((m.abstract, m.customer_number) for m in movements if m.customer_number),
        key=lambda pair: pair[0],
    )
    numbers = {supplier: {number for _, number in pairs} for supplier, pairs in by_supplier}
    assert set(numbers) == {"ｶｸｳﾃﾞﾝﾘﾖｸ", "ﾐﾎﾝｶﾞｽ", "ｶｸｳｼ ｽｲﾄﾞｳ", "ﾐﾎﾝﾂｳｼﾝ"}
    assert all(len(same) == 1 for same in numbers.values())


def test_water_is_billed_every_other_month() -> None:
    months = {
        jst_date(m.booked_at).month
        for m in lived(life(LifeKind.SALARY))
        if m.abstract == "ｶｸｳｼ ｽｲﾄﾞｳ"
    }
    assert months == {2, 4, 6, 8, 10, 12}


def test_interest_comes_in_february_and_august_less_the_tax_of_an_individual() -> None:
    movements = on(life(LifeKind.RESTING), date(2026, 2, 20), balance_yen=10_000_000)
    assert [(m.content, m.amount_yen) for m in movements] == [
        ("利息", 10_000),
        ("税金", -(1_531 + 500)),
    ]
    assert len(lived(life(LifeKind.RESTING))) == 4


def test_a_corporate_pays_no_local_tax_on_interest() -> None:
    movements = on(life(LifeKind.TRADING), date(2026, 2, 20), balance_yen=10_000_000)
    assert [m.amount_yen for m in movements if m.gl_code == "tax_withheld"] == [-1_531]


def test_interest_counts_the_balance_of_the_morning() -> None:
    one = life(LifeKind.SALARY)
    movements = on(one, date(2026, 8, 20), balance_yen=2_000_000)
    assert movements[0].content == "利息"
    assert movements[0].amount_yen == 2_000


@pytest.mark.parametrize("balance_yen", [0, 999, -5])
def test_nothing_earns_no_interest(balance_yen: int) -> None:
    assert on(life(LifeKind.RESTING), date(2026, 2, 20), balance_yen=balance_yen) == []


def test_one_yen_of_interest_bears_no_tax() -> None:
    movements = on(life(LifeKind.RESTING), date(2026, 2, 20), balance_yen=1_000)
    assert [m.amount_yen for m in movements] == [1]


def test_a_current_account_bears_no_interest() -> None:
    assert called(lived(life(LifeKind.CHEQUES), balance_yen=PLENTY), "利息") == []


def test_a_current_account_uses_its_overdraft_and_pays_it_back() -> None:
    one = life(LifeKind.CHEQUES, monthly_yen=4_000_000)
    balance, lows = 0, []
    for movement in lived(one, first=date(2026, 1, 1), balance_yen=0, limit_yen=9_000_000):
        balance += movement.amount_yen
        lows.append(balance)
    assert min(lows) < -1_000_000
    assert lows.count(0) >= 9  # covered to the yen at each month's end


def test_a_firm_pays_its_people_its_suppliers_and_the_state() -> None:
    contents = {m.content for m in lived(life(LifeKind.TRADING, monthly_yen=20_000_000))}
    assert contents >= {"振込", "給与振込", "手数料", "口座振替", "税金"}


def test_a_sole_proprietor_mixes_business_with_household() -> None:
    movements = lived(life(LifeKind.SOLE_PROPRIETOR))
    abstracts = {m.abstract for m in movements}
    assert abstracts >= {"ｺｸﾐﾝﾈﾝｷﾝﾎｹﾝﾘﾖｳ", "ｶｸｳﾌﾄﾞｳｻﾝ ﾔﾁﾝ", "ﾐﾎﾝｺｳｷﾞﾖｳ(ｶ", "ｼﾖｳﾋｾﾞｲ"}
    assert called(movements, "給与") == []


def test_cash_costs_a_fee_in_the_evening_and_at_the_week_end() -> None:
    movements = lived(life(LifeKind.SALARY), balance_yen=PLENTY)
    fees = {m.booked_at for m in movements if m.abstract == "ATMﾘﾖｳﾃｽｳﾘﾖｳ"}
    withdrawals = called(movements, "ATM")
    assert 0 < len(fees) < len(withdrawals)
    for withdrawal in withdrawals:
        if jst_date(withdrawal.booked_at).weekday() >= 5:
            assert withdrawal.booked_at in fees


def test_draws_of_a_month_do_not_touch_each_other() -> None:
    month = Month(seed=7, life=life(LifeKind.SALARY), dates=dates_of(CALENDAR, date(2026, 5, 1)))
    first = month.dice("cash").random()
    month.dice("shopping").random()
    assert month.dice("cash").random() == first
    assert month.dice("shopping").random() != first
    assert month.lasting("rent") == month.lasting("rent")
    assert month.passing("rent") != month.passing("rent", date(2026, 4, 1))
    assert all(0 <= number < 1 for number in month.lasting("rent"))


def test_a_story_comes_back_from_its_document() -> None:
    one = life(LifeKind.SALARY, key="0001")
    story = Story(ja="給与生活者", en="salaried", lives={one.key: one})
    assert parse_story(story.document()) == story


def test_an_empty_story_has_no_lives() -> None:
    assert parse_story({}).lives == {}


def test_the_size_of_a_life_follows_its_income() -> None:
    small = lived(life(LifeKind.TRADING, monthly_yen=2_000_000), balance_yen=10**9)
    large = lived(life(LifeKind.TRADING, monthly_yen=8_000_000), balance_yen=10**9)
    assert len(small) == len(large)
    receipts = [sum(m.amount_yen for m in called(ms, "振込")) for ms in (small, large)]
    assert receipts[1] == pytest.approx(4 * receipts[0], rel=0.01)
