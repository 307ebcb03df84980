"""The provider's own web application: link, callback, sync, accounts, status, disconnect."""

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web
from example_app.bank_api import (
    BankApi,
    BankSettings,
    ConsentNeeded,
    NotAllowed,
    Refused,
    TokenDead,
    log,
    new_verifier,
)
from example_app.store import Store

FIRST_SYNC = timedelta(days=60)
SESSION = "session"
# What the bank's documents promise; only the bank knows, and may end either earlier.
CONSENT_LASTS = timedelta(days=90)
UNUSED_LASTS = timedelta(days=30)


@dataclass
class Pending:
    """A consent that a user was sent off for. ``session``: whose browser it was."""

    user: str
    verifier: str
    session: str
    landing: str


class LogLines(logging.Handler):
    """What the application has logged, for those who look into it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Provider:
    bank_api: type[BankApi] = BankApi

    def __init__(self, settings: BankSettings) -> None:
        self._settings = self._registered = settings
        self._pending: dict[str, Pending] = {}
        self._busy: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._logged = LogLines()
        self.store = Store()
        self.api: BankApi
        self._http: aiohttp.ClientSession

    async def lifetime(self, _app: web.Application) -> AsyncIterator[None]:
        log.addHandler(self._logged)
        log.setLevel(logging.INFO)
        async with aiohttp.ClientSession() as self._http:
            self.api = self.bank_api(self._settings, self._http)
            yield
        log.removeHandler(self._logged)
        self.store.close()

    async def reset(self, _request: web.Request) -> web.StreamResponse:
        """Forget every user, as on the first day. For test systems alone."""
        self.store.close()
        self.store, self._pending = Store(), {}
        self._settings = self._registered
        self.api = self.bank_api(self._settings, self._http)
        self._logged.lines.clear()
        return web.json_response({})

    async def link(self, request: web.Request) -> web.StreamResponse:
        """Send the user to the bank."""
        state, verifier = secrets.token_urlsafe(16), new_verifier()
        session = request.cookies.get(SESSION) or secrets.token_urlsafe(16)
        landing = request.query.get("next", "")
        self._pending[state] = Pending(request.query["user"], verifier, session, landing)
        found = web.HTTPFound(self.api.consent_url(state, verifier))
        found.set_cookie(SESSION, session, httponly=True, samesite="Lax")
        raise found

    async def callback(self, request: web.Request) -> web.StreamResponse:
        """The user comes back from the bank, with a code or with an error."""
        pending = self._pending.get(request.query.get("state", ""))
        if pending is None or pending.session != request.cookies.get(SESSION):
            return web.json_response({"error": "unknown state"}, status=400)
        del self._pending[request.query["state"]]
        if request.query.get("iss", self._settings.issuer) != self._settings.issuer:
            return web.json_response({"error": "another issuer"}, status=400)
        if "error" in request.query or "code" not in request.query:
            error = request.query.get("error", "no code")
            return web.json_response({"error": error}, status=403)
        try:
            tokens = await self.api.exchange(request.query["code"], pending.verifier)
        except ConsentNeeded:
            return self._ask_again(pending.user)
        self.store.save_link(pending.user, tokens)
        if is_own(pending.landing):
            raise web.HTTPFound(pending.landing)
        return web.json_response({"linked": pending.user})

    async def sync(self, request: web.Request) -> web.StreamResponse:
        """Fetch what is new at the bank. Of one user's syncs, each waits for the one before."""
        user = request.query["user"]
        async with self._busy[user]:
            return await self._sync(user)

    async def _sync(self, user: str) -> web.StreamResponse:
        if self.store.find_link(user) is None:
            return self._ask_again(user)
        missing: set[str] = set()
        try:
            for account in (await self._get(user, "/accounts"))["accounts"]:
                missing |= await self._sync_account(user, account["account_id"])
        except ConsentNeeded:
            self.store.forget_link(user, self._why(user))
            return self._ask_again(user)
        self.store.note_missing(user, sorted(missing))
        return web.json_response(
            {"accounts": self.store.list_accounts(user), "missing": sorted(missing)}
        )

    async def accounts(self, request: web.Request) -> web.StreamResponse:
        """Show the provider's own copy; the bank is not asked."""
        return web.json_response({"accounts": self.store.list_accounts(request.query["user"])})

    async def status(self, request: web.Request) -> web.StreamResponse:
        """Tell how a user's link stands, and how often the user was written to."""
        user = request.query["user"]
        link, why = self.store.find_link(user), self.store.why_lost(user)
        shown: dict[str, Any] = {"messages": self.store.count_messages(user)}
        if link is None:
            return web.json_response(
                shown | {"state": "not_linked" if why is None else "consent_needed", "why": why}
            )
        missing = [each for each in link["missing"].split(",") if each]
        lasts = link["refresh_token"] is not None
        return web.json_response(shown | {"state": "linked", "missing": missing, "lasts": lasts})

    async def logged(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"lines": self._logged.lines})

    async def configure(self, request: web.Request) -> web.StreamResponse:
        """Take a new client secret, once the old one is known to others."""
        secret = (await request.json())["client_secret"]
        self._settings = replace(self._settings, client_secret=secret)
        self.api = self.bank_api(self._settings, self._http)
        return web.json_response({"configured": True})

    async def disconnect(self, request: web.Request) -> web.StreamResponse:
        """End the consent at the bank, and forget the tokens."""
        user = request.query["user"]
        link = self.store.find_link(user)
        if link is not None:
            await self.api.revoke(link["refresh_token"] or link["access_token"])
            self.store.forget_link(user)
        return web.json_response({"disconnected": user})

    async def _sync_account(self, user: str, account_id: str) -> set[str]:
        """Read an account as far as the bank lets; return the functions that it does not."""
        try:
            balance = await self._get(user, f"/accounts/{account_id}")
        except NotAllowed:
            return {"balances"}
        today, last = balance["base_date"], self.store.synced_on(user, account_id)
        first = last or (date.fromisoformat(today) - FIRST_SYNC).isoformat()
        path = f"/accounts/{account_id}/transactions"
        try:
            statement = await self._get(user, path, date_from=first, date_to=today)
        except NotAllowed:
            self.store.save_account(user, balance, synced_on=last)
            return {"transactions"}
        for found in statement["transactions"]:
            self.store.save_movement(account_id, found)
        self.store.save_account(user, balance, synced_on=today)
        return set()

    async def _get(self, user: str, path: str, **query: str) -> dict[str, Any]:
        """Call the bank; where the access token has lapsed, refresh once and call again."""
        link = self.store.find_link(user)
        if link["access_token"] is not None:
            try:
                return await self.api.get(path, link["access_token"], **query)
            except TokenDead:
                self.store.drop_access_token(user)
        if link["refresh_token"] is None:
            raise ConsentNeeded
        tokens = await self.api.refresh(link["refresh_token"])
        self.store.renew_link(user, tokens)
        try:
            return await self.api.get(path, tokens["access_token"], **query)
        except TokenDead as error:
            raise ConsentNeeded from error

    def _why(self, user: str) -> str:
        """Return what the user is told: as far as the bank's promises explain it."""
        link, now = self.store.find_link(user), self.api.bank_time
        if now - datetime.fromisoformat(link["linked_at"]) >= CONSENT_LASTS:
            return "the consent is over"
        if now - datetime.fromisoformat(link["renewed_at"]) >= UNUSED_LASTS:
            return "the link was not used for long"
        return "the bank has ended the link"

    @staticmethod
    def _ask_again(user: str) -> web.Response:
        return web.json_response({"consent": f"/link?user={user}"}, status=409)


def is_own(landing: str) -> bool:
    """Tell whether a page to land on is one of this application's own."""
    return landing.startswith("/") and landing[1:2] not in ("/", "\\")


@web.middleware
async def bank_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as error:
        return web.json_response({"error": str(error)}, status=502)


def make_app(settings: BankSettings, kind: type[Provider] = Provider) -> web.Application:
    provider = kind(settings)
    app = web.Application(middlewares=[bank_errors])
    app.cleanup_ctx.append(provider.lifetime)
    app.router.add_post("/reset", provider.reset)
    app.router.add_get("/link", provider.link)
    app.router.add_get("/callback", provider.callback)
    app.router.add_post("/sync", provider.sync)
    app.router.add_get("/accounts", provider.accounts)
    app.router.add_get("/status", provider.status)
    app.router.add_get("/log", provider.logged)
    app.router.add_post("/disconnect", provider.disconnect)
    app.router.add_post("/configure", provider.configure)
    return app
