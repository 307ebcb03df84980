"""Setting a world back: exactly what was asked, and nothing else."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from sandbox.clock import ClockState, Mode, machine_now, real
from sandbox.domain.time import HOUR
from sandbox.services import incidents
from sandbox.services.agenda import catch_up, reload_next_due
from sandbox.services.oauth import rotation
from sandbox.services.oauth.registration import learn_clients
from sandbox.services.opening import reload as reload_opening
from sandbox.services.reconsent import RECONSENT
from sandbox.services.stops import plan_all
from sandbox.services.transfers.fee_days import plan_fee_days
from sandbox.services.world import World
from sandbox.services.worlds import Worlds
from sandbox.storage import world as world_rows
from sandbox.storage.files import rewrite_world

# What people own and what has happened to it. Providers and their registration stay.
DATA_TABLES = (
    "contractor",
    "credential",
    "account",
    "bank_user",
    "service_contract",
    "field_encryption",
    "former_key",
    "contract_link",
    "remitter",
    "posting",
    "line",
    "contra",
    "transfer_request",
    "transfer_item",
    "transfer_act",
    "beneficiary_script",
    "objection",
    "agenda",
)
# What consents have left behind.
TOKEN_TABLES = (
    "token",
    "authorization_code",
    "grant_account",
    "access_grant",
    "interaction",
    "login_failure",
    "pushed_request",
    "session",
    "desk_session",
    "used_assertion",
    "incident_entry",
    "incident_grant",
    "incident",
)


class ResetService:
    def __init__(self, world: World, worlds: Worlds) -> None:
        self._world = world
        self._worlds = worlds
        self.kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "data": self.data,
            "tokens": self.tokens,
            "journal": self.journal,
            "faults": self.faults,
            "clock": self.clock,
            "all": self.everything,
        }

    async def data(self) -> None:
        """People, accounts and money are as if nobody had touched them until now.

        The world's time stays; the lives are lived again up to it.
        """
        template = await self._template()
        async with self._world.agenda_lock:
            # Terms stay as they were published, and so does the day on which they ask for consent.
            kept = await world_rows.list_agenda(self._world.database, RECONSENT)
            await self._world.database.refill(template, DATA_TABLES)
            async with self._world.database.transaction() as db:
                await world_rows.add_agenda_once(db, kept)
                await rotation.plan(self._world, db)  # the agenda forgot the keys, which stay
                await plan_fee_days(self._world, db)
                await plan_all(self._world, db)
                await incidents.plan_all(self._world, db)
        await catch_up(self._world)

    async def tokens(self) -> None:
        """Every grant, code, token, running sign-in and lock is gone."""
        async with self._world.database.transaction() as db:
            await world_rows.clear_tables(db, TOKEN_TABLES)

    async def journal(self) -> None:
        """The journal is empty; its numbers go on."""
        await self._world.journal.clear()

    async def faults(self) -> None:
        """No rule strikes any call."""
        await self._world.faults.clear()

    async def clock(self) -> None:
        """Time passes as it did when the world was made, from where it began.

        What happened since stays in the books, dated as it was: reset ``data`` too, or ``all``.
        """
        row = await world_rows.find(self._world.database)
        assert row is not None  # an open world has its row
        await self._set_clock(first_clock(row.start_mode, row.starts_at, row.start_rate))

    async def everything(self) -> None:
        """The world is as it was made: data, tokens, journal, faults and clock."""
        world = self._world
        row = await world_rows.find(world.database)
        assert row is not None
        template = await self._template()
        clock = first_clock(row.start_mode, row.starts_at, row.start_rate)
        row = replace(
            row,
            clock_mode=clock.mode.value,
            clock_at=clock.at,
            clock_anchor=clock.anchor,
            clock_rate=clock.rate,
        )
        begin = partial(rewrite_world, name=world.name, tag=world.tag, row=row)
        async with world.agenda_lock:
            last_id = await world.journal.last_id()
            await world.database.replace_by(template, begin)
            world.clock.set(clock)
            await world.faults.reload(world.database)
            await reload_opening(world)
            await learn_clients(world)
            await reload_next_due(world, world.database)
            await world.journal.go_on_from(last_id)
        await catch_up(world)

    async def _set_clock(self, state: ClockState) -> None:
        async with self._world.database.transaction() as db:
            await world_rows.save_clock(
                db, mode=state.mode.value, at=state.at, anchor=state.anchor, rate=state.rate
            )
        self._world.clock.set(state)

    async def _template(self) -> Path:
        return await self._worlds.template(
            self._world.seed,
            self._world.starts_at - self._world.starts_at % HOUR,
            self._world.personas,
        )


def first_clock(mode: str, starts_at: int, rate: float) -> ClockState:
    """Return the clock that a world had when it was made, running from where it began."""
    if mode == Mode.REAL:
        return real()
    return ClockState(mode=Mode(mode), at=starts_at, anchor=machine_now(), rate=rate)
