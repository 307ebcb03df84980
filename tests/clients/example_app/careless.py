"""The same provider as it should not be: each method does what a drill is there to find."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from example_app.app import Pending, Provider
from example_app.bank_api import (
    Answer,
    BankApi,
    ConsentNeeded,
    Later,
    NotAllowed,
    Refused,
    TokenDead,
    log,
)

ATTEMPTS = 4
MARGIN_S = 60  # tokens that end sooner are refreshed at once, and again, and again


class CarelessApi(BankApi):
    came_from = ""
    lifetime_s = 0

    def consent_url(self, state: str, verifier: str) -> str:
        """No PKCE, and a state that is the same each time."""
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.redirect_uri,
            "scope": self._settings.scope,
            "state": state,
        }
        return f"{self._settings.authorization_endpoint}?{urlencode(query)}"

    async def exchange(self, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._settings.redirect_uri,
        }
        tokens = await self._tokens(form, repeats_lost=True)
        if tokens.get("scope", "").split() != [self._settings.scope]:
            raise Refused("this is not what was asked for")
        return tokens

    async def _tokens(self, form: dict[str, str], *, repeats_lost: bool) -> dict[str, Any]:
        """Whatever comes is a success; its fields are taken as they are."""
        url = self._settings.token_endpoint
        answer = await self._patiently(lambda: self._post(url, form), repeats_lost=repeats_lost)
        log.info("tokens: %s", answer.text)
        found = answer.body
        self.lifetime_s = int(found.get("expires_in", 0))
        return {"access_token": "none", "scope": "", **found, "at": self.bank_time.isoformat()}

    async def _post(self, url: str, form: dict[str, str]) -> Answer:
        answer = await self._send("POST", url, data=form, headers={"Authorization": self._auth})
        if answer.status != 200:
            raise Later(f"the bank answers {answer.status}: {answer.text}")
        return answer

    async def _patiently(
        self, send: Callable[[], Awaitable[Answer]], *, repeats_lost: bool
    ) -> Answer:
        """Again, at once, whatever the bank says; a skewed clock is an error of the bank's."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await send()
            except Later:
                await asyncio.sleep(0)
        return await send()

    async def _send(self, method: str, url: str, **more: Any) -> Answer:
        """Everything is logged, and the bank is told where the user came from, code and all."""
        before = self.bank_time
        if method == "GET":
            more["headers"] = {**more["headers"], "Referer": self.came_from}
        log.info("%s %s %s", method, url, more)
        answer = await super()._send(method, url, **more)
        if answer.at is None or answer.at < before:
            self.bank_time = before
            raise Refused("the bank's time goes backwards")
        return answer


class CarelessProvider(Provider):
    bank_api = CarelessApi
    api: CarelessApi

    async def link(self, request: web.Request) -> web.StreamResponse:
        user = request.query["user"]
        state = f"user-{user}"
        self._pending[state] = Pending(user, "", "", request.query.get("next", ""))
        raise web.HTTPFound(self.api.consent_url(state, ""))

    async def callback(self, request: web.Request) -> web.StreamResponse:
        """Whoever comes with a code is linked, and whoever comes without may have one."""
        log.info("callback %s", request.url)
        self.api.came_from = str(request.url)
        last = next(reversed(self._pending.values()))
        pending = self._pending.get(request.query.get("state", ""), last)
        tokens = await self.api.exchange(request.query.get("code", ""), "")
        self.store.save_link(pending.user, tokens)
        if pending.landing:
            raise web.HTTPFound(pending.landing)
        return web.json_response({"linked": pending.user})

    async def sync(self, request: web.Request) -> web.StreamResponse:
        """A failed sync is tried again at once, and the user is told each time."""
        user = request.query["user"]
        for _ in range(ATTEMPTS):
            try:
                return await self._sync(user)
            except (ConsentNeeded, NotAllowed, TokenDead, Refused):
                self.store.write_message(user, "there is a problem, please try again")
        return web.json_response({"error": "please try again"}, status=500)

    async def configure(self, _request: web.Request) -> web.StreamResponse:
        """The secret has always been this one."""
        return web.json_response({"configured": True})

    async def disconnect(self, request: web.Request) -> web.StreamResponse:
        """The bank need not know."""
        self.store.forget_link(request.query["user"])
        return web.json_response({"disconnected": request.query["user"]})

    async def _sync_account(self, user: str, account_id: str) -> set[str]:
        missing = await super()._sync_account(user, account_id)
        if missing:
            raise TokenDead
        return missing

    async def _get(self, user: str, path: str, **query: str) -> dict[str, Any]:
        """Refresh what ends soon, and keep what is dead."""
        link = self.store.find_link(user)
        if self.api.lifetime_s < MARGIN_S:
            await self._renew(user, link["refresh_token"])
        try:
            return await self.api.get(path, self.store.find_link(user)["access_token"], **query)
        except TokenDead:
            await self._renew(user, link["refresh_token"])
        return await self.api.get(path, self.store.find_link(user)["access_token"], **query)

    async def _renew(self, user: str, refresh_token: str) -> None:
        self.store.renew_link(user, await self.api.refresh(refresh_token))
