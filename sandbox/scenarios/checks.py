"""What a scenario expects, held against what there is."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias

from sandbox.scenarios.app import App, mismatch
from sandbox.scenarios.bank import Bank, Json

Check: TypeAlias = Callable[["Ground", Json], Awaitable[str | None]]


class Ground:
    """What checks look at. ``opening``: balances at the start, by account id."""

    def __init__(self, bank: Bank, app: App, opening: Mapping[str, int]) -> None:
        self.bank = bank
        self.app = app
        self.opening = opening


async def expect(ground: Ground, what: Json) -> str | None:
    """Return what is not as expected, or None."""
    for name, wanted in what.items():
        problem = await CHECKS[name](ground, wanted)
        if problem is not None:
            return f"{name}: {problem}"
    return None


async def app_answers(ground: Ground, what: Json) -> str | None:
    answer = await ground.app.call(what.get("method", "GET"), what["path"], what.get("json"))
    return mismatch(answer, what)


async def journal_has(ground: Ground, what: Json) -> str | None:
    rows = await ground.bank.list_all("journal", "entries", {})
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
    found = {each["id"] for each in await findings_of(ground.bank)}
    if missing := sorted(set(what.get("findings", ())) - found):
        return f"{', '.join(missing)} found nothing"
    if unwanted := sorted(set(what.get("none", ())) & found):
        return f"{', '.join(unwanted)} found something"
    return None


CHECKS: Mapping[str, Check] = {
    "app": app_answers,
    "journal": journal_has,
    "transfers": transfers_are,
    "account": account_has,
    "conduct": conduct_says,
}


async def balances_of(bank: Bank) -> dict[str, int]:
    """Return the balance of every account, by its id."""
    rows = await bank.list_all("accounts", "accounts", {})
    return {row["account_id"]: row["balance_yen"] for row in rows}


async def findings_of(bank: Bank) -> list[dict[str, Any]]:
    """Return what the conduct report has found so far."""
    found: list[dict[str, Any]] = (await bank.call("GET", "conduct"))["findings"]
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
