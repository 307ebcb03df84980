"""``web21`` from the issue of a client to a transfer, and a search for its secrets everywhere.

Searched are the world's files as bytes, its snapshots, the log, the journal, the archive, the
metrics, what the control door lists, and every page but the one that tells a key.
"""

import json
import logging
import re
from base64 import b64decode

import pytest

from tests.api.test_authorize_secrets import forms_of
from tests.api.test_nothing_leaks import LISTS, Run, shown_everywhere
from tests.api.test_web21_authorize import MAKER
from tests.browsing import browsing
from tests.desk import logins, visiting
from tests.direct import DENKI, SHOJI, Direct
from tests.journals import address
from tests.ordering import NO_CHECKS, item, request_data
from tests.sealing import Key, act, rotated
from tests.support import REDIRECT_URI, answer_of, basic, bearer, run_sandbox

PASSWORD, WRONG = "client-Passw0rd-1", "wr0ng-Passw0rd-2"
FIRM = "denki_maker"
SCOPE = "web21.ref web21.upd openid"
MORE_LISTS = ("/contracts", "/transfers", f"/contracts/{DENKI}")


class Story(Run):
    """What 架空電機 does, from the beginning. ``keys``: told once, by page or control door."""

    def __init__(self, running):
        super().__init__(running)
        self.direct = Direct(running, DENKI)
        self.keys = []

    def client(self, password=PASSWORD):
        return basic(self.direct.client_id, password)

    async def token(self, path="token", password=PASSWORD, **form):
        url, headers = f"{self.direct.base}/oauth/{path}", self.client(password)
        async with self.running.http.post(url, data=form, headers=headers) as answer:
            return answer.status, json.loads(await answer.text() or "{}")

    def keep_key(self, text):
        self.keys.append(text)
        self.keep(key=text, key_hex=b64decode(text).hex())


async def without_client(running):
    """Take the client away, so that the whole procedure can be gone through."""
    async with running.sandbox.world.database.transaction() as db:
        await db.execute(
            "UPDATE service_contract SET client_id = NULL WHERE contractor_id = $1", DENKI
        )


async def issue(story):
    """At the contractor's pages: sign in, identify, be issued a client, register it."""
    login = logins()[FIRM]
    async with visiting(story.running) as visitor:
        await visitor.sign_in(FIRM, password=WRONG)
        await visitor.sign_in(FIRM)
        await visitor.identify(FIRM)
        await visitor.open("/client")
        page = await visitor.post("/client/issue")
        told = re.search(r'name="encryption_key"[^>]*>([^<]+)<', page.text)
        story.direct.client_id = re.search(r'name="client_id" value="(\d{8})"', page.text)[1]
        story.keep_key(told[1])
        await visitor.open("/client")
        typed = {"client_password": PASSWORD, "client_password_again": PASSWORD}
        unlike = {"client_password": WRONG + "x", "client_password_again": WRONG}
        for each in (unlike, typed):
            fields = {**each, "web_server": REDIRECT_URI}
            await visitor.post("/client/register", **fields)
        cookies = [each.value for each in visitor.http.cookie_jar if len(each.value) > 8]
        story.pages += [each.text for each in visitor.seen if each is not page]
    story.keep(
        wrong_password=WRONG,
        client_password=PASSWORD,
        user_password=login["password"],
        desk_cookie=cookies[0],
    )


async def consent(story):
    """By way of a browser, with a wrong second factor first."""
    login = logins()[FIRM]
    async with browsing(story.running) as browser:
        await browser.visit(story.direct.address(scope=SCOPE, nonce="n-1"))
        for typed in ({**login, "second_factor": "999999"}, login):
            story.pages.append((await browser.follow()).text)
            await browser.press("sign_in", *typed.items())
        story.pages.append((await browser.follow()).text)
        location = (await browser.press("allow")).location
        cookies = [each.value for each in browser.http.cookie_jar if each.key == "interaction"]
    story.keep(cookie=cookies[0], code=answer_of(location)["code"])
    return answer_of(location)["code"]


async def tokens_of(story, code):
    """Exchange, go once around, ask who it is; a wrong client password on the way."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    status, _ = await story.token(password=WRONG, **form)
    assert status == 401
    status, first = await story.token(**form)
    assert status == 200, first
    status, second = await story.token(
        grant_type="refresh_token", refresh_token=first["refresh_token"]
    )
    assert status == 200, second
    for pair in (first, second):
        story.keep(access=pair["access_token"], refresh=pair["refresh_token"])
    story.keep(id_token=first["id_token"].rpartition(".")[2])
    headers = bearer(second["access_token"])
    async with story.running.http.get(f"{story.direct.base}/userinfo", headers=headers) as answer:
        assert answer.status == 200
    return second


async def orders(story, tokens):
    """A sealed transfer, before and after a change of keys; a clear one; the token's end."""
    direct, token = story.direct, tokens["access_token"]
    assert await act(story.running, DENKI, act="set_encryption", enabled=True) == (200, {})
    first = Key(story.keys[0])
    new = await rotated(direct)
    story.keep_key(new.text)
    payment = item(beneficiary_name="ﾋﾐﾂ ﾉｱｲﾃ", account_number="7654321")
    account = {"remitting_account_number": "1000301"}
    data = request_data(payment, remitter_name="ｶｸｳﾃﾞﾝｷ(ｶ", **account)
    for sealed, status in ((new.sealed(data), 200), (first.sealed(data), 400), (data, 400)):
        body = {"warning_check_type": NO_CHECKS, "fixed_request_data": sealed}
        assert await post(story, "/bulk_transfers", token, body) == status
    assert (await direct.get("/accounts", token))[0] == 200
    for presented in ("not-a-Token-0123456789", token):
        await direct.get("/accounts", presented, client_id="99999999")
    await story.token("revoke", token=tokens["refresh_token"])
    assert (await direct.get("/accounts", token))[0] == 401


async def post(story, path, token, body):
    direct = story.direct
    named = {"client_id": direct.client_id, "contractor_id": DENKI, **body}
    headers = bearer(token)
    async with story.running.http.post(direct.base + path, json=named, headers=headers) as answer:
        return answer.status


async def lists(story):
    """Return what the control door tells of contracts and transfers, by place."""
    places = {}
    for path in MORE_LISTS:
        async with story.running.http.get(f"{story.running.control}{path}") as answer:
            assert answer.status == 200, path
            places[f"list {path}"] = await answer.read()
    return places


@pytest.mark.requirement("O-29", "T-16", "W-38", "W-41", "W-49")
async def test_no_secret_of_the_whole_story_is_anywhere(tmp_path, template, caplog):
    caplog.set_level(logging.DEBUG)
    async with run_sandbox(tmp_path, template=template, access_log="1") as running:
        story = Story(running)
        await without_client(running)
        await issue(story)
        await orders(story, await tokens_of(story, await consent(story)))
        places = {**await shown_everywhere(story), **await lists(story)}
    places["log"] = caplog.text.encode()
    assert all(places.values())
    assert set(LISTS[1:]) <= {name.removeprefix("list ") for name in places}
    kinds = {re.sub(r" \d+$", "", name) for name in story.secrets}
    assert {"key", "client_password", "code", "access", "refresh", "id_token", "cookie"} <= kinds
    for name, secret in story.secrets.items():
        for place, text in places.items():
            for written in forms_of(secret):
                assert written not in text, (name, place)


@pytest.mark.requirement("W-38")
async def test_a_second_factor_and_a_key_are_masked_by_name(running):
    async with browsing(running) as browser:
        await browser.visit(Direct(running).address(scope="web21.ref"))
        await browser.follow()
        await browser.press("sign_in", *MAKER.items())
    await act(running, SHOJI, act="set_encryption", enabled=True)
    await running.sandbox.world.journal.flush()
    async with running.http.get(f"{running.control}/journal") as answer:
        text = await answer.text()
    assert "second_factor=***" in text
    assert MAKER["second_factor"] not in text
    assert MAKER["password"] not in text


@pytest.mark.requirement("T-16", "O-29", "W-41")
async def test_a_token_without_a_tag_is_masked_wherever_a_client_has_put_it(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    named = f"client_id={direct.client_id}&contractor_id={SHOJI}"
    odd = [
        (f"/accounts?access_token={token}&{named}", {}),
        (f"/accounts?q={token}&{named}", {}),
        (f"/accounts?client_id={token}&contractor_id={SHOJI}", {}),
        (f"/accounts/{token}?{named}", {}),
        (f"/nowhere/{token}", {}),
        (f"/accounts?{named}", {"User-Agent": f"app/{token}", "X-Client-Id": token}),
        (f"/oauth/auth?client_id={token}&state={token}", {}),
    ]
    for path, headers in odd:
        url = f"{direct.base}{path}"
        async with running.http.get(url, headers={**bearer(token), **headers}) as answer:
            await answer.read()
    forms = [{"grant_type": token, "surprise": token}, {"client_id": token}, {token: "x"}]
    for form in forms:
        await direct.post("/oauth/token", **form)
    async with running.http.post(
        f"{direct.base}/bulk_transfers", json={"comment": token, "client_id": token}
    ) as answer:
        assert answer.status == 401
    kept = "".join(await texts_of(running))
    assert "/accounts?q=***" in kept
    assert token not in kept
    assert SHOJI in kept
    assert '"account_number":"1000001"' in kept.replace("\\", "")


async def texts_of(running):
    texts = []
    for tail in ("?limit=1000", "/export.har"):
        async with running.http.get(address(running, tail=tail)) as answer:
            assert answer.status == 200
            texts.append(await answer.text())
    await running.sandbox.world.journal.flush()
    files = [file for file in running.sandbox.directory.rglob("*") if file.is_file()]
    return [*texts, *(file.read_bytes().decode("utf-8", "replace") for file in files)]
