"""The small language of the tests of ``web21``: its users, their tokens, their calls."""

from typing import Any
from urllib.parse import urlencode

from sandbox.domain.oauth.parameters import parse_parameters
from sandbox.services.bank import Bank
from sandbox.services.corporate import CorporateService
from sandbox.services.oauth import headless
from tests.support import REDIRECT_URI, Running, answer_of, basic, bearer

BANK = "web21"
BASE = "/web21/bizsol/v1/banks/0009"
SHOJI, LOGI, FOODS, DENKI, KOGYO = (f"0000000000000000AG0000000001A00{n}" for n in range(1, 6))
CLIENTS = {SHOJI: "10000001", LOGI: "10000002", FOODS: "10000003", DENKI: "10000004"}
CLIENTS[KOGYO] = "10000005"
# One firm for each stage on the way: nobody named, no rights, nothing issued, refused, base
# contract suspended, nothing applied for.
KIGYOU, KENSETSU, UNYU, INSATSU, SHOKAI, HYAKKA = (
    f"0000000000000000AG0000000001A0{n:02}" for n in range(6, 12)
)
CLIENTS[SHOKAI] = "10000010"
MAIN_ACCOUNT = "0010110000010"


def password_of(client_id: str) -> str:
    return f"{client_id}-password"


def credentials(client_id: str) -> dict[str, str]:
    return basic(client_id, password_of(client_id))


class Direct:
    """One contractor's web server, and what its users let it do."""

    def __init__(self, running: Running, contractor_id: str = SHOJI, prefix: str = "") -> None:
        self.running = running
        self.contractor_id = contractor_id
        self.client_id = CLIENTS[contractor_id]
        self.base = f"{running.url}{prefix}{BASE}"
        self.world = prefix.removeprefix("/w/") or "default"

    @property
    def bank(self) -> Bank:
        return self.running.sandbox.bank(BANK)

    @property
    def desk(self) -> CorporateService:
        return self.bank.corporate

    async def authorize(self, persona: str, scope: str, **more: Any) -> dict[str, Any]:
        if not scope:  # which the control API does not know how to leave out
            return await self._authorize_plainly(persona)
        wish = {
            "bank": BANK,
            "client_id": self.client_id,
            "persona": persona,
            "scope": scope,
            **more,
        }
        url = f"{self.running.sandbox.control_url}/api/v1/worlds/{self.world}/authorize"
        async with self.running.http.post(url, json=wish) as answer:
            return {"status": answer.status, **await answer.json(content_type=None)}

    async def _authorize_plainly(self, persona: str) -> dict[str, Any]:
        query = self.address().partition("?")[2]
        consented = await headless.consent(
            self.bank, parse_parameters(query), persona, account_ids=None, functions=None
        )
        return {"status": 200, "code": consented.code}

    async def log_in(self, persona: str, scope: str = "web21.ref", **more: Any) -> dict[str, Any]:
        """Return the token answer of a user who has consented without a browser."""
        consent = await self.authorize(persona, scope, **more)
        assert consent["status"] == 200, consent
        status, tokens = await self.exchange(consent["code"])
        assert status == 200, tokens
        return tokens

    async def exchange(self, code: str) -> tuple[int, dict[str, Any]]:
        return await self.token(
            grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI
        )

    async def refresh(self, refresh_token: str, **more: str) -> tuple[int, dict[str, Any]]:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **more)

    async def token(self, **form: str) -> tuple[int, dict[str, Any]]:
        return await self.post("/oauth/token", **form)

    async def post(self, path: str, **form: str) -> tuple[int, dict[str, Any]]:
        headers = credentials(self.client_id)
        url = f"{self.base}{path}"
        async with self.running.http.post(url, data=form, headers=headers) as answer:
            return answer.status, await answer.json()

    async def get(
        self, path: str, token: str | None, **query: str | None
    ) -> tuple[int, dict[str, Any], Any]:
        """GET with the identity in the query, unless ``query`` says otherwise (None: left out)."""
        named = {"client_id": self.client_id, "contractor_id": self.contractor_id, **query}
        sent = {name: value for name, value in named.items() if value is not None}
        headers = {} if token is None else bearer(token)
        url = f"{self.base}{path}"
        async with self.running.http.get(url, params=sent, headers=headers) as answer:
            return answer.status, await answer.json(), answer.headers

    async def verdict(self, token: str, path: str = "/accounts") -> tuple[int, str | None]:
        """Return the status of a call, and why: the sandbox's reason, or the bank's code."""
        status, body, headers = await self.get(path, token)
        return status, headers.get("X-Sandbox-Reason") or body.get("error_code")

    def address(self, **changes: str) -> str:
        """Return the address that the contractor's server sends a browser to."""
        wish = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
            "state": "s",
            **changes,
        }
        return f"{self.base}/oauth/auth?{urlencode({k: v for k, v in wish.items() if v})}"

    async def redirected(self, **changes: str) -> dict[str, str]:
        """Ask for an authorization that is refused at once; return what the redirect carries."""
        url = self.address(**changes)
        async with self.running.http.get(url, allow_redirects=False) as answer:
            assert answer.status in (302, 303), await answer.text()
            return answer_of(answer.headers["Location"])
