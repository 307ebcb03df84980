"""The contractor's pages: client id and key shown once (W-38), password and web servers (W-40)."""

import asyncio
import re

import pytest

from sandbox.storage import clients
from tests.desk import DESK, visiting
from tests.direct import BASE, Direct
from tests.journals import entries
from tests.support import basic

UNYU = "0000000000000000AG0000000001A008"
PASSWORD = "Himitsu-no-1"
URL = "https://unyu.example/callback"
KEY = re.compile(r'name="encryption_key"[^>]*>([^<]+)<')


async def client_of(running, client_id):
    found = await clients.find(running.sandbox.world.database, "web21", client_id)
    assert found is not None
    return found


async def issued(visitor):
    """Have the client issued and return (client id, key) as the page shows them."""
    await visitor.identify("unyu_maker")
    page = await visitor.post("/client/issue")
    assert page.status == 200, page.text
    (key,) = KEY.findall(page.text)
    (client_id,) = re.findall(r'name="client_id" value="(\d{8})"', page.text)
    return client_id, key


def registration(*urls, password=PASSWORD, again=None):
    return (
        ("client_password", password),
        ("client_password_again", password if again is None else again),
        *(("web_server", url) for url in urls),
    )


@pytest.mark.requirement("W-37", "W-38")
async def test_nothing_is_issued_without_the_second_identity_check(running):
    async with visiting(running, "unyu_maker") as visitor:
        page = await visitor.send("/client/issue")
        assert (page.status, page.location) == (303, f"{DESK}/identity")
        page = await visitor.send("/client/register", *registration(URL))
        assert page.location == f"{DESK}/identity"
    row = await running.sandbox.world.database.fetchrow(
        "SELECT client_id FROM service_contract WHERE contractor_id = $1", UNYU
    )
    assert row == (None,)


@pytest.mark.requirement("W-38", "W-39")
async def test_id_and_key_are_shown_on_that_answer_alone(running):
    async with visiting(running, "unyu_maker") as visitor:
        client_id, key = await issued(visitor)
        assert len(key) == 44  # 32 bytes
        page = await visitor.open("/client")
        assert (client_id in page.text, key in page.text, "•" * 12 in page.text) == (
            True,
            False,
            True,
        )
        page = await visitor.send("/client/issue")  # a reload of the answer
        assert page.location == f"{DESK}/client?note=issued_before"
        page = await visitor.load(page.location)
        assert ("すでに発行されています" in page.text, key in page.text) == (True, False)
    row = await running.sandbox.world.database.fetchrow(
        "SELECT client_id FROM service_contract WHERE contractor_id = $1", UNYU
    )
    assert row == (client_id,)


@pytest.mark.requirement("W-41")
async def test_neither_key_nor_password_comes_to_the_journal(running):
    async with visiting(running, "unyu_maker") as visitor:
        _, key = await issued(visitor)
        await visitor.send("/client/register", *registration(URL))
        await visitor.send("/client/register", *registration(URL, again="Himitsu-no-2"))
    found = await entries(running)
    acts = {entry["operation"]: entry for entry in found}
    assert "***" in acts["desk_issue"]["response_body"]
    assert "client_password=***" in acts["desk_register"]["request_body"]
    for secret in (key, PASSWORD, "Himitsu-no-2"):
        assert secret not in str(found)


@pytest.mark.requirement("W-40")
async def test_password_and_web_servers_make_the_client_ready(running):
    async with visiting(running, "unyu_maker") as visitor:
        client_id, _ = await issued(visitor)
        address = f"{running.url}{BASE}/oauth/auth?response_type=code&state=s&client_id={client_id}"
        async with running.http.get(f"{address}&redirect_uri={URL}") as answer:
            assert answer.status == 400  # not registered yet
        page = await visitor.send("/client/register", *registration(URL, "", " ", f"{URL}2"))
        assert page.location == f"{DESK}/client?note=registered"
        page = await visitor.load(page.location)
        assert (f'value="{URL}2"' in page.text, PASSWORD in page.text) == (True, False)
    client = await client_of(running, client_id)
    assert (client.status, client.redirect_uris) == ("active", (URL, f"{URL}2"))
    form = {"grant_type": "authorization_code", "code": "0" * 32, "redirect_uri": URL}
    token = f"{running.url}{BASE}/oauth/token"
    for password, error in ((PASSWORD, "invalid_grant"), ("another-1", "invalid_client")):
        headers = basic(client_id, password)
        async with running.http.post(token, data=form, headers=headers) as answer:
            assert (await answer.json())["error"] == error


@pytest.mark.requirement("W-40")
async def test_the_order_is_issue_then_registration(running):
    async with visiting(running, "unyu_maker") as visitor:
        page = await visitor.identify("unyu_maker")
        assert ("/client/issue" in page.text, "/client/register" in page.text) == (True, False)
        page = await visitor.send("/client/register", *registration(URL))
        assert (page.status, "いまの状態ではできません" in page.text) == (409, True)
        await issued(visitor)
        page = await visitor.open("/client")
        assert ("/client/issue" in page.text, "/client/register" in page.text) == (False, True)


@pytest.mark.parametrize(
    ("password", "again", "urls", "wrong"),
    [
        ("Short-1", None, [URL], ["password"]),
        ("Eight-08", None, [URL], []),
        ("x" * 31 + "1", None, [URL], []),
        ("x" * 32 + "1", None, [URL], ["password"]),
        ("onlyletters", None, [URL], ["password"]),
        ("12345678", None, [URL], ["password"]),
        ("ひみつ-himitsu-1", None, [URL], ["password"]),
        ("", "", [URL], ["password"]),
        (PASSWORD, "Himitsu-no-2", [URL], ["password_again"]),
        (PASSWORD, "", [URL], ["password_again"]),
        (PASSWORD, None, [], ["web_servers"]),
        (PASSWORD, None, [URL, URL], ["web_servers"]),
        (PASSWORD, None, [f"{URL}{n}" for n in range(3)], []),
        (PASSWORD, None, [f"{URL}{n}" for n in range(4)], ["web_servers"]),
        (PASSWORD, None, ["http://unyu.example/callback"], ["web_servers"]),
        (PASSWORD, None, ["http://localhost:8000/callback"], []),
        (PASSWORD, None, [f"{URL}#top"], ["web_servers"]),
        (PASSWORD, None, ["https://unyu.example/" + "x" * 235], []),
        (PASSWORD, None, ["https://unyu.example/" + "x" * 236], ["web_servers"]),
        ("Short-1", None, ["javascript:alert(1)"], ["password", "web_servers"]),
    ],
)
async def test_errors_come_together_and_keep_the_urls_but_no_secret(
    running, password, again, urls, wrong
):
    async with visiting(running, "denki_maker") as visitor:
        await visitor.identify("denki_maker")
        fields = registration(*urls, password=password, again=again)
        page = await visitor.send("/client/register", *fields)
        assert page.status == (400 if wrong else 303)
        assert re.findall(r'id="error-(\w+)"', page.text) == wrong
        if wrong:
            kept = re.findall(r'name="web_server".*?value="(.*?)"', page.text)
            assert kept == [*urls, "", "", ""][:3]
            assert not password or password not in page.text
    client = await client_of(running, "10000004")
    assert client.status == ("issued" if wrong else "active")


async def test_registering_again_replaces_password_and_urls(running):
    direct = Direct(running)
    async with visiting(running, "shoji_maker") as visitor:
        page = await visitor.identify("shoji_maker")
        assert "これまでのパスワードとURLは使えなくなります" in page.text
        await visitor.send("/client/register", *registration("https://new.example/cb"))
    status, body = await direct.exchange("0" * 32)
    assert (status, body["error"]) == (401, "invalid_client")


async def test_a_blocked_client_cannot_be_registered_again(running):
    await running.staff.set_client_status("10000001", "blocked")
    async with visiting(running, "shoji_maker") as visitor:
        page = await visitor.identify("shoji_maker")
        assert ("停止中" in page.text, "/client/register" in page.text) == (True, False)
        page = await visitor.send("/client/register", *registration(URL))
        assert page.status == 409


async def test_without_a_contract_in_force_nothing_can_be_issued(running):
    corporate = running.sandbox.bank("web21").corporate
    await corporate.terminate(UNYU)
    async with visiting(running, "unyu_maker") as visitor:
        page = await visitor.identify("unyu_maker")
        assert ("契約が有効になるまで" in page.text, "/client/issue" in page.text) == (True, False)
        page = await visitor.send("/client/issue")
        assert page.location == f"{DESK}/client?note=issued_before"


async def test_two_clicks_at_once_issue_one_client(running):
    async with visiting(running, "unyu_maker") as visitor:
        await visitor.identify("unyu_maker")
        both = await asyncio.gather(visitor.send("/client/issue"), visitor.send("/client/issue"))
        assert sorted(page.status for page in both) == [200, 303]
    rows = await running.sandbox.world.database.fetch("SELECT client_id FROM client")
    assert sum(row[0].startswith("2000") for row in rows) == 1
