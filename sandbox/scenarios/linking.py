"""Links: people who go from the app to the bank and come back, or somebody in their place."""

import aiohttp

from sandbox.scenarios.app import Answer, App, mismatch
from sandbox.scenarios.back import Back, changed
from sandbox.scenarios.bank import Bank, Json
from sandbox.scenarios.browser import BankShows, Person, Wish, go_through


class Links:
    """``codes``: every code that a browser has carried."""

    def __init__(self, bank: Bank, app: App) -> None:
        self._bank = bank
        self._app = app
        self._last: tuple[Back, str] | None = None  # how the bank sent whose browser back
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
        values = back.values
        self.codes |= {values["code"]} if "code" in values else set()
        if not what.get("returns", True):
            return None
        return mismatch(await self._app.come_back(back, browser=browser), what)

    async def callback(self, what: Json) -> str | None:
        """Bring the bank's last answer to the app: once more, changed, or in another browser."""
        if self._last is None:
            return "nobody was sent back by the bank before"
        back, browser = self._last
        answer: Answer = await self._app.come_back(
            back.changed(what.get("change", {})), browser=what.get("browser", browser)
        )
        return mismatch(answer, what)

    async def _at_the_bank(self, address: str, what: Json) -> Back | None:
        bank = (await self._bank.world.describe()).bank(what.get("bank", "tomato"))
        persona = bank.persona(what["persona"])
        wish = Wish(
            decision=what.get("decision", "allow"),
            wrong_tries=what.get("wrong_tries", 0),
            functions=what.get("functions"),
        )
        async with Person(persona.login, persona.kind) as person:
            return await go_through(person, address, wish)
