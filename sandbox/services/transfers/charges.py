"""Fees: what a transfer costs, the contract fee of each month, and changes of both (W-18…W-23)."""

from collections.abc import Iterable
from datetime import date

from sandbox.domain.account import AccountState, AccountType
from sandbox.domain.errors import BankError, UnknownAccount
from sandbox.domain.time import jst_date
from sandbox.domain.transfer import due
from sandbox.domain.transfer.fee import Charge, FeeSchedule, TaxRate, in_force, tax_on
from sandbox.domain.transfer.settlement import charge_of, contract_fee_posting
from sandbox.services import ledger
from sandbox.services.transfers.acting import Desk
from sandbox.services.transfers.fee_days import plan_next
from sandbox.services.transfers.planning import CONTRACT_FEE, item, plan
from sandbox.services.transfers.settling import Happened
from sandbox.services.world import World
from sandbox.storage import accounts, fees
from sandbox.storage.database import Reader, Transaction
from sandbox.storage.world import AgendaItem

FEE_ACCOUNT_TYPES = frozenset({AccountType.ORDINARY, AccountType.CURRENT})


class FeeAccountRefused(BankError):
    """手数料決済口座にできない科目 (W-23)"""


class ChargeService:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._world = desk.world

    async def quote(
        self, designated_on: date, items: Iterable[tuple[str, int]], *, beneficiary_pays: bool
    ) -> list[Charge | None]:
        """Return what (bank code, yen) items would cost on a day, as far as is known today.

        None where the fee would leave the beneficiary nothing.
        """
        schedules = await fees.list_schedules(self._world.database, self._desk.bank)
        schedule = in_force(schedules, designated_on)
        return [
            charge_of(
                schedule,
                amount_yen,
                is_own_bank=bank_code == self._desk.bank_code,
                beneficiary_pays=beneficiary_pays,
            )
            for bank_code, amount_yen in items
        ]

    async def list_all(self) -> tuple[tuple[FeeSchedule, ...], tuple[TaxRate, ...]]:
        """Return the bank's fee schedules and the tax rates, oldest first."""
        db = self._world.database
        return await fees.list_schedules(db, self._desk.bank), await fees.list_tax_rates(db)

    async def set_schedule(self, schedule: FeeSchedule) -> None:
        """Change the fees from a day on; nobody need be told (W-22).

        Not while the agenda is at work: a request is paid by the fees it was debited by.
        """
        async with self._world.agenda_lock, self._world.database.transaction() as db:
            await fees.save_schedule(db, self._desk.bank, schedule)

    async def set_tax_rate(self, rate: TaxRate) -> None:
        """Change the consumption tax from a day on."""
        async with self._world.database.transaction() as db:
            await fees.save_tax_rate(db, rate)

    async def set_fee_account(self, contractor_id: str, account_id: str) -> None:
        """Let another account of the contractor pay the contract fee (W-20).

        Raises:
            UnknownAccount: not the contractor's, closed, or there is no contract.
            FeeAccountRefused: not of a type that may (W-23).
        """
        async with self._world.database.transaction() as db:
            account = await accounts.find_by_account_id(db, account_id)
            if (
                account is None
                or account.contractor_id != contractor_id
                or account.state is AccountState.CLOSED
            ):
                raise UnknownAccount(account_id)
            if account.account_type not in FEE_ACCOUNT_TYPES:
                raise FeeAccountRefused(f"{account.account_type} accounts pay no fees")
            if not await fees.set_fee_account(db, contractor_id, account.account):
                raise UnknownAccount(account_id)


# The agenda's side


async def run_fee_day(world: World, db: Transaction, due_item: AgendaItem) -> list[Happened]:
    """契約料引落日: every contract in force pays, each in a transaction of its own."""
    bank, day = due_item.subject, jst_date(due_item.due_at)
    month = f"{day:%Y-%m}"
    for contractor_id in await fees.list_payers(db, bank):
        await plan(world, db, item(CONTRACT_FEE, due_item.due_at, bank, month, contractor_id))
    await plan_next(world, db, bank, due_item.due_at)
    return []


async def run_contract_fee(world: World, db: Transaction, due_item: AgendaItem) -> list[Happened]:
    """契約料・消費税: debited without being asked (W-19), or tried again on the next business day.

    The fee is that of the month's fee day, also where it could be debited only later.
    """
    bank, month, contractor_id = due_item.subject.split(":", 2)
    first = date.fromisoformat(f"{month}-01")
    policy = world.policies[bank]
    fee_day = jst_date(due.fee_day(first, world.calendar, policy))
    fee_yen, tax_yen = await _contract_fee(db, bank, fee_day)
    number = await fees.find_fee_account(db, contractor_id)
    if number is None or fee_yen == 0:
        return []
    account = await accounts.find(db, number)
    assert account is not None  # a contract refers to one
    today = jst_date(due_item.due_at)
    event = {
        "subject": account.account_id,
        "bank": bank,
        "contractor_id": contractor_id,
        "month": month,
        "fee_yen": fee_yen,
        "tax_yen": tax_yen,
    }
    if account.state is not AccountState.OPEN or account.withdrawable_yen < fee_yen + tax_yen:
        again_at = due.fee_retry(today, world.calendar, policy)
        await plan(world, db, item(CONTRACT_FEE, again_at, bank, month, contractor_id))
        return [{"kind": "contract_fee_put_off", **event}]
    posting = contract_fee_posting(number, fee_yen, tax_yen, today)
    await ledger.post(db, posting, booked_at=due_item.due_at)
    return [{"kind": "contract_fee_debited", **event}]


async def _contract_fee(db: Reader, bank: str, day: date) -> tuple[int, int]:
    """Return (fee, tax) of a month by what is in force on its fee day."""
    fee_yen = in_force(await fees.list_schedules(db, bank), day).contract_yen
    return fee_yen, tax_on(fee_yen, await fees.list_tax_rates(db), day)
