"""Rows of accounts and statement lines."""

from sandbox.domain.account import Account, AccountState, AccountType, Line
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Row, Transaction

_COLUMNS = """
    a.account, a.account_id, a.contractor_id, a.branch_code, a.branch_name, a.account_type,
    a.account_number, a.holder_name, a.holder_name_kana, a.state, a.overdraft_limit_yen,
    a.held_yen, a.balance_yen, a.previous_day_yen, a.previous_month_yen, a.history
"""

# Looked up instead of called: an enum's call costs more than the rest of its column.
_TYPES = {each.value: each for each in AccountType}
_STATES = {each.value: each for each in AccountState}


def _account(row: Row) -> Account:
    return Account(
        account=row[0],
        account_id=row[1],
        contractor_id=row[2],
        branch_code=row[3],
        branch_name=row[4],
        account_type=_TYPES[row[5]],
        account_number=row[6],
        holder_name=row[7],
        holder_name_kana=row[8],
        state=_STATES[row[9]],
        overdraft_limit_yen=row[10],
        held_yen=row[11],
        balance_yen=row[12],
        previous_day_yen=row[13],
        previous_month_yen=row[14],
        history=row[15],
    )


# 普通 before 当座 within a branch, as bank books and pages list them.
_ORDER = """
    ORDER BY a.branch_code, CASE a.account_type WHEN 'ordinary' THEN 1 WHEN 'current' THEN 2
             WHEN 'savings' THEN 3 ELSE 4 END, a.account_number
"""
_FIND_GRANTED = f"""
    SELECT {_COLUMNS} FROM account a
    JOIN grant_account ga ON ga.account = a.account AND ga.grant_id = $2
    WHERE a.account_id = $1
"""


async def find_granted(db: Reader, account_id: str, grant_id: str) -> Account | None:
    """Return an account that the grant covers, in whatever state it is."""
    row = await db.fetchrow(_FIND_GRANTED, account_id, grant_id)
    return None if row is None else _account(row)


async def list_granted(db: Reader, grant_id: str) -> list[Account]:
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM grant_account ga JOIN account a ON a.account = ga.account "
        f"WHERE ga.grant_id = $1 {_ORDER}",
        grant_id,
    )
    return [_account(row) for row in rows]


async def list_of_contractor(db: Reader, contractor_id: str) -> list[Account]:
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM account a WHERE a.contractor_id = $1 {_ORDER}",
        contractor_id,
    )
    return [_account(row) for row in rows]


async def find(db: Reader, account: int) -> Account | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM account a WHERE a.account = $1", account)
    return None if row is None else _account(row)


async def find_by_account_id(db: Reader, account_id: str) -> Account | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM account a WHERE a.account_id = $1", account_id)
    return None if row is None else _account(row)


async def set_state(db: Transaction, account: int, state: AccountState) -> None:
    await db.execute("UPDATE account SET state = $2 WHERE account = $1", account, state.value)


_LINES = """
    SELECT booked_at, seq, value_on, amount_yen, balance_after_yen, content, abstract,
           customer_number, status
    FROM line WHERE account = $1 AND booked_at >= $2 AND booked_at < $3
    ORDER BY booked_at, seq LIMIT $4
"""


async def list_lines(
    db: Reader, account: int, *, start: Instant, end: Instant, limit: int
) -> list[Line]:
    """Return lines booked in [start, end), oldest first, at most ``limit``."""
    rows = await db.fetch(_LINES, account, start, end, limit)
    return list(map(Line._make, rows))


async def balance_before(db: Reader, account: int, moment: Instant) -> int:
    """Return the balance in yen that the lines booked before ``moment`` make."""
    row = await db.fetchrow(
        "SELECT balance_after_yen FROM line WHERE account = $1 AND booked_at < $2 "
        "ORDER BY booked_at DESC, seq DESC LIMIT 1",
        account,
        moment,
    )
    return 0 if row is None else int(row[0])


async def closing_run(db: Transaction, *, midnight: Instant, month_start: Instant) -> int:
    """Set 前日残高 (and 前月末残高) to what each account held just before the day (the month).

    Read from the lines, not from the balance: a run later than midnight must not take in what
    the new day has already booked. Returns how many accounts there are.
    """
    before = (
        "COALESCE((SELECT balance_after_yen FROM line l WHERE l.account = account.account "
        "AND l.booked_at < {at} ORDER BY l.booked_at DESC, l.seq DESC LIMIT 1), 0)"
    )
    return await db.execute(
        f"UPDATE account SET previous_day_yen = {before.format(at='$1')}, "
        f"previous_month_yen = {before.format(at='$2')}",
        midnight,
        month_start,
    )
