"""Dates of the Japanese calendar, with two digits for the year of the era."""

from datetime import date, timedelta

import pytest

from sandbox.domain.era import day_of_era, era_of, era_yymmdd

TODAY = date(2026, 10, 1)
WRITTEN = {
    date(2026, 10, 1): "081001",
    date(2019, 5, 1): "010501",
    date(2019, 12, 31): "011231",
    date(2020, 1, 1): "020101",
    date(2019, 4, 30): "310430",
    date(1989, 1, 8): "010108",
    date(1989, 1, 7): "640107",
    date(1926, 12, 25): "011225",
    date(2117, 12, 31): "991231",
    date(2024, 2, 29): "060229",
}


@pytest.mark.parametrize(("day", "written"), WRITTEN.items())
def test_a_day_is_written_with_the_year_of_its_era(day: date, written: str) -> None:
    assert era_yymmdd(day) == written


@pytest.mark.parametrize("day", [date(1926, 12, 24), date(2118, 1, 1), date.min, date.max])
def test_a_day_without_a_two_digit_year_is_refused(day: date) -> None:
    with pytest.raises(ValueError, match="two-digit year"):
        era_yymmdd(day)


@pytest.mark.parametrize(
    ("written", "latest", "expected"),
    [
        ("081001", TODAY, TODAY),
        ("081002", TODAY, date(1996, 10, 2)),  # 令和8年 is yet to come: 平成8年
        ("081001", date(1990, 1, 1), date(1933, 10, 1)),
        ("010430", TODAY, date(1989, 4, 30)),  # 令和 had not begun
        ("310430", TODAY, date(2019, 4, 30)),
        ("310501", TODAY, date(1956, 5, 1)),  # 平成 was over
        ("640107", TODAY, date(1989, 1, 7)),
        ("640108", TODAY, None),
        ("011224", TODAY, date(2019, 12, 24)),
        ("011224", date(1989, 12, 31), date(1989, 12, 24)),
        ("060229", TODAY, date(2024, 2, 29)),
        ("050229", TODAY, None),
        ("081301", TODAY, None),
        ("080100", TODAY, None),
        ("000101", TODAY, None),
        ("990101", TODAY, None),
        ("990101", date.max, date(2117, 1, 1)),
    ],
)
def test_it_is_read_as_the_last_such_day_not_too_late(
    written: str, latest: date, expected: date | None
) -> None:
    assert day_of_era(written, latest=latest) == expected


def test_every_day_of_the_last_twenty_nine_years_is_read_as_it_was_written() -> None:
    for back in range(29 * 365):
        day = TODAY - timedelta(days=back)
        assert day_of_era(era_yymmdd(day), latest=TODAY) == day


def test_before_the_first_era_there_is_none() -> None:
    assert era_of(date(1926, 12, 24)) is None
    assert era_of(date(1926, 12, 25)) == date(1926, 12, 25)
