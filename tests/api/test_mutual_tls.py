"""Clients and tokens that a certificate proves (RFC 8705), by real handshakes."""

import base64
import json
import ssl
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.services.certificates import parse
from sandbox.services.oauth import client_certificates
from tests.clientele import BROKEN_CODE, accounts, code_of, dpop, post, register
from tests.keys import Key, b64, by_assertion
from tests.support import BASE, NATIVE, Running, basic, bearer, run_sandbox

SUBJECT = "CN=my-app,O=My Company,C=JP"
KNOWN = (400, "invalid_grant")
FAILED = (401, "invalid_client")
BEARER = 'Bearer error="invalid_token"'


@dataclass
class Shown:
    """A client's certificate, and the TLS context that shows it."""

    said: dict[str, Any]
    context: ssl.SSLContext

    @property
    def thumbprint(self) -> str:
        return self.said["thumbprint"]

    @property
    def x5c(self) -> str:
        der = ssl.PEM_cert_to_DER_cert(self.said["certificate"])
        return base64.b64encode(der).decode()

    @property
    def jwk(self) -> dict[str, str]:
        """The public key that is in it."""
        numbers = parse(self.said["certificate"]).public_key().public_numbers()
        x, y = (b64(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


class TlsRunning:
    """A sandbox that serves TLS too, and what shows certificates to it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.base = f"{running.sandbox.tls_url}{BASE}"

    async def show(self, subject: str = SUBJECT, **wish: Any) -> Shown:
        url = f"{self.running.sandbox.control_url}/api/v1/certificates"
        async with self.running.http.post(url, json={"subject": subject, **wish}) as answer:
            assert answer.ok
            said = await answer.json()
        context = ssl.create_default_context(cadata=said["ca"])
        pem = self.running.sandbox.directory / f"{said['thumbprint']}.pem"
        pem.write_text(said["private_key"] + said["certificate"])
        context.load_cert_chain(pem)
        return Shown(said, context)

    async def plain(self) -> ssl.SSLContext:
        """Return a context that knows the CA and shows nothing."""
        url = f"{self.running.sandbox.control_url}/api/v1/certificates/ca"
        async with self.running.http.get(url) as answer:
            return ssl.create_default_context(cadata=await answer.text())

    async def post(self, form, shown: Shown | ssl.SSLContext | None, headers=None, **where):
        """Post over TLS with what is shown; None: over plain HTTP."""
        if shown is None:
            return await post(self.running, form, headers, **where)
        context = shown.context if isinstance(shown, Shown) else shown
        return await post(self.running, form, headers, base=self.base, ssl=context, **where)

    async def accounts(self, headers, shown: Shown | ssl.SSLContext | None):
        if shown is None:
            return await accounts(self.running, headers)
        context = shown.context if isinstance(shown, Shown) else shown
        return await accounts(self.running, headers, base=self.base, ssl=context)

    async def tokens(self, client_id: str, shown: Shown | ssl.SSLContext, **how: Any):
        form = {**await code_of(self.running, client_id), "client_id": client_id}
        status, body, _ = await self.post(form, shown, **how)
        assert status == 200, body
        return body


@pytest.fixture
async def door(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tls="1") as running:
        yield TlsRunning(running)


def named(client_id="app"):
    return {**BROKEN_CODE, "client_id": client_id}


ALL_NAMES = ["dns:app.example", "uri:https://app.example/x", "ip:192.0.2.1", "email:a@app.example"]
# What is registered → whether the certificate of SUBJECT and ALL_NAMES is the client's.
REGISTERED = {
    "subject": ({"tls_subject_dn": SUBJECT}, True),
    "subject with spaces": ({"tls_subject_dn": "CN=my-app, O=My Company, C=JP"}, True),
    "subject by number": ({"tls_subject_dn": "2.5.4.3=my-app,O=My Company,C=JP"}, True),
    "subject of another": ({"tls_subject_dn": "CN=my-app,O=Other,C=JP"}, False),
    "part of the subject": ({"tls_subject_dn": "CN=my-app"}, False),
    "subject in another order": ({"tls_subject_dn": "C=JP,O=My Company,CN=my-app"}, False),
    "subject in other case": ({"tls_subject_dn": "CN=My-App,O=My Company,C=JP"}, False),
    "no subject": ({"tls_subject_dn": "my-app"}, False),
    "dns": ({"tls_san_dns": "app.example"}, True),
    "dns in capitals": ({"tls_san_dns": "APP.example"}, True),
    "dns of another": ({"tls_san_dns": "other.example"}, False),
    "a wildcard": ({"tls_san_dns": "*.example"}, False),
    "uri": ({"tls_san_uri": "https://app.example/x"}, True),
    "uri of another": ({"tls_san_uri": "https://app.example/"}, False),
    "ip": ({"tls_san_ip": "192.0.2.1"}, True),
    "ip of another": ({"tls_san_ip": "192.0.2.2"}, False),
    "ip that is none": ({"tls_san_ip": "app.example"}, False),
    "email": ({"tls_san_email": "a@app.example"}, True),
    "email of another": ({"tls_san_email": "b@app.example"}, False),
    "two names": ({"tls_subject_dn": SUBJECT, "tls_san_dns": "app.example"}, False),
    "nothing": ({}, False),
}


@pytest.mark.requirement("O-9", "O-18")
async def test_a_certificate_of_the_ca_proves_whom_its_registered_name_names(door):
    shown = await door.show(alternative_names=ALL_NAMES)
    for number, (name, (options, is_known)) in enumerate(REGISTERED.items()):
        await register(door.running, f"app-{number}", "tls_client_auth", **options)
        status, body, headers = await door.post(named(f"app-{number}"), shown)
        assert (status, body["error"]) == (KNOWN if is_known else FAILED), name
        assert "WWW-Authenticate" not in headers


@pytest.mark.requirement("O-9", "O-18")
async def test_who_else_does_not_come_in_as_a_client_of_the_ca(door):
    await register(door.running, "app", "tls_client_auth", tls_subject_dn=SUBJECT)
    await register(door.running, "other", "tls_client_auth", tls_subject_dn="CN=other")
    shown = await door.show()
    for form, by in (
        (named(), None),
        (named(), await door.plain()),
        (named(), await door.show("CN=somebody")),
        (named(), await door.show(self_signed=True)),  # the right name, given by itself
        (named("other"), shown),
        (named("nobody"), shown),
        ({**named(), "client_secret": "app-secret"}, shown),
        (BROKEN_CODE, shown),
    ):
        status, body, _ = await door.post(form, by)
        assert (status, body["error"]) == FAILED
    status, body, _ = await door.post(named(), shown, basic("app"))
    assert (status, body["error"]) == FAILED


@pytest.mark.requirement("O-18", "O-33")
@pytest.mark.parametrize("method", ["tls_client_auth", "self_signed_tls_client_auth"])
async def test_a_certificate_lasts_by_the_worlds_clock(door, method):
    is_self_signed = method != "tls_client_auth"
    shown = await door.show(lifetime="30d", self_signed=is_self_signed)
    jwks = json.dumps({"keys": [{**shown.jwk, "x5c": [shown.x5c]}]})
    options = {"jwks": jwks} if is_self_signed else {"tls_subject_dn": SUBJECT}
    await register(door.running, "app", method, **options)
    assert (await door.post(named(), shown))[0] == 400
    await door.running.advance("31d")
    assert (await door.post(named(), shown))[0] == 401


@pytest.mark.requirement("O-9", "O-18")
async def test_a_self_signed_certificate_proves_who_registered_it(door):
    shown, other = await door.show(self_signed=True), await door.show(self_signed=True)
    strange = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}
    sets = {
        "certificate": ([{**shown.jwk, "x5c": [shown.x5c]}], True),
        "key alone": ([shown.jwk], True),
        "one of several": ([Key().public, strange, other.jwk, shown.jwk], True),
        "another certificate of the same key's set": ([{**shown.jwk, "x5c": [other.x5c]}], False),
        "another key": ([other.jwk], False),
        "another name and key": ([Key().public], False),
        "no base64": ([{**shown.jwk, "x5c": ["%"]}], False),
        "no key": ([strange], False),
        "none": ([], False),
    }
    for number, (name, (keys, is_known)) in enumerate(sets.items()):
        client_id, jwks = f"app-{number}", json.dumps({"keys": keys})
        await register(door.running, client_id, "self_signed_tls_client_auth", jwks=jwks)
        status, body, _ = await door.post(named(client_id), shown)
        assert (status, body["error"]) == (KNOWN if is_known else FAILED), name
    await register(door.running, "app", "self_signed_tls_client_auth")
    assert (await door.post(named(), shown))[0] == 401


@pytest.mark.requirement("O-18")
async def test_a_bound_token_opens_nothing_on_a_connection_without_its_certificate(door):
    await register(
        door.running, "app", "tls_client_auth", tls_subject_dn=SUBJECT, certificate_bound=True
    )
    shown = await door.show()
    tokens = await door.tokens("app", shown)
    assert tokens["token_type"] == "Bearer"
    token = tokens["access_token"]
    status, body, _ = await door.accounts(bearer(token), shown)
    assert (status, bool(body["accounts"])) == (200, True)
    again = await door.show()  # of the same name, by the same CA
    for by in (None, await door.plain(), again, await door.show(self_signed=True)):
        status, body, headers = await door.accounts(bearer(token), by)
        assert (status, body["error_code"]) == (401, "invalid_token")
        assert headers["WWW-Authenticate"] == BEARER
        assert headers["X-Sandbox-Reason"] == "key_not_proven"
    proof = Key().proof(door.running.sandbox.world, f"{door.base}/accounts", "GET", token=token)
    assert (await door.accounts(dpop(token, proof), shown))[0] == 401
    await door.running.advance("20m")
    assert (await door.accounts(bearer(token), shown))[0] == 200


@pytest.mark.requirement("O-18", "O-33")
async def test_a_bound_token_ends_with_its_certificate(door):
    await register(
        door.running, "app", "tls_client_auth", tls_subject_dn=SUBJECT, certificate_bound=True
    )
    shown = await door.show(lifetime="10m")
    token = (await door.tokens("app", shown))["access_token"]
    await door.running.advance("10m")
    assert (await door.accounts(bearer(token), shown))[0] == 200
    await door.running.advance("1s")
    assert (await door.accounts(bearer(token), shown))[0] == 401


@pytest.mark.requirement("O-18")
async def test_a_public_clients_refresh_token_is_bound_to_its_certificate(door):
    await register(door.running, "app", "none", certificate_bound=True)
    shown = await door.show()
    tokens = await door.tokens("app", shown)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    form["client_id"] = "app"
    for by, error in (
        (None, "invalid_request"),
        (await door.plain(), "invalid_request"),
        (await door.show(), "invalid_grant"),
    ):
        status, body, _ = await door.post(form, by)
        assert (status, body["error"]) == (400, error)
    assert (await door.post(form, shown))[0] == 200


@pytest.mark.requirement("O-18")
async def test_a_certificate_binds_nothing_where_the_client_did_not_ask_for_it(door):
    shown = await door.show()
    for client_id in ("sandbox-aggregator", NATIVE):
        form = {"token": "x"}
        headers = basic(client_id) if client_id != NATIVE else {}
        form |= {} if headers else {"client_id": client_id}
        assert (await door.post(form, shown, headers, path="revoke"))[0] == 200
    form = await code_of(door.running, "sandbox-aggregator")
    status, tokens, _ = await door.post(form, shown, basic("sandbox-aggregator"))
    assert status == 200
    assert (await door.accounts(bearer(tokens["access_token"]), None))[0] == 200


@pytest.mark.requirement("O-17", "O-18")
@pytest.mark.parametrize("method", ["private_key_jwt", "tls_client_auth"])
async def test_a_client_of_fapi_may_bind_by_either(door, method):
    key, dpop_key = Key(), Key()
    options = {"jwks": key.jwks} if method == "private_key_jwt" else {"tls_subject_dn": SUBJECT}
    await register(door.running, "app", method, profile="fapi2", **options)
    shown, world = await door.show(), door.running.sandbox.world

    def proven():
        if method == "tls_client_auth":
            return {"client_id": "app"}
        return by_assertion(key.assertion(world, "app"))

    for headers, token_type in (
        ({"DPoP": dpop_key.proof(world, f"{door.base}/oauth/token")}, "DPoP"),
        ({}, "Bearer"),
    ):
        form = {**await _fapi_code(door), **proven()}
        status, tokens, _ = await door.post(form, shown, headers)
        assert (status, tokens["token_type"]) == (200, token_type)
        token = tokens["access_token"]
        if token_type == "Bearer":
            assert (await door.accounts(bearer(token), shown))[0] == 200
            assert (await door.accounts(bearer(token), None))[0] == 401
        else:
            htu = f"{door.running.base}/accounts"
            proof = dpop_key.proof(world, htu, "GET", token=token)
            assert (await door.accounts(dpop(token, proof), None))[0] == 200


async def _fapi_code(door):
    """Return the fields of a code of the client ``app``, for whom the front door is PAR alone."""
    database = door.running.sandbox.world.database
    async with database.transaction() as db:
        await db.execute("UPDATE client SET security_profile = 'bank' WHERE client_id = 'app'")
    form = await code_of(door.running, "app")
    async with database.transaction() as db:
        await db.execute("UPDATE client SET security_profile = 'fapi2' WHERE client_id = 'app'")
    return form


@pytest.mark.requirement("O-17")
async def test_a_proof_may_be_for_either_address_of_the_door(door):
    await register(door.running, "app", "none", dpop_bound=True)
    world = door.running.sandbox.world
    for base in (door.base, door.running.base):
        for by in (None, await door.plain()):
            proof = Key().proof(world, f"{base}/oauth/token")
            status, body, _ = await door.post(named(), by, {"DPoP": proof})
            assert (status, body["error"]) == KNOWN


@pytest.mark.requirement("O-11")
async def test_an_assertion_may_be_for_either_address_of_the_door(door):
    key = Key()
    await register(door.running, "app", "private_key_jwt", jwks=key.jwks)
    world = door.running.sandbox.world
    for aud in (f"{door.base}/oauth/token", f"{door.running.base}/oauth/token"):
        form = {**BROKEN_CODE, **by_assertion(key.assertion(world, "app", aud=aud))}
        status, body, _ = await door.post(form, await door.plain())
        assert (status, body["error"]) == KNOWN


async def test_a_registered_name_that_no_parser_reads_names_nobody(door):
    shown = await door.show()
    certificate = client_certificates.parse(shown.said["certificate"])
    assert certificate.subject.rfc4514_string() == SUBJECT
    for subject in ("=", "CN", "CN=\\", "CN=my-app,,", "emailAddress=a@b"):
        await register(door.running, f"app {subject}", "tls_client_auth", tls_subject_dn=subject)
        assert (await door.post(named(f"app {subject}"), shown))[0] == 401
