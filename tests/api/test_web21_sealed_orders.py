"""Transfer requests with field encryption on: sealed on the way in, sealed on the way out."""

import json
import sqlite3

import pytest

from sandbox.domain.corporate.encryption import MESSAGES, Failure
from sandbox.services.field_encryption import THREAD_FIELDS
from tests.direct import Direct
from tests.ordering import APPROVAL, NO_CHECKS, PATHS, Orders, code_of, item, request_data
from tests.sealing import Key, rotated, switched_on, texts_in
from tests.support import bearer, run_sandbox

NAME, NUMBER = "ｶｸｳ ﾀﾛｳ", "7000001"


class Sealed:
    """A contractor whose every request and answer is sealed with ``key``."""

    def __init__(self, orders: Orders, key: Key) -> None:
        self.orders = orders
        self.key = key

    @classmethod
    async def of(cls, running, kind="bulk"):
        orders = await Orders.of(Direct(running), kind=kind)
        return cls(orders, await switched_on(orders.direct))

    async def send(self, *items, headers=None, body=None, key=None, **changes):
        data = request_data(*items, kind=self.orders.kind, **changes)
        sent = {"warning_check_type": NO_CHECKS, "fixed_request_data": data, **(body or {})}
        sealed = (key or self.key).sealed(sent)
        return await self.orders.send(self.orders.path, sealed, **(headers or {}))

    async def register(self, *items, **changes):
        status, answer, _ = await self.send(*items, **changes)
        assert status == 200, answer
        return answer


@pytest.fixture
async def sealed(running):
    return await Sealed.of(running)


def problems_of(answer):
    """Return (field, why) of a refusal; the message is the module's own."""
    status, body, _ = answer
    assert (status, body["error_code"]) == (400, "invalid_parameter"), body
    assert {each["code"] for each in body["error_details"]} == {"decrypt_failed"}
    why = {message: failure for failure, message in MESSAGES.items()}
    return [(each["field"], why[each["message"]]) for each in body["error_details"]]


@pytest.mark.requirement("W-39")
@pytest.mark.parametrize("kind", PATHS)
async def test_a_request_goes_in_sealed_and_comes_out_sealed(running, kind):
    sealed = await Sealed.of(running, kind)
    reference = (await sealed.register(item(1), item(2)))["transaction_id"]
    raw = await sealed.orders.detail(reference)
    assert not {NAME, NUMBER, "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ"} & texts_in(raw)
    data = sealed.key.opened(raw)["fixed_request_data"]
    sent = request_data(item(1), item(2), kind=kind)
    assert {name: data[name] for name in sent if name != "transactions"} == {
        name: value for name, value in sent.items() if name != "transactions"
    }
    told = data["transactions"][0]
    assert (told["account_number"], told["beneficiary_name"]) == (NUMBER, NAME)


@pytest.mark.requirement("W-39")
async def test_an_approver_is_told_sealed_whom_it_pays(running, sealed):
    reference = (await sealed.register())["transaction_id"]
    checker = await Orders.of(Direct(running), "shoji_checker", APPROVAL)
    status, body = await checker.act(reference, "submissions", {"use_media": "1"})
    assert (status, body["transaction_status"]) == (200, "30")
    (raw,) = body["beneficiary_info"]
    assert not {NAME, NUMBER} & set(map(str, raw.values()))
    told = sealed.key.opened(raw)
    assert (told["account_number"], told["beneficiary_name_kana"]) == (NUMBER, NAME)


async def test_what_was_registered_is_what_was_inside(running, sealed):
    await sealed.register()
    with sqlite3.connect(running.sandbox.directory / "default.db") as connection:
        rows = connection.execute("SELECT account_number, beneficiary_name FROM transfer_item")
        assert rows.fetchall()[-1] == (NUMBER, NAME)
    connection.close()


@pytest.mark.requirement("W-39")
async def test_clear_text_is_refused_field_by_field_and_nothing_is_registered(sealed):
    answer = await sealed.orders.try_register(item(1), item(2))
    place = "fixed_request_data"
    assert problems_of(answer) == [
        (f"{place}.remitter_name", Failure.NOT_SEALED),
        *(
            (f"{place}.transactions.{number}.{field}", Failure.NOT_SEALED)
            for number in (0, 1)
            for field in ("account_number", "beneficiary_name")
        ),
    ]
    _, listed, _ = await sealed.orders.direct.get("/bulk_transfers/list", sealed.orders.token)
    assert listed["count"] == 0


@pytest.mark.requirement("W-39")
async def test_a_field_of_another_name_or_key_or_shape_is_named_with_the_reason(sealed):
    stranger = Key("A" * 43 + "=")
    swapped = sealed.key.seal("beneficiary_name", NUMBER)
    changed = {
        "account_number": (stranger.seal("account_number", NUMBER), Failure.WRONG_KEY),
        "beneficiary_name": (1234567, Failure.NOT_SEALED),
    }
    payment = sealed.key.sealed(item()) | {name: value for name, (value, _) in changed.items()}
    data = {
        **sealed.key.sealed(request_data()),
        "transactions": [payment, {**payment, "account_number": swapped}],
    }
    body = {"warning_check_type": NO_CHECKS, "fixed_request_data": data}
    found = problems_of(await sealed.orders.send(sealed.orders.path, body))
    place = "fixed_request_data.transactions"
    assert sorted(found) == [
        (f"{place}.0.account_number", Failure.WRONG_KEY),
        (f"{place}.0.beneficiary_name", Failure.NOT_SEALED),
        (f"{place}.1.account_number", Failure.WRONG_KEY),
        (f"{place}.1.beneficiary_name", Failure.NOT_SEALED),
    ]


@pytest.mark.requirement("W-39")
@pytest.mark.parametrize(
    ("grace", "waits", "opens"),
    [
        ("0s", None, False),
        ("60s", None, True),
        ("60s", "59s", True),
        ("60s", "60s", False),
        ("60s", "1h", False),
    ],
)
async def test_after_a_change_the_old_key_opens_for_the_grace(
    tmp_path, template, grace, waits, opens
):
    async with run_sandbox(tmp_path, template=template, web21_key_grace=grace) as running:
        sealed = await Sealed.of(running)
        new = await rotated(sealed.orders.direct)
        if waits:
            await running.advance(waits)
        if waits == "1h":  # the access token's time is over as well
            sealed.orders = await Orders.of(Direct(running))
        answer = await sealed.send()
        if opens:
            assert answer[0] == 200
            shown = await sealed.orders.detail(answer[1]["transaction_id"])
            told = new.opened(shown)["fixed_request_data"]["transactions"][0]
            assert told["account_number"] == NUMBER
        else:
            assert {why for _, why in problems_of(answer)} == {Failure.KEY_CHANGED}
        assert (await sealed.send(key=new))[0] == 200


async def test_a_token_is_checked_before_a_field_is_opened(sealed):
    sealed.orders.token = "0" * 32
    assert code_of(await sealed.orders.try_register()) == (401, "invalid_token")


async def test_what_is_inside_is_checked_like_any_field_and_not_told_in_clear(sealed):
    answer = await sealed.send(item(account_number="70000012345"))
    assert code_of(answer) == (400, "invalid_parameter")
    assert answer[1]["error_details"][0]["field"].endswith("account_number")
    assert "70000012345" not in str(answer[1])
    off = await switched_off(sealed)
    assert code_of(off) == (400, "invalid_parameter")


async def switched_off(sealed):
    bank = sealed.orders.direct.bank
    await bank.encryption.switch(sealed.orders.direct.contractor_id, is_on=False)
    return await sealed.orders.try_register(item(account_number="70000012345"))


async def test_where_a_schema_is_broken_above_the_field_it_is_not_told_either(sealed):
    data = sealed.key.sealed(request_data())
    data["transactions"] = data["transactions"][0]  # an object instead of an array
    body = {"warning_check_type": NO_CHECKS, "fixed_request_data": data}
    answer = await sealed.orders.send(sealed.orders.path, body)
    assert code_of(answer) == (400, "invalid_parameter")
    assert NAME not in str(answer[1])
    assert NUMBER not in str(answer[1])


async def test_a_warning_does_not_quote_the_name_that_it_is_about(sealed):
    convert = {"body": {"warning_check_type": "0001000000"}}
    answer = await sealed.register(item(beneficiary_name="カクウ タロウ"), **convert)
    (remark,) = answer["transaction_error_data"]
    assert remark["transaction_error_id"] == "W004"
    assert "ｶｸｳ" not in remark["transaction_error_message"]
    assert "「***」" in remark["transaction_error_message"]


async def test_a_repeat_may_seal_anew_and_is_still_the_same_call(sealed):
    once = {"Idempotency_Key": "order-1"}
    first, _, third = [await sealed.send(item(number), headers=once) for number in (1, 1, 2)]
    again = await sealed.send(item(1), headers=once)
    assert again[1] == first[1]
    assert again[2]["Idempotency-Replayed"] == "true"
    assert code_of(third) == (409, "idempotency_conflict")


@pytest.mark.parametrize("number", [THREAD_FIELDS // 2 - 1, THREAD_FIELDS // 2, 2000])
async def test_long_requests_go_both_ways(sealed, number):
    items = [item(each) for each in range(1, number + 1)]
    reference = (await sealed.register(*items))["transaction_id"]
    shown = sealed.key.opened(await sealed.orders.detail(reference))
    told = [each["account_number"] for each in shown["fixed_request_data"]["transactions"]]
    assert told == [each["account_number"] for each in items]
    assert len(set(sealed.key.nonces)) == len(sealed.key.nonces) == 2 * number + 1


ACCOUNT = "/accounts/0010110000010"
FILES = [
    ("GET", f"{ACCOUNT}/transactions", "Accept"),
    ("GET", f"{ACCOUNT}/deposits", "Accept"),
    ("GET", "/bulk_transfers/261116000000001", "Accept"),
    *(("POST", path, "Content-Type") for path in PATHS.values()),
]


@pytest.mark.parametrize(("method", "path", "header"), FILES)
async def test_files_have_no_field_names_so_they_are_refused(running, method, path, header):
    orders = await Orders.of(Direct(running))
    direct = orders.direct
    query = {"client_id": direct.client_id, "contractor_id": direct.contractor_id}
    if method == "POST":
        query["warning_check_type"] = NO_CHECKS
    headers = {**bearer(orders.token), header: "text/plain"}
    refused = []
    for _ in range(2):
        async with running.http.request(
            method, direct.base + path, params=query, headers=headers, data=b""
        ) as answer:
            text = await answer.text()
        refused.append("encryption_on" in text)
        if refused == [False]:
            await switched_on(direct)
    assert refused == [False, True]
    (problem,) = json.loads(text)["error_details"]
    assert (answer.status, problem["field"]) == (400, header)
    assert (answer.content_type, problem["code"]) == ("application/json", "encryption_on")


def deep(levels):
    body = {"account_number": "clear"}
    for _ in range(levels):
        body = {"x": body}
    return body


@pytest.mark.parametrize(
    "body", [[], "x", 1, [{"account_number": "7000001"}], {}, deep(7), deep(8), deep(900)]
)
async def test_no_body_brings_it_down(sealed, body):
    answer = await sealed.orders.send(sealed.orders.path, body)
    assert code_of(answer) == (400, "invalid_parameter")
    assert answer[1]["error_details"]
