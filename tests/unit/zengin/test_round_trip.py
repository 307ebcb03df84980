"""What is written is read back as it was, and reading never surprises."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.domain.zengin import (
    LineEnd,
    Notice,
    NoticeForm,
    Statement,
    TransferBatch,
    TransferRules,
    UnreadableFile,
    read_notices,
    read_statements,
    read_transfers,
    write_notices,
    write_statements,
    write_transfers,
)
from sandbox.domain.zengin import transfer_layouts as layouts
from sandbox.domain.zengin.characters import decode, encode
from sandbox.domain.zengin.findings import MOST_FINDINGS, Code, Report
from sandbox.domain.zengin.framing import Record
from sandbox.domain.zengin.judging import Judge
from sandbox.domain.zengin.layout import Layout
from tests.unit.zengin.building import FORM_ONLY, STRICT, bulk_file, item
from tests.unit.zengin.strategies import TODAY, notices, statements, transfer_files

few = settings(max_examples=25, deadline=None)
line_ends = st.sampled_from(LineEnd)
NOT_A_FAULT = {Code.DUPLICATE_ITEM, Code.BAD_DATE}


@few
@given(transfer_files(), line_ends)
def test_a_transfer_file_is_read_as_it_was_written(
    batches: list[TransferBatch], line_end: LineEnd
) -> None:
    data = write_transfers(batches, line_end=line_end)
    assert len(data) % (122 if line_end is LineEnd.CRLF else 120) == 0
    reading = read_transfers(data, FORM_ONLY)
    assert {finding.code for finding in reading.findings} <= NOT_A_FAULT
    assert list(reading.batches) == batches
    assert write_transfers(reading.batches, line_end=line_end) == data


@few
@given(st.lists(statements, max_size=2), line_ends)
def test_a_statement_file_is_read_as_it_was_written(
    accounts: list[Statement], line_end: LineEnd
) -> None:
    data = write_statements(accounts, line_end=line_end)
    assert len(data) % (202 if line_end is LineEnd.CRLF else 200) == 0
    if accounts:
        assert list(read_statements(data, today=TODAY)) == accounts


@few
@given(st.lists(notices(10**12 - 1), min_size=1, max_size=2), line_ends)
def test_a_notice_file_of_form_b_is_read_as_it_was_written(
    accounts: list[Notice], line_end: LineEnd
) -> None:
    totals = [number for account in accounts for number in account.trailer().values()]
    if all(int(number) < 10**12 for number in totals):
        data = write_notices(accounts, line_end=line_end)
        assert list(read_notices(data, today=TODAY)) == accounts


@few
@given(st.lists(notices(10**10 - 1), min_size=1, max_size=2))
def test_a_notice_file_of_form_a_is_read_as_it_was_written(accounts: list[Notice]) -> None:
    data = write_notices(accounts, form=NoticeForm.A)
    assert list(read_notices(data, today=TODAY, form=NoticeForm.A)) == accounts


# Nothing that comes in raises


def check(data: bytes, rules: TransferRules) -> None:
    reading = read_transfers(data, rules)
    assert reading.is_accepted == (not any(f.is_error for f in reading.findings))
    assert len(reading.findings) <= MOST_FINDINGS
    for finding in reading.findings:
        assert finding.record >= 1
        assert 1 <= finding.first <= finding.last
        assert finding.message
        assert finding.message.isprintable()


any_rules = st.sampled_from([FORM_ONLY, STRICT])
GOOD = bulk_file(item(), item(identification="Y", edi_info="INV-1"))
RECORDS = [*GOOD.split(b"\r\n"), b"", b"\x1a", b"x"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), any_rules)
def test_any_bytes_lead_to_findings_and_to_nothing_else(data: bytes, rules: TransferRules) -> None:
    check(data, rules)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=6),
    st.integers(0, len(GOOD)),
    st.booleans(),
    any_rules,
)
def test_a_spoiled_file_leads_to_findings_and_to_nothing_else(
    changes: list[tuple[int, int]], length: int, is_cut: bool, rules: TransferRules
) -> None:
    data = bytearray(GOOD)
    for place, byte in changes:
        data[place] = byte
    check(bytes(data[:length] if is_cut else data), rules)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(RECORDS), max_size=9), any_rules)
def test_records_in_any_order_lead_to_findings_and_to_nothing_else(
    records: list[bytes], rules: TransferRules
) -> None:
    check(b"\r\n".join(records), rules)


STATEMENT = write_statements(
    [
        Statement(
            created_date=TODAY,
            posting_date_from=TODAY,
            posting_date_to=TODAY,
            bank_code="0009",
            bank_name="ｻﾝﾄﾞﾎﾞﾂｸｽ",
            branch_code="001",
            branch_name="ﾎﾝﾃﾝ",
            account_type="1",
            account_number="1234567",
            account_name="ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ",
            opening_balance=0,
            lines=(),
        )
    ]
)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=300)
    | st.tuples(st.integers(0, len(STATEMENT) - 1), st.binary(min_size=1, max_size=9)).map(
        lambda change: STATEMENT[: change[0]] + change[1] + STATEMENT[change[0] + 1 :]
    )
)
def test_a_spoiled_statement_is_called_unreadable_or_read(data: bytes) -> None:
    for read in (read_statements, read_notices):
        with suppress(UnreadableFile):
            read(data, today=TODAY)


# The short way and the long way


ITEM_TEXT = decode(bulk_file())[122:242]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([layouts.BULK_DATA, layouts.BULK_EDI_DATA, layouts.PAYROLL_DATA]),
    st.dictionaries(
        st.integers(1, 119), st.sampled_from("0123456789 AYaｱｶﾞﾟｰｦ-.,(\uf783\x00"), max_size=8
    ),
)
def test_a_record_is_read_at_once_exactly_when_there_is_nothing_to_remark(
    layout: Layout, changes: dict[int, str]
) -> None:
    text = "".join(changes.get(place, c) for place, c in enumerate(ITEM_TEXT))
    at_once = layout.read_clean(text)
    report = Report()
    # A stray mark in the filler sends a record the long way, and nothing is said.
    filler = layout.fields[-1].first - 1
    read = Judge(report=report).by_field(layout, Record(2, text))
    if at_once is not None:
        assert not report.findings()
        assert read == at_once
    elif not set("ﾞﾟ") & set(text[filler:]):
        assert report.findings()


@given(st.binary(max_size=64))
def test_every_byte_is_a_character_of_its_own(data: bytes) -> None:
    text = decode(data)
    assert len(text) == len(data)
    assert encode(text) == data
