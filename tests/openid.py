"""What the tests of OpenID requests do again and again."""

import json
from base64 import urlsafe_b64decode
from typing import Any

from tests.browsing import Browser
from tests.support import REDIRECT_URI, Running, answer_of

OPENID = "sandbox-openid"
BOTH = "openid accounts"


async def log_in(
    browser: Browser, persona: str = "taro", scope: str = BOTH, **changes: str
) -> dict[str, str]:
    """Walk the pages with a log-in and a consent; return what the client gets."""
    location = await browser.consent(
        persona, **{"client_id": OPENID, "scope": scope, "nonce": "n", **changes}
    )
    return answer_of(location)


async def ask(browser: Browser, **changes: str | None) -> str:
    """Ask again and say what comes: the page's name, or what the client is told."""
    page = await browser.open(
        **{"client_id": OPENID, "scope": BOTH, "nonce": "n", "state": "again", **changes}
    )
    if page.location:
        answer = answer_of(page.location)
        assert page.location.startswith(f"{REDIRECT_URI}?")
        assert (answer["state"], answer["iss"].endswith("/tomato")) == ("again", True)
        return "code" if "code" in answer else answer["error"]
    assert page.status == 200, page.text
    return "sign_in" if 'name="pin"' in page.text or 'name="password"' in page.text else "consent"


async def claims_of(running: Running, code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the claims of the ID token that a code brings, and its grant."""
    status, tokens, _ = await running.exchange(code, client=OPENID)
    assert status == 200, tokens
    payload = tokens["id_token"].split(".")[1]
    return json.loads(urlsafe_b64decode(f"{payload}==")), tokens
