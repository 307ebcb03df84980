"""Lines of the books as records of the 200-byte files."""

from datetime import date, datetime

import pytest

from sandbox.domain.account import Account, AccountState, AccountType, Line, LineStatus, Period
from sandbox.domain.kana import TextClass, convert, is_wire_kana
from sandbox.domain.life.debits import FIRM, HOUSEHOLD, INSURED_BY_ONESELF
from sandbox.domain.life.household import SHOPS, TRANSFER_FEE
from sandbox.domain.time import JST, instant_of
from sandbox.domain.transfer.settlement import (
    Bill,
    contract_fee_posting,
    credit_posting,
    debit_posting,
    refund_posting,
)
from sandbox.domain.transfer.window import Kind
from sandbox.domain.zengin import Direction, TransactionKind
from sandbox.domain.zengin.books import (
    ACCOUNT_TYPES,
    INCOMING,
    KANA_OF,
    KINDS,
    AccountPeriod,
    abstract_of,
    is_incoming,
    notice_of,
    statement_of,
)
from tests.unit.zengin.building import MASTER

NOON = instant_of(datetime(2026, 10, 1, 12, tzinfo=JST))
DAY = date(2026, 10, 1)
ACCOUNT = Account(
    account=1,
    account_id="0010112345670",
    contractor_id="c",
    branch_code="001",
    branch_name="本店",
    account_type=AccountType.ORDINARY,
    account_number="1234567",
    holder_name="サンプル商事株式会社",
    holder_name_kana="ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ",
    state=AccountState.OPEN,
    overdraft_limit_yen=0,
    held_yen=0,
    balance_yen=0,
    previous_day_yen=0,
    previous_month_yen=0,
    history="posted",
)
BILL = Bill(total_yen=10, fees_yen=1, own_yen=4, other_yen=6, beneficiary_pays=False)


def line(amount_yen: int, content: str, abstract: str = "ｶｸｳ", **changes: object) -> Line:
    values = {"value_on": "2026-09-30", "customer_number": None, "status": 0} | changes
    return Line(
        booked_at=NOON,
        seq=1,
        amount_yen=amount_yen,
        balance_after_yen=0,
        content=content,
        abstract=abstract,
        **values,  # type: ignore[arg-type]
    )


def told(*lines: Line, bank_code: str = "9999", opening_yen: int = 0) -> AccountPeriod:
    return AccountPeriod(
        account=ACCOUNT,
        bank_code=bank_code,
        period=Period(first=DAY, last=DAY),
        opening_yen=opening_yen,
        lines=lines,
        at=NOON,
    )


def written_by_transfers() -> set[str]:
    postings = [debit_posting(1, kind, BILL, DAY) for kind in Kind]
    postings.append(credit_posting([(1, 10)], "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ", DAY))
    postings.append(refund_posting(1, [(True, 10), (False, 5)], DAY))
    postings.append(contract_fee_posting(1, 2_000, 200, DAY))
    return {leg.abstract for posting in postings for leg in posting.legs}


def written_by_life() -> set[str]:
    debits = {debit.abstract for debit in (*HOUSEHOLD, *INSURED_BY_ONESELF, *FIRM)}
    return {*SHOPS, TRANSFER_FEE, *debits}


@pytest.mark.parametrize("abstract", sorted(written_by_transfers() | written_by_life()))
def test_every_abstract_has_its_kana(abstract: str) -> None:
    kana = abstract_of(abstract)
    assert kana
    assert is_wire_kana(kana, TextClass.ABSTRACT)
    assert abstract in KANA_OF or convert(abstract, TextClass.ABSTRACT).dropped == ""


def test_the_refund_is_the_only_abstract_in_kanji() -> None:
    kanji = {text for text in written_by_transfers() if abstract_of(text) != text}
    assert kanji == set(KANA_OF)


def test_an_abstract_in_other_characters_is_converted() -> None:
    assert abstract_of("ｺｷﾞﾂﾃ No.1234") == "ｺｷﾞﾂﾃ NO.1234"
    assert abstract_of("") == ""


@pytest.mark.parametrize("content", [*KINDS, "手数料", "利息", "入金"])
def test_each_content_has_its_kind(content: str) -> None:
    (found,) = statement_of(told(line(1, content)), MASTER).lines
    assert found.transaction_kind == KINDS.get(content, TransactionKind.OTHER)


def test_a_line_says_amount_direction_and_both_days() -> None:
    statement = statement_of(told(line(5, "振込"), line(-3, "手数料"), opening_yen=-1), MASTER)
    deposit, withdrawal = statement.lines
    assert (deposit.direction, deposit.amount) == (Direction.DEPOSIT, 5)
    assert (withdrawal.direction, withdrawal.amount) == (Direction.WITHDRAWAL, 3)
    assert (deposit.posting_date, deposit.value_date) == (DAY, date(2026, 9, 30))
    assert (statement.opening_balance, statement.closing_balance) == (-1, 1)
    assert [each.inquiry_number for each in statement.lines] == ["00000001", "00000002"]


def test_a_cancelled_row_is_a_correction_and_is_marked_in_the_notice() -> None:
    cancelled = line(5, "振込", status=LineStatus.CANCELLED.value)
    rows = told(cancelled, line(-5, "取消"), line(7, "振込"))
    kinds = [each.transaction_kind for each in statement_of(rows, MASTER).lines]
    assert kinds == [TransactionKind.CORRECTION, TransactionKind.CORRECTION, "11"]
    notice = notice_of(rows, MASTER)
    assert [each.is_cancelled for each in notice.transfers] == [True, False]
    assert notice.trailer()["transfer_total"] == 7
    assert notice.trailer()["cancel_total"] == 5


def test_a_missing_number_is_no_record() -> None:
    missing = line(0, "欠番", "", status=LineStatus.MISSING_NUMBER.value)
    assert len(statement_of(told(missing, line(1, "入金")), MASTER).lines) == 1
    assert notice_of(told(missing), MASTER).transfers == ()


def test_checks_say_so() -> None:
    own, other, cash = statement_of(
        told(line(-5, "小切手"), line(6, "他店券入金"), line(7, "現金")), MASTER
    ).lines
    assert [each.bill_type for each in (own, other, cash)] == ["1", "1", "0"]
    assert [each.other_bank_checks for each in (own, other, cash)] == [0, 6, 0]


@pytest.mark.parametrize("content", sorted(INCOMING))
def test_an_incoming_transfer_names_its_remitter(content: str) -> None:
    assert is_incoming(line(1, content))
    assert not is_incoming(line(-1, content))
    (found,) = notice_of(told(line(1, content, "ﾐﾎﾝ")), MASTER).transfers
    assert found.remitter_name == "ﾐﾎﾝ"
    (row,) = statement_of(told(line(1, content, "ﾐﾎﾝ")), MASTER).lines
    assert (row.remitter_name, row.abstract) == ("ﾐﾎﾝ", "ﾐﾎﾝ")


@pytest.mark.parametrize("content", ["入金", "振替", "振込資金返却", "利息"])
def test_other_deposits_are_no_incoming_transfers(content: str) -> None:
    assert notice_of(told(line(1, content)), MASTER).transfers == ()
    (row,) = statement_of(told(line(1, content)), MASTER).lines
    assert row.remitter_name == ""


def test_names_are_those_of_the_master_and_empty_where_it_has_none() -> None:
    found = statement_of(told(), MASTER)
    assert (found.bank_name, found.branch_name) == ("ｶｸｳ", "ﾎﾝﾃﾝ")
    unknown = notice_of(told(bank_code="0001"), MASTER)
    assert (unknown.bank_name, unknown.branch_name) == ("", "")


def test_every_type_of_account_has_its_digit() -> None:
    assert set(ACCOUNT_TYPES) == set(AccountType)
    assert len(set(ACCOUNT_TYPES.values())) == len(AccountType)
