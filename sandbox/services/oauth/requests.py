"""Authorization requests, however they come: in a query, signed (RFC 9101), pushed (RFC 9126)."""

import json
from dataclasses import dataclass, replace

from sandbox.domain.client import Client
from sandbox.domain.corporate.contract import Service, ServiceContract
from sandbox.domain.oauth.asked import Asked, AuthorizationRequest, Origin
from sandbox.domain.oauth.authorize import (
    accepted,
    redirected_refusal,
    response_mode_of,
    shown_refusal,
)
from sandbox.domain.oauth.errors import (
    InvalidRequest,
    InvalidRequestObject,
    OAuthError,
    RequestNotSupported,
    ShownError,
)
from sandbox.domain.oauth.parameters import Parameters, readable
from sandbox.domain.oauth.security import ALGORITHMS, SecurityRules, rules_of
from sandbox.domain.policy import BankPolicy
from sandbox.domain.secrets import token_hash
from sandbox.services.bank_facts import BankFacts
from sandbox.services.oauth.answers import Answer, RedirectBack, error_of
from sandbox.services.oauth.keys import KeyService
from sandbox.services.world import World
from sandbox.storage import clients, corporate, pushed
from sandbox.storage.pushed import PushedRow

REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"
# What a pushed request is kept of. Client secrets, assertions and ID tokens stay out.
_KEPT = (
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "prompt",
    "max_age",
    "login_hint",
    "ui_locales",
    "claims",
    "resource",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """The answer to a push. ``expires_in``: seconds."""

    request_uri: str
    expires_in: int


def world_token(request_uri: str | None) -> str | None:
    """Return what of a request URI of the bank's names its world, as a token does."""
    is_ours = request_uri is not None and request_uri.startswith(REQUEST_URI_PREFIX)
    return request_uri.removeprefix(REQUEST_URI_PREFIX) if request_uri and is_ours else None


class RequestService:
    def __init__(
        self, world: World, bank: str, policy: BankPolicy, facts: BankFacts, keys: KeyService
    ) -> None:
        self._world = world
        self._bank = bank
        self._policy = policy
        self._facts = facts
        self._keys = keys

    async def check(
        self, parameters: Parameters, *, channel: str = "front"
    ) -> tuple[Client, AuthorizationRequest]:
        """Run every check of an authorization request, in order.

        ``channel``: ``front`` is a browser's; for ``control`` the bank itself stands in for a
        client, so that nothing has to be pushed or signed.

        Raises:
            ShownError: may only be shown to the person.
            RedirectBack: carries the error to the client.
        """
        asked = await self._asked(parameters, channel)
        if shown := shown_refusal(asked):
            raise shown
        if refused := redirected_refusal(asked):
            values = error_of(self._world, self._bank, asked.parameters.get("state"), refused)
            to, mode = asked.get("redirect_uri"), response_mode_of(asked)
            raise RedirectBack(Answer(redirect_uri=to, values=values, mode=mode))
        return asked.proven_client, accepted(asked)

    async def push(
        self, client: Client, parameters: Parameters, dpop_jkt: str | None = None
    ) -> Pushed:
        """Keep a request that ``client``, which has proven itself, pushed (RFC 9126 §2).

        ``dpop_jkt``: of the key whose proof came with it; the code is for that key alone.

        Raises:
            OAuthError: whatever an authorization request could be refused for.
        """
        if parameters.get("client_id") not in (None, client.client_id):
            raise InvalidRequest("client_id differs from the authenticated client")
        values = {**parameters.values, "client_id": client.client_id}
        asked = await self._asked(replace(parameters, values=values), "push")
        if refused := _push_refusal(asked):
            raise refused
        kept = {name: asked.get(name) for name in _KEPT if asked.get(name)}
        if dpop_jkt is not None and kept.setdefault("dpop_jkt", dpop_jkt) != dpop_jkt:
            raise InvalidRequest("dpop_jkt differs from the key of the DPoP proof")
        return await self._keep(client, {"values": kept, "subject": asked.origin.subject})

    async def _keep(self, client: Client, found: dict[str, object]) -> Pushed:
        request_uri = f"{REQUEST_URI_PREFIX}{self._world.new_secret()}"
        now, lifetime_ms = self._world.now(), self._policy.request_uri_lifetime_ms
        async with self._world.database.transaction(counts=False) as db:
            # Whoever opened one in time may still be signing in with it.
            await pushed.forget_before(db, now - self._policy.interaction_lifetime_ms)
            await pushed.insert(
                db,
                token_hash(request_uri),
                bank=self._bank,
                client_id=client.client_id,
                parameters=json.dumps(found),
                expires_at=now + lifetime_ms,
            )
        return Pushed(request_uri=request_uri, expires_in=lifetime_ms // 1000)

    async def _asked(self, brought: Parameters, channel: str) -> Asked:
        """Find out what a request asks for: nothing of it is trusted yet."""
        client_id = readable(brought.get("client_id") or "")
        client = await clients.find(self._world.database, self._bank, client_id)
        rules = None if client is None else rules_of(client, self._policy)
        parameters, origin = brought, Origin(channel=channel)
        if client is not None and rules is not None and client.is_active:
            parameters, origin = await self._resolved(client, rules, brought, origin)
        contract = await self._contract_of(client)
        return Asked(
            parameters=self._with_scope(parameters, contract),
            services=self._facts.services,
            contract=contract,
            client=client,
            rules=rules,
            bank_scopes=self._facts.scopes,
            api_base=f"{self._world.issuer(self._bank)}{self._facts.base}",
            origin=origin,
        )

    async def _contract_of(self, client: Client | None) -> ServiceContract | None:
        if client is None or not self._facts.has_contracts:
            return None
        return await corporate.find_contract_of_client(self._world.database, client.client_id)

    def _with_scope(self, parameters: Parameters, contract: ServiceContract | None) -> Parameters:
        """Return the parameters with the scope that counts where a contractor's has none.

        All services of the contract but approval, which is only ever asked for by name.
        """
        if contract is None or parameters.get("scope"):
            return parameters
        scopes = [
            scope
            for scope, service in self._facts.services.items()
            if service in contract.services and service is not Service.APPROVAL
        ]
        return replace(parameters, values={**parameters.values, "scope": " ".join(scopes)})

    async def _resolved(
        self, client: Client, rules: SecurityRules, brought: Parameters, origin: Origin
    ) -> tuple[Parameters, Origin]:
        request_uri = brought.get("request_uri") or ""
        if origin.channel == "front" and world_token(request_uri) is not None:
            return await self._pushed(client, brought, request_uri)
        parameters, refusal = brought, None
        if token := brought.get("request"):
            origin = replace(origin, has_object=True)
            try:
                parameters = self._unpacked(client, rules, token, brought)
            except OAuthError as error:
                origin = replace(origin, refusal=error)
        subject, refusal = await self._hinted(client, parameters.get("id_token_hint"))
        return parameters, replace(origin, subject=subject, hint_refusal=refusal)

    async def _pushed(
        self, client: Client, brought: Parameters, request_uri: str
    ) -> tuple[Parameters, Origin]:
        """Return what was pushed; what stands beside the request URI counts for nothing (O-19)."""
        uri_hash = token_hash(request_uri)
        row = await pushed.find(self._world.database, self._bank, uri_hash)
        if row is None or row.client_id != client.client_id:
            return brought, Origin(channel="pushed", shown=ShownError("request_uri_unknown"))
        if shown := self._not_good(row):
            return brought, Origin(channel="pushed", shown=shown)
        found = json.loads(row.parameters)
        return (
            replace(brought, values=found["values"]),
            Origin(channel="pushed", subject=found["subject"], pushed=uri_hash.hex()),
        )

    def _not_good(self, row: PushedRow) -> ShownError | None:
        if row.used_at is not None:
            return ShownError("request_uri_used")
        return ShownError("request_uri_expired") if self._world.now() >= row.expires_at else None

    def _unpacked(
        self, client: Client, rules: SecurityRules, token: str, brought: Parameters
    ) -> Parameters:
        """Return what is signed; what stands beside it counts for nothing (RFC 9101 §6.3)."""
        if not client.options.request_object_alg:
            raise RequestNotSupported("the client registered no request_object_signing_alg")
        from sandbox.services.oauth.request_objects import unpacked  # JOSE: not before it is used

        if brought.get("request_uri"):
            raise InvalidRequestObject("request and request_uri at once")  # RFC 9101 §5
        issuer = self._world.issuer(self._bank)
        found = unpacked(client, token, rules, issuer, self._world.now())
        return replace(found, duplicated=brought.duplicated)

    async def _hinted(
        self, client: Client, token: str | None
    ) -> tuple[str | None, OAuthError | None]:
        """Return whom an ``id_token_hint`` names. One that has expired will do (Core §3.1.2.1)."""
        if token is None:
            return None, None
        from sandbox.services.oauth.jose import JoseRefused, verify

        try:
            claims = verify(token, await self._keys.key_set(), ALGORITHMS).claims
        except JoseRefused as error:
            return None, InvalidRequest(f"id_token_hint: {error}")
        aud, subject = claims.get("aud"), claims.get("sub")
        is_its = client.client_id in (aud if isinstance(aud, list) else [aud])
        if claims.get("iss") != self._world.issuer(self._bank) or not is_its:
            return None, InvalidRequest("id_token_hint is none of the bank's for this client")
        return str(subject), None


def _push_refusal(asked: Asked) -> OAuthError | None:
    """Return the first error of both lists: whoever pushes has proven who they are."""
    shown = shown_refusal(asked)
    if shown is None:
        return redirected_refusal(asked)
    if shown.code == "redirect_uri_mismatch":
        return InvalidRequest("redirect_uri is not registered for this client")
    return asked.origin.refusal or InvalidRequest(shown.code)
