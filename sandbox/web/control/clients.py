"""``…/clients``: the providers that a world knows, in the words of RFC 7591."""

from collections.abc import Awaitable
from typing import TypeVar

from sandbox.domain.client import Client
from sandbox.domain.errors import Reason
from sandbox.domain.event import AddressRefused, check_address
from sandbox.domain.oauth.errors import OAuthError
from sandbox.domain.oauth.registration import metadata_of
from sandbox.services import deliveries
from sandbox.services.bank import Bank
from sandbox.services.oauth.registration import (
    ClientEnded,
    ClientExists,
    NoSecret,
    TooManyClients,
    UnknownClient,
)
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.paging import filter_of
from sandbox.web.control.problem import Problem

T = TypeVar("T")
STATUSES = ("active", "blocked", "ended")


async def list_clients(call: ControlCall) -> Json:
    """List the clients of the world: ready ones first, then by id."""
    bank, status = filter_of(call.request, "bank"), filter_of(call.request, "status")
    if status is not None and status not in STATUSES:
        raise Problem(422, "invalid-request", f"status must be one of {', '.join(STATUSES)}")
    found = [
        described(each, client)
        for each in await _banks(call)
        if bank in (None, each.name)
        for client in await each.registration.list_all()
        if status in (None, client.status)
    ]
    return {"clients": found}


async def register_client(call: ControlCall) -> Json:
    """Register a client (RFC 7591). Its secret is told here, and never again."""
    bank = await _bank_named(call, call.body.get("bank"))
    address = _address_of(call.body)
    made = await _acted(bank.registration.register(call.body))
    told = await _listening(bank, made.client.client_id, address)
    return described(bank, made.client, made.client_secret) | told


async def show_client(call: ControlCall) -> Json:
    """Show a client: its metadata and its status."""
    bank, client = await _found(call)
    return described(bank, client)


async def update_client(call: ControlCall) -> Json:
    """Replace a client's metadata; what is left out is as by default.

    Its secret stays, and so does where it is told of events.
    """
    bank, client = await _found(call)
    if call.body.get("bank", bank.name) != bank.name:
        raise Problem(422, "invalid-client-metadata", "a client stays with its bank")
    address = _address_of(call.body)
    changed = await _acted(bank.registration.update(client.client_id, call.body))
    told = await _listening(bank, client.client_id, address)
    return described(bank, changed.client, changed.client_secret) | told


async def delete_client(call: ControlCall) -> Json:
    """End a client with all that it was granted. It stays in the list, as ``ended``."""
    bank, client = await _found(call)
    await _acted(bank.registration.end(client.client_id, Reason.REVOKED_BY_BANK))
    return {}


async def block_client(call: ControlCall) -> Json:
    """Block a provider as a whole (T-22): from its next call on nothing works."""
    return await _set_status(call, "blocked")


async def unblock_client(call: ControlCall) -> Json:
    """Let a blocked provider in again: what was granted before works again."""
    return await _set_status(call, "active")


async def rotate_client_secret(call: ControlCall) -> Json:
    """Draw a new secret, which is told here and never again; the one before is over."""
    bank, client = await _found(call)
    secret = await _acted(bank.registration.rotate_secret(client.client_id))
    return {"client_id": client.client_id, "client_secret": secret}


def described(bank: Bank, client: Client, secret: str | None = None) -> Json:
    """Return a client as RFC 7591 would, with what the sandbox knows beside it."""
    secret = secret or bank.registration.known_secret(client)
    shown: Json = {"client_id": client.client_id}
    if secret is not None:
        shown["client_secret"] = secret
    is_ready = bank.registration.ready(client) is not None
    beside = {"bank": bank.name, "status": client.status, "is_ready": is_ready}
    return {**shown, **beside, **metadata_of(client)}


def _address_of(body: Json) -> tuple[str, str | None] | None:
    """Take where a client is to be told of events out of its metadata: (url, secret or None)."""
    url, secret = body.pop("notification_url", None), body.pop("notification_secret", None)
    if url is None:
        if secret is not None:
            raise Problem(
                422, "invalid-client-metadata", "notification_secret goes with notification_url"
            )
        return None
    try:
        check_address(url)
    except AddressRefused as error:
        raise Problem(422, "invalid-client-metadata", str(error)) from error
    return url, secret


async def _listening(bank: Bank, client_id: str, address: tuple[str, str | None] | None) -> Json:
    """Tell a client of events, and return where; a secret that was drawn is told this once."""
    if address is None:
        return {}
    url, secret = address
    before = await deliveries.find_address(bank.world, client_id)
    made = await deliveries.listen(bank.world, client_id, url, secret)
    is_drawn = before is None and secret is None
    return {"notification_url": url} | ({"notification_secret": made.secret} if is_drawn else {})


async def _set_status(call: ControlCall, status: str) -> Json:
    bank, client = await _found(call)
    return described(bank, await _acted(bank.registration.set_status(client.client_id, status)))


async def _banks(call: ControlCall) -> list[Bank]:
    world = await call.world()
    return [call.controls.front.worlds.bank(world, name) for name in call.controls.profiles]


async def _bank_named(call: ControlCall, name: str | None) -> Bank:
    banks = await _banks(call)
    found = next((bank for bank in banks if name in (None, bank.name)), None)
    if found is None:
        known = ", ".join(call.controls.profiles)
        raise Problem(404, "unknown-bank", f"there is no bank {name!r}, but {known}")
    return found


async def _found(call: ControlCall) -> tuple[Bank, Client]:
    """Return the client that the path names, and its bank."""
    return await found_client(call, call.request.match_info["id"])


async def found_client(call: ControlCall, client_id: str) -> tuple[Bank, Client]:
    """Return a client and its bank. Raises ``Problem`` unknown-client."""
    for bank in await _banks(call):
        try:
            return bank, await bank.registration.find(client_id)
        except UnknownClient:
            continue
    raise Problem(404, "unknown-client", f"this world knows no client {client_id!r}")


async def _acted(act: Awaitable[T]) -> T:
    """Await a use case, and say what it refuses as a problem."""
    try:
        return await act
    except OAuthError as error:
        raise Problem(
            422, "invalid-client-metadata", error.description, error=error.error
        ) from error
    except ClientExists as error:
        detail = f"there is a client {error.args[0]!r}: change it by PUT, or take another id"
        raise Problem(409, "client-exists", detail) from error
    except ClientEnded as error:
        detail = f"the client {error.args[0]!r} has ended, and stays so: register another"
        raise Problem(409, "client-ended", detail) from error
    except NoSecret as error:
        raise Problem(409, "no-client-secret", str(error)) from error
    except TooManyClients as error:
        raise Problem(409, "too-many-clients", str(error)) from error
