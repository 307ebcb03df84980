"""What a scenario expects, held against what there is."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any, TypeAlias

from sandbox.client.answers import Client
from sandbox.scenarios.app import Answer, App, mismatch
from sandbox.scenarios.bank import Bank, Json
from sandbox.scenarios.judging import Judged

# Codes and tokens of a world begin alike.
TAG_LENGTH = 8
Check: TypeAlias = Callable[["Ground", Json], Awaitable[str | None]]


class Ground:
    """What checks look at. ``opening``: balances at the start, by account id.

    ``codes``: every authorization code that a browser has carried. ``judged`` keeps what reports
    on the way say.
    """

    def __init__(
        self,
        bank: Bank,
        app: App,
        opening: Mapping[str, int],
        codes: Collection[str] = (),
        judged: Judged | None = None,
    ) -> None:
        self.judged = Judged() if judged is None else judged
        self.bank = bank
        self.app = app
        self.opening = opening
        self.codes = codes


async def expect(ground: Ground, what: Json) -> str | None:
    """Return what is not as expected, or None."""
    for name, wanted in what.items():
        problem = await CHECKS[name](ground, wanted)
        if problem is not None:
            return f"{name}: {problem}"
    return None


async def app_answers(ground: Ground, what: Json) -> str | None:
    return mismatch(await app_answer(ground.app, {"method": "GET", **what}), what)


async def app_answer(app: App, what: Json) -> Answer:
    """Call the app as a step or an expectation says."""
    method, browser = what.get("method", "POST"), what.get("browser", "")
    return await app.call(method, what["path"], what.get("json"), browser=browser)


async def journal_has(ground: Ground, what: Json) -> str | None:
    rows = await ground.bank.list_all("journal", "journal", {})
    return _counted(_matching(rows, what.get("where", {})), what)


async def grants_are(ground: Ground, what: Json) -> str | None:
    rows = await ground.bank.list_all("grants", "grants", {})
    return _counted(_matching(rows, what.get("where", {})), what)


async def transfers_are(ground: Ground, what: Json) -> str | None:
    rows = await ground.bank.list_all("transfers", "transfers", {})
    return _counted(_matching(rows, what.get("where", {})), what)


async def account_has(ground: Ground, what: Json) -> str | None:
    balances = await balances_of(ground.bank)
    account_id = what["account_id"]
    if account_id not in balances:
        return f"there is no account {account_id}"
    balance = balances[account_id]
    change = balance - ground.opening.get(account_id, 0)
    for name, found in (("balance_yen", balance), ("change_yen", change)):
        if name in what and what[name] != found:
            return f"{name} of {account_id} is {found}, not {what[name]}"
    return None


async def conduct_says(ground: Ground, what: Json) -> str | None:
    declared = dict(what.get("declared", {}))
    if "view" in what:
        declared |= (await ground.app.call("GET", what["view"])).body or {}
    report = await report_of(ground.bank, declared)
    wanted = frozenset(what.get("findings", ()))
    found = {each["id"] for each in report["findings"]}
    ground.judged.note(report, wanted & found)
    if missing := sorted(wanted - found):
        return f"{', '.join(missing)} found nothing"
    if unwanted := sorted(set(what.get("none", ())) & found):
        return f"{', '.join(unwanted)} found something"
    return None


async def no_secrets(ground: Ground, what: Json) -> str | None:
    """What the app shows at ``path``, such as its log, holds nothing that opens a door."""
    text = (await app_answer(ground.app, {"method": "GET", **what})).text
    if any(code in text for code in ground.codes):
        return "there is an authorization code in it"
    if any(code[:TAG_LENGTH] in text for code in ground.codes):
        return "there is a token in it"
    for bank in (await ground.bank.world.describe()).banks:
        for client in bank.clients:
            if any(secret in text for secret in _written(client)):
                return f"the secret of {client.client_id} is in it"
    return None


def _written(client: Client) -> list[str]:
    """Return how a client's secret may stand in a text: as it is, or as HTTP Basic sends it."""
    if client.client_secret is None:
        return []
    pair = f"{client.client_id}:{client.client_secret}".encode()
    return [client.client_secret, b64encode(pair).decode()]


CHECKS: Mapping[str, Check] = {
    "app": app_answers,
    "journal": journal_has,
    "grants": grants_are,
    "transfers": transfers_are,
    "account": account_has,
    "conduct": conduct_says,
    "secrets": no_secrets,
}


async def balances_of(bank: Bank) -> dict[str, int]:
    """Return the balance of every account, by its id."""
    rows = await bank.list_all("accounts", "accounts", {})
    return {row["account_id"]: row["balance_yen"] for row in rows}


async def report_of(bank: Bank, said: Json) -> dict[str, Any]:
    """Return the conduct report up to now, by what a scenario says of the app as well."""
    found: dict[str, Any] = await bank.call("POST", "conduct", said)
    return found


def _matching(rows: Iterable[Json], where: Json) -> int:
    return sum(all(row.get(name) == value for name, value in where.items()) for row in rows)


def _counted(found: int, what: Json) -> str | None:
    """Return what is wrong with how many there are, or None. Without a number: at least one."""
    bounds = {name: what[name] for name in ("count", "at_least", "at_most") if name in what}
    for name, number in (bounds or {"at_least": 1}).items():
        is_so = {"count": found == number, "at_least": found >= number, "at_most": found <= number}
        if not is_so[name]:
            where = " ".join(f"{key}={value}" for key, value in what.get("where", {}).items())
            words = name.replace("_", " ").replace("count", "exactly")
            return f"{found} with {where or 'anything'}, expected {words} {number}"
    return None
