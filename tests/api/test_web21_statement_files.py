"""``web21``: statements and notices of incoming transfers as Zengin files (specs: web21 §11)."""

from datetime import date

import pytest

from sandbox.domain.kana import convert, is_wire_kana, truncate
from sandbox.domain.zengin import NoticeForm, read_notices, read_statements
from sandbox.domain.zengin.books import INCOMING, KANA_OF, abstract_of
from sandbox.services.transfers.acting import bank_master
from tests.direct import MAIN_ACCOUNT, Direct
from tests.filing import Filing
from tests.support import run_sandbox

TODAY = date(2026, 11, 16)
YEAR = {"date_from": "2025-11-01", "date_to": "2026-11-16"}
CURRENT_ACCOUNT = "0010210000020"


async def reader(running, persona="shoji_maker"):
    direct = Direct(running)
    token = (await direct.log_in(persona))["access_token"]
    return Filing(direct, token)


@pytest.fixture
async def filing(running):
    return await reader(running)


async def month(filing, account=MAIN_ACCOUNT, **period):
    """Return one account's statement as a file says it, and as JSON says it."""
    path = f"/accounts/{account}/transactions"
    status, data = await filing.fetch(path, **period)
    assert status == 200, data
    (statement,) = read_statements(data, today=TODAY)
    status, body, _ = await filing.direct.get(path, filing.token, **period)
    assert status == 200
    return statement, body


@pytest.mark.parametrize("account", [MAIN_ACCOUNT, CURRENT_ACCOUNT])
async def test_a_statement_as_a_file_says_what_the_json_says(filing, account):
    statement, body = await month(filing, account, date_from="2026-06-01")
    assert (statement.bank_code, statement.branch_code) == ("0009", "001")
    assert statement.account_number == f"000{body['account_number']}"
    assert statement.account_name == "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ"
    assert statement.posting_date_from == date(2026, 6, 1)
    assert statement.posting_date_to == statement.created_date == TODAY
    rows = body["transactions"]
    assert len(rows) == len(statement.lines) > 20
    for number, (line, row) in enumerate(zip(statement.lines, rows, strict=True), start=1):
        assert line.inquiry_number == f"{number:08}"
        assert line.posting_date.isoformat() == row["transaction_date"]
        assert line.value_date.isoformat() == row["value_date"]
        kind = "deposit" if line.direction == "1" else "withdrawal"
        assert line.amount == row[f"{kind}_amount"]
        assert line.abstract == truncate(abstract_of(row["abstract"]), 20).rstrip(" ")
        assert line.bill_type == ("1" if "check_type" in row else "0")
    assert statement.closing_balance == rows[-1]["balance"]


async def test_a_period_without_rows_has_the_balance_of_its_first_day(filing):
    _, body = await month(filing, **YEAR)
    rows = body["transactions"]
    busy = {row["transaction_date"] for row in rows}
    quiet = next(f"2026-09-{day:02}" for day in range(5, 30) if f"2026-09-{day:02}" not in busy)
    before = [row["balance"] for row in rows if row["transaction_date"] < quiet][-1]
    empty, body = await month(filing, date_from=quiet, date_to=quiet)
    assert body["transactions"] == []
    assert (empty.lines, empty.opening_balance) == ((), before)


async def test_an_overdrawn_balance_has_its_sign(filing):
    account = await filing.direct.bank.contracts.find_usable(
        filing.direct.contractor_id, CURRENT_ACCOUNT
    )
    async with filing.direct.bank.world.database.transaction() as db:
        await db.execute(
            "UPDATE line SET balance_after_yen = balance_after_yen - 1000000000 WHERE account = $1",
            account.account,
        )
    statement, body = await month(filing, CURRENT_ACCOUNT, **YEAR)
    assert statement.opening_balance < 0
    assert statement.closing_balance == body["transactions"][-1]["balance"] < 0


async def test_the_notice_has_the_incoming_transfers_and_nothing_else(filing):
    path = f"/accounts/{MAIN_ACCOUNT}/deposits"
    status, data = await filing.fetch(path, **YEAR)
    assert status == 200
    (notice,) = read_notices(data, today=TODAY)
    _, everything = await month(filing, **YEAR)
    incoming = [
        row
        for row in everything["transactions"]
        if "deposit_amount" in row and row["transaction_type"] in INCOMING
    ]
    assert [transfer.amount for transfer in notice.transfers] == [
        row["deposit_amount"] for row in incoming
    ]
    assert 0 < len(incoming) < len(everything["transactions"])
    assert notice.transfers[0].remitter_name == incoming[0]["abstract"]
    status, body, _ = await filing.direct.get(path, filing.token, **YEAR)
    assert status == 200
    assert [row["deposit_amount"] for row in body["transactions"]] == [
        transfer.amount for transfer in notice.transfers
    ]


async def test_the_form_of_the_notice_is_a_setting(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, web21_zengin_notice_form="A") as running:
        filing = await reader(running)
        path = f"/accounts/{MAIN_ACCOUNT}/deposits"
        status, data = await filing.fetch(path, **YEAR)
        assert status == 200
        (notice,) = read_notices(data, today=TODAY, form=NoticeForm.A)
        assert notice.transfers
        account = await filing.direct.bank.contracts.find_usable(
            filing.direct.contractor_id, MAIN_ACCOUNT
        )
        async with filing.direct.bank.world.database.transaction() as db:
            await db.execute(
                "UPDATE line SET amount_yen = 10000000000 WHERE account = $1 AND amount_yen > 0",
                account.account,
            )
        status, body = await filing.fetch(path, **YEAR)
        assert (status, body["error_code"]) == (400, "invalid_parameter")
        assert "form A" in body["error_details"][0]["message"]


@pytest.mark.parametrize("what", ["transactions", "deposits"])
@pytest.mark.parametrize(
    ("period", "code"),
    [
        ({"date_from": "2026-11-16", "date_to": "2026-11-15"}, "invalid_period"),
        ({"date_from": "2025-10-31"}, "period_out_of_range"),
        ({"date_from": "2026-02-30"}, "invalid_parameter"),
    ],
)
async def test_files_keep_to_the_same_periods(filing, what, period, code):
    status, body = await filing.fetch(f"/accounts/{MAIN_ACCOUNT}/{what}", **period)
    assert (status, body["error_code"]) == (400, code)


@pytest.mark.parametrize("what", ["transactions", "deposits"])
async def test_files_of_others_accounts_are_not_there(filing, what):
    status, body = await filing.fetch(f"/accounts/0019999999990/{what}")
    assert (status, body["error_code"]) == (404, "account_not_found")


@pytest.mark.parametrize("what", ["transactions", "deposits"])
async def test_files_of_statements_need_the_right_to_read(running, what):
    filing = await Filing.of(Direct(running))
    status, body = await filing.fetch(f"/accounts/{MAIN_ACCOUNT}/{what}")
    assert (status, body["error_code"]) == (403, "insufficient_scope")


async def test_every_name_of_a_web21_branch_is_written(running):
    """The master has each branch in kana: a statement is never without its branch's name."""
    filing = await reader(running)
    _, body, _ = await filing.direct.get("/accounts", filing.token)
    for account in body["accounts"]:
        statement, _ = await month(filing, account["account_id"])
        assert statement.bank_name == "ｻﾝﾄﾞﾎﾞﾂｸｽ"
        assert statement.branch_name, account


async def test_what_came_in_is_there_with_its_remitter(running, filing):
    """A refund has no remitter, and its kanji abstract is written in kana."""
    account = await filing.direct.bank.contracts.find_usable(
        filing.direct.contractor_id, MAIN_ACCOUNT
    )
    async with filing.direct.bank.world.database.transaction() as db:
        await db.execute(
            "UPDATE line SET content = '振込資金返却', abstract = '振込資金返却' "
            "WHERE account = $1 AND amount_yen > 0",
            account.account,
        )
    statement, _ = await month(filing, **YEAR)
    deposits = [line for line in statement.lines if line.direction == "1"]
    assert {line.abstract for line in deposits} == {"ﾌﾘｺﾐｼｷﾝﾍﾝｷﾔｸ"}
    assert {line.remitter_name for line in deposits} == {""}
    assert {line.transaction_kind for line in deposits} == {"11"}
    status, data = await filing.fetch(f"/accounts/{MAIN_ACCOUNT}/deposits", **YEAR)
    (notice,) = read_notices(data, today=TODAY)
    assert (status, notice.transfers) == (200, ())


async def test_every_abstract_of_the_seeded_books_has_its_kana(filing):
    database = filing.direct.bank.world.database
    rows = await database.fetch("SELECT DISTINCT abstract FROM line WHERE abstract <> ''")
    assert len(rows) > 50
    for (abstract,) in rows:
        assert abstract_of(abstract), abstract
        assert is_wire_kana(abstract_of(abstract)), abstract
        assert abstract in KANA_OF or convert(abstract).dropped == "", abstract


async def test_every_branch_that_has_accounts_is_called_as_in_the_master(filing):
    database = filing.direct.bank.world.database
    rows = await database.fetch(
        "SELECT DISTINCT branch_code, branch_name FROM account WHERE bank = 'web21'"
    )
    assert len(rows) > 2
    for code, name in rows:
        branch = bank_master().find_branch("0009", code)
        assert branch is not None
        assert branch.name == name
