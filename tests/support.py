"""The small language of the tests: a running sandbox, and what a provider does with it."""

import base64
import hashlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from aiohttp import web_app

from sandbox.app import Sandbox, running
from sandbox.services.bank import Bank
from sandbox.services.staff import StaffService
from sandbox.settings import read_settings

# A Monday morning between two holidays, far from any month's edge.
NOW = "2026-11-16T10:00:00+09:00"
BASE = "/tomato/parasol/v1/banks/0566"
AGGREGATOR = "sandbox-aggregator"
ACCOUNTING = (
    "sandbox-accounting"  # client_secret_post, balances only, corporate only, PKCE required
)
NATIVE = "sandbox-native"  # public, PKCE required, individual only
MANUAL = "sandbox-manual"  # refreshes only while the user is present
REDIRECT_URI = "http://localhost:8000/callback"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


def secret_of(client_id: str) -> str:
    return f"{client_id}-secret"


def basic(client_id: str, secret: str | None = None) -> dict[str, str]:
    """Return the header of client_secret_basic."""
    pair = f"{client_id}:{secret_of(client_id) if secret is None else secret}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def answer_of(location: str) -> dict[str, str]:
    """Return the parameters that a redirect carries back to the client."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@dataclass
class Running:
    """A sandbox on real sockets, its own services for set-up, and an HTTP session."""

    sandbox: Sandbox
    http: aiohttp.ClientSession
    template: Path | None = None
    tokens: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.sandbox.data_url

    @property
    def base(self) -> str:
        return self.sandbox.data_url + BASE

    @property
    def control(self) -> str:
        return f"{self.sandbox.control_url}/api/v1/worlds/default"

    @property
    def bank(self) -> Bank:
        return self.sandbox.bank("tomato")

    @property
    def staff(self) -> StaffService:
        return StaffService(self.sandbox.world)

    async def authorize(self, persona: str = "taro", **changes: Any) -> dict[str, Any]:
        """Consent without a browser; returns the control API's answer, whatever it is."""
        body = {
            "bank": "tomato",
            "client_id": AGGREGATOR,
            "persona": persona,
            "scope": "accounts",
            **changes,
        }
        async with self.http.post(f"{self.control}/authorize", json=body) as answer:
            return {"status": answer.status, **await answer.json(content_type=None)}

    async def token(self, **form: str) -> tuple[int, dict[str, Any], Any]:
        """POST a form to the token endpoint; ``client`` names another client than the default."""
        client_id = form.pop("client", AGGREGATOR)
        async with self.http.post(
            f"{self.base}/oauth/token", data=form, headers=basic(client_id)
        ) as answer:
            return answer.status, await answer.json(), answer.headers

    async def exchange(self, code: str, **changes: str) -> tuple[int, dict[str, Any], Any]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        return await self.token(**form | changes)

    async def refresh(self, refresh_token: str, **more: str) -> tuple[int, dict[str, Any], Any]:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **more)

    async def log_in(self, persona: str = "taro", **changes: Any) -> dict[str, Any]:
        """Return the token answer of a persona that consented to a Basic client."""
        consent = await self.authorize(persona, **changes)
        assert consent["status"] == 200, consent
        client_id = changes.get("client_id", AGGREGATOR)
        status, tokens, _ = await self.exchange(consent["code"], client=client_id)
        assert status == 200, tokens
        return tokens

    async def get(
        self, path: str, token: str | None = None, **headers: str
    ) -> tuple[int, dict[str, Any], Any]:
        """GET below the bank's base with a Bearer token; returns (status, body, headers)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named |= bearer(token)
        async with self.http.get(f"{self.base}{path}", headers=named) as answer:
            return answer.status, await answer.json(), answer.headers

    async def account_ids(self, token: str) -> list[str]:
        status, body, _ = await self.get("/accounts", token)
        assert status == 200, body
        return [account["account_id"] for account in body["accounts"]]

    async def advance(self, by: str) -> dict[str, Any]:
        async with self.http.post(f"{self.control}/clock/advance", json={"by": by}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


@asynccontextmanager
async def run_sandbox(
    directory: Path, *, template: Path | None = None, **settings: str
) -> AsyncIterator[Running]:
    """Run a strict sandbox on free ports, its clock frozen at ``NOW`` unless told otherwise.

    ``template`` is a closed world's file to begin with, instead of seeding one.
    """
    if template is not None:
        shutil.copy(template, directory / "default.db")
    flags = {
        "port": "0",
        "control_port": "0",
        "tls_port": "0",
        "data": str(directory),
        "clock": f"frozen:{NOW}",
        "strict": "1",
        "tomato_rate_limit_per_minute": "0",
        "web21_rate_limit_per_minute": "0",
        **settings,
    }
    read = read_settings(flags, environ={})
    try:
        async with running(read) as sandbox, aiohttp.ClientSession() as http:
            yield Running(sandbox=sandbox, http=http, template=template)
    finally:
        # aiohttp remembers the middlewares of every application that there ever was: six
        # megabytes for each server of a test.
        web_app._cached_build_middleware.cache_clear()
