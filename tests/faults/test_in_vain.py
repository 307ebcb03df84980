"""Rules that no call can meet are refused over the control door, in words that help."""

import pytest

from sandbox.web.faults.known import known_calls
from sandbox.web.profiles import PROFILES
from tests.acting import sent

STATUS = {"kind": "status", "status": 503}


async def refused(running, match, effect=STATUS, **rule):
    status, problem = await sent(running, "POST", "/faults", effect=effect, match=match, **rule)
    assert (status, problem["type"].rpartition(":")[2]) == (422, "invalid-request"), problem
    (error,) = problem["errors"]
    assert problem["detail"] == f"{error['field']}: {error['problem']}"
    return error["field"], error["problem"]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (
            {"operation": "show_balanc"},
            (
                "match.operation",
                "there is no operation 'show_balanc'. Did you mean `show_balance`?",
            ),
        ),
        (
            {"operation": "register_transfer", "bank": "tomato"},
            ("match.operation", "tomato has no operation 'register_transfer'. It is of web21."),
        ),
        ({"bank": "tomatoe"}, ("match.bank", "there is no bank 'tomatoe'. Did you mean `tomato`?")),
        (
            {"path": "/accounts/*"},
            (
                "match.path",
                "no call of a bank has a path like '/accounts/*'. "
                "Begin with /tomato/ or /web21/ or *.",
            ),
        ),
        (
            {"event": "ping"},
            (
                "match.event",
                "this effect strikes calls, which have no event. "
                "The effects of stage delivery strike events.",
            ),
        ),
    ],
)
async def test_a_match_that_no_call_can_be_is_refused_and_nothing_is_added(
    running, match, expected
):
    assert await refused(running, match) == expected
    assert await sent(running, "GET", "/faults") == (200, {"faults": []})


async def test_what_strikes_requests_and_events_matches_by_what_they_have(running):
    later = {"kind": "reject_later", "reason": "transfer.failed.over_limit"}
    field, problem = await refused(running, {"operation": "register_transfer"}, later)
    assert field == "match.operation"
    assert problem.startswith("nothing at the stage result has operation")
    drop = {"kind": "drop_delivery"}
    assert (await refused(running, {"path": "/tomato/*"}, drop))[0] == "match.path"
    rule = {"effect": drop, "match": {"client_id": "whoever", "bank": "web21"}}
    assert (await sent(running, "POST", "/faults", **rule))[0] == 200


async def test_wildcards_in_paths_and_clients_to_come_are_taken_and_strike(running):
    client = "not-there-yet"
    match = {"path": "*/oauth/token", "operation": "token", "client_id": client}
    assert (await sent(running, "POST", "/faults", effect=STATUS, match=match))[0] == 200
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": client}
    async with running.http.post(f"{running.base}/oauth/token", data=form) as answer:
        assert answer.status == 503


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
async def test_every_operation_of_a_bank_may_be_named(running, profile):
    names = {call.operation for call in known_calls([profile])}
    assert {"token", "authorize", "jwks"} < names
    for name in sorted(names):
        match = {"bank": profile.name, "operation": name}
        assert (await sent(running, "POST", "/faults", effect=STATUS, match=match))[0] == 200, name
