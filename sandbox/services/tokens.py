"""Tokens (トークン): exchange a code, refresh, revoke, and check one on a call."""

from dataclasses import dataclass
from typing import TypeAlias

from sandbox.domain.client import Client
from sandbox.domain.errors import Reason, TokenRejected
from sandbox.domain.oauth.errors import GrantReused, InvalidGrant, InvalidScope, OAuthError
from sandbox.domain.oauth.grant import Exchange, Standing
from sandbox.domain.policy import BankPolicy
from sandbox.domain.secrets import token_hash
from sandbox.domain.time import Instant
from sandbox.services.remembered import Remembered
from sandbox.services.world import World
from sandbox.storage import grants
from sandbox.storage.database import Transaction

_NOT_LIVE = "the access token is missing, expired or revoked"  # O-16: no more detail than this


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a live access token opens."""

    standing: Standing
    scope: tuple[str, ...]


Found: TypeAlias = tuple[Access, Instant] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """An answer of the token endpoint. Lifetimes are whole seconds."""

    access_token: str
    expires_in: int
    refresh_token: str
    refresh_token_expires_in: int
    scope: str
    holder: Standing


class TokenService:
    def __init__(self, world: World, policy: BankPolicy) -> None:
        self._world = world
        self._policy = policy
        self._known: Remembered[bytes, tuple[Found]] = Remembered(world.database)

    async def check(self, access_token: str, presented_by: str | None) -> Access:
        """Return what ``access_token`` opens now.

        Args:
            presented_by: the client id that the call claims, where it claims one (T-40).

        Raises:
            TokenRejected: with the reason; the message tells an attacker nothing.
        """
        found = await self._find(token_hash(access_token))
        if found is None:
            raise TokenRejected(Reason.UNKNOWN, _NOT_LIVE)
        access, expires_at = found
        standing, now = access.standing, self._world.now()
        reason = standing.end_reason_at(now)
        if reason is None and now >= expires_at:
            reason = Reason.ACCESS_EXPIRED
        if reason is None and presented_by not in (None, standing.client_id):
            reason = Reason.FOREIGN_TOKEN
        if reason is not None:
            raise TokenRejected(reason, _NOT_LIVE, standing)
        return access

    async def _find(self, key: bytes) -> Found:
        """Return what a token opens and until when, dead or alive; None for no access token."""
        found = self._known.find(key)
        if found is not None:
            return found[0]
        row = await grants.find_token(self._world.database, key)
        if row is None or row[1] != "access":
            return self._known.keep(key, (None,))[0]
        standing, _, scope, expires_at, _ = row
        access = Access(standing=standing, scope=tuple(scope.split()))
        return self._known.keep(key, ((access, expires_at),))[0]

    async def exchange(
        self, client: Client, code: str, redirect_uri: str, code_verifier: str | None
    ) -> TokenPair:
        """Exchange an authorization code. A replay ends its grant, and that must be kept (O-5).

        Raises:
            InvalidGrant: the code, or what it hangs on, is not good (any more).
        """
        asked = Exchange(
            client_id=client.client_id, redirect_uri=redirect_uri, code_verifier=code_verifier
        )
        now, code_hash = self._world.now(), token_hash(code)
        refusal: OAuthError | None
        async with self._world.database.transaction() as db:
            found = await grants.find_code(db, code_hash)
            if found is None:
                raise InvalidGrant("no such code")  # nothing has been written yet
            standing, dead = await self._live_standing(db, found.grant_id, now)
            refusal = found.refusal(asked, now)
            if refusal is None:
                await grants.spend_code(db, code_hash, now)
                refusal = dead
            elif isinstance(refusal, GrantReused):
                await self._end(db, found.grant_id, now, refusal)
            if refusal is None:
                pair = await self._issue(db, standing, tuple(standing.scope.split()), now)
        if refusal is not None:
            refusal.holder = standing
            raise refusal
        return pair

    async def refresh(self, client: Client, refresh_token: str, scope: str | None) -> TokenPair:
        """Exchange a refresh token. Its reuse after rotation ends the grant (O-12).

        Raises:
            InvalidGrant: with the reason where the sandbox knows one.
            InvalidScope: wider than what was granted.
        """
        now, old_hash = self._world.now(), token_hash(refresh_token)
        refusal: OAuthError | None
        async with self._world.database.transaction() as db:
            found = await grants.find_refresh_token(db, old_hash)
            if found is None:
                raise InvalidGrant("no such refresh token", Reason.UNKNOWN)
            standing, dead = await self._live_standing(db, found.grant_id, now)
            refusal = found.refusal(client.client_id)
            if isinstance(refusal, GrantReused):
                await self._end(db, found.grant_id, now, refusal)
            refusal = refusal or dead or self._refresh_refusal(client, standing, found.expires_at)
            if refusal is None and scope and not _narrows(scope, found.scope):
                refusal = InvalidScope("a refresh never widens the scope")
            if refusal is None:
                narrowed = tuple((scope or found.scope).split())
                pair = await self._rotate(db, standing, narrowed, refresh_token, found.expires_at)
        if refusal is not None:
            refusal.holder = standing
            raise refusal
        return pair

    async def revoke(self, client: Client, token: str) -> Standing | None:
        """End the grant of either of its tokens, at once (RFC 7009, T-23), and return it.

        An unknown token, and one of another client, is left alone without a word (O-13).
        """
        now = self._world.now()
        async with self._world.database.transaction() as db:
            found = await grants.find_grant_of_token(db, token_hash(token))
            if found is None or found[1] != client.client_id:
                return None
            await grants.end_grant(db, found[0], at=now, reason=Reason.REVOKED_BY_PROVIDER.value)
            return await grants.find_standing(db, found[0])

    def _refresh_refusal(
        self, client: Client, standing: Standing, expires_at: Instant
    ) -> InvalidGrant | None:
        now = self._world.now()
        if now >= expires_at:
            return InvalidGrant("the refresh token has expired", Reason.REFRESH_EXPIRED)
        is_manual = client.auto_manual_mode == "manual"
        if is_manual and now - standing.present_at > self._policy.manual_window_ms:
            return InvalidGrant("this client may refresh only while the user is present")
        return None

    async def _live_standing(
        self, db: Transaction, grant_id: str, now: Instant
    ) -> tuple[Standing, InvalidGrant | None]:
        standing = await grants.find_standing(db, grant_id)
        assert standing is not None  # codes and tokens are never without their grant
        reason = standing.end_reason_at(now)
        refusal = None if reason is None else InvalidGrant("the grant has ended", reason)
        return standing, refusal

    async def _end(self, db: Transaction, grant_id: str, now: Instant, why: OAuthError) -> None:
        assert why.reason is not None
        await grants.end_grant(db, grant_id, at=now, reason=why.reason.value)

    async def _rotate(
        self,
        db: Transaction,
        standing: Standing,
        scope: tuple[str, ...],
        old_token: str,
        old_expires_at: Instant,
    ) -> TokenPair:
        now = self._world.now()
        await grants.end_access_tokens(db, standing.grant_id, now)
        expires_at = None if self._policy.refresh_sliding else old_expires_at
        if self._policy.refresh_rotation:
            await grants.spend_token(db, token_hash(old_token), now)
            return await self._issue(db, standing, scope, now, refresh_expires_at=expires_at)
        return await self._issue(
            db, standing, scope, now, refresh_expires_at=expires_at, kept_refresh_token=old_token
        )

    async def _issue(
        self,
        db: Transaction,
        standing: Standing,
        scope: tuple[str, ...],
        now: Instant,
        *,
        refresh_expires_at: Instant | None = None,
        kept_refresh_token: str | None = None,
    ) -> TokenPair:
        """Make and store a pair. No token outlives its grant, so no lifetime promises more."""
        policy, grant_id, scope_text = self._policy, standing.grant_id, " ".join(scope)
        access_token = self._world.new_secret()
        access_until = min(now + policy.access_token_lifetime_ms, standing.expires_at)
        refresh_token = kept_refresh_token or self._world.new_secret()
        refresh_until = refresh_expires_at or now + policy.refresh_token_lifetime_ms
        refresh_until = min(refresh_until, standing.expires_at)
        rows = [(token_hash(access_token), "access", grant_id, scope_text, now, access_until)]
        refresh_row = (
            token_hash(refresh_token),
            "refresh",
            grant_id,
            scope_text,
            now,
            refresh_until,
        )
        if kept_refresh_token is None:
            rows.append(refresh_row)
        else:
            await grants.prolong_token(db, refresh_row[0], refresh_until)
        await grants.insert_tokens(db, rows)
        return TokenPair(
            access_token=access_token,
            expires_in=(access_until - now) // 1000,
            refresh_token=refresh_token,
            refresh_token_expires_in=(refresh_until - now) // 1000,
            scope=scope_text,
            holder=standing,
        )


def _narrows(asked: str, granted: str) -> bool:
    """True where ``asked`` names something, and nothing beyond ``granted``."""
    return bool(asked.split()) and set(asked.split()) <= set(granted.split())
