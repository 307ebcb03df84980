"""Checking the bank's JWTs as somebody else would: by Authlib's JOSE, which is not the bank's."""

import base64
import json
import warnings
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sandbox.domain.client import ClientOptions
from tests.support import CHALLENGE, VERIFIER, Running

with warnings.catch_warnings():  # it asks its users to take the library that the bank has
    import authlib.deprecate  # noqa: F401  # sets a filter of its own

    warnings.simplefilter("ignore")
    from authlib.jose import JsonWebKey, JsonWebToken
    from authlib.jose.errors import JoseError

OPENID = "sandbox-openid"
JWT_TOKENS = "sandbox-jwt-tokens"
RESOURCE_SERVER = "sandbox-resource-server"
ALL_SCOPES = "openid profile email address phone"


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def header_of(token: str) -> dict[str, Any]:
    return json.loads(decoded(token.split(".")[0]))


def verified(token: str, jwks: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of a token that one of the published keys verifies, by its ``kid``.

    Raises:
        JoseError: the signature does not hold.
        ValueError: no such key.
    """
    header = header_of(token)
    (key,) = [key for key in jwks["keys"] if key["kid"] == header["kid"]] or [None]
    if key is None:
        raise ValueError(f"no key {header['kid']}")
    assert key["alg"] == header["alg"]
    if header["alg"] == "Ed25519":  # a name that Authlib does not know yet
        message, _, signature = token.rpartition(".")
        public = Ed25519PublicKey.from_public_bytes(decoded(key["x"]))
        public.verify(decoded(signature), message.encode())
        return json.loads(decoded(token.split(".")[1]))
    return dict(JsonWebToken([header["alg"]]).decode(token, JsonWebKey.import_key(key)))


def is_verified(token: str, jwks: dict[str, Any]) -> bool:
    """Tell whether the published keys verify ``token``."""
    try:
        verified(token, jwks)
    except (JoseError, ValueError):
        return False
    return True


async def key_set(running: Running, prefix: str = "") -> dict[str, Any]:
    """Fetch the key set; ``prefix`` as ``/w/other``, of another world than the default."""
    address = running.base.replace("/tomato/", f"{prefix}/tomato/", 1)
    async with running.http.get(f"{address}/oauth/jwks") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def set_options(running: Running, client_id: str, **options: Any) -> None:
    """Register a client for other options than its own."""
    await _update(running, client_id, "options", ClientOptions(**options).text())


async def set_scopes(running: Running, client_id: str, scopes: str) -> None:
    await _update(running, client_id, "scopes", scopes)


async def _update(running: Running, client_id: str, column: str, text: str) -> None:
    async with running.sandbox.world.database.transaction() as db:
        sql = f"UPDATE client SET {column} = $2 WHERE client_id = $1"
        assert await db.execute(sql, client_id, text) == 1


async def log_in(
    running: Running,
    scope: str = f"{ALL_SCOPES} accounts",
    persona: str = "taro",
    client_id: str = OPENID,
    **changes: Any,
) -> dict[str, Any]:
    """Return the token answer of a persona that consented to a client, with PKCE."""
    asked = {"client_id": client_id, "scope": scope, "code_challenge": CHALLENGE, **changes}
    consent = await running.authorize(persona, **asked)
    assert consent["status"] == 200, consent
    more = {"client": client_id, "code_verifier": VERIFIER}
    status, tokens, _ = await running.exchange(consent["code"], **more)
    assert status == 200, tokens
    return tokens
