"""``…/bank/{bank}/acts``: what people and the bank do that ends or suspends grants (faults §3)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sandbox.domain.duration import parse_duration
from sandbox.domain.errors import IllegalTransition
from sandbox.services.acts import ActService, SecretRefused, Who
from sandbox.services.oauth.registration import UnknownClient
from sandbox.services.staff import UnknownSubject
from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem

Do: TypeAlias = Callable[[ActService, Json], Awaitable[Json]]
PEOPLE = frozenset({"persona", "contractor_id", "user_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """``takes``: its fields beside those that name somebody; of them ``needs`` must be there."""

    do: Do
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    is_of_somebody: bool = True

    def check(self, body: Json) -> None:
        """Raise ``Problem`` where a field is missing, or one is there that means nothing."""
        given = body.keys() - {"act"}
        allowed = self.takes | self.needs | (PEOPLE if self.is_of_somebody else frozenset())
        if "lag" in given - allowed:
            raise _refused(f"lag: {body['act']} ends no grant: it is in force at once")
        if unknown := sorted(given - allowed):
            raise _refused(f"{unknown[0]}: {body['act']} takes {', '.join(sorted(allowed))}")
        if missing := sorted(self.needs - given):
            raise _refused(f"{missing[0]}: {body['act']} needs it")
        if self.is_of_somebody and ("persona" in body) == ("contractor_id" in body):
            raise _refused("name either a persona, or a contractor_id (with a user_id, or without)")
        if "user_id" in body and "contractor_id" not in body:
            raise _refused("user_id: goes with a contractor_id")


async def act(call: ControlCall) -> Json:
    """Do what a person or the bank does: a new password, a lost card, a merged branch …"""
    bank = await bank_of(call, call.request.match_info["bank"])
    body, name = call.body, call.body["act"]
    ACTS[name].check(body)
    try:
        if "client_id" in body:
            await bank.registration.find(body["client_id"])
        return await ACTS[name].do(ActService(bank.world, bank.name), body)
    except UnknownSubject as error:
        raise Problem(404, "unknown-subject", f"this bank knows no {error}") from error
    except UnknownClient as error:
        raise Problem(404, "unknown-client", f"this bank has no client {error}") from error
    except SecretRefused as error:
        raise _refused(str(error)) from error
    except IllegalTransition as error:
        raise Problem(409, "illegal-status", str(error)) from error


def _who(body: Json) -> Who:
    return Who(**{name: body[name] for name in PEOPLE if name in body})


def duration(body: Json, field: str, default: int) -> int:
    """Return a length in milliseconds. Raises ``Problem``."""
    try:
        return parse_duration(body[field]) if field in body else default
    except ValueError as error:
        raise _refused(f"{field}: {error}") from error


def _refused(detail: str) -> Problem:
    return Problem(422, "invalid-request", detail)


async def change_password(acts: ActService, body: Json) -> Json:
    lag_ms = duration(body, "lag", 0)
    return {"ended": await acts.change_secret(_who(body), body.get("secret"), lag_ms=lag_ms)}


async def change_certificate(acts: ActService, body: Json) -> Json:
    second, lag_ms = body.get("second_factor"), duration(body, "lag", 0)
    return {"ended": await acts.change_certificate(_who(body), second, lag_ms=lag_ms)}


async def share_id(acts: ActService, body: Json) -> Json:
    lag_ms = duration(body, "lag", 0)
    return {"ended": await acts.share_id(_who(body), body["client_id"], lag_ms=lag_ms)}


async def lose_card(acts: ActService, body: Json) -> Json:
    return {"ended": await acts.lose_card(_who(body), "lost", lag_ms=duration(body, "lag", 0))}


async def lapse_card(acts: ActService, body: Json) -> Json:
    return {"ended": await acts.lose_card(_who(body), "lapsed", lag_ms=duration(body, "lag", 0))}


async def reissue_card(acts: ActService, body: Json) -> Json:
    return {"ended": await acts.reissue_card(_who(body), body["secret"])}


async def report_death(acts: ActService, body: Json) -> Json:
    return {"ended": await acts.report_death(_who(body))}


async def require_consent(acts: ActService, body: Json) -> Json:
    lag_ms = duration(body, "lag", 0)
    return {"ended": 0, "suspended": await acts.require_consent(lag_ms=lag_ms)}


async def agree(acts: ActService, body: Json) -> Json:
    return {"ended": 0, "resumed": await acts.agree(_who(body))}


async def merge_branch(acts: ActService, body: Json) -> Json:
    ended, moves = await acts.merge_branch(
        body["branch_code"],
        body["into"],
        body.get("branch_name"),
        lag_ms=duration(body, "lag", 0),
    )
    moved = [
        {"old_id": each.old_id, "new_id": each.new_id, "account_number": each.account_number}
        for each in moves
    ]
    return {"ended": ended, "moved": moved}


_LAG = frozenset({"lag"})
ACTS: Mapping[str, Act] = {
    "change_password": Act(do=change_password, takes=_LAG | {"secret"}),
    "change_certificate": Act(do=change_certificate, takes=_LAG | {"second_factor"}),
    "share_id": Act(do=share_id, takes=_LAG, needs=frozenset({"client_id"})),
    "lose_card": Act(do=lose_card, takes=_LAG),
    "lapse_card": Act(do=lapse_card, takes=_LAG),
    "reissue_card": Act(do=reissue_card, needs=frozenset({"secret"})),
    "report_death": Act(do=report_death),
    "require_consent": Act(do=require_consent, takes=_LAG, is_of_somebody=False),
    "agree": Act(do=agree),
    "merge_branch": Act(
        do=merge_branch,
        takes=_LAG | {"branch_name"},
        needs=frozenset({"branch_code", "into"}),
        is_of_somebody=False,
    ),
}
