"""Who calls the token endpoint (RFC 6749 §2.3): one method, the registered one (O-9)."""

import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote_plus

from sandbox.domain.certificate import ClientCertificate
from sandbox.domain.client import TLS_METHODS, Client
from sandbox.domain.errors import Reason
from sandbox.domain.oauth.assertion import ASSERTION_TYPE, Audience
from sandbox.domain.oauth.errors import InvalidClient, InvalidRequest
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.oauth.security import has_fapi_method, rules_of
from sandbox.domain.secrets import secret_matches
from sandbox.services.remembered import Remembered
from sandbox.services.world import World
from sandbox.storage import clients

MOST_CLIENTS = 1_000
_FAILED = "client authentication failed"  # whoever it was, and whatever was wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a call shows of who makes it, besides its form.

    ``addresses``: what returns those of the endpoint called and of the token endpoint, which an
    assertion may be addressed to. Few calls bring one.
    """

    authorization: str | None
    certificate: ClientCertificate | None = None
    addresses: Callable[[], tuple[str, ...]] = tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Which client a call says it comes from, and by what. ``method`` "none": by nothing said.

    ``secret``: the password or the assertion.
    """

    method: str
    client_id: str
    secret: str = ""


def basic_credentials(header: str) -> tuple[str, str]:
    """Return (client id, secret) of an ``Authorization: Basic`` header.

    Raises:
        InvalidClient: not Basic, not base 64, or without a colon.
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient(_FAILED, used_basic=True)
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise InvalidClient(_FAILED, used_basic=True) from None
    client_id, colon, secret = text.partition(":")
    if not colon:
        raise InvalidClient(_FAILED, used_basic=True)
    if "%" in text or "+" in text:
        return unquote_plus(client_id), unquote_plus(secret)  # RFC 6749 §2.3.1
    return client_id, secret


def claimed_client(header: str | None, form: Parameters) -> str | None:
    """Return which client a call says that it comes from, proven or not."""
    with suppress(InvalidClient):
        if header is not None:
            return basic_credentials(header)[0]
    assertion = form.get("client_assertion")
    if form.get("client_id") is None and assertion is not None:
        return _named_in(assertion) or None
    return form.get("client_id")


def _named_in(assertion: str) -> str:
    from sandbox.services.oauth.assertions import named_client

    return named_client(assertion)


class ClientAuthenticator:
    def __init__(self, world: World, bank: str) -> None:
        self._world = world
        self._bank = bank
        self._known: Remembered[str, Client] = Remembered(world.database, MOST_CLIENTS)

    async def registered(self, client_id: str) -> Client:
        """Return a client that the bank knows; the caller has proven it in another way."""
        client = await self._find(client_id)
        if client is None:
            raise InvalidClient(_FAILED)
        return client

    async def authenticate(self, shown: Shown, form: Parameters) -> Client:
        """Return the client that the call proves to come from.

        Raises:
            InvalidRequest: two methods at once, or half of one.
            InvalidClient: unknown, not proven, or by another method than the registered one.
        """
        claim = claim_of(shown.authorization, form)
        client = await self._find(claim.client_id)
        used_basic = claim.method == "client_secret_basic"
        is_proven = self._is_proven(client, claim, shown)
        if client is None or not is_proven:
            raise InvalidClient(_FAILED, used_basic=used_basic, reason=_told_of(client, claim))
        if claim.method == "private_key_jwt":
            await self._use_assertion(client, claim.secret, shown)
        if not client.is_active:
            raise InvalidClient("the client is blocked", used_basic=used_basic)
        if client.security_profile == "fapi2" and not has_fapi_method(client):
            raise InvalidClient("profile fapi2 takes private_key_jwt or mutual TLS alone")
        return client

    async def _find(self, client_id: str) -> Client | None:
        client = self._known.find(client_id)
        if client is None:
            client = await clients.find(self._world.database, self._bank, client_id)
            if client is not None:  # whoever asks for names that nobody has fills no memory
                self._known.keep(client_id, client)
        return client

    def _is_proven(self, client: Client | None, claim: Claim, shown: Shown) -> bool:
        """Tell whether the registered method was used, and with what belongs to it.

        Of an assertion, the signature alone; what it says is judged as it is used up.
        """
        if claim.method == "private_key_jwt":
            return client is not None and client.auth_method == claim.method
        if client is not None and client.auth_method in TLS_METHODS:
            return claim.method == "none" and self._is_shown(client, shown.certificate)
        is_right = _secret_matches(client, claim)
        return client is not None and client.auth_method == claim.method and is_right

    def _is_shown(self, client: Client, certificate: ClientCertificate | None) -> bool:
        if certificate is None:
            return False
        from sandbox.services.oauth.client_certificates import is_of

        return is_of(client, certificate, self._world)

    async def _use_assertion(self, client: Client, assertion: str, shown: Shown) -> None:
        """Use an assertion up. Only whoever has signed it is told what is wrong with it."""
        from sandbox.services.oauth.assertions import signed_claims, use

        rules = rules_of(client, self._world.policies[self._bank])
        claims = signed_claims(client, assertion, rules)
        if claims is None:
            raise InvalidClient(_FAILED)
        audience = Audience(
            issuer=self._world.issuer(self._bank),
            addresses=shown.addresses(),
            is_strict=rules.strict_audience,
        )
        why = await use(self._world, client, claims, audience)
        if why is not None:
            raise InvalidClient(f"the client assertion: {why}")


def claim_of(header: str | None, form: Parameters) -> Claim:
    """Return which client a call says it comes from, and the one method it uses to show it.

    Raises:
        InvalidRequest: two methods at once, or half of one.
        InvalidClient: no client named, or no credentials where there should be some.
    """
    secret, assertion = form.get("client_secret"), form.get("client_assertion")
    is_assertion = assertion is not None or form.get("client_assertion_type") is not None
    if [header is not None, secret is not None, is_assertion].count(True) > 1:
        raise InvalidRequest("two methods of client authentication at once")
    form_id = form.get("client_id")
    if is_assertion:
        claim = _asserted(form.get("client_assertion_type"), assertion)
    elif header is not None:
        client_id, password = basic_credentials(header)
        claim = Claim(method="client_secret_basic", client_id=client_id, secret=password)
    elif form_id is None:
        raise InvalidClient("no client authentication", used_basic=True)
    elif secret is not None:
        claim = Claim(method="client_secret_post", client_id=form_id, secret=secret)
    else:
        claim = Claim(method="none", client_id=form_id)
    if form_id not in (None, claim.client_id):
        raise InvalidRequest("client_id differs from the authenticated client")
    return claim


def _asserted(assertion_type: str | None, assertion: str | None) -> Claim:
    if assertion is None or assertion_type is None:
        raise InvalidRequest("client_assertion and client_assertion_type go together")
    if assertion_type != ASSERTION_TYPE:
        raise InvalidClient(_FAILED)
    return Claim(method="private_key_jwt", client_id=_named_in(assertion), secret=assertion)


def _told_of(client: Client | None, claim: Claim) -> Reason | None:
    """Return what testers are told beside the answer that is the same for everybody.

    Libraries take a method by default, and few say which: the right secret, shown in another way
    than the registered one, looks like a wrong one.
    """
    if client is None:
        return None
    shown_as = {"none"} if client.auth_method in TLS_METHODS else {client.auth_method}
    return None if claim.method in shown_as else Reason.CLIENT_AUTH_METHOD


def _secret_matches(client: Client | None, claim: Claim) -> bool:
    """Compare in constant time, also where there is nobody to compare with."""
    if client is not None and client.secret_hash is None:
        return claim.secret == ""
    stored = b"\0" * 32 if client is None or client.secret_hash is None else client.secret_hash
    return secret_matches(stored, claim.client_id, claim.secret)
