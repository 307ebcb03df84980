"""Rows that a posting writes. Only ``services.ledger`` calls this: money moves there alone."""

from sandbox.domain.ledger import Leg
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Transaction


async def insert_posting(
    db: Transaction, *, booked_at: Instant, kind: str, reverses: int | None = None
) -> int:
    row = await db.fetchrow(
        "INSERT INTO posting (booked_at, kind, reverses) VALUES ($1, $2, $3) RETURNING posting_id",
        booked_at,
        kind,
        reverses,
    )
    assert row is not None  # RETURNING of an INSERT that did not raise
    return int(row[0])


async def move_balance(
    db: Transaction, account: int, amount_yen: int, booked_at: Instant
) -> tuple[int, int, Instant] | None:
    """Change a balance and return (balance, line number, booking instant) for its line.

    None where the account does not cover it. The instant is never before the last line's, so
    that the statement's order is the order of the balances.
    """
    row = await db.fetchrow(
        "UPDATE account SET balance_yen = balance_yen + $2, last_seq = last_seq + 1, "
        "last_booked_at = CASE WHEN last_booked_at > $3 THEN last_booked_at ELSE $3 END "
        "WHERE account = $1 AND balance_yen + $2 >= "
        "CASE WHEN $2 < 0 THEN held_yen - overdraft_limit_yen ELSE -overdraft_limit_yen END "
        "RETURNING balance_yen, last_seq, last_booked_at",
        account,
        amount_yen,
        booked_at,
    )
    return None if row is None else (row[0], row[1], row[2])


async def insert_line(
    db: Transaction,
    leg: Leg,
    *,
    posting_id: int,
    booked_at: Instant,
    seq: int,
    balance_after_yen: int,
) -> None:
    await db.execute(
        "INSERT INTO line VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        leg.account,
        booked_at,
        seq,
        leg.value_on.isoformat(),
        leg.amount_yen,
        balance_after_yen,
        leg.content,
        leg.abstract,
        leg.customer_number,
        leg.status,
        posting_id,
    )


async def insert_contra(db: Transaction, posting_id: int, gl_code: str, amount_yen: int) -> None:
    await db.execute("INSERT INTO contra VALUES ($1, $2, $3)", posting_id, gl_code, amount_yen)


async def list_unbalanced(db: Reader) -> list[int]:
    """Return the postings whose legs do not add up to zero. There are none, ever."""
    rows = await db.fetch(
        "SELECT posting_id FROM ("
        " SELECT posting_id, amount_yen FROM line"
        " UNION ALL SELECT posting_id, amount_yen FROM contra"
        ") legs GROUP BY posting_id HAVING SUM(amount_yen) <> 0 ORDER BY posting_id"
    )
    return [row[0] for row in rows]


async def list_astray(db: Reader) -> list[int]:
    """Return the accounts whose balance is not the sum of their lines. There are none, ever."""
    rows = await db.fetch(
        "SELECT a.account FROM account a LEFT JOIN line l ON l.account = a.account "
        "GROUP BY a.account, a.balance_yen HAVING a.balance_yen <> COALESCE(SUM(l.amount_yen), 0) "
        "ORDER BY a.account"
    )
    return [row[0] for row in rows]
