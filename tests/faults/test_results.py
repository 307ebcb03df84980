"""What becomes of requests that the bank accepted and a rule of stage ``result`` decides about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from sandbox.domain.fault_window import Window
from sandbox.domain.transfer.window import Kind
from sandbox.services.faults import Wanted
from sandbox.services.transfers import settling
from tests.properties.transfer_auditor import Auditor
from tests.transfers.world import MAKER, OPENING_YEN, Small, draft, dying, item, own_item
from tests.transfers.world import small_world as open_small_world

DAY, NEXT, LATER = date(2026, 11, 20), date(2026, 11, 24), date(2026, 11, 26)
NO_ACCOUNT, NAME = "transfer.refund.no_such_account", "transfer.unable.name_mismatch"
FUNDS, LIMIT = "transfer.failed.insufficient_funds", "transfer.failed.over_limit"
DELAYED, REFUSED = "transfer.delayed", "transfer.recall.refused"


class Struck(Small):
    """The small world of transfers under rules, with the auditor beside it."""

    auditor: Auditor

    async def rule(self, reason: str, match: dict | None = None, kind="reject_later", **more):
        counts = {name: more.pop(name) for name in ("times", "skip", "every") if name in more}
        counts |= {name: more.pop(name) for name in ("probability", "window") if name in more}
        wanted = Wanted(
            match=match or {},
            effect={"kind": kind, "reason": reason, **more},
            stage="result",
            **{"times": None, **counts},
        )
        return await self.world.faults.add(f"f{len(self.world.faults.rules)}", wanted)

    async def send(self, *items, **how):
        what = draft(*items, **how)
        request = await self.approved(what)
        self.auditor.registered(request.reference, what)
        return request

    async def settled(self, *items, **how):
        request = await self.send(*items, **how)
        await self.advance_to(DAY, 8)
        return request

    async def states(self, request) -> list[tuple[str, str | None]]:
        detail = await self.detail(request)
        return [(each.status.value, each.reason) for each in detail.items]

    def counts(self) -> list[tuple[int, int]]:
        return [(rule.seen, rule.struck) for rule in self.world.faults.rules]

    async def kept_counts(self) -> list[tuple[int, int]]:
        return await self.world.database.fetch("SELECT seen, struck FROM fault ORDER BY number")


@asynccontextmanager
async def struck_world(directory: Path) -> AsyncIterator[Struck]:
    """Open it, and audit what it leaves."""
    async with open_small_world(directory) as small:
        struck = Struck(small.worlds, small.world, small.transfers)
        struck.auditor = Auditor(beneficiary_pays=False)
        yield struck
        await struck.auditor.audit(struck)


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[Struck]:
    async with struck_world(tmp_path) as found:
        yield found


# F-36: accept, reject later


@pytest.mark.parametrize("reason", [NO_ACCOUNT, NAME])
async def test_every_item_comes_back_on_the_next_business_day(bank, reason):
    await bank.rule(reason)
    request = await bank.settled(item(1), own_item(2, 50))
    short = reason.rpartition(".")[2]
    assert await bank.states(request) == [("paid", short), ("waiting", short)]
    assert await bank.lines(5) == []
    assert await bank.advance_to(NEXT, 7, 59) == []
    (event,) = await bank.advance_to(NEXT, 8)
    assert (event["items"], event["refunded_yen"]) == (2, 1_050)
    assert await bank.states(request) == [("refunded", short)] * 2
    assert await bank.balance(1) == OPENING_YEN - 330  # the fee is not given back
    assert (await bank.gl("transfer_clearing"), await bank.gl("interbank")) == (0, 0)


async def test_money_comes_back_after_the_delay(bank):
    await bank.rule(NO_ACCOUNT, delay="3h")
    request = await bank.settled(item(1))
    assert await bank.advance_to(DAY, 10, 59) == []
    await bank.advance_to(DAY, 11)
    assert await bank.states(request) == [("refunded", "no_such_account")]


async def test_funds_that_are_said_to_be_short_are_looked_for_again_at_the_banks_time(bank):
    rule = await bank.rule(FUNDS)
    request = await bank.send(item(1))
    *_, put_off = await bank.advance_to(DAY, 8)
    assert (put_off["kind"], put_off["fault"]) == ("transfer_put_off", rule.fault_id)
    assert await bank.status(request) in ("accepted", "reserved")
    (failed,) = await bank.advance_to(DAY, 15)
    assert (failed["kind"], failed["reason"]) == ("transfer_failed", "insufficient_funds")
    assert failed["fault"] == rule.fault_id
    assert await bank.status(request) == "failed"
    assert await bank.balance(1) == OPENING_YEN
    assert bank.counts() == [(1, 1)]  # one request, however often it was looked at


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (FUNDS, "insufficient_funds"),
        (LIMIT, "credit_upper_limit_per_transaction"),
        ("transfer.failed.account_closed", "account_closed"),
        ("transfer.failed.account_restricted", "account_restricted"),
    ],
)
async def test_a_request_fails_at_once_with_each_reason(bank, reason, shown):
    await bank.rule(reason, delay="0s")
    request = await bank.settled(item(1))
    assert await bank.status(request) == "failed"
    assert (await bank.detail(request)).request.reason == shown


async def test_a_request_fails_after_days(bank):
    await bank.rule(LIMIT, delay="4d")
    request = await bank.settled(item(1))
    assert await bank.status(request) in ("accepted", "reserved")
    assert [e["kind"] for e in await bank.advance_to(NEXT, 7, 59)] == []
    (failed,) = await bank.advance_to(NEXT, 8)
    assert failed["kind"] == "transfer_failed"
    assert await bank.balance(1) == OPENING_YEN


async def test_what_is_taken_back_meanwhile_does_not_fail(bank):
    await bank.rule(LIMIT, delay="4d")
    request = await bank.settled(item(1))
    await bank.run_sql("UPDATE transfer_request SET status = 'approval_cancelled'")
    assert await bank.advance_to(NEXT, 8) == []
    assert await bank.status(request) == "approval_cancelled"


async def test_what_is_sent_again_is_decided_about_anew(bank):
    await bank.rule(LIMIT, delay="0s", times=1)
    request = await bank.settled(item(1))
    assert await bank.status(request) == "failed"
    # Not even where it is sent again within the same millisecond.
    assert await bank.world.database.fetch("SELECT request FROM transfer_result") == []
    again = draft(item(1), on="11-27")
    sent = (await bank.register(again, replaces=request.reference)).request
    approved = (await bank.approve(sent)).request
    bank.auditor.registered(approved.reference, again)
    await bank.advance_to(date(2026, 11, 27), 8)
    assert await bank.status(approved) == "settled"


async def test_payments_are_late_and_the_debit_is_not(bank):
    rule = await bank.rule(DELAYED, delay="2h")
    request = await bank.send(own_item(1, 70), item(2))
    *_, settled = await bank.advance_to(DAY, 9, 59)
    assert (settled["kind"], settled["fault"]) == ("transfer_settled", rule.fault_id)
    assert await bank.balance(1) == OPENING_YEN - 1_400
    assert (await bank.items(request), await bank.lines(5)) == (["waiting"] * 2, [])
    await bank.advance_to(DAY, 10)
    assert await bank.items(request) == ["paid", "paid"]
    assert await bank.balance(5) == OPENING_YEN + 70


@pytest.mark.parametrize(
    ("match", "status"),
    [
        ({}, "recall_failed"),
        ({"amount_from_yen": 1_000, "amount_to_yen": 1_000}, "recall_failed"),
        ({"amount_from_yen": 1_001}, "recalled"),
        ({"beneficiary_bank": "9999"}, "recall_failed"),
        ({"beneficiary_bank": "0009"}, "recalled"),
    ],
)
async def test_a_recall_is_refused_by_its_item(bank, match, status):
    rule = await bank.rule(REFUSED, match)
    request = await bank.settled(item(1), own_item(2, 5_000))
    assert await bank.items(request) == ["paid", "paid"]
    await bank.transfers.afterwards.ask_recall(MAKER, Kind.BULK, request.reference, "1")
    await bank.advance_to(NEXT, 8)
    assert (await bank.items(request))[0] == status
    assert bank.world.faults.rules[0].struck == (status == "recall_failed"), rule


# F-38: partial bulk


@pytest.mark.parametrize(
    ("effect", "unable"),
    [
        ({"items": ["2", "5"]}, [2, 5]),
        ({"items": ["5", "no-such"]}, [5]),
        ({"every_nth": 2}, [2, 4, 6]),
        ({"every_nth": 6}, [6]),
        ({"every_nth": 1}, [1, 2, 3, 4, 5, 6]),
        ({"beneficiary": {"bank_code": "9999"}}, [1, 2, 3, 4]),
        ({"beneficiary": {"bank_code": "9999", "branch_code": "001"}}, [1, 2, 3, 4]),
        ({"beneficiary": {"bank_code": "9999", "account_number": "0000003"}}, [3]),
        ({"beneficiary": {"bank_code": "0009", "branch_code": "002"}}, [5, 6]),
    ],
    ids=str,
)
async def test_some_items_cannot_be_paid(bank, effect, unable):
    await bank.rule(NAME, kind="partial_bulk", **effect)
    others = [item(number, number * 10) for number in range(1, 5)]
    request = await bank.settled(*others, own_item(5, 50), own_item(6, 60))
    await bank.advance_to(NEXT, 8)
    expected = [
        ("refunded", "name_mismatch") if place in unable else ("paid", None)
        for place in range(1, 7)
    ]
    assert await bank.states(request) == expected
    kept_yen = sum(place * 10 for place in range(1, 7) if place not in unable)
    assert await bank.balance(1) == OPENING_YEN - kept_yen - 4 * 330
    assert bank.counts() == [(1, 1)]


@pytest.mark.parametrize(
    "effect",
    [{"items": ["3"]}, {"every_nth": 3}, {"beneficiary": {"bank_code": "9998"}}],
    ids=str,
)
async def test_a_request_without_such_items_is_not_counted(bank, effect):
    await bank.rule(NAME, kind="partial_bulk", **effect)
    request = await bank.settled(item(1), item(2))
    assert await bank.states(request) == [("paid", None)] * 2
    assert bank.counts() == [(0, 0)]


async def test_items_are_counted_over_the_chunks(bank, monkeypatch):
    monkeypatch.setattr(settling, "CHUNK", 3)
    await bank.rule(NAME, kind="partial_bulk", every_nth=4)
    request = await bank.settled(*(item(number) for number in range(1, 9)))
    found = [place for place, (_, why) in enumerate(await bank.states(request), 1) if why]
    assert found == [4, 8]
    assert bank.counts() == [(1, 1)]


async def test_what_cannot_be_paid_anyway_keeps_its_reason_where_the_rule_is_about_others(bank):
    await bank.rule(NAME, kind="partial_bulk", items=["1"])
    request = await bank.settled(item(1), own_item(2, to=6))
    await bank.advance_to(NEXT, 8)
    assert await bank.states(request) == [
        ("refunded", "name_mismatch"),
        ("refunded", "account_closed"),
    ]


# Which requests, and how many


@pytest.mark.parametrize(
    ("match", "is_struck"),
    [
        ({"bank": "web21"}, True),
        ({"bank": "tomato"}, False),
        ({"contractor_id": "shoji"}, True),
        ({"contractor_id": "logi"}, False),
        ({"kind": "bulk"}, True),
        ({"kind": "payroll"}, False),
        ({"account_id": "0000000000001"}, True),
        ({"account_id": "0000000000002"}, False),
        ({"branch_code": "001"}, True),
        ({"branch_code": "002"}, False),
        ({"beneficiary_bank": "9999"}, True),
        ({"beneficiary_bank": "0009 9999"}, True),
        ({"beneficiary_bank": "0001"}, False),
        ({"amount_from_yen": 1_070, "amount_to_yen": 1_070}, True),
        ({"amount_from_yen": 1_071}, False),
        ({"amount_to_yen": 1_069}, False),
        ({"day_type": "business_day", "hour_phase": "early"}, True),
        ({"hour_phase": "counter"}, False),
        ({"method": "POST"}, False),  # no call is made here
    ],
    ids=str,
)
async def test_a_rule_strikes_what_it_matches(bank, match, is_struck):
    await bank.rule(NAME, match)
    request = await bank.settled(item(1), own_item(2, 70))
    assert (await bank.states(request))[0] == ("paid", "name_mismatch" if is_struck else None)
    assert bank.counts() == [(is_struck, is_struck)]


@pytest.mark.parametrize(
    ("counts", "struck"),
    [
        ({"times": 2}, [1, 2]),
        ({"skip": 1, "times": 1}, [2]),
        ({"every": 2}, [1, 3]),
        ({"probability": 0}, []),
        ({"window": Window.of({"from": "2026-11-20T08:00"})}, [1, 2, 3, 4]),
        ({"window": Window.of({"to": "2026-11-20T08:00"})}, []),
    ],
    ids=str,
)
async def test_so_many_requests_are_struck(bank, counts, struck):
    await bank.rule(NAME, **counts)
    requests = [await bank.send(item(number)) for number in range(1, 5)]
    await bank.advance_to(DAY, 8)
    found = [await bank.states(request) for request in requests]
    assert [n for n, states in enumerate(found, 1) if states[0][1]] == struck
    assert bank.counts() == await bank.kept_counts()
    assert bank.counts()[0][1] == len(struck)


async def test_the_same_requests_are_drawn_again(tmp_path):
    async def draws(name: str) -> list[bool]:
        (tmp_path / name).mkdir()
        async with struck_world(tmp_path / name) as bank:
            await bank.rule(NAME, probability=0.5)
            requests = [await bank.send(item(number)) for number in range(1, 13)]
            await bank.advance_to(DAY, 8)
            return [(await bank.states(each))[0][1] is not None for each in requests]

    first = await draws("first")
    assert await draws("second") == first
    assert set(first) == {True, False}


async def test_the_first_rule_decides(bank):
    await bank.rule(NAME)
    await bank.rule(LIMIT)
    request = await bank.settled(item(1))
    assert await bank.states(request) == [("paid", "name_mismatch")]
    assert bank.counts() == [(1, 1), (0, 0)]


async def test_what_was_decided_stays_when_the_rule_is_taken_away(bank):
    await bank.rule(NAME, delay="3d")
    request = await bank.settled(item(1))
    await bank.world.faults.clear()
    await bank.advance_to(LATER, 8)
    assert await bank.states(request) == [("refunded", "name_mismatch")]


async def test_a_crash_in_between_counts_once(tmp_path):
    """Wherever the process dies on the way, the request is decided about once."""
    for after in range(1, 6):
        (tmp_path / f"{after}").mkdir()
        async with struck_world(tmp_path / f"{after}") as bank:
            await bank.rule(NAME, times=1)
            request = await bank.send(item(1), own_item(2, 50))
            with dying(bank.world, after=after):
                try:
                    await bank.advance_to(DAY, 8)
                except Exception:
                    assert bank.counts() == await bank.kept_counts()
            await bank.advance_to(NEXT, 8)
            assert bank.counts() == await bank.kept_counts() == [(1, 1)]
            assert await bank.states(request) == [("refunded", "name_mismatch")] * 2


async def test_an_agenda_item_that_fails_takes_its_counts_back(bank, monkeypatch):
    await bank.rule(NAME, times=1)
    request = await bank.send(item(1))

    async def broken(*_args):
        raise RuntimeError("the books are shut")

    with monkeypatch.context() as patched:
        patched.setattr(settling, "_bill", broken)
        with pytest.raises(RuntimeError):
            await bank.advance_to(DAY, 8)
    assert bank.counts() == await bank.kept_counts() == [(0, 0)]
    await bank.advance_to(DAY, 8)
    assert await bank.states(request) == [("paid", "name_mismatch")]
