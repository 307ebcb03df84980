"""``…/notices``: what the banks publish, and what they will; ``…/bank/{bank}/terms`` beside it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sandbox.domain.moment import parse_instant
from sandbox.domain.notice import (
    Channel,
    Notice,
    NoticeKind,
    ObjectionRefused,
    TermsChange,
    TermsRefused,
)
from sandbox.domain.time import Instant, iso, midnight
from sandbox.services.bank import Bank
from sandbox.services.notices import Channels, NoticeService
from sandbox.services.opening import new_notice_id
from sandbox.services.staff import UnknownSubject
from sandbox.services.terms import TermsService
from sandbox.services.world import World
from sandbox.web.control.calendar import moment
from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem
from sandbox.web.notices import shown_notice


async def list_notices(call: ControlCall) -> Json:
    """List the notices of every bank, newest first; those still to come are there already."""
    world = await call.world()
    found = [
        _notice(notice, channels, world.now())
        for name in call.controls.profiles
        for notice, channels in await NoticeService(world, name).list_all()
    ]
    return {"notices": found}


async def publish_notice(call: ControlCall) -> Json:
    """Publish a notice of a bank's, now or at a moment to come; by some channels late or never."""
    bank, body = await bank_of(call, call.body["bank"]), call.body
    world = bank.world
    at = moment(body["at"], world, "at") if "at" in body else world.now()
    notice = Notice(
        notice_id=new_notice_id(world),
        bank=bank.name,
        kind=NoticeKind(body.get("kind", NoticeKind.INFORMATION)),
        title_ja=body["title"]["ja"],
        title_en=body["title"]["en"],
        published_at=at,
        effective_at=moment(body["effective"], world, "effective") if "effective" in body else None,
    )
    channels = _channels(body.get("channels", {}), world)
    await NoticeService(world, bank.name).publish(notice, channels)
    return _notice(notice, channels, world.now())


def _channels(asked: Mapping[str, bool | str], world: World) -> dict[Channel, Instant | None]:
    """Return the channels that differ from the notice: by when, or None for never (T-36)."""
    return {
        Channel(name): None if when is False else moment(str(when), world, f"channels.{name}")
        for name, when in asked.items()
        if when is not True
    }


def _notice(notice: Notice, channels: Channels, now: Instant) -> Json:
    shown = {
        "bank": notice.bank,
        **shown_notice(notice),
        "is_published": notice.published_at <= now,
    }
    if not channels:
        return shown
    times = {name.value: None if at is None else iso(at) for name, at in channels.items()}
    return shown | {"channels": times}


async def remove_notice(call: ControlCall) -> Json:
    """Take a notice down; one that is not there is gone already."""
    world = await call.world()
    for name in call.controls.profiles:
        await NoticeService(world, name).delete(call.request.match_info["id"])
    return {}


async def list_terms(call: ControlCall) -> Json:
    """List every version of a bank's terms of use, and which is in force."""
    terms = _terms(await _bank(call))
    found = await terms.list_all()
    return {"terms": [_version(each) | {"in_force": is_now} for each, is_now in found]}


async def publish_terms(call: ControlCall) -> Json:
    """Publish a version of the terms; it is on the bank's notices at once (T-34, W-67)."""
    body, terms = call.body, _terms(await _bank(call))
    until = _end_of(body["objection_until"]) if "objection_until" in body else None
    try:
        day = date.fromisoformat(body["effective_on"])
        needs_consent = body.get("reconsent", False)
        change = await terms.publish(body["version"], day, until, needs_consent=needs_consent)
    except (ValueError, TermsRefused) as error:
        raise Problem(422, "invalid-request", str(error)) from error
    return _version(change)


async def list_objections(call: ControlCall) -> Json:
    """List where each contractor stands on a version: silence is consent once time is up."""
    version, terms = _subject(call), _terms(await _bank(call))
    try:
        found = await terms.standpoints(version)
    except UnknownSubject as error:
        raise _unknown(error) from error
    return {
        "contractors": [
            {
                "contractor_id": each.contractor_id,
                "name": each.name,
                "answer": each.answer.value,
                **({} if each.at is None else {"at": iso(each.at)}),
            }
            for each in found
        ]
    }


async def add_objection(call: ControlCall) -> Json:
    """Object to a version as a contractor, within its period."""
    version, terms = _subject(call), _terms(await _bank(call))
    try:
        await terms.object(version, call.body["contractor_id"])
    except UnknownSubject as error:
        raise _unknown(error) from error
    except ObjectionRefused as error:
        raise Problem(409, "refused", str(error)) from error
    return {}


async def terminate_objector(call: ControlCall) -> Json:
    """End the contract of a contractor who objected, without notice (W-70)."""
    version, terms = _subject(call), _terms(await _bank(call))
    try:
        await terms.terminate(version, call.request.match_info["contractor_id"])
    except UnknownSubject as error:
        raise _unknown(error) from error
    return {}


def _terms(bank: Bank) -> TermsService:
    asked = bank.corporate if bank.facts.has_contracts else None
    return TermsService(bank.world, bank.name, asked)


async def _bank(call: ControlCall) -> Bank:
    return await bank_of(call, call.request.match_info["bank"])


def _subject(call: ControlCall) -> str:
    return call.request.match_info["version"]


def _end_of(text: str) -> Instant:
    """Return the end of a day, or a moment."""
    try:
        if len(text) == len("2026-12-01"):
            return midnight(date.fromisoformat(text) + timedelta(days=1))
        datetime.fromisoformat(text)
        return parse_instant(text)
    except ValueError as error:
        raise Problem(422, "invalid-request", f"objection_until: {error}") from error


def _version(change: TermsChange) -> Json:
    shown: Json = {
        "version": change.version,
        "effective_on": change.effective_on.isoformat(),
    }
    if change.published_at:
        shown["published_at"] = iso(change.published_at)
    if change.objection_until is not None:
        shown["objection_until"] = iso(change.objection_until)
    return shown


def _unknown(error: UnknownSubject) -> Problem:
    return Problem(404, "unknown-subject", f"there is no {error} here")
