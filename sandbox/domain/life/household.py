"""What individuals do: salary and bonus, cash, shopping, and money between friends."""

from collections.abc import Iterator

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

SHOPS = (
    "ｶｸｳｽ-ﾊﾟ-",
    "ﾐﾎﾝﾏ-ﾄ",
    "ｶｸｳﾔﾂｷﾖｸ",
    "ｻﾝﾌﾟﾙｼﾖﾃﾝ",
    "ｶｸｳﾃﾂﾄﾞｳ",
    "ﾐﾎﾝｺ-ﾋ-",
    "ｶｸｳﾎ-ﾑｾﾝﾀ-",
    "ﾐﾎﾝｼﾖｸﾄﾞｳ",
    "ｻﾝﾌﾟﾙﾃﾞﾝｷ",
    "ｶｸｳﾍﾞ-ｶﾘ-",
)
TRANSFER_FEE = "ﾌﾘｺﾐﾃｽｳﾘﾖｳ"
_BONUS_MONTHS = (6, 12)


def salary(month: Month) -> Iterator[Act]:
    """給与: on the 25th, or the business day before it."""
    size, moment = month.passing("salary")
    amount = share_of(month.life.monthly_yen, size, 970, 1040)
    day = month.dates.brought_forward[25]
    yield single(day, time_of(moment, 7, 9), amount, "給与", month.life.payer, "clearing")


def bonus(month: Month) -> Iterator[Act]:
    """賞与: on 10 June and 10 December, or the business day before."""
    if month.dates.first.month in _BONUS_MONTHS:
        size, moment = month.passing("bonus")
        amount = share_of(month.life.monthly_yen, size, 1400, 2200) // 1000 * 1000
        day = month.dates.brought_forward[10]
        yield single(day, time_of(moment, 7, 9), amount, "賞与", month.life.payer, "clearing")


def cash(month: Month) -> Iterator[Act]:
    """ATM withdrawals, dearer in the evening and at the week-end."""
    dice = month.dice("cash")
    for _ in range(between(dice, 2, 4)):
        day = any_day(dice, month.dates.days)
        amount = max(permille(dice, month.life.monthly_yen, 30, 70) // 1000, 1) * 1000
        time_ms = clock_time(dice, 8, 21)
        act = single(day, time_ms, -amount, "ATM", "ｼﾊﾗｲ", "cash")
        is_dear = time_ms >= 18 * 3_600_000 or day.on.weekday() >= 5
        yield with_fee(act, 110, "ATMﾘﾖｳﾃｽｳﾘﾖｳ") if is_dear else act


def shopping(month: Month) -> Iterator[Act]:
    """Payments by debit card and at the convenience store."""
    dice = month.dice("shopping")
    for _ in range(between(dice, 8, 16)):
        day = any_day(dice, month.dates.days)
        amount = permille(dice, month.life.monthly_yen, 2, 24)
        time_ms = clock_time(dice, 9, 22)
        yield single(day, time_ms, -amount, "カード", pick(dice, SHOPS), "card")


def friends(month: Month) -> Iterator[Act]:
    """振込 to and from other people."""
    dice = month.dice("friends")
    for _ in range(between(dice, 0, 3)):
        day = any_day(dice, month.dates.days)
        amount = between(dice, 2_000, 30_000, 500)
        time_ms = clock_time(dice, 9, 21)
        name = pick(dice, month.life.people)
        if dice.random() < 0.5:
            yield single(day, time_ms, amount, "振込", name, "clearing")
        else:
            act = single(day, time_ms, -amount, "振込", name, "clearing")
            yield with_fee(act, 165, TRANSFER_FEE)


def instalment(month: Month) -> Iterator[Act]:
    """積立: a fixed sum goes into the savings account, and now and then some is taken out."""
    for day, period in month.dates.put_off[27]:
        moment, _ = month.passing("instalment", period)
        amount = month.life.monthly_yen
        yield single(day, time_of(moment, 6, 9), amount, "振替", "ﾂﾐﾀﾃ", "clearing")
    chance, moment = month.passing("withdrawal")
    if chance < 0.2:
        day = month.dates.days[int(chance * 5 * len(month.dates.days))]
        amount = 2 * month.life.monthly_yen
        yield single(day, time_of(moment, 9, 17), -amount, "振替", "ﾌﾘｶｴ", "clearing")


def side_income(month: Month) -> Iterator[Act]:
    """個人事業主: customers pay, and material is paid for."""
    dice = month.dice("side income")
    days = month.dates.business_days
    count = between(dice, 5, 9)
    for _ in range(count):
        day = any_day(dice, days)
        amount = permille(dice, month.life.monthly_yen, 1500, 3100) // count
        name = pick(dice, month.life.firms)
        yield single(day, clock_time(dice, 9, 15), amount, "振込", name, "clearing")
    for _ in range(between(dice, 3, 6)):
        day = any_day(dice, days)
        amount = permille(dice, month.life.monthly_yen, 60, 160)
        name = pick(dice, month.life.firms)
        act = single(day, clock_time(dice, 9, 15), -amount, "振込", name, "clearing")
        yield with_fee(act, 330, TRANSFER_FEE)
