"""What a file is held to before it is a request, and how its draft's refusal is told."""

from datetime import date, datetime, timedelta

import pytest

from sandbox.domain.calendar import BankCalendar
from sandbox.domain.time import JST, instant_of
from sandbox.domain.transfer.check import Circumstances
from sandbox.domain.transfer.file_check import kind_of, rejected, remarks_of, rules_of
from sandbox.domain.transfer.finding import Code, DraftRefused, Finding
from sandbox.domain.transfer.policy import TransferPolicy
from sandbox.domain.transfer.request import FAMILIES
from sandbox.domain.transfer.window import WINDOWS, DateOutOfWindow, Kind, NotBusinessDay
from sandbox.domain.zengin import Remitter, TransferRules, TypeCode, read_transfers
from tests.unit.zengin.building import FORM_ONLY, MASTER, put
from tests.unit.zengin.samples import BAD, GOOD, layouts
from tests.unit.zengin.test_samples import CONTRACT

HOLIDAYS = frozenset({date(2026, 11, 3), date(2026, 11, 23)})
CALENDAR = BankCalendar(holidays=HOLIDAYS, first=date(2026, 1, 1), last=date(2026, 12, 31))
MOMENTS = ["2026-11-16T10:00", "2026-11-16T21:00", "2026-11-21T10:00", "2026-12-20T00:00"]


def held_to(moment: str = "2026-11-16T10:00") -> Circumstances:
    return Circumstances(
        contract=CONTRACT,
        policy=TransferPolicy(),
        calendar=CALENDAR,
        master=MASTER,
        schedules=(),
        requester="Z001",
        now=instant_of(datetime.fromisoformat(moment).replace(tzinfo=JST)),
    )


def family(kind: Kind) -> frozenset[Kind]:
    return next(family for family in FAMILIES if kind in family)


def rules(kind: Kind = Kind.BULK, moment: str = "2026-11-16T10:00") -> TransferRules:
    return rules_of(family(kind), held_to(moment))


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_window_of_a_file_is_that_of_its_request(kind: Kind, moment: str) -> None:
    window = rules(kind, moment).window
    assert window is not None
    now, today = held_to(moment).now, date.fromisoformat(moment[:10])
    allowed = []
    for day in (today + timedelta(days=n) for n in range((CALENDAR.last - today).days + 1)):
        try:
            WINDOWS[kind].check(CALENDAR, day, now)
        except (NotBusinessDay, DateOutOfWindow):
            continue
        allowed.append(day)
    assert (window.first, window.last) == (allowed[0], allowed[-1])
    assert window.today == today


def test_there_may_be_no_day_at_all() -> None:
    """On the calendar's last day no later one is known; the window is empty, not everything."""
    window = rules(Kind.PAYROLL, "2026-12-31T10:00").window
    assert window is not None
    assert window.first > window.last


def test_the_remitters_are_the_accounts_of_the_contract() -> None:
    assert rules().remitters == {
        Remitter("0000000001", "0009", "001", "1", "1000001"),
        Remitter("0000000001", "0009", "001", "2", "1000002"),
        Remitter("0000000001", "0009", "002", "1", "1000003"),
    }


@pytest.mark.parametrize(
    ("kind", "types", "most"),
    [
        (Kind.BULK, {"21"}, 20_000),
        (Kind.TRANSFER, {"21"}, 10),
        (Kind.PAYROLL, {"11", "12"}, 20_000),
    ],
)
def test_each_path_takes_its_own_types(kind: Kind, types: set[str], most: int) -> None:
    found = rules(kind)
    assert (set(found.type_codes), found.most_items, found.most_batches) == (types, most, 1)


@pytest.mark.parametrize(
    ("name", "kind"), [("bulk", Kind.BULK), ("payroll", Kind.PAYROLL), ("bonus", Kind.BONUS)]
)
def test_the_type_of_a_file_says_its_kind(name: str, kind: Kind) -> None:
    reading = read_transfers(GOOD[name](), FORM_ONLY)
    assert kind_of(reading, family(kind)) is kind


# Warnings


def test_what_registration_looks_for_itself_is_not_said_twice() -> None:
    strict = rules(Kind.BULK)
    for name, expected in (
        ("Z203-alignment", [Code.CONVERTED]),
        ("Z205-transfer-method", [Code.CONVERTED]),
        ("Z303-duplicate", []),
        ("Z402-bank", []),
    ):
        reading = read_transfers(BAD[name](), strict)
        ours = [each.code for each in remarks_of(reading) if "beneficiary_b" not in each.message]
        assert ours == expected, name


def test_a_warning_about_an_item_has_its_number_and_others_have_none() -> None:
    reading = read_transfers(GOOD["bulk-paddings"](), FORM_ONLY)
    found = {each.field.partition(",")[0]: each.item_id for each in remarks_of(reading)}
    assert found == {"record 2": "1", "record 3": "2", "record 4": None}


# Refusals of the draft


@pytest.mark.parametrize(
    ("finding", "place", "code"),
    [
        (Finding(code=Code.UNKNOWN_REMITTER, field="remitter_code", message="…"), "15–54", "Z401"),
        (Finding(code=Code.ACCOUNT_NOT_FOUND, field="remitting_account_number", message="…"),
         "97–103", "Z401"),
        (Finding(code=Code.DATE_OUT_OF_WINDOW, field="effort_date", message="…"), "55–58", "Z501"),
        (Finding(code=Code.NOT_BUSINESS_DAY, field="effort_date", message="…"), "55–58", "Z501"),
        (Finding(code=Code.TOTALS_MISMATCH, field="total_count", message="…"), "2–7", "Z302"),
        (Finding(code=Code.INVALID_PARAMETER, field="total_amount", message="…"), "8–19", "Z205"),
        (Finding(code=Code.INVALID_PARAMETER, field="transfer_amount", message="…", item_id="2"),
         "81–90", "Z205"),
        (Finding(code=Code.INVALID_PARAMETER, field="account_type_code", message="…", item_id="1"),
         "43–43", "Z205"),
    ],
)  # fmt: skip
def test_a_finding_of_the_draft_has_its_place_in_the_file(
    finding: Finding, place: str, code: str
) -> None:
    reading = read_transfers(GOOD["bulk"](), FORM_ONLY)
    (found,) = rejected(DraftRefused([finding]), reading).details
    record = {"2–7": 4, "8–19": 4}.get(place, 1 if finding.item_id is None else 0)
    record = record or int(finding.item_id or 0) + 1
    assert (found["field"], found["code"]) == (f"record {record}, bytes {place}", code)
    assert "… / " in found["message"]


@pytest.mark.parametrize("field", ["comment", "first_approver_code", "transactions"])
def test_what_no_file_has_keeps_its_name(field: str) -> None:
    reading = read_transfers(GOOD["bulk"](), FORM_ONLY)
    refused = DraftRefused([Finding(code=Code.INVALID_PARAMETER, field=field, message="…")])
    assert rejected(refused, reading).details == [
        {"field": field, "code": "invalid_parameter", "message": "…"}
    ]


def test_a_type_without_edi_has_no_place_for_it() -> None:
    data = put(GOOD["bulk"](), 2, layouts.BULK_DATA, "customer_code1", "7")
    reading = read_transfers(data, FORM_ONLY)
    assert reading.batches[0].header.type_code == TypeCode.BULK
    refused = DraftRefused(
        [Finding(code=Code.INVALID_PARAMETER, field="edi_info", message="…", item_id="1")]
    )
    (found,) = rejected(refused, reading).details
    assert found["field"] == "transactions[item_id=1].edi_info"
