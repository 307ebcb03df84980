"""Calls of somebody who has got at the app's token, from another address than its own (D-37)."""

from typing import Any

import aiohttp

from sandbox.scenarios.app import TIMEOUT_S
from sandbox.scenarios.bank import Bank, Json

# Of this machine, as all of 127.0.0.0/8 is on Linux, and another than apps under test call from.
ADDRESS = "127.0.0.2"
AGENT = "rogue"


class Rogue:
    """Keeps the tokens that have leaked: what was stolen once is tried again later."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._stolen: dict[tuple[str, ...], str] = {}

    async def call(self, what: Json) -> str | None:
        """Call the bank with the leaked token; return what it says that it should not, or None.

        The first time the token leaks from the persona's newest live grant.
        """
        name, address = what.get("bank", "tomato"), what.get("from", ADDRESS)
        key = name, what["persona"], what.get("client_id", "")
        if key not in self._stolen:
            grant = await self._grant(name, what)
            if grant is None:
                return f"{what['persona']} has no live grant at {name}: there is nothing to leak"
            leaked = await self._bank.call("POST", f"grants/{grant['grant_id']}/leak")
            self._stolen[key] = leaked["access_token"]
        url = (await self._bank.world.describe()).bank(name).api_base + what["path"]
        try:
            return await _called(url, self._stolen[key], address, what)
        except (OSError, aiohttp.ClientError) as error:
            return (
                f"no call from {address} reaches the bank: {error}. The bank has to listen on this "
                f"machine, and {address} to be an address of it"
            )

    async def _grant(self, bank: str, what: Json) -> dict[str, Any] | None:
        asked = {name: what[name] for name in ("persona", "client_id") if name in what}
        rows = await self._bank.list_all("grants", "grants", asked)
        live = [dict(row) for row in rows if row["is_live"] and row["bank"] == bank]
        return max(live, key=lambda row: str(row["granted_at"]), default=None)


async def _called(url: str, token: str, address: str, what: Json) -> str | None:
    wanted = what.get("status", 200)
    headers = {"Authorization": f"Bearer {token}", "User-Agent": AGENT}
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        for number in range(what.get("calls", 1)):
            async with http.get(url, headers=headers) as answer:
                if answer.status != wanted:
                    return f"the bank answers {answer.status} to rogue call {number + 1}"
    return None
