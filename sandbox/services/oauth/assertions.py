"""A client's assertions (RFC 7523): signed with a key it registered, and good for one use.

Import it late: it brings JOSE with it.
"""

import hashlib

from sandbox.domain.client import Client
from sandbox.domain.oauth import assertion as rules
from sandbox.domain.oauth.assertion import Audience
from sandbox.domain.oauth.security import SecurityRules
from sandbox.domain.time import Instant
from sandbox.services.oauth.jose import JoseRefused, Json, unverified_claims, verify
from sandbox.services.world import World
from sandbox.storage import assertions

USED_BEFORE = "its jti was used before"


def named_client(assertion: str) -> str:
    """Return which client an assertion says it comes from, proven or not; empty: none."""
    try:
        subject = unverified_claims(assertion).get("sub")
    except JoseRefused:
        return ""
    return subject if isinstance(subject, str) and subject.isascii() else ""


def signed_claims(client: Client, assertion: str, allowed: SecurityRules) -> Json | None:
    """Return what ``client`` claims; None where it has not signed it, or not as it should."""
    wanted = client.options.auth_signing_alg
    algorithms = [name for name in allowed.algorithms if wanted in ("", name)]
    try:
        verified = verify(assertion, client.options.jwks or '{"keys": []}', algorithms)
    except JoseRefused:
        return None
    typ = verified.header.get("typ", "JWT")
    return verified.claims if str(typ).lower() in rules.TYPES else None


async def use(world: World, client: Client, claims: Json, audience: Audience) -> str | None:
    """Use an assertion up; return why it does not count, or None where it did."""
    now = world.now()
    why = rules.refusal(claims, client.client_id, audience, now)
    if why is not None:
        return why
    jti_hash = hashlib.sha256(claims["jti"].encode("utf-8", "surrogatepass")).digest()
    expires_at: Instant = int(claims["exp"] * 1000) + rules.LATE_MS
    # Nothing that is remembered of this world is made from these rows.
    async with world.database.transaction(counts=False) as db:
        await assertions.forget(db, now)
        is_first = await assertions.use(db, client.client_id, jti_hash, expires_at)
    return None if is_first else USED_BEFORE
