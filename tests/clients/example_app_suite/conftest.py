"""The provider's application against the bank of the plugin, and its user at the keyboard."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp.test_utils import TestClient, TestServer
from example_app.app import make_app
from example_app.bank_api import BankSettings


@dataclass
class User:
    """Somebody who uses the provider's application, and has an account at the bank."""

    app: TestClient[Any, Any]
    bank: Any
    name: str = "u1"

    async def click_link(self) -> str:
        """Return where the application sends the browser."""
        answer = await self.app.get("/link", params={"user": self.name}, allow_redirects=False)
        assert answer.status == 302
        return answer.headers["Location"]

    async def come_back(self, address: str) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(address)
        return await self._answer(await self.app.get(f"{parts.path}?{parts.query}"))

    async def link(self, persona: str = "taro", **how: Any) -> tuple[int, dict[str, Any]]:
        consent = self.bank.approve(await self.click_link(), persona, **how)
        return await self.come_back(consent.redirect_to)

    async def post(self, path: str) -> tuple[int, dict[str, Any]]:
        return await self._answer(await self.app.post(path, params={"user": self.name}))

    async def sync(self) -> tuple[int, dict[str, Any]]:
        return await self.post("/sync")

    @staticmethod
    async def _answer(answer: Any) -> tuple[int, dict[str, Any]]:
        return answer.status, await answer.json()


@pytest.fixture
async def user(bank):
    client = bank.client("sandbox-aggregator")
    settings = BankSettings(
        issuer=bank.issuer,
        api_base=bank.api_base,
        authorization_endpoint=bank.authorization_endpoint,
        token_endpoint=bank.token_endpoint,
        revocation_endpoint=bank.revocation_endpoint,
        client_id=client.client_id,
        client_secret=client.client_secret,
        redirect_uri=client.redirect_uris[0],
    )
    async with TestClient(TestServer(make_app(settings))) as app:
        yield User(app=app, bank=bank)
