"""Which web pages may call a bank from a browser: those of its public clients (O-35)."""

from sandbox.domain.oauth.origins import origins_of
from sandbox.services.world import World
from sandbox.storage import clients


async def is_registered(world: World, bank: str, origin: str) -> bool:
    """Say whether ``origin`` is one of an active public client of the bank.

    Compared as a string, as browsers write it. ``null`` is nobody's: any sandboxed frame sends it.
    """
    public = await clients.list_public(world.database, bank)
    return any(origin in origins_of(client) for client in public if client.is_active)
