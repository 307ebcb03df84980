"""The bank's API as the provider calls it: OAuth with PKCE, accounts, balances, transactions."""

import asyncio
import base64
import hashlib
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp

TRIES = 3
FIRST_PAUSE_S = 0.2  # doubled each time, where the bank does not say how long to wait
PATIENCE_S = 3.0  # what is longer, a person waits for, and no call
TIMEOUT_S = 2.0

log = logging.getLogger("example_app")


class ConsentNeeded(Exception):
    """The bank accepts neither token any more: the user has to be asked again."""


class TokenDead(Exception):
    """The bank does not accept the access token any more. The other one may be good."""


class NotAllowed(Exception):
    """The tokens are good, and this function is not among what they are good for."""


class Refused(Exception):
    """The bank refuses for another reason, or its answer is of no use."""


class Later(Refused):
    """The bank cannot answer now. ``wait_s``: how long it wants to be left alone, if it says."""

    def __init__(self, what: str, wait_s: float | None = None, *, is_lost: bool = False) -> None:
        super().__init__(what)
        self.wait_s = wait_s
        self.is_lost = is_lost  # nobody knows whether it was done


@dataclass(frozen=True, kw_only=True)
class BankSettings:
    """What the bank hands to a provider when it registers."""

    issuer: str
    api_base: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    client_id: str
    client_secret: str
    redirect_uri: str
    scope: str = "accounts"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``at``: the bank's own time."""

    status: int
    headers: Any
    text: str

    @property
    def at(self) -> datetime | None:
        return _date(self.headers.get("Date", ""))

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object, or an empty one where it is none."""
        with suppress(ValueError):
            found = json.loads(self.text)
            return found if isinstance(found, dict) else {}
        return {}

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
        self._settings = settings
        self._http = http
        self.bank_time = datetime.fromtimestamp(0, UTC)  # of its last answer
        self._auth = aiohttp.encode_basic_auth(settings.client_id, settings.client_secret)

    def consent_url(self, state: str, verifier: str) -> str:
        """Return where to send the user, so that the bank asks for the consent."""
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.redirect_uri,
            "scope": self._settings.scope,
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        return f"{self._settings.authorization_endpoint}?{urlencode(query)}"

    async def exchange(self, code: str, verifier: str) -> dict[str, Any]:
        """Return the tokens. A code whose answer was lost may be spent: it is not sent again."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._settings.redirect_uri,
            "code_verifier": verifier,
        }
        return await self._tokens(form, repeats_lost=False)

    async def refresh(self, refresh_token: str) -> dict[str, Any]:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self._tokens(form, repeats_lost=True)

    async def revoke(self, refresh_token: str) -> None:
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        url = self._settings.revocation_endpoint
        await self._patiently(lambda: self._post(url, form), repeats_lost=True)

    async def get(self, path: str, access_token: str, **query: str) -> dict[str, Any]:
        """Return the answer of a data API. Raises ``TokenDead`` for a 401."""
        url, headers = self._settings.api_base + path, {"Authorization": f"Bearer {access_token}"}
        answer = await self._patiently(
            lambda: self._send("GET", url, headers=headers, params=query), repeats_lost=True
        )
        if answer.status == 401:
            raise TokenDead
        if answer.status == 403:
            raise NotAllowed
        if not self._checked(answer):
            raise Refused("the bank's answer cannot be read")
        return answer.body

    async def _tokens(self, form: dict[str, str], *, repeats_lost: bool) -> dict[str, Any]:
        """Return an answer that really has tokens, with when the bank gave them."""
        url = self._settings.token_endpoint
        answer = await self._patiently(lambda: self._post(url, form), repeats_lost=repeats_lost)
        found = answer.body
        is_bearer = str(found.get("token_type")).lower() == "bearer"
        if not (found.get("access_token") and is_bearer):
            raise Refused("the bank's answer has no token that can be used")
        return {"scope": self._settings.scope, **found, "at": self.bank_time.isoformat()}

    async def _post(self, url: str, form: dict[str, str]) -> Answer:
        answer = await self._send("POST", url, data=form, headers={"Authorization": self._auth})
        if answer.status == 400 and answer.body.get("error") == "invalid_grant":
            raise ConsentNeeded
        self._checked(answer)
        return answer

    async def _patiently(
        self, send: Callable[[], Awaitable[Answer]], *, repeats_lost: bool
    ) -> Answer:
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

    @staticmethod
    def _checked(answer: Answer) -> dict[str, Any]:
        if answer.status != 200:
            said = answer.body.get("error") or answer.body.get("error_code") or ""
            raise Refused(f"the bank answers {answer.status} {said}".strip())
        return answer.body
