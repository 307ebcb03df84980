"""The bank's API as the firm's server calls it: OAuth with PKCE, reading, and sending orders."""

import asyncio
import base64
import hashlib
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import aiohttp

TRIES = 3
FIRST_PAUSE_S = 0.1  # doubled each time, where the bank does not say how long to wait
PATIENCE_S = 3.0  # what is longer, a person waits for, and no call
TIMEOUT_S = 5.0
TOKYO = ZoneInfo("Asia/Tokyo")

log = logging.getLogger("example_firm")


class ConsentNeeded(Exception):
    """The bank accepts neither token any more: the user has to be asked again."""


class TokenDead(Exception):
    """The bank does not accept the access token any more. The other one may be good."""


class Refused(Exception):
    """The bank refuses: ``code`` says why. The same request will not fare better."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


class Later(Exception):
    """The bank cannot answer now. ``wait_s``: how long it wants to be left alone, if it says."""

    def __init__(self, what: str, wait_s: float | None = None, *, is_lost: bool = False) -> None:
        super().__init__(what)
        self.wait_s = wait_s
        self.is_lost = is_lost  # nobody knows whether it was done


@dataclass(kw_only=True)
class BankSettings:
    """What the bank hands to a contractor, and the account that the firm pays from."""

    api_base: str
    client_id: str
    client_password: str
    redirect_uri: str
    accounts: tuple[str, ...] = ("0010110000010", "0010210000020")
    remitter_code: str = "0000000001"
    remitter_name: str = "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ"


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Any
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object, or an empty one where it is none."""
        with suppress(ValueError):
            found = json.loads(self.text)
            return found if isinstance(found, dict) else {}
        return {}

    @property
    def at(self) -> datetime | None:
        """The bank's own time."""
        return _date(self.headers.get("Date", ""))

    @property
    def wait_s(self) -> float | None:
        """Retry-After: seconds, or a date, which counts by the bank's clock and not by ours."""
        said = self.headers.get("Retry-After", "").strip()
        if said.isdecimal():
            return float(said)
        until = _date(said)
        return None if until is None or self.at is None else (until - self.at).total_seconds()


def _date(text: str) -> datetime | None:
    with suppress(ValueError, TypeError):
        return parsedate_to_datetime(text)
    return None


def new_verifier() -> str:
    return secrets.token_urlsafe(48)


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class BankApi:
    def __init__(self, settings: BankSettings, http: aiohttp.ClientSession) -> None:
        self.settings = settings
        self._http = http
        self.bank_time = datetime.fromtimestamp(0, UTC)  # of its last answer

    @property
    def today(self) -> date:
        """The bank's day, as of its last answer."""
        return self.bank_time.astimezone(TOKYO).date()

    def consent_url(self, scope: str, state: str, verifier: str) -> str:
        """Return where to send the user, so that the bank asks for the consent."""
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_uri,
            "scope": scope,
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        return f"{self.settings.api_base}/oauth/auth?{urlencode(query)}"

    async def exchange(self, code: str, verifier: str) -> dict[str, Any]:
        """Return the tokens. A code whose answer was lost may be spent: it is not sent again."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_uri,
            "code_verifier": verifier,
        }
        return await self.patiently(lambda: self._tokens(form), repeats_lost=False)

    async def refresh(self, refresh_token: str) -> dict[str, Any]:
        """Return new tokens. A refresh whose answer was lost may have spent its token."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self.patiently(lambda: self._tokens(form), repeats_lost=False)

    async def get(self, path: str, link: dict[str, Any], **query: str) -> dict[str, Any]:
        """Return the answer of an inquiry, which may be asked again."""
        params = {**self._identity(link), **query}
        return await self.patiently(
            lambda: self._data("GET", path, link, params=params), repeats_lost=True
        )

    async def post(
        self, path: str, link: dict[str, Any], body: dict[str, Any], key: str | None = None
    ) -> dict[str, Any]:
        """Send an order once. Where its answer is lost, it is for the caller to find out."""
        sent = {**self._identity(link), **body}
        more = {} if key is None else {"Idempotency-Key": key}
        return await self.patiently(
            lambda: self._data("POST", path, link, json=sent, more=more), repeats_lost=False
        )

    def _identity(self, link: dict[str, Any]) -> dict[str, str]:
        return {"client_id": self.settings.client_id, "contractor_id": link["contractor_id"]}

    async def _data(
        self,
        method: str,
        path: str,
        link: dict[str, Any],
        more: dict[str, str] | None = None,
        **sent: Any,
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {link['access_token']}", **(more or {})}
        url = self.settings.api_base + path
        answer = await self._send(method, url, headers=headers, **sent)
        if answer.status == 401:
            raise TokenDead
        if answer.status != 200:
            raise Refused(answer.status, answer.body.get("error_code", ""))
        return answer.body

    async def _tokens(self, form: dict[str, str]) -> dict[str, Any]:
        settings = self.settings
        auth = aiohttp.encode_basic_auth(settings.client_id, settings.client_password)
        url = f"{settings.api_base}/oauth/token"
        answer = await self._send("POST", url, data=form, headers={"Authorization": auth})
        if answer.status == 400 and answer.body.get("error") == "invalid_grant":
            raise ConsentNeeded
        if answer.status != 200:
            raise Refused(answer.status, answer.body.get("error", ""))
        return answer.body

    async def patiently(
        self, send: Callable[[], Awaitable[dict[str, Any]]], *, repeats_lost: bool
    ) -> dict[str, Any]:
        """Send, and again where the bank could not answer: a few times, more and more slowly."""
        pause_s = FIRST_PAUSE_S
        for left in reversed(range(TRIES)):
            try:
                return await send()
            except Later as error:
                wait_s = pause_s if error.wait_s is None else error.wait_s
                gives_up = error.is_lost and not repeats_lost
                if not left or gives_up or wait_s > PATIENCE_S:
                    raise
                await asyncio.sleep(wait_s)
                pause_s *= 2
        raise AssertionError("the last try returns or raises")

    async def _send(self, method: str, url: str, **more: Any) -> Answer:
        """Send one call. Neither tokens nor codes nor queries go to the log."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self._http.request(method, url, timeout=timeout, **more) as found:
                text = await found.text(errors="replace")
                answer = Answer(status=found.status, headers=found.headers, text=text)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("%s %s: %s", method, url, type(error).__name__)
            raise Later("the bank's answer was lost", is_lost=True) from error
        log.info("%s %s: %d", method, url, answer.status)
        self.bank_time = answer.at or self.bank_time
        if answer.status == 429 or answer.status >= 500:
            is_lost = answer.status in (500, 502, 504)
            raise Later(f"the bank answers {answer.status}", answer.wait_s, is_lost=is_lost)
        return answer
