"""What corporates do: receivables, payables, payroll, and cheques on the current account."""

from collections.abc import Iterator

from sandbox.domain.life.household import TRANSFER_FEE
from sandbox.domain.life.month import (
    Month,
    any_day,
    between,
    clock_time,
    permille,
    pick,
    share_of,
    time_of,
)
from sandbox.domain.life.movement import Act, single, with_fee


def receivables(month: Month) -> Iterator[Act]:
    """売掛金の入金: all month, most of it on the last business days."""
    dice = month.dice("receivables")
    days = month.dates.business_days
    count = between(dice, 14, 22)
    for turn in range(count):
        day = any_day(dice, days[-2:] if turn % 2 else days)
        amount = permille(dice, month.life.monthly_yen, 500, 1600) // count
        name = pick(dice, month.life.firms)
        yield single(day, clock_time(dice, 9, 15), amount, "振込", name, "clearing")


def payables(month: Month) -> Iterator[Act]:
    """買掛金の支払: to suppliers, each with the transfer fee."""
    dice = month.dice("payables")
    days = month.dates.business_days
    count = between(dice, 7, 11)
    for _ in range(count):
        day = any_day(dice, days)
        amount = permille(dice, month.life.monthly_yen, 450, 750) // count
        name = pick(dice, month.life.firms)
        act = single(day, clock_time(dice, 9, 15), -amount, "振込", name, "clearing")
        yield with_fee(act, 660, TRANSFER_FEE)


def payroll(month: Month) -> Iterator[Act]:
    """給与振込: one sum for everybody, on the 25th or the business day before it."""
    size, moment = month.passing("payroll")
    amount = share_of(month.life.monthly_yen, size, 230, 250)
    day, time_ms = month.dates.brought_forward[25], time_of(moment, 7, 9)
    act = single(day, time_ms, -amount, "給与振込", "ｷﾕｳﾖ", "clearing")
    employees = 4 + int(month.lasting("employees")[0] * 9)
    yield with_fee(act, 110 * employees, TRANSFER_FEE)


def contract_fee(month: Month) -> Iterator[Act]:
    """The monthly fee of the internet-banking contract (契約料)."""
    for day, period in month.dates.put_off[20]:
        moment, _ = month.passing("contract fee", period)
        yield single(day, time_of(moment, 6, 9), -2_200, "手数料", "ｹｲﾔｸﾘﾖｳ", "fee_income")


def cheques(month: Month) -> Iterator[Act]:
    """小切手: drawn through the month, covered on its last business day (so 貸越 in between)."""
    dice = month.dice("cheques")
    days = month.dates.business_days
    drawn = 0
    for _ in range(between(dice, 3, 6)):
        day = any_day(dice, days[:-1])
        amount = permille(dice, month.life.monthly_yen, 60, 240)
        drawn += amount
        abstract = f"ｺｷﾞﾂﾃ No.{between(dice, 1000, 9999)}"
        yield single(day, clock_time(dice, 9, 15), -amount, "小切手", abstract, "clearing")
    time_ms = clock_time(dice, 9, 15)
    yield single(days[-1], time_ms, drawn, "振込", pick(dice, month.life.firms), "clearing")
