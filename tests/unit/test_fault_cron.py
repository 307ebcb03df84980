"""Cron expressions of fault windows: when they begin, and which are refused."""

from random import Random

import pytest

from sandbox.domain.fault_cron import first_after, last_until, parse_cron, parse_length
from sandbox.domain.moment import parse_instant
from sandbox.domain.time import DAY, MINUTE, SECOND, iso


@pytest.mark.parametrize(
    ("text", "at", "last", "following"),
    [
        ("0 22 * * fri", "2026-11-16T12:00", "2026-11-13T22:00", "2026-11-20T22:00"),
        ("0 22 * * 5", "2026-11-20T22:00", "2026-11-20T22:00", "2026-11-27T22:00"),
        ("0 22 * * 5", "2026-11-20T21:59:59.999", "2026-11-13T22:00", "2026-11-20T22:00"),
        ("*/15 * * * *", "2026-11-16T12:14:59", "2026-11-16T12:00", "2026-11-16T12:15"),
        ("0 9 L * *", "2026-11-16T12:00", "2026-10-31T09:00", "2026-11-30T09:00"),
        ("0 9 L 2 *", "2027-03-01T00:00", "2027-02-28T09:00", "2028-02-29T09:00"),
        ("0 9 31 * *", "2026-11-16T12:00", "2026-10-31T09:00", "2026-12-31T09:00"),
        ("0 0 LW * *", "2026-11-16T12:00", "2026-10-30T00:00", "2026-11-30T00:00"),
        ("0 0 * * mon#2", "2026-11-16T12:00", "2026-11-09T00:00", "2026-12-14T00:00"),
        ("0 0 * * 5L", "2026-11-16T12:00", "2026-10-30T00:00", "2026-11-27T00:00"),
        ("0 0 1 1 *", "2026-12-31T23:59:59", "2026-01-01T00:00", "2027-01-01T00:00"),
        ("0 0 29 2 *", "2026-11-16T12:00", "2024-02-29T00:00", "2028-02-29T00:00"),
        # A day or a weekday: either will do.
        ("0 0 20 * mon", "2026-11-16T12:00", "2026-11-16T00:00", "2026-11-20T00:00"),
        # In Tokyo the day is nine hours older than in UTC.
        ("0 0 16 11 *", "2026-11-15T14:59:59Z", "2025-11-16T00:00", "2026-11-16T00:00"),
    ],
)
def test_it_begins_in_tokyo_to_the_minute(text, at, last, following):
    cron, now = parse_cron(text), parse_instant(at)
    assert last_until(cron, now) == parse_instant(last)
    assert first_after(cron, now) == parse_instant(following)


def test_begins_follow_one_another_without_a_gap():
    cron, now = parse_cron("10,40 */6 * * *"), parse_instant("2026-11-16T00:00")
    found = []
    for _ in range(6):
        now = first_after(cron, now)
        assert last_until(cron, now) == now
        assert last_until(cron, now + MINUTE - 1) == now
        found.append(iso(now)[11:16])
    assert found == ["00:10", "00:40", "06:10", "06:40", "12:10", "12:40"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("61 * * * *", "there is no such minute"),
        ("* 24 * * *", "there is no such hour"),
        ("* * 0 * *", "there is no such day-of-month"),
        ("* * 32 * *", "there is no such day-of-month"),
        ("* * 30 2 *", "there is no such day-of-month"),
        ("* * 31 4,6 *", "there is no such day-of-month"),
        ("* * * 13 *", "there is no such month"),
        ("* * * * 8", "there is no such day-of-week"),
        ("* * * * someday", "there is no such day-of-week"),
        ("*/0 * * * *", "there is no such minute"),
        ("5-1 * * * *", "there is no such minute"),
        ("0 0 * 2 mon#6", "there is no such day-of-week"),
        ("0 0 29-30/40 2 1#9", "there is no such day-of-week"),
        ("", "is no cron expression"),
        ("* * * *", "is no cron expression"),
        ("0 * * * * *", "is no cron expression"),
        ("@daily", "is no cron expression"),
        ("０ * * * *", "is no cron expression"),
    ],
)
def test_what_is_wrong_with_it_is_said(given, problem):
    with pytest.raises(ValueError, match=problem) as found:
        parse_cron(given)
    assert "0 22 * * fri" in str(found.value), "an example that works"


@pytest.mark.parametrize("given", ["0 0 */31 * mon#5", "0 0 */30 2 wed#3"])
def test_a_day_that_never_comes_is_no_window(given):
    with pytest.raises(ValueError, match="never comes"):
        parse_cron(given)


def test_blanks_and_capitals_do_not_matter():
    assert parse_cron("  0  22 * *   FRI ") == "0 22 * * FRI"
    now = parse_instant("2026-11-16T12:00")
    assert first_after("0 22 * * FRI", now) == first_after("0 22 * * fri", now)


def test_no_text_fails_in_another_way():
    parts = [*"*059-", "31", "L", "LW", "5L", "mon#2", "fri", "dec", "/2", "-3", ",4", "#5", "/L"]
    draw, sound = Random(7), 0
    for _ in range(2_000):
        fields = ["*"] * 5
        for place in draw.sample(range(5), 2):
            fields[place] = "".join(draw.choices(parts, k=draw.randint(1, 3)))
        try:
            parse_cron(" ".join(fields))
            sound += 1
        except ValueError:
            continue
    assert 20 < sound < 1_500


@pytest.mark.parametrize(
    ("given", "expected"), [("1s", SECOND), ("90m", 90 * MINUTE), ("31d", 31 * DAY)]
)
def test_a_length_is_a_duration(given, expected):
    assert parse_length(given) == expected


@pytest.mark.parametrize("given", ["0s", "31d1s", "-1h", "soon", "1M", ""])
def test_a_length_has_limits(given):
    with pytest.raises(ValueError, match=r"^duration: "):
        parse_length(given)
