"""Queries of the storage floor, each asked at the edges of what it promises."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from sandbox.domain.ledger import Leg
from sandbox.domain.oauth.grant import AuthorizationCode
from sandbox.storage import accounts, clients, contractors, grants, ledger
from sandbox.storage import world as worlds
from sandbox.storage.sqlite import SqliteDatabase
from sandbox.storage.world import AgendaItem
from tests.seeding import write_world

TARO, SHOJI = "persona-taro", "persona-shoji"
AGGREGATOR, MANUAL = "sandbox-aggregator", "sandbox-manual"
NOW = 1_800_000_000_000


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("queries") / "world.db"
    write_world(path, population=0)
    return path


@pytest.fixture
async def database(seeded: Path, tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    shutil.copy(seeded, tmp_path / "world.db")
    database = await SqliteDatabase.open(tmp_path / "world.db")
    yield database
    await database.close()


async def grant(
    database: SqliteDatabase,
    grant_id: str,
    *,
    client_id: str = AGGREGATOR,
    contractor_id: str = TARO,
    expires_at: int = NOW + 1_000,
) -> None:
    async with database.transaction() as db:
        (credential, *_) = await contractors.list_credentials(db, contractor_id)
        held = await accounts.list_of_contractor(db, contractor_id)
        await grants.insert_grant(
            db,
            grant_id=grant_id,
            bank="tomato",
            client_id=client_id,
            contractor_id=contractor_id,
            credential_id=credential.credential_id,
            scope="accounts",
            functions=("balances",),
            terms_version="1",
            now=NOW,
            expires_at=expires_at,
            authenticated_at=NOW,
            detail="{}",
            accounts=tuple(account.account for account in held[:1]),
        )


async def tokens(database: SqliteDatabase, *rows: tuple[str, str, str, int]) -> None:
    """Insert tokens of (hash, kind, grant id, expires at), issued ``NOW``."""
    async with database.transaction() as db:
        await grants.insert_tokens(
            db,
            [(name.encode(), kind, grant_id, "accounts", NOW, until, None, None)
             for name, kind, grant_id, until in rows],
        )  # fmt: skip


async def ended(database: SqliteDatabase) -> dict[str, str | None]:
    return dict(await database.fetch("SELECT grant_id, end_reason FROM access_grant"))


# Grants and what hangs on them


async def test_a_grant_ends_once_and_keeps_its_first_reason(database):
    await grant(database, "g1")
    async with database.transaction() as db:
        assert await grants.end_grant(db, "g1", at=NOW + 5, reason="first")
        assert not await grants.end_grant(db, "g1", at=NOW + 6, reason="second")
        assert not await grants.end_grant(db, "nobody's", at=NOW, reason="third")
    standing = await grants.find_standing(database, "g1")
    assert (standing.ended_at, standing.end_reason) == (NOW + 5, "first")


async def test_an_end_that_is_still_to_come_may_be_brought_forward(database):
    await grant(database, "g1")
    async with database.transaction() as db:
        await grants.end_grant(db, "g1", at=NOW + 500, reason="later")
        assert await grants.end_grant(db, "g1", at=NOW, reason="sooner")
    assert await ended(database) == {"g1": "sooner"}


@pytest.mark.parametrize(
    ("client_id", "expected"), [(AGGREGATOR, {"g1"}), (MANUAL, {"g2"}), (None, {"g1", "g2"})]
)
async def test_a_contractors_grants_end_at_one_provider_or_at_all(database, client_id, expected):
    await grant(database, "g1")
    await grant(database, "g2", client_id=MANUAL)
    await grant(database, "g3", contractor_id=SHOJI)
    async with database.transaction() as db:
        count = await grants.end_grants_of_contractor(
            db, TARO, client_id=client_id, at=NOW, reason="superseded"
        )
    assert count == len(expected)
    found = await ended(database)
    assert {grant_id for grant_id, reason in found.items() if reason} == expected


async def test_a_code_comes_back_as_it_was_put_in_and_is_spent_once(database):
    await grant(database, "g1")
    code = AuthorizationCode(
        grant_id="g1",
        client_id=AGGREGATOR,
        redirect_uri="https://aggregator.example/callback",
        code_challenge=None,
        expires_at=NOW + 60_000,
        spent_at=None,
    )
    async with database.transaction() as db:
        await grants.insert_code(db, b"hash", code)
        assert await grants.find_code(db, b"hash") == (code, await grants.find_standing(db, "g1"))
        assert await grants.find_code(db, b"other") is None
        await grants.spend_code(db, b"hash", NOW + 1)
    found, _ = await grants.find_code(database, b"hash")
    assert found.spent_at == NOW + 1


async def test_a_refresh_ends_the_access_tokens_of_its_own_grant_alone(database):
    await grant(database, "g1")
    await grant(database, "g2", client_id=MANUAL)
    await tokens(
        database,
        ("a1", "access", "g1", NOW + 100),
        ("r1", "refresh", "g1", NOW + 100),
        ("over", "access", "g1", NOW - 100),
        ("a2", "access", "g2", NOW + 100),
    )
    async with database.transaction() as db:
        await grants.end_access_tokens(db, "g1", NOW)
    assert await database.fetch("SELECT token_hash, expires_at FROM token ORDER BY 1") == [
        (b"a1", NOW),
        (b"a2", NOW + 100),
        (b"over", NOW - 100),
        (b"r1", NOW + 100),
    ]


async def test_only_a_refresh_token_is_found_as_one(database):
    await grant(database, "g1")
    await tokens(database, ("a1", "access", "g1", NOW + 100), ("r1", "refresh", "g1", NOW + 100))
    assert await grants.find_refresh_token(database, b"a1") is None
    found, standing = await grants.find_refresh_token(database, b"r1")
    assert found.client_id == AGGREGATOR
    assert standing == await grants.find_standing(database, "g1")
    assert await grants.find_grant_of_token(database, b"a1") == ("g1", AGGREGATOR)
    assert await grants.find_grant_of_token(database, b"none") is None
    async with database.transaction() as db:
        await grants.prolong_token(db, b"r1", NOW + 900)
        await grants.spend_token(db, b"r1", NOW + 2)
    found, _ = await grants.find_refresh_token(database, b"r1")
    assert (found.expires_at, found.spent_at) == (NOW + 900, NOW + 2)


@pytest.mark.requirement("T-5", "T-22")
async def test_one_query_brings_all_that_a_call_needs(database):
    await grant(database, "g1")
    await tokens(database, ("a1", "access", "g1", NOW + 100))
    assert await grants.find_token(database, b"a1", "another") is None
    assert await grants.has_token(database, b"a1")
    assert not await grants.has_token(database, b"nobody's")
    before = await grants.find_token(database, b"a1", "tomato")
    assert (before.kind, before.scope) == ("access", "accounts")
    assert (before.issued_at, before.expires_at) == (NOW, NOW + 100)
    async with database.transaction() as db:
        assert await clients.set_functions(db, AGGREGATOR, ("transactions",)) == 1
        assert await clients.set_status(db, AGGREGATOR, "blocked") == 1
        assert await clients.set_status(db, "nobody", "blocked") == 0
    after = (await grants.find_token(database, b"a1", "tomato")).standing
    assert (after.client_status, after.client_functions) == ("blocked", ("transactions",))
    assert before.standing.functions == after.functions == ("balances",)


# What lapses


async def expiries(database: SqliteDatabase, after: int, until: int) -> list[tuple[int, str]]:
    found = await worlds.list_expiries(database, after, until)
    return [(at - NOW, kind) for at, kind, _, _ in found]


async def test_what_lapses_is_listed_from_after_one_instant_up_to_another(database):
    await grant(database, "g1", expires_at=NOW + 300)
    await tokens(database, ("a1", "access", "g1", NOW + 100), ("r1", "refresh", "g1", NOW + 200))
    everything = [
        (100, "access_token_expired"),
        (200, "refresh_token_expired"),
        (300, "grant_expired"),
    ]
    assert await expiries(database, NOW, NOW + 300) == everything
    assert await expiries(database, NOW + 100, NOW + 299) == everything[1:2]
    assert await expiries(database, NOW + 300, NOW + 900) == []


async def test_what_had_ended_before_does_not_lapse(database):
    await grant(database, "ended", expires_at=NOW + 300)
    await grant(database, "live", client_id=MANUAL, expires_at=NOW + 300)
    await tokens(
        database,
        ("a1", "access", "ended", NOW + 100),
        ("a2", "access", "live", NOW + 100),
        ("r2", "refresh", "live", NOW + 200),
        ("last", "refresh", "live", NOW + 300),  # ends with its grant: one event, not two
    )
    async with database.transaction() as db:
        await grants.end_grant(db, "ended", at=NOW + 50, reason="revoked")
        await grants.spend_token(db, b"r2", NOW + 60)
    assert await expiries(database, NOW, NOW + 900) == [
        (100, "access_token_expired"),
        (300, "grant_expired"),
    ]


# The agenda, the clock, the terms


def item(due_at: int, priority: int, subject: str) -> AgendaItem:
    return AgendaItem(due_at=due_at, priority=priority, kind="k", subject=subject, detail={"n": 1})


async def test_the_agenda_is_worked_off_by_instant_then_priority_then_subject(database):
    items = [item(2, 0, "a"), item(1, 5, "b"), item(1, 5, "a"), item(1, 0, "z")]
    async with database.transaction() as db:
        await worlds.add_agenda(db, items)
        assert await worlds.next_due_at(db) == 1
        worked = []
        while found := await worlds.find_next(db, 2):
            await worlds.remove_agenda(db, found)
            worked.append(found)
        assert worked == [items[3], items[2], items[1], items[0]]
        await worlds.add_agenda(db, [item(3, 0, "late")])
        assert await worlds.find_next(db, 2) is None
    assert await worlds.next_due_at(database) == 3


async def test_moving_the_clock_raises_the_version(database):
    before = await worlds.find(database)
    async with database.transaction() as db:
        await worlds.save_clock(db, mode="scaled", at=5, anchor=6, rate=60.0)
        await worlds.save_agenda_done(db, 7)
    after = await worlds.find(database)
    assert (after.clock_mode, after.clock_at, after.clock_anchor) == ("scaled", 5, 6)
    assert (after.clock_rate, after.agenda_done_at) == (60.0, 7)
    assert after.version == before.version + 1


@pytest.mark.requirement("T-34")
async def test_terms_are_listed_oldest_first(database):
    async with database.transaction() as db:
        await worlds.insert_terms(db, "other", "9", "2027-04-01")
        await worlds.insert_terms(db, "other", "10", "2027-03-01")
    assert await worlds.list_terms(database, "other") == [("10", "2027-03-01"), ("9", "2027-04-01")]


# Sign-in


async def test_failed_sign_ins_are_counted_and_forgotten(database):
    assert await contractors.find_failures(database, "tomato", "x") == (0, None, 0)
    async with database.transaction() as db:
        for failures, locked_until in ((1, None), (2, NOW + 50)):
            await contractors.save_failures(
                db,
                "tomato",
                "x",
                failures=failures,
                locked_until=locked_until,
                forget_at=NOW + 100,
            )
        await contractors.save_failures(
            db, "tomato", "y", failures=1, locked_until=None, forget_at=NOW + 300
        )
    assert await contractors.find_failures(database, "tomato", "x") == (2, NOW + 50, NOW + 100)
    async with database.transaction() as db:
        await contractors.forget_failures(db, "tomato", "somebody", NOW + 100)
    assert await contractors.find_failures(database, "tomato", "x") == (0, None, 0)
    assert await contractors.find_failures(database, "tomato", "y") == (1, None, NOW + 300)


# Accounts and the ledger


async def account_of(database: SqliteDatabase, contractor_id: str) -> accounts.Account:
    return (await accounts.list_of_contractor(database, contractor_id))[0]


async def test_lines_are_read_by_key_range(database):
    account = (await account_of(database, TARO)).account
    every = await accounts.list_lines(database, account, start=0, end=NOW * 2, limit=10_000)
    instants = [line.booked_at for line in every]
    assert len(every) > 50
    assert instants == sorted(instants)
    third, last = instants[3], instants[-1]
    ranged = await accounts.list_lines(database, account, start=third, end=last, limit=10_000)
    assert ranged == [line for line in every if third <= line.booked_at < last]
    assert await accounts.list_lines(database, account, start=0, end=NOW * 2, limit=7) == every[:7]


@pytest.mark.parametrize(
    ("contractor_id", "held_yen", "change", "left"),
    [
        (TARO, 0, "-balance", 0),
        (TARO, 0, "-balance - 1", None),
        (TARO, 10, "-balance + 10", 10),
        (TARO, 10, "-balance + 9", None),
        (TARO, 10, "5", "balance + 5"),  # money coming in meets no limit
    ],
)
async def test_a_balance_moves_as_far_as_it_is_covered(
    database, contractor_id, held_yen, change, left
):
    account = await account_of(database, contractor_id)
    known = {"balance": account.balance_yen}
    async with database.transaction() as db:
        await db.execute(
            "UPDATE account SET held_yen = $2 WHERE account = $1", account.account, held_yen
        )
        moved = await ledger.move_balance(db, account.account, eval(change, known), NOW)
    assert (moved and moved[0]) == (eval(left, known) if isinstance(left, str) else left)


async def test_an_overdraft_ends_at_its_limit(database):
    held = await accounts.list_of_contractor(database, SHOJI)
    (current,) = [account for account in held if account.overdraft_limit_yen]
    most = current.balance_yen + current.overdraft_limit_yen
    async with database.transaction() as db:
        assert await ledger.move_balance(db, current.account, -most - 1, NOW) is None
        moved = await ledger.move_balance(db, current.account, -most, NOW)
    assert moved[0] == -current.overdraft_limit_yen


async def test_a_line_is_never_booked_before_the_last_one(database):
    account = (await account_of(database, TARO)).account
    async with database.transaction() as db:
        _, seq, later = await ledger.move_balance(db, account, 1, NOW)
        _, next_seq, earlier = await ledger.move_balance(db, account, 1, NOW - 5)
    assert (later, earlier, next_seq) == (NOW, NOW, seq + 1)


async def test_books_that_do_not_add_up_are_found(database):
    account = (await account_of(database, TARO)).account
    assert await ledger.list_unbalanced(database) == await ledger.list_astray(database) == []
    leg = Leg(
        account=account, amount_yen=7, content="入金", abstract="ｷﾌ", value_on=date(2026, 11, 16)
    )
    async with database.transaction() as db:
        posting_id = await ledger.insert_posting(db, booked_at=NOW, kind="planted")
        await ledger.insert_line(
            db, leg, posting_id=posting_id, booked_at=NOW, seq=9_999, balance_after_yen=7
        )
    assert await ledger.list_unbalanced(database) == [posting_id]
    assert await ledger.list_astray(database) == [account]


async def test_a_missing_number_moves_no_money(database):
    account = (await account_of(database, TARO)).account
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        async with database.transaction() as db:
            await db.execute(
                "INSERT INTO line VALUES ($1, $2, 1, '2026-11-16', 5, 5, '', '', NULL, 2, 1)",
                account,
                NOW,
            )
