"""``web21``: registering, listing, reading, taking back and quoting transfer requests."""

import gzip
from io import BytesIO

import pytest

from sandbox.domain.corporate.contract import Service
from tests.direct import SHOJI, Direct
from tests.ordering import (
    ALL_CHECKS,
    APPROVAL,
    NO_CHECKS,
    PATHS,
    Orders,
    code_of,
    item,
    request_data,
)
from tests.support import bearer


@pytest.fixture
async def orders(running):
    return await Orders.of(Direct(running))


@pytest.mark.requirement("W-4", "W-11")
@pytest.mark.parametrize("kind", PATHS)
async def test_a_request_is_registered_listed_and_shown(running, kind):
    orders = await Orders.of(Direct(running), kind=kind)
    answer = await orders.register(item(1), item(2), transaction_notes="11月分")
    reference = answer.pop("transaction_id")
    assert answer == {
        "transaction_status": "10",
        "transaction_status_name": "承認待ち",
        "result_type": "fixed",
        "transaction_notes": "11月分",
        "approval_expiration_date": {
            "transfer": "2026-11-24",
            "bulk": "2026-11-20",
            "payroll": "2026-11-18",
        }[kind],
        "transaction_error_data": [],
    }
    assert reference == "261116000000001"
    _, listed, _ = await orders.direct.get(f"{orders.path}/list", orders.token)
    assert listed == {
        "count": 1,
        "transaction_list_info": [
            {
                "transaction_status": "10",
                "transaction_status_name": "承認待ち",
                "operation_date": "2026-11-16",
                "transaction_id": reference,
                "transfer_designated_date": "2026-11-24",
                "test_data_type": "0",
                "transaction_notes": "11月分",
                "operator": "架空 太郎",
                "approval_pattern_type": "single_approval",
                "total_count": 2,
                "total_payment_amount": 20_003,
            }
        ],
    }
    shown = await orders.detail(reference)
    data = shown["fixed_request_data"]
    assert [(each["item_id"], each["item_status"]) for each in data["transactions"]] == [
        ("1", "1"),
        ("2", "1"),
    ]
    sent = request_data(item(1), item(2), kind=kind, transaction_notes="11月分")
    assert {name: data[name] for name in sent if name != "transactions"} == {
        name: value for name, value in sent.items() if name != "transactions"
    }


async def test_a_bonus_goes_by_the_path_of_payroll(running):
    orders = await Orders.of(Direct(running), kind="payroll")
    reference = (await orders.register(category_code="12"))["transaction_id"]
    assert (await orders.detail(reference))["fixed_request_data"]["category_code"] == "12"


@pytest.mark.parametrize(
    ("kind", "category"), [("bulk", "11"), ("payroll", "21"), ("bulk", None), ("payroll", None)]
)
async def test_a_category_belongs_to_its_path(running, kind, category):
    orders = await Orders.of(Direct(running), kind=kind)
    answer = await orders.try_register(category_code=category)
    assert code_of(answer) == (400, "invalid_parameter")
    assert answer[1]["error_details"][0]["field"] == "fixed_request_data.category_code"


async def test_warnings_are_named_and_the_request_is_saved_until_they_are_accepted(orders):
    unknown = {"beneficiary_bank_code": "9997", "account_number": "7000001"}
    twice = item(1, **unknown), item(2, **unknown, transfer_amount=10_001)
    answer = await orders.register(*twice, body={"warning_check_type": ALL_CHECKS})
    temporary = answer["temporary_transaction_id"]
    assert temporary == "S26111600000001"
    assert "transaction_id" not in answer
    assert (answer["result_type"], answer["transaction_status"]) == ("warning", "01")
    remarks = {
        (each["transaction_error_id"], each.get("item_id"))
        for each in answer["transaction_error_data"]
    }
    assert remarks == {("W002", "2"), ("W003", "1"), ("W003", "2")}
    fixed = await orders.register(
        *twice,
        body={
            "warning_check_type": ALL_CHECKS,
            "warning_data_fixed_flag": True,
            "temporary_transaction_id": temporary,
        },
    )
    assert (fixed["result_type"], fixed["transaction_status"]) == ("fixed", "10")
    again = await orders.try_register(*twice, body={"temporary_transaction_id": temporary})
    assert code_of(again) == (409, "illegal_status")


async def test_what_cannot_be_read_as_half_width_kana_is_refused_and_the_rest_converted(orders):
    answer = await orders.register(
        item(1, beneficiary_name="カクウ タロウ"), body={"warning_check_type": "0001000000"}
    )
    (remark,) = answer["transaction_error_data"]
    assert remark["transaction_error_id"] == "W004"
    assert "ｶｸｳ ﾀﾛｳ" in remark["transaction_error_message"]
    refused = await orders.try_register(item(7, beneficiary_name="架空太郎"))
    assert code_of(refused) == (400, "invalid_parameter")
    (detail,) = refused[1]["error_details"]
    assert detail["field"] == "transactions[item_id=7].beneficiary_name"


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"total_count": 1, "total_amount": 10_001}, 200, None),
        ({"total_count": "1", "total_amount": "10001"}, 200, None),
        ({"total_count": 2}, 400, "totals_mismatch"),
        ({"total_amount": 10_000}, 400, "totals_mismatch"),
        ({"total_amount": 10_001.0}, 400, "invalid_parameter"),
        ({"effort_date": "11-23"}, 400, "not_business_day"),  # 勤労感謝の日
        ({"effort_date": "11-16"}, 400, "date_out_of_window"),
        ({"effort_date": "02-30"}, 400, "invalid_parameter"),
        ({"remitter_code": "0000000002"}, 400, "unknown_remitter"),
        ({"remitting_account_number": "1000009"}, 404, "account_not_found"),
        ({"remitting_account_number": 1_000_001}, 400, "invalid_parameter"),
        ({"remitting_bank_code": "0010"}, 400, "invalid_parameter"),
        ({"approval_pattern_type": "none"}, 400, "invalid_parameter"),
        ({"first_approver_code": "Z101"}, 200, None),
        ({"first_approver_code": "Z003"}, 400, "invalid_parameter"),
        ({"transactions": []}, 400, "invalid_parameter"),
        ({"transactions": None}, 400, "invalid_parameter"),
        ({"comment": "あ" * 100}, 200, None),
        ({"comment": "あ" * 101}, 400, "invalid_parameter"),
        ({"unknown_field": 1}, 200, None),
    ],
)
async def test_every_field_is_checked(orders, changes, status, code):
    answer = await orders.try_register(**changes)
    assert code_of(answer) == (status, code), answer[1]
    _, listed, _ = await orders.direct.get(f"{orders.path}/list", orders.token)
    assert listed["count"] == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    ("amount", "status"),
    [
        (1, 200),
        (0, 400),
        (9_999_999_999, 200),
        (10_000_000_000, 400),
        ("0000000001", 200),
        ("1.0", 400),
        (1.0, 400),
        (True, 400),
        (-1, 400),
        ("", 400),
        (None, 400),
    ],
)
async def test_amounts_at_their_edges(orders, amount, status):
    answer = await orders.try_register(item(transfer_amount=amount))
    assert answer[0] == status, answer[1]


async def test_items_up_to_what_the_plan_allows(orders):
    transfers = Orders(orders.direct, orders.token, kind="transfer")
    ten = [item(number) for number in range(1, 12)]
    assert (await transfers.register(*ten[:10]))["transaction_status"] == "10"
    assert code_of(await transfers.try_register(*ten)) == (400, "too_many_items")


async def test_lists_take_days_of_operation(orders):
    await orders.register()
    get = orders.direct.get
    for query, count in (
        ({"date_from": "2026-11-16"}, 1),
        ({"date_from": "2026/11/17"}, 0),
        ({"date_to": "2026-11-15"}, 0),
        ({"date_from": "", "date_to": ""}, 1),
    ):
        status, body, _ = await get(f"{orders.path}/list", orders.token, **query)
        assert (status, body["count"]) == (200, count), query
    status, body, _ = await get(
        f"{orders.path}/list", orders.token, date_from="2026-11-17", date_to="2026-11-16"
    )
    assert (status, body["error_code"]) == (400, "invalid_period")


async def test_a_request_is_taken_back_sent_again_and_deleted(orders):
    reference = (await orders.register())["transaction_id"]
    assert code_of(await orders.act(reference, "deletion")) == (409, "illegal_status")
    status, row = await orders.act(reference, "withdrawal", {"comment": "金額の誤り"})
    assert (status, row["transaction_status"]) == (200, "20")
    assert code_of(await orders.act(reference, "withdrawal")) == (409, "illegal_status")
    again = await orders.register(
        item(transfer_amount=5), body={"temporary_transaction_id": reference}
    )
    assert (again["transaction_id"], again["transaction_status"]) == (reference, "10")
    await orders.act(reference, "withdrawal")
    status, row = await orders.act(reference, "deletion")
    assert (status, row["transaction_status"]) == (200, "70")
    assert (await orders.detail(reference))["transaction_status_name"] == "削除済み"


async def test_only_its_requester_takes_a_request_back(orders):
    reference = (await orders.register())["transaction_id"]
    rights = {"has_service_right": True, "rights": [Service.UPDATE]}
    await orders.direct.desk.set_rights(SHOJI, "security01", "etsuran01", **rights)
    other = await Orders.of(orders.direct, "shoji_viewer", "web21.upd")
    assert code_of(await other.act(reference, "withdrawal")) == (403, "right_removed")
    assert (await orders.detail(reference))["transaction_status"] == "10"
    assert (await orders.act(reference, "withdrawal"))[0] == 200


@pytest.mark.parametrize("act", ["withdrawal", "deletion"])
@pytest.mark.parametrize("reference", ["261116000000009", "S26111600000009", "x", "%00", "1" * 400])
async def test_what_is_not_there_is_not_found(orders, act, reference):
    answer = await orders.act(reference, act)
    assert code_of(answer) == (404, "transaction_not_found")


async def test_a_request_of_another_kind_or_contractor_is_not_there(running, orders):
    reference = (await orders.register())["transaction_id"]
    other = Orders(orders.direct, orders.token, kind="payroll")
    status, body, _ = await orders.direct.get(f"{other.path}/{reference}", other.token)
    assert (status, body["error_code"]) == (404, "transaction_not_found")


@pytest.mark.requirement("W-11", "W-13", "W-14")
async def test_an_update_token_never_approves_and_an_approval_token_never_registers(orders):
    reference = (await orders.register())["transaction_id"]
    for act in ("submissions", "return"):
        assert code_of(await orders.act(reference, act)) == (403, "insufficient_scope")
    approver = await Orders.of(orders.direct, "shoji_checker", APPROVAL)
    assert code_of(await approver.try_register()) == (403, "insufficient_scope")
    for act in ("withdrawal", "deletion"):
        assert code_of(await approver.act(reference, act)) == (403, "insufficient_scope")


@pytest.mark.requirement("W-3", "W-30")
@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"client_id": None}, 400, "invalid_parameter"),
        ({"contractor_id": None}, 400, "invalid_parameter"),
        ({"client_id": "10000002"}, 403, "contractor_mismatch"),
        ({"contractor_id": "0000000000000000AG0000000001A002"}, 403, "contractor_mismatch"),
        ({"client_id": 10000001}, 400, "invalid_parameter"),
    ],
)
async def test_the_body_repeats_client_and_contractor(orders, changes, status, code):
    assert code_of(await orders.try_register(body=changes)) == (status, code)


async def test_bodies_that_are_none(orders):
    url = f"{orders.direct.base}{orders.path}"
    headers = {"Authorization": f"Bearer {orders.token}"}
    for content_type, body, status, code in (
        ("application/json", b"", 400, "invalid_parameter"),
        ("application/json", b"{", 400, "invalid_parameter"),
        ("application/json", b"[]", 400, "invalid_parameter"),
        ("application/json", b'"\xff"', 400, "invalid_parameter"),
        ("application/json", b"[" * 100_000, 400, "invalid_parameter"),
        ("application/x-www-form-urlencoded", b"a=b", 415, "unsupported_media_type"),
        ("application/xml", b"<a/>", 415, "unsupported_media_type"),
    ):
        sent = {**headers, "Content-Type": content_type}
        async with orders.direct.running.http.post(url, data=body, headers=sent) as answer:
            found = await answer.json()
            assert (answer.status, found["error_code"]) == (status, code), (content_type, body[:9])


async def test_a_body_beyond_the_limit_is_refused_by_its_length(orders):
    url = f"{orders.direct.base}{orders.path}"
    headers = {"Authorization": f"Bearer {orders.token}", "Content-Type": "application/json"}
    most = 16 * 1024 * 1024
    for size, status in ((most + 1, 413), (most, 400)):
        async with orders.direct.running.http.post(
            url, data=BytesIO(b" " * size), headers=headers
        ) as answer:
            assert (answer.status, (await answer.json())["error_code"]) == (
                status,
                "invalid_parameter",
            )


async def test_a_packed_body_is_as_long_as_what_is_in_it(orders):
    url = f"{orders.direct.base}{orders.path}"
    sent = {**bearer(orders.token), "Content-Type": "application/json", "Content-Encoding": "gzip"}
    for spaces, status in ((16 * 1024 * 1024 + 1, 413), (16 * 1024 * 1024, 400), (0, 400)):
        packed = gzip.compress(b" " * spaces)
        async with orders.direct.running.http.post(url, data=packed, headers=sent) as answer:
            assert answer.status == status, spaces


async def test_a_quote_says_what_the_items_cost(orders):
    body = {
        "effort_date": "11-24",
        "transactions": [
            {"item_id": "1", "beneficiary_bank_code": "0009", "transfer_amount": 1},
            {"item_id": "2", "beneficiary_bank_code": "9999", "transfer_amount": "500"},
        ],
    }
    status, answer, _ = await orders.send(f"{orders.path}/fees", body)
    assert status == 200, answer
    assert answer == {
        "transfer_designated_date": "2026-11-24",
        "fee_of_beneficiary_type": "0",
        "total_fee": 330,
        "transactions": [
            {"item_id": "1", "transfer_fee": 0, "paid_amount": 1},
            {"item_id": "2", "transfer_fee": 330, "paid_amount": 500},
        ],
    }
    status, answer, _ = await orders.send(f"{orders.path}/fees", {**body, "effort_date": "02-30"})
    assert code_of((status, answer)) == (400, "invalid_parameter")


async def test_what_was_not_asked_for_is_not_checked(orders):
    twice = item(1), item(2, account_number="7000001", transfer_amount=10_001)
    answer = await orders.register(*twice, body={"warning_check_type": NO_CHECKS})
    assert (answer["result_type"], answer["transaction_error_data"]) == ("fixed", [])
