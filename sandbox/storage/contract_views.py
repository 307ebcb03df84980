"""What the control door lists of contractors with several users, and of their contracts."""

from typing import Any

from sandbox.storage.database import Reader

Found = dict[str, Any]
NO_CONTRACT = "none"  # as a status to filter by
_COLUMNS = (
    "contractor_id",
    "bank",
    "persona",
    "name",
    "base_state",
    "status",
    "services",
    "purpose",
    "form",
    "plan",
    "fee_account",
    "approval_pattern",
    "double_from_yen",
    "requester_may_approve",
    "client_id",
    "client_status",
    "is_environment_blocked",
)
_SELECT = f"""
    SELECT k.contractor_id, k.bank, k.persona, k.name, k.contract_state,
           COALESCE(s.status, '{NO_CONTRACT}'), COALESCE(s.services, ''), s.purpose, s.form,
           s.plan, a.account_id, s.approval_pattern, s.double_from_yen, s.requester_may_approve,
           s.client_id, c.status, COALESCE(s.is_environment_blocked, 0)
    FROM contractor k
    LEFT JOIN service_contract s ON s.contractor_id = k.contractor_id
    LEFT JOIN account a ON a.account = s.fee_account
    LEFT JOIN client c ON c.client_id = s.client_id
    WHERE EXISTS (SELECT 1 FROM bank_user u WHERE u.contractor_id = k.contractor_id)
"""


async def list_contracts(
    db: Reader, *, bank: str | None, status: str | None, after: str, limit: int
) -> list[Found]:
    """Return contractors by id, with what there is of a contract. ``status`` may be ``none``."""
    rows = await db.fetch(
        f"{_SELECT} AND k.contractor_id > $1 AND ($2 IS NULL OR k.bank = $2) "
        f"AND ($3 IS NULL OR COALESCE(s.status, '{NO_CONTRACT}') = $3) "
        "ORDER BY k.contractor_id LIMIT $4",
        after,
        bank,
        status,
        limit,
    )
    return [dict(zip(_COLUMNS, row, strict=True)) for row in rows]


async def find_contract(db: Reader, contractor_id: str) -> Found | None:
    row = await db.fetchrow(f"{_SELECT} AND k.contractor_id = $1", contractor_id)
    return None if row is None else dict(zip(_COLUMNS, row, strict=True))


async def list_user_personas(db: Reader, contractor_id: str) -> dict[str, str]:
    """Return which user id is which persona."""
    rows = await db.fetch(
        "SELECT user_id, persona FROM bank_user WHERE contractor_id = $1 AND persona IS NOT NULL",
        contractor_id,
    )
    return {row[0]: row[1] for row in rows}
