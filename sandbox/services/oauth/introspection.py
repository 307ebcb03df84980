"""What the bank tells of a token to who may ask (RFC 7662)."""

from typing import Any

from sandbox.domain.client import Client
from sandbox.domain.oauth.grant import Standing
from sandbox.domain.oauth.personal import authentication
from sandbox.domain.secrets import JWT_BEGINS, token_hash
from sandbox.services.bank_facts import BankFacts
from sandbox.services.oauth.signed_access import confirmation
from sandbox.services.world import World
from sandbox.storage import grants
from sandbox.storage.grants import TokenRow

INACTIVE: dict[str, Any] = {"active": False}  # O-14: and nothing beside it


class IntrospectionService:
    def __init__(self, world: World, bank: str, facts: BankFacts) -> None:
        self._world = world
        self._bank = bank
        self._facts = facts

    async def describe(self, client: Client, token: str) -> tuple[dict[str, Any], Standing | None]:
        """Return what ``client`` may know of ``token``, and whose it is where it is told.

        A client learns of its own tokens. A resource server (``may_introspect``) learns of every
        client's, but of access tokens alone: a refresh token opens nothing at a resource.
        """
        row = await grants.find_token(self._world.database, token_hash(token), self._bank)
        if row is None or not self._is_live(row) or not self._may_know(client, row):
            return INACTIVE, None
        return self._told(row, token), row.standing

    def _may_know(self, client: Client, row: TokenRow) -> bool:
        if client.options.may_introspect:
            return row.kind == "access"
        return row.standing.client_id == client.client_id

    def _is_live(self, row: TokenRow) -> bool:
        now = self._world.now()
        has_ended = row.spent_at is not None or now >= row.expires_at
        return not has_ended and row.standing.end_reason_at(now) is None

    def _told(self, row: TokenRow, token: str) -> dict[str, Any]:
        standing, issuer = row.standing, self._world.issuer(self._bank)
        told = {
            "active": True,
            "scope": row.scope,
            "client_id": standing.client_id,
            "sub": self._facts.subject(standing.contractor_id),
            "iss": issuer,
            "aud": issuer + self._facts.base,
            "iat": row.issued_at // 1000,
            "exp": row.expires_at // 1000,
            **authentication(standing.login, standing.authenticated_at),  # RFC 9470 §6.2
            **confirmation(row.binding),
        }
        if row.kind == "access":
            is_dpop = row.binding is not None and row.binding.startswith("jkt:")
            told["token_type"] = "DPoP" if is_dpop else "Bearer"
        if token.startswith(JWT_BEGINS):
            from sandbox.services.oauth.jose import (
                unverified_claims,  # it is ours: its hash says so
            )

            told["jti"] = unverified_claims(token)["jti"]
        return told
