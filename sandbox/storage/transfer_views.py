"""What the control door lists of transfers: items and scripts, whoever's they are."""

from typing import Any

from sandbox.storage.database import Reader

Found = dict[str, Any]
_ITEM = (
    "position",
    "item_id",
    "bank_code",
    "branch_code",
    "account_type_code",
    "account_number",
    "beneficiary_name",
    "amount_yen",
    "status",
    "paid_yen",
    "fee_yen",
    "reason",
)
_SCRIPT = ("bank_code", "branch_code", "account_number", "unable_reason", "recall_answer")


async def list_items(db: Reader, request: int, *, after: int, limit: int) -> list[Found]:
    """Return the items beyond the position ``after``, as they stand in the books."""
    rows = await db.fetch(
        "SELECT position, item_id, bank_code, branch_code, account_type, account_number, "
        "beneficiary_name, amount_yen, status, paid_yen, fee_yen, reason FROM transfer_item "
        "WHERE request = $1 AND position > $2 ORDER BY position LIMIT $3",
        request,
        after,
        limit,
    )
    return [dict(zip(_ITEM, row, strict=True)) for row in rows]


async def list_scripts(db: Reader) -> list[Found]:
    """Return what tests want of payments to accounts, by bank, branch and number."""
    rows = await db.fetch(
        "SELECT bank_code, branch_code, account_number, unable_reason, recall_answer "
        "FROM beneficiary_script ORDER BY bank_code, branch_code, account_number"
    )
    return [dict(zip(_SCRIPT, row, strict=True)) for row in rows]
