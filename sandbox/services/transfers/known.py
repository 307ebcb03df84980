"""What new transfer requests are held to (契約・手数料・口座), read once until it may have changed.

Whatever changes any of it is a commit that counts; new requests alone are not (see
``RegisterService.register``), so that one request does not make the next one read it all again.
"""

from typing import TypeAlias

from sandbox.domain.account import Account
from sandbox.domain.transfer.contract import Caller, TransferContract
from sandbox.domain.transfer.fee import FeeSchedule
from sandbox.services.remembered import Remembered
from sandbox.services.transfers.acting import Desk, load_contract
from sandbox.storage import accounts, fees
from sandbox.storage.database import Reader

MOST_CONTRACTS = 1_000
Holder: TypeAlias = tuple[str, frozenset[str] | None]


class Known:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        database = desk.world.database
        self._contracts: Remembered[Holder, TransferContract] = Remembered(database, MOST_CONTRACTS)
        self._schedules: Remembered[str, tuple[FeeSchedule, ...]] = Remembered(database)
        self._accounts: Remembered[int, Account] = Remembered(database)

    async def contract(self, caller: Caller) -> TransferContract:
        """Return what the contract says of the caller's transfers at this moment (W-46).

        Raises:
            ServiceNotContracted: there is no contract.
        """
        key = caller.contractor_id, caller.accounts
        found = self._contracts.find(key)
        if found is None:
            contract = await load_contract(self._desk.world.database, self._desk, caller)
            found = self._contracts.keep(key, contract)
        return found

    async def schedules(self) -> tuple[FeeSchedule, ...]:
        """Return the bank's fee schedules, oldest first."""
        bank = self._desk.bank
        found = self._schedules.find(bank)
        if found is None:
            schedules = await fees.list_schedules(self._desk.world.database, bank)
            found = self._schedules.keep(bank, schedules)
        return found

    async def account(self, db: Reader, number: int) -> Account | None:
        """Return an account. ``db`` may be a transaction that changes no account."""
        found = self._accounts.find(number)
        if found is None:
            account = await accounts.find(db, number)
            found = None if account is None else self._accounts.keep(number, account)
        return found
