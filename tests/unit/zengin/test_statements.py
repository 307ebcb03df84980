"""The files that the bank sends: account statements (03) and incoming transfer notices (01)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sandbox.domain.zengin import (
    Direction,
    IncomingTransfer,
    LineEnd,
    Notice,
    NoticeForm,
    Statement,
    StatementLine,
    TransactionKind,
    UnreadableFile,
    UnwritableValue,
    read_notices,
    read_statements,
    write_notices,
    write_statements,
)
from tests.unit.zengin.building import file_of, overwrite, records_of

TODAY = date(2026, 10, 1)
ACCOUNT: dict[str, Any] = {
    "created_date": TODAY,
    "posting_date_from": date(2026, 9, 1),
    "posting_date_to": date(2026, 9, 30),
    "bank_code": "0009",
    "bank_name": "ｻﾝﾄﾞﾎﾞﾂｸｽ",
    "branch_code": "001",
    "branch_name": "ﾎﾝﾃﾝ",
    "account_type": "1",
    "account_name": "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ",
}
SALE = StatementLine(
    inquiry_number="00000001",
    posting_date=date(2026, 9, 1),
    value_date=date(2026, 9, 1),
    direction=Direction.DEPOSIT,
    transaction_kind=TransactionKind.TRANSFER,
    amount=50_000,
    remitter_name="ｶｸｳ ﾀﾛｳ",
    abstract="ｶｸｳ ﾀﾛｳ",
    edi_info="INV-1",
)
RENT = SALE._replace(
    inquiry_number="00000002",
    direction=Direction.WITHDRAWAL,
    amount=80_000,
    remitter_name="",
    abstract="ﾔﾁﾝ",
)
STATEMENT = Statement(
    **ACCOUNT, account_number="0001234567", opening_balance=10_000, lines=(SALE, RENT)
)
INCOMING = IncomingTransfer(
    inquiry_number="000001",
    posting_date=date(2026, 9, 1),
    value_date=date(2026, 9, 1),
    amount=50_000,
    remitter_code="0000000123",
    remitter_name="ｶｸｳ ﾀﾛｳ",
    remitting_bank_name="ｶｸｳ",
    remitting_branch_name="ﾎﾝﾃﾝ",
    edi_info="INV-1",
)
TAKEN_BACK = INCOMING._replace(inquiry_number="000002", amount=7, is_cancelled=True)
NOTICE = Notice(**ACCOUNT, account_number="1234567", transfers=(INCOMING, TAKEN_BACK))


def texts(data: bytes) -> list[str]:
    return [record.decode("cp932") for record in records_of(data)]


class TestStatement:
    def test_byte_for_byte(self) -> None:
        header, sale, rent, trailer, end = texts(write_statements([STATEMENT]))
        assert header == (
            "1"
            "03"
            "0"
            "081001"
            "080901"
            "080930"
            "0009" + "ｻﾝﾄﾞﾎﾞﾂｸｽ".ljust(15) + "001" + "ﾎﾝﾃﾝ".ljust(15) + "000"
            "1"
            "0001234567" + "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ".ljust(40) + "1"
            "0"
            "00000000010000" + " " * 71
        )
        assert sale == (
            "2"
            "00000001"
            "080901"
            "080901"
            "1"
            "11"
            "000000050000"
            + "0" * 12
            + "0" * 12
            + "0"
            + "0" * 7
            + "000"
            + "0" * 10
            + "ｶｸｳ ﾀﾛｳ".ljust(48)
            + " " * 30
            + "ｶｸｳ ﾀﾛｳ".ljust(20)
            + "INV-1".ljust(20)
            + " "
        )
        assert rent[21:36] == "211000000080000"
        assert trailer == (
            "8000001000000005000000000100000000800002000000000200000000002" + " " * 139
        )
        assert end == "9000000000500001" + " " * 184

    def test_a_negative_balance_has_its_sign_apart(self) -> None:
        overdrawn = replace(STATEMENT, opening_balance=-1, lines=())
        header, trailer, _ = texts(write_statements([overdrawn]))
        assert header[113] + header[115:129] == "200000000000001"
        assert trailer[39:54] == "200000000000001"
        assert read_statements(write_statements([overdrawn]), today=TODAY) == (overdrawn,)

    def test_a_balance_of_zero_is_not_negative(self) -> None:
        empty = replace(STATEMENT, opening_balance=0, lines=())
        header, trailer, _ = texts(write_statements([empty]))
        assert header[113] == trailer[39] == "1"

    def test_each_account_has_its_header_and_trailer_and_the_file_one_end(self) -> None:
        data = write_statements([STATEMENT, replace(STATEMENT, lines=())])
        assert [text[0] for text in texts(data)] == list("1228189")
        assert texts(data)[-1][:16] == "9000000000700002"

    def test_an_account_without_movements_is_header_and_trailer(self) -> None:
        data = write_statements([replace(STATEMENT, lines=())])
        (read,) = read_statements(data, today=TODAY)
        assert read.lines == ()
        assert read.closing_balance == read.opening_balance

    @pytest.mark.parametrize(("line_end", "length"), [(LineEnd.CRLF, 202), (LineEnd.NONE, 200)])
    def test_records_have_the_line_end_that_is_asked_for(
        self, line_end: LineEnd, length: int
    ) -> None:
        data = write_statements([STATEMENT], line_end=line_end)
        assert len(data) == 5 * length
        assert read_statements(data, today=TODAY) == (STATEMENT,)

    def test_long_and_full_width_texts_are_made_to_fit(self) -> None:
        line = SALE._replace(
            remitter_name="ガ" * 30,
            abstract="アアアアアアアアアアアアアアアアアアアガ",
            edi_info="請求 a-1",
        )
        data = write_statements([replace(STATEMENT, account_name="サンプルショー", lines=(line,))])
        (read,) = read_statements(data, today=TODAY)
        assert read.account_name == "ｻﾝﾌﾟﾙｼﾖ-"
        assert read.lines[0].remitter_name == "ｶﾞ" * 24
        assert read.lines[0].abstract == "ｱ" * 19
        assert read.lines[0].edi_info == "A-1"

    @pytest.mark.parametrize(
        "line",
        [
            SALE._replace(amount=10**12),
            SALE._replace(inquiry_number="123456789"),
            SALE._replace(remitter_code="A1"),
            SALE._replace(posting_date=date(1926, 12, 24)),
            SALE._replace(posting_date=date(2118, 1, 1)),
        ],
    )
    def test_a_number_that_does_not_fit_is_refused(self, line: StatementLine) -> None:
        with pytest.raises(UnwritableValue):
            write_statements([replace(STATEMENT, lines=(line,))])

    def test_the_largest_numbers_fit(self) -> None:
        line = SALE._replace(amount=10**12 - 1, other_bank_checks=10**12 - 1)
        whole = replace(STATEMENT, opening_balance=-(10**14) + 1, lines=(line,) * 9)
        assert read_statements(write_statements([whole]), today=TODAY) == (whole,)


class TestNotice:
    def test_form_b_byte_for_byte(self) -> None:
        header, first, second, trailer, end = texts(write_notices([NOTICE]))
        assert header == (
            "1"
            "01"
            "0"
            "081001"
            "080901"
            "080930"
            "0009" + "ｻﾝﾄﾞﾎﾞﾂｸｽ".ljust(15) + "001" + "ﾎﾝﾃﾝ".ljust(15) + "1"
            "1234567" + "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ".ljust(40) + " " * 93
        )
        assert first == (
            "2"
            "000001"
            "080901"
            "080901"
            "0000050000"
            "0000000000"
            "0000000123" + "ｶｸｳ ﾀﾛｳ".ljust(48) + "ｶｸｳ".ljust(15) + "ﾎﾝﾃﾝ".ljust(15) + "0"
            "000000050000"
            "000000000000" + "INV-1".ljust(20) + " " * 28
        )
        assert second[127] == "1"
        assert trailer == "8000001000000050000000001000000000007" + " " * 163
        assert end == "9" + " " * 199

    def test_form_a_ends_with_the_edi_info(self) -> None:
        data = write_notices([NOTICE], form=NoticeForm.A)
        assert texts(data)[1][127:] == "0" + "INV-1".ljust(20) + " " * 52
        assert read_notices(data, today=TODAY, form=NoticeForm.A) == (NOTICE,)

    @pytest.mark.parametrize(
        ("amount", "ten"), [(9_999_999_999, "9999999999"), (10_000_000_000, "0000000000")]
    )
    def test_ten_digits_are_zeros_where_they_do_not_suffice(self, amount: int, ten: str) -> None:
        large = replace(NOTICE, transfers=(INCOMING._replace(amount=amount),))
        data = write_notices([large])
        assert texts(data)[1][19:29] == ten
        assert texts(data)[1][128:140] == f"{amount:012}"
        assert read_notices(data, today=TODAY) == (large,)

    def test_form_a_refuses_eleven_digits(self) -> None:
        large = replace(NOTICE, transfers=(INCOMING._replace(amount=10_000_000_000),))
        with pytest.raises(UnwritableValue, match="amount"):
            write_notices([large], form=NoticeForm.A)

    def test_nothing_came_in(self) -> None:
        quiet = replace(NOTICE, transfers=())
        assert read_notices(write_notices([quiet]), today=TODAY) == (quiet,)


class TestUnreadable:
    GOOD = write_statements([STATEMENT])

    @pytest.mark.parametrize(
        ("spoil", "code", "place"),
        [
            (lambda d: d[:-1], "Z101", "record 5, bytes 1–200"),
            (lambda d: overwrite(d, 1, 2, "01"), "Z105", "record 1, bytes 2–3"),
            (lambda d: overwrite(d, 1, 5, "081301"), "Z501", "record 1, bytes 5–10"),
            (lambda d: overwrite(d, 1, 5, "000101"), "Z501", "record 1, bytes 5–10"),
            (lambda d: overwrite(d, 1, 5, "000000"), "Z206", "record 1, bytes 5–10"),
            (lambda d: overwrite(d, 2, 22, "3"), "Z205", "record 2, bytes 22–22"),
            (lambda d: overwrite(d, 2, 25, "X"), "Z201", "record 2, bytes 25–36"),
            (lambda d: overwrite(d, 4, 2, "000002"), "Z301", "record 4, bytes 2–7"),
            (lambda d: overwrite(d, 4, 8, "9"), "Z302", "record 4, bytes 8–20"),
            (lambda d: overwrite(d, 4, 40, "1"), "Z302", "record 4, bytes 40–40"),
            (lambda d: overwrite(d, 4, 55, "0000003"), "Z301", "record 4, bytes 55–61"),
            (lambda d: file_of(records_of(d)[:-1]), "Z104", "record 4, bytes 1–200"),
            (lambda d: b"", "Z107", "record 1, bytes 1–1"),
        ],
    )
    def test_a_spoiled_file_says_where(
        self, spoil: Callable[[bytes], bytes], code: str, place: str
    ) -> None:
        with pytest.raises(UnreadableFile) as refusal:
            read_statements(spoil(self.GOOD), today=TODAY)
        assert (code, place) in [(f.code.value, f.place) for f in refusal.value.findings]
        assert code in str(refusal.value)

    def test_one_kind_of_file_is_not_read_as_the_other(self) -> None:
        with pytest.raises(UnreadableFile):
            read_notices(self.GOOD, today=TODAY)
