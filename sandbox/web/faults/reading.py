"""The hand of a fault rule in what the books show: called by the handlers that show them."""

from aiohttp import web

from sandbox.domain.account import Account
from sandbox.domain.time import Instant
from sandbox.services.accounts import Statement
from sandbox.services.fault_reading import account_as_read, base_of, statement_as_read
from sandbox.services.world import World
from sandbox.web.noting import entry_of


async def shown_statement(request: web.Request, world: World, found: Statement) -> Statement:
    """Return a statement as this caller is to read it."""
    effect = entry_of(request).reading
    return found if effect is None else await statement_as_read(world, found, effect)


async def shown_balance(
    request: web.Request, world: World, found: Account
) -> tuple[Account, Instant]:
    """Return an account as this caller is to read it, and the moment it is of."""
    effect = entry_of(request).reading
    if effect is None:
        return found, world.now()
    return await account_as_read(world, found, effect), base_of(world, effect)
