"""The report: at most a hundred findings, errors before warnings, in the order of the file."""

from sandbox.domain.zengin import TransferItem, read_transfers
from sandbox.domain.zengin.findings import MOST_FINDINGS, Code, Report, Said
from sandbox.domain.zengin.layout import RECORD_TYPE
from tests.unit.zengin.building import FORM_ONLY, bulk_file, item

ERROR, WARNING = Code.NOT_DIGITS, Code.NOT_IN_LIST


def report_of(*codes: Code) -> Report:
    report = Report()
    for record, code in enumerate(codes, start=1):
        report.add(code, record, RECORD_TYPE, Said("…", "..."), "x")
    return report


def items(count: int, **changes: object) -> list[TransferItem]:
    return [item(amount=n + 1, **changes) for n in range(count)]


def test_a_hundred_findings_are_given_whole() -> None:
    report = report_of(*[ERROR] * 99, WARNING)
    assert len(report.findings()) == MOST_FINDINGS
    assert not report.is_cut
    assert not report.is_full


def test_of_more_than_a_hundred_the_first_hundred_are_given() -> None:
    report = report_of(*[ERROR] * 101)
    assert [finding.record for finding in report.findings()] == list(range(1, 101))
    assert report.is_cut
    assert report.is_full


def test_errors_push_warnings_out() -> None:
    report = report_of(*[WARNING] * 150, *[ERROR] * 60)
    found = report.findings()
    assert sum(finding.is_error for finding in found) == 60
    assert sum(not finding.is_error for finding in found) == 40
    assert [finding.record for finding in found] == [*range(1, 41), *range(151, 211)]
    assert report.is_cut


def test_findings_stand_in_the_order_of_the_file() -> None:
    report = Report()
    report.add_record(ERROR, 3, Said("か", "c"), "record")
    report.add(WARNING, 1, RECORD_TYPE, Said("い", "b"), "x")
    report.add_record(WARNING, 1, Said("あ", "a"), "record")
    found = report.findings()
    assert [finding.message for finding in found] == ["データ区分: い", "あ", "か"]
    assert [finding.message_en for finding in found] == ["record_type: b", "a", "c"]


def test_a_finding_shows_the_value_without_its_padding_and_at_most_forty_of_it() -> None:
    report = Report()
    for text in ("ｶｸｳ  ", " 12", "", "\x00\uf783A", "9" * 41):
        report.add(ERROR, 1, RECORD_TYPE, Said("…", "..."), text)
    assert [f.value for f in report.findings()] == ["ｶｸｳ", " 12", "", r"\x00\x83A", "9" * 40]


def test_the_text_of_a_finding_has_both_languages_and_the_value() -> None:
    (found,) = report_of(ERROR).findings()
    assert found.text == "データ区分: … / record_type: ...: 「x」"


def test_an_error_behind_a_thousand_warnings_refuses_the_file() -> None:
    data = bulk_file(*items(1000, account_type="3"), item(account_number="12", new_code="0"))
    reading = read_transfers(data.replace(b"10000012", b"1000X012"), FORM_ONLY)
    assert not reading.is_accepted
    assert reading.is_cut
    assert [f.code.value for f in reading.findings if f.is_error] == ["Z201"]
    assert len(reading.findings) == MOST_FINDINGS


def test_a_file_of_warnings_alone_is_accepted_and_says_so() -> None:
    reading = read_transfers(bulk_file(*items(150, account_type="3")), FORM_ONLY)
    assert reading.is_accepted
    assert len(reading.findings) == MOST_FINDINGS
    assert reading.is_cut


def test_a_file_of_errors_alone_gives_the_first_hundred() -> None:
    data = bulk_file(*items(150)).replace(b"7654321", b"765432A")
    reading = read_transfers(data, FORM_ONLY)
    assert [finding.record for finding in reading.findings] == list(range(2, 102))
    assert reading.is_cut
