"""Fees by bands, with tax, and who bears them (W-18, W-22)."""

from datetime import date

import pytest

from sandbox.domain.transfer.fee import (
    Charge,
    FeeBand,
    FeeSchedule,
    TaxRate,
    charge,
    in_force,
    tax_on,
)


def schedule(effective_on: date, other_bank_yen: int) -> FeeSchedule:
    return FeeSchedule(
        effective_on=effective_on,
        bands=(
            FeeBand(from_yen=1, own_bank_yen=0, other_bank_yen=other_bank_yen),
            FeeBand(from_yen=30_000, own_bank_yen=110, other_bank_yen=other_bank_yen + 220),
        ),
        contract_yen=2_000,
    )


OLD, NEW = schedule(date(2026, 1, 1), 330), schedule(date(2026, 10, 1), 440)


@pytest.mark.parametrize(
    ("amount_yen", "own", "other"),
    [(1, 0, 330), (29_999, 0, 330), (30_000, 110, 550), (9_999_999_999, 110, 550)],
)
def test_a_band_begins_at_its_first_yen(amount_yen, own, other):
    assert OLD.transfer_fee(amount_yen, is_own_bank=True) == own
    assert OLD.transfer_fee(amount_yen, is_own_bank=False) == other


@pytest.mark.requirement("W-22")
@pytest.mark.parametrize(("day", "expected"), [(date(2026, 9, 30), OLD), (date(2026, 10, 1), NEW)])
def test_a_new_schedule_holds_from_its_day_on(day, expected):
    assert in_force([NEW, OLD], day) is expected


def test_before_the_first_schedule_there_is_none():
    with pytest.raises(ValueError, match="2025-12-31"):
        in_force([OLD, NEW], date(2025, 12, 31))


@pytest.mark.parametrize("starts", [(), (2,), (1, 1), (100, 1)])
def test_bands_that_leave_a_gap_are_refused(starts):
    bands = tuple(FeeBand(from_yen=s, own_bank_yen=0, other_bank_yen=0) for s in starts)
    with pytest.raises(ValueError, match="bands"):
        FeeSchedule(effective_on=date(2026, 1, 1), bands=bands, contract_yen=0)


RATES = [TaxRate(effective_on=date(2019, 10, 1), percent=10),
         TaxRate(effective_on=date(2027, 4, 1), percent=12)]  # fmt: skip


@pytest.mark.requirement("W-18")
@pytest.mark.parametrize(
    ("amount_yen", "day", "tax"),
    [
        (2_000, date(2027, 3, 31), 200),
        (2_000, date(2027, 4, 1), 240),
        (1_999, date(2026, 5, 1), 199),  # 199.9
        (2_000, date(2019, 9, 30), 0),
    ],
)
def test_the_tax_is_that_of_the_day_and_parts_of_a_yen_are_cut(amount_yen, day, tax):
    assert tax_on(amount_yen, RATES, day) == tax


@pytest.mark.parametrize(
    ("beneficiary_pays", "expected"),
    [(False, Charge(paid_yen=1_000, fee_yen=330)), (True, Charge(paid_yen=670, fee_yen=330))],
)
def test_who_bears_the_fee_decides_what_arrives(beneficiary_pays, expected):
    found = charge(OLD, 1_000, is_own_bank=False, beneficiary_pays=beneficiary_pays)
    assert found == expected


def test_a_fee_that_leaves_nothing_is_refused():
    assert charge(OLD, 331, is_own_bank=False, beneficiary_pays=True).paid_yen == 1
    with pytest.raises(ValueError, match="330"):
        charge(OLD, 330, is_own_bank=False, beneficiary_pays=True)
