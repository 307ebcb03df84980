"""Rows of a world that is being filled: many at once, in the order of the tables' columns."""

from collections.abc import Sequence

from sandbox.storage.database import Row, Transaction

_POSTING = "INSERT INTO posting (posting_id, booked_at, kind) VALUES ($1, $2, $3)"
_CONTRA = "INSERT INTO contra VALUES ($1, $2, $3)"
_LINE = "INSERT INTO line VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
_CONTRACTOR = """
    INSERT INTO contractor (contractor_id, bank, kind, name, name_kana, address, persona, story)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_ACCOUNT = """
    INSERT INTO account (
        account, account_id, bank, contractor_id, branch_code, branch_name, account_type,
        account_number, holder_name, holder_name_kana, state, overdraft_limit_yen, history,
        balance_yen, previous_day_yen, previous_month_yen, last_seq, last_booked_at
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""
_CREDENTIAL = """
    INSERT INTO credential (
        credential_id, bank, login, contractor_id, account, secret_hash, state, second_factor_hash
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_TERMS = "INSERT INTO terms (bank, version, effective_on) VALUES ($1, $2, $3)"


async def insert_contractors(db: Transaction, rows: Sequence[Row]) -> None:
    await db.executemany(_CONTRACTOR, rows)


async def insert_accounts(db: Transaction, rows: Sequence[Row]) -> None:
    await db.executemany(_ACCOUNT, rows)


async def insert_credentials(db: Transaction, rows: Sequence[Row]) -> None:
    await db.executemany(_CREDENTIAL, rows)


async def insert_terms(db: Transaction, rows: Sequence[Row]) -> None:
    await db.executemany(_TERMS, rows)


async def insert_history(
    db: Transaction, postings: Sequence[Row], contra: Sequence[Row], lines: Sequence[Row]
) -> None:
    """Insert postings of many lines. The caller has made each of them add up to zero."""
    await db.executemany(_POSTING, postings)
    await db.executemany(_CONTRA, contra)
    await db.executemany(_LINE, lines)


async def next_posting_id(db: Transaction) -> int:
    row = await db.fetchrow("SELECT COALESCE(MAX(posting_id), 0) + 1 FROM posting")
    assert row is not None  # an aggregate has a row
    return int(row[0])


async def find_unwritten(db: Transaction, account: int) -> Row | None:
    """Return (account_id, opening balance) of an account whose history is still to be written."""
    return await db.fetchrow(
        "SELECT account_id, COALESCE((SELECT l.balance_after_yen FROM line l "
        "WHERE l.account = a.account ORDER BY l.booked_at, l.seq LIMIT 1), 0) "
        "FROM account a WHERE a.account = $1 AND a.history = 'on_demand'",
        account,
    )


async def mark_written(db: Transaction, account: int) -> None:
    await db.execute("UPDATE account SET history = 'posted' WHERE account = $1", account)
