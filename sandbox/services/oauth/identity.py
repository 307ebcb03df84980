"""Who a contractor is, for OpenID Connect clients: ID tokens and userinfo."""

from collections.abc import Collection
from dataclasses import replace

from sandbox.chance import draw
from sandbox.domain.client import Client
from sandbox.domain.corporate.claims import FirmData, user_claims
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
from sandbox.services.population import load_personas
from sandbox.services.world import World
from sandbox.storage import clients, contractors, corporate


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
        claims: Claims = {
            "sub": self.subject(standing.contractor_id),
            **await self._told(standing, access.scope),
        }
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

    async def _told(self, standing: Standing, scope: Collection[str]) -> Claims:
        """Return what userinfo says: of a firm's user all, else what its scopes stand for."""
        if self._facts.has_contracts:
            return await self._user_claims(standing)
        asked = asked_claims(standing.detail, "userinfo")
        return released(await self._claims(standing), scope, asked)

    async def _user_claims(self, standing: Standing) -> Claims:
        contractor_id, database = standing.contractor_id, self._world.database
        contractor = await contractors.find(database, contractor_id)
        user = await corporate.find_user(database, standing.credential_id)
        assert contractor is not None  # a grant is never without its contractor
        assert user is not None  # nor, at this bank, without its user
        personas = {each.contractor_id: each for each in load_personas(self._bank)}
        firm = FirmData(
            name=contractor.name,
            name_kana=contractor.name_kana,
            address=await contractors.find_address(database, contractor_id),
            address_kana=personas[contractor_id].address_kana if contractor_id in personas else "",
            phone=_phone(self._number("firm", contractor_id), "50"),
        )
        number = self._number("user", f"{contractor_id}:{user.user_id}")
        email = f"user{number:08d}@example.com"
        return user_claims(user, firm, email=email, phone=_phone(number, "90"))

    def _number(self, kind: str, key: str) -> int:
        """Return eight digits of somebody, the same for every world of the seed."""
        return draw(self._world.seed, kind, key, "contact").randrange(10**8)

    async def _claims(self, standing: Standing) -> Claims:
        contractor = await contractors.find(self._world.database, standing.contractor_id)
        assert contractor is not None  # a grant is never without its contractor
        number = self._number("contractor", contractor.contractor_id)
        network = "90" if contractor.kind == "individual" else "50"
        return personal_claims(
            kind=contractor.kind,
            name=contractor.name,
            name_kana=contractor.name_kana,
            address=await contractors.find_address(self._world.database, standing.contractor_id),
            login=standing.login,
            email=f"contractor{number:08d}@example.com",
            phone=_phone(number, network),
        )


def _phone(number: int, network: str) -> str:
    """Return a number that nobody has: none begins with a 0 after 090 or 050."""
    return f"+81 {network}-0{number // 10**4 % 1000:03d}-{number % 10**4:04d}"
