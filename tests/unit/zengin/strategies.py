"""Values that fit the fields of the files, for property tests."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from sandbox.domain.kana import SEMI_VOICED, TAKES_MARK, VOICED, TextClass, truncate
from sandbox.domain.kana import wire_characters as taken
from sandbox.domain.zengin import (
    Direction,
    IncomingTransfer,
    Notice,
    Statement,
    StatementLine,
    TransactionKind,
    TransferBatch,
    TransferHeader,
    TransferItem,
    TypeCode,
)
from sandbox.domain.zengin.transfer_layouts import AMOUNT_MAX

TODAY = date(2026, 10, 1)
_MARKED = [base + mark for mark in (VOICED, SEMI_VOICED) for base in TAKES_MARK[mark]]


def texts(text_class: TextClass, most: int, *, least: int = 0) -> st.SearchStrategy[str]:
    """Texts as a field holds them: in its class, without spaces on either side."""
    single = sorted(taken(text_class) - {VOICED, SEMI_VOICED})
    # A few parts, over and over in some: each part drawn costs time, and edges are what matters.
    parts = st.lists(st.sampled_from(single + sorted(_MARKED)), min_size=least, max_size=4)
    repeated = st.sampled_from([1, 1, 1, most])
    joined = st.tuples(parts, repeated).map(lambda drawn: "".join(drawn[0]) * drawn[1])
    return joined.map(lambda t: truncate(t, most).strip(" ")).filter(lambda t: len(t) >= least)


def numbers(length: int, *, least: int = 0) -> st.SearchStrategy[str]:
    return st.integers(least, 10**length - 1).map(lambda n: f"{n:0{length}}")


def one_of(codes: str) -> st.SearchStrategy[str]:
    return st.sampled_from(list(codes))


PARTY, PAYROLL = TextClass.PARTY_NAME, TextClass.PAYROLL_NAME
EDI, BANK = TextClass.EDI, TextClass.BANK_NAME
bank_names = texts(BANK, 15)
edi_info = texts(EDI, 20)


def transfer_headers(type_code: TypeCode) -> st.SearchStrategy[TransferHeader]:
    is_bulk = type_code is TypeCode.BULK
    return st.builds(
        TransferHeader,
        type_code=st.just(type_code.value),
        originator_code=numbers(10, least=1),
        originator_name=texts(PARTY if is_bulk else PAYROLL, 40),
        designated_date=st.sampled_from(["1005", "0229", "0000", "1231"]),
        remitting_bank_code=numbers(4, least=1),
        remitting_bank_name=bank_names,
        remitting_branch_code=numbers(3, least=1),
        remitting_branch_name=bank_names,
        account_type=one_of("0129"),
        account_number=numbers(7),
    )


def transfer_items(type_code: TypeCode) -> st.SearchStrategy[TransferItem]:
    is_bulk = type_code is TypeCode.BULK
    common: dict[str, st.SearchStrategy[Any]] = {
        "beneficiary_bank_code": numbers(4, least=1),
        "beneficiary_bank_name": bank_names,
        "beneficiary_branch_code": numbers(3, least=1),
        "beneficiary_branch_name": bank_names,
        "clearing_house_number": numbers(4),
        "account_type": one_of("1249" if is_bulk else "12"),
        "account_number": numbers(7, least=1),
        "beneficiary_name": texts(PARTY if is_bulk else PAYROLL, 30, least=1),
        "amount": st.integers(1, AMOUNT_MAX),
        "new_code": one_of("012"),
    }
    codes = texts(EDI, 10)
    if not is_bulk:
        return _items(common, employee_number=codes, department_code=codes)
    common["transfer_method"] = one_of("078")
    with_codes = _items(common, customer_code1=codes, customer_code2=codes)
    return with_codes | _items(common, identification=st.just("Y"), edi_info=edi_info)


def _items(
    common: dict[str, st.SearchStrategy[Any]], **others: st.SearchStrategy[str]
) -> st.SearchStrategy[TransferItem]:
    """Not ``builds``: for a named tuple it makes values up where there are defaults."""
    return st.fixed_dictionaries(common | others).map(lambda values: TransferItem(**values))


@st.composite
def transfer_files(draw: st.DrawFn) -> list[TransferBatch]:
    type_code = draw(st.sampled_from(TypeCode))
    batches = st.builds(
        TransferBatch,
        header=transfer_headers(type_code),
        items=st.lists(transfer_items(type_code), min_size=1, max_size=3).map(tuple),
    )
    return draw(st.lists(batches, min_size=1, max_size=2))


# 令和 and the end of 平成: so many days back that no two of them are written alike.
days = st.integers(0, 29 * 365).map(lambda back: TODAY - timedelta(days=back))
ACCOUNT: dict[str, st.SearchStrategy[Any]] = {
    "created_date": days,
    "posting_date_from": days,
    "posting_date_to": days,
    "bank_code": numbers(4, least=1),
    "bank_name": bank_names,
    "branch_code": numbers(3, least=1),
    "branch_name": bank_names,
    "account_type": one_of("123456789"),
    "account_name": texts(PARTY, 40),
}
FROM_WHOM: dict[str, st.SearchStrategy[Any]] = {
    "remitter_code": numbers(10),
    "remitter_name": texts(PARTY, 48),
    "remitting_bank_name": bank_names,
    "remitting_branch_name": bank_names,
    "edi_info": edi_info,
}
MOMENT: dict[str, st.SearchStrategy[Any]] = {"posting_date": days, "value_date": days}

statement_lines = st.builds(
    StatementLine,
    inquiry_number=numbers(8),
    direction=st.sampled_from(Direction),
    transaction_kind=st.sampled_from([kind.value for kind in TransactionKind]),
    amount=st.integers(0, 10**12 - 1),
    other_bank_checks=st.integers(0, 10**12 - 1),
    clearing_date=st.none() | days,
    dishonor_date=st.none() | days,
    bill_type=one_of("0123"),
    bill_number=numbers(7),
    sister_branch_code=numbers(3),
    abstract=texts(TextClass.ABSTRACT, 20),
    **MOMENT,
    **FROM_WHOM,
)
statements = st.builds(
    Statement,
    account_number=numbers(10, least=1),
    opening_balance=st.integers(-(10**13), 10**13),
    passbook_type=one_of("012"),
    lines=st.lists(statement_lines, max_size=3).map(tuple),
    **ACCOUNT,
)


def notices(largest: int) -> st.SearchStrategy[Notice]:
    transfers = st.builds(
        IncomingTransfer,
        inquiry_number=numbers(6),
        amount=st.integers(0, largest),
        other_bank_checks=st.integers(0, largest),
        is_cancelled=st.booleans(),
        **MOMENT,
        **FROM_WHOM,
    )
    return st.builds(
        Notice,
        account_number=numbers(7, least=1),
        transfers=st.lists(transfers, max_size=3).map(tuple),
        **ACCOUNT,
    )
