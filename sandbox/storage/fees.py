"""Rows of fee schedules (手数料表) and tax rates, and whose account pays the contract fee."""

from datetime import date

from sandbox.domain.transfer.fee import FeeBand, FeeSchedule, TaxRate
from sandbox.storage.database import Reader, Transaction


async def list_schedules(db: Reader, bank: str) -> tuple[FeeSchedule, ...]:
    """Return a bank's schedules, oldest first."""
    bands: dict[str, list[FeeBand]] = {}
    for effective_on, from_yen, own_yen, other_yen in await db.fetch(
        "SELECT effective_on, from_yen, own_bank_yen, other_bank_yen FROM fee_band "
        "WHERE bank = $1 ORDER BY effective_on, from_yen",
        bank,
    ):
        band = FeeBand(from_yen=from_yen, own_bank_yen=own_yen, other_bank_yen=other_yen)
        bands.setdefault(effective_on, []).append(band)
    rows = await db.fetch(
        "SELECT effective_on, contract_yen FROM fee_schedule WHERE bank = $1 ORDER BY effective_on",
        bank,
    )
    return tuple(
        FeeSchedule(
            effective_on=date.fromisoformat(row[0]),
            bands=tuple(bands[row[0]]),
            contract_yen=row[1],
        )
        for row in rows
    )


async def save_schedule(db: Transaction, bank: str, schedule: FeeSchedule) -> None:
    """Write a schedule; it takes the place of the one of the same day."""
    day = schedule.effective_on.isoformat()
    await db.execute("DELETE FROM fee_band WHERE bank = $1 AND effective_on = $2", bank, day)
    await db.execute(
        "INSERT INTO fee_schedule VALUES ($1, $2, $3) "
        "ON CONFLICT (bank, effective_on) DO UPDATE SET contract_yen = $3",
        bank,
        day,
        schedule.contract_yen,
    )
    await db.executemany(
        "INSERT INTO fee_band VALUES ($1, $2, $3, $4, $5)",
        [
            (bank, day, band.from_yen, band.own_bank_yen, band.other_bank_yen)
            for band in schedule.bands
        ],
    )


async def list_tax_rates(db: Reader) -> tuple[TaxRate, ...]:
    rows = await db.fetch("SELECT effective_on, percent FROM tax_rate ORDER BY effective_on")
    return tuple(TaxRate(effective_on=date.fromisoformat(row[0]), percent=row[1]) for row in rows)


async def save_tax_rate(db: Transaction, rate: TaxRate) -> None:
    await db.execute(
        "INSERT INTO tax_rate VALUES ($1, $2) "
        "ON CONFLICT (effective_on) DO UPDATE SET percent = $2",
        rate.effective_on.isoformat(),
        rate.percent,
    )


async def list_paying_banks(db: Reader) -> list[str]:
    """Return the banks that have contractors with a contract of their own."""
    rows = await db.fetch(
        "SELECT DISTINCT k.bank FROM service_contract s "
        "JOIN contractor k ON k.contractor_id = s.contractor_id ORDER BY k.bank"
    )
    return [row[0] for row in rows]


async def list_payers(db: Reader, bank: str) -> list[str]:
    """Return the contractors whose contract is in force (W-1), by id."""
    rows = await db.fetch(
        "SELECT s.contractor_id FROM service_contract s "
        "JOIN contractor k ON k.contractor_id = s.contractor_id "
        "WHERE k.bank = $1 AND k.contract_state = 'active' AND s.status = 'active' "
        "ORDER BY s.contractor_id",
        bank,
    )
    return [row[0] for row in rows]


async def find_fee_account(db: Reader, contractor_id: str) -> int | None:
    """Return the fee settlement account: the contract's own, a child's parent's (W-20, W-21)."""
    row = await db.fetchrow(
        "SELECT s.fee_account FROM service_contract s WHERE s.contractor_id = COALESCE("
        "(SELECT MIN(parent_id) FROM contract_link WHERE child_id = $1), $1)",
        contractor_id,
    )
    return None if row is None else int(row[0])


async def set_fee_account(db: Transaction, contractor_id: str, account: int) -> bool:
    changed = await db.execute(
        "UPDATE service_contract SET fee_account = $2 WHERE contractor_id = $1",
        contractor_id,
        account,
    )
    return changed > 0
