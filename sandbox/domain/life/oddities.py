"""Everything odd that a statement may show, so that a provider meets it here first."""

from collections.abc import Iterator

from sandbox.domain.account import LineStatus
from sandbox.domain.life.month import Month, any_day, between, clock_time
from sandbox.domain.life.movement import Act, single

CROWD_DAY = 10
CROWD = 310  # rows on one day: more than 300 break some providers
_LONGEST_CONTENT = "給付金・還付金等（一括払・特例処理分）扱"  # 20 characters
_LONGEST_ABSTRACT = "ﾄｸﾍﾞﾂｷﾕｳﾌｷﾝ ﾀﾞｲ1ｶｲ(ｾｲｷﾕｳﾊﾞﾝｺﾞｳ 000000001)ｶｸｳｼﾔｸｼ"


def cancelled_row(month: Month) -> Iterator[Act]:
    """取消: the wrong deposit stays with status 1, and a row of the opposite amount follows."""
    dice = month.dice("cancelled row")
    amount = between(dice, 10_000, 50_000)
    name = month.life.payer
    wrong = single(
        any_day(dice, month.dates.days), clock_time(dice, 9, 15), amount, "振込", name, "clearing"
    )
    kept = wrong[0]._replace(status=LineStatus.CANCELLED.value)
    yield kept, kept._replace(amount_yen=-amount, content="取消", status=LineStatus.NORMAL.value)


def missing_number(month: Month) -> Iterator[Act]:
    """欠番: a number without amounts."""
    dice = month.dice("missing number")
    missing = single(
        any_day(dice, month.dates.days), clock_time(dice, 9, 15), 0, "欠番", "", "clearing"
    )
    yield (missing[0]._replace(status=LineStatus.MISSING_NUMBER.value),)


def other_value_dates(month: Month) -> Iterator[Act]:
    """起算日 before the booking (a correction), and after it (checks issued by other banks)."""
    dice = month.dice("value dates")
    days = month.dates.business_days
    late = 4 + int(dice.random() * (len(days) - 8))
    for content, abstract, shift in (
        ("訂正入金", "ｷｻﾝﾋﾞ ﾃｲｾｲ", -3),
        ("他店券入金", "ﾀﾃﾝｹﾝ", 2),
    ):
        amount = between(dice, 3_000, 90_000)
        act = single(days[late], clock_time(dice, 9, 15), amount, content, abstract, "clearing")
        yield (act[0]._replace(value_on=days[late + shift].on),)


def longest_texts(month: Month) -> Iterator[Act]:
    """A row that fills both texts to the last character, and one without an abstract."""
    dice = month.dice("longest texts")
    for content, abstract in ((_LONGEST_CONTENT, _LONGEST_ABSTRACT), ("入金", "")):
        day = any_day(dice, month.dates.days)
        yield single(day, clock_time(dice, 9, 15), 1_000, content, abstract, "clearing")


def crowded_day(month: Month) -> Iterator[Act]:
    """More rows on the 10th than some providers can take."""
    dice = month.dice("crowded day")
    for _ in range(CROWD):
        amount = between(dice, 1, 100)
        time_ms = clock_time(dice, 6, 23)
        yield single(
            month.dates.days[CROWD_DAY - 1], time_ms, amount, "入金", "ﾎﾟｲﾝﾄｶﾝｹﾞﾝ", "clearing"
        )
