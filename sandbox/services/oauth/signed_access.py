"""Access tokens that are JWTs (RFC 9068), for clients that are registered for them.

They are stored by their hash like opaque ones, and what they open is looked up on each call: who
reads the claims alone learns of no revocation.
"""

from dataclasses import dataclass

from sandbox.domain.client import Client
from sandbox.domain.oauth.grant import Standing
from sandbox.domain.oauth.personal import authentication
from sandbox.domain.time import Instant
from sandbox.services.bank_facts import BankFacts
from sandbox.services.oauth.keys import KeyService, Signer
from sandbox.services.world import World

TYPE = "at+jwt"
_CONFIRMATIONS = {"jkt": "jkt", "x5t": "x5t#S256"}  # RFC 9449 §6.1, RFC 8705 §3.1


def confirmation(binding: str | None) -> dict[str, dict[str, str]]:
    """Return the ``cnf`` member of what is bound to a key; nothing for a bearer token."""
    if binding is None:
        return {}
    kind, _, thumbprint = binding.partition(":")
    return {"cnf": {_CONFIRMATIONS[kind]: thumbprint}}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenMaker:
    """Makes access tokens of either form. ``signer`` None: opaque ones.

    It asks nobody, so it may be used inside a transaction.
    """

    world: World
    issuer: str
    facts: BankFacts
    signer: Signer | None

    def new_secret(self) -> str:
        """Return an opaque token, in the form that the bank's wire has for it."""
        return self.world.new_secret(is_hex=self.facts.has_hex_tokens)

    def make(
        self, standing: Standing, *, scope: str, binding: str | None, expires_at: Instant
    ) -> str:
        """Return a new access token."""
        if self.signer is None:
            return self.new_secret()
        claims = {
            "iss": self.issuer,
            "sub": self.facts.subject(standing.contractor_id),
            "aud": self.issuer + self.facts.base,
            "client_id": standing.client_id,
            "scope": scope,
            "iat": self.world.now() // 1000,
            "exp": expires_at // 1000,
            "jti": self.world.secret(16),
            **authentication(standing.login, standing.authenticated_at),
            **confirmation(binding),
        }
        return self.signer.sign(claims, typ=TYPE)


class AccessTokens:
    def __init__(self, world: World, bank: str, facts: BankFacts, keys: KeyService) -> None:
        self._world = world
        self._bank = bank
        self._facts = facts
        self._keys = keys

    async def maker_for(self, client: Client) -> AccessTokenMaker:
        """Return what makes this client's tokens. Its key may have to be made for it."""
        is_jwt = client.options.token_format == "jwt"
        return AccessTokenMaker(
            world=self._world,
            issuer=self._world.issuer(self._bank),
            facts=self._facts,
            signer=await self._keys.signer() if is_jwt else None,
        )
