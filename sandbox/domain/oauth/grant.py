"""The access grant (アクセス許可), and what hangs on it: codes, access and refresh tokens.

Three clocks run apart: the access token's, the refresh token's and the grant's. Only a new
consent starts a new grant (T-12).
"""

from dataclasses import dataclass

from sandbox.domain.corporate.powers import Powers
from sandbox.domain.errors import Reason
from sandbox.domain.oauth import pkce
from sandbox.domain.oauth.errors import GrantReused, InvalidGrant
from sandbox.domain.oauth.security import NO_PROOF, Proof
from sandbox.domain.time import Instant

NEVER: Instant = 253_402_128_000_000  # 30 December 9999: a day that every time zone can write


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a grant stands: the rows that decide whether anything of it still works."""

    grant_id: str
    client_id: str
    contractor_id: str
    credential_id: int
    scope: str
    functions: tuple[str, ...]  # what the contractor allowed
    present_at: Instant
    expires_at: Instant
    ended_at: Instant | None
    end_reason: str | None
    client_functions: tuple[str, ...]  # what the bank allows the client now (T-5)
    client_status: str
    contract_state: str
    credential_state: str
    login: str  # of the user who allowed it
    authenticated_at: Instant
    detail: str  # claims and authorization details that were asked for (JSON)
    suspended_as: str | None = None  # why nothing of it works for now
    powers: Powers | None = None  # of a corporate user; None: the bank has no service contracts

    def end_reason_at(self, now: Instant) -> Reason | None:
        """Return why the grant no longer lives at ``now``, or None while it does."""
        if self.ended_at is not None and now >= self.ended_at:
            return Reason(self.end_reason or Reason.UNKNOWN)
        if now >= self.expires_at:
            return Reason.GRANT_EXPIRED
        if self.suspended_as is not None:
            return Reason(self.suspended_as)
        if self.client_status != "active":
            return Reason.CLIENT_BLOCKED  # T-22
        if self.contract_state != "active":
            return Reason.CONTRACT_ENDED  # T-3, W-27
        if self.powers is not None and not self.powers.is_contract_active:
            return Reason.CONTRACT_ENDED  # W-61
        if self.credential_state != "live" and self.ended_at is None:
            return Reason.CARD_LOST  # T-2; with a lag, the loss has said when this grant ends
        return None

    def may_use(self, function: str) -> bool:
        """True where both the contractor at consent and the bank today allow ``function``."""
        return function in self.functions and function in self.client_functions


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What a client sends with an authorization code."""

    client_id: str
    redirect_uri: str
    code_verifier: str | None
    proof: Proof = NO_PROOF


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """認可コード"""

    grant_id: str
    client_id: str
    redirect_uri: str
    code_challenge: str | None
    expires_at: Instant
    spent_at: Instant | None
    nonce: str | None = None
    dpop_jkt: str | None = None
    scope: str | None = None  # of its tokens; None: all of the grant's

    def refusal(self, exchange: Exchange, now: Instant) -> InvalidGrant | None:
        """Return why this code may not be exchanged, or None if it may (specs: /token order)."""
        if self.client_id != exchange.client_id:
            return InvalidGrant("the code was issued to another client")
        if self.spent_at is not None:
            return GrantReused("the code has already been used", Reason.CODE_REPLAYED)
        if now >= self.expires_at:
            return InvalidGrant("the code has expired")
        if self.redirect_uri != exchange.redirect_uri:
            return InvalidGrant("redirect_uri differs from the authorization request")
        return self._verifier_refusal(exchange.code_verifier) or self._key_refusal(exchange.proof)

    def _key_refusal(self, proof: Proof) -> InvalidGrant | None:
        if self.dpop_jkt is not None and self.dpop_jkt != proof.dpop_jkt:
            return InvalidGrant("the code is bound to another DPoP key")  # RFC 9449 §10
        return None

    def _verifier_refusal(self, verifier: str | None) -> InvalidGrant | None:
        if self.code_challenge is None:
            # O-6: a verifier nobody asked for means that the challenge was taken out on the way.
            return None if verifier is None else InvalidGrant("code_verifier without challenge")
        if verifier is None:
            return InvalidGrant("code_verifier is missing")
        if not pkce.is_verifier(verifier):
            return InvalidGrant("code_verifier must be 43 to 128 unreserved characters")
        if not pkce.matches(self.code_challenge, verifier):
            return InvalidGrant("code_verifier does not match code_challenge")
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    grant_id: str
    client_id: str
    scope: str
    expires_at: Instant
    spent_at: Instant | None
    binding: str | None = None  # of a public client's token: its only proof
    is_newest: bool = True  # nothing that came from its successor has been used

    def refusal(
        self, client_id: str, proof: Proof, *, now: Instant, grace_ms: int
    ) -> InvalidGrant | None:
        """Return why ``client_id`` may not use this token at all, or None.

        Expiry is asked separately, after the grant: where both are over, the grant is the cause
        that tells the client what to do (T-12). Within the grace the token that was rotated away
        last still works, so that a lost answer is not a lost grant.
        """
        if self.client_id != client_id:
            return InvalidGrant("the refresh token was issued to another client")
        if self.binding is not None and not proof.holds(self.binding):
            return InvalidGrant("the refresh token is bound to another key")
        if self.spent_at is None:
            return None
        if self.is_newest and now - self.spent_at < grace_ms:
            return None
        return GrantReused("the refresh token has already been used", Reason.REFRESH_REUSED)
