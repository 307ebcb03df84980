"""The same server as it should not be: each method does what a drill is there to find."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from example_firm.app import FirmServer, Json, Link, order_of
from example_firm.bank_api import BankApi, ConsentNeeded, Later, Refused, TokenDead
from example_firm.books import ACCEPTED, Account, Payment

ATTEMPTS = 4
NO_WARNINGS = "0000000000"
TROUBLE = (ConsentNeeded, Later, Refused, TokenDead)


class CarelessApi(BankApi):
    async def patiently(
        self, send: Callable[[], Awaitable[dict[str, Any]]], *, repeats_lost: bool
    ) -> dict[str, Any]:
        """Again, at once, whatever the bank says."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await send()
            except TROUBLE:
                await asyncio.sleep(0)
        return await send()


class CarelessFirm(FirmServer):
    bank_api = CarelessApi
    counts_by = "value_date"

    async def pay(self, request: web.Request) -> web.StreamResponse:
        """Each press of the button is a payment."""
        asked = await request.json()
        wanted = asked["items"], asked["day"], asked.get("user", "maker")
        payment = self.books.payments[asked["id"]] = Payment(asked["id"], *wanted)
        await self._send_payment(payment, key=None)
        return web.json_response(payment.shown())

    async def _send_payment(self, payment: Payment, key: str | None) -> None:
        body = order_of(payment, self._settings, NO_WARNINGS)
        post = self.api.post
        answer = await self._as(
            payment.user, lambda link: post("/bulk_transfers", link, body, key=key)
        )
        self._learn(payment, answer)

    async def _approve(self, payment: Payment, user: str) -> None:
        path = f"/bulk_transfers/{payment.transaction_id}/submissions"
        answer = await self._as(user, lambda link: self.api.post(path, link, {"use_media": "1"}))
        self._learn(payment, {"transaction_id": payment.transaction_id, **answer})

    async def _look_up(self, payment: Payment) -> None:
        path = f"/bulk_transfers/{payment.transaction_id}"
        detail = await self._as(payment.user, lambda link: self.api.get(path, link))
        self._learn(payment, detail)

    @staticmethod
    def _learn(payment: Payment, detail: Json) -> None:
        """Accepted is as good as paid; what else there is, nobody looks at."""
        payment.transaction_id = detail.get("transaction_id")
        is_paid = detail["transaction_status"] in ACCEPTED | {"40"}
        payment.state = "paid" if is_paid else "waiting"

    def _keep(
        self, account_id: str, balance: Json, lines: list[Json], since: str, today: str
    ) -> None:
        """Whatever the bank says is what there is now."""
        kept = Account(balance["current_balance"], today, True, since, today, lines)
        self.books.accounts[account_id] = kept

    async def _as(self, user: str, call: Callable[[Link], Awaitable[Any]]) -> Any:
        """Call, refresh, call again; the user is told each time, and dead tokens are kept."""
        link = self.books.links[user]
        try:
            return await call(link)
        except Refused:
            raise
        except (ConsentNeeded, TokenDead):
            self.books.tell(user, "there is a problem, please try again")
        self.books.links[user] = {**link, **await self.api.refresh(link["refresh_token"])}
        return await call(self.books.links[user])
