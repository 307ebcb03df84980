"""Direct debits (口座振替): what leaves an account on the same day of the month, by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sandbox.domain.life.month import Month, share_of, time_of, two_numbers
from sandbox.domain.life.movement import Act, single

EVERY_MONTH = frozenset(range(1, 13))
EVEN_MONTHS = frozenset(range(2, 13, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Debit:
    """One standing debit. ``low`` and ``high`` are thousandths of the monthly income."""

    name: str
    day: int
    abstract: str
    low: int
    high: int
    months: frozenset[int] = EVERY_MONTH
    content: str = "口座振替"
    is_fixed: bool = False  # the same amount every month
    has_customer_number: bool = False


HOUSEHOLD = (
    Debit(name="rent", day=27, abstract="ｶｸｳﾌﾄﾞｳｻﾝ ﾔﾁﾝ", low=240, high=290, is_fixed=True),
    Debit(name="card", day=27, abstract="ｶｸｳｶ-ﾄﾞ", low=250, high=430),
    Debit(name="power", day=5, abstract="ｶｸｳﾃﾞﾝﾘﾖｸ", low=18, high=42, has_customer_number=True),
    Debit(name="gas", day=15, abstract="ﾐﾎﾝｶﾞｽ", low=10, high=24, has_customer_number=True),
    Debit(
        name="water",
        day=20,
        abstract="ｶｸｳｼ ｽｲﾄﾞｳ",
        low=16,
        high=28,
        months=EVEN_MONTHS,
        has_customer_number=True,
    ),
    Debit(name="phone", day=10, abstract="ﾐﾎﾝﾂｳｼﾝ", low=14, high=28, has_customer_number=True),
)
INSURED_BY_ONESELF = (
    Debit(name="pension", day=31, abstract="ｺｸﾐﾝﾈﾝｷﾝﾎｹﾝﾘﾖｳ", low=28, high=28, is_fixed=True),
    Debit(name="health", day=31, abstract="ｺｸﾐﾝｹﾝｺｳﾎｹﾝ", low=40, high=60, is_fixed=True),
    Debit(
        name="consumption_tax",
        day=31,
        abstract="ｼﾖｳﾋｾﾞｲ",
        low=180,
        high=260,
        months=frozenset({3}),
        content="税金",
    ),
)
FIRM = (
    Debit(name="rent", day=27, abstract="ｶｸｳﾋﾞﾙ ﾁﾝﾘﾖｳ", low=35, high=50, is_fixed=True),
    Debit(name="power", day=5, abstract="ｶｸｳﾃﾞﾝﾘﾖｸ", low=4, high=9, has_customer_number=True),
    Debit(name="gas", day=15, abstract="ﾐﾎﾝｶﾞｽ", low=1, high=3, has_customer_number=True),
    Debit(
        name="water",
        day=20,
        abstract="ｶｸｳｼ ｽｲﾄﾞｳ",
        low=1,
        high=3,
        months=EVEN_MONTHS,
        has_customer_number=True,
    ),
    Debit(name="phone", day=10, abstract="ﾐﾎﾝﾂｳｼﾝ", low=3, high=6, has_customer_number=True),
    Debit(name="lease", day=20, abstract="ﾐﾎﾝﾘ-ｽ", low=6, high=12, is_fixed=True),
    Debit(name="social_insurance", day=31, abstract="ｼﾔｶｲﾎｹﾝﾘﾖｳ", low=45, high=48),
    Debit(name="withheld_tax", day=10, abstract="ｹﾞﾝｾﾝｼﾖﾄｸｾﾞｲ", low=9, high=14, content="税金"),
    Debit(name="resident_tax", day=10, abstract="ｼﾞﾕｳﾐﾝｾﾞｲ", low=8, high=11, content="税金"),
    Debit(
        name="corporate_tax",
        day=31,
        abstract="ﾎｳｼﾞﾝｾﾞｲ",
        low=40,
        high=90,
        months=frozenset({5, 11}),
        content="税金",
    ),
    Debit(
        name="consumption_tax",
        day=31,
        abstract="ｼﾖｳﾋｾﾞｲ",
        low=60,
        high=110,
        months=frozenset({5, 11}),
        content="税金",
    ),
)


def household_debits(month: Month) -> Iterator[Act]:
    return _debits(month, HOUSEHOLD)


def insured_by_oneself(month: Month) -> Iterator[Act]:
    return _debits(month, INSURED_BY_ONESELF)


def firm_debits(month: Month) -> Iterator[Act]:
    return _debits(month, FIRM)


def _debits(month: Month, table: tuple[Debit, ...]) -> Iterator[Act]:
    for debit in table:
        for day, period in month.dates.put_off[debit.day]:
            if period.month not in debit.months:
                continue
            size, moment = month.passing(debit.name, period)
            fixed_size, number = _standing(month.seed, month.life.key, debit.name)
            size = fixed_size if debit.is_fixed else size
            yield single(
                day,
                time_of(moment, 6, 9),
                -share_of(month.life.monthly_yen, size, debit.low, debit.high),
                debit.content,
                debit.abstract,
                "direct_debit",
                number if debit.has_customer_number else None,
            )


@lru_cache(maxsize=2048)
def _standing(seed: int, key: str, debit: str) -> tuple[float, str]:
    """Draw what stays the same every month: the size, and the supplier's number for the payer."""
    size, number = two_numbers(seed, key, debit)
    return size, f"{int(number * 10**9):010d}"
