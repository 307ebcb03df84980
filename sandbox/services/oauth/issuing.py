"""Making a token pair and storing it, hashed."""

from dataclasses import dataclass

from sandbox.domain.client import Client
from sandbox.domain.oauth.grant import Standing
from sandbox.domain.oauth.security import SecurityRules
from sandbox.domain.secrets import token_hash
from sandbox.domain.time import Instant
from sandbox.services.oauth.signed_access import AccessTokenMaker
from sandbox.services.world import World
from sandbox.storage import grants
from sandbox.storage.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """An answer of the token endpoint. Lifetimes are whole seconds."""

    access_token: str
    token_type: str  # Bearer, DPoP
    expires_in: int
    refresh_token: str
    refresh_token_expires_in: int
    scope: str
    holder: Standing
    nonce: str | None = None  # of the authorization request, for the ID token
    id_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What a pair is made from."""

    client: Client
    rules: SecurityRules
    standing: Standing
    scope: tuple[str, ...]
    binding: str | None
    maker: AccessTokenMaker
    nonce: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """The refresh token that a pair comes from."""

    token: str
    scope: str  # which its successor keeps, however narrow this pair's is (RFC 6749 §6)
    expires_at: Instant | None  # of the new one; None: its lifetime starts anew
    is_kept: bool  # it goes on: no rotation


async def issue(
    db: Transaction, world: World, issue: Issue, refreshed: Refreshed | None = None
) -> TokenPair:
    """Make and store a pair. No token outlives its grant, so no lifetime promises more."""
    now, rules, standing = world.now(), issue.rules, issue.standing
    access_until = min(now + rules.access_token_lifetime_ms, standing.expires_at)
    refresh_until = now + rules.refresh_token_lifetime_ms
    if refreshed is not None and refreshed.expires_at is not None:
        refresh_until = refreshed.expires_at
    refresh_until = min(refresh_until, standing.expires_at)
    scope, grant_id = " ".join(issue.scope), standing.grant_id
    access_token = issue.maker.make(
        standing, scope=scope, binding=issue.binding, expires_at=access_until
    )
    access_hash = token_hash(access_token)
    rows: list[tuple[object, ...]] = [
        (access_hash, "access", grant_id, scope, now, access_until, issue.binding, None)
    ]
    if refreshed is not None and refreshed.is_kept:
        refresh_token = refreshed.token
        await grants.prolong_token(db, token_hash(refresh_token), refresh_until)
    else:
        refresh_token = issue.maker.new_secret()
        # A confidential client proves itself anew each time; a public one only by its key.
        binding = issue.binding if issue.client.is_public else None
        replaced = None if refreshed is None else token_hash(refreshed.token)
        refresh_hash = token_hash(refresh_token)
        kept = scope if refreshed is None else refreshed.scope
        rows.append(
            (refresh_hash, "refresh", grant_id, kept, now, refresh_until, binding, replaced)
        )
    await grants.insert_tokens(db, rows)
    is_dpop = issue.binding is not None and issue.binding.startswith("jkt:")
    return TokenPair(
        access_token=access_token,
        token_type="DPoP" if is_dpop else "Bearer",
        expires_in=(access_until - now) // 1000,
        refresh_token=refresh_token,
        refresh_token_expires_in=(refresh_until - now) // 1000,
        scope=scope,
        holder=standing,
        nonce=issue.nonce,
    )
