"""What is done over the control door is in the journal of its world (R-9), and is no conduct."""

import pytest

from tests.acting import act, sent
from tests.direct import SHOJI
from tests.support import AGGREGATOR

CONTRACT = f"/bank/web21/contracts/{SHOJI}"


async def entries(running):
    _, found = await sent(running, "GET", "/journal")
    return [each for each in found["journal"] if each.get("operation", "").startswith("act.")]


async def subject(running, kind):
    """Return the ids of a fresh grant, of its tokens, and of its client."""
    await running.log_in()
    _, grants = await sent(running, "GET", "/grants?persona=taro")
    grant_id = grants["grants"][0]["grant_id"]
    _, tokens = await sent(running, "GET", f"/tokens?grant_id={grant_id}")
    return {"grants": grant_id, "tokens": tokens["tokens"][0]["id"], "clients": AGGREGATOR}[kind]


@pytest.mark.parametrize(
    ("kind", "verb"),
    [
        ("grants", "revoke"),
        ("grants", "expire"),
        ("tokens", "revoke"),
        ("tokens", "expire"),
        ("clients", "block"),
        ("clients", "unblock"),
        ("clients", "rotate-secret"),
    ],
)
async def test_what_befalls_grants_tokens_and_clients_is_told_with_its_bank(running, kind, verb):
    named = await subject(running, kind)
    status, answer = await sent(running, "POST", f"/{kind}/{named}/{verb}")
    assert status == 200, answer
    (entry,) = await entries(running)
    assert (entry["operation"], entry["bank"]) == (f"act.{verb}", "tomato")
    assert entry["path"].endswith(f"/{kind}/{named}/{verb}")
    if kind == "clients":
        assert entry["client_id"] == AGGREGATOR
        assert answer.get("client_secret", "none") not in str(entry)


@pytest.mark.parametrize(
    ("path", "body", "operation"),
    [
        ("/bank/web21/revoke", {"contractor_id": SHOJI}, "act.revoke"),
        (CONTRACT, {"act": "suspend"}, "act.suspend"),
        ("/bank/web21/terms", {"version": "9", "effective_on": "2026-12-01"}, "act.terms"),
        ("/bank/web21/acts", {"act": "lose_card", "contractor_id": SHOJI}, "act.lose_card"),
    ],
)
async def test_what_is_done_below_a_bank_is_told(running, path, body, operation):
    status, answer = await sent(running, "POST", path, **body)
    assert status == 200, answer
    (entry,) = await entries(running)
    assert (entry["operation"], entry["bank"], entry["status"]) == (operation, "web21", 200)
    assert entry.get("contractor_id") == (SHOJI if "/terms" not in path else None)


async def test_a_refusal_and_what_only_reads_are_in_no_journal(running):
    await sent(running, "POST", CONTRACT, act="nothing")
    await sent(running, "POST", "/bank/web21/revoke")
    await sent(running, "GET", "/bank/web21/incidents")
    await sent(running, "POST", "/clock/advance", by="1h")
    assert await entries(running) == []


async def test_the_conduct_report_counts_no_act_as_a_call(running):
    await running.log_in()
    _, before = await sent(running, "GET", "/conduct")
    for _ in range(12):
        await act(running, "tomato", "require_consent")
        await sent(running, "POST", f"/clients/{AGGREGATOR}/unblock")
    _, after = await sent(running, "GET", "/conduct")
    assert after == before
