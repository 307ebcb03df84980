"""``bank-sandbox clock``: what a person sees of the events of a long way."""

from datetime import datetime, timedelta

import pytest

from sandbox.cli.clock import EVERYDAY, MOST_EVERYDAY, _print_events
from sandbox.client.answers import Event

NOW = datetime.fromisoformat("2026-12-01T09:00:00+09:00")


def events(*kinds):
    return [
        Event(at=NOW + timedelta(hours=number), kind=kind, subject=f"s{number}")
        for number, kind in enumerate(kinds)
    ]


@pytest.fixture
def printed(capsys):
    def read(*kinds):
        _print_events(events(*kinds))
        return capsys.readouterr().out.splitlines()

    return read


def test_nothing_that_fell_due_is_no_table(printed):
    assert printed() == []


@pytest.mark.parametrize("kind", EVERYDAY)
def test_a_few_of_everyday_are_listed(printed, kind):
    lines = printed(*[kind] * MOST_EVERYDAY, "grant_expired")
    assert len(lines) == 1 + MOST_EVERYDAY + 1
    assert not any("Not listed" in line for line in lines)


def test_many_of_everyday_hide_nothing_else(printed):
    kinds = ["posting"] * 11 + ["closing_run"] * 12
    lines = printed(*kinds[:4], "access_token_expired", *kinds[4:], "grant_expired")
    assert [line.split()[1:] for line in lines[:3]] == [
        ["EVENT", "SUBJECT"],
        ["access_token_expired", "s4"],
        ["grant_expired", "s24"],
    ]
    assert lines[3:] == ["Not listed: posting 11, closing_run 12. With --json: all."]


def test_many_of_one_kind_leave_the_other_one_listed(printed):
    assert printed(*["posting"] * (MOST_EVERYDAY + 1)) == [
        "Not listed: posting 11. With --json: all."
    ]
    lines = printed(*["posting"] * 400, *["closing_run"] * MOST_EVERYDAY)
    assert len(lines) == 1 + MOST_EVERYDAY + 1
    assert lines[-1] == "Not listed: posting 400. With --json: all."
