"""Who a contractor is, for OpenID Connect clients: ID tokens and userinfo."""

from dataclasses import replace

from sandbox.chance import draw
from sandbox.domain.client import Client
from sandbox.domain.oauth.grant import Standing
from sandbox.domain.oauth.openid import OPENID
from sandbox.domain.oauth.personal import (
    Claims,
    asked_claims,
    authentication,
    left_half_hash,
    personal_claims,
    released,
)
from sandbox.services.bank_facts import BankFacts
from sandbox.services.oauth.access import Access
from sandbox.services.oauth.issuing import TokenPair
from sandbox.services.oauth.keys import KeyService
from sandbox.services.world import World
from sandbox.storage import clients, contractors


class IdentityService:
    def __init__(self, world: World, bank: str, facts: BankFacts, keys: KeyService) -> None:
        self._world = world
        self._bank = bank
        self._facts = facts
        self._keys = keys

    async def identified(self, client: Client, pair: TokenPair) -> TokenPair:
        """Return ``pair`` with an ID token (Core §2), if its scope asks for one.

        It ends with the access token. At a refresh only ``iat``, ``exp`` and ``at_hash`` are new
        (Core §12.2).
        """
        scope, standing = pair.scope.split(), pair.holder
        if OPENID not in scope:
            return pair
        signer, now = await self._keys.signer(client.options.id_token_alg), self._world.now()
        claims: Claims = {
            **released(await self._claims(standing), (), asked_claims(standing.detail, "id_token")),
            "iss": self._world.issuer(self._bank),
            "sub": self.subject(standing.contractor_id),
            "aud": client.client_id,
            "exp": now // 1000 + pair.expires_in,
            "iat": now // 1000,
            **authentication(standing.login, standing.authenticated_at),
            "at_hash": left_half_hash(signer.alg, pair.access_token),
        }
        if pair.nonce is not None:
            claims["nonce"] = pair.nonce
        return replace(pair, id_token=signer.sign(claims, typ="JWT"))

    async def userinfo(self, access: Access) -> Claims | str:
        """Return the claims that a token opens (Core §5.3); as a JWT where its client wants one."""
        standing = access.standing
        asked = asked_claims(standing.detail, "userinfo")
        told = released(await self._claims(standing), access.scope, asked)
        claims: Claims = {"sub": self.subject(standing.contractor_id), **told}
        client = await clients.find(self._world.database, self._bank, standing.client_id)
        assert client is not None  # clients are never deleted, only ended
        if not client.options.userinfo_alg:
            return claims
        signer = await self._keys.signer(client.options.userinfo_alg)
        issuer = self._world.issuer(self._bank)
        return signer.sign({"iss": issuer, "aud": client.client_id, **claims}, typ="JWT")

    def subject(self, contractor_id: str) -> str:
        """Return what every client knows the contractor by (O-21)."""
        return self._facts.subject(contractor_id)

    async def _claims(self, standing: Standing) -> Claims:
        contractor = await contractors.find(self._world.database, standing.contractor_id)
        assert contractor is not None  # a grant is never without its contractor
        dice = draw(self._world.seed, "contractor", contractor.contractor_id, "contact")
        number = dice.randrange(10**8)
        network = "90" if contractor.kind == "individual" else "50"
        return personal_claims(
            kind=contractor.kind,
            name=contractor.name,
            name_kana=contractor.name_kana,
            address=await contractors.find_address(self._world.database, standing.contractor_id),
            login=standing.login,
            email=f"contractor{number:08d}@example.com",
            # No number begins with a 0 after 090 or 050.
            phone=f"+81 {network}-0{number // 10**4 % 1000:03d}-{number % 10**4:04d}",
        )
