"""Reference functions (参照系) of ``web21``, and what transfers start from."""

from dataclasses import replace

from aiohttp import web

from sandbox.services.accounts import Statement
from sandbox.web.call import Call, Json
from sandbox.web.faults.reading import shown_balance, shown_statement
from sandbox.web.web21 import wire
from sandbox.web.web21.files import text_response


async def show_corporation(call: Call) -> Json:
    """企業情報照会: how the contractor's transfers are approved, and by whom."""
    contract, approvers = await call.bank.contracts.contract_of(_contractor_of(call))
    pays = call.bank.policy.beneficiary_pays
    return {**_target(call), **wire.corporation(contract, approvers, beneficiary_pays=pays)}


async def list_payers(call: Call) -> Json:
    """利用者情報照会: the accounts that may pay, and the remitters of each."""
    payers = await call.bank.contracts.list_payers(_contractor_of(call), _usable(call))
    return {**_target(call), "accounts": [wire.payer(found) for found in payers]}


async def list_contract_accounts(call: Call) -> Json:
    """口座一覧: the contractor's own accounts, then those of its children."""
    found = await call.bank.contracts.list_accounts(_contractor_of(call), _usable(call))
    return wire.accounts(found, call.bank.world.now())


async def show_account_balance(call: Call) -> Json:
    """残高照会: current and withdrawable balance, and what the last closing runs left."""
    found = await call.bank.contracts.find_usable(
        _contractor_of(call), call.request.match_info["account_id"], _usable(call)
    )
    return wire.balance(*await shown_balance(call.request, call.bank.world, found))


async def list_account_transactions(call: Call) -> Json:
    """入出金明細照会: the rows of a period, oldest first, as far back as the plan looks."""
    return wire.statement(await _statement(call))


async def write_account_transactions(call: Call) -> web.Response:
    """入出金明細照会 as a file of type 03."""
    found = await _statement(call)
    return text_response(call, await call.bank.statement_files.statement(found))


async def list_deposits(call: Call) -> Json:
    """振込入金照会: the rows of a period that are incoming transfers, oldest first."""
    from sandbox.domain.zengin.books import is_incoming  # the format is imported when it is used

    found = await _statement(call)
    return wire.statement(replace(found, lines=list(filter(is_incoming, found.lines))))


async def write_deposits(call: Call) -> web.Response:
    """振込入金照会 as a file of type 01 (振込入金通知)."""
    found = await _statement(call)
    return text_response(call, await call.bank.statement_files.notice(found))


async def _statement(call: Call) -> Statement:
    powers = call.access.standing.powers
    assert powers is not None  # a grant of this bank is a corporate user's
    found = await call.bank.contracts.statement(
        _contractor_of(call),
        call.request.match_info["account_id"],
        wire.day(call.query, "date_from"),
        wire.day(call.query, "date_to"),
        plan=powers.plan,
        usable=powers.accounts,
    )
    return await shown_statement(call.request, call.bank.world, found)


def _contractor_of(call: Call) -> str:
    return call.access.standing.contractor_id


def _usable(call: Call) -> frozenset[str] | None:
    """Return the ids of the accounts that the user may use; None: all of the contract."""
    powers = call.access.standing.powers
    return None if powers is None else powers.accounts


def _target(call: Call) -> Json:
    """Return the service that was asked about, where the call names one."""
    asked = call.query.get("target_service")
    return {} if asked is None else {"target_service": asked}
