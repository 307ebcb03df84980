"""A token that leaks (漏えい): what somebody has who got at a provider's own (T-18, D-37).

The bank keeps hashes alone, so that nobody can be given the very text that the provider holds. What
leaks is its twin: of the same grant, scope, end and binding, and to the bank no other token.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.domain.secrets import token_hash
from sandbox.domain.time import Instant
from sandbox.services.bank import Bank
from sandbox.services.staff import UnknownSubject
from sandbox.storage import grants, inspection


class NothingToLeak(Exception):
    """The grant has no access token that works now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaked:
    """``is_bound``: without the client's key or certificate it is of no use to anybody."""

    access_token: str
    scope: str
    expires_at: Instant
    is_bound: bool


async def leak(banks: Sequence[Bank], grant_id: str) -> Leaked:
    """Return a twin of the access token that a grant's client uses now.

    ``banks``: those of one world; the grant is one of theirs.

    Raises:
        UnknownSubject: none of them has such a grant.
        NothingToLeak: it has ended, or its client has no live access token.
    """
    world, now = banks[0].world, banks[0].world.now()
    standing = await grants.find_standing(world.database, grant_id)
    if standing is None:
        raise UnknownSubject(grant_id)
    whose = await grants.find_bank(world.database, grant_id)
    bank = next(each for each in banks if each.name == whose)
    client = await bank.client_auth.registered(standing.client_id)
    maker = await bank.tokens.maker_for(client)
    async with world.database.transaction() as db:
        found = await inspection.find_live_access(db, grant_id, now)
        if found is None or (reason := standing.end_reason_at(now)) is not None:
            why = "its client has none" if found is None else f"the grant has ended: {reason}"
            raise NothingToLeak(f"there is no live access token to leak: {why}")
        scope, binding, expires_at = found
        token = maker.make(standing, scope=scope, binding=binding, expires_at=expires_at)
        row = (token_hash(token), "access", grant_id, scope, now, expires_at, binding, None)
        await grants.insert_tokens(db, [row])
    return Leaked(
        access_token=token, scope=scope, expires_at=expires_at, is_bound=binding is not None
    )
