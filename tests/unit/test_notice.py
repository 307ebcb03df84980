"""Changed terms: the shortest period for objections, and where a contractor stands."""

from datetime import date

import pytest

from sandbox.domain.notice import Answer, ObjectionRefused, TermsChange, TermsRefused
from sandbox.domain.time import DAY
from tests.unit.test_hours_table import tokyo

NOW = tokyo("2026-11-16 10:00")


def change(days: float | None = 7, effective_on: date = date(2026, 12, 1)) -> TermsChange:
    until = None if days is None else NOW + round(days * DAY)
    return TermsChange(
        version="2", effective_on=effective_on, published_at=NOW, objection_until=until
    )


@pytest.mark.requirement("W-68")
def test_a_contractor_has_at_least_seven_days_to_object() -> None:
    change(7).check()
    change(30).check()
    change(None).check()
    for days in (6, 7 - 1 / DAY, 0, -1):
        with pytest.raises(TermsRefused, match="seven days"):
            change(days).check()


def test_terms_hold_from_today_at_the_earliest() -> None:
    change(effective_on=date(2026, 11, 16)).check()
    with pytest.raises(TermsRefused, match="2026-11-15 is over"):
        change(effective_on=date(2026, 11, 15)).check()


@pytest.mark.requirement("W-69")
def test_silence_is_consent_once_time_is_up() -> None:
    found = change(7)
    for contractor, at, expected in (
        ("quiet", NOW, Answer.PENDING),
        ("quiet", NOW + 7 * DAY - 1, Answer.PENDING),
        ("quiet", NOW + 7 * DAY, Answer.AGREED),
        ("loud", NOW, Answer.OBJECTED),
        ("loud", NOW + 7 * DAY, Answer.OBJECTED),
    ):
        assert found.answer(contractor, {"loud"}, at) == expected


def test_an_objection_is_taken_up_to_the_last_instant() -> None:
    change(7).check_objection(NOW + 7 * DAY - 1)
    with pytest.raises(ObjectionRefused, match="over"):
        change(7).check_objection(NOW + 7 * DAY)
    with pytest.raises(ObjectionRefused, match="no objection"):
        change(None).check_objection(NOW)
