"""One run with every kind of secret that OAuth knows, and a search for each of them everywhere.

Searched are the world's files as bytes, its snapshots, the log, the journal, the archive, the
metrics, what the control door lists, and every page on the way.
"""

import json
import logging
import re
from urllib.parse import urlencode

import pytest

from tests.api.test_authorize_secrets import forms_of, walk_everything
from tests.api.test_fapi2_tokens import CLIENT, FAPI, KEY, fapi_client
from tests.browsing import browsing
from tests.journals import address
from tests.keys import by_assertion
from tests.pushing import asked
from tests.support import REDIRECT_URI, VERIFIER, answer_of, basic, run_sandbox, secret_of

OPENID = "sandbox-openid"
LISTS = ("", "/clients", "/grants", "/tokens", "/accounts", "/faults", "/keys", "/snapshots")


class Run:
    """A sandbox under way. ``secrets`` by name; ``pages``: what people saw."""

    def __init__(self, running):
        self.running = running
        self.secrets: dict[str, str] = {}
        self.pages: list[str] = []

    async def form(self, path, form, headers=None):
        url = f"{self.running.base}/oauth/{path}"
        async with self.running.http.post(url, data=form, headers=headers or {}) as answer:
            return answer.status, json.loads(await answer.text() or "{}")

    def keep(self, **secrets):
        for name, secret in secrets.items():
            assert secret, name
            self.secrets[f"{name} {len(self.secrets)}"] = secret

    def proof(self, path, method="POST", token=None):
        url = f"{self.running.base}{path}"
        made = KEY.proof(self.running.sandbox.world, url, method, token=token)
        self.keep(proof=made)
        return {"DPoP": made}

    def assertion(self):
        fields = by_assertion(CLIENT.assertion(self.running.sandbox.world, FAPI))
        self.keep(assertion=fields["client_assertion"])
        return fields

    async def consented(self, query):
        async with browsing(self.running) as browser:
            self.pages.append((await browser.open(query)).text)
            self.pages.append((await browser.sign_in("hanako")).text)
            location = (await browser.press("allow")).location
            return answer_of(location)["code"]


async def fapi_run(run):
    """PAR, DPoP, assertions: to the tokens, once around, and revoked."""
    await fapi_client(run.running)
    pushed = {**asked(FAPI), **run.assertion()}
    status, body = await run.form("par", pushed)
    assert status == 201, body
    handle = {"client_id": FAPI, "request_uri": body["request_uri"]}
    code = await run.consented(urlencode(handle))
    exchange = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    status, tokens = await run.form(
        "token", {**exchange, **run.assertion()}, run.proof("/oauth/token")
    )
    assert status == 200, tokens
    access = tokens["access_token"]
    headers = {"Authorization": f"DPoP {access}", **run.proof("/accounts", "GET", access)}
    async with run.running.http.get(f"{run.running.base}/accounts", headers=headers) as answer:
        assert answer.status == 200
    await run.form("revoke", {"token": tokens["refresh_token"], **run.assertion()})
    run.keep(
        handle=body["request_uri"].rpartition(":")[2],
        code=code,
        verifier=VERIFIER,
        access=access,
        refresh=tokens["refresh_token"],
    )


async def openid_run(run):
    """ID token, userinfo, introspection."""
    code = await run.consented(
        urlencode(asked(OPENID, scope="openid profile email accounts", nonce="n-1"))
    )
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    status, tokens = await run.form("token", {**form, "code_verifier": VERIFIER}, basic(OPENID))
    assert status == 200, tokens
    access = tokens["access_token"]
    assert (await run.form("introspect", {"token": access}, basic(OPENID)))[1]["active"]
    bearer = {"Authorization": f"Bearer {access}"}
    async with run.running.http.get(f"{run.running.base}/oauth/userinfo", headers=bearer) as answer:
        assert answer.status == 200
    run.keep(
        secret=secret_of(OPENID),
        code=code,
        access=access,
        refresh=tokens["refresh_token"],
        id_token=tokens["id_token"].rpartition(".")[2],
    )


async def shown_everywhere(run):
    """Return what anybody can read of the run, by place."""
    running, world = run.running, run.running.sandbox.world
    async with running.http.post(f"{running.control}/snapshots", json={"name": "all"}) as answer:
        assert answer.status == 200
    places = {"pages": "".join(run.pages).encode()}
    urls = {
        "journal": address(running, tail="?limit=1000"),
        "archive": address(running, tail="/export.har"),
        "metrics": f"{running.sandbox.control_url}/metrics",
        **{f"list {path}": f"{running.control}{path}" for path in LISTS[1:]},
    }
    for name, url in urls.items():
        async with running.http.get(url) as answer:
            assert answer.status == 200, name
            places[name] = await answer.read()
    await world.journal.flush()
    files = [file for file in running.sandbox.directory.rglob("*") if file.is_file()]
    places["files"] = b"".join(file.read_bytes() for file in files)
    return places


@pytest.mark.requirement("O-29", "T-16")
async def test_no_secret_of_any_kind_is_anywhere(tmp_path, template, caplog):
    caplog.set_level(logging.DEBUG)
    async with run_sandbox(tmp_path, template=template, access_log="1") as running:
        run = Run(running)
        run.secrets = await walk_everything(running)
        await fapi_run(run)
        await openid_run(run)
        places = await shown_everywhere(run)
    places["log"] = caplog.text.encode()
    kinds = {re.sub(r" \d+$", "", name) for name in run.secrets}
    assert {"assertion", "proof", "handle", "code", "access", "refresh", "id_token"} <= kinds
    assert all(places.values())
    ready = {secret_of(OPENID), secret_of("sandbox-aggregator")}  # told to testers on purpose
    for name, secret in run.secrets.items():
        for place, text in places.items():
            if place == "list /clients" and secret in ready:
                continue
            for written in forms_of(secret):
                assert written not in text, (name, place)
