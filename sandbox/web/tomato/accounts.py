"""Reference functions (参照系) of ``tomato``."""

from sandbox.web.call import Call, Json
from sandbox.web.faults.reading import shown_balance, shown_statement
from sandbox.web.tomato import wire


async def list_accounts(call: Call) -> Json:
    """口座一覧: the accounts that the contractor opened to this provider."""
    granted = await call.bank.accounts.list_granted(call.access.standing.grant_id)
    now = call.bank.world.now()
    return {"accounts": [wire.account(found) for found in granted], **wire.as_of(now)}


async def show_balance(call: Call) -> Json:
    """残高照会: current, withdrawable, previous-day and previous-month-end balances."""
    found = await call.bank.accounts.find_usable(
        call.access.standing.grant_id, call.request.match_info["account_id"]
    )
    return wire.balance(*await shown_balance(call.request, call.bank.world, found))


async def list_transactions(call: Call) -> Json:
    """入出金明細照会: the lines of a period, oldest first."""
    found = await call.bank.accounts.statement(
        call.access.standing.grant_id,
        call.request.match_info["account_id"],
        wire.day(call.query, "date_from"),
        wire.day(call.query, "date_to"),
    )
    return wire.statement(await shown_statement(call.request, call.bank.world, found))
