"""Clients of any kind for the tests of authorization requests, and how they push and sign them."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

from sandbox.domain.client import Client, ClientOptions
from sandbox.domain.secrets import secret_hash
from sandbox.services.oauth import jose
from sandbox.storage import clients
from tests.support import AGGREGATOR, CHALLENGE, REDIRECT_URI, Running, basic, secret_of

OPENID_SCOPES = ("openid", "profile", "email", "address", "phone")


@cache
def key(alg: str = "ES256", kid: str = "k1") -> dict[str, Any]:
    """Return a private key of the tests' own client; one of each name in a process."""
    return jose.new_key(alg, kid)


def key_set(*keys: dict[str, Any]) -> str:
    """Return the public halves as the text of a JWK set."""
    return json.dumps({"keys": [jose.public_of(one) for one in keys or (key(),)]})


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
            secret_hash=secret_hash(client_id, secret_of(client_id)),
            options=ClientOptions(**(options or {})),
            **changes,
        )
        if client.is_public:
            client = replace(client, secret_hash=None)
        await db.execute("DELETE FROM client WHERE client_id = $1", client_id)
        await clients.insert(db, [client])
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
    said: dict[str, Any], *, by: dict[str, Any] | None = None, alg: str = "ES256", typ: str = "JWT"
) -> str:
    return jose.sign(said, by or key(), alg=alg, typ=typ)
