"""A file of clients (``--clients``): metadata as in RFC 7591, for every world from the start on."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from sandbox.domain.oauth.errors import OAuthError
from sandbox.domain.oauth.registration import Registrar, client_of, uses_secret
from sandbox.domain.persona import ReadyClient
from sandbox.resources import data_root
from sandbox.services.oauth.registration import check_keys
from sandbox.services.population import load_clients

FILE_MAX_BYTES = 1024 * 1024
ENTRIES_MAX = 200
Json = dict[str, Any]


class ClientsFileRefused(Exception):
    """The file, or an entry of it, makes no sense; the message says which, and what would."""


def read_clients(
    file: Path, scopes: Mapping[str, frozenset[str]]
) -> dict[str, tuple[ReadyClient, ...]]:
    """Return the clients of ``file`` by bank: one object, or a list of them.

    ``scopes``: of each bank that there is; the first one is that of entries which name none.

    Raises:
        ClientsFileRefused: see there.
    """
    found: dict[str, list[ReadyClient]] = {}
    taken = {client.client_id: "a ready client" for bank in scopes for client in load_clients(bank)}
    for where, entry in _entries(file):
        bank, client = _read(where, entry, scopes)
        if client.client_id in taken:
            raise ClientsFileRefused(
                f"{where}: client_id {client.client_id!r} is {taken[client.client_id]}'s: "
                "take another"
            )
        taken[client.client_id] = where
        found.setdefault(bank, []).append(client)
    return {bank: tuple(entries) for bank, entries in found.items()}


def _entries(file: Path) -> Iterator[tuple[str, Json]]:
    """Yield (where it stands, entry); everything but its place is still to be checked."""
    try:
        text = file.read_bytes()
    except OSError as error:
        raise ClientsFileRefused(error.strerror or str(error)) from error
    if len(text) > FILE_MAX_BYTES:
        raise ClientsFileRefused(f"it is longer than {FILE_MAX_BYTES} bytes")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ClientsFileRefused(f"it is not JSON: {error}") from None
    entries = document if isinstance(document, list) else [document]
    if not 1 <= len(entries) <= ENTRIES_MAX:
        raise ClientsFileRefused(f"it must hold 1 to {ENTRIES_MAX} clients")
    for number, entry in enumerate(entries, start=1):
        name = entry.get("client_id") or entry.get("client_name") if isinstance(entry, dict) else ""
        yield f"client {number}" + (f" ({name})" if name else ""), entry


def _read(where: str, entry: Json, scopes: Mapping[str, frozenset[str]]) -> tuple[str, ReadyClient]:
    if problem := _schema_problem(entry):
        raise ClientsFileRefused(f"{where}: {problem}")
    bank = entry.get("bank") or next(iter(scopes))
    if bank not in scopes:
        raise ClientsFileRefused(f"{where}: there is no bank {bank!r}, but {', '.join(scopes)}")
    if "notification_url" in entry or "notification_secret" in entry:
        raise ClientsFileRefused(f"{where}: the control door says where it is told of events")
    registrar = Registrar(bank=bank, scopes=scopes[bank])
    secret = entry.get("client_secret")
    try:
        client = client_of(entry, registrar, entry.get("client_id") or _drawn_id(bank, entry))
        check_keys(client)
    except OAuthError as error:
        raise ClientsFileRefused(f"{where}: {error.description} ({error.error})") from None
    if uses_secret(client) and secret is None:
        raise ClientsFileRefused(
            f"{where}: client_secret is missing: {client.auth_method} needs one, "
            "of 8 to 128 characters"
        )
    if secret is not None and not uses_secret(client):
        raise ClientsFileRefused(f"{where}: {client.auth_method} needs no client_secret: leave it")
    return bank, ReadyClient.of(client, secret)


def _drawn_id(bank: str, entry: Json) -> str:
    """Return the id of an entry that names none: the same at each start, while it says the same."""
    said = json.dumps([bank, {k: v for k, v in entry.items() if k != "client_secret"}])
    return f"client-{sha256(said.encode()).hexdigest()[:16]}"


def _schema_problem(entry: Any) -> str | None:
    """Return what of the entry breaks its schema, and what would not."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    worst = best_match(Draft202012Validator(_schema()).iter_errors(entry))
    if worst is None:
        return None
    field = ".".join(str(step) for step in worst.absolute_path)
    if worst.validator == "additionalProperties":
        unknown = ", ".join(sorted(set(entry) - set(_schema()["properties"])))
        return f"there is no metadata {unknown}: see docs/clients.md for the names"
    return f"{field}: {worst.message[:200]}" if field else str(worst.message[:200])


@cache
def _schema() -> Json:
    file = data_root().joinpath("schemas", "control", "client_metadata.json")
    schema: Json = json.loads(file.read_bytes())
    return schema
