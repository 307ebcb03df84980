"""A world with three accounts and no life of its own: whatever happens there, a test did."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from sandbox.domain.client import Client
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import JST, Instant, instant_of, jst_date
from sandbox.services.agenda import closing_item
from sandbox.services.clock import Advance, ClockService
from sandbox.services.surroundings import Surroundings
from sandbox.services.world import World
from sandbox.services.worlds import Worlds, tag_of
from sandbox.storage import clients, seeding
from sandbox.storage import world as world_rows
from sandbox.storage.database import Row, Transaction
from sandbox.storage.sqlite import SCHEMA_VERSION, SqliteDatabase
from sandbox.storage.world import WorldRow
from sandbox.web.tomato import PROFILE

Result = TypeVar("Result")

NAME = "small"
STARTS_AT = instant_of(datetime(2026, 11, 16, 10, tzinfo=JST))
POLICY = BankPolicy()
# account: (contractor, 貸越極度, 他店券)
ACCOUNTS = {1: ("taro", 0, 0), 2: ("hanako", 50_000, 0), 3: ("hanako", 0, 20_000)}
CONTRACTORS = ("taro", "hanako")
CLIENTS = ("first-provider", "second-provider")
REDIRECT_URI = "http://localhost:8000/callback"
# A grant of the books' auditor: what it covers can be read by the bank's own service.
AUDITOR_GRANT = "auditor"


def account_id(account: int) -> str:
    return f"{account:032d}"


def _account_row(account: int, contractor: str, limit_yen: int) -> Row:
    named = ("001", "本店", "ordinary", f"{account:07d}", "架空 太郎", "ｶｸｳ ﾀﾛｳ", "open")
    balances = (0, 0, 0, 0, 0)
    wire = account_id(account)
    return (account, wire, "tomato", contractor, *named, limit_yen, "posted", *balances)


def _client(client_id: str) -> Client:
    return Client(
        client_id=client_id,
        bank="tomato",
        secret_hash=b"",
        auth_method="client_secret_basic",
        security_profile="bank",
        provider_name="架空サービス",
        registration_no="架空第1号",
        terms_url="https://provider.example/terms",
        redirect_uris=(REDIRECT_URI,),
        scopes=("accounts",),
        functions=("balances", "transactions"),
        contractor_kinds=("individual",),
        pkce="optional",
        auto_manual_mode="auto",
        status="active",
    )


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
    await world_rows.insert_terms(db, "tomato", "1", "2026-01-01")
    people = [(who, "tomato", "individual", who, who, "", who, "{}") for who in CONTRACTORS]
    await seeding.insert_contractors(db, people)
    rows = [_account_row(number, who, limit) for number, (who, limit, _) in ACCOUNTS.items()]
    await seeding.insert_accounts(db, rows)
    await db.executemany(
        "UPDATE account SET held_yen = $2 WHERE account = $1",
        [(number, held_yen) for number, (_, _, held_yen) in ACCOUNTS.items()],
    )
    cards = [
        (number, "tomato", f"card:{who}", who, None, b"", "live")
        for number, who in enumerate(CONTRACTORS, start=1)
    ]
    await seeding.insert_credentials(db, cards)
    await clients.insert(db, [_client(client_id) for client_id in CLIENTS])
    await db.executemany(
        "INSERT INTO grant_account VALUES ($1, $2)", [(AUDITOR_GRANT, n) for n in ACCOUNTS]
    )
    tomorrow = date.fromordinal(jst_date(STARTS_AT).toordinal() + 1)
    await world_rows.add_agenda(db, [closing_item(tomorrow, POLICY)])


@cache
def template() -> bytes:
    """Return the file of a small world, closed."""

    async def write(path: Path) -> None:
        database = await SqliteDatabase.open(path)
        async with database.transaction() as db:
            await _fill(db)
        await database.close()

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"{NAME}.db"
        asyncio.run(write(path))
        return path.read_bytes()


class WorldMachine(RuleBasedStateMachine):
    """A small world of its own for each example, opened, closed and opened again."""

    world: World
    worlds: Worlds

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        (self.directory / f"{NAME}.db").write_bytes(template())
        self.runner = asyncio.Runner()
        self.open()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    def open(self) -> None:
        self.worlds = Worlds(
            Surroundings(
                directory=self.directory,
                cache=self.directory / "cache",
                policies={"tomato": POLICY},
                facts={"tomato": PROFILE.facts},
                secret=self.new_secret,
                base_url=lambda: "http://localhost",
            )
        )
        self.world = self.run(self.worlds.open(NAME))

    def new_secret(self, _bytes: int) -> str:
        """Count instead of drawing: the same steps make the same tokens."""
        self.secrets = getattr(self, "secrets", 0) + 1
        return f"secret-{self.secrets}"

    def reopen(self) -> None:
        """Close the world and open its file again, as a restart of the server does."""
        before = self.now
        self.run(self.worlds.close())
        self.open()
        assert self.now == before

    @property
    def now(self) -> Instant:
        return self.world.now()

    def advance(self, by_ms: int) -> Advance:
        return self.run(ClockService(self.world).advance(lambda now: now + by_ms))

    def teardown(self) -> None:
        self.run(self.worlds.close())
        self.runner.close()
        shutil.rmtree(self.directory)
