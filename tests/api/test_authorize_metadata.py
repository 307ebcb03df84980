"""What the authorization server says of itself is all and true: see ``test_metadata_walk`` too."""

from urllib.parse import urlsplit

import pytest

from sandbox.app import make_front
from sandbox.services.population import load_clients
from sandbox.web.bank_door import OPENID_WELL_KNOWN, WELL_KNOWN, oauth_routes
from sandbox.web.oauth.authorize import INTERACTION_PATH
from tests.support import BASE, NOW, run_sandbox


async def fetch(running, path):
    async with running.http.get(f"{running.url}{path}") as answer:
        assert answer.status == 200, path
        return await answer.json()


@pytest.fixture
async def metadata(running):
    return await fetch(running, f"{WELL_KNOWN}/tomato")


@pytest.mark.requirement("O-30")
@pytest.mark.parametrize("world", ["default", "other"])
async def test_all_four_places_say_the_same(running, world):
    url = f"{running.sandbox.control_url}/api/v1/worlds"
    body = {"name": "other", "clock": {"mode": "frozen", "at": NOW}}
    async with running.http.post(url, json=body) as answer:
        assert answer.status == 200
    prefix = "" if world == "default" else f"/w/{world}"
    places = [f"{kind}{prefix}/tomato" for kind in (WELL_KNOWN, OPENID_WELL_KNOWN)]
    places += [f"{prefix}/tomato{kind}" for kind in (WELL_KNOWN, OPENID_WELL_KNOWN)]
    first, *others = [await fetch(running, place) for place in places]
    assert all(other == first for other in others)
    assert first["issuer"] == f"{running.url}{prefix}/tomato"
    for name, value in first.items():
        assert not name.endswith("_endpoint") or value.startswith(first["issuer"])


@pytest.mark.requirement("O-30")
async def test_no_world_has_no_metadata(running):
    for kind in (WELL_KNOWN, OPENID_WELL_KNOWN):
        for path in (f"{kind}/w/nowhere/tomato", f"/w/nowhere/tomato{kind}"):
            async with running.http.get(f"{running.url}{path}") as answer:
                assert answer.status == 404


@pytest.mark.requirement("O-30", "O-7")
async def test_the_issuer_is_where_the_metadata_are(running, metadata):
    parts = urlsplit(metadata["issuer"])
    assert f"{parts.scheme}://{parts.netloc}" == running.url
    assert await fetch(running, f"{WELL_KNOWN}{parts.path}") == metadata
    assert await fetch(running, f"{parts.path}{OPENID_WELL_KNOWN}") == metadata


@pytest.mark.requirement("O-30")
async def test_every_route_is_listed(tmp_path, template):
    """What has an address of its own, but for pages and what is below a listed address."""
    settings = {"tomato_dynamic_registration": "open"}
    async with run_sandbox(tmp_path, template=template, **settings) as running:
        front = make_front(running.sandbox.worlds, running.sandbox.profiles, is_strict=False)
        (profile,) = [each for each in running.sandbox.profiles if each.name == "tomato"]
        routes = oauth_routes(front, profile, BASE.removeprefix("/tomato"))
        paths = {f"/tomato{route.path}" for route in routes}
        told = await fetch(running, f"{WELL_KNOWN}/tomato")
    listed = {urlsplit(told[name]).path for name in told if name.endswith(("_endpoint", "_uri"))}
    assert listed < paths
    below = {f"{BASE}{INTERACTION_PATH}", f"{BASE}/oauth/register/{{client_id}}"}
    assert paths - listed == below


@pytest.mark.requirement("O-30")
async def test_what_is_off_is_not_listed(running, metadata):
    off = {
        "registration_endpoint",
        "mtls_endpoint_aliases",
        "tls_client_certificate_bound_access_tokens",
    }
    assert not off & set(metadata)
    for name in ("token", "revocation", "introspection"):
        methods = metadata[f"{name}_endpoint_auth_methods_supported"]
        assert not any("tls" in method for method in methods)
        assert ("none" in methods) is (name != "introspection")
    async with running.http.post(f"{running.base}/oauth/register", json={}) as answer:
        assert answer.status == 404


@pytest.mark.requirement("O-30")
async def test_every_ready_client_can_do_what_it_is_registered_for(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tls="1") as running:
        told = await fetch(running, f"{WELL_KNOWN}/tomato")
    for client in load_clients("tomato"):
        assert client.auth_method in told["token_endpoint_auth_methods_supported"]
        assert set(client.scopes) <= set(told["scopes_supported"])
        assert client.options.id_token_alg in told["id_token_signing_alg_values_supported"]


@pytest.mark.requirement("O-30")
async def test_the_control_door_shows_the_same_addresses(running, metadata):
    async with running.http.get(running.control) as answer:
        banks = {bank["name"]: bank for bank in (await answer.json())["banks"]}
    bank = banks["tomato"]
    shown = {name: bank[name] for name in bank if name.endswith(("_endpoint", "_uri"))}
    assert shown == {n: v for n, v in metadata.items() if n.endswith(("_endpoint", "_uri"))}


@pytest.mark.requirement("O-30")
async def test_the_metadata_follow_the_public_address(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, base_url="https://bank.example") as running:
        found = await fetch(running, f"{WELL_KNOWN}/tomato")
        assert found["issuer"] == "https://bank.example/tomato"
        for name, value in found.items():
            if name.endswith(("_endpoint", "_uri")):
                assert value.startswith("https://bank.example/")
