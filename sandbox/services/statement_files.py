"""Statements and transfer notices as files of the Zengin format (web21 §11)."""

import asyncio
from collections.abc import Callable

from sandbox.domain.errors import InvalidParameter
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import midnight
from sandbox.domain.zengin import (
    LineEnd,
    NoticeForm,
    UnwritableValue,
    write_notices,
    write_statements,
)
from sandbox.domain.zengin.books import AccountPeriod, notice_of, statement_of
from sandbox.services.accounts import Statement
from sandbox.services.transfers.acting import bank_master
from sandbox.services.world import World
from sandbox.storage import accounts

# From so many lines on, writing them holds up the loop longer than a thread costs.
_THREAD_LINES = 200


class StatementFileService:
    """``bank_code``: the bank's own, four digits."""

    def __init__(self, world: World, policy: BankPolicy, bank_code: str) -> None:
        self._world = world
        self._policy = policy
        self._bank_code = bank_code
        self._line_end = LineEnd(policy.zengin_line_end)

    async def statement(self, found: Statement) -> bytes:
        """Return the lines of a period as a file of type 03 (入出金取引明細)."""
        told = await self._told(found)
        return await self._written(self._statement, told)

    async def notice(self, found: Statement) -> bytes:
        """Return the incoming transfers of a period as a file of type 01 (振込入金通知).

        Raises:
            InvalidParameter: in form A, an amount of more than ten digits.
        """
        told = await self._told(found)
        try:
            return await self._written(self._notice, told)
        except UnwritableValue as error:
            problem = f"A様式には入らない金額があります / form A cannot hold it: {error}"
            raise InvalidParameter(problem, [{"field": "form", "message": problem}]) from error

    async def _told(self, found: Statement) -> AccountPeriod:
        if found.lines:
            first = found.lines[0]
            opening_yen = first.balance_after_yen - first.amount_yen
        else:
            opening_yen = await accounts.balance_before(
                self._world.database, found.account.account, midnight(found.period.first)
            )
        return AccountPeriod(
            account=found.account,
            bank_code=self._bank_code,
            period=found.period,
            opening_yen=opening_yen,
            lines=found.lines,
            at=found.at,
        )

    def _statement(self, told: AccountPeriod) -> bytes:
        return write_statements([statement_of(told, bank_master())], line_end=self._line_end)

    def _notice(self, told: AccountPeriod) -> bytes:
        form = NoticeForm(self._policy.zengin_notice_form)
        return write_notices([notice_of(told, bank_master())], form=form, line_end=self._line_end)

    async def _written(self, write: Callable[[AccountPeriod], bytes], told: AccountPeriod) -> bytes:
        if len(told.lines) < _THREAD_LINES:
            return write(told)
        return await asyncio.to_thread(write, told)
