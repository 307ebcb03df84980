"""Transfers, fees and accounts through the control door: what is there, and staff's acts."""

import pytest

from sandbox.domain.corporate.contract import Service
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.window import Kind
from sandbox.services.transfers.approval import Submission
from tests.direct import LOGI, MAIN_ACCOUNT, SHOJI, Direct
from tests.transfers.world import draft, item

PAYER = {"remitter_name": "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ", "remitting_account_number": "1000001"}
MAKER = Caller(contractor_id=SHOJI, user_code="Z001", powers=frozenset({Service.UPDATE}))
CHECKER = Caller(contractor_id=SHOJI, user_code="Z101", powers=frozenset({Service.APPROVAL}))
SETTLED = "4d"  # over the holidays around the designated date, and past the run of 08:00


async def sent(running, method, path, **body):
    async with running.http.request(
        method, f"{running.control}{path}", json=body or None
    ) as answer:
        return answer.status, await answer.json()


async def got(running, path):
    status, answer = await sent(running, "GET", path)
    assert status == 200, answer
    return answer


def slug_of(answer):
    return answer[0], answer[1]["type"].rpartition(":")[2]


async def registered(running, *items, **changes):
    """Register a request of shoji's; return its reference."""
    register = running.sandbox.bank("web21").transfers.register.register
    what = draft(*items, **PAYER | changes)
    return (await register(MAKER, what, warning_check_type="0" * 10)).request.reference


async def settled(running, *items):
    reference = await registered(running, *items)
    approval = running.sandbox.bank("web21").transfers.approval
    await approval.submit(CHECKER, Kind.BULK, reference, Submission())
    await running.advance(SETTLED)
    return reference


async def act(running, reference, name, bank="web21", **body):
    return await sent(running, "POST", f"/bank/{bank}/transfers/{reference}", act=name, **body)


async def statuses(running, reference):
    found = await got(running, f"/transfers/{reference}")
    return [each["status"] for each in found["items"]]


async def balance(running, account_id=MAIN_ACCOUNT):
    found = await got(running, "/accounts?bank=web21&limit=1000")
    return next(a for a in found["accounts"] if a["account_id"] == account_id)["balance_yen"]


# Reading


async def test_a_request_is_shown_as_the_ledger_holds_it(running):
    before = await balance(running)
    reference = await settled(running, item(1, 1_000), item(2, 2_000))
    found = await got(running, f"/transfers/{reference}")
    request = found["transfer"]
    assert (request["status"], request["total_yen"], request["fees_yen"]) == ("settled", 3_000, 660)
    assert (request["account_id"], request["requester"]) == (MAIN_ACCOUNT, "Z001")
    assert request["approved_by"] == ["Z101"]
    assert [each["event"] for each in found["acts"]] == ["register", "approve", "reserve", "settle"]
    assert [each.get("user_code") for each in found["acts"]] == ["Z001", "Z101", None, None]
    assert [(i["amount_yen"], i["fee_yen"]) for i in found["items"]] == [(1_000, 330), (2_000, 330)]
    assert before - await balance(running) >= 3_660


async def test_items_come_by_the_page(running):
    reference = await registered(running, *(item(number, 100) for number in range(1, 8)))
    seen, after = [], ""
    while after is not None:
        found = await got(running, f"/transfers/{reference}?limit=3{after}")
        seen += [each["item_id"] for each in found["items"]]
        after = None if "next" not in found else f"&after={found['next']}"
    assert seen == [str(number) for number in range(1, 8)]
    last = await got(running, f"/transfers/{reference}?after=7")
    assert (last["items"], "next" in last) == ([], False)
    for bad in ("x", "-1", "1" * 10):
        answer = await sent(running, "GET", f"/transfers/{reference}?after={bad}")
        assert slug_of(answer) == (422, "invalid-request")


async def test_the_list_is_filtered_and_paged(running):
    bulk = await registered(running)
    payroll = await registered(running, kind=Kind.PAYROLL, on="11-27")
    third = await registered(running, on="11-24")

    async def references(query=""):
        found = await got(running, f"/transfers?{query}")
        return [each["reference"] for each in found["transfers"]]

    assert await references() == [bulk, payroll, third]
    assert await references("kind=payroll") == [payroll]
    assert await references(f"contractor_id={LOGI}") == []
    assert await references(f"contractor_id={SHOJI}&bank=web21&kind=bulk") == [bulk, third]
    assert await references("bank=tomato") == []
    assert await references("status=awaiting_approval") == [bulk, payroll, third]
    assert await references("status=settled") == []
    page = await got(running, "/transfers?limit=2")
    assert await references(f"after={page['next']}") == [third]
    for query in ("kind=gift", "status=lost", "after=1"):
        assert slug_of(await sent(running, "GET", f"/transfers?{query}")) == (
            422,
            "invalid-request",
        )


async def test_a_request_that_is_only_saved_has_a_reference_too(running):
    register = running.sandbox.bank("web21").transfers.register.register
    what = draft(item(1, 10_000_001), **PAYER)
    outcome = await register(MAKER, what, warning_check_type="0000100000")
    found = await got(running, f"/transfers/{outcome.request.reference}")
    assert found["transfer"]["status"] == "saved"
    assert found["transfer"]["reference"][0] == "S"
    assert "transaction_id" not in found["transfer"]
    page = await got(running, f"/transfers?after={outcome.request.reference}")
    assert page["transfers"] == []


async def test_an_unknown_request_is_not_found(running):
    for reference in ("261116000000009", "S26111600000009", "x"):
        answer = await sent(running, "GET", f"/transfers/{reference}")
        assert slug_of(answer) == (404, "unknown-transfer")
        answer = await act(running, reference, "delete", by="keiri01")
        assert slug_of(answer) == (404, "unknown-transfer")


# Acts


@pytest.mark.parametrize(("agreed", "status"), [(True, "recalled"), (False, "recall_failed")])
async def test_a_recall_is_asked_and_answered(running, agreed, status):
    reference = await settled(running, item(1, 1_000))
    asking = {"by": "keiri01", "item_id": "1"}
    assert await act(running, reference, "ask_recall", **asking) == (200, {})
    assert await statuses(running, reference) == ["recall_in_process"]
    before = await balance(running)
    answer = {"item_id": "1", "agreed": agreed}
    assert await act(running, reference, "answer_recall", **answer) == (200, {})
    assert await statuses(running, reference) == [status]
    assert await balance(running) - before == (1_000 if agreed else 0)
    again = await act(running, reference, "answer_recall", **answer)
    assert slug_of(again) == (409, "illegal-status")


async def test_a_paid_item_that_is_reported_unable_comes_back(running):
    reference = await settled(running, item(1, 1_000), item(2, 2_000))
    report = {"item_id": "2", "reason": "account_closed"}
    assert await act(running, reference, "report_unable", **report) == (200, {})
    assert slug_of(await act(running, reference, "report_unable", **report)) == (
        409,
        "illegal-status",
    )
    await running.advance("4d")
    found = (await got(running, f"/transfers/{reference}"))["items"]
    assert [each["status"] for each in found] == ["paid", "refunded"]
    assert found[1]["reason"] == "account_closed"


async def test_a_request_is_deleted_by_whoever_may_register(running):
    reference = await registered(running)
    answer = await act(running, reference, "delete", by="keiri01")
    assert slug_of(answer) == (409, "illegal-status")  # it waits for approval
    retreat = running.sandbox.bank("web21").transfers.retreat
    await retreat.pull_back(MAKER, Kind.BULK, reference)
    for by, expected in (("etsuran01", (403, "act-refused")), ("x", (404, "unknown-subject"))):
        assert slug_of(await act(running, reference, "delete", by=by)) == expected
    assert await act(running, reference, "delete", by="keiri01") == (200, {})
    assert (await got(running, f"/transfers/{reference}"))["transfer"]["status"] == "deleted"


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("ask_recall", {"by": "keiri01", "item_id": "1"}, (409, "illegal-status")),
        ("ask_recall", {"by": "keiri01", "item_id": "9"}, (404, "unknown-transfer")),
        ("ask_recall", {"by": "etsuran01", "item_id": "1"}, (403, "act-refused")),
        ("ask_recall", {"by": "keiri01"}, (422, "invalid-request")),
        ("answer_recall", {"item_id": "1", "agreed": True}, (409, "illegal-status")),
        ("answer_recall", {"item_id": "1"}, (422, "invalid-request")),
        ("report_unable", {"item_id": "1", "reason": "account_closed"}, (409, "illegal-status")),
        ("report_unable", {"item_id": "1", "reason": "No!"}, (422, "invalid-request")),
        ("delete", {}, (422, "invalid-request")),
        ("settle", {}, (422, "invalid-request")),
    ],
)
async def test_what_cannot_be_done_to_a_request_is_a_problem(running, name, body, expected):
    reference = await registered(running)
    assert slug_of(await act(running, reference, name, **body)) == expected


async def test_another_bank_does_not_know_the_request(running):
    reference = await registered(running)
    answer = await act(running, reference, "delete", bank="tomato", by="keiri01")
    assert slug_of(answer) == (404, "unknown-transfer")


async def test_a_scripted_account_cannot_be_paid_and_says_what_was_scripted(running):
    place = {"bank_code": "9999", "branch_code": "001", "account_number": "0000002"}
    script = {**place, "unable_reason": "name_differs", "recall_answer": "refused"}
    assert await sent(running, "POST", "/bank/web21/beneficiaries", **script) == (200, {})
    listed = await got(running, "/bank/web21/beneficiaries")
    assert listed == {"beneficiaries": [script]}
    reference = await settled(running, item(1, 1_000), item(2, 2_000))
    await running.advance("4d")
    found = (await got(running, f"/transfers/{reference}"))["items"]
    assert [(i["status"], i.get("reason")) for i in found] == [
        ("paid", None),
        ("refunded", "name_differs"),
    ]
    assert await sent(running, "POST", "/bank/web21/beneficiaries", **place) == (200, {})
    assert await got(running, "/bank/web21/beneficiaries") == {"beneficiaries": [place]}
    for wrong in ({"bank_code": "99"}, {"recall_answer": "maybe"}, {"unable_reason": "No!"}):
        answer = await sent(running, "POST", "/bank/web21/beneficiaries", **place | wrong)
        assert slug_of(answer) == (422, "invalid-request")


# Fees


@pytest.mark.requirement("W-18", "W-22")
async def test_fees_change_with_their_day_and_are_listed_in_order(running):
    first = await got(running, "/bank/web21/fees")
    assert [each["contract_yen"] for each in first["schedules"]] == [2_000]
    assert first["tax_rates"][-1] == {"effective_on": "2019-10-01", "percent": 10}
    bands = [
        {"from_yen": 1, "own_bank_yen": 110, "other_bank_yen": 440},
        {"from_yen": 30_000, "own_bank_yen": 220, "other_bank_yen": 660},
    ]
    wish = {"effective_on": "2026-11-20", "contract_yen": 3_000, "bands": bands}
    status, changed = await sent(running, "PUT", "/bank/web21/fees", **wish, tax_percent=12)
    assert status == 200
    assert changed["schedules"][-1] == wish
    assert changed["tax_rates"][-1] == {"effective_on": "2026-11-20", "percent": 12}
    reference = await settled(running, item(1, 29_999), item(2, 30_000))
    found = await got(running, f"/transfers/{reference}")
    assert [each["fee_yen"] for each in found["items"]] == [440, 660]
    only_tax = {"effective_on": "2026-11-20", "tax_percent": 8}
    status, changed = await sent(running, "PUT", "/bank/web21/fees", **only_tax)
    assert (status, changed["tax_rates"][-1]["percent"]) == (200, 8)


BAND = {"from_yen": 1, "own_bank_yen": 0, "other_bank_yen": 0}


@pytest.mark.parametrize(
    "change",
    [
        {"effective_on": "2026-11-31"},
        {"effective_on": "tomorrow"},
        {"bands": []},
        {"bands": [BAND | {"from_yen": 2}]},
        {"bands": [BAND, BAND]},
        {"bands": [BAND | {"from_yen": 0}]},
        {"bands": [BAND | {"other_bank_yen": -1}]},
        {"contract_yen": -1},
        {"tax_percent": 101},
        {"bands": None},
    ],
)
async def test_fees_that_make_no_sense_change_nothing(running, change):
    wish = {"effective_on": "2026-12-01", "contract_yen": 1, "bands": [BAND], "tax_percent": 1}
    answer = await sent(running, "PUT", "/bank/web21/fees", **wish | change)
    assert slug_of(answer) == (422, "invalid-request")
    found = await got(running, "/bank/web21/fees")
    assert (len(found["schedules"]), len(found["tax_rates"])) == (1, 4)
    assert slug_of(await sent(running, "PUT", "/bank/web21/fees", effective_on="2026-12-01")) == (
        422,
        "invalid-request",
    )


# Accounts


async def account_act(running, account_id, name, bank="web21", **body):
    return await sent(running, "POST", f"/bank/{bank}/accounts/{account_id}", act=name, **body)


async def test_an_entry_of_the_staff_is_a_line_of_the_statement(running):
    before = await balance(running)
    entry = {"amount_yen": -500, "abstract": "テスウリヨウ"}
    assert await account_act(running, MAIN_ACCOUNT, "post", **entry) == (
        200,
        {"balance_yen": before - 500},
    )
    entry = {"amount_yen": 700, "abstract": "ﾃｽﾄ", "content": "振込", "value_on": "2026-11-13"}
    assert (await account_act(running, MAIN_ACCOUNT, "post", **entry))[0] == 200
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    path = f"/accounts/{MAIN_ACCOUNT}/transactions"
    _, body, _ = await direct.get(path, token, date_from="2026-11-16")
    rows = [
        (r.get("withdrawal_amount"), r.get("deposit_amount"), r["abstract"], r["value_date"])
        for r in body["transactions"]
    ]
    assert rows[-2:] == [
        (500, None, "ﾃｽｳﾘﾖｳ", "2026-11-16"),
        (None, 700, "ﾃｽﾄ", "2026-11-13"),
    ]


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("freeze", (403, "account_restricted")),
        ("restrict", (403, "account_restricted")),
        ("close", (404, "account_not_found")),
    ],
)
async def test_an_account_is_shut_and_opened_with_the_next_call(running, name, verdict):
    direct = Direct(running)
    token = (await direct.log_in("shoji_maker"))["access_token"]
    path = f"/accounts/{MAIN_ACCOUNT}"
    assert await account_act(running, MAIN_ACCOUNT, name) == (200, {})
    assert await direct.verdict(token, path) == verdict
    assert await account_act(running, MAIN_ACCOUNT, "open") == (200, {})
    assert await direct.verdict(token, path) == (200, None)


async def test_an_account_pays_no_more_than_it_holds(running):
    found = await got(running, "/accounts?bank=web21&persona=web21_shoji")
    account = next(a for a in found["accounts"] if a["account_id"] == "0010210000020")
    most = account["balance_yen"] - account["held_yen"] + account["overdraft_limit_yen"]
    answer = await account_act(
        running, account["account_id"], "post", amount_yen=-most - 1, abstract="ﾃｽﾄ"
    )
    assert slug_of(answer) == (409, "insufficient-funds")
    assert await account_act(
        running, account["account_id"], "post", amount_yen=-most, abstract="ﾃｽﾄ"
    ) == (200, {"balance_yen": account["balance_yen"] - most})


@pytest.mark.parametrize(
    ("account", "body", "expected"),
    [
        ("x", {"act": "freeze"}, (404, "unknown-subject")),
        ("00105660000000000001234567", {"act": "freeze"}, (404, "unknown-subject")),
        (MAIN_ACCOUNT, {"act": "post"}, (422, "invalid-request")),
        (MAIN_ACCOUNT, {"act": "post", "amount_yen": 0, "abstract": "ｱ"}, (422, "invalid-request")),
        (
            MAIN_ACCOUNT,
            {"act": "post", "amount_yen": 1, "abstract": "振込"},
            (422, "invalid-request"),
        ),
        (
            MAIN_ACCOUNT,
            {"act": "post", "amount_yen": 1, "abstract": "ｱ" * 49},
            (422, "invalid-request"),
        ),
        (
            MAIN_ACCOUNT,
            {"act": "post", "amount_yen": 1, "abstract": "ｱ", "value_on": "2026-02-30"},
            (422, "invalid-request"),
        ),
        (MAIN_ACCOUNT, {"act": "burn"}, (422, "invalid-request")),
    ],
)
async def test_what_cannot_be_done_to_an_account_is_a_problem(running, account, body, expected):
    answer = await sent(running, "POST", f"/bank/web21/accounts/{account}", **body)
    assert slug_of(answer) == expected


async def test_a_closed_account_takes_no_entries_and_another_banks_none_at_all(running):
    await account_act(running, MAIN_ACCOUNT, "close")
    entry = {"amount_yen": 1, "abstract": "ｱ" * 48}
    answer = await account_act(running, MAIN_ACCOUNT, "post", **entry)
    assert slug_of(answer) == (409, "illegal-status")
    await account_act(running, MAIN_ACCOUNT, "open")
    assert (await account_act(running, MAIN_ACCOUNT, "post", **entry))[0] == 200
    answer = await account_act(running, MAIN_ACCOUNT, "post", bank="tomato", **entry)
    assert slug_of(answer) == (404, "unknown-subject")
