"""The firm's own web application: link, pay, approve, poll, sync, and what its people see."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from example_firm.bank_api import (
    TRIES,
    BankApi,
    BankSettings,
    ConsentNeeded,
    Later,
    Refused,
    TokenDead,
    new_verifier,
)
from example_firm.books import Account, Books, Payment

SESSION = "session"
BULK = "/bulk_transfers"
# Like a request of the last 30 days, and twice the same item: the bank shall say so.
WARNINGS = "1100000000"
DONE = {"paid", "partly_paid", "unable", "expired", "failed", "deleted"}
Link = dict[str, Any]
Json = dict[str, Any]


class Stopped(Exception):
    """The client itself is refused: nothing is sent until it is set up anew."""


@dataclass
class Pending:
    """A consent that a user was sent off for. ``session``: whose browser it was."""

    user: str
    scope: str
    verifier: str
    session: str


class FirmServer:
    bank_api: type[BankApi] = BankApi
    counts_by = "transaction_date"

    def __init__(self, settings: BankSettings) -> None:
        self._settings = settings
        self._pending: dict[str, Pending] = {}
        self._locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._is_stopped = False  # the bank does not know the client any more
        self.books = Books()
        self.api: BankApi

    async def lifetime(self, _app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as http:
            self.api = self.bank_api(self._settings, http)
            yield

    # Links

    async def link(self, request: web.Request) -> web.StreamResponse:
        """Send the user to the bank."""
        state, verifier = secrets.token_urlsafe(24), new_verifier()
        session = request.cookies.get(SESSION) or secrets.token_urlsafe(24)
        pending = Pending(request.query["user"], request.query["scope"], verifier, session)
        self._pending[state] = pending
        found = web.HTTPFound(self.api.consent_url(pending.scope, state, verifier))
        found.set_cookie(SESSION, session, httponly=True, samesite="Lax")
        raise found

    async def callback(self, request: web.Request) -> web.StreamResponse:
        """The user comes back from the bank, with a code or with an error."""
        pending = self._pending.get(request.query.get("state", ""))
        if pending is None or pending.session != request.cookies.get(SESSION):
            return web.json_response({"error": "unknown state"}, status=400)
        del self._pending[request.query["state"]]
        if "error" in request.query or "code" not in request.query:
            error = request.query.get("error", "no code")
            return web.json_response({"error": error}, status=403)
        tokens = await self.api.exchange(request.query["code"], pending.verifier)
        self.books.links[pending.user] = {"scope": pending.scope, **tokens}
        return web.json_response({"linked": pending.user, "scope": tokens.get("scope")})

    async def status(self, request: web.Request) -> web.StreamResponse:
        """Tell how a user's link stands, and how often the user was written to."""
        user = request.query["user"]
        messages = len(self.books.messages.get(user, ()))
        state = "linked" if user in self.books.links else "not_linked"
        if state == "not_linked" and messages:
            state = "consent_needed"
        return web.json_response({"state": state, "messages": messages})

    async def configure(self, request: web.Request) -> web.StreamResponse:
        """Take a new client password, once the old one is known to others."""
        self._settings.client_password = (await request.json())["client_password"]
        self._is_stopped = False
        return web.json_response({"configured": True})

    # Payments

    async def pay(self, request: web.Request) -> web.StreamResponse:
        """Register a payment at the bank, once, however often this is asked for."""
        asked = await request.json()
        async with self._locks["payment", asked["id"]]:
            payment = self._noted(asked)
            if payment.transaction_id is None:
                await self._register(payment)
        return web.json_response(payment.shown(), status=200 if payment.transaction_id else 502)

    def _noted(self, asked: Json) -> Payment:
        """Return the payment, written down before it is sent.

        One that was refused may change: that is another decision, with a key of its own.
        """
        known = self.books.payments.get(asked["id"])
        if known is None or known.state == "refused":
            wanted = asked["items"], asked["day"], asked.get("user", "maker")
            key = f"{asked['id']}-{secrets.token_urlsafe(8)}"
            known = self.books.payments[asked["id"]] = Payment(asked["id"], *wanted, key=key)
        return known

    async def _register(self, payment: Payment) -> None:
        """Send it under its own key; where the answer is lost, look first, then send it again."""
        for _ in range(TRIES):
            try:
                if payment.state == "unknown" and await self._is_found(payment):
                    return
                await self._send_payment(payment, key=payment.key)
            except Later as error:
                if not error.is_lost:
                    raise
                payment.state = "unknown"
            except Refused as error:
                payment.state, payment.error = "refused", error.code
                raise
            else:
                return

    async def _send_payment(self, payment: Payment, key: str | None) -> None:
        body = order_of(payment, self._settings, WARNINGS)
        answer = await self._as(payment.user, lambda link: self.api.post(BULK, link, body, key=key))
        self._take(payment, answer)

    def _take(self, payment: Payment, answer: Json) -> None:
        payment.error = None
        if answer.get("result_type") == "warning":
            payment.state, payment.error = "refused", "warning"
            raise Refused(409, "warning")
        payment.learn(answer)

    async def _is_found(self, payment: Payment) -> bool:
        """Ask the bank whether it has the payment: its notes carry the firm's own number."""
        found = await self._as(payment.user, lambda link: self.api.get(f"{BULK}/list", link))
        for row in found["transaction_list_info"]:
            if row.get("transaction_notes") == payment.id and row["transaction_status"] != "01":
                payment.learn(row)
                return True
        return False

    async def approve(self, request: web.Request) -> web.StreamResponse:
        """Approve with the approver's own token; where the answer is lost, look what became."""
        asked = await request.json()
        payment = self.books.payments[asked["id"]]
        async with self._locks["payment", payment.id]:
            await self._approve(payment, asked.get("user", "checker"))
        return web.json_response(payment.shown())

    async def _approve(self, payment: Payment, user: str) -> None:
        path, key = f"{BULK}/{payment.transaction_id}/submissions", f"approve-{payment.id}-{user}"
        try:
            answer = await self._as(
                user, lambda link: self.api.post(path, link, {"use_media": "1"}, key=key)
            )
        except Later as error:
            if not error.is_lost:
                raise
            await self._look_up(payment)
        else:
            payment.learn({"transaction_id": payment.transaction_id, **answer})

    async def poll(self, request: web.Request) -> web.StreamResponse:
        """Ask what has become of payments that are not done."""
        for payment in list(self.books.payments.values()):
            if payment.transaction_id is not None and payment.state not in DONE:
                await self._look_up(payment)
        return await self.payments(request)

    async def _look_up(self, payment: Payment) -> None:
        path = f"{BULK}/{payment.transaction_id}"
        payment.learn(await self._as(payment.user, lambda link: self.api.get(path, link)))

    async def payments(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({each.id: each.shown() for each in self.books.payments.values()})

    # Books

    async def sync(self, request: web.Request) -> web.StreamResponse:
        """Fetch balances and this month's lines of the firm's accounts."""
        user = request.query.get("user", "maker")
        async with self._locks["sync", user]:
            for account_id in self._settings.accounts:
                await self._as(user, lambda link, name=account_id: self._fetch(link, name))
        return web.json_response({name: each.shown() for name, each in self.books.accounts.items()})

    async def _fetch(self, link: Link, account_id: str) -> None:
        path = f"/accounts/{account_id}"
        balance = await self.api.get(path, link)
        today = self.api.today.isoformat()
        since = today[:8] + "01"
        found = await self.api.get(f"{path}/transactions", link, date_from=since, date_to=today)
        self._keep(account_id, balance, found["transactions"], since, today)

    def _keep(
        self, account_id: str, balance: Json, lines: list[Json], since: str, today: str
    ) -> None:
        """Keep a balance with the day it is of: an older one than is known already goes unused."""
        as_of, known = balance["base_date"], self.books.accounts.get(account_id)
        if known is not None and as_of < known.as_of:
            known.is_current = False
            return
        self.books.accounts[account_id] = Account(
            balance["current_balance"], as_of, as_of == today, since, today, lines
        )

    async def view(self, _request: web.Request) -> web.StreamResponse:
        """Show what the firm's people go by: what is paid, and the sums of the month."""
        paid = [each for each in self.books.payments.values() if each.is_shown_as_paid]
        totals = [
            {
                "account_id": account_id,
                "date_from": each.since,
                "date_to": each.until,
                "net_yen": each.net_yen(self.counts_by),
            }
            for account_id, each in self.books.accounts.items()
        ]
        shown = {"shown_as_paid": [each.transaction_id for each in paid], "totals": totals}
        return web.json_response(shown)

    # Calls with a user's token

    async def _as(self, user: str, call: Callable[[Link], Awaitable[Any]]) -> Any:
        """Call the bank for a user; where the access token has lapsed, refresh once."""
        used = self._link_of(user)
        with suppress(TokenDead):
            if used["access_token"] is not None:
                return await call(used)
        await self._refresh(user, used)
        try:
            return await call(self._link_of(user))
        except TokenDead:
            self.books.forget_link(user)
            raise ConsentNeeded from None

    def _link_of(self, user: str) -> Link:
        if self._is_stopped:
            raise Stopped
        link = self.books.links.get(user)
        if link is None:
            raise ConsentNeeded
        return link

    async def _refresh(self, user: str, dead: Link) -> None:
        """Refresh a user's tokens, unless somebody else just did."""
        async with self._locks["refresh", user]:
            link = self._link_of(user)
            if link is not dead:
                return
            try:
                tokens = await self.api.refresh(link["refresh_token"])
            except ConsentNeeded:
                self.books.forget_link(user)
                raise
            except Refused as error:
                if error.code == "invalid_client":
                    self._stop()
                raise
            self.books.links[user] = {**link, **tokens}

    def _stop(self) -> None:
        """Call the bank no more before somebody has looked into it, nor with a dead token ever."""
        self._is_stopped = True
        for user, link in self.books.links.items():
            link["access_token"] = None
            self.books.tell(user, "the bank does not accept the firm's client any more")


def order_of(payment: Payment, settings: BankSettings, warnings: str) -> Json:
    """Return a payment as the bank takes it (総合振込依頼データ)."""
    account_id = settings.accounts[0]
    items = [
        {
            "item_id": str(position),
            "beneficiary_bank_code": each["bank"],
            "beneficiary_branch_code": each["branch"],
            "account_type_code": "01",
            "account_number": each["account"],
            "beneficiary_name": each["name"],
            "transfer_amount": each["yen"],
            "new_code": "0",
        }
        for position, each in enumerate(payment.items, start=1)
    ]
    data = {
        "transaction_notes": payment.id,
        "category_code": "21",
        "remitter_code": settings.remitter_code,
        "remitter_name": settings.remitter_name,
        "effort_date": payment.day[5:],
        "remitting_bank_code": settings.api_base[-4:],
        "remitting_branch_code": account_id[:3],
        "remitting_account_type_code": account_id[3:5],
        "remitting_account_number": account_id[5:12],
        "transactions": items,
    }
    return {"warning_check_type": warnings, "fixed_request_data": data}


@web.middleware
async def bank_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    """Tell the firm's people what stands in the way."""
    try:
        return await handler(request)
    except ConsentNeeded:
        return web.json_response({"error": "consent_needed"}, status=409)
    except Stopped:
        return web.json_response({"error": "client_refused"}, status=503)
    except Refused as error:
        return web.json_response({"error": error.code}, status=422)
    except Later as error:
        said = {"error": "unknown" if error.is_lost else "later", "wait_s": error.wait_s}
        return web.json_response(said, status=502 if error.is_lost else 503)


def make_app(settings: BankSettings, kind: type[FirmServer] = FirmServer) -> web.Application:
    firm = kind(settings)
    app = web.Application(middlewares=[bank_errors])
    app.cleanup_ctx.append(firm.lifetime)
    for path in ("link", "callback", "status", "payments", "view"):
        app.router.add_get(f"/{path}", getattr(firm, path))
    for path in ("pay", "approve", "poll", "sync", "configure"):
        app.router.add_post(f"/{path}", getattr(firm, path))
    return app
