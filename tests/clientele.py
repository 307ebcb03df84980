"""Clients that a test registers for itself, and their calls at the token endpoint."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from sandbox.domain.client import Client, ClientOptions
from sandbox.domain.secrets import secret_hash
from sandbox.storage import clients
from tests.support import AGGREGATOR, REDIRECT_URI, Running, bearer, secret_of

Answer: TypeAlias = tuple[int, dict[str, Any], Any]
SECRETS = ("client_secret_basic", "client_secret_post")
BROKEN_CODE = {"grant_type": "authorization_code", "code": "x", "redirect_uri": REDIRECT_URI}


async def register(
    running: Running, client_id: str, method: str, *, profile: str = "bank", **options: Any
) -> Client:
    """Let the bank know a client: like a ready one, but for its id, method and options."""
    database = running.sandbox.world.database
    model = await clients.find(database, "tomato", AGGREGATOR)
    assert model is not None
    client = replace(
        model,
        client_id=client_id,
        auth_method=method,
        security_profile=profile,
        secret_hash=secret_hash(client_id, secret_of(client_id)) if method in SECRETS else None,
        redirect_uris=(REDIRECT_URI,),
        contractor_kinds=("individual", "corporate"),
        functions=("balances", "transactions"),
        pkce="off",
        options=ClientOptions(**options),
    )
    async with database.transaction() as db:
        await clients.insert(db, [client])
    return client


async def post(
    running: Running,
    form: Mapping[str, str],
    headers: Any = None,
    *,
    path: str = "token",
    base: str | None = None,
    ssl: Any = True,
) -> Answer:
    url = f"{base or running.base}/oauth/{path}"
    async with running.http.post(url, data=form, headers=headers or {}, ssl=ssl) as answer:
        return answer.status, await answer.json(), answer.headers


async def code_of(running: Running, client_id: str) -> dict[str, str]:
    """Return the fields that exchange a fresh code of ``client_id``."""
    consent = await running.authorize(client_id=client_id)
    assert consent["status"] == 200, consent
    return {**BROKEN_CODE, "code": consent["code"]}


async def accounts(
    running: Running, headers: Any, *, base: str | None = None, ssl: Any = True
) -> Answer:
    url = f"{base or running.base}/accounts"
    async with running.http.get(url, headers=headers, ssl=ssl) as answer:
        return answer.status, await answer.json(), answer.headers


def dpop(token: str, proof: str) -> dict[str, str]:
    return {"Authorization": f"DPoP {token}", "DPoP": proof}


def as_bearer(token: str, proof: str) -> dict[str, str]:
    return {**bearer(token), "DPoP": proof}
