"""A small world of bank ``web21``: two firms, a person, and no life but what a test does.

``shoji`` is the parent of ``logi``. Its users: Z001 registers, Z101 and Z102 approve, Z103 approves
up to small amounts.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from sandbox.domain.account import Account
from sandbox.domain.corporate.contract import Service
from sandbox.domain.ledger import Leg, one_sided
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import JST, Instant, at, instant_of, jst_date
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.draft import Draft, Item
from sandbox.domain.transfer.request import Outcome, TransferRequest
from sandbox.domain.transfer.window import Kind
from sandbox.services import ledger
from sandbox.services.clock import ClockService
from sandbox.services.surroundings import Surroundings
from sandbox.services.transfers.approval import Submission
from sandbox.services.transfers.desk import Transfers, make_transfers
from sandbox.services.world import World
from sandbox.services.worlds import Worlds, tag_of
from sandbox.storage import accounts, corporate, seeding
from sandbox.storage import ledger as books
from sandbox.storage import world as world_rows
from sandbox.storage.database import Row, Transaction
from sandbox.storage.sqlite import SCHEMA_VERSION, SqliteDatabase
from sandbox.storage.world import WorldRow
from sandbox.web.tomato import PROFILE

NAME, BANK, BANK_CODE = "transfers", "web21", "0009"
STARTS_AT = instant_of(datetime(2026, 11, 16, 10, tzinfo=JST))  # a Monday; the 23rd is a holiday
SHOJI, LOGI, HANAKO = "shoji", "logi", "hanako"
OPENING_YEN = 10_000_000
# account: (contractor, branch, type, number, state, 貸越極度)
ACCOUNTS = {
    1: (SHOJI, "001", "ordinary", "1000001", "open", 0),
    2: (SHOJI, "001", "current", "1000002", "open", 500_000),
    3: (SHOJI, "001", "time", "1000003", "open", 0),
    4: (LOGI, "001", "ordinary", "1000004", "open", 0),
    5: (HANAKO, "002", "ordinary", "2000001", "open", 0),
    6: (HANAKO, "002", "ordinary", "2000002", "closed", 0),
    7: (HANAKO, "002", "ordinary", "2000003", "frozen", 0),
    8: (HANAKO, "002", "ordinary", "2000004", "restricted", 0),
    9: (HANAKO, "002", "savings", "2000005", "open", 0),
}
FUNDED = (1, 2, 4, 5)
REMITTER_CODE, REMITTER = "0000000001", "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ"
UPDATE, APPROVAL = frozenset({Service.UPDATE}), frozenset({Service.APPROVAL})
# user code: (contractor, rights, limit per transaction, per item)
USERS = {
    "Z001": (SHOJI, "reference update", None, None),
    "Z101": (SHOJI, "reference approval", None, None),
    "Z102": (SHOJI, "reference update approval", None, None),
    "Z103": (SHOJI, "reference approval", 100_000, 50_000),
    "L001": (LOGI, "reference update approval", None, None),
}
CONTRACTS = {SHOJI: (1, 5_000_000), LOGI: (4, None)}  # fee account, double approval from

MAKER = Caller(contractor_id=SHOJI, user_code="Z001", powers=UPDATE)
CHECKER = Caller(contractor_id=SHOJI, user_code="Z101", powers=APPROVAL)
SECOND = Caller(contractor_id=SHOJI, user_code="Z102", powers=APPROVAL)
LIMITED = Caller(
    contractor_id=SHOJI,
    user_code="Z103",
    powers=APPROVAL,
    limit_per_transaction_yen=100_000,
    limit_per_item_yen=50_000,
)
STRANGER = Caller(contractor_id=LOGI, user_code="L001", powers=UPDATE | APPROVAL)


def item(number: int = 1, yen: int = 1_000, **changes: Any) -> Item:
    """Return an item to another bank, unless told otherwise."""
    fields = {
        "item_id": str(number),
        "beneficiary_bank_code": "9999",
        "beneficiary_branch_code": "001",
        "account_type_code": "01",
        "account_number": f"{number:07}",
        "beneficiary_name": "ｶｸｳ ﾀﾛｳ",
        "transfer_amount": yen,
    }
    return Item(**fields | changes)


def own_item(number: int = 1, yen: int = 1_000, *, to: int = 5, **changes: Any) -> Item:
    """Return an item to one of the accounts of this world."""
    _, branch, _, account_number, _, _ = ACCOUNTS[to]
    where = {
        "beneficiary_bank_code": BANK_CODE,
        "beneficiary_branch_code": branch,
        "account_number": account_number,
    }
    return item(number, yen, **where | changes)


def draft(*items: Item, kind: Kind = Kind.BULK, on: str = "11-20", **changes: Any) -> Draft:
    """Return a draft of ``shoji`` that nothing is wrong with."""
    fields: dict[str, Any] = {
        "kind": kind,
        "remitter_code": REMITTER_CODE,
        "remitter_name": REMITTER,
        "effort_date": on,
        "remitting_bank_code": BANK_CODE,
        "remitting_branch_code": "001",
        "remitting_account_type_code": "01",
        "remitting_account_number": "1000001",
        "items": items or (item(),),
    }
    return Draft(**fields | changes)


def _account_row(number: int) -> Row:
    contractor, branch, kind, account_number, state, limit_yen = ACCOUNTS[number]
    named = (branch, "本店", kind, account_number, contractor, "ｶｸｳ", state)
    return (number, f"{number:013}", BANK, contractor, *named, limit_yen, "posted", 0, 0, 0, 0, 0)


def _user_row(number: int, code: str) -> Row:
    contractor, rights, per_transaction, per_item = USERS[code]
    flags = ("user", 0, 1, rights, per_transaction, per_item, None, None)  # persona, accounts
    return (number, contractor, code.lower(), code, code, *flags)


def _contract_row(contractor: str) -> Row:
    fee_account, double_from = CONTRACTS[contractor]
    chosen = ("active", "reference update approval", "試験", "直接接続", "expert")
    return (contractor, *chosen, fee_account, "single_approval", double_from, 0, None, None)


async def _fill(db: Transaction) -> None:
    row = WorldRow(
        name=NAME,
        tag=tag_of(NAME),
        seed=1,
        starts_at=STARTS_AT,
        version=1,
        clock_mode="frozen",
        clock_at=STARTS_AT,
        clock_anchor=0,
        clock_rate=1.0,
        start_mode="frozen",
        start_rate=1.0,
        agenda_done_at=STARTS_AT,
    )
    await world_rows.insert(db, row, SCHEMA_VERSION)
    people = [(who, BANK, "corporate", who, who, "", who, "{}") for who in (SHOJI, LOGI, HANAKO)]
    await seeding.insert_contractors(db, people)
    await seeding.insert_accounts(db, [_account_row(number) for number in ACCOUNTS])
    users = [_user_row(number, code) for number, code in enumerate(USERS, start=1)]
    await corporate.insert_users(db, users)
    await corporate.insert_contracts(db, [_contract_row(who) for who in CONTRACTS])
    await corporate.insert_links(db, [(SHOJI, LOGI)])
    names = [(number, REMITTER_CODE, REMITTER) for number in (1, 2, 4)]
    await corporate.insert_remitters(db, names)
    for number in FUNDED:
        await ledger.post(db, deposit(number, OPENING_YEN), booked_at=STARTS_AT)


def deposit(account: int, yen: int):
    """Return the posting of cash paid in, or taken out where negative."""
    day = jst_date(STARTS_AT)
    leg = Leg(account=account, amount_yen=yen, content="現金", abstract="ｹﾞﾝｷﾝ", value_on=day)
    return one_sided("test", leg, "cash")


@cache
def template() -> bytes:
    """Return the file of such a world, closed."""

    async def write(path: Path) -> None:
        database = await SqliteDatabase.open(path)
        async with database.transaction() as db:
            await _fill(db)
        await database.close()

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"{NAME}.db"
        asyncio.run(write(path))
        return path.read_bytes()


def worlds_in(directory: Path, policy: BankPolicy) -> Worlds:
    numbers = count(1)
    return Worlds(
        Surroundings(
            directory=directory,
            cache=directory / "cache",
            policies={"tomato": BankPolicy(), BANK: policy},
            facts={"tomato": PROFILE.facts},
            secret=lambda _bytes: f"secret-{next(numbers)}",
            base_url=lambda: "http://localhost",
        )
    )


@dataclass
class Small:
    """The world, its services, and short words for what most tests do."""

    worlds: Worlds
    world: World
    transfers: Transfers

    @property
    def now(self) -> Instant:
        return self.world.now()

    async def advance_to(self, day: date, hour: int, minute: int = 0) -> list[dict[str, Any]]:
        """Let time pass until then and return what happened, the closing runs left out."""
        target = at(day, time(hour, minute))
        advance = await ClockService(self.world).advance(lambda _now: target)
        return [event for event in advance.events if event["kind"] != "closing_run"]

    async def register(
        self, what: Draft, caller: Caller = MAKER, check: str = "0" * 10, **how: Any
    ) -> Outcome:
        register = self.transfers.register.register
        return await register(caller, what, warning_check_type=check, **how)

    async def registered(self, what: Draft) -> TransferRequest:
        return (await self.register(what)).request

    async def approve(
        self, request: TransferRequest, caller: Caller = CHECKER, **how: Any
    ) -> Outcome:
        submit = self.transfers.approval.submit
        return await submit(caller, request.kind, request.reference, Submission(**how))

    async def approved(self, what: Draft) -> TransferRequest:
        """Register and approve a draft; whoever is needed for that does it."""
        request = await self.registered(what)
        approved = (await self.approve(request)).request
        if approved.status == "awaiting_final_approval":
            approved = (await self.approve(approved, SECOND)).request
        assert approved.status == "accepted"
        return approved

    async def detail(self, request: TransferRequest):
        return await self.transfers.inquiry.detail(MAKER, request.kind, request.reference)

    async def status(self, request: TransferRequest) -> str:
        return (await self.detail(request)).request.status.value

    async def items(self, request: TransferRequest) -> list[str]:
        return [each.status.value for each in (await self.detail(request)).items]

    async def balance(self, account: int) -> int:
        return (await self.account(account)).balance_yen

    async def account(self, account: int) -> Account:
        found = await accounts.find(self.world.database, account)
        assert found is not None
        return found

    async def lines(self, account: int) -> list[tuple[int, str, str]]:
        """Return (yen, content, abstract) of an account, what it began with left out."""
        found = await accounts.list_lines(
            self.world.database, account, start=0, end=self.now + 1, limit=99_999
        )
        return [(line.amount_yen, line.content, line.abstract) for line in found[1:]]

    async def post(self, account: int, yen: int) -> None:
        async with self.world.database.transaction() as db:
            await ledger.post(db, deposit(account, yen), booked_at=self.now)

    async def run_sql(self, sql: str, *args: Any) -> None:
        async with self.world.database.transaction() as db:
            assert await db.execute(sql, *args) > 0

    async def gl(self, code: str) -> int:
        """Return what stands on one of the bank's own accounts."""
        row = await self.world.database.fetchrow(
            "SELECT COALESCE(SUM(amount_yen), 0) FROM contra WHERE gl_code = $1", code
        )
        return row[0]

    async def check_books(self) -> None:
        """No yen is lost, whatever happened."""
        assert await books.list_unbalanced(self.world.database) == []
        assert await books.list_astray(self.world.database) == []


class Died(Exception):
    """The process is gone."""


@contextmanager
def dying(world: World, *, after: int) -> Iterator[None]:
    """Let the world write ``after`` more times, and then no more."""
    real, written = world.database.transaction, count(1)

    def transaction(**how: Any):
        if next(written) > after:
            raise Died
        return real(**how)

    world.database.transaction = transaction  # type: ignore[method-assign]
    try:
        yield
    finally:
        world.database.transaction = real  # type: ignore[method-assign]


@asynccontextmanager
async def small_world(
    directory: Path, change: Callable[[BankPolicy], BankPolicy] = lambda policy: policy
) -> AsyncIterator[Small]:
    """Open such a world in ``directory``, or the one that is there already."""
    path = directory / f"{NAME}.db"
    if not path.exists():
        path.write_bytes(await asyncio.to_thread(template))
    worlds = worlds_in(directory, change(BankPolicy()))
    try:
        world = await worlds.open(NAME)
        small = Small(worlds, world, make_transfers(world, BANK, BANK_CODE))
        yield small
        await small.check_books()
    finally:
        await worlds.close()
