"""Tokens (トークン): exchange a code, refresh, revoke."""

from sandbox.domain.client import Client
from sandbox.domain.errors import Reason
from sandbox.domain.oauth.errors import (
    GrantReused,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    OAuthError,
)
from sandbox.domain.oauth.grant import Exchange, RefreshToken, Standing
from sandbox.domain.oauth.security import NO_PROOF, Proof, SecurityRules, binding_of, rules_of
from sandbox.domain.policy import BankPolicy
from sandbox.domain.secrets import token_hash
from sandbox.domain.time import Instant
from sandbox.services.oauth.access import AccessService
from sandbox.services.oauth.identity import IdentityService
from sandbox.services.oauth.issuing import Issue, Refreshed, TokenPair, issue
from sandbox.services.oauth.signed_access import AccessTokenMaker, AccessTokens
from sandbox.services.world import World
from sandbox.storage import grants
from sandbox.storage.database import Transaction


class TokenService:
    """New tokens change nothing that is remembered of a world, so their transactions do not count.

    What a refresh ends, ``access`` is told to forget; a replay, which ends the grant, counts.
    """

    def __init__(
        self,
        world: World,
        policy: BankPolicy,
        access_tokens: AccessTokens,
        identity: IdentityService,
        access: AccessService,
    ) -> None:
        self._world = world
        self._policy = policy
        self._access_tokens = access_tokens
        self._identity = identity
        self._access = access

    async def exchange(
        self,
        client: Client,
        code: str,
        redirect_uri: str,
        code_verifier: str | None,
        proof: Proof = NO_PROOF,
    ) -> TokenPair:
        """Exchange an authorization code. A replay ends its grant, and that must be kept (O-5).

        Raises:
            InvalidRequest: the client may have tokens only with a proof, and sent none.
            InvalidGrant: the code, or what it hangs on, is not good (any more).
        """
        rules = rules_of(client, self._policy)
        binding = _required_binding(rules, proof)
        asked = Exchange(
            client_id=client.client_id,
            redirect_uri=redirect_uri,
            code_verifier=code_verifier,
            proof=proof,
        )
        maker = await self._access_tokens.maker_for(client)
        now, code_hash = self._world.now(), token_hash(code)
        refusal: OAuthError | None
        async with self._world.database.transaction(counts=False) as db:
            row = await grants.find_code(db, code_hash)
            if row is None:
                raise InvalidGrant("no such code")  # nothing has been written yet
            found, standing = row
            refusal, dead = found.refusal(asked, now), _refusal_of(standing, now)
            if refusal is None:
                await grants.spend_code(db, code_hash, now)
                refusal = dead
            elif isinstance(refusal, GrantReused):
                await self._end(db, found.grant_id, now, refusal)
            if refusal is None:
                wanted = Issue(
                    client=client,
                    rules=rules,
                    standing=standing,
                    scope=tuple((found.scope or standing.scope).split()),
                    binding=binding,
                    maker=maker,
                    nonce=found.nonce,
                )
                pair = await issue(db, self._world, wanted)
        if refusal is not None:
            raise _told_of(standing, refusal)
        return await self._identity.identified(client, pair)

    async def refresh(
        self, client: Client, refresh_token: str, scope: str | None, proof: Proof = NO_PROOF
    ) -> TokenPair:
        """Exchange a refresh token. Its reuse after rotation ends the grant (O-12).

        Raises:
            InvalidRequest: the client may have tokens only with a proof, and sent none.
            InvalidGrant: with the reason where the sandbox knows one.
            InvalidScope: wider than what was granted.
        """
        rules = rules_of(client, self._policy)
        binding = _required_binding(rules, proof)
        maker = await self._access_tokens.maker_for(client)
        now, old_hash = self._world.now(), token_hash(refresh_token)
        refusal: OAuthError | None
        ended: list[bytes] = []
        async with self._world.database.transaction(counts=False) as db:
            row = await grants.find_refresh_token(db, old_hash)
            if row is None:
                raise InvalidGrant("no such refresh token", Reason.UNKNOWN)
            (found, standing), dead = row, _refusal_of(row[1], now)
            refusal = found.refusal(client.client_id, proof, now=now, grace_ms=_grace_ms(rules))
            if isinstance(refusal, GrantReused):
                await self._end(db, found.grant_id, now, refusal)
            refusal = refusal or dead or self._refresh_refusal(client, standing, found.expires_at)
            if refusal is None and scope and not _narrows(scope, found.scope):
                refusal = InvalidScope("a refresh never widens the scope")
            if refusal is None:
                wanted = Issue(
                    client=client,
                    rules=rules,
                    standing=standing,
                    scope=tuple(dict.fromkeys((scope or found.scope).split())),
                    binding=binding,
                    maker=maker,
                )
                pair, ended = await self._rotate(db, wanted, refresh_token, found)
        self._access.forget(ended)  # now: a call before the commit would have kept them again
        if refusal is not None:
            raise _told_of(standing, refusal)
        return await self._identity.identified(client, pair)

    async def maker_for(self, client: Client) -> AccessTokenMaker:
        """Return what makes a client's access tokens."""
        return await self._access_tokens.maker_for(client)

    async def revoke(self, client: Client, token: str) -> Standing | None:
        """End the grant of either of its tokens, at once (RFC 7009, T-23), and return it.

        An unknown token, and one of another client, is left alone without a word (O-13).
        """
        now = self._world.now()
        async with self._world.database.transaction() as db:
            found = await grants.find_grant_of_token(db, token_hash(token))
            if found is None or found[1] != client.client_id:
                return None
            at = now + self._policy.revocation_lag_ms
            await grants.end_grant(db, found[0], at=at, reason=Reason.REVOKED_BY_PROVIDER.value)
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

    async def _end(self, db: Transaction, grant_id: str, now: Instant, why: OAuthError) -> None:
        assert why.reason is not None
        db.counts = True
        await grants.end_grant(db, grant_id, at=now, reason=why.reason.value)

    async def _rotate(
        self, db: Transaction, wanted: Issue, old_token: str, old: RefreshToken
    ) -> tuple[TokenPair, list[bytes]]:
        """Return the new pair, and the hashes of the access tokens that it ends."""
        now, is_kept = self._world.now(), wanted.rules.rotation == "none"
        ended: list[bytes] = []
        if old.spent_at is None:  # a second use within the grace leaves the first one's tokens be
            ended = await grants.end_access_tokens(db, wanted.standing.grant_id, now)
            if not is_kept:
                await grants.spend_token(db, token_hash(old_token), now)
        refreshed = Refreshed(
            token=old_token,
            scope=old.scope,
            expires_at=None if self._policy.refresh_sliding else old.expires_at,
            is_kept=is_kept,
        )
        return await issue(db, self._world, wanted, refreshed), ended


def _refusal_of(standing: Standing, now: Instant) -> InvalidGrant | None:
    reason = standing.end_reason_at(now)
    return None if reason is None else InvalidGrant("the grant has ended", reason)


def _told_of(holder: Standing, refusal: OAuthError) -> OAuthError:
    refusal.holder = holder
    return refusal


def _required_binding(rules: SecurityRules, proof: Proof) -> str | None:
    """Return what new tokens are bound to.

    Raises:
        InvalidRequest: this client's tokens must be bound, and there is nothing to bind them to.
    """
    binding = binding_of(rules, proof)
    if binding is None and rules.needs_binding:
        what = "a client certificate" if rules.certificate_only else "a DPoP proof"
        if not (rules.certificate_only or rules.dpop_only):
            what = "a DPoP proof or a client certificate"
        raise InvalidRequest(f"{what} is required for this client")
    return binding


def _grace_ms(rules: SecurityRules) -> int:
    return rules.rotation_grace_ms if rules.rotation == "grace" else 0


def _narrows(asked: str, granted: str) -> bool:
    """True where ``asked`` names something, and nothing beyond ``granted``."""
    return bool(asked.split()) and set(asked.split()) <= set(granted.split())
