"""What the control door does to grants, clients and contracts is in the journal too (R-9)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.services.inspection import hashes_of
from sandbox.services.journal import Entry
from sandbox.services.staff import UnknownSubject
from sandbox.services.world import World
from sandbox.storage import clients, grants, inspection

ACT = "act."  # begins the operation of every such entry: they are no calls of a client's


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An act that was done. ``named``: the ids that it names, by kind; ``bank`` None: find it."""

    bank: str | None
    name: str
    path: str
    named: Mapping[str, str]
    body: bytes
    answer: bytes | None
    real_at: int
    latency_us: int


async def note(world: World, done: Done) -> None:
    """Put an act into the journal of its world."""
    entry = Entry()
    entry.real_at, entry.latency_us, entry.at = done.real_at, done.latency_us, world.now()
    entry.bank = done.bank or await _bank_of(world, done.named)
    entry.method, entry.path, entry.operation = "POST", done.path, f"{ACT}{done.name}"
    entry.status = 200
    entry.client_id = done.named.get("client_id")
    entry.contractor_id = done.named.get("contractor_id")
    entry.grant_id = done.named.get("grant_id")
    entry.request_type, entry.request_body = "application/json", done.body
    if done.answer is not None:
        entry.response_type, entry.response_body = "application/json", done.answer
    world.journal.add(entry)


async def _bank_of(world: World, named: Mapping[str, str]) -> str:
    """Return the bank of a grant, a token or a client; empty where there is none any more."""
    db, grant_id = world.database, named.get("grant_id")
    if "client_id" in named:
        client = await clients.find_anywhere(db, named["client_id"])
        return "" if client is None else client.bank
    if "token_id" in named:
        try:
            grant_id = await inspection.find_grant_of(db, *hashes_of(named["token_id"]))
        except UnknownSubject:
            return ""
    return "" if grant_id is None else await grants.find_bank(db, grant_id) or ""
