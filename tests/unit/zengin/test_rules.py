"""What a file is held to beyond its form: remitter, date, master, totals, limits, conversion."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.zengin import (
    DateWindow,
    Remitter,
    TransferRules,
    TypeCode,
    read_transfers,
    write_transfers,
)
from sandbox.domain.zengin import transfer_layouts as layouts
from sandbox.domain.zengin.rules import designated_day, is_day_of_some_year, wrong_day
from tests.unit.zengin.building import (
    EVERY_TYPE,
    FORM_ONLY,
    LONG_BRANCH,
    MASTER,
    REMITTER,
    TODAY,
    WINDOW,
    batch,
    bulk_file,
    codes,
    codes_of,
    header,
    item,
    put,
)

GOOD = bulk_file()


class TestRemitter:
    OTHER = Remitter("0000000002", "0009", "002", "2", "7654321")
    RULES = TransferRules(type_codes=EVERY_TYPE, remitters=frozenset({REMITTER, OTHER}))

    @pytest.mark.parametrize("remitter", [REMITTER, OTHER])
    def test_either_account_of_the_caller_passes(self, remitter: Remitter) -> None:
        assert codes_of(bulk_file(**remitter._asdict()), self.RULES) == []

    @pytest.mark.parametrize("field", Remitter._fields)
    def test_each_field_has_to_be_the_callers(self, field: str) -> None:
        wrong = {"account_type": "9"}.get(field, "9" * len(getattr(REMITTER, field)))
        reading = read_transfers(bulk_file(**{field: wrong}), self.RULES)
        assert [(f.code.value, f.field, f.record) for f in reading.findings] == [("Z401", field, 1)]

    def test_fields_of_two_accounts_do_not_make_a_third(self) -> None:
        mixed = REMITTER._asdict() | {"account_number": self.OTHER.account_number}
        assert codes_of(bulk_file(**mixed), self.RULES) == ["Z401"]

    def test_account_type_and_number_may_be_left_out(self) -> None:
        assert codes_of(bulk_file(account_type="0", account_number=""), self.RULES) == []
        blank = put(GOOD, 1, layouts.BULK_HEADER, "account_number", " " * 7)
        assert codes_of(blank, self.RULES) == []

    def test_names_of_the_remitting_side_are_not_checked(self) -> None:
        rules = replace(self.RULES, master=MASTER)
        data = bulk_file(remitting_bank_name="ﾍﾞﾂﾉﾅﾏｴ", remitting_branch_name="")
        assert codes_of(data, rules) == []

    def test_nobodys_account_passes_nothing(self) -> None:
        rules = replace(self.RULES, remitters=frozenset())
        assert codes_of(GOOD, rules) == ["Z401"] * 5


class TestDate:
    @pytest.mark.parametrize(
        ("mmdd", "today", "expected"),
        [
            ("1001", date(2026, 10, 1), date(2026, 10, 1)),
            ("0930", date(2026, 10, 1), date(2027, 9, 30)),
            ("0104", date(2026, 12, 30), date(2027, 1, 4)),
            ("0229", date(2026, 10, 1), date(2028, 2, 29)),
            ("0229", date(2097, 1, 1), date(2104, 2, 29)),
            ("0230", date(2026, 10, 1), None),
            ("1301", date(2026, 10, 1), None),
            ("0001", date(2026, 10, 1), None),
            ("1000", date(2026, 10, 1), None),
            ("0101", date(9999, 12, 31), None),
        ],
    )
    def test_a_month_and_day_mean_the_nearest_not_past(
        self, mmdd: str, today: date, expected: date | None
    ) -> None:
        assert designated_day(mmdd, today) == expected

    def test_every_day_of_a_leap_year_is_one_and_no_other(self) -> None:
        days = {f"{date(2028, 1, 1) + timedelta(days=n):%m%d}" for n in range(366)}
        assert {f"{n:04}" for n in range(10_000) if is_day_of_some_year(f"{n:04}")} == days

    @pytest.mark.parametrize(
        ("mmdd", "complaint"),
        [
            ("1001", "受付期間"),  # today is too late
            ("1002", None),
            ("1003", "営業日ではありません"),  # Saturday
            ("1012", "営業日ではありません"),
            ("1106", None),
            ("1107", "受付期間"),
            ("0930", "受付期間"),  # next year's
            ("0229", "受付期間"),
            ("0230", "という日はありません"),
            ("0000", "振込指定日がありません"),
        ],
    )
    def test_a_date_is_a_business_day_within_the_window(
        self, mmdd: str, complaint: str | None
    ) -> None:
        said = wrong_day(mmdd, WINDOW)
        assert said is None if complaint is None else complaint in str(said)

    def test_a_date_beyond_the_calendar_is_refused_not_guessed(self) -> None:
        calendar = BankCalendar(holidays=frozenset(), first=TODAY, last=TODAY)
        window = DateWindow(today=TODAY, first=TODAY, last=date(2026, 12, 1), calendar=calendar)
        assert "カレンダー" in str(wrong_day("1002", window))

    @pytest.mark.parametrize(("mmdd", "expected"), [("0230", ["Z501"]), ("0000", [])])
    def test_without_a_window_a_date_need_only_exist(self, mmdd: str, expected: list[str]) -> None:
        assert codes_of(bulk_file(designated_date=mmdd)) == expected

    def test_the_day_is_handed_on(self) -> None:
        rules = replace(FORM_ONLY, window=WINDOW)
        (read,) = read_transfers(GOOD, rules).batches
        assert read.designated_on == date(2026, 10, 5)
        assert read_transfers(GOOD, FORM_ONLY).batches[0].designated_on is None

    def test_a_date_that_is_no_number_is_reported_once(self) -> None:
        data = put(GOOD, 1, layouts.BULK_HEADER, "designated_date", "1X05")
        assert codes_of(data, replace(FORM_ONLY, window=WINDOW)) == ["Z201"]


class TestMaster:
    RULES = replace(FORM_ONLY, master=MASTER)

    @pytest.mark.parametrize(
        ("bank", "branch", "expected"),
        [
            ("9999", "001", []),
            ("9999", "002", ["Z402"]),
            ("9998", "001", ["Z402"]),
            ("0001", "001", []),
            ("0001", "999", []),  # of a real bank only the code is known
        ],
    )
    def test_bank_and_branch_are_looked_up(
        self, bank: str, branch: str, expected: list[str]
    ) -> None:
        data = bulk_file(
            item(
                beneficiary_bank_code=bank,
                beneficiary_branch_code=branch,
                beneficiary_bank_name="",
                beneficiary_branch_name="",
            )
        )
        assert codes_of(data, self.RULES) == expected

    @pytest.mark.parametrize(
        ("bank_name", "branch_name", "expected"),
        [
            ("", "", []),
            ("ｶｸｳ", LONG_BRANCH[:14], []),
            ("ｶｸｳ", LONG_BRANCH[:15], ["Z601"]),
            ("ｶｸｳ", "ﾀﾞﾝﾁ", ["Z403"]),
            ("ﾐﾎﾝ", "ﾀﾞﾝﾁ", ["Z403", "Z403"]),
        ],
    )
    def test_names_are_held_against_the_master(
        self, bank_name: str, branch_name: str, expected: list[str]
    ) -> None:
        one = item(
            beneficiary_branch_code="456",
            beneficiary_bank_name=bank_name,
            beneficiary_branch_name=branch_name,
        )
        assert codes_of(bulk_file(one), self.RULES) == expected
        assert LONG_BRANCH[15] == "ﾞ"

    def test_every_item_of_an_unknown_branch_is_named(self) -> None:
        items = [
            item(beneficiary_branch_code="777", amount=n, beneficiary_branch_name="")
            for n in (1, 2)
        ]
        reading = read_transfers(bulk_file(*items), self.RULES)
        assert [(f.code.value, f.record, f.field) for f in reading.findings] == [
            ("Z402", 2, "beneficiary_branch_code"),
            ("Z402", 3, "beneficiary_branch_code"),
        ]

    def test_an_unreadable_code_is_not_looked_up(self) -> None:
        data = put(GOOD, 2, layouts.BULK_DATA, "beneficiary_bank_code", "99X9")
        assert codes_of(data, self.RULES) == ["Z201"]

    def test_without_a_master_nothing_is_looked_up(self) -> None:
        assert codes_of(bulk_file(item(beneficiary_bank_code="1234"))) == []


class TestTypes:
    @pytest.mark.parametrize("type_code", TypeCode)
    def test_a_type_that_is_not_served_is_refused(self, type_code: TypeCode) -> None:
        data = write_transfers(
            [batch(item(transfer_method="0"), type_code=type_code, originator_name="ｻﾝﾌﾟﾙ")]
        )
        assert codes_of(data) == []
        elsewhere = replace(FORM_ONLY, type_codes=EVERY_TYPE - {type_code})
        assert codes_of(data, elsewhere) == ["Z105"]

    def test_two_types_in_a_file_are_refused(self) -> None:
        salary = batch(item(transfer_method="0"), type_code="11", originator_name="ｻﾝﾌﾟﾙ")
        data = write_transfers(
            [salary, replace(salary, header=replace(salary.header, type_code="12"))]
        )
        reading = read_transfers(data, FORM_ONLY)
        assert [(f.code.value, f.record) for f in reading.findings] == [("Z105", 4)]

    def test_items_of_an_unknown_type_are_not_judged(self) -> None:
        data = put(GOOD, 1, layouts.BULK_HEADER, "type_code", "99")
        data = put(data, 2, layouts.BULK_DATA, "amount", "XXXXXXXXXX")
        assert codes_of(data) == ["Z105"]


class TestTotals:
    BIGGEST = item(amount=layouts.AMOUNT_MAX)

    def test_the_largest_amount_passes(self) -> None:
        assert codes_of(bulk_file(self.BIGGEST)) == []

    def test_a_total_of_thirteen_digits_is_refused_whatever_the_trailer_says(self) -> None:
        fits = [self.BIGGEST._replace(account_number=f"{n + 1:07}") for n in range(100)]
        data = bulk_file(*fits)
        assert sum(i.amount for i in fits) == 999_999_999_900
        assert codes_of(data) == []
        at_the_edge = bulk_file(*fits, item(amount=99))
        assert read_transfers(at_the_edge, FORM_ONLY).batches[0].total_amount == 10**12 - 1
        over = put(at_the_edge, 102, layouts.BULK_DATA, "amount", "0000000100")
        reading = read_transfers(over, FORM_ONLY)
        assert codes(reading) == ["Z302"]
        assert "12桁" in reading.findings[0].message

    def test_blank_totals_are_totals_of_zero(self) -> None:
        data = put(GOOD, 3, layouts.TRAILER, "record_count", " " * 6)
        assert codes_of(data) == ["Z301"]
        data = put(GOOD, 3, layouts.TRAILER, "total_amount", " " * 12)
        assert codes_of(data) == ["Z302"]

    def test_each_batch_has_totals_of_its_own(self) -> None:
        data = write_transfers([batch(), batch(item(amount=7))])
        assert codes_of(data) == []
        swapped = put(data, 6, layouts.TRAILER, "total_amount", "000000100000")
        assert [f.record for f in read_transfers(swapped, FORM_ONLY).findings] == [6]


class TestLimit:
    def test_a_file_may_hold_twenty_thousand_items_and_no_more(self) -> None:
        items = [item(amount=n + 1) for n in range(20_000)]
        reading = read_transfers(bulk_file(*items), FORM_ONLY)
        assert reading.findings == ()
        assert len(reading.batches[0].items) == 20_000
        reading = read_transfers(bulk_file(*items, item(account_number="1")), FORM_ONLY)
        assert [(f.code.value, f.record) for f in reading.findings] == [("Z304", 20_002)]

    def test_the_limit_is_of_the_file_not_of_the_batch(self) -> None:
        rules = replace(FORM_ONLY, most_items=3)
        two = batch(item(), item(amount=2))
        assert codes_of(write_transfers([two, batch()]), rules) == []
        reading = read_transfers(write_transfers([two, two, two]), rules)
        assert [(f.code.value, f.record) for f in reading.findings] == [("Z304", 7)]


class TestDuplicates:
    def test_an_item_that_differs_anywhere_is_another(self) -> None:
        for change in ({"amount": 5}, {"customer_code1": "1"}, {"beneficiary_name": "ｶｸｳ"}):
            assert codes_of(bulk_file(item(), item(**change))) == []

    def test_the_same_item_in_another_batch_is_no_duplicate(self) -> None:
        assert codes_of(write_transfers([batch(), batch()])) == []

    def test_the_filler_makes_no_difference_and_the_first_is_named(self) -> None:
        data = put(bulk_file(item(), item(amount=1), item()), 4, layouts.BULK_DATA, "filler", "X")
        (finding,) = read_transfers(data, FORM_ONLY).findings
        assert (finding.code, finding.record) == ("Z303", 4)
        assert "レコード2" in finding.message


class TestConversion:
    RULES = replace(FORM_ONLY, converts=True)

    @pytest.mark.parametrize(
        ("written", "read"),
        [("ｼｮｳｼﾞ", "ｼﾖｳｼﾞ"), ("ｶｰﾄﾞ", "ｶ-ﾄﾞ"), ("atm", "ATM"), ("ｯﾞ", "ﾂﾞ")],
    )
    def test_a_profile_may_convert_what_keeps_its_length(self, written: str, read: str) -> None:
        data = put(
            bulk_file(item(beneficiary_name="ｱ")), 2, layouts.BULK_DATA, "beneficiary_name", written
        )
        reading = read_transfers(data, self.RULES)
        assert reading.findings == ()
        assert reading.batches[0].items[0].beneficiary_name == read
        (change,) = reading.converted
        assert (change.record, change.field) == (2, "beneficiary_name")
        assert (change.before, change.after) == (written, read)

    @pytest.mark.parametrize("written", ["A,B", "ｱ･ｲ", "｢ｱ｣", "ｦ", "ｱ&ｲ"])
    def test_nothing_else_is_converted(self, written: str) -> None:
        data = put(GOOD, 2, layouts.BULK_DATA, "beneficiary_name", written)
        reading = read_transfers(data, self.RULES)
        assert codes(reading) == ["Z202"]
        assert reading.converted == ()

    def test_codes_and_edi_info_are_not_converted(self) -> None:
        data = put(GOOD, 2, layouts.BULK_DATA, "customer_code1", "abc")
        assert codes_of(data, self.RULES) == ["Z202"]

    def test_a_long_vowel_in_a_payroll_name_stays_refused(self) -> None:
        data = write_transfers(
            [batch(item(transfer_method="0"), type_code="11", originator_name="ｻﾝﾌﾟﾙ")]
        )
        data = put(data, 2, layouts.PAYROLL_DATA, "beneficiary_name", "ｶｰﾄﾞ")
        assert codes_of(data, self.RULES) == ["Z202"]

    def test_a_refused_file_reports_no_conversions(self) -> None:
        data = put(GOOD, 2, layouts.BULK_DATA, "beneficiary_name", "atm")
        data = put(data, 2, layouts.BULK_DATA, "amount", "0" * 10)
        assert read_transfers(data, self.RULES).converted == ()


def test_the_header_is_handed_on_as_it_was_written() -> None:
    assert read_transfers(GOOD, FORM_ONLY).batches[0].header == header()
