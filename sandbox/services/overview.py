"""A world at a glance: what lives, what comes, what became of transfers. No secrets."""

from dataclasses import dataclass
from typing import Any

from sandbox.domain.time import Instant
from sandbox.services.inspection import TOKEN_ID_BYTES
from sandbox.services.world import World
from sandbox.storage import overview

SHOWN = 20
Found = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """Items of one kind: when the next falls due, when the last, and how many there are."""

    kind: str
    at: Instant
    last_at: Instant
    count: int


async def live_grants(world: World) -> list[Found]:
    """Return up to ``SHOWN`` grants that have not ended; one that is suspended is among them."""
    return await overview.live_grants(world.database, world.now(), SHOWN)


async def live_tokens(world: World) -> list[Found]:
    """Return up to ``SHOWN`` tokens by the ids that the control API gives them."""
    found = await overview.live_tokens(world.database, world.now(), SHOWN)
    return [{"id": each.pop("token_hash")[:TOKEN_ID_BYTES].hex(), **each} for each in found]


async def coming(world: World) -> list[Coming]:
    """Return what falls due next by its kind, that which comes first at the top."""
    moments: dict[str, list[Instant]] = {}
    for at, kind in await overview.coming(world.database):
        moments.setdefault(kind, []).append(at)
    return [
        Coming(kind=kind, at=found[0], last_at=found[-1], count=len(found))
        for kind, found in moments.items()
    ]


async def transfers_by_status(world: World) -> list[tuple[str, str, int]]:
    """Return bank, status and how many of the newest transfer requests stand there."""
    return await overview.transfers_by_status(world.database)
