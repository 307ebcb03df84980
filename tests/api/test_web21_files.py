"""``web21``: Zengin files in and out (specs: web21 §5.3, §11; zengin §6)."""

import pytest

from sandbox.domain.zengin import transfer_layouts as layouts
from sandbox.domain.zengin import write_transfers
from sandbox.web.web21.files import BESIDE
from tests.direct import LOGI, Direct
from tests.filing import ALL, NONE, PATHS, Filing
from tests.support import run_sandbox
from tests.unit.zengin import samples
from tests.unit.zengin.building import put
from tests.unit.zengin.samples import BAD, GOOD, bulk, item

WARNINGS = {"Z203": "W004", "Z205": "W004", "Z303": "W002", "Z402": "W003"}
WARNINGS |= {"Z403": "W003", "Z601": "W003"}


@pytest.fixture
async def filing(running):
    return await Filing.of(Direct(running))


def kind_of(name: str) -> str:
    if name == "Z304-too-many":
        return "transfer"
    return "payroll" if "payroll" in name or name == "bonus" else "bulk"


# File → request → file


@pytest.mark.parametrize("name", GOOD)
async def test_a_file_is_registered_and_comes_back_byte_by_byte(filing, name):
    data, kind = GOOD[name](), kind_of(name)
    reference = await filing.registered(data, kind)
    assert await filing.written(reference, kind) == data


async def test_a_file_and_the_same_as_json_are_the_same_request(filing):
    reference = await filing.registered(GOOD["bulk"](), transaction_notes="11月分", comment="急ぎ")
    _, shown, _ = await filing.direct.get(f"/bulk_transfers/{reference}", filing.token)
    sent = shown["fixed_request_data"]
    assert sent["effort_date"] == "11-30"
    assert (sent["transaction_notes"], sent["comment"]) == ("11月分", "急ぎ")
    assert (sent["total_count"], sent["total_amount"]) == (2, 100_001)
    assert "sent_file" not in sent
    first, second = sent["transactions"]
    assert (first["item_id"], first["beneficiary_name"]) == ("1", "ｶｸｳ ﾀﾛｳ")
    assert (first["transfer_designated_type"], second["customer_code1"]) == ("7", "42")


async def test_transfers_take_a_bulk_file_of_ten_items(filing):
    data = bulk(*[item(amount=n + 1) for n in range(10)])
    reference = await filing.registered(data, "transfer")
    assert await filing.written(reference, "transfer") == data


async def test_a_request_that_came_as_json_is_written_too(running, filing):
    reference = await filing.registered(GOOD["bulk"]())
    _, shown, _ = await filing.direct.get(f"/bulk_transfers/{reference}", filing.token)
    sent = shown["fixed_request_data"]
    for each in sent["transactions"]:
        del each["item_status"], each["transfer_fee"]
    body = {
        "client_id": filing.direct.client_id,
        "contractor_id": filing.direct.contractor_id,
        "warning_check_type": NONE,
        "fixed_request_data": sent,
    }
    url = f"{filing.direct.base}/bulk_transfers"
    headers = {"Authorization": f"Bearer {filing.token}"}
    async with running.http.post(url, json=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        second = (await answer.json())["transaction_id"]
    assert await filing.written(second) == GOOD["bulk"]()


async def test_the_line_end_of_written_files_is_a_setting(tmp_path, template):
    no_ends = {"web21_zengin_line_end": "none"}
    async with run_sandbox(tmp_path, template=template, **no_ends) as running:
        filing = await Filing.of(Direct(running))
        with_ends = await filing.registered(GOOD["bulk"]())
        assert await filing.written(with_ends) == GOOD["bulk"]()  # as it was sent
        path = "/accounts/0010110000010/transactions"
        token = (await filing.direct.log_in("shoji_maker"))["access_token"]
        status, data = await filing.fetch(path, token)
        assert status == 200
        assert b"\r\n" not in data
        assert len(data) % 200 == 0


# Refusals


@pytest.mark.parametrize("name", [name for name in BAD if name[:4] not in WARNINGS])
async def test_a_bad_file_is_refused_with_its_code(filing, name):
    kind = kind_of(name)
    details = await filing.refused(BAD[name](), kind)
    assert name[:4] in [each["code"] for each in details]
    assert all(set(each) == {"field", "code", "message"} for each in details)
    assert all(" / " in each["message"] and "「" in each["message"] for each in details)
    assert await filing.count(kind) == 0


@pytest.mark.parametrize("name", [name for name in BAD if name[:4] in WARNINGS])
async def test_a_doubtful_file_is_saved_where_its_digit_asks(filing, name):
    data, expected = BAD[name](), WARNINGS[name[:4]]
    digit = int(expected[-1])
    status, body = await filing.send(data, warning_check_type=f"{'1'.rjust(digit, '0'):0<10}")
    assert (status, body["result_type"]) == (200, "warning"), body
    assert expected in [each["transaction_error_id"] for each in body["transaction_error_data"]]
    others = ALL[: digit - 1] + "0" + ALL[digit:]
    await filing.registered(data, warning_check_type=others)


async def test_a_saved_file_is_registered_with_its_temporary_id(filing):
    data = BAD["Z203-alignment"]()
    _, saved = await filing.send(data, warning_check_type=ALL)
    again = {"temporary_transaction_id": saved["temporary_transaction_id"]}
    reference = await filing.registered(
        data, warning_check_type=ALL, warning_data_fixed_flag="true", **again
    )
    assert await filing.written(reference) == data
    assert await filing.count() == 1


async def test_a_warning_names_the_place_and_the_value(filing):
    _, body = await filing.send(BAD["Z203-alignment"](), warning_check_type="0001000000")
    (found,) = body["transaction_error_data"]
    assert found["item_id"] == "1"
    assert found["transaction_error_message"] == (
        "record 2, bytes 51–80 Z203: 受取人名: 左詰めでなければなりません / "
        "beneficiary_name: names stand on the left: 「 ｶｸｳﾀﾛｳ」"
    )


async def test_three_bad_lines_of_twenty_thousand_are_named_and_nothing_is_registered(filing):
    data = bulk(*[item(amount=n + 1) for n in range(20_000)])
    data = put(data, 2, layouts.BULK_DATA, "amount", "000000000A")
    data = put(data, 10_001, layouts.BULK_DATA, "beneficiary_name", "kakuu")
    data = put(data, 20_001, layouts.BULK_DATA, "account_number", "12345-7")
    assert await filing.refused(data) == [
        {
            "field": "record 2, bytes 81–90",
            "code": "Z201",
            "message": "振込金額: 数字でない文字があります（「A」） / "
            "amount: not a digit: 「A」: 「000000000A」",
        },
        {
            "field": "record 10001, bytes 51–80",
            "code": "Z202",
            "message": "受取人名: この項目に使えない文字があります（「k」、「a」、「u」） / "
            "beneficiary_name: not allowed here: 「k」、「a」、「u」: 「kakuuﾛｳ」",
        },
        {
            "field": "record 20001, bytes 44–50",
            "code": "Z201",
            "message": "口座番号: 数字でない文字があります（「-」） / "
            "account_number: not a digit: 「-」: 「12345-7」",
        },
    ]
    assert await filing.count() == 0


async def test_twenty_thousand_items_come_back_and_one_more_is_refused(filing):
    data = bulk(*[item(amount=n + 1) for n in range(20_000)])
    reference = await filing.registered(data)
    assert await filing.written(reference) == data
    more = bulk(*[item(amount=n + 1) for n in range(20_001)])
    (found,) = await filing.refused(more)
    assert (found["code"], found["field"]) == ("Z304", "record 20002, bytes 1–120")


async def test_the_plan_of_the_contractor_says_how_many_items_a_file_may_have(running):
    filing = await Filing.of(Direct(running, LOGI), "logi_maker")
    header = {
        "originator_name": "ｻﾝﾌﾟﾙﾌﾞﾂﾘﾕｳ(ｶ",
        "remitting_branch_code": "003",
        "account_number": "1000101",
    }
    items = [item(amount=n + 1) for n in range(31)]
    await filing.registered(bulk(*items[:30], **header))
    assert await filing.codes(bulk(*items, **header)) == ["Z304"]


async def test_at_most_a_hundred_findings_are_told(filing):
    data = bulk(*[item(amount=n + 1) for n in range(150)]).replace(b"7654321", b"765432A")
    assert len(await filing.refused(data)) == 100


async def test_a_file_for_another_path_is_refused(filing):
    assert await filing.codes(GOOD["payroll"](), "bulk") == ["Z105"]
    assert await filing.codes(GOOD["bulk"](), "payroll") == ["Z105"]


@pytest.mark.parametrize("type_code", ["41", "71", "72", "91"])
async def test_a_type_that_is_not_served_is_refused(filing, type_code):
    data = put(GOOD["payroll"](), 1, layouts.PAYROLL_HEADER, "type_code", type_code)
    assert "Z105" in await filing.codes(data, "payroll")


@pytest.mark.parametrize(
    ("field", "content", "record", "place", "code"),
    [
        ("account_type", "3", 2, "43–43", "Z205"),
        ("new_code", "7", 2, "91–91", "Z205"),
        ("identification", "X", 2, "113–113", "Z205"),
        ("originator_name", "ﾐﾎﾝｼﾖｳｼﾞ", 1, "15–54", "Z401"),
    ],
)
async def test_what_the_bank_itself_refuses_is_named_by_its_place_in_the_file(
    filing, field, content, record, place, code
):
    layout = layouts.BULK_HEADER if record == 1 else layouts.BULK_DATA
    length = layout.fields[layout.names.index(field)].length
    (found,) = await filing.refused(
        put(GOOD["bulk"](), record, layout, field, content.ljust(length))
    )
    assert found["field"] == f"record {record}, bytes {place}"
    assert found["code"] == code
    assert found["message"].endswith(f"「{content}」")


async def test_what_stands_beside_the_file_keeps_its_own_name(filing):
    (found,) = await filing.refused(GOOD["bulk"](), first_approver_code="Z999")
    assert (found["field"], found["code"]) == ("first_approver_code", "invalid_parameter")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"warning_check_type": "1"}, "warning_check_type"),
        ({"warning_data_fixed_flag": "yes"}, "warning_data_fixed_flag"),
        ({"approval_pattern_type": "none"}, "approval_pattern_type"),
        ({"comment": "x" * 101}, "comment"),
        ({"client_id": ""}, "client_id"),
    ],
)
async def test_a_query_that_breaks_its_schema_is_refused(filing, query, field):
    status, body = await filing.send(GOOD["bulk"](), **query)
    assert (status, body["error_code"]) == (400, "invalid_parameter")
    assert [each["field"] for each in body["error_details"]] == [field]


async def test_the_file_is_another_contractors_than_the_tokens(filing):
    status, body = await filing.send(GOOD["bulk"](), contractor_id=LOGI)
    assert (status, body["error_code"]) == (403, "contractor_mismatch")


async def test_only_texts_are_taken_for_files(filing):
    status, body = await filing.send(GOOD["bulk"](), content_type="application/octet-stream")
    assert (status, body["error_code"]) == (415, "unsupported_media_type")


async def test_approvals_take_no_file(filing, running):
    reference = await filing.registered(GOOD["bulk"]())
    url = f"{filing.direct.base}/bulk_transfers/{reference}/submissions"
    token = (await filing.direct.log_in("shoji_checker", "web21.appr"))["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
    async with running.http.post(url, data=b"x", headers=headers) as answer:
        assert answer.status == 415


async def test_an_account_left_out_is_refused_where_two_may_be_meant(filing):
    data = bulk(account_type="0", account_number="0000000")
    found = await filing.refused(data)
    assert [(each["field"], each["code"]) for each in found] == [
        ("record 1, bytes 96–96", "Z205"),
        ("record 1, bytes 97–103", "Z401"),
    ]


async def test_a_file_needs_the_right_to_register(running):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    status, body = await Filing(direct, token).send(GOOD["bulk"]())
    assert (status, body["error_code"]) == (403, "insufficient_scope")


async def test_the_window_is_the_one_of_the_path(filing):
    """A bulk file may pay tomorrow, a payroll file only three business days ahead."""
    assert await filing.registered(bulk(designated_date="1117"))
    assert await filing.codes(bulk(designated_date="1116")) == ["Z501"]
    staff = samples.staff()
    assert await filing.registered(samples.payroll(*staff, designated_date="1119"), "payroll")
    late = samples.payroll(*staff, designated_date="1118")
    assert await filing.codes(late, "payroll") == ["Z501"]


async def test_a_file_with_an_idempotency_key_is_registered_once(filing, running):
    named = {
        "client_id": filing.direct.client_id,
        "contractor_id": filing.direct.contractor_id,
        "warning_check_type": NONE,
    }
    headers = {
        "Authorization": f"Bearer {filing.token}",
        "Content-Type": "text/plain",
        "Idempotency-Key": "file-1",
    }
    url, bodies = f"{filing.direct.base}/bulk_transfers", []
    for data in (GOOD["bulk"](), GOOD["bulk"](), GOOD["bulk-codes"]()):
        async with running.http.post(url, params=named, data=data, headers=headers) as answer:
            bodies.append((answer.status, await answer.json()))
    assert bodies[0] == bodies[1]
    assert bodies[0][0] == 200
    assert bodies[2][1]["error_code"] == "idempotency_conflict"
    assert await filing.count() == 1


@pytest.mark.parametrize("kind", PATHS)
async def test_a_file_of_a_request_that_is_not_there_is_refused(filing, kind):
    status, body = await filing.fetch(f"{PATHS[kind]}/261116000000099")
    assert (status, body["error_code"]) == (404, "transaction_not_found")


async def test_one_batch_is_one_request(filing):
    data = write_transfers([samples.batch(**samples.SENDER)] * 2)
    found = await filing.refused(data)
    assert ("record 4, bytes 1–120", "Z103") in [(e["field"], e["code"]) for e in found]


@pytest.mark.parametrize("kind", PATHS)
async def test_the_document_names_files_in_and_out(running, kind):
    async with running.http.get(f"{running.url}/web21/openapi.json") as answer:
        paths = (await answer.json())["paths"]
    register, show = paths[PATHS[kind]]["post"], paths[f"{PATHS[kind]}/{{transaction_id}}"]["get"]
    assert set(register["requestBody"]["content"]) == {"application/json", "text/plain"}
    assert "text/plain" in show["responses"]["200"]["content"]
    beside = {each["name"] for each in register["parameters"] if each["in"] == "query"}
    assert {"client_id", "contractor_id", "warning_check_type", *BESIDE} <= beside
    for what in ("transactions", "deposits"):
        reply = paths[f"/accounts/{{account_id}}/{what}"]["get"]["responses"]["200"]
        assert "text/plain" in reply["content"]


@pytest.mark.parametrize(
    ("accept", "is_file"),
    [
        ("text/plain", True),
        ("text/plain; charset=Shift_JIS", True),
        ("application/json, text/plain;q=0.5", True),
        ("*/*", False),
        ("text/*", False),
        ("application/json", False),
    ],
)
async def test_whoever_asks_for_a_text_by_name_gets_one(filing, running, accept, is_file):
    reference = await filing.registered(GOOD["bulk"]())
    named = {
        "client_id": filing.direct.client_id,
        "contractor_id": filing.direct.contractor_id,
    }
    headers = {"Accept": accept, "Authorization": f"Bearer {filing.token}"}
    url = f"{filing.direct.base}/bulk_transfers/{reference}"
    async with running.http.get(url, params=named, headers=headers) as answer:
        assert answer.status == 200
        assert (answer.content_type == "text/plain") == is_file


async def test_a_saved_file_is_written_under_its_temporary_id(filing):
    data = BAD["Z203-alignment"]()
    _, saved = await filing.send(data, warning_check_type=ALL)
    assert await filing.written(saved["temporary_transaction_id"]) == data


async def test_a_file_takes_the_place_of_an_editable_request(filing):
    reference = await filing.registered(GOOD["bulk-blanks"]())
    named = {
        "client_id": filing.direct.client_id,
        "contractor_id": filing.direct.contractor_id,
    }
    url = f"{filing.direct.base}/bulk_transfers/{reference}/withdrawal"
    headers = {"Authorization": f"Bearer {filing.token}"}
    session = filing.direct.running.http
    async with session.post(url, json=named, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
    other = GOOD["bulk-no-line-ends"]()
    again = await filing.registered(other, temporary_transaction_id=reference)
    assert again == reference
    assert await filing.written(reference) == other
