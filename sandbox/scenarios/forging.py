"""Calls of somebody who has no right to them: with tokens that are made up, or altered."""

from base64 import urlsafe_b64encode
from hashlib import sha512

import aiohttp

from sandbox.scenarios.app import TIMEOUT_S
from sandbox.scenarios.bank import Bank, Json

# Whose token is altered: at a client of its own, so that nobody's grant is superseded.
CLIENT, PERSONA = "sandbox-bcp", "taro"


async def forge(bank: Bank, what: Json) -> str | None:
    """Call the bank with ``tokens`` forged ones; return what it says to one of them, or None.

    ``kind``: ``invented``: of the right length and nothing more; ``altered``: a real token in
    which one character differs.
    """
    found = (await bank.world.describe()).bank(what.get("bank", "tomato"))
    url = found.api_base + what["path"]
    real = "" if what["kind"] == "invented" else await _real(bank, what)
    wanted = what.get("status", 401)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as http:
        for number in range(what.get("tokens", 1)):
            token = altered(real, number) if real else invented(number)
            headers = {"Authorization": f"Bearer {token}"}
            async with http.get(url, headers=headers) as answer:
                if answer.status != wanted:
                    return f"the bank answers {answer.status} to forged token {number + 1}"
    return None


async def _real(bank: Bank, what: Json) -> str:
    client, persona = what.get("client_id", CLIENT), what.get("persona", PERSONA)
    minted = await bank.world.tokens.mint(client, persona, bank=what.get("bank", "tomato"))
    return minted.access_token


def invented(number: int) -> str:
    """Return what looks like a token, and is the same in every run."""
    return urlsafe_b64encode(sha512(b"invented %d" % number).digest())[:51].decode("ascii")


def altered(token: str, number: int) -> str:
    """Return ``token`` with another character at a place that ``number`` chooses."""
    place = number % len(token)
    other = "A" if token[place] != "A" else "B"
    return f"{token[:place]}{other}{token[place + 1 :]}"
