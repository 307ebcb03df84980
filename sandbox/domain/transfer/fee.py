"""What transfers and the contract cost (手数料), and the consumption tax on it (消費税)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_BEYOND_YEN = 10**15  # more than any amount


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeBand:
    """The fee of a transfer from ``from_yen`` on, tax included, up to the next band."""

    from_yen: int
    own_bank_yen: int
    other_bank_yen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """手数料表: in force from the first instant of ``effective_on`` until the next one is."""

    effective_on: date
    bands: tuple[FeeBand, ...]  # ascending
    contract_yen: int  # a month, without tax

    def __post_init__(self) -> None:
        starts = [band.from_yen for band in self.bands]
        if not starts or starts[0] > 1 or starts != sorted(set(starts)):
            raise ValueError("fee bands must ascend from 1 yen")

    def ranges(self) -> list[tuple[FeeBand, int]]:
        """Return each band with the first amount beyond it."""
        ends = [band.from_yen for band in self.bands[1:]]
        return list(zip(self.bands, [*ends, _BEYOND_YEN], strict=True))

    def transfer_fee(self, amount_yen: int, *, is_own_bank: bool) -> int:
        band = next(band for band in reversed(self.bands) if band.from_yen <= amount_yen)
        return band.own_bank_yen if is_own_bank else band.other_bank_yen


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRate:
    effective_on: date
    percent: int


def in_force(schedules: Sequence[FeeSchedule], day: date) -> FeeSchedule:
    """Return the schedule of ``day`` (W-22).

    Raises:
        ValueError: none is in force yet.
    """
    found = [schedule for schedule in schedules if schedule.effective_on <= day]
    if not found:
        raise ValueError(f"no fee schedule is in force on {day}")
    return max(found, key=lambda schedule: schedule.effective_on)


def tax_on(amount_yen: int, rates: Sequence[TaxRate], day: date) -> int:
    """Return the consumption tax of ``day`` on an amount; parts of a yen are cut (W-18)."""
    found = [rate for rate in rates if rate.effective_on <= day]
    if not found:
        return 0
    return amount_yen * max(found, key=lambda rate: rate.effective_on).percent // 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one item moves. ``paid_yen`` reaches the beneficiary; ``fee_yen`` goes to the bank."""

    paid_yen: int
    fee_yen: int


def charge(
    schedule: FeeSchedule, amount_yen: int, *, is_own_bank: bool, beneficiary_pays: bool
) -> Charge:
    """Return what an item of ``amount_yen`` pays out and costs (先方負担 takes it off the amount).

    Raises:
        ValueError: the fee would leave the beneficiary nothing.
    """
    fee_yen = schedule.transfer_fee(amount_yen, is_own_bank=is_own_bank)
    paid_yen = amount_yen - fee_yen if beneficiary_pays else amount_yen
    if paid_yen <= 0:
        raise ValueError(f"the fee of {fee_yen} yen leaves nothing of {amount_yen} yen")
    return Charge(paid_yen=paid_yen, fee_yen=fee_yen)
