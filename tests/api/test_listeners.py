"""Where a client is told of events: registered, shown without its secret, and taken away."""

import pytest

from sandbox.services.client_files import ClientsFileRefused, _read
from tests.acting import sent
from tests.receiving import SECRET, deliveries, listen, ping, receiving, settled
from tests.support import AGGREGATOR, run_sandbox

PATH = f"/clients/{AGGREGATOR}/notifications"
URL = "http://127.0.0.1:9/events"


async def test_a_drawn_secret_is_told_once(running):
    status, made = await sent(running, "PUT", PATH, url=URL)
    assert status == 200
    assert len(made.pop("secret")) == 43
    assert made == {"client_id": AGGREGATOR, "url": URL, "is_stopped": False}
    assert (await sent(running, "GET", PATH)) == (200, made)
    assert (await sent(running, "PUT", PATH, url=URL + "/2"))[1] == {**made, "url": URL + "/2"}


async def test_a_given_secret_is_never_told(running):
    status, made = await sent(running, "PUT", PATH, url=URL, secret=SECRET)
    assert (status, "secret" in made) == (200, False)


async def test_the_secret_stands_in_no_list_journal_export_or_log(running, caplog):
    caplog.set_level("DEBUG")
    async with receiving() as receiver:
        await listen(running, receiver.url)
        await ping(running)
        await receiver.until(1)
        await settled(running, "delivered")
        assert SECRET not in receiver.got[0].body.decode()
        assert SECRET not in str(receiver.got[0].headers)
    (delivery,) = await deliveries(running)
    for path in (
        PATH,
        "/events",
        "/deliveries",
        f"/deliveries/{delivery['id']}",
        "/clients",
        f"/clients/{AGGREGATOR}",
        "/journal",
        "/journal/export.har",
        "",
    ):
        async with running.http.get(f"{running.control}{path}") as answer:
            assert answer.status == 200, path
            assert SECRET not in await answer.text(), path
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": ""},
        {"url": "http://app.example/"},
        {"url": "https://me:secret@app.example/"},
        {"url": "https://169.254.169.254/"},
        {"url": "https://a.example/" + "x" * 512},
        {"url": URL, "secret": "x" * 15},
        {"url": URL, "secret": "x" * 129},
        {"url": URL, "secret": "with a blank inside it"},
        {"url": URL, "more": True},
    ],
)
async def test_what_cannot_be_is_refused_and_the_address_before_stays(running, body):
    await listen(running, URL)
    status, answer = await sent(running, "PUT", PATH, **body)
    assert (status, answer["type"].rpartition(":")[2]) == (422, "invalid-request")
    assert (await sent(running, "GET", PATH))[1]["url"] == URL


@pytest.mark.parametrize("secret", ["x" * 16, "x" * 128])
async def test_a_secret_at_its_limits_is_taken(running, secret):
    assert (await sent(running, "PUT", PATH, url=URL, secret=secret))[0] == 200


async def test_who_is_taken_away_gets_nothing_not_even_what_waited(running):
    await listen(running, URL)
    await ping(running)
    assert (await sent(running, "DELETE", PATH)) == (200, {})
    assert (await sent(running, "DELETE", PATH)) == (200, {})
    (found,) = await deliveries(running)
    assert found["status"] == "stopped"
    assert (await sent(running, "GET", PATH))[0] == 404


async def test_a_client_that_ends_is_told_nothing_more(running):
    await listen(running, URL)
    await ping(running)
    assert (await sent(running, "DELETE", f"/clients/{AGGREGATOR}"))[0] == 200
    (found,) = await deliveries(running, "?status=stopped")
    assert found["client_id"] == AGGREGATOR
    status, answer = await sent(running, "PUT", PATH, url=URL)
    assert (status, answer["type"].rpartition(":")[2]) == (409, "client-ended")


async def test_a_blocked_client_is_still_told(running):
    async with receiving() as receiver:
        await listen(running, receiver.url)
        assert (await sent(running, "POST", f"/clients/{AGGREGATOR}/block"))[0] == 200
        await ping(running)
        await receiver.until(1)


# As metadata of a registration


META = {"bank": "tomato", "client_id": "app", "redirect_uris": ["https://app.example/cb"]}


async def test_a_registration_may_say_where_the_client_is_told(running):
    async with receiving() as receiver:
        body = {**META, "notification_url": receiver.url}
        status, made = await sent(running, "POST", "/clients", **body)
        assert (status, made["notification_url"]) == (200, receiver.url)
        assert len(made["notification_secret"]) == 43
        await ping(running, "app")
        await receiver.until(1)
    _, shown = await sent(running, "GET", "/clients/app")
    assert "notification_secret" not in shown


async def test_a_change_that_does_not_speak_of_it_leaves_it(running):
    await sent(running, "POST", "/clients", **META, notification_url=URL)
    status, changed = await sent(running, "PUT", "/clients/app", **META)
    assert (status, "notification_url" in changed) == (200, False)
    assert (await sent(running, "GET", "/clients/app/notifications"))[1]["url"] == URL
    body = {**META, "notification_url": URL + "/2", "notification_secret": SECRET}
    status, changed = await sent(running, "PUT", "/clients/app", **body)
    assert (status, "notification_secret" in changed) == (200, False)
    assert (await sent(running, "GET", "/clients/app/notifications"))[1]["url"] == URL + "/2"


@pytest.mark.parametrize(
    "more", [{"notification_url": "http://app.example/"}, {"notification_secret": SECRET}]
)
async def test_a_registration_with_an_address_that_cannot_be_registers_nothing(running, more):
    status, answer = await sent(running, "POST", "/clients", **META, **more)
    assert (status, answer["type"].rpartition(":")[2]) == (422, "invalid-client-metadata")
    assert (await sent(running, "GET", "/clients/app"))[0] == 404


async def test_at_the_bank_door_nobody_says_where_the_server_sends_to(tmp_path, template):
    """Dynamic registration lets such metadata pass, and does not heed them (SSRF)."""
    on = {"tomato_dynamic_registration": "open"}
    async with run_sandbox(tmp_path, template=template, **on) as running:
        body = {"redirect_uris": ["https://app.example/cb"], "notification_url": URL}
        async with running.http.post(f"{running.base}/oauth/register", json=body) as answer:
            assert answer.status == 201, await answer.text()
            made = await answer.json()
        assert "notification_url" not in made
        path = f"/clients/{made['client_id']}/notifications"
        assert (await sent(running, "GET", path))[0] == 404


def test_a_file_of_clients_is_not_where_to_say_it():
    entry = {**META, "client_secret": "a-long-secret", "notification_url": URL}
    with pytest.raises(ClientsFileRefused, match="the control door says where"):
        _read("client 1", entry, {"tomato": frozenset({"accounts"})})
