"""The bank's API as the provider calls it: OAuth with PKCE, accounts, balances, transactions."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp


class ConsentNeeded(Exception):
    """The bank accepts neither token any more: the user has to be asked again."""


class Refused(Exception):
    """The bank refuses for another reason."""


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


def new_verifier() -> str:
    return secrets.token_urlsafe(48)


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class BankApi:
    def __init__(self, settings: BankSettings, http: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._http = http
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
        return await self._token(
            grant_type="authorization_code",
            code=code,
            redirect_uri=self._settings.redirect_uri,
            code_verifier=verifier,
        )

    async def refresh(self, refresh_token: str) -> dict[str, Any]:
        return await self._token(grant_type="refresh_token", refresh_token=refresh_token)

    async def revoke(self, refresh_token: str) -> None:
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        await self._post(self._settings.revocation_endpoint, form)

    async def get(self, path: str, access_token: str, **query: str) -> dict[str, Any]:
        """Return the answer of a data API. Raises ``ConsentNeeded`` for a 401."""
        url, headers = self._settings.api_base + path, {"Authorization": f"Bearer {access_token}"}
        async with self._http.get(url, headers=headers, params=query) as answer:
            if answer.status == 401:
                raise ConsentNeeded
            return await self._checked(answer)

    async def _token(self, **form: str) -> dict[str, Any]:
        return await self._post(self._settings.token_endpoint, form)

    async def _post(self, url: str, form: dict[str, str]) -> dict[str, Any]:
        headers = {"Authorization": self._auth}
        async with self._http.post(url, data=form, headers=headers) as answer:
            if answer.status == 400 and (await answer.json())["error"] == "invalid_grant":
                raise ConsentNeeded
            return await self._checked(answer)

    @staticmethod
    async def _checked(answer: aiohttp.ClientResponse) -> dict[str, Any]:
        if answer.status != 200:
            raise Refused(f"{answer.url.path}: {answer.status} {await answer.text()}")
        return await answer.json()
