"""Events of what becomes of money that was sent, and of what a client proves itself with (R-9)."""

import jsonschema
import pytest

from sandbox.services.event_facts import ITEMS_TOLD
from tests.acting import sent
from tests.api.registering import BY_KEY, EC, URI, ask, register
from tests.api.test_control_transfers import act, registered, settled
from tests.direct import SHOJI, Direct
from tests.receiving import event_schema, events, listen, receiving
from tests.support import AGGREGATOR, run_sandbox
from tests.transfers.world import item

NOW = "2026-11-16T10:00:00+09:00"
CONTRACT = f"/bank/web21/contracts/{SHOJI}"


async def told(running, prefix):
    """Return (type, data) of the events of a family, each found sound by the published schema."""
    found = [each for each in await events(running) if each["type"].startswith(prefix)]
    for each in found:
        beside = {"number", "client_id", "deliveries"}
        envelope = {name: value for name, value in each.items() if name not in beside}
        jsonschema.validate(envelope, event_schema())
    return found


async def later(running):
    """Return what is told of a request after it was settled."""
    return [each for each in await told(running, "transfer.") if "settled" not in each["type"]]


# Money


async def test_what_cannot_be_paid_is_told_when_it_comes_back(running):
    reference = await settled(running, item(1, 1_000), item(2, 2_000), item(3, 4_000))
    for item_id in ("2", "3"):
        report = {"item_id": item_id, "reason": "account_closed"}
        assert (await act(running, reference, "report_unable", **report))[0] == 200
    assert await later(running) == []  # a report is not yet money
    await running.advance("4d")
    (event,) = await later(running)
    assert event["type"] == "transfer.refunded"
    assert event["client_id"] == Direct(running).client_id
    assert event["occurred_at"] == "2026-11-24T08:00:00+09:00"  # and not when the clock stopped
    assert event["data"] == {
        "reference": reference,
        "contractor_id": SHOJI,
        "kind": "bulk",
        "item_count": 2,
        "refunded_yen": 6_000,
        "items": [
            {"item_id": "2", "amount_yen": 2_000, "reason": "account_closed"},
            {"item_id": "3", "amount_yen": 4_000, "reason": "account_closed"},
        ],
    }


async def test_a_large_refund_is_one_event_that_names_the_first_items(running):
    many = ITEMS_TOLD + 1
    unable = [item(n, 100, beneficiary_branch_code="777") for n in range(1, many + 1)]
    await settled(running, *unable)
    await running.advance("5d")
    (event,) = await later(running)
    assert (event["data"]["item_count"], event["data"]["refunded_yen"]) == (many, many * 100)
    named = [each["item_id"] for each in event["data"]["items"]]
    assert named == [str(n) for n in range(1, ITEMS_TOLD + 1)]


async def test_two_refunds_of_a_request_are_told_apart(running):
    reference = await settled(running, item(1, 1_000), item(2, 2_000))
    for item_id in ("1", "2"):
        report = {"item_id": item_id, "reason": "account_closed"}
        assert (await act(running, reference, "report_unable", **report))[0] == 200
        await running.advance("5d")
    found = [each["data"]["items"][0]["item_id"] for each in await later(running)]
    assert found == ["1", "2"]
    assert [each["data"]["refunded_yen"] for each in await later(running)] == [1_000, 2_000]


@pytest.mark.parametrize(
    ("agreed", "kind", "status"),
    [
        (True, "transfer.recalled", "recalled"),
        (False, "transfer.recall_refused", "recall_failed"),
    ],
)
async def test_a_recall_is_told_when_it_is_asked_and_when_it_is_answered(
    running, agreed, kind, status
):
    reference = await settled(running, item(1, 1_000), item(2, 2_000))
    asking = {"by": "keiri01", "item_id": "2"}
    assert (await act(running, reference, "ask_recall", **asking))[0] == 200
    await running.advance("1h")
    answer = {"item_id": "2", "agreed": agreed}
    assert (await act(running, reference, "answer_recall", **answer))[0] == 200
    asked, answered = await later(running)
    assert (asked["type"], answered["type"]) == ("transfer.recall_requested", kind)
    named = {"reference": reference, "contractor_id": SHOJI, "kind": "bulk", "item_id": "2"}
    assert asked["data"] == {**named, "status": "recall_in_process", "amount_yen": 2_000}
    assert answered["data"] == {**named, "status": status, "amount_yen": 2_000}
    assert asked["occurred_at"] < answered["occurred_at"]


async def test_the_answer_of_the_next_business_day_has_that_days_time(running):
    reference = await settled(running, item(1, 1_000))
    asking = {"by": "keiri01", "item_id": "1"}
    assert (await act(running, reference, "ask_recall", **asking))[0] == 200
    await running.advance("9d")
    _, answered = await later(running)
    assert answered["occurred_at"] == "2026-11-24T08:00:00+09:00"


async def test_a_contractor_without_a_server_is_told_nothing(running):
    reference = await settled(running, item(1, 1_000))
    async with running.sandbox.world.database.transaction() as db:
        await db.execute(
            "UPDATE service_contract SET client_id = NULL WHERE contractor_id = $1", SHOJI
        )
    asking = {"by": "keiri01", "item_id": "1"}
    assert (await act(running, reference, "ask_recall", **asking))[0] == 200
    assert await later(running) == []


async def test_a_recall_that_is_refused_tells_nothing(running):
    reference = await registered(running, item(1, 1_000))
    asking = {"by": "keiri01", "item_id": "1"}
    assert (await act(running, reference, "ask_recall", **asking))[0] == 409
    assert await later(running) == []


# What a client proves itself with


async def test_a_rotated_secret_is_told_and_never_shown(running):
    async with receiving() as receiver:
        await listen(running, receiver.url)
        status, drawn = await ask(running, "POST", f"/{AGGREGATOR}/rotate-secret")
        assert status == 200
        (got,) = await receiver.until(1)
    assert got.type == "client.secret_rotated"
    assert got.event["data"] == {"client_id": AGGREGATOR}
    assert got.event["occurred_at"] == NOW
    (event,) = await told(running, "client.")
    assert event["client_id"] == AGGREGATOR
    assert drawn["client_secret"] not in str(event)


async def test_a_first_secret_and_one_that_stays_are_no_news(running):
    await register(running, client_id="app")
    body = {"redirect_uris": [URI], "client_name": "Another name"}
    assert (await ask(running, "PUT", "/app", body))[0] == 200
    assert await told(running, "client.") == []
    body = {**body, "client_secret": "another-secret-of-its-own"}
    assert (await ask(running, "PUT", "/app", body))[0] == 200
    assert [each["type"] for each in await told(running, "client.")] == ["client.secret_rotated"]


async def test_a_password_of_the_contractors_page_is_told_to_its_own_server(running):
    desk = Direct(running).desk
    for password in ("Passw0rd-one", "Passw0rd-two"):
        await desk.register_client(
            SHOJI, "keiri01", password=password, web_servers=["https://app.example/callback"]
        )
    found = await told(running, "client.")
    assert {each["type"] for each in found} == {"client.secret_rotated"}
    assert {each["bank"] for each in found} == {"web21"}
    assert found[-1]["data"] == {"client_id": Direct(running).client_id}


async def test_other_keys_and_certificates_are_told_by_the_names_of_their_fields(running):
    await register(running, client_id="app", **BY_KEY)
    assert await told(running, "client.") == []
    other = {"keys": [{**EC, "kid": "2"}]}
    body = {"redirect_uris": [URI], **BY_KEY, "jwks": other}
    assert (await ask(running, "PUT", "/app", body))[0] == 200
    (event,) = await told(running, "client.")
    assert event["type"] == "client.certificate_changed"
    assert event["occurred_at"] == NOW
    assert event["data"] == {
        "client_id": "app",
        "auth_method": "private_key_jwt",
        "changed": ["jwks"],
    }
    by_name = {
        "redirect_uris": [URI],
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": "CN=app,O=App,C=JP",
    }
    assert (await ask(running, "PUT", "/app", by_name))[0] == 200
    event = (await told(running, "client."))[-1]
    assert event["data"]["changed"] == ["jwks", "tls_subject_dn"]
    assert event["data"]["auth_method"] == "tls_client_auth"


async def test_an_option_that_proves_nothing_is_no_news(running):
    await register(running, client_id="app", **BY_KEY)
    body = {"redirect_uris": [URI], **BY_KEY, "require_pushed_authorization_requests": True}
    assert (await ask(running, "PUT", "/app", body))[0] == 200
    assert await told(running, "client.") == []


async def test_a_rotated_encryption_key_says_how_long_the_former_one_opens(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, web21_key_grace="1d") as running:
        assert (await sent(running, "POST", CONTRACT, act="rotate_key"))[0] == 200
        assert await told(running, "client.") == []  # the first takes nobody's place
        status, key = await sent(running, "POST", CONTRACT, act="rotate_key")
        assert status == 200
        (event,) = await told(running, "client.")
        assert event["type"] == "client.encryption_key_rotated"
        assert event["client_id"] == Direct(running).client_id
        assert event["data"] == {
            "client_id": Direct(running).client_id,
            "contractor_id": SHOJI,
            "former_until": "2026-11-17T10:00:00+09:00",
        }
        assert key["encryption_key"] not in str(event)


async def test_a_delivery_rule_matches_the_new_types(running):
    rule = {"effect": {"kind": "drop_delivery"}, "match": {"event": "client.secret_rotated"}}
    async with receiving() as receiver:
        await listen(running, receiver.url)
        assert (await sent(running, "POST", "/faults", **rule))[0] == 200
        assert (await ask(running, "POST", f"/{AGGREGATOR}/rotate-secret"))[0] == 200
        assert (await sent(running, "POST", "/events", client_id=AGGREGATOR))[0] == 200
        (got,) = await receiver.until(1)
    assert got.type == "ping"
