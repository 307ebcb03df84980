"""Contract fees, quotations, and changes of both (W-18…W-23)."""

from datetime import date
from pathlib import Path

import pytest

from sandbox.domain.account import AccountState
from sandbox.domain.errors import UnknownAccount
from sandbox.domain.transfer.fee import Charge, FeeBand, FeeSchedule, TaxRate
from sandbox.services.transfers.charges import FeeAccountRefused
from sandbox.storage import accounts
from tests.transfers.world import BANK_CODE, LOGI, OPENING_YEN, SHOJI, draft, item, small_world

FEE_DAY = date(2026, 12, 10)
FEES = [(-2_000, "契約料", "ｹｲﾔｸﾘﾖｳ"), (-200, "消費税", "ｼﾖｳﾋｾﾞｲ")]


async def unlink(small) -> None:
    """Let the child contractor stand alone, so that each pays for itself."""
    await small.run_sql("DELETE FROM contract_link")


def schedule(on: date, *, contract_yen: int = 2_000, other_yen: int = 330) -> FeeSchedule:
    band = FeeBand(from_yen=1, own_bank_yen=0, other_bank_yen=other_yen)
    return FeeSchedule(effective_on=on, bands=(band,), contract_yen=contract_yen)


@pytest.mark.requirement("W-18", "W-19")
async def test_fee_and_tax_are_debited_on_the_fee_day(small):
    await unlink(small)
    assert await small.advance_to(FEE_DAY, 8, 59) == []
    events = await small.advance_to(FEE_DAY, 9)
    assert [(e["kind"], e["contractor_id"]) for e in events] == [
        ("contract_fee_debited", LOGI),
        ("contract_fee_debited", SHOJI),
    ]
    assert await small.lines(1) == await small.lines(4) == FEES
    assert (await small.gl("fee_income"), await small.gl("consumption_tax")) == (4_000, 400)


@pytest.mark.requirement("W-20")
async def test_the_fee_settlement_account_pays_and_no_other(small):
    await small.transfers.charges.set_fee_account(SHOJI, f"{2:013}")
    await unlink(small)
    await small.advance_to(FEE_DAY, 9)
    assert (await small.lines(1), await small.lines(2)) == ([], FEES)


@pytest.mark.requirement("W-21")
async def test_a_childs_fee_is_paid_by_its_parent(small):
    events = await small.advance_to(FEE_DAY, 9)
    assert [event["subject"] for event in events] == [f"{1:013}"] * 2
    assert (await small.lines(1), await small.lines(4)) == (FEES * 2, [])


@pytest.mark.requirement("W-19")
async def test_every_month_has_its_fee_day(small):
    await unlink(small)
    events = await small.advance_to(date(2027, 4, 30), 9)
    days = [event["at"][:10] for event in events if event["contractor_id"] == SHOJI]
    # 10 January is a Sunday and the 11th a holiday; 10 April is a Saturday
    assert days == ["2026-12-10", "2027-01-12", "2027-02-10", "2027-03-10", "2027-04-12"]


async def test_a_restart_neither_forgets_nor_repeats_a_fee_day(tmp_path: Path):
    for _ in range(3):
        async with small_world(tmp_path) as small:
            assert small.world.next_due_at is not None
    async with small_world(tmp_path) as small:
        assert len(await small.advance_to(FEE_DAY, 9)) == 2


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE service_contract SET status = 'terminated' WHERE contractor_id = 'shoji'",
        "UPDATE contractor SET contract_state = 'ended' WHERE contractor_id = 'shoji'",
        "UPDATE contractor SET contract_state = 'suspended' WHERE contractor_id = 'shoji'",
    ],
)
async def test_who_has_no_contract_pays_no_fee(small, sql):
    await unlink(small)
    await small.run_sql(sql)
    events = await small.advance_to(FEE_DAY, 9)
    assert [event["contractor_id"] for event in events] == [LOGI]


@pytest.mark.parametrize(("yen", "is_paid"), [(2_200, True), (2_199, False)])
async def test_a_fee_that_is_not_covered_is_debited_later(small, yen, is_paid):
    await small.run_sql("DELETE FROM service_contract WHERE contractor_id = 'logi'")
    await small.post(1, yen - OPENING_YEN)
    (event,) = await small.advance_to(FEE_DAY, 9)
    assert event["kind"] == ("contract_fee_debited" if is_paid else "contract_fee_put_off")
    await small.post(1, 1)
    events = await small.advance_to(date(2026, 12, 15), 9)
    later = [(e["at"][:10], e["kind"], e["month"]) for e in events]
    assert later == ([] if is_paid else [("2026-12-11", "contract_fee_debited", "2026-12")])


async def test_a_frozen_account_pays_its_fee_later(small):
    async with small.world.database.transaction() as db:
        await accounts.set_state(db, 1, AccountState.FROZEN)
    events = await small.advance_to(FEE_DAY, 9)
    assert {event["kind"] for event in events} == {"contract_fee_put_off"}


@pytest.mark.requirement("W-22")
@pytest.mark.parametrize(("on", "fee"), [(FEE_DAY, 3_000), (date(2026, 12, 11), 2_000)])
async def test_a_new_schedule_holds_from_its_day_on(small, on, fee):
    await unlink(small)
    await small.transfers.charges.set_schedule(schedule(on, contract_yen=3_000))
    await small.advance_to(FEE_DAY, 9)
    assert (await small.lines(1))[0][0] == -fee


async def test_a_fee_that_is_late_is_that_of_its_fee_day(small):
    await unlink(small)
    await small.post(1, -OPENING_YEN)
    await small.transfers.charges.set_schedule(schedule(date(2026, 12, 11), contract_yen=9_000))
    await small.advance_to(FEE_DAY, 9)
    await small.post(1, 2_200)
    await small.advance_to(date(2026, 12, 11), 9)
    assert await small.balance(1) == 0


@pytest.mark.requirement("W-18")
async def test_the_tax_is_that_of_the_fee_day(small):
    await unlink(small)
    await small.transfers.charges.set_tax_rate(TaxRate(effective_on=FEE_DAY, percent=12))
    await small.advance_to(FEE_DAY, 9)
    assert (await small.lines(1))[1][0] == -240


async def test_a_contract_that_costs_nothing_leaves_no_line(small):
    await small.transfers.charges.set_schedule(schedule(FEE_DAY, contract_yen=0))
    assert await small.advance_to(FEE_DAY, 9) == []


@pytest.mark.requirement("W-23")
async def test_only_ordinary_and_current_accounts_pay_fees(small):
    with pytest.raises(FeeAccountRefused):
        await small.transfers.charges.set_fee_account(SHOJI, f"{3:013}")  # a time deposit
    for account in (1, 2):
        await small.transfers.charges.set_fee_account(SHOJI, f"{account:013}")


@pytest.mark.parametrize(
    ("who", "account"), [(SHOJI, 4), (SHOJI, 99), ("hanako", 5), ("hanako", 6)]
)
async def test_a_fee_account_is_the_contractors_own(small, who, account):
    with pytest.raises(UnknownAccount):
        await small.transfers.charges.set_fee_account(who, f"{account:013}")


# What a transfer costs


@pytest.mark.requirement("W-22")
@pytest.mark.parametrize(
    ("on", "other"), [(date(2026, 11, 30), 330), (date(2026, 12, 1), 440), (date(2027, 1, 4), 440)]
)
async def test_a_quotation_is_by_the_schedule_of_the_designated_day(small, on, other):
    charges = small.transfers.charges
    await charges.set_schedule(schedule(date(2026, 12, 1), other_yen=440))
    items = [("9999", 1_000), (BANK_CODE, 1_000)]
    assert await charges.quote(on, items, beneficiary_pays=False) == [
        Charge(paid_yen=1_000, fee_yen=other),
        Charge(paid_yen=1_000, fee_yen=0),
    ]
    quoted = await charges.quote(on, [("9999", other), ("9999", other + 1)], beneficiary_pays=True)
    assert quoted == [None, Charge(paid_yen=1, fee_yen=other)]


async def test_a_schedule_takes_the_place_of_the_one_of_its_day(small):
    charges, on = small.transfers.charges, date(2026, 12, 1)
    await charges.set_schedule(schedule(on, other_yen=440))
    await charges.set_schedule(schedule(on, other_yen=550))
    (found,) = await charges.quote(on, [("9999", 1_000)], beneficiary_pays=False)
    assert found is not None
    assert found.fee_yen == 550


@pytest.mark.requirement("W-22")
async def test_bands_are_charged_as_they_were_quoted(small):
    bands = (
        FeeBand(from_yen=1, own_bank_yen=0, other_bank_yen=220),
        FeeBand(from_yen=30_000, own_bank_yen=110, other_bank_yen=440),
    )
    day = date(2026, 11, 20)
    new = FeeSchedule(effective_on=day, bands=bands, contract_yen=2_000)
    await small.transfers.charges.set_schedule(new)
    request = await small.approved(
        draft(item(1, 29_999), item(2, 30_000), item(3, 30_000, beneficiary_bank_code=BANK_CODE))
    )
    quoted = [each.fee_yen for each in (await small.detail(request)).items]
    await small.advance_to(day, 8)
    charged = [each.fee_yen for each in (await small.detail(request)).items]
    assert quoted == charged == [220, 440, 110]
    assert (await small.lines(1))[1][0] == -770
