"""Links: people who go from the app to the bank and come back, or somebody in their place."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import aiohttp

from sandbox.scenarios.app import Answer, App, mismatch
from sandbox.scenarios.bank import Bank, Json
from sandbox.scenarios.browser import BankShows, Person, Wish, go_through


def changed(address: str, change: Mapping[str, str | None]) -> str:
    """Return ``address`` with other values in its query; None takes a name away."""
    parts = urlsplit(address)
    query = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in change
    ]
    query += [(name, value) for name, value in change.items() if value is not None]
    return urlunsplit(parts._replace(query=urlencode(query)))


class Links:
    """``codes``: every code that a browser has carried."""

    def __init__(self, bank: Bank, app: App) -> None:
        self._bank = bank
        self._app = app
        self._last: tuple[str, str] | None = None  # where the bank sent whose browser
        self.codes: set[str] = set()

    async def link(self, what: Json) -> str | None:
        """Let a person link at the bank; return what is not as the step says, or None."""
        browser = what.get("browser", what["persona"])
        begun = await self._app.call("GET", what["path"], browser=browser)
        if begun.location is None:
            return f"the app redirects nowhere: it answers {begun.status}: {begun.text[:200]}"
        address = changed(begun.location, what.get("change", {}))
        try:
            back = await self._at_the_bank(address, what)
        except BankShows as error:
            return str(error)
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"the bank's pages break off: {error or type(error).__name__}"
        if back is None:
            return None
        self._last = back, browser
        query = dict(parse_qsl(urlsplit(back).query))
        self.codes |= {query["code"]} if "code" in query else set()
        if not what.get("returns", True):
            return None
        return mismatch(await self._app.come_back(back, browser=browser), what)

    async def callback(self, what: Json) -> str | None:
        """Bring the bank's last answer to the app: once more, changed, or in another browser."""
        if self._last is None:
            return "nobody was sent back by the bank before"
        address, browser = self._last
        answer: Answer = await self._app.come_back(
            changed(address, what.get("change", {})), browser=what.get("browser", browser)
        )
        return mismatch(answer, what)

    async def _at_the_bank(self, address: str, what: Json) -> str | None:
        bank = (await self._bank.world.describe()).bank(what.get("bank", "tomato"))
        persona = bank.persona(what["persona"])
        wish = Wish(
            decision=what.get("decision", "allow"),
            wrong_tries=what.get("wrong_tries", 0),
            functions=what.get("functions"),
        )
        async with Person(persona.login, persona.kind) as person:
            return await go_through(person, address, wish)
