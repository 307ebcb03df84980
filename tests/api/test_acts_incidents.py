"""Leaks and misuse: flagged, frozen, told to the provider, reported, closed (T-18…T-21, D-37)."""

import pytest

from tests.acting import Tomato, Web21, called_from, journalled, sent
from tests.direct import MAIN_ACCOUNT, SHOJI
from tests.ordering import APPROVAL, Orders
from tests.support import AGGREGATOR, basic, run_sandbox

SIDES = {"tomato": Tomato, "web21": Web21}
CLIENTS = {"tomato": AGGREGATOR, "web21": "10000001"}


@pytest.fixture(params=SIDES)
def side(running, request):
    return SIDES[request.param](running)


async def grant_of(running, persona):
    _, found = await sent(running, "GET", f"/grants?persona={persona}")
    return next(each for each in found["grants"] if each["is_live"])


async def report(running, bank, kind="leak", **body):
    status, answer = await sent(running, "POST", f"/bank/{bank}/incidents", kind=kind, **body)
    assert status == 200, answer
    return answer


async def then(running, incident, name, **body):
    path = f"/bank/{incident['bank']}/incidents/{incident['id']}"
    return await sent(running, "POST", path, act=name, **body)


async def slug(answer):
    status, body = answer
    return status, body["type"].rpartition(":")[2]


def kinds(incident):
    return [each["kind"] for each in incident["entries"]]


@pytest.mark.requirement("T-21")
async def test_a_leaked_token_is_flagged_and_stops(running):
    """The drill ``token_leak``: calls from a second address, seen in the journal."""
    side = Tomato(running)
    tokens = await side.log_in()
    token = tokens["access_token"]
    assert await side.verdict(token) == (200, None)
    assert await called_from(running, "127.0.0.2", token) == 200
    _, found = await sent(running, "GET", "/journal?operation=list_accounts")
    thief = next(each["id"] for each in found["journal"] if each["remote"] == "127.0.0.2")
    grant = await grant_of(running, "taro")

    incident = await report(running, "tomato", grant_id=grant["grant_id"])

    assert incident["entries"][0]["detail"] == {"calls": [thief]}
    (entry,) = await journalled(running, "incidents")
    assert f'"calls":[{thief}]' in entry["response_body"]
    assert await side.verdict(token) == (401, "grant_frozen")
    assert await called_from(running, "127.0.0.2", token) == 401
    assert (await side.refresh(tokens["refresh_token"]))[:2] == (400, "invalid_grant")


@pytest.mark.requirement("T-21")
@pytest.mark.parametrize("forged", ["altered", "invented", "another world's"])
async def test_a_forged_token_opens_nothing_and_real_ones_go_on(running, forged):
    """The drill ``token_forgery``."""
    side = Tomato(running)
    token = (await side.log_in())["access_token"]
    last = "A" if token[-1] != "A" else "B"
    made = {"altered": token[:-1] + last, "invented": "x" * 43, "another world's": "Z" + token[1:]}
    assert await side.verdict(made[forged]) == (401, "unknown")
    assert await side.verdict(token) == (200, None)


@pytest.mark.requirement("T-21", "T-22")
async def test_a_provider_that_is_out_of_order_is_shut_out_and_let_in_again(running, side):
    """The drill ``provider_outage``."""
    token = (await side.log_in())["access_token"]
    client = CLIENTS[side.bank]
    incident = await report(running, side.bank, "misuse", client_id=client, freeze="client")
    assert await side.verdict(token) == (401, "client_blocked")
    await then(running, incident, "report", text="直しました")
    status, closed = await then(running, incident, "close", outcome="release")
    assert (status, closed["status"]) == (200, "closed")
    assert await side.verdict(token) == (200, None)


async def test_only_what_is_concerned_is_frozen(running, side):
    other = "hanako" if side.bank == "tomato" else "shoji_viewer"
    token, kept = [(await side.log_in(each))["access_token"] for each in (side.persona, other)]
    grant = await grant_of(running, side.persona)
    incident = await report(running, side.bank, grant_id=grant["grant_id"])
    assert incident["grants"] == [grant["grant_id"]]
    assert kinds(incident) == ["flagged", "frozen", "notified"]
    assert await side.verdict(token) == (401, "grant_frozen")
    assert await side.verdict(kept) == (200, None)


@pytest.mark.parametrize("target", ["token_id", "client_id", "contractor_id"])
async def test_a_token_a_client_or_a_contractor_may_be_meant(running, side, target):
    token = (await side.log_in())["access_token"]
    grant = await grant_of(running, side.persona)
    _, found = await sent(running, "GET", f"/tokens?grant_id={grant['grant_id']}")
    named = {**grant, "token_id": found["tokens"][0]["id"]}
    incident = await report(running, side.bank, **{target: named[target]})
    assert incident["grants"] == [grant["grant_id"]]
    assert incident["client_id"] == CLIENTS[side.bank]
    assert await side.verdict(token) == (401, "grant_frozen")


@pytest.mark.requirement("T-18", "T-19", "T-20")
@pytest.mark.parametrize("kind", ["leak", "misuse"])
async def test_a_disclosure_is_in_the_incident_and_the_contractors_log_for_good(
    running, side, kind
):
    await side.log_in()
    grant = await grant_of(running, side.persona)
    incident = await report(running, side.bank, kind, grant_id=grant["grant_id"])
    told = {"contractor_id": grant["contractor_id"], "what": ["氏名", "口座番号"]}

    status, after = await then(running, incident, "disclose", **told)

    assert (status, after["kind"]) == (200, kind)
    entry = after["entries"][-1]
    assert entry["kind"] == "disclosed"
    assert entry["detail"] == {"to": CLIENTS[side.bank], "what": told["what"]}
    assert entry["at"].startswith("2026-11-16T10:00:00")
    log_path = f"/bank/{side.bank}/disclosures?contractor_id={grant['contractor_id']}"
    log = await sent(running, "GET", log_path)
    assert log == (200, {"disclosures": [{"incident_id": incident["id"], **entry}]})
    await then(running, incident, "report", text="済み")
    await then(running, incident, "close")
    await sent(running, "POST", f"/grants/{grant['grant_id']}/revoke")
    assert await sent(running, "GET", log_path) == log
    _, elsewhere = await sent(running, "GET", f"/bank/{side.bank}/disclosures?contractor_id=x")
    assert elsewhere == {"disclosures": []}


@pytest.mark.requirement("T-20")
@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
@pytest.mark.parametrize("path", ["/bank/tomato/disclosures", "/bank/tomato/incidents/x"])
async def test_nothing_takes_a_disclosure_back(running, method, path):
    status, _ = await sent(running, method, path)
    assert status == 405
    status, body = await sent(running, "POST", "/bank/tomato/incidents/x", act="recall")
    assert status == 422, body


async def test_nobody_elses_data_is_disclosed(running, side):
    await side.log_in()
    grant = await grant_of(running, side.persona)
    incident = await report(running, side.bank, grant_id=grant["grant_id"])
    answer = await then(running, incident, "disclose", contractor_id="nobody", what=["氏名"])
    assert await slug(answer) == (404, "unknown-subject")


async def test_the_provider_is_told_and_everybody_else_in_general_words(running, side):
    await side.log_in()
    grant = await grant_of(running, side.persona)
    incident = await report(running, side.bank, grant_id=grant["grant_id"], deadline="48h")
    told = incident["entries"][-1]
    assert told["detail"] == {
        "to": CLIENTS[side.bank],
        "report_until": "2026-11-18T10:00:00+09:00",
    }
    async with running.http.get(f"{running.url}/{side.bank}/notices") as answer:
        text = await answer.text()
    assert "不正利用への注意" in text
    for secret in (CLIENTS[side.bank], grant["grant_id"], grant["contractor_id"], incident["id"]):
        assert secret not in text


async def test_rotation_report_and_new_consent_end_it(running):
    """D-37: the careful provider."""
    side = Tomato(running)
    token = (await side.log_in())["access_token"]
    incident = await report(running, "tomato", client_id=AGGREGATOR)
    status, rotated = await then(running, incident, "rotate")
    secret = rotated["client_secret"]
    assert (status, kinds(rotated)[-1]) == (200, "rotated")
    (entry,) = await journalled(running, "rotate")
    assert secret not in str(entry)
    _, shown = await sent(running, "GET", f"/bank/tomato/incidents/{incident['id']}")
    assert "client_secret" not in shown
    for header, expected in ((basic(AGGREGATOR), 401), (basic(AGGREGATOR, secret), 200)):
        form = {"token": "none"}
        url = f"{running.base}/oauth/revoke"
        async with running.http.post(url, data=form, headers=header) as answer:
            assert answer.status == expected
    await then(running, incident, "report", text="秘密を替え、トークンを捨てました")
    status, closed = await then(running, incident, "close")
    assert (closed["status"], kinds(closed)[-2:]) == ("closed", ["reported", "closed"])
    assert await side.verdict(token) == (401, "revoked_by_bank")
    consent = await running.authorize()
    form = {
        "grant_type": "authorization_code",
        "code": consent["code"],
        "redirect_uri": "http://localhost:8000/callback",
    }
    headers = basic(AGGREGATOR, secret)
    async with running.http.post(f"{running.base}/oauth/token", data=form, headers=headers) as got:
        assert await side.verdict((await got.json())["access_token"]) == (200, None)


async def test_a_false_alarm_gives_the_same_tokens_back(running, side):
    token = (await side.log_in())["access_token"]
    grant = await grant_of(running, side.persona)
    incident = await report(running, side.bank, grant_id=grant["grant_id"])
    await then(running, incident, "report", text="誤報でした")
    await then(running, incident, "close", outcome="release")
    assert await side.verdict(token) == (200, None)


@pytest.mark.parametrize("freeze", ["grants", "client", "nothing"])
async def test_who_does_not_report_in_time_loses_the_grants(running, side, freeze):
    token = (await side.log_in())["access_token"]
    grant = await grant_of(running, side.persona)
    incident = await report(
        running, side.bank, grant_id=grant["grant_id"], deadline="90s", freeze=freeze
    )
    now = {"grants": (401, "grant_frozen"), "client": (401, "client_blocked")}
    await running.advance("89s")
    assert await side.verdict(token) == now.get(freeze, (200, None))
    found = await running.advance("1s")
    assert {"kind": "incident_deadline", "subject": incident["id"], "grants": 1}.items() <= found[
        "events"
    ][0].items()
    assert await side.verdict(token) == (401, "revoked_by_bank")
    _, shown = await sent(running, "GET", f"/bank/{side.bank}/incidents/{incident['id']}")
    assert (shown["status"], kinds(shown)[-1]) == ("overdue", "overdue")


async def test_a_report_in_time_lets_the_deadline_pass(running, side):
    await side.log_in()
    grant = await grant_of(running, side.persona)
    incident = await report(running, side.bank, grant_id=grant["grant_id"], deadline="90s")
    await then(running, incident, "report", text="調べました")
    found = await running.advance("90s")
    assert "incident_deadline" not in {each["kind"] for each in found["events"]}


@pytest.mark.parametrize(
    ("name", "body"), [("close", {}), ("report", {"text": "二度目"}), ("rotate", {})]
)
async def test_what_comes_too_early_or_too_late_is_refused(running, name, body):
    side = Tomato(running)
    await side.log_in()
    grant = await grant_of(running, "taro")
    incident = await report(running, "tomato", grant_id=grant["grant_id"])
    if name != "close":
        await then(running, incident, "report", text="済み")
    if name == "rotate":
        await then(running, incident, "close")
    assert await slug(await then(running, incident, name, **body)) == (409, "illegal-status")
    _, entries = await sent(running, "GET", f"/bank/tomato/incidents/{incident['id']}")
    assert "rotated" not in kinds(entries)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (422, "invalid-request")),
        ({"grant_id": "x", "client_id": "y"}, (422, "invalid-request")),
        ({"client_id": AGGREGATOR, "deadline": "999ms"}, (422, "invalid-request")),
        ({"client_id": AGGREGATOR, "deadline": "366d"}, (422, "invalid-request")),
        ({"client_id": AGGREGATOR, "freeze": "all"}, (422, "invalid-request")),
        ({"grant_id": "nobody"}, (404, "unknown-subject")),
        ({"token_id": "nobody"}, (404, "unknown-subject")),
        ({"client_id": "nobody"}, (404, "unknown-subject")),
        ({"client_id": "10000001"}, (404, "unknown-subject")),
        ({"contractor_id": "nobody"}, (404, "unknown-subject")),
        ({"client_id": AGGREGATOR}, (409, "refused")),  # nobody consented yet
    ],
)
async def test_an_incident_about_nothing_is_refused(running, body, expected):
    answer = await sent(running, "POST", "/bank/tomato/incidents", kind="leak", **body)
    assert await slug(answer) == expected
    assert await sent(running, "GET", "/bank/tomato/incidents") == (200, {"incidents": []})
    async with running.http.get(f"{running.url}/tomato/notices") as found:
        assert (await found.json())["notices"] == []


@pytest.mark.requirement("W-50", "W-63")
async def test_nobody_is_paid_for_a_leak_and_what_the_thief_approved_is_settled(running):
    side = Web21(running)
    maker = await Orders.of(side)
    reference = (await maker.register())["transaction_id"]
    stolen = await side.log_in("shoji_checker", APPROVAL)
    await Orders(side, stolen["access_token"]).act(reference, "submissions")
    before = await books(running)
    grant = await grant_of(running, "shoji_checker")
    incident = await report(running, "web21", grant_id=grant["grant_id"])
    assert await side.verdict(stolen["access_token"]) == (401, "grant_frozen")
    await then(running, incident, "disclose", contractor_id=SHOJI, what=["振込依頼"])
    await then(running, incident, "report", text="済み")
    await then(running, incident, "close")
    assert await books(running) == before
    assert (await maker.detail(reference))["transaction_status"] == "30"
    await running.advance("8d")  # past 08:00 of 24 November
    maker = await Orders.of(side)
    assert (await maker.detail(reference))["transaction_status"] == "40"
    assert await postings(running) == {"life", "transfer_debit"}


async def postings(running):
    """Return the kinds of the postings so far, but those that the world began with."""
    async with running.sandbox.world.database.transaction() as db:
        rows = await db.fetch(
            "SELECT DISTINCT kind FROM posting WHERE booked_at > (SELECT starts_at FROM world)"
        )
    return {row[0] for row in rows}


async def books(running):
    """Return each balance and the number of lines, of every account of the bank."""
    _, found = await sent(running, "GET", "/accounts?bank=web21&limit=1000")
    held = {each["account_id"]: (each["balance_yen"], each["lines"]) for each in found["accounts"]}
    assert MAIN_ACCOUNT in held
    return held


async def test_a_restart_keeps_an_incident_and_a_snapshot_takes_it_back(tmp_path, template):
    async with run_sandbox(tmp_path, template=template) as running:
        side = Tomato(running)
        token = (await side.log_in())["access_token"]
        await sent(running, "POST", "/snapshots", name="before")
        incident = await report(running, "tomato", client_id=AGGREGATOR)
    async with run_sandbox(tmp_path) as running:
        side = Tomato(running)
        assert await side.verdict(token) == (401, "grant_frozen")
        listed = await sent(running, "GET", "/bank/tomato/incidents")
        assert listed == (200, {"incidents": [incident]})
        await sent(running, "POST", "/snapshots/before/restore")
        assert await side.verdict(token) == (200, None)
        assert await sent(running, "GET", "/bank/tomato/incidents") == (200, {"incidents": []})


@pytest.mark.parametrize("what", ["tokens", "data"])
async def test_resets_keep_the_deadline_or_take_the_whole(running, what):
    side = Tomato(running)
    await side.log_in()
    await report(running, "tomato", client_id=AGGREGATOR)
    await sent(running, "POST", "/reset", what=what)
    _, found = await sent(running, "GET", "/bank/tomato/incidents")
    assert len(found["incidents"]) == (0 if what == "tokens" else 1)
    events = (await running.advance("72h"))["events"]
    assert ("incident_deadline" in {each["kind"] for each in events}) == (what == "data")
