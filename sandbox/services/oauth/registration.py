"""Clients of one bank: registered, changed, blocked, ended (RFC 7591, 7592; T-22).

A client is never deleted, since grants and the journal name it: it ends, with all that it was
granted. Secrets are told once and stored as hashes (O-29).
"""

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hmac import compare_digest

from sandbox.domain.client import Client
from sandbox.domain.errors import Reason
from sandbox.domain.oauth.registration import (
    InvalidClientMetadata,
    Metadata,
    Registrar,
    client_of,
    uses_secret,
)
from sandbox.domain.persona import ReadyClient
from sandbox.domain.secrets import secret_hash, secret_matches, token_hash
from sandbox.services.world import World
from sandbox.storage import clients, grants
from sandbox.storage import world as world_rows
from sandbox.storage.database import Transaction

MOST_CLIENTS = 1000  # of one bank in one world, the ended ones too
JWKS_MAX = 16 * 1024
SECRET_BYTES = 32


class UnknownClient(Exception):
    """The bank has no such client."""


class ClientExists(Exception):
    """There is a client of that id already."""


class ClientEnded(Exception):
    """The client has ended, and stays so."""


class TooManyClients(Exception):
    """The bank registers no more clients."""


class NoSecret(Exception):
    """The client has no secret: it proves itself in another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """``client_secret`` and ``registration_token``: only where they have just been drawn."""

    client: Client
    client_secret: str | None = None
    registration_token: str | None = None


class RegistrationService:
    def __init__(self, world: World, registrar: Registrar) -> None:
        self._world = world
        self._registrar = registrar

    async def list_all(self) -> list[Client]:
        """Return the bank's clients in this world: the ready ones first, in their order."""
        order = {ready.client_id: n for n, ready in enumerate(self._ready())}
        found = await clients.list_of_bank(self._world.database, self._registrar.bank)
        return sorted(
            found, key=lambda client: (order.get(client.client_id, len(order)), client.client_id)
        )

    def _ready(self) -> tuple[ReadyClient, ...]:
        return self._world.ready_clients[self._registrar.bank]

    def ready(self, client: Client) -> ReadyClient | None:
        """Return the ready client of that id, if every new world knows one."""
        return next((r for r in self._ready() if r.client_id == client.client_id), None)

    def known_secret(self, client: Client) -> str | None:
        """Return the published secret of a ready client, as long as it is that."""
        ready = self.ready(client)
        if ready is None or ready.client_secret is None or client.secret_hash is None:
            return None
        stored = secret_hash(client.client_id, ready.client_secret)
        return ready.client_secret if compare_digest(stored, client.secret_hash) else None

    async def find(self, client_id: str) -> Client:
        found = await clients.find(self._world.database, self._registrar.bank, client_id)
        if found is None:
            raise UnknownClient(client_id)
        return found

    async def register(self, metadata: Metadata, *, is_managed: bool = False) -> Registered:
        """Register a client; ``is_managed``: with a token by which it manages itself (RFC 7592).

        Raises:
            InvalidRedirectUri, InvalidClientMetadata, ClientExists, TooManyClients: see there.
        """
        client_id = metadata.get("client_id") or f"client-{self._world.secret(12)}"
        client, secret = self._with_secret(self._checked(metadata, client_id), metadata, None)
        token = self._world.new_secret() if is_managed else None
        client = replace(client, registration_hash=None if token is None else token_hash(token))
        async with self._world.database.transaction() as db:
            if await clients.find_anywhere(db, client_id) is not None:
                raise ClientExists(client_id)
            if await clients.count(db, client.bank) >= MOST_CLIENTS:
                raise TooManyClients(f"the bank has {MOST_CLIENTS} clients already")
            await self._save(db, client)
        return Registered(client=client, client_secret=secret, registration_token=token)

    async def update(self, client_id: str, metadata: Metadata) -> Registered:
        """Replace all that is registered of a client; what is left out is as by default.

        Its secret stays unless ``metadata`` give another one, or it had none and needs one now.

        Raises:
            UnknownClient, ClientEnded, InvalidRedirectUri, InvalidClientMetadata: see there.
        """
        async with self._world.database.transaction() as db:
            before = await self._living(db, client_id)
            if metadata.get("client_id", client_id) != client_id:
                raise InvalidClientMetadata("client_id is another one, and cannot be changed")
            asked = {"status": before.status, **metadata}
            client, secret = self._with_secret(self._checked(asked, client_id), metadata, before)
            client = replace(client, registration_hash=before.registration_hash)
            await self._save(db, client)
        return Registered(client=client, client_secret=secret)

    async def set_status(self, client_id: str, status: str) -> Client:
        """Block a provider as a whole, or let it in again (T-22). Raises as ``update`` does."""
        async with self._world.database.transaction() as db:
            client = replace(await self._living(db, client_id), status=status)
            await self._save(db, client)
        return client

    async def rotate_secret(self, client_id: str) -> str:
        """Draw a new secret, which is told once; the one before is over.

        Raises:
            UnknownClient, ClientEnded, NoSecret: see there.
        """
        secret = self._world.secret(SECRET_BYTES)
        async with self._world.database.transaction() as db:
            client = await self._living(db, client_id)
            if not uses_secret(client):
                raise NoSecret(f"{client_id} authenticates by {client.auth_method}")
            await self._save(db, replace(client, secret_hash=secret_hash(client_id, secret)))
        return secret

    async def end(self, client_id: str, reason: Reason) -> None:
        """End a client with all its grants; once more does nothing. Raises ``UnknownClient``."""
        async with self._world.database.transaction() as db:
            client = await clients.find(db, self._registrar.bank, client_id)
            if client is None:
                raise UnknownClient(client_id)
            await self._save(db, replace(client, status="ended", registration_hash=None))
            now = self._world.now()
            await grants.end_grants_of_client(db, client_id, at=now, reason=reason.value)

    def is_secret(self, client: Client, presented: object) -> bool:
        """Return whether ``presented`` is the client's secret."""
        is_text = isinstance(presented, str)
        return is_text and secret_matches(client.secret_hash, client.client_id, str(presented))

    async def managed_by(self, client_id: str, token: str) -> Client | None:
        """Return the client if ``token`` is the one that manages it (RFC 7592)."""
        client = await clients.find(self._world.database, self._registrar.bank, client_id)
        stored = None if client is None else client.registration_hash
        return client if compare_digest(stored or b"", token_hash(token)) else None

    async def _living(self, db: Transaction, client_id: str) -> Client:
        client = await clients.find(db, self._registrar.bank, client_id)
        if client is None:
            raise UnknownClient(client_id)
        if client.status == "ended":
            raise ClientEnded(client_id)
        return client

    async def _save(self, db: Transaction, client: Client) -> None:
        await clients.save(db, client)
        await world_rows.raise_version(db)
        self._world.client_index.add(self._world.name, client.client_id)
        trust_certificates(self._world, client)

    def _checked(self, metadata: Metadata, client_id: str) -> Client:
        client = client_of(metadata, self._registrar, client_id)
        check_keys(client)
        return client

    def _with_secret(
        self, client: Client, metadata: Metadata, before: Client | None
    ) -> tuple[Client, str | None]:
        """Return the client with its secret's hash, and the secret where it is a new one."""
        given: str | None = metadata.get("client_secret")
        if not uses_secret(client):
            if given is not None:
                raise InvalidClientMetadata(f"{client.auth_method} needs no client_secret")
            return client, None
        if given is None and before is not None and before.secret_hash is not None:
            return replace(client, secret_hash=before.secret_hash), None
        secret = given or self._world.secret(SECRET_BYTES)
        return replace(client, secret_hash=secret_hash(client.client_id, secret)), secret


def check_keys(client: Client) -> None:
    """Refuse keys that are none, that are private, or that come with a broken certificate.

    Raises:
        InvalidClientMetadata: saying which.
    """
    text = client.options.jwks
    if not text:
        return
    if len(text) > JWKS_MAX:
        raise InvalidClientMetadata(f"jwks is longer than {JWKS_MAX} characters")
    from sandbox.services.oauth.jose import JoseRefused, check_key_set

    try:
        check_key_set(json.loads(text))
        _certificates(client)
    except JoseRefused as error:
        raise InvalidClientMetadata(f"jwks: {error}") from None
    except (Base64Error, ValueError, TypeError):
        raise InvalidClientMetadata("jwks: x5c is not base64") from None


def _certificates(client: Client) -> list[bytes]:
    """Return the certificates of a client that shows self-signed ones (RFC 8705 §2.2.2)."""
    if client.auth_method != "self_signed_tls_client_auth":
        return []
    keys = json.loads(client.options.jwks)["keys"]
    return [b64decode(key["x5c"][0], validate=True) for key in keys]


def trust_certificates(world: World, client: Client) -> None:
    """Let the handshake of the TLS door pass what a client has registered as its certificate.

    Raises:
        InvalidClientMetadata: an x5c that is no certificate.
    """
    for certificate in _certificates(client):
        try:
            world.client_trust.trust(certificate)
        except ValueError:
            raise InvalidClientMetadata("jwks: x5c is no certificate") from None


async def learn_clients(world: World) -> None:
    """Take in which clients a world knows, after its rows came from somewhere else."""
    world.client_index.learn(world.name, await clients.list_ids(world.database))
    for client in await clients.list_by_method(world.database, "self_signed_tls_client_auth"):
        trust_certificates(world, client)


async def apply_ready(world: World, bank: str, ready: Iterable[ReadyClient]) -> None:
    """Let a world know clients of a file. One that it knows is changed, but not its status."""
    async with world.database.transaction() as db:
        for each in ready:
            client, found = each.registered(bank), await clients.find(db, bank, each.client_id)
            if found is not None:
                token = found.registration_hash
                client = replace(client, status=found.status, registration_hash=token)
            if client != found:
                await clients.save(db, client)
                await world_rows.raise_version(db)
