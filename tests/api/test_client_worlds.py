"""A call without a path of its own finds its world by its client, where only one knows it."""

import asyncio
from base64 import b64encode
from urllib.parse import urlencode

import aiohttp
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.client import Sandbox
from sandbox.services.client_index import ClientIndex
from tests.api.registering import URI
from tests.browsing import browsing
from tests.keys import b64
from tests.pushing import asked
from tests.support import AGGREGATOR, answer_of, basic, run_sandbox
from tests.tls import client_context, foreign

SECRET = "its-own-secret"


async def worlds_of(running, *names):
    for name in names:
        url = f"{running.sandbox.control_url}/api/v1/worlds"
        async with running.http.post(url, json={"name": name}) as answer:
            assert answer.status == 200, await answer.text()


async def register(running, world, client_id="app", **metadata):
    body = {"redirect_uris": [URI], "client_id": client_id, "client_secret": SECRET, **metadata}
    url = f"{running.sandbox.control_url}/api/v1/worlds/{world}/clients"
    async with running.http.post(url, json=body) as answer:
        assert answer.status == 200, await answer.text()


async def token_error(running, *, in_form=False, client_id="app", **headers):
    """Return the error of a token call by a client; invalid_client: the world knows none such."""
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    if in_form:
        form |= {"client_id": client_id, "client_secret": SECRET}
    else:
        headers |= basic(client_id, SECRET)
    async with running.http.post(
        f"{running.base}/oauth/token", data=form, headers=headers
    ) as answer:
        return (await answer.json())["error"]


@pytest.mark.parametrize(
    ("method", "in_form"), [("client_secret_basic", False), ("client_secret_post", True)]
)
async def test_the_token_endpoint_finds_the_world_by_the_client(running, method, in_form):
    await worlds_of(running, "green")
    assert await token_error(running, in_form=in_form) == "invalid_client"
    await register(running, "green", token_endpoint_auth_method=method)
    assert await token_error(running, in_form=in_form) == "invalid_grant"


async def test_a_request_is_pushed_into_the_world_of_its_client(running):
    await worlds_of(running, "green")
    await register(running, "green")
    form = asked("app", redirect_uri=URI)
    headers = basic("app", SECRET)
    async with running.http.post(f"{running.base}/oauth/par", data=form, headers=headers) as answer:
        pushed = await answer.json()
        assert answer.status == 201, pushed
    query = urlencode({"client_id": "app", "request_uri": pushed["request_uri"]})
    async with browsing(running) as browser:
        page = await browser.open(query)
        assert page.status == 200
        assert "/w/green/" in page.url


async def test_the_pages_find_the_world_by_the_client_and_go_on_by_its_path(running):
    await worlds_of(running, "green")
    await register(running, "green")
    async with browsing(running) as browser:
        page = await browser.open(client_id="app", redirect_uri=URI)
        assert "/w/green/" in str(page.url)
        back = answer_of(await browser.consent(client_id="app", redirect_uri=URI))
        assert back["iss"] == f"{running.url}/w/green/tomato"
    form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": URI}
    async with running.http.post(
        f"{running.base}/oauth/token", data=form, headers=basic("app", SECRET)
    ) as answer:
        assert answer.status == 200, await answer.text()


async def test_the_pages_keep_to_the_world_of_the_header_by_its_path(running):
    await worlds_of(running, "green")
    query = {"client_id": AGGREGATOR, "redirect_uri": "http://localhost:8000/callback"}
    query |= {"response_type": "code", "scope": "accounts", "state": "s"}
    async with running.http.get(
        f"{running.base}/oauth/auth",
        params=query,
        headers={"X-Sandbox-World": "green"},
        allow_redirects=False,
    ) as answer:
        assert answer.headers["Location"].startswith("/w/green/tomato/")


async def test_several_worlds_that_know_it_leave_it_to_the_header(running):
    await worlds_of(running, "green", "blue")
    await register(running, "green")
    await register(running, "blue")
    assert await token_error(running) == "invalid_client"
    assert await token_error(running, **{"X-Sandbox-World": "blue"}) == "invalid_grant"


async def test_path_and_token_are_stronger_than_the_client(running):
    await worlds_of(running, "green", "blue")
    await register(running, "green")
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    url = f"{running.base}/oauth/token".replace(running.url, f"{running.url}/w/blue")
    async with running.http.post(url, data=form, headers=basic("app", SECRET)) as answer:
        assert (await answer.json())["error"] == "invalid_client"
    default_tag = running.sandbox.world.tag
    form["refresh_token"] = default_tag + "x" * 43
    async with running.http.post(
        f"{running.base}/oauth/token", data=form, headers=basic("app", SECRET)
    ) as answer:
        assert (await answer.json())["error"] == "invalid_client"


async def test_ready_clients_are_known_everywhere_and_mean_the_default_world(running):
    await worlds_of(running, "green")
    index = running.sandbox.worlds.client_index
    assert index.only_world_of(AGGREGATOR) is None
    assert (await running.token(grant_type="refresh_token", refresh_token="x"))[1][
        "error"
    ] == "invalid_grant"


async def test_a_deleted_world_knows_nobody(running):
    await worlds_of(running, "green")
    await register(running, "green")
    async with running.http.delete(f"{running.sandbox.control_url}/api/v1/worlds/green") as answer:
        assert answer.status == 200
    assert running.sandbox.worlds.client_index.only_world_of("app") is None
    assert await token_error(running) == "invalid_client"


async def test_snapshots_and_resets_bring_and_take_clients(running):
    index = running.sandbox.worlds.client_index
    for act, body, known in (
        ("snapshots", {"name": "before"}, None),
        ("clients", {"redirect_uris": [URI], "client_id": "app"}, "default"),
        ("snapshots", {"name": "after"}, "default"),
        ("snapshots/before/restore", {}, None),
        ("snapshots/after/restore", {}, "default"),
        ("reset", {"what": "all"}, None),
    ):
        async with running.http.post(f"{running.control}/{act}", json=body) as answer:
            assert answer.status == 200, await answer.text()
        assert index.only_world_of("app") == known, act


async def test_a_world_that_is_opened_again_is_known_again(running):
    await worlds_of(running, "green")
    await register(running, "green")
    worlds = running.sandbox.worlds
    await worlds.close()
    worlds.client_index.forget("green")
    assert worlds.client_index.only_world_of("app") is None
    await worlds.open("green")
    assert worlds.client_index.only_world_of("app") == "green"
    await worlds.open("default")


def test_the_index_forgets_what_it_is_told_to():
    index = ClientIndex(["ready"])
    index.learn("a", ["ready", "x", "y"])
    index.add("b", "y")
    assert [index.only_world_of(name) for name in ("ready", "x", "y", "z")] == [
        None,
        "a",
        None,
        None,
    ]
    index.learn("a", ["z"])
    assert [index.only_world_of(name) for name in ("x", "y", "z")] == [None, "b", "a"]
    index.forget("a")
    index.forget("a")
    assert index.only_world_of("z") is None


# A client's own certificate, which the handshake has to know of


def entry_of(pair):
    """Return the JWK set of a certificate's key, with the certificate beside it."""
    der = pair.certificate.public_bytes(Encoding.DER)
    numbers = pair.key.public_key().public_numbers()
    point = {name: b64(getattr(numbers, name).to_bytes(32)) for name in ("x", "y")}
    return {"keys": [{"kty": "EC", "crv": "P-256", **point, "x5c": [b64encode(der).decode()]}]}


async def test_a_registered_certificate_is_let_in_now_and_after_a_restart(tmp_path, template):
    pair, data = foreign("app"), tmp_path / "data"
    data.mkdir()
    method = "self_signed_tls_client_auth"
    form = {"client_id": "app", "grant_type": "refresh_token", "refresh_token": "x"}

    async def error_over_tls(running):
        ca = Sandbox(running.sandbox.control_url).certificates.ca
        context = client_context(await asyncio.to_thread(ca), tmp_path, pair)
        url = running.base.replace(running.url, running.sandbox.tls_url) + "/oauth/token"
        async with running.http.post(url, data=form, ssl=context) as answer:
            return (await answer.json())["error"]

    async with run_sandbox(data, template=template, tls="1", clock="real") as running:
        with pytest.raises(aiohttp.ClientError):
            await error_over_tls(running)
        body = {"client_id": "app", "redirect_uris": [URI], "jwks": entry_of(pair)}
        body["token_endpoint_auth_method"] = method
        async with running.http.post(f"{running.control}/clients", json=body) as answer:
            assert answer.status == 200, await answer.text()
        async with running.http.put(
            f"{running.sandbox.control_url}/api/v1/worlds/default/clock", json={"mode": "real"}
        ) as answer:
            assert answer.status == 200
        assert await error_over_tls(running) == "invalid_grant"
    async with run_sandbox(data, tls="1", clock="real") as running:
        assert await error_over_tls(running) == "invalid_grant"
