"""``…/calendar``: when each class of a bank's functions is open, and which days are holidays."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sandbox.domain.api_class import ApiClass
from sandbox.domain.moment import resolve_target
from sandbox.domain.time import Instant, iso
from sandbox.services.bank import Bank
from sandbox.services.opening import Announcement, OpeningRefused, OpeningService
from sandbox.services.world import World
from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem


async def show_calendar(call: ControlCall) -> Json:
    """Show the hours of each bank and class, what is planned of them, and changed holidays."""
    return await _shown(call, await call.world())


async def set_calendar(call: ControlCall) -> Json:
    """Change hours (of all classes or some, at once or from a moment on), holidays, or both.

    Nobody is told, unless ``announce`` says so: the next request meets what holds then.
    """
    world, body = await call.world(), call.body
    desk = OpeningService(world)
    try:
        if "hours" in body:
            bank = await bank_of(call, body.get("bank", ""))
            from_at = moment(body["from"], world, "from") if "from" in body else None
            await desk.set_hours(
                bank.name,
                [ApiClass(each) for each in body.get("classes", list(ApiClass))],
                body["hours"],
                from_at,
                announcement(body, world),
            )
        if "holidays" in body:
            await desk.set_days(_days(body["holidays"]))
    except (ValueError, OpeningRefused) as error:
        raise Problem(422, "invalid-request", str(error)) from error
    return await _shown(call, world)


def moment(text: str, world: World, field: str) -> Instant:
    """Return the moment that a field names, from now on.

    Raises:
        Problem: it names none, or one that is over.
    """
    try:
        return resolve_target(text, world.now(), world.calendar)
    except ValueError as error:
        raise Problem(422, "invalid-request", f"{field}: {error}") from error


def announcement(body: Json, world: World) -> Announcement | None:
    """Return when and how something is announced; None: it is not."""
    if "announce" not in body:
        return None
    asked = body["announce"]
    at = moment(asked["at"], world, "announce.at") if "at" in asked else world.now()
    title = asked.get("title")
    return Announcement(at=at, title=None if title is None else (title["ja"], title["en"]))


def _days(given: Mapping[str, bool | None]) -> dict[date, bool | None]:
    return {date.fromisoformat(day): is_holiday for day, is_holiday in given.items()}


async def _shown(call: ControlCall, world: World) -> Json:
    desk = OpeningService(world)
    changes = await desk.list_hours()
    banks = [await bank_of(call, name) for name in call.controls.profiles]
    return {
        "first": world.calendar.first.isoformat(),
        "last": world.calendar.last.isoformat(),
        "holidays": await desk.list_days(),
        "banks": [
            {
                "bank": bank.name,
                "hours": [_class(bank, each, changes) for each in ApiClass],
            }
            for bank in banks
        ],
    }


def _class(
    bank: Bank, api_class: ApiClass, changes: list[tuple[str, ApiClass, Instant, Any]]
) -> Json:
    """Return what a class keeps now, until when it is closed, and what is to come."""
    world, now = bank.world, bank.world.now()
    own = [
        (at, written)
        for name, each, at, written in changes
        if (name, each) == (bank.name, api_class)
    ]
    past = [written for at, written in own if at <= now]
    opens_at = world.availability.rules_of(bank.name).closed_until(api_class, now, world.calendar)
    setting = bank.policy.hours
    in_force = past[-1] if past and past[-1] is not None else setting
    shown: Json = {"class": api_class.value, "hours": in_force, "is_open": opens_at is None}
    coming = [(at, written) for at, written in own if at > now]
    shown["coming"] = [
        {"from": iso(at), "hours": setting if written is None else written}
        for at, written in coming
    ]
    return shown
