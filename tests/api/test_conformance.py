"""The clients for the conformance suite: each completes a flow as the suite would begin it."""

import json
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.browsing import browsing
from tests.clientele import dpop, post
from tests.keys import Key, by_assertion
from tests.support import BASE, CHALLENGE, VERIFIER, answer_of, basic, run_sandbox

ROOT = Path(__file__).parents[2]
FILE = ROOT / "fixtures" / "conformance" / "clients.json"
CLIENTS = {entry["client_id"]: entry for entry in json.loads(FILE.read_text(encoding="utf-8"))}
GUIDE = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
BY_KEY = ["conformance-fapi2-1", "conformance-fapi2-2"]
BY_SECRET = ["conformance-basic-1", "conformance-basic-2", "conformance-basic-post"]


@pytest.fixture
async def suite(tmp_path):
    async with run_sandbox(tmp_path, clients=str(FILE)) as running:
        yield running


async def key_of(running, client_id):
    """Return the client's private key as the control door tells it."""
    async with running.http.get(running.control) as answer:
        clients = (await answer.json())["banks"][0]["clients"]
    (jwk,) = next(each["jwks"]["keys"] for each in clients if each["client_id"] == client_id)
    key = Key(kid=jwk["kid"])
    key.jwk = jwk
    return key


def asked(client, redirect_uri):
    return {
        "response_type": "code",
        "client_id": client["client_id"],
        "redirect_uri": redirect_uri,
        "scope": client["scope"],
        "state": "a" * 32,
        "nonce": "n" * 32,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


async def consented(running, query):
    """Sign in as taro and allow; return what comes back with the redirect."""
    async with browsing(running) as browser:
        await browser.open(query)
        await browser.sign_in("taro")
        page = await browser.press("allow")
        assert page.status == 303, page.text
        return page.location, answer_of(page.location)


def exchange_of(code, redirect_uri):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return {**form, "code_verifier": VERIFIER}


@pytest.mark.parametrize("client_id", BY_KEY)
@pytest.mark.parametrize("number", range(4))
async def test_a_fapi_client_gets_from_par_to_the_accounts(suite, client_id, number):
    client, world = CLIENTS[client_id], suite.sandbox.world
    key, proofs = await key_of(suite, client_id), Key()
    redirect_uri = client["redirect_uris"][number]
    form = asked(client, redirect_uri) | by_assertion(key.assertion(world, client_id))
    status, pushed, _ = await post(suite, form, path="par")
    assert status == 201, pushed

    query = {"client_id": client_id, "request_uri": pushed["request_uri"]}
    location, back = await consented(suite, urlencode(query))
    assert location.startswith(redirect_uri)
    assert (back["state"], back["iss"]) == ("a" * 32, world.issuer("tomato"))

    form = exchange_of(back["code"], redirect_uri)
    form |= by_assertion(key.assertion(world, client_id))
    proof = {"DPoP": proofs.proof(world, f"{suite.base}/oauth/token")}
    status, tokens, _ = await post(suite, form, proof)
    assert (status, tokens["token_type"]) == (200, "DPoP"), tokens
    assert tokens["id_token"]

    url = f"{suite.base}/accounts"
    token = tokens["access_token"]
    headers = dpop(token, proofs.proof(world, url, "GET", token=token))
    async with suite.http.get(url, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert (await answer.json())["accounts"]
    assert (await suite.get("/accounts", token))[0] == 401


@pytest.mark.parametrize("client_id", BY_SECRET)
async def test_an_openid_client_gets_from_the_page_to_userinfo(suite, client_id):
    client = CLIENTS[client_id]
    redirect_uri = client["redirect_uris"][0]
    _, back = await consented(suite, urlencode(asked(client, redirect_uri)))
    form, headers = exchange_of(back["code"], redirect_uri), {}
    if client["token_endpoint_auth_method"] == "client_secret_post":
        form |= {"client_id": client_id, "client_secret": client["client_secret"]}
    else:
        headers = basic(client_id, client["client_secret"])
    status, tokens, _ = await post(suite, form, headers)
    assert status == 200, tokens
    assert set(tokens["scope"].split()) == set(client["scope"].split())
    assert tokens["id_token"]
    status, person, _ = await suite.get("/oauth/userinfo", tokens["access_token"])
    assert status == 200
    assert {"sub", "name", "email", "address", "phone_number"} <= set(person)


@pytest.mark.parametrize("client_id", BY_KEY)
async def test_a_fapi_client_begins_nowhere_but_at_par(suite, client_id):
    client = CLIENTS[client_id]
    query = urlencode(asked(client, client["redirect_uris"][0]))
    async with suite.http.get(f"{suite.url}{BASE}/oauth/auth?{query}", allow_redirects=False) as a:
        assert "error=" in a.headers.get("Location", "") or a.status == 400


def test_the_guide_names_what_the_file_holds():
    for client_id, client in CLIENTS.items():
        assert f"`{client_id}`" in GUIDE
        assert client.get("client_secret") in (None, f"{client_id}-secret")
        assert any(uri.endswith("?dummy1=lorem&dummy2=ipsum") for uri in client["redirect_uris"])
    (config,) = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL))
    for part in ("client", "client2", "client_secret_post"):
        client = CLIENTS[config[part]["client_id"]]
        assert config[part]["client_secret"] == client["client_secret"]
    (script,) = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    assert set(re.findall(r'"client_id": "([^"]+)"', script)) == set(BY_KEY)
    assert str(FILE.relative_to(ROOT)) in GUIDE
    assert '"/tomato/.well-known/openid-configuration"' in GUIDE
    assert f'base + "{BASE}/accounts"' in GUIDE
