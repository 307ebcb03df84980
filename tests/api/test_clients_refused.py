"""What the control API does not register, and each limit at its edge."""

from base64 import urlsafe_b64encode

import pytest

from sandbox.services.oauth import registration
from sandbox.services.population import load_clients
from sandbox.services.ready_keys import private_number
from tests.api.registering import BY_KEY, EC, URI, ask, refused, register
from tests.support import AGGREGATOR

WRONG_TYPES = [
    {"redirect_uris": URI},
    {"redirect_uris": [5]},
    {"client_name": ""},
    {"client_name": "x" * 101},
    {"client_id": "a b"},
    {"client_id": "x" * 129},
    {"client_secret": "short"},
    {"scope": "accounts  openid"},
    {"security_profile": "lax"},
    {"token_endpoint_auth_method": "client_secret_jwt"},
    {"tos_uri": "javascript:alert(1)"},
    {"jwks": []},
    {"jwks": {"keys": []}},
    {"jwks": {"keys": [EC] * 11}},
    {"status": "ended"},
    {"access_token_lifetime_s": -1},
    {"access_token_lifetime_s": 31_536_001},
    {"rotation_grace_s": 86_401},
    {"redirect_uris": [f"{URI}/{n}" for n in range(6)]},
    {"id_token_signed_response_alg": "none"},
    {"request_object_signing_alg": "HS256"},
    {"clientname": "a typing error"},
]


@pytest.mark.parametrize("metadata", WRONG_TYPES, ids=lambda metadata: str(metadata)[:60])
async def test_metadata_of_a_wrong_shape_is_a_problem_that_names_the_field(running, metadata):
    body = {"redirect_uris": [URI], **metadata}
    problem = await refused(running, "POST", "", 422, "invalid-request", body)
    field = next(iter(metadata))
    assert any(field in (e["field"] + e["problem"]) for e in problem["errors"])


@pytest.mark.parametrize(
    "metadata",
    [
        {"redirect_uris": [f"{URI}/{n}" for n in range(5)]},
        {"client_name": "x" * 100},
        {"client_id": "x" * 128},
        {"client_secret": "x" * 8},
        {"access_token_lifetime_s": 31_536_000},
        {"client_uri": "https://app.example", "contacts": ["a@b.example"], "client_name#ja": "あ"},
    ],
    ids=lambda metadata: str(metadata)[:40],
)
async def test_what_is_just_within_the_limits_is_taken(running, metadata):
    await register(running, **metadata)


NUMBER = private_number("sandbox-jwt-auth").to_bytes(32)  # EC is its key
PRIVATE = {**EC, "d": urlsafe_b64encode(NUMBER).rstrip(b"=").decode()}
INVALID = {
    "a fragment": ({"redirect_uris": [URI + "#"]}, "invalid_redirect_uri", "fragment"),
    "no redirect URI": ({"redirect_uris": []}, "invalid_client_metadata", "required"),
    "jwks_uri": ({"jwks_uri": "https://x.example"}, "invalid_client_metadata", "fetches nothing"),
    "a scope": ({"scope": "transfers"}, "invalid_client_metadata", "no scope transfers"),
    "a private key": ({"jwks": {"keys": [PRIVATE]}}, "invalid_client_metadata", "not public"),
    "a symmetric key": (
        {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
        "invalid_client_metadata",
        "not public",
    ),
    "no key": ({"jwks": {"keys": [{"kty": "EC"}]}}, "invalid_client_metadata", "not a JWK set"),
    "a point off the curve": (
        {"jwks": {"keys": [{**EC, "y": EC["x"]}]}},
        "invalid_client_metadata",
        "jwks",
    ),
    "too much of a key": (
        {"jwks": {"keys": [{**EC, "note": "x" * registration.JWKS_MAX}]}},
        "invalid_client_metadata",
        "longer than",
    ),
    "a secret for a key": (
        {**BY_KEY, "client_secret": "x" * 8},
        "invalid_client_metadata",
        "needs no client_secret",
    ),
    "x5c that is no certificate": (
        {
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [{**EC, "x5c": ["AAAA"]}]},
        },
        "invalid_client_metadata",
        "x5c",
    ),
    "x5c that is no text": (
        {
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [{**EC, "x5c": "é"}]},
        },
        "invalid_client_metadata",
        "jwks",
    ),
}


@pytest.mark.parametrize(("metadata", "error", "text"), INVALID.values(), ids=INVALID)
async def test_metadata_that_make_no_sense_are_a_problem_with_the_rfcs_code(
    running, metadata, error, text
):
    body = {"redirect_uris": [URI], **metadata}
    problem = await refused(running, "POST", "", 422, "invalid-client-metadata", body)
    assert problem["error"] == error
    assert text in problem["detail"]
    _, listed = await ask(running, "GET", "?bank=tomato")
    assert len(listed["clients"]) == len(load_clients("tomato"))


async def test_an_id_is_given_once(running):
    await register(running, client_id="app")
    for client_id in ("app", AGGREGATOR):
        body = {"redirect_uris": [URI], "client_id": client_id}
        await refused(running, "POST", "", 409, "client-exists", body)


async def test_a_bank_that_there_is_not_registers_nobody(running):
    body = {"redirect_uris": [URI], "bank": "orange"}
    await refused(running, "POST", "", 404, "unknown-bank", body)


async def test_a_bank_registers_so_many_clients_and_no_more(running, monkeypatch):
    monkeypatch.setattr(registration, "MOST_CLIENTS", len(load_clients("tomato")) + 1)
    await register(running)
    await refused(running, "POST", "", 409, "too-many-clients", {"redirect_uris": [URI]})
