"""Writing transfer files: totals, blanks, EDI info, and what cannot be written."""

from dataclasses import replace
from datetime import date

import pytest

from sandbox.domain.zengin import LineEnd, TransferBatch, UnwritableValue, write_transfers
from sandbox.domain.zengin import statement_layouts as s
from sandbox.domain.zengin.writing import write_record
from tests.unit.zengin.building import (
    batch,
    bulk_file,
    header,
    item,
    payroll_header,
    payroll_item,
    records_of,
)


def text_of(record: bytes) -> str:
    return record.decode("cp932")


def test_a_whole_file_byte_for_byte() -> None:
    first, second, third, last = map(text_of, records_of(bulk_file()))
    assert first == (
        "1"
        "21"
        "0"
        "0000000001" + "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ".ljust(40) + "1005"
        "0009" + "ｻﾝﾄﾞﾎﾞﾂｸｽ".ljust(15) + "001" + "ﾎﾝﾃﾝ".ljust(15) + "1"
        "1234567" + " " * 17
    )
    assert second == (
        "2"
        "9999" + "ｶｸｳ".ljust(15) + "001" + "ﾎﾝﾃﾝ".ljust(15) + "0000"
        "1"
        "7654321" + "ｶｸｳ ﾀﾛｳ".ljust(30) + "0000100000"
        "0" + " " * 20 + "7"
        " " + " " * 7
    )
    assert third == "8000001000000100000" + " " * 101
    assert last == "9" + " " * 119


def test_a_payroll_item_byte_for_byte() -> None:
    data = write_transfers([TransferBatch(header=payroll_header(), items=(payroll_item(),))])
    assert text_of(records_of(data)[1])[90:] == "00000000042" + " " * 19


def test_edi_info_takes_the_place_of_both_customer_codes() -> None:
    plain = records_of(bulk_file(item(customer_code1="0000000012", customer_code2="34")))[1]
    assert text_of(plain)[91:113] == "0000000012" + "34".ljust(10) + "7 "
    with_edi = records_of(bulk_file(item(identification="Y", edi_info="ﾃﾞ-ﾀ / 2026/10 NO.12")))[1]
    assert text_of(with_edi)[91:113] == "ﾃﾞ-ﾀ / 2026/10 NO.127Y"


def test_trailers_count_and_add_up() -> None:
    data = bulk_file(item(amount=1), item(amount=9_999_999_999))
    assert text_of(records_of(data)[3])[:19] == "8000002010000000000"


def test_fillers_are_blank_whatever_came_in() -> None:
    assert bulk_file(item(filler="ABCDEFG"), filler="X" * 17) == bulk_file()


def test_a_file_without_batches_is_an_end_record() -> None:
    assert write_transfers([], line_end=LineEnd.NONE) == b"9" + b" " * 119


@pytest.mark.parametrize(
    "changes",
    [
        {"beneficiary_name": "ｱ" * 31},
        {"beneficiary_name": "架空 太郎"},
        {"beneficiary_name": "ｶｰﾄﾞ"},
        {"beneficiary_name": "ｱﾞ"},
        {"beneficiary_name": "kakuu"},
        {"account_number": "12345678"},
        {"account_number": "12-4567"},
        {"account_number": "１２３"},
        {"amount": 10_000_000_000},
        {"amount": -1},
        {"customer_code1": "12345678901"},
        {"edi_info": "INV-1"},
        {"identification": "Y", "edi_info": "X" * 21},
        {"identification": "Y", "customer_code1": "1"},
        {"employee_number": "1"},
    ],
)
def test_what_does_not_fit_is_refused_and_not_cut(changes: dict[str, object]) -> None:
    with pytest.raises(UnwritableValue):
        bulk_file(item(**changes))


@pytest.mark.parametrize(
    "changes", [{"customer_code1": "1"}, {"transfer_method": "7"}, {"identification": "Y"}]
)
def test_a_payroll_item_has_no_place_for_what_bulk_items_hold(changes: dict[str, object]) -> None:
    with pytest.raises(UnwritableValue, match="has no place"):
        write_transfers([TransferBatch(header=payroll_header(), items=(payroll_item(**changes),))])


def test_a_total_of_thirteen_digits_cannot_be_written() -> None:
    whole = replace(batch(), items=(item(amount=9_999_999_999),) * 101)
    with pytest.raises(UnwritableValue, match="total_amount"):
        write_transfers([whole])


def test_a_name_with_wo_can_be_written() -> None:
    assert "ｦ".encode("cp932") in bulk_file(item(beneficiary_name="ｦ"))
    assert header().filler == ""


def test_a_text_that_is_made_to_fit_is_converted_and_cut_before_the_mark() -> None:
    def name(text: str) -> str:
        record = write_record(s.STATEMENT_HEADER, {"bank_name": text}, fits=True)
        return record[26:41]

    assert name("サンドボックス") == "ｻﾝﾄﾞﾎﾞﾂｸｽ".ljust(15)
    assert name("ダンチセンターヒガシオオドオリ") == "ﾀﾞﾝﾁｾﾝﾀ-ﾋｶﾞｼｵｵ".ljust(15)
    assert name("銀行") == " " * 15
    assert name("　カード ") == "ｶ-ﾄﾞ".ljust(15)


def test_a_date_is_written_with_the_year_of_its_era() -> None:
    record = write_record(s.STATEMENT_HEADER, {"created_date": date(2026, 10, 1)})
    assert record[4:10] == "081001"
    assert record[10:16] == "000000"
    with pytest.raises(UnwritableValue, match="created_date"):
        write_record(s.STATEMENT_HEADER, {"created_date": date(1900, 1, 1)})
