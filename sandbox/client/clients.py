"""The calls of the control API about a world's clients, which are the providers' registrations."""

from collections.abc import Mapping
from typing import Any

from sandbox.client.answers import ClientSecret, Done, RegisteredClient
from sandbox.client.request import Request, encoded, given, one, page, path


def list_clients(
    world: str, *, bank: str | None = None, status: str | None = None
) -> Request[tuple[RegisteredClient, ...]]:
    """List the world's clients, ready ones first; ``status`` is active, blocked or ended."""
    return Request(
        method="GET",
        path=_path(world),
        read=page("clients", RegisteredClient),
        query=given(bank=bank, status=status),
    ).then(lambda found: found.items)


def register(world: str, metadata: Mapping[str, Any]) -> Request[RegisteredClient]:
    """Register a client; the answer holds its secret, which is told only here.

    Args:
        metadata: as in RFC 7591, with the sandbox's own beside them (``docs/clients.md``).

    Raises:
        ProblemError: ``invalid-client-metadata`` (``more["error"]`` is the RFC's code),
            ``invalid-request``, ``client-exists``, ``too-many-clients``, ``unknown-bank``.
    """
    return _sent("POST", _path(world), metadata)


def show(world: str, client_id: str) -> Request[RegisteredClient]:
    """Return what is registered of a client. Raises ``ProblemError`` unknown-client."""
    return Request(method="GET", path=_path(world, client_id), read=one(RegisteredClient))


def update(world: str, client_id: str, metadata: Mapping[str, Any]) -> Request[RegisteredClient]:
    """Replace what is registered; what ``metadata`` leave out goes back to the default.

    Raises:
        ProblemError: as ``register`` does, ``unknown-client``, ``client-ended``.
    """
    return _sent("PUT", _path(world, client_id), metadata)


def end(world: str, client_id: str) -> Request[Done]:
    """End a client with all that it was granted. Raises ``ProblemError`` unknown-client."""
    return Request(method="DELETE", path=_path(world, client_id), read=one(Done))


def block(world: str, client_id: str) -> Request[RegisteredClient]:
    """Block a client as a whole. Raises ``ProblemError`` unknown-client, client-ended."""
    return _sent("POST", _path(world, client_id, "block"), {})


def unblock(world: str, client_id: str) -> Request[RegisteredClient]:
    """Let a blocked client in again. Raises ``ProblemError`` unknown-client, client-ended."""
    return _sent("POST", _path(world, client_id, "unblock"), {})


def rotate_secret(world: str, client_id: str) -> Request[ClientSecret]:
    """Draw a new secret; the one before is over.

    Raises:
        ProblemError: ``unknown-client``, ``client-ended``, ``no-client-secret``.
    """
    return Request(
        method="POST",
        path=_path(world, client_id, "rotate-secret"),
        read=one(ClientSecret),
        content=encoded(),
    )


def _path(world: str, *more: str) -> str:
    return path("worlds", world, "clients", *more)


def _sent(method: str, where: str, metadata: Mapping[str, Any]) -> Request[RegisteredClient]:
    body = encoded(**metadata)
    return Request(method=method, path=where, read=one(RegisteredClient), content=body)
