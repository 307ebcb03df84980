"""What a settled request moves, and when it does (specs: web21 §6, §7)."""

from datetime import date, datetime, time

import pytest

from sandbox.domain.account import AccountState
from sandbox.domain.time import JST, instant_of, jst
from sandbox.domain.transfer import due
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.finding import Code
from sandbox.domain.transfer.policy import TransferPolicy
from sandbox.domain.transfer.request import FAMILIES, family_of, first_number, number_of
from sandbox.domain.transfer.settlement import (
    CLEARING,
    FEE_INCOME,
    INTERBANK,
    Payee,
    Tally,
    account_problem,
    bill_of,
    contract_fee_posting,
    credit_posting,
    debit_posting,
    recall_posting,
    refund_posting,
    unable_reason,
)
from sandbox.domain.transfer.window import Kind
from tests.unit.transfer.building import CALENDAR, MASTER

DAY = date(2026, 11, 20)
POLICY = TransferPolicy()
OWN = Tally(is_own_bank=True, fee_yen=0, items=2, amount_yen=3_000, bearing=2)
OTHER = Tally(is_own_bank=False, fee_yen=330, items=3, amount_yen=3_100, bearing=2)


def test_the_remitter_pays_the_fees_on_top():
    bill = bill_of([OWN, OTHER], beneficiary_pays=False)
    assert (bill.total_yen, bill.fees_yen, bill.debit_yen) == (6_100, 990, 7_090)
    posting = debit_posting(1, Kind.BULK, bill, DAY)
    assert [(leg.amount_yen, leg.content) for leg in posting.legs] == [
        (-6_100, "総合振込"),
        (-990, "振込手数料"),
    ]
    assert dict(posting.contra) == {CLEARING: 3_000, INTERBANK: 3_100, FEE_INCOME: 990}


def test_the_beneficiary_pays_out_of_the_amount_where_it_can():
    bill = bill_of([OWN, OTHER], beneficiary_pays=True)
    assert (bill.total_yen, bill.fees_yen, bill.debit_yen) == (6_100, 660, 6_100)
    posting = debit_posting(1, Kind.PAYROLL, bill, DAY)
    assert [(leg.amount_yen, leg.content) for leg in posting.legs] == [(-6_100, "給与振込")]
    assert dict(posting.contra) == {CLEARING: 3_000, INTERBANK: 2_440, FEE_INCOME: 660}


@pytest.mark.parametrize(
    ("kind", "content"),
    [(Kind.TRANSFER, "振込"), (Kind.BULK, "総合振込"), (Kind.BONUS, "賞与振込")],
)
def test_a_debit_without_fees_is_one_line(kind, content):
    posting = debit_posting(1, kind, bill_of([OWN], beneficiary_pays=False), DAY)
    assert [leg.content for leg in posting.legs] == [content]
    assert dict(posting.contra) == {CLEARING: 3_000}


def test_what_is_credited_leaves_the_clearing():
    posting = credit_posting([(5, 10), (5, 20), (6, 30)], "ｻﾝﾌﾟﾙ", DAY)
    assert [(leg.account, leg.amount_yen) for leg in posting.legs] == [(5, 10), (5, 20), (6, 30)]
    assert {leg.abstract for leg in posting.legs} == {"ｻﾝﾌﾟﾙ"}
    assert posting.contra == ((CLEARING, -60),)


def test_refunds_come_from_where_the_money_is():
    posting = refund_posting(1, [(True, 10), (False, 20), (False, 30)], DAY)
    assert [(leg.amount_yen, leg.abstract) for leg in posting.legs] == [
        (10, "振込資金返却"),
        (20, "振込資金返却"),
        (30, "振込資金返却"),
    ]
    assert dict(posting.contra) == {CLEARING: -10, INTERBANK: -50}


def test_a_recall_comes_from_the_other_bank_or_from_its_own_account():
    away, at_home = recall_posting(1, None, 70, DAY), recall_posting(1, 5, 70, DAY)
    assert ([leg.amount_yen for leg in away.legs], away.contra) == ([70], ((INTERBANK, -70),))
    assert [(leg.account, leg.amount_yen) for leg in at_home.legs] == [(5, -70), (1, 70)]


@pytest.mark.requirement("W-18", "W-19")
@pytest.mark.parametrize(("tax", "lines"), [(200, ["契約料", "消費税"]), (0, ["契約料"])])
def test_fee_and_tax_are_lines_of_their_own(tax, lines):
    posting = contract_fee_posting(1, 2_000, tax, DAY)
    assert [leg.content for leg in posting.legs] == lines


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (AccountState.OPEN, None),
        (AccountState.CLOSED, Code.ACCOUNT_CLOSED),
        (AccountState.FROZEN, Code.ACCOUNT_RESTRICTED),
        (AccountState.RESTRICTED, Code.ACCOUNT_RESTRICTED),
    ],
)
def test_only_an_open_account_pays(state, problem):
    assert account_problem(state) is problem


@pytest.mark.parametrize(
    ("bank", "branch", "state", "scripted", "expected"),
    [
        ("9999", "001", None, None, None),
        ("9999", "001", None, "name_differs", "name_differs"),
        ("9999", "777", None, None, "no_such_branch"),
        ("9998", "001", None, None, "no_such_bank"),
        ("0001", "777", None, None, None),
        ("0009", "001", None, None, "no_such_account"),
        ("0009", "001", "open", None, None),
        ("0009", "001", "restricted", None, None),
        ("0009", "001", "frozen", None, "account_frozen"),
        ("0009", "001", "closed", None, "account_closed"),
        ("0009", "001", "open", "name_differs", "name_differs"),
    ],
)
def test_why_an_item_cannot_be_paid(bank, branch, state, scripted, expected):
    account = None if state is None else 5
    payee = Payee(1, bank, branch, 1_000, account, state, scripted)
    assert unable_reason(payee, "0009", MASTER) == expected


# When


def moment(day: int, hour: int, minute: int = 0, month: int = 11):
    return instant_of(datetime(2026, month, day, hour, minute, tzinfo=JST))


@pytest.mark.parametrize(
    ("now", "run"),
    [
        (moment(16, 10), moment(16, 10, 10)),
        (moment(16, 10) + 1, moment(16, 10, 10)),
        (moment(16, 10, 10) - 1, moment(16, 10, 10)),
        (moment(16, 23, 59), moment(17, 0)),
    ],
)
def test_the_acceptance_run_comes_every_ten_minutes(now, run):
    assert due.next_acceptance(now, POLICY) == run


def test_settlement_has_two_tries():
    assert jst(due.settlement(DAY, POLICY)).time() == time(8)
    assert jst(due.retry(DAY, POLICY)).time() == time(15)


@pytest.mark.parametrize(("day", "back"), [(19, 20), (20, 24), (24, 25)])
def test_money_comes_back_on_the_next_business_day(day, back):
    assert due.refund(date(2026, 11, day), CALENDAR, POLICY) == moment(back, 8)


@pytest.mark.requirement("W-19")
@pytest.mark.parametrize(("month", "day"), [(9, 10), (10, 12), (11, 10)])
def test_the_fee_day_is_the_tenth_or_the_next_business_day(month, day):
    """10 October is a Saturday."""
    due_at = due.fee_day(date(2026, month, 1), CALENDAR, POLICY)
    assert jst(due_at) == datetime(2026, month, day, 9, tzinfo=JST)


def test_beyond_the_calendar_nothing_is_guessed():
    last = CALENDAR.last
    for due_at in (
        due.fee_day(date(2027, 1, 1), CALENDAR, POLICY),
        due.refund(last, CALENDAR, POLICY),
        due.fee_retry(last, CALENDAR, POLICY),
    ):
        assert jst(due_at).date() == last


def test_a_request_ages_out_seventy_days_after_the_last_act():
    assert jst(due.age_out(moment(16, 10), POLICY)) == datetime(2027, 1, 25, 10, tzinfo=JST)


# Ids


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("261116000000001", (False, 261_116_000_000_001)),
        ("S26111600000001", (True, 26_111_600_000_001)),
        ("26111600000001", None),
        ("S261116000000001", None),
        ("2611160000000010", None),
        ("", None),
        ("S", None),
        ("２６1116000000001", None),
        ("-61116000000001", None),
    ],
)
def test_ids_are_read_back(reference, expected):
    assert number_of(reference) == expected


def test_numbers_begin_with_their_day():
    assert first_number(DAY, is_temporary=False) == 261_120_000_000_001
    assert first_number(DAY, is_temporary=True) == 26_112_000_000_001
    for day in (date(2000, 1, 1), date(2005, 11, 30), date(2099, 12, 31), date(2100, 2, 3)):
        assert first_number(day, is_temporary=False) == int(f"{day:%y%m%d}{1:09}")
        assert first_number(day, is_temporary=True) == int(f"{day:%y%m%d}{1:08}")


def test_every_kind_is_of_one_family():
    assert sorted(kind for family in FAMILIES for kind in family) == sorted(Kind)
    assert family_of(Kind.BONUS) == {Kind.PAYROLL, Kind.BONUS}


def test_a_callers_limits_are_the_approvers():
    caller = Caller(
        contractor_id="c",
        user_code="Z101",
        powers=frozenset(),
        limit_per_transaction_yen=10,
        limit_per_item_yen=5,
    )
    assert caller.approver.exceeded(10, 5) is None
    assert caller.approver.exceeded(11, 5) == Code.LIMIT_PER_TRANSACTION
    assert caller.approver.exceeded(10, 6) == Code.LIMIT_PER_ITEM
