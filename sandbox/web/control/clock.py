"""``…/clock``: how a world's time passes, and moving it."""

from collections.abc import Callable

from sandbox.clock import clock_of, machine_now
from sandbox.domain.calendar import BankCalendar
from sandbox.domain.duration import parse_duration
from sandbox.domain.errors import CalendarHorizon
from sandbox.domain.moment import resolve_target
from sandbox.domain.time import Instant, iso
from sandbox.services.clock import ClockRefused, ClockService
from sandbox.web.control import describe
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem


async def show_clock(call: ControlCall) -> Json:
    """Show how the world's time passes, and what time it is."""
    return describe.clock(await call.world())


async def set_clock(call: ControlCall) -> Json:
    """Let time pass in another way: real, frozen, offset or scaled."""
    world = await call.world()
    try:
        advance = await ClockService(world).set(lambda now: clock_of(call.body, machine_now(), now))
    except (ValueError, ClockRefused) as error:
        raise Problem(422, "invalid-clock", str(error)) from error
    return {**describe.clock(world), "events": advance.events}


async def advance_clock(call: ControlCall) -> Json:
    """Move time forward and do all that falls due on the way; answers the ordered events.

    Time goes back only by a snapshot, so one is taken first (``before-advance-…``).
    """
    world = await call.world()
    await call.controls.snapshots(world).take_automatic()
    try:
        advance = await ClockService(world).advance(_target(call.body, world.calendar))
    except (ValueError, ClockRefused, CalendarHorizon) as error:
        raise Problem(422, "invalid-clock", str(error)) from error
    return {"now": iso(advance.now), "events": advance.events}


def _target(body: Json, calendar: BankCalendar) -> Callable[[Instant], Instant]:
    """Return the function from the world's time to the one that is asked for."""
    if "by" in body:
        length = parse_duration(body["by"])
        return lambda now: now + length
    return lambda now: resolve_target(body["to"], now, calendar)
