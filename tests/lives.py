"""Lives for the tests, and a calendar that no law can change."""

from datetime import date, timedelta

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.life import Life, LifeKind

ONE_DAY = timedelta(days=1)

# Some days off besides the week-ends: enough for dates to move, whatever becomes law.
CALENDAR = BankCalendar(
    holidays=frozenset({date(2025, 11, 3), date(2026, 5, 5), date(2026, 9, 25), date(2026, 11, 3)}),
    first=date(2024, 1, 1),
    last=date(2028, 12, 31),
)


def life(kind: LifeKind, *, key: str = "1", monthly_yen: int = 300_000) -> Life:
    return Life(
        key=key,
        kind=kind,
        opening_yen=500_000,
        monthly_yen=monthly_yen,
        payer="ｶ)ｶｸｳｼﾖｳｼﾞ",
        people=("ｶｸｳ ﾀﾛｳ", "ﾐﾎﾝ ﾊﾅｺ"),
        firms=("ﾐﾎﾝｺｳｷﾞﾖｳ(ｶ", "ﾕ)ｶｸｳｼﾖｸﾋﾝ"),
    )
