"""Incidents: the whole table of statuses and events, and which calls look like a stranger's."""

import pytest

from sandbox.domain.errors import IllegalTransition
from sandbox.domain.incident import TRANSITIONS, Event, Freeze, Incident, Kind, Status, rogue_calls


def incident(status):
    return Incident(
        incident_id="i1",
        bank="tomato",
        kind=Kind.LEAK,
        status=status,
        client_id="app",
        freeze=Freeze.GRANTS,
        opened_at=0,
        deadline_at=1,
    )


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("status", Status)
def test_the_whole_table(status, event):
    expected = TRANSITIONS[status].get(event)
    if expected is None:
        with pytest.raises(IllegalTransition, match=f"{status} takes no {event}"):
            incident(status).after(event)
    else:
        assert incident(status).after(event).status is expected


def test_it_is_closed_after_a_report_alone_and_for_good():
    closing = [status for status in Status if Event.CLOSE in TRANSITIONS[status]]
    assert closing == [Status.REPORTED]
    assert TRANSITIONS[Status.CLOSED] == {}


def entry(number, *, remote="10.0.0.1", grant_id="g1", presented_by=None):
    return {
        "id": number,
        "remote": remote,
        "grant_id": grant_id,
        "presented_by": presented_by,
        "client_id": "app",
    }


def test_a_grant_is_at_home_where_it_was_first_used():
    entries = [
        entry(1),
        entry(2, remote="10.0.0.2"),
        entry(3),
        entry(4, grant_id="g2", remote="10.0.0.2"),
        entry(5, grant_id="g2"),
    ]
    assert rogue_calls(entries) == [2, 5]


def test_a_call_in_another_clients_name_is_rogue_wherever_it_comes_from():
    assert rogue_calls(
        [entry(1), entry(2, presented_by="thief"), entry(3, presented_by="app")]
    ) == [2]


@pytest.mark.parametrize("missing", ["remote", "grant_id"])
def test_what_belongs_to_no_grant_or_comes_from_nowhere_is_let_be(missing):
    assert rogue_calls([entry(1), {**entry(2, remote="10.0.0.2"), missing: None}]) == []
