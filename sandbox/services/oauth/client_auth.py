"""Who calls the token endpoint (RFC 6749 §2.3): one method, the registered one (O-9)."""

import base64
import binascii
from contextlib import suppress
from urllib.parse import unquote_plus

from sandbox.domain.client import Client
from sandbox.domain.oauth.errors import InvalidClient, InvalidRequest
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.secrets import secret_matches
from sandbox.services.world import World
from sandbox.storage import clients

_FAILED = "client authentication failed"


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
    return unquote_plus(client_id), unquote_plus(secret)  # RFC 6749 §2.3.1


def claimed_client(header: str | None, form: Parameters) -> str | None:
    """Return which client a call says that it comes from, proven or not."""
    with suppress(InvalidClient):
        if header is not None:
            return basic_credentials(header)[0]
    return form.get("client_id")


class ClientAuthenticator:
    def __init__(self, world: World, bank: str) -> None:
        self._world = world
        self._bank = bank

    async def registered(self, client_id: str) -> Client:
        """Return a client that the bank knows; the caller has proven it in another way."""
        client = await clients.find(self._world.database, self._bank, client_id)
        if client is None:
            raise InvalidClient(_FAILED)
        return client

    async def authenticate(self, header: str | None, form: Parameters) -> Client:
        """Return the client that the call proves to come from.

        Raises:
            InvalidRequest: two methods at once, or no client named at all.
            InvalidClient: unknown, wrong secret, or another method than the registered one.
        """
        method, client_id, secret = self._claimed(header, form)
        used_basic = method == "client_secret_basic"
        client = await clients.find(self._world.database, self._bank, client_id)
        is_proven = _is_proven(client, client_id, secret)
        if client is None or client.auth_method != method or not is_proven:
            raise InvalidClient(_FAILED, used_basic=used_basic)
        if not client.is_active:
            raise InvalidClient("the client is blocked", used_basic=used_basic)
        return client

    def _claimed(self, header: str | None, form: Parameters) -> tuple[str, str, str]:
        form_id, form_secret = form.get("client_id"), form.get("client_secret")
        if header is not None:
            if form_secret is not None:
                raise InvalidRequest("two methods of client authentication at once")
            client_id, secret = basic_credentials(header)
            if form_id not in (None, client_id):
                raise InvalidRequest("client_id differs from the authenticated client")
            return "client_secret_basic", client_id, secret
        if form_id is None:
            raise InvalidClient("no client authentication", used_basic=True)
        if form_secret is None:
            return "none", form_id, ""
        return "client_secret_post", form_id, form_secret


def _is_proven(client: Client | None, client_id: str, secret: str) -> bool:
    """Compare in constant time, also where there is nobody to compare with."""
    if client is not None and client.secret_hash is None:
        return secret == ""
    stored = b"\0" * 32 if client is None or client.secret_hash is None else client.secret_hash
    return secret_matches(stored, client_id, secret)
