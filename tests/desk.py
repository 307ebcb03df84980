"""The small language of the tests of the contractor's pages: who visits them, and what they say."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from sandbox.domain.account import AccountState, AccountType
from sandbox.domain.corporate.contract import ContractStatus, Service
from sandbox.domain.corporate.onboarding import TAKEN_BY, Step
from sandbox.domain.corporate.plan import Plan
from sandbox.domain.corporate.user import Role
from sandbox.domain.transfer.approval import Pattern
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.draft import Draft, Item
from sandbox.domain.transfer.finding import Code
from sandbox.domain.transfer.status import Event, ItemStatus, Status
from sandbox.domain.transfer.window import Kind
from sandbox.resources import data_root
from sandbox.services.desk.requests import LISTS
from sandbox.services.transfers.approval import Submission
from sandbox.web.web21.desk import client, requests, sign_in, users
from sandbox.web.web21.desk.door import ERRORS
from sandbox.web.web21.desk.start import PLACES
from sandbox.web.web21.desk.visit import DOORS, NOTES
from tests.direct import BANK, BASE, SHOJI
from tests.support import Running

DESK = f"{BASE}/desk"
ACTS = ("approve", "return", "cancel_approval", "pull_back", "delete")
CONTRACT_STATES = ("none", *ContractStatus)
# Texts whose keys are put together at run time, by what they are made of.
DESK_FAMILIES: dict[str, tuple[str, ...]] = {
    "desk.nav.*": tuple(DOORS),
    "desk.note.*": NOTES,
    "desk.sign_in.error.*": sign_in.ERRORS,
    "desk.step.*": tuple(Step),
    "desk.step.*.by": tuple(Step),
    "desk.step.*.do": tuple(step for step, act in TAKEN_BY.items() if act),
    "desk.step.*.wait": tuple(step for step, act in TAKEN_BY.items() if act),
    "desk.step.*.go": tuple(PLACES),
    "desk.step_state.*": ("done", "current", "later"),
    "desk.contract.status.*": CONTRACT_STATES,
    "desk.contract.status_why.*": CONTRACT_STATES,
    "desk.contract.plan.*": tuple(Plan),
    "desk.contract.approval.*": tuple(Pattern),
    "desk.account_type.*": tuple(AccountType),
    "desk.account_state.*": tuple(set(AccountState) - {AccountState.OPEN}),
    "desk.users.role.*": tuple(set(Role) - {Role.USER}),
    "desk.right.*": tuple(Service),
    "desk.right.*_hint": tuple(Service),
    "desk.user.limit.*": users.LIMITS,
    "desk.user.limit.*_hint": users.LIMITS,
    "desk.user.error.*": users.ERRORS,
    "desk.client.state.*": ("issued", "active", "blocked", "ended"),
    "desk.client.error.*": client.ERRORS,
    "desk.requests.list.*": tuple(LISTS),
    "desk.kind.*": tuple(Kind),
    "desk.status.*": tuple(Status),
    "desk.item_status.*": tuple(ItemStatus),
    "desk.finding.*": tuple(Code),
    "desk.event.*": tuple(Event),
    "desk.request.act.*": ACTS,
    "desk.request.act.*_hint": ACTS,
    "desk.request.error.*": requests.ERRORS,
    **{f"desk.error.*.{part}": tuple(ERRORS) for part in ("title", "why", "do")},
}


def logins() -> dict[str, dict[str, str]]:
    """Return what each persona of ``web21`` types, by persona."""
    file = data_root() / "fixtures" / "personas" / "web21.json"
    return {
        user["persona"]: {
            "contractor_id": firm["contract_number"],
            "user_id": user["user_id"],
            "password": user["password"],
            "second_factor": user["second_factor"],
        }
        for firm in json.loads(file.read_text("utf-8"))["personas"]
        for user in firm.get("users", ())
    }


class Forms(HTMLParser):
    """The forms of a page: where each goes, and what it sends if nobody touches it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str]]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.found.append((given["action"] or "", []))
        elif tag == "input" and self.found and "name" in given and "readonly" not in given:
            is_box = given.get("type") == "checkbox"
            if not is_box or "checked" in given:
                self.found[-1][1].append((given["name"] or "", given.get("value") or ""))


@dataclass(frozen=True, kw_only=True)
class Page:
    status: int
    text: str
    path: str
    headers: Any

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def actions(self) -> list[str]:
        """Return where the forms of the page go, without log-out and queries."""
        found = [action.partition("?")[0] for action, _ in Forms(self.text).found]
        return [action for action in found if not action.endswith("/sign-out")]

    @property
    def heading(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.text, re.DOTALL)
        assert found is not None, self.text
        return found[1].strip()

    def fields(self, action: str) -> list[tuple[str, str]]:
        """Return what the form that goes to ``action`` sends by itself."""
        for found, fields in Forms(self.text).found:
            if found.partition("?")[0].endswith(action):
                return fields
        raise AssertionError(f"no form to {action}: {self.actions}")


@dataclass
class Visitor:
    """A browser at the contractor's pages, which keeps its cookies and follows the bank."""

    running: Running
    http: aiohttp.ClientSession
    prefix: str = ""
    seen: list[Page] = field(default_factory=list)

    @property
    def page(self) -> Page:
        return self.seen[-1]

    async def load(self, path: str, *, method: str = "GET", **options: Any) -> Page:
        """Load one page of the desk as it is; ``path`` begins below it, or at the root."""
        whole = path if path.startswith("/w") else f"{self.prefix}{DESK}{path}"
        url = URL(f"{self.running.url}{whole}", encoded=True)
        options = {"allow_redirects": False, **options}
        async with self.http.request(method, url, **options) as answer:
            text = await answer.text()
            page = Page(status=answer.status, text=text, path=whole, headers=answer.headers)
        self.seen.append(page)
        return page

    async def open(self, path: str, **options: Any) -> Page:
        """Load a page and follow it to where it leads."""
        page = await self.load(path, **options)
        while page.status == 303:
            page = await self.load(page.location)
        return page

    async def post(self, path: str, *fields: tuple[str, str], **changes: str) -> Page:
        """Post ``fields`` as the page's own form to ``path`` would, and follow."""
        return await self.open(path, method="POST", **self._form(path, fields, changes))

    async def send(self, path: str, *fields: tuple[str, str]) -> Page:
        """Post with the right form token, whether or not a page offers it; do not follow."""
        start = await self.load("")
        token = dict(start.fields("/sign-out"))["csrf"]
        body = urlencode([("csrf", token), *fields])
        return await self.load(path, method="POST", data=body, headers=FORM)

    def _form(self, path: str, fields: tuple[tuple[str, str], ...], changes: dict[str, str]) -> Any:
        sent = [pair for pair in self.page.fields(path) if pair[0] not in changes]
        return {"data": urlencode([*sent, *fields, *changes.items()]), "headers": FORM}

    async def sign_in(self, persona: str, **changes: str) -> Page:
        await self.open("/sign-in")
        return await self.post("/sign-in", **{**logins()[persona], **changes})

    async def identify(self, persona: str) -> Page:
        """Go through the second identity check, as somebody signed in."""
        login = logins()[persona]
        await self.open("/identity")
        secrets = {name: login[name] for name in ("password", "second_factor")}
        return await self.post("/identity", **secrets)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@asynccontextmanager
async def visiting(
    running: Running, persona: str | None = None, *, prefix: str = "", **headers: str
) -> AsyncIterator[Visitor]:
    """Open a browser of its own, signed in as ``persona`` if one is named."""
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address instead of a name
    async with aiohttp.ClientSession(cookie_jar=jar, headers=headers) as http:
        visitor = Visitor(running=running, http=http, prefix=prefix)
        if persona is not None:
            page = await visitor.sign_in(persona)
            assert page.status == 200, page.text
        yield visitor


# Who acts in the tests' transfer requests, all of them of サンプル商事.
MAKER = Caller(contractor_id=SHOJI, user_code="Z001", powers=frozenset({Service.UPDATE}))
FIRST, SECOND = (
    Caller(contractor_id=SHOJI, user_code=code, powers=frozenset({Service.APPROVAL}))
    for code in ("Z101", "Z102")
)
NO_CHECKS = "0" * 10


def item(number: int = 1, yen: int = 10_000, **changes: Any) -> Item:
    """Return an item to another bank, unless told otherwise."""
    fields = {
        "item_id": str(number),
        "beneficiary_bank_code": "9999",
        "beneficiary_branch_code": "001",
        "account_type_code": "01",
        "account_number": f"{7_000_000 + number}",
        "beneficiary_name": "ｶｸｳ ﾀﾛｳ",
        "transfer_amount": yen,
    }
    return Item(**fields | changes)


def draft(*items: Item, kind: Kind = Kind.BULK, on: str = "11-24", **changes: Any) -> Draft:
    """Return a draft of サンプル商事 that nothing is wrong with."""
    fields: dict[str, Any] = {
        "kind": kind,
        "remitter_code": "0000000001",
        "remitter_name": "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ",
        "effort_date": on,
        "remitting_bank_code": "0009",
        "remitting_branch_code": "001",
        "remitting_account_type_code": "01",
        "remitting_account_number": "1000001",
        "items": items or (item(),),
    }
    return Draft(**fields | changes)


class Orders:
    """What reaches the bank's pages: requests as the contractor's server registers them."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.transfers = running.sandbox.bank(BANK).transfers

    async def register(self, *items: Item, kind: Kind = Kind.BULK, **changes: Any) -> str:
        """Register a request and return its id."""
        outcome = await self.transfers.register.register(
            MAKER, draft(*items, kind=kind, **changes), warning_check_type=NO_CHECKS
        )
        return outcome.request.reference

    async def approve(self, reference: str, by: Caller = SECOND, kind: Kind = Kind.BULK) -> None:
        await self.transfers.approval.submit(by, kind, reference, Submission())

    async def status(self, reference: str, kind: Kind = Kind.BULK) -> str:
        found = await self.transfers.inquiry.detail(MAKER, kind, reference)
        return found.request.status.value

    async def item_status(self, reference: str, kind: Kind = Kind.BULK) -> list[str]:
        found = await self.transfers.inquiry.detail(MAKER, kind, reference)
        return [each.status.value for each in found.items]

    async def settled(self, *items: Item, **changes: Any) -> str:
        """Return a request of which every item is paid: the clock moves on eight days and more."""
        reference = await self.register(*items, **changes)
        await self.approve(reference)
        await self.running.advance("9d")
        return reference
