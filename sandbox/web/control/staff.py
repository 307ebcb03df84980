"""``…/bank/{bank}``: what the bank's staff do (行員の操作) about log-ins, grants and accounts."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import TypeAlias

from sandbox.domain.account import AccountState
from sandbox.domain.duration import parse_duration
from sandbox.domain.errors import IllegalTransition, InsufficientFunds, Reason, UnknownAccount
from sandbox.domain.kana import ChangeKind, convert
from sandbox.services.bank import Bank
from sandbox.services.revocations import RevocationService, Target
from sandbox.services.staff import Entry, StaffService, UnknownSubject
from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem

AccountAct: TypeAlias = Callable[[Bank, str, Json], Awaitable[Json]]
ABSTRACT_MAX = 48
CONTRACT_STATES = {"suspend": "suspended", "resume": "active", "end": "ended"}
_TARGETS = ("token_id", "grant_id", "client_id", "contractor_id", "user_id")
_ALLOWED = frozenset(
    {
        *(frozenset({name}) for name in ("token_id", "grant_id", "client_id", "contractor_id")),
        frozenset({"contractor_id", "user_id"}),
        frozenset({"contractor_id", "client_id"}),
        frozenset({"all"}),
    }
)


async def unlock(call: ControlCall) -> Json:
    """Let a locked login, or all logins from a locked address, try again."""
    bank = await bank_of(call, call.request.match_info["bank"])
    try:
        await bank.sign_in.unlock(login=call.body.get("login"), address=call.body.get("address"))
    except ValueError as error:
        raise Problem(422, "invalid-request", f"address: {error}") from error
    return {}


async def revoke(call: ControlCall) -> Json:
    """End grants early: of a token, a grant, a user, a client, a contractor, or of all (W-58)."""
    body = call.body
    bank = await bank_of(call, call.request.match_info["bank"])
    target = _target(body)
    lag_ms = lag_of(body)
    reason = Reason(body.get("reason", Reason.REVOKED_BY_BANK))
    try:
        ended = await RevocationService(bank.world, bank.name).revoke(
            target, reason=reason, lag_ms=lag_ms
        )
    except UnknownSubject as error:
        raise Problem(404, "unknown-subject", f"this bank knows no {error}") from error
    return {"ended": ended}


def lag_of(body: Json) -> int:
    """Return how long what an act ends still goes on, in milliseconds. Raises ``Problem``."""
    try:
        return parse_duration(body["lag"]) if "lag" in body else 0
    except ValueError as error:
        raise Problem(422, "invalid-request", f"lag: {error}") from error


def refuse_lag(body: Json, allowed: str) -> None:
    """Raise ``Problem`` for a lag of an act that knows none: ``allowed`` is the one that does."""
    if "lag" in body and body["act"] != allowed:
        detail = f"lag: {allowed} takes one; {body['act']} is in force from the next call on"
        raise Problem(422, "invalid-request", detail)


def _target(body: Json) -> Target:
    """Return whose grants shall end. Raises ``Problem`` where that is not said, or twice."""
    if frozenset(body) & {*_TARGETS, "all"} not in _ALLOWED:
        detail = "name a token_id, a grant_id, a client_id, a contractor_id (alone, with user_id "
        raise Problem(422, "invalid-request", f"{detail}or with client_id), or all: true")
    return Target(**{name: body[name] for name in _TARGETS if name in body})


async def act_on_contractor(call: ControlCall) -> Json:
    """Suspend, resume or end a contractor's base contract, or lose the cards or user ids."""
    bank = await bank_of(call, call.request.match_info["bank"])
    contractor_id, act = call.request.match_info["contractor_id"], call.body["act"]
    staff = StaffService(bank.world)
    refuse_lag(call.body, "lose_credentials")
    try:
        if act in CONTRACT_STATES:
            await staff.set_contract_state(contractor_id, CONTRACT_STATES[act], bank=bank.name)
        else:
            lag_ms = lag_of(call.body)
            await staff.lose_credentials(contractor_id, bank=bank.name, lag_ms=lag_ms)
    except UnknownSubject as error:
        raise Problem(404, "unknown-subject", f"this bank has no contractor {error}") from error
    return {}


async def act_on_account(call: ControlCall) -> Json:
    """Freeze, restrict, reopen or close an account, or book an entry on it."""
    bank = await bank_of(call, call.request.match_info["bank"])
    account_id = call.request.match_info["account_id"]
    try:
        return await ACCOUNT_ACTS[call.body["act"]](bank, account_id, call.body)
    except UnknownAccount as error:
        raise Problem(404, "unknown-subject", f"this bank has no account {error}") from error
    except IllegalTransition as error:
        raise Problem(409, "illegal-status", str(error)) from error
    except InsufficientFunds as error:
        raise Problem(409, "insufficient-funds", str(error)) from error


def _turns(state: AccountState) -> AccountAct:
    async def turn(bank: Bank, account_id: str, _body: Json) -> Json:
        await StaffService(bank.world).set_account_state(account_id, state, bank=bank.name)
        return {}

    return turn


async def post(bank: Bank, account_id: str, body: Json) -> Json:
    yen = body["amount_yen"]
    if yen == 0:
        raise Problem(422, "invalid-request", "amount_yen must not be 0")
    try:
        value_on = date.fromisoformat(body["value_on"]) if "value_on" in body else None
    except ValueError as error:
        raise Problem(422, "invalid-request", f"value_on: {error}") from error
    entry = Entry(
        amount_yen=yen,
        content=body.get("content", "入金" if yen > 0 else "出金"),
        abstract=_abstract(body["abstract"]),
        value_on=value_on,
    )
    staff = StaffService(bank.world)
    return {"balance_yen": await staff.post_entry(account_id, entry, bank=bank.name)}


def _abstract(text: str) -> str:
    """Return 摘要 in half-width kana. Raises ``Problem`` where something of it would be lost."""
    kana = convert(text)
    lost = "".join(each.before for each in kana.changes if each.kind is ChangeKind.DROPPED)
    if lost or len(kana.text) > ABSTRACT_MAX:
        detail = f"abstract: at most {ABSTRACT_MAX} half-width kana, digits and capitals"
        raise Problem(422, "invalid-request", f"{detail}; not {lost!r}" if lost else detail)
    return kana.text


ACCOUNT_ACTS: Mapping[str, AccountAct] = {
    "freeze": _turns(AccountState.FROZEN),
    "restrict": _turns(AccountState.RESTRICTED),
    "open": _turns(AccountState.OPEN),
    "close": _turns(AccountState.CLOSED),
    "post": post,
}
