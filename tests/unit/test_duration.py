"""Lengths of time: both forms, and what is refused."""

import pytest

from sandbox.domain.duration import LONGEST, parse_duration
from sandbox.domain.time import DAY, HOUR, MINUTE, SECOND

READ = {
    "91d": 91 * DAY,
    "2h30m": 2 * HOUR + 30 * MINUTE,
    "45s": 45 * SECOND,
    "500ms": 500,
    "1w": 7 * DAY,
    "1w2d3h4m5s6ms": 9 * DAY + 3 * HOUR + 4 * MINUTE + 5 * SECOND + 6,
    "0s": 0,
    " 1d ": DAY,
    "P91D": 91 * DAY,
    "P2W": 14 * DAY,
    "PT30M": 30 * MINUTE,
    "P1DT2H": DAY + 2 * HOUR,
    "PT1H1M1S": HOUR + MINUTE + SECOND,
    "PT0.5S": 500,
    "PT1.025S": 1_025,
    "36525d": LONGEST,
}
REFUSED = {
    "": "no length of time",
    "5": "no length of time",
    "d": "no length of time",
    "1.5h": "no length of time",
    "30m2h": "no length of time",
    "5m5m": "no length of time",
    "1d 2h": "no length of time",
    "1D": "no length of time",
    "p1d": "no length of time",
    "P": "no length of time",
    "PT": "no length of time",
    "P1DT": "no length of time",
    "PT1S1M": "no length of time",
    "PT0.0001S": "no length of time",
    "５d": "no length of time",
    "9" * 20 + "d": "no length of time",
    "-3d": "negative",
    "P1M": "months or years",
    "P1Y": "months or years",
    "P1Y2DT3H": "months or years",
    "36526d": "longer than 100 years",
    "36525d1ms": "longer than 100 years",
}


@pytest.mark.parametrize(("text", "expected_ms"), READ.items())
def test_a_length_of_time_is_read(text: str, expected_ms: int) -> None:
    assert parse_duration(text) == expected_ms


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_is_no_length_of_time_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_duration(text)


def test_the_message_shows_how_to_write_one() -> None:
    with pytest.raises(ValueError, match="'5' is no length of time: write one such as 91d, 2h30m"):
        parse_duration("5")
