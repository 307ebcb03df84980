"""The only way money moves: double entry, integer yen, balance and line in one transaction."""

from sandbox.domain.errors import InsufficientFunds
from sandbox.domain.ledger import Posting
from sandbox.domain.time import Instant
from sandbox.storage import ledger
from sandbox.storage.database import Transaction


async def post(
    db: Transaction, posting: Posting, *, booked_at: Instant, reverses: int | None = None
) -> int:
    """Book ``posting`` and return its id. All of it, or (with the transaction) nothing.

    Raises:
        InsufficientFunds: a leg would take an account below its agreed overdraft, or into what
            is held. Nothing may be kept of the transaction then.
    """
    posting_id = await ledger.insert_posting(
        db, booked_at=booked_at, kind=posting.kind, reverses=reverses
    )
    for leg in posting.legs:
        moved = await ledger.move_balance(db, leg.account, leg.amount_yen, booked_at)
        if moved is None:
            raise InsufficientFunds(f"account {leg.account} does not cover {-leg.amount_yen} yen")
        balance_yen, seq, line_at = moved
        await ledger.insert_line(
            db,
            leg,
            posting_id=posting_id,
            booked_at=line_at,
            seq=seq,
            balance_after_yen=balance_yen,
        )
    for gl_code, amount_yen in posting.contra:
        await ledger.insert_contra(db, posting_id, gl_code, amount_yen)
    return posting_id
