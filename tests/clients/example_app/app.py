"""The provider's own web application: link, callback, sync, accounts, disconnect."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import aiohttp
from aiohttp import web
from example_app.bank_api import BankApi, BankSettings, ConsentNeeded, Refused, new_verifier
from example_app.store import Store

FIRST_SYNC = timedelta(days=60)


@dataclass
class Pending:
    """A consent that a user was sent off for."""

    user: str
    verifier: str


class Provider:
    def __init__(self, settings: BankSettings) -> None:
        self._settings = settings
        self._pending: dict[str, Pending] = {}
        self.store = Store()
        self.api: BankApi

    async def lifetime(self, _app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as http:
            self.api = BankApi(self._settings, http)
            yield
        self.store.close()

    async def link(self, request: web.Request) -> web.StreamResponse:
        """Send the user to the bank."""
        state, verifier = secrets.token_urlsafe(16), new_verifier()
        self._pending[state] = Pending(request.query["user"], verifier)
        raise web.HTTPFound(self.api.consent_url(state, verifier))

    async def callback(self, request: web.Request) -> web.StreamResponse:
        """The user comes back from the bank, with a code or with an error."""
        pending = self._pending.pop(request.query.get("state", ""), None)
        if pending is None:
            return web.json_response({"error": "unknown state"}, status=400)
        if request.query.get("iss", self._settings.issuer) != self._settings.issuer:
            return web.json_response({"error": "another issuer"}, status=400)
        if "code" not in request.query:
            return web.json_response({"error": request.query.get("error")}, status=403)
        tokens = await self.api.exchange(request.query["code"], pending.verifier)
        self.store.save_link(pending.user, tokens)
        return web.json_response({"linked": pending.user})

    async def sync(self, request: web.Request) -> web.StreamResponse:
        """Fetch what is new at the bank."""
        user = request.query["user"]
        if self.store.find_link(user) is None:
            return self._ask_again(user)
        try:
            for account in (await self._get(user, "/accounts"))["accounts"]:
                await self._sync_account(user, account["account_id"])
        except ConsentNeeded:
            self.store.forget_link(user)
            return self._ask_again(user)
        return web.json_response({"accounts": self.store.list_accounts(user)})

    async def accounts(self, request: web.Request) -> web.StreamResponse:
        """Show the provider's own copy; the bank is not asked."""
        return web.json_response({"accounts": self.store.list_accounts(request.query["user"])})

    async def disconnect(self, request: web.Request) -> web.StreamResponse:
        """End the consent at the bank, and forget the tokens."""
        user = request.query["user"]
        link = self.store.find_link(user)
        if link is not None:
            await self.api.revoke(link["refresh_token"])
            self.store.forget_link(user)
        return web.json_response({"disconnected": user})

    async def _sync_account(self, user: str, account_id: str) -> None:
        balance = await self._get(user, f"/accounts/{account_id}")
        today = date.fromisoformat(balance["base_date"])
        first = self.store.synced_on(user, account_id) or (today - FIRST_SYNC).isoformat()
        statement = await self._get(
            user,
            f"/accounts/{account_id}/transactions",
            date_from=first,
            date_to=today.isoformat(),
        )
        for found in statement["transactions"]:
            self.store.save_movement(account_id, found)
        self.store.save_account(user, balance)

    async def _get(self, user: str, path: str, **query: str) -> dict[str, Any]:
        """Call the bank; where the access token has lapsed, refresh once and call again."""
        link = self.store.find_link(user)
        try:
            return await self.api.get(path, link["access_token"], **query)
        except ConsentNeeded:
            tokens = await self.api.refresh(link["refresh_token"])
            self.store.save_link(user, tokens)
            return await self.api.get(path, tokens["access_token"], **query)

    @staticmethod
    def _ask_again(user: str) -> web.Response:
        return web.json_response({"consent": f"/link?user={user}"}, status=409)


@web.middleware
async def bank_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as error:
        return web.json_response({"error": str(error)}, status=502)


def make_app(settings: BankSettings) -> web.Application:
    provider = Provider(settings)
    app = web.Application(middlewares=[bank_errors])
    app.cleanup_ctx.append(provider.lifetime)
    app.router.add_get("/link", provider.link)
    app.router.add_get("/callback", provider.callback)
    app.router.add_post("/sync", provider.sync)
    app.router.add_get("/accounts", provider.accounts)
    app.router.add_post("/disconnect", provider.disconnect)
    return app
