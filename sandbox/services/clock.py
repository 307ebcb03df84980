"""Moving a world's time. Forward only: going back is done by restoring a snapshot."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.clock import ClockState, Mode, advanced, frozen, machine_now
from sandbox.domain.time import Instant, iso, jst_date
from sandbox.services.agenda import Event, work_off
from sandbox.services.events import gather
from sandbox.services.world import World
from sandbox.storage import world as world_rows
from sandbox.storage.database import Transaction
from sandbox.storage.world import AgendaItem


class ClockRefused(Exception):
    """The clock cannot be moved like that; the message says what can be done instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """``events`` in the order in which they happened, each with ``at`` and ``kind``."""

    now: Instant
    events: list[Event]


class ClockService:
    def __init__(self, world: World) -> None:
        self._world = world

    async def set(self, chosen: Callable[[Instant], ClockState]) -> Advance:
        """Let time pass in another way from now on; what falls due by it happens at once.

        Args:
            chosen: makes the new state from the world's time: a running clock goes on until
                it is this call's turn.

        Raises:
            ClockRefused: the new time is before the world's.
        """
        async with self._world.clock_lock:
            before = self._world.now()
            state = chosen(before)
            target = _reading(state)
            self._refuse_unreachable(before, target)
            return await self._move(before, target, state)

    async def advance(self, target: Callable[[Instant], Instant]) -> Advance:
        """Move time to ``target(now)`` and do everything that falls due on the way, in order.

        Raises:
            ClockRefused: the target is before the world's time.
        """
        async with self._world.clock_lock:
            before = self._world.now()
            until = target(before)
            self._refuse_unreachable(before, until)
            state = advanced(self._world.clock.state, until - before)
            return await self._move(before, until, state)

    def _refuse_unreachable(self, before: Instant, target: Instant) -> None:
        if target < before:
            raise ClockRefused(
                f"time does not go back: it is {iso(before)} here, {iso(target)} is earlier"
            )
        last = self._world.calendar.last
        if jst_date(target) >= last:
            raise ClockRefused(f"the bank's calendar of holidays ends on {last}")

    async def _move(self, before: Instant, until: Instant, state: ClockState) -> Advance:
        """Walk the agenda at its own hours: whoever asks meanwhile reads the hour being worked."""
        world, start = self._world, self._world.clock.state
        events: list[tuple[Instant, int, Event]] = []

        async def keep_up(db: Transaction, item: AgendaItem) -> None:
            """A way that a crash cuts off must not leave the books ahead of the clock."""
            if item.due_at > before:
                await _save(db, advanced(start, item.due_at - before))

        try:
            async for item, happened in work_off(world, until, keep_up):
                if item.due_at > world.now():
                    world.clock.set(frozen(item.due_at))
                events += [(item.due_at, item.priority, event) for event in happened]
                await asyncio.sleep(0)  # a quarter's way is long: other worlds go on meanwhile
        except BaseException:  # time goes on from where the way was cut off, as it is saved
            world.clock.set(advanced(start, max(world.now() - before, 0)))
            raise
        await self._settle(state)
        await gather(world)
        expiries = await world_rows.list_expiries(world.database, before, until)
        events += [
            (at, 9, {"kind": kind, "subject": grant_id, "client_id": client_id})
            for at, kind, client_id, grant_id in expiries
        ]
        events.sort(key=lambda event: event[:2])
        return Advance(
            now=world.now(), events=[{"at": iso(at), **event} for at, _, event in events]
        )

    async def _settle(self, state: ClockState) -> None:
        async with self._world.database.transaction() as db:
            await _save(db, state)
        self._world.clock.set(state)


async def _save(db: Transaction, state: ClockState) -> None:
    await world_rows.save_clock(
        db, mode=state.mode.value, at=state.at, anchor=state.anchor, rate=state.rate
    )


def _reading(state: ClockState) -> Instant:
    """Return what a clock in this state reads at this moment."""
    if state.mode is Mode.FROZEN:
        return state.at
    machine = machine_now()
    if state.mode is Mode.REAL:
        return machine
    return state.at + round((machine - state.anchor) * state.rate)
