"""Clients of any kind for the tests of authorization requests, and how they push and sign them."""

import json
from dataclasses import replace
from functools import cache
from typing import Any, TypeAlias

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from sandbox.domain.client import Client, ClientOptions
from sandbox.domain.secrets import secret_hash
from sandbox.storage import clients
from tests.support import AGGREGATOR, CHALLENGE, REDIRECT_URI, Running, basic, secret_of

Key: TypeAlias = ECKey | OKPKey | RSAKey
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
OPENID_SCOPES = ("openid", "profile", "email", "address", "phone")


@cache
def key(alg: str = "ES256", kid: str = "k1") -> Key:
    """Return a private key of the tests' own client; one of each name in a process."""
    named = {"kid": kid, "use": "sig"}
    if alg == "RS256":
        return RSAKey.generate_key(2048, parameters=named)
    if alg == "EdDSA":
        return OKPKey.generate_key("Ed25519", parameters=named)
    return ECKey.generate_key("P-256", parameters=named)


def key_set(*keys: Key) -> str:
    """Return the public halves as the text of a JWK set."""
    return json.dumps({"keys": [one.as_dict(private=False) for one in keys or (key(),)]})


async def register(
    running: Running, client_id: str, *, options: dict[str, Any] | None = None, **changes: Any
) -> Client:
    """Let the bank know a client like the aggregator but for ``changes``, or change it again."""
    async with running.bank.world.database.transaction() as db:
        known = await clients.find(db, "tomato", AGGREGATOR)
        assert known is not None
        client = replace(
            known,
            client_id=client_id,
            options=ClientOptions(**(options or {})),
            **{"secret_hash": secret_hash(client_id, secret_of(client_id)), **changes},
        )
        if client.is_public:
            client = replace(client, secret_hash=None)
        await clients.save(db, client)
    return client


def asked(client_id: str, **changes: str | None) -> dict[str, str]:
    """Return a sound authorization request; a change to None leaves a field out."""
    values: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "accounts",
        "state": "tab-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


async def push_form(
    running: Running, form: Any, *, client: str | None, **headers: str
) -> tuple[int, dict[str, Any], Any]:
    """POST a form to the PAR endpoint, as ``client`` with its secret, or as nobody."""
    proven = basic(client) if client else {}
    async with running.http.post(
        f"{running.base}/oauth/par", data=form, headers={**proven, **headers}
    ) as answer:
        return answer.status, await answer.json(), answer.headers


async def push(running: Running, client_id: str, **changes: str | None) -> str:
    """Push a sound request with changes; return its request URI."""
    form = asked(client_id, **changes)
    status, body, _ = await push_form(running, form, client=client_id)
    assert status == 201, body
    return str(body["request_uri"])


def claims(running: Running, client_id: str, **changes: Any) -> dict[str, Any]:
    """Return the claims of a sound request object; a change to None leaves one out."""
    now = running.bank.world.now() // 1000
    values = {
        "iss": client_id,
        "aud": running.bank.world.issuer("tomato"),
        "nbf": now,
        "exp": now + 300,
        **asked(client_id),
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def signed(
    said: dict[str, Any],
    *,
    by: Key | None = None,
    alg: str = "ES256",
    typ: str = "JWT",
    kid: str | None = None,
) -> str:
    """Return ``said`` as a JWT. ``kid``: another name for the key than its own."""
    found = by or key()
    header = {"alg": alg, "typ": typ, "kid": kid or found.kid}
    payload = json.dumps(said).encode()  # in escapes: what is no Unicode gets through, too
    return jws.serialize_compact(header, payload, found, algorithms=[alg])


def assertion(running: Running, client_id: str, *, by: Key | None = None) -> dict[str, str]:
    """Return the fields by which a client of private_key_jwt proves who it is."""
    now = running.bank.world.now() // 1000
    said = {
        "iss": client_id,
        "sub": client_id,
        "aud": running.bank.world.issuer("tomato"),
        "jti": running.bank.world.secret(16),
        "exp": now + 60,
    }
    token = signed(said, by=by)
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": token}
