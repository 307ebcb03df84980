"""A seeded world in its file: the books add up, and the same seed gives the same bytes."""

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.domain.account import Account
from sandbox.domain.secrets import secret_hash, secret_matches
from sandbox.domain.time import JST, add_months, instant_of, jst_date, midnight
from sandbox.services.export import digest, export_rows
from sandbox.services.life import life_of_day
from sandbox.services.population import generated, load_clients, load_personas
from sandbox.services.seed import HISTORY_MONTHS, fill_on_demand, history_days
from sandbox.storage import accounts, ledger
from sandbox.storage.export import EXPORTED_TABLES, WITHHELD_TABLES
from sandbox.storage.sqlite import SqliteDatabase
from tests.lives import CALENDAR
from tests.seeding import STARTS_AT, VOCABULARY, fill_world, write_world

# Changes with every change of life, of the fixtures or of the schema: look at the change, then
# put the new one here. Nothing else may change it.
GOLDEN = "e70072c16820997d279de5afe7fefdeb0a3c61d942c62e4fc935514750376176"

TODAY = jst_date(STARTS_AT)
BALANCE_BEFORE = """
    SELECT a.account, a.{kept}, COALESCE((
        SELECT l.balance_after_yen FROM line l WHERE l.account = a.account AND l.booked_at < ?
        ORDER BY l.booked_at DESC, l.seq DESC LIMIT 1), 0)
    FROM account a
"""


@pytest.fixture(scope="module")
def world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seed") / "world.db"
    write_world(path, population=40)
    return path


@pytest.fixture
def sql(world_file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(world_file)
    yield connection
    connection.close()


def one(sql: sqlite3.Connection, query: str, *args: object) -> object:
    (value,) = sql.execute(query, args).fetchone()
    return value


def persona_account(sql: sqlite3.Connection, key: str) -> int:
    query = "SELECT account FROM account WHERE contractor_id = ? ORDER BY account"
    (account,) = sql.execute(query, (f"persona-{key}",)).fetchone()
    return int(account)


def test_the_default_world_has_the_size_it_should(sql: sqlite3.Connection) -> None:
    assert 15_000 <= int(str(one(sql, "SELECT count(*) FROM line"))) <= 25_000
    kinds = dict(sql.execute("SELECT kind, count(*) FROM contractor GROUP BY kind"))
    assert kinds["individual"] + kinds["corporate"] == 40 + len(load_personas("tomato"))
    assert kinds["corporate"] == 12


def test_every_balance_is_the_sum_of_its_lines(sql: sqlite3.Connection) -> None:
    astray = sql.execute(
        "SELECT a.account FROM account a LEFT JOIN line l ON l.account = a.account "
        "GROUP BY a.account HAVING a.balance_yen <> COALESCE(SUM(l.amount_yen), 0)"
    ).fetchall()
    assert astray == []


def test_each_line_carries_the_balance_after_it(sql: sqlite3.Connection) -> None:
    account, balance_yen, seq = None, 0, 0
    for row in sql.execute(
        "SELECT account, seq, amount_yen, balance_after_yen FROM line "
        "ORDER BY account, booked_at, seq"
    ):
        if row[0] != account:
            account, balance_yen, seq = row[0], 0, 0
        balance_yen, seq = balance_yen + row[2], seq + 1
        assert row == (account, seq, row[2], balance_yen)


def test_every_posting_adds_up_to_zero(sql: sqlite3.Connection) -> None:
    unbalanced = sql.execute(
        "SELECT posting_id, SUM(yen) FROM ("
        " SELECT posting_id, amount_yen AS yen FROM line"
        " UNION ALL SELECT posting_id, amount_yen FROM contra) "
        "GROUP BY posting_id HAVING SUM(yen) <> 0"
    ).fetchall()
    assert unbalanced == []
    assert one(sql, "SELECT count(*) FROM posting") == one(
        sql, "SELECT count(DISTINCT posting_id) FROM line"
    )


def test_a_posting_is_one_account_in_one_month(sql: sqlite3.Connection) -> None:
    rows = sql.execute(
        "SELECT posting_id, count(DISTINCT account), min(booked_at), max(booked_at) "
        "FROM line GROUP BY posting_id"
    ).fetchall()
    for _, account_count, first, last in rows:
        assert account_count == 1
        assert jst_date(first).replace(day=1) == jst_date(last).replace(day=1)


def test_no_overdraft_beyond_the_limit_at_any_line(sql: sqlite3.Connection) -> None:
    broken = sql.execute(
        "SELECT l.account FROM line l JOIN account a ON a.account = l.account "
        "WHERE l.balance_after_yen < -a.overdraft_limit_yen"
    ).fetchall()
    assert broken == []
    assert int(str(one(sql, "SELECT min(balance_after_yen) FROM line"))) < 0  # 貸越 is used


@pytest.mark.parametrize(
    ("kept", "before"),
    [
        ("previous_day_yen", midnight(TODAY)),
        ("previous_month_yen", midnight(TODAY.replace(day=1))),
    ],
)
def test_earlier_balances_are_those_of_the_last_line_before(
    sql: sqlite3.Connection, kept: str, before: int
) -> None:
    rows = sql.execute(BALANCE_BEFORE.format(kept=kept), (before,)).fetchall()
    assert [row for row in rows if row[1] != row[2]] == []
    assert sum(row[1] != 0 for row in rows) > 50


def test_last_line_number_and_instant_are_kept(sql: sqlite3.Connection) -> None:
    rows = sql.execute(
        "SELECT a.account, a.last_seq, a.last_booked_at, COALESCE(max(l.seq), 0), "
        "COALESCE(max(l.booked_at), 0) FROM account a LEFT JOIN line l ON l.account = a.account "
        "WHERE a.history = 'posted' GROUP BY a.account"
    ).fetchall()
    assert all((row[1], row[2]) == (row[3], row[4]) for row in rows)


def test_history_ends_before_the_day_on_which_the_world_starts(sql: sqlite3.Connection) -> None:
    first, last = sql.execute("SELECT min(booked_at), max(booked_at) FROM line").fetchone()
    assert jst_date(first) == add_months(TODAY, -HISTORY_MONTHS)
    assert jst_date(last) == TODAY - timedelta(days=1)


def test_every_persona_is_there_with_its_log_in(sql: sqlite3.Connection) -> None:
    for persona in load_personas("tomato"):
        stored, state = sql.execute(
            "SELECT c.secret_hash, c.state FROM credential c WHERE c.login = ?",
            (persona.login.login,),
        ).fetchone()
        assert secret_matches(stored, persona.login.login, persona.login.secret)
        assert not secret_matches(stored, persona.login.login, "0000")
        assert state == persona.credential_state


def test_a_card_belongs_to_an_account_and_a_user_id_to_none(sql: sqlite3.Connection) -> None:
    rows = sql.execute(
        "SELECT c.login, a.branch_code, a.account_number FROM credential c "
        "LEFT JOIN account a ON a.account = c.account"
    ).fetchall()
    for login, branch_code, account_number in rows:
        if login.startswith("card:"):
            assert login == f"card:{branch_code}:{account_number}"
        else:
            assert branch_code is None


def test_account_ids_are_32_digits_of_their_own(sql: sqlite3.Connection) -> None:
    ids = [row[0] for row in sql.execute("SELECT account_id FROM account")]
    assert all(len(one_id) == 32 and one_id.isdecimal() for one_id in ids)
    assert len(set(ids)) == len(ids)
    taro = one(sql, "SELECT account_id FROM account WHERE account_number = '1234567'")
    assert taro == "00000000000000000010112345670001"


def test_the_empty_account_is_empty(sql: sqlite3.Connection) -> None:
    account = persona_account(sql, "empty")
    assert one(sql, "SELECT count(*) FROM line WHERE account = ?", account) == 0
    assert one(sql, "SELECT balance_yen FROM account WHERE account = ?", account) == 0


def test_the_restless_account_has_its_crowded_day(sql: sqlite3.Connection) -> None:
    booked = sql.execute(
        "SELECT booked_at FROM line WHERE account = ?", (persona_account(sql, "restless"),)
    )
    days = [jst_date(row[0]) for row in booked]
    assert days.count(date(2026, 11, 10)) > 300


def test_clients_keep_their_secret_as_a_hash(sql: sqlite3.Connection) -> None:
    for client in load_clients("tomato"):
        (stored,) = sql.execute(
            "SELECT secret_hash FROM client WHERE client_id = ?", (client.client_id,)
        ).fetchone()
        expected = client.client_secret and secret_hash(client.client_id, client.client_secret)
        assert stored == expected


def test_generated_contractors_do_not_depend_on_how_many_there_are() -> None:
    few = [generated(7, "tomato", index, VOCABULARY) for index in range(4)]
    many = [generated(7, "tomato", index, VOCABULARY) for index in range(40)]
    assert many[:4] == few
    assert {persona.kind for persona in few} == {"individual", "corporate"}
    assert generated(8, "tomato", 0, VOCABULARY) != few[0]


@pytest.mark.parametrize("index", [-1, 6_999])
def test_the_population_has_an_end(index: int) -> None:
    with pytest.raises(ValueError, match="the population ends"):
        generated(7, "tomato", index, VOCABULARY)


async def exported(path: Path, **how: int) -> str:
    database = await SqliteDatabase.open(path)
    try:
        await fill_world(database, **how)
        return await digest(database)
    finally:
        await database.close()


async def test_the_golden_world_is_what_it_was(tmp_path: Path) -> None:
    assert await exported(tmp_path / "golden.db", seed=20261122, population=4) == GOLDEN


async def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = await exported(tmp_path / "1.db", seed=5, population=2)
    assert await exported(tmp_path / "2.db", seed=5, population=2) == first
    assert await exported(tmp_path / "3.db", seed=6, population=2) != first


async def test_fakers_names_repeat_with_the_seed(tmp_path: Path) -> None:
    digests = set()
    for number, seed in enumerate((5, 5, 6)):
        database = await SqliteDatabase.open(tmp_path / f"{number}.db")
        await fill_world(database, seed=seed, population=2, vocabulary=None)
        digests.add(await digest(database))
        await database.close()
    assert len(digests) == 2


async def test_dates_follow_the_worlds_start(tmp_path: Path) -> None:
    start = instant_of(datetime(2026, 6, 1, 9, 0, tzinfo=JST))
    database = await SqliteDatabase.open(tmp_path / "june.db")
    await fill_world(database, starts_at=start, population=0)
    rows = await database.fetch("SELECT account, previous_month_yen, balance_yen FROM account")
    assert all(row[1] == row[2] for row in rows)  # the month ended yesterday
    assert history_days(start) == (date(2025, 5, 1), date(2026, 5, 31))
    await database.close()


@pytest.fixture
async def database(tmp_path: Path) -> SqliteDatabase:
    database = await SqliteDatabase.open(tmp_path / "world.db")
    await fill_world(database, population=0)
    return database


async def heavy_of(database: SqliteDatabase) -> Account:
    (account,) = await accounts.list_of_contractor(database, "persona-heavy")
    return account


async def test_the_heavy_history_is_written_when_asked_for(database: SqliteDatabase) -> None:
    before = await heavy_of(database)
    assert before.history == "on_demand"
    async with database.transaction() as db:
        assert await fill_on_demand(db, before.account) == 99_999
    after = await heavy_of(database)
    assert after.history == "posted"
    assert (after.balance_yen, after.previous_day_yen) == (before.balance_yen, before.balance_yen)
    assert after.previous_month_yen == before.previous_month_yen
    assert await ledger.list_astray(database) == []
    assert await ledger.list_unbalanced(database) == []
    rows = await database.fetch(
        "SELECT count(*), min(seq), max(seq), count(DISTINCT seq), min(balance_after_yen) "
        "FROM line WHERE account = $1",
        before.account,
    )
    assert rows == [(100_000, 1, 100_000, 100_000, before.balance_yen)]
    async with database.transaction() as db:
        assert await fill_on_demand(db, before.account) == 0
    await database.close()


async def test_the_heavy_history_fits_between_what_is_booked_already(
    database: SqliteDatabase,
) -> None:
    heavy = await heavy_of(database)
    async with database.transaction() as db:
        moved = await ledger.move_balance(db, heavy.account, 0, STARTS_AT)
        await fill_on_demand(db, heavy.account)
    row = await database.fetchrow(
        "SELECT max(seq), max(booked_at) FROM line WHERE account = $1", heavy.account
    )
    assert moved is not None
    assert row is not None
    assert moved[1] == row[0] + 1
    assert row[1] < midnight(TODAY) <= moved[2]
    await database.close()


async def test_other_accounts_have_nothing_to_fill(database: SqliteDatabase) -> None:
    async with database.transaction() as db:
        assert await fill_on_demand(db, 1) == 0
        assert await fill_on_demand(db, 999_999) == 0
    await database.close()


async def test_a_day_lived_later_is_the_day_that_was_seeded(tmp_path: Path) -> None:
    """Take the balances of the morning of the last seeded day, and live it again."""
    database = await SqliteDatabase.open(tmp_path / "world.db")
    await fill_world(database, population=6)
    day, relived, booked = TODAY - timedelta(days=1), [], []
    for contractor_id, story in await database.fetch("SELECT contractor_id, story FROM contractor"):
        mornings = [
            await as_on_the_morning(database, account, day)
            for account in await accounts.list_of_contractor(database, contractor_id)
        ]
        lived = life_of_day(7, story, mornings, day, CALENDAR)
        relived += [(a.account, m.booked_at, m.amount_yen, m.abstract) for a, m in lived]
    for row in await database.fetch(
        "SELECT l.account, l.booked_at, l.amount_yen, l.abstract FROM line l JOIN account a "
        "ON a.account = l.account WHERE l.booked_at >= $1 AND a.state = 'open'",
        midnight(day),
    ):
        booked.append(row)
    assert sorted(relived) == sorted(booked)
    assert len(booked) > 5
    await database.close()


async def as_on_the_morning(database: SqliteDatabase, account: Account, day: date) -> Account:
    row = await database.fetchrow(
        "SELECT COALESCE(SUM(amount_yen), 0) FROM line WHERE account = $1 AND booked_at < $2",
        account.account,
        midnight(day),
    )
    assert row is not None
    fields = {name: getattr(account, name) for name in Account.__slots__}
    return Account(**{**fields, "balance_yen": row[0]})


def test_a_frozen_account_stands_still(sql: sqlite3.Connection) -> None:
    (story,) = sql.execute(
        "SELECT story FROM contractor WHERE persona = 'frozen'",
    ).fetchone()
    row = sql.execute("SELECT * FROM account WHERE contractor_id = 'persona-frozen'")
    names = [column[0] for column in row.description]
    held = dict(zip(names, row.fetchone(), strict=True))
    account = Account(**{name: held[name] for name in Account.__slots__})
    days = [TODAY + timedelta(days=n) for n in range(31)]
    assert all(life_of_day(7, story, [account], day, CALENDAR) == [] for day in days)


def test_the_export_names_every_table_and_column(sql: sqlite3.Connection) -> None:
    tables = {row[0] for row in sql.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {table.name for table in EXPORTED_TABLES} | set(WITHHELD_TABLES) == tables
    for table in EXPORTED_TABLES:
        columns = [row[1] for row in sql.execute(f"PRAGMA table_info({table.name})")]
        assert sorted(table.columns + table.withheld) == sorted(columns), table.name


async def test_the_export_holds_no_secret(world_file: Path) -> None:
    database = await SqliteDatabase.open(world_file)
    text = b"".join([chunk async for chunk in export_rows(database)]).decode()
    await database.close()
    secrets = [persona.login.secret for persona in load_personas("tomato")]
    secrets += [client.client_secret for client in load_clients("tomato") if client.client_secret]
    long_ones = [secret for secret in secrets if len(secret) > 4]
    assert len(long_ones) >= 6
    assert [secret for secret in long_ones if secret in text] == []
    assert "secret_hash" not in text
