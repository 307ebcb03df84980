"""Rows that acts of the bank and of people change: credentials, suspended grants, branches."""

from sandbox.domain.errors import Reason
from sandbox.domain.time import Instant
from sandbox.storage.database import Reader, Transaction

# Credentials


async def set_secret(db: Transaction, credential_id: int, secret_hash: bytes) -> None:
    await db.execute(
        "UPDATE credential SET secret_hash = $2 WHERE credential_id = $1",
        credential_id,
        secret_hash,
    )


async def set_second_factor(db: Transaction, credential_id: int, secret_hash: bytes) -> None:
    await db.execute(
        "UPDATE credential SET second_factor_hash = $2 WHERE credential_id = $1",
        credential_id,
        secret_hash,
    )


# Grants


async def end_grants_elsewhere(
    db: Transaction,
    contractor_id: str,
    credential_id: int,
    client_id: str,
    *,
    at: Instant,
    reason: str,
) -> int:
    """End every live grant that was given with a credential, but those at one client."""
    return await db.execute(
        "UPDATE access_grant SET ended_at = $4, end_reason = $5 "
        "WHERE contractor_id = $1 AND credential_id = $2 AND client_id <> $3 "
        "AND expires_at > $4 AND (ended_at IS NULL OR ended_at > $4)",
        contractor_id,
        credential_id,
        client_id,
        at,
        reason,
    )


async def end_grants_of_card(
    db: Transaction, credential_id: int, *, now: Instant, at: Instant
) -> int:
    """End every grant that a lost card or user id gave and that still lives now.

    One that lapses before ``at`` is marked too: it is known to go on until then (``Standing``).
    """
    return await db.execute(
        "UPDATE access_grant SET ended_at = $3, end_reason = $4 "
        "WHERE credential_id = $1 AND expires_at > $2 AND (ended_at IS NULL OR ended_at > $3)",
        credential_id,
        now,
        at,
        Reason.CARD_LOST.value,
    )


async def suspend_under_older_terms(
    db: Transaction, bank: str, version: str, reason: str, now: Instant
) -> int:
    """Suspend the live grants of a bank that were given under another version of the terms."""
    return await db.execute(
        "UPDATE access_grant SET suspended_as = $3 WHERE bank = $1 AND terms_version <> $2 "
        "AND suspended_as IS NULL AND expires_at > $4 AND (ended_at IS NULL OR ended_at > $4)",
        bank,
        version,
        reason,
        now,
    )


async def agree(
    db: Transaction, contractor_id: str, credential_id: int, version: str, reason: str
) -> int:
    """Let the grants of whoever agreed to the terms in force work again."""
    return await db.execute(
        "UPDATE access_grant SET suspended_as = NULL, terms_version = $3 "
        "WHERE contractor_id = $1 AND credential_id = $2 AND suspended_as = $4",
        contractor_id,
        credential_id,
        version,
        reason,
    )


async def end_grants_of_account(db: Transaction, account: int, *, at: Instant, reason: str) -> int:
    """End every live grant that covers an account, by choice or with all of its contractor's."""
    return await db.execute(
        "UPDATE access_grant SET ended_at = $2, end_reason = $3 WHERE expires_at > $2 "
        "AND (ended_at IS NULL OR ended_at > $2) "
        "AND (grant_id IN (SELECT grant_id FROM grant_account WHERE account = $1) "
        "OR (contractor_id = (SELECT contractor_id FROM account WHERE account = $1) "
        "AND NOT EXISTS (SELECT 1 FROM grant_account ga "
        "WHERE ga.grant_id = access_grant.grant_id)))",
        account,
        at,
        reason,
    )


# Branches


async def list_of_branch(db: Reader, bank: str, branch_code: str) -> list[tuple[int, str, str]]:
    """Return (account, contractor id, account number) of a branch, by account."""
    rows = await db.fetch(
        "SELECT account, contractor_id, account_number FROM account "
        "WHERE bank = $1 AND branch_code = $2 ORDER BY account",
        bank,
        branch_code,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def find_branch_name(db: Reader, bank: str, branch_code: str) -> str | None:
    row = await db.fetchrow(
        "SELECT branch_name FROM account WHERE bank = $1 AND branch_code = $2 LIMIT 1",
        bank,
        branch_code,
    )
    return None if row is None else row[0]


async def list_numbers(db: Reader, bank: str, branch_code: str) -> set[str]:
    """Return the account numbers of a branch that are taken, of whatever type."""
    rows = await db.fetch(
        "SELECT account_number FROM account WHERE bank = $1 AND branch_code = $2",
        bank,
        branch_code,
    )
    return {row[0] for row in rows}


async def move_account(
    db: Transaction,
    account: int,
    *,
    account_id: str,
    branch_code: str,
    branch_name: str,
    account_number: str,
) -> None:
    await db.execute(
        "UPDATE account SET account_id = $2, branch_code = $3, branch_name = $4, "
        "account_number = $5 WHERE account = $1",
        account,
        account_id,
        branch_code,
        branch_name,
        account_number,
    )


async def find_story(db: Reader, contractor_id: str) -> str:
    row = await db.fetchrow("SELECT story FROM contractor WHERE contractor_id = $1", contractor_id)
    return "{}" if row is None else row[0]


async def save_story(db: Transaction, contractor_id: str, story: str) -> None:
    await db.execute(
        "UPDATE contractor SET story = $2 WHERE contractor_id = $1", contractor_id, story
    )


async def rename_usable(db: Transaction, before: str, after: str) -> None:
    """Write an account's new id where users are bound to single accounts."""
    rows = await db.fetch(
        "SELECT credential_id, accounts FROM bank_user "
        "WHERE ' ' || accounts || ' ' LIKE '% ' || $1 || ' %'",
        before,
    )
    for credential_id, text in rows:
        ids = [after if each == before else each for each in text.split()]
        await db.execute(
            "UPDATE bank_user SET accounts = $2 WHERE credential_id = $1",
            credential_id,
            " ".join(ids),
        )
