"""``web21``: what the service and its transfers cost, to the yen (W-18…W-23)."""

import pytest

from tests.direct import LOGI, MAIN_ACCOUNT, SHOJI, Direct
from tests.ordering import APPROVAL, UPDATE, Orders, item
from tests.support import run_sandbox

CURRENT, TIME_DEPOSIT = "0010210000020", "0010510000040"
CHILD_ACCOUNT = "0030110001010"
TO_FEE_DAY = "23d23h"  # 10 December, 09:00
FEE_DAY = "2026-12-10"
CONTENTS = ("契約料", "消費税")
FEES = [("契約料", 2_000), ("消費税", 200)]
OWN_PAYEE = {"beneficiary_bank_code": "0009", "account_number": "1000101"}


async def act(running, name: str, contractor_id: str = SHOJI, **body) -> int:
    url = f"{running.control}/bank/web21/contracts/{contractor_id}"
    async with running.http.post(url, json={"act": name, **body}) as answer:
        return answer.status


async def set_fees(running, **body) -> None:
    async with running.http.put(f"{running.control}/bank/web21/fees", json=body) as answer:
        assert answer.status == 200, await answer.text()


def bands(other_yen: int, own_yen: int = 0) -> list[dict]:
    return [{"from_yen": 1, "own_bank_yen": own_yen, "other_bank_yen": other_yen}]


async def debits(running, account: str, day: str, *contents: str) -> list[tuple[str, int]]:
    """Return (content, yen) of the withdrawals of a day, as the contractor reads them."""
    direct = Direct(running, LOGI if account == CHILD_ACCOUNT else SHOJI)
    persona = "logi_maker" if account == CHILD_ACCOUNT else "shoji_maker"
    token = (await direct.log_in(persona))["access_token"]
    path = f"/accounts/{account}/transactions"
    status, body, _ = await direct.get(path, token, date_from=day, date_to=day)
    assert status == 200, body
    return [
        (row["transaction_type"], row["withdrawal_amount"])
        for row in body["transactions"]
        if row["transaction_type"] in contents
    ]


@pytest.mark.requirement("W-18", "W-19")
async def test_on_the_fee_day_fee_and_tax_are_debited_by_themselves(running):
    await act(running, "unlink", child=LOGI)
    await running.advance("23d22h59m")
    assert await debits(running, MAIN_ACCOUNT, FEE_DAY, *CONTENTS) == []
    events = (await running.advance("1m"))["events"]
    assert await debits(running, MAIN_ACCOUNT, FEE_DAY, *CONTENTS) == FEES
    (fee,) = [
        each
        for each in events
        if each["kind"] == "contract_fee_debited" and each["contractor_id"] == SHOJI
    ]
    assert (fee["fee_yen"], fee["tax_yen"], fee["subject"]) == (2_000, 200, MAIN_ACCOUNT)
    await running.advance("1d")
    assert await debits(running, MAIN_ACCOUNT, "2026-12-11", *CONTENTS) == []


@pytest.mark.requirement("W-20", "W-21")
async def test_the_parents_fee_account_pays_for_both(running):
    await running.advance(TO_FEE_DAY)
    assert await debits(running, MAIN_ACCOUNT, FEE_DAY, *CONTENTS) == FEES * 2
    for account in (CURRENT, CHILD_ACCOUNT):
        assert await debits(running, account, FEE_DAY, *CONTENTS) == []


@pytest.mark.requirement("W-21")
async def test_a_child_that_was_unlinked_pays_for_itself(running):
    assert await act(running, "unlink", child=LOGI) == 200
    await running.advance(TO_FEE_DAY)
    for account in (MAIN_ACCOUNT, CHILD_ACCOUNT):
        assert await debits(running, account, FEE_DAY, *CONTENTS) == FEES


@pytest.mark.requirement("W-20", "W-23")
async def test_another_fee_account_pays_if_it_is_of_a_type_that_may(running):
    refused = await act(running, "set_fee_account", fee_account=TIME_DEPOSIT)
    assert 400 <= refused < 500
    assert await act(running, "set_fee_account", fee_account=CURRENT) == 200
    await running.advance(TO_FEE_DAY)
    assert await debits(running, MAIN_ACCOUNT, FEE_DAY, *CONTENTS) == []
    assert await debits(running, CURRENT, FEE_DAY, *CONTENTS) == FEES * 2


@pytest.mark.requirement("W-18", "W-22")
@pytest.mark.parametrize(
    ("changes", "fee", "tax"),
    [
        ({"effective_on": FEE_DAY, "contract_yen": 3_000, "bands": bands(330)}, 3_000, 300),
        ({"effective_on": "2026-12-11", "contract_yen": 3_000, "bands": bands(330)}, 2_000, 200),
        ({"effective_on": FEE_DAY, "contract_yen": 1_999, "bands": bands(330)}, 1_999, 199),
        ({"effective_on": FEE_DAY, "tax_percent": 12}, 2_000, 240),
        ({"effective_on": "2026-12-11", "tax_percent": 12}, 2_000, 200),
    ],
)
async def test_new_fees_and_a_new_tax_hold_from_their_day_on(running, changes, fee, tax):
    await act(running, "unlink", child=LOGI)
    await set_fees(running, **changes)
    await running.advance(TO_FEE_DAY)
    found = await debits(running, MAIN_ACCOUNT, FEE_DAY, *CONTENTS)
    assert found == [("契約料", fee), ("消費税", tax)]
    await running.advance("33d")  # 10 January is a Sunday and the 11th a holiday
    later = await debits(running, MAIN_ACCOUNT, "2027-01-12", *CONTENTS)
    lasting = (changes.get("contract_yen", 2_000), changes.get("tax_percent", 10))
    assert later == [("契約料", lasting[0]), ("消費税", lasting[0] * lasting[1] // 100)]


@pytest.mark.requirement("W-22")
@pytest.mark.parametrize(("on", "other", "own"), [("11-24", 330, 0), ("11-25", 440, 110)])
async def test_a_transfer_costs_what_is_in_force_on_its_day(running, on, other, own):
    """Registered on the same day, under the same notice: the designated day alone decides."""
    await set_fees(
        running, effective_on="2026-11-25", contract_yen=2_000, bands=bands(440, own_yen=110)
    )
    maker = await Orders.of(Direct(running))
    items = item(1), item(2), item(3, **OWN_PAYEE, beneficiary_branch_code="003")
    reference = (await maker.register(*items, effort_date=on))["transaction_id"]
    shown = (await maker.detail(reference))["fixed_request_data"]["transactions"]
    assert [each["transfer_fee"] for each in shown] == [other, other, own]
    checker = await Orders.of(maker.direct, "shoji_checker", APPROVAL)
    assert (await checker.act(reference, "submissions"))[0] == 200
    await running.advance("9d")
    paid = await debits(running, MAIN_ACCOUNT, f"2026-{on}", "総合振込", "振込手数料")
    assert paid == [("総合振込", 30_006), ("振込手数料", 2 * other + own)]
    maker = await Orders.of(maker.direct)
    shown = (await maker.detail(reference))["fixed_request_data"]["transactions"]
    assert [(each["item_status"], each["transfer_fee"]) for each in shown] == [
        ("2", other),
        ("2", other),
        ("2", own),
    ]


@pytest.mark.requirement("W-18", "W-22")
async def test_where_the_beneficiary_pays_the_fee_comes_off_the_amount(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, web21_beneficiary_pays="1") as running:
        maker = await Orders.of(Direct(running), scope=UPDATE)
        status, quoted, _ = await maker.send(
            "/bulk_transfers/fees",
            {
                "effort_date": "11-24",
                "transactions": [
                    {"item_id": "1", "beneficiary_bank_code": "9999", "transfer_amount": yen}
                    for yen in (331, 10_001)
                ],
            },
        )
        assert status == 200, quoted
        assert [each["paid_amount"] for each in quoted["transactions"]] == [1, 9_671]
        refused = await maker.try_register(item(1, transfer_amount=330))
        assert refused[0] == 400
        reference = (await maker.register(item(1, transfer_amount=331)))["transaction_id"]
        checker = await Orders.of(maker.direct, "shoji_checker", APPROVAL)
        assert (await checker.act(reference, "submissions"))[0] == 200
        await running.advance("8d")
        paid = await debits(running, MAIN_ACCOUNT, "2026-11-24", "総合振込", "振込手数料")
        assert paid == [("総合振込", 331)]


@pytest.mark.requirement("W-22")
async def test_a_quotation_changes_with_the_schedule_and_nobody_is_told(running):
    maker = await Orders.of(Direct(running))
    one = {"item_id": "1", "beneficiary_bank_code": "9999", "transfer_amount": 1_000}
    body = {"effort_date": "11-24", "transactions": [one]}
    seen = []
    for other in (330, 440, 0):
        await set_fees(running, effective_on="2026-11-24", contract_yen=2_000, bands=bands(other))
        _, answer, _ = await maker.send("/bulk_transfers/fees", body)
        seen.append(answer["total_fee"])
    assert seen == [330, 440, 0]
