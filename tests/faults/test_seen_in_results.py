"""What becomes of accepted requests, as three clients read them before and after (F-36, F-38)."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from sandbox.domain.effect_result import DELAYED, FAILURES, ITEM_REASONS, RECALL_REFUSED
from sandbox.domain.transfer.window import Kind
from sandbox.services.transfers.approval import Submission
from tests.api.test_control_transfers import CHECKER, MAKER, registered
from tests.direct import Direct
from tests.faults.rows import Row
from tests.faults.seeing import CLIENTS, READ, Ask, Seen
from tests.faults.striking import Striker
from tests.support import bearer, run_sandbox
from tests.transfers.world import item

pytestmark = pytest.mark.asyncio(loop_scope="module")

# 取引状態 and 明細状態, as the bank writes them.
RESERVED, DONE, FAILED = "31", "40", "50"
WAITING, PAID, REFUNDED, RECALL_FAILED = "1", "2", "3", "6"
SETTLED, LATER = "3d22h", "4d"  # Friday 20th at 08:00; Tuesday 24th, as Monday is a holiday
SMALL_YEN, MOST_YEN = 5, 1_000
# What the bank calls each failure of a whole request.
CODES = {
    "transfer.failed.insufficient_funds": "insufficient_funds",
    "transfer.failed.over_limit": "credit_upper_limit_per_transaction",
    "transfer.failed.account_closed": "account_closed",
    "transfer.failed.account_restricted": "account_restricted",
}
Told = tuple[str, str | None, list[tuple[str, str | None]]]  # status, reason; of each item


@dataclass(frozen=True)
class Case:
    """``at_first``, ``at_last``: how the request reads. ``recalls``: its last item, in between."""

    row: Row
    at_first: Told
    at_last: Told
    recalls: bool = False


def failing(reason: str) -> Case:
    told = (FAILED, CODES[reason], [(WAITING, None)] * 2)
    return Case(Row(kind="reject_later", effect={"reason": reason, "delay": "0s"}), told, told)


def put_off(reason: str) -> Case:
    """At the bank's second attempt it fails."""
    at_first = (RESERVED, None, [(WAITING, None)] * 2)
    at_last = (FAILED, CODES[reason], [(WAITING, None)] * 2)
    return Case(Row(kind="reject_later", effect={"reason": reason}), at_first, at_last)


def unpaid(reason: str, places: tuple[int, ...], kind: str, **effect: Any) -> Case:
    """``places``: which of the two items comes back."""
    short = reason.rpartition(".")[2]

    def told(status: str) -> Told:
        items = [(status, short) if place in places else (PAID, None) for place in (1, 2)]
        return DONE, None, items

    row = Row(kind=kind, effect={"reason": reason, **effect})
    return Case(row, told(PAID), told(REFUNDED))


PLAIN = (DONE, None, [(PAID, None)] * 2)
NO_ACCOUNT = "transfer.refund.no_such_account"
CASES = [
    *(failing(reason) for reason in FAILURES),
    *(put_off(reason) for reason in FAILURES),
    *(unpaid(reason, (1, 2), "reject_later") for reason in ITEM_REASONS),
    *(unpaid(reason, (2,), "partial_bulk", items=["2"]) for reason in ITEM_REASONS),
    unpaid(NO_ACCOUNT, (2,), "partial_bulk", every_nth=2),
    unpaid(NO_ACCOUNT, (1, 2), "partial_bulk", every_nth=1, delay="3h"),
    unpaid(
        NO_ACCOUNT,
        (1,),
        "partial_bulk",
        beneficiary={"bank_code": "9999", "branch_code": "001", "account_number": "0000001"},
    ),
    Case(
        Row(kind="reject_later", effect={"reason": DELAYED, "delay": "2h"}),
        (DONE, None, [(WAITING, None)] * 2),
        PLAIN,
    ),
    Case(
        Row(kind="reject_later", effect={"reason": RECALL_REFUSED}),
        PLAIN,
        (DONE, None, [(PAID, None), (RECALL_FAILED, None)]),
        recalls=True,
    ),
]
ROWS = [case.row for case in CASES]


@dataclass
class Settled:
    """``first`` and ``last``: what each client saw of each case at either moment."""

    striker: Striker
    references: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    first: list[dict[str, Seen]] = field(default_factory=list)
    last: list[dict[str, Seen]] = field(default_factory=list)
    events: list[dict] = field(default_factory=list)

    async def send(self, yen: int, case: Case | None) -> None:
        """Send a request of two items under a rule of its own: nobody else pays as much."""
        if case is not None:
            asked_yen = SMALL_YEN if case.recalls else yen  # of the item; of the request
            match = {"amount_from_yen": asked_yen, "amount_to_yen": asked_yen}
            rule = {"match": match, "ttl": "0s"}
            fault = await self.striker.add(case.row.kind, rule, **case.row.effect)
            self.faults.append(fault)
        running = self.striker.running
        items = item(1, yen - SMALL_YEN), item(2, SMALL_YEN)
        self.references.append(await registered(running, *items))
        approval = running.sandbox.bank("web21").transfers.approval
        await approval.submit(CHECKER, Kind.BULK, self.references[-1], Submission())

    async def look(self, by: str) -> list[dict[str, Seen]]:
        """Go on, and let each client read each request."""
        self.events += (await self.striker.running.advance(by))["events"]
        direct = Direct(self.striker.running)
        token = (await direct.log_in("shoji_maker", "web21.ref web21.upd"))["access_token"]
        query = f"client_id={direct.client_id}&contractor_id={direct.contractor_id}"
        urls = [f"{direct.base}/bulk_transfers/{each}?{query}" for each in self.references]
        asked = [Ask(url=url, headers=bearer(token)) for url in urls]
        return [{name: await call(ask) for name, call in CLIENTS.items()} for ask in asked]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def settled(tmp_path_factory, template):
    async with run_sandbox(tmp_path_factory.mktemp("results"), template=template) as running:
        found = Settled(Striker(running))
        for number, case in enumerate([*CASES, None]):
            await found.send(MOST_YEN - number, case)
        found.first = await found.look(SETTLED)
        afterwards = running.sandbox.bank("web21").transfers.afterwards
        for case, reference in zip(CASES, found.references, strict=False):
            if case.recalls:
                await afterwards.ask_recall(MAKER, Kind.BULK, reference, "2")
        found.last = await found.look(LATER)
        yield found


def told(seen: Seen) -> Told:
    assert (seen.outcome, seen.reading) == ("200", READ), seen
    rows = seen.json["fixed_request_data"]["transactions"]
    items = [(row["item_status"], row.get("unable_reason")) for row in rows]
    return seen.json["transaction_status"], seen.json.get("reason"), items


async def test_each_client_reads_what_became_of_each_request(settled):
    """One test: the requests are settled together, which takes the longest."""
    wrong = []
    for number, case in enumerate(CASES):
        for client in CLIENTS:
            seen = told(settled.first[number][client]), told(settled.last[number][client])
            if seen != (case.at_first, case.at_last):
                wrong.append((case.row.name, client, seen))
    assert wrong == []


async def test_each_rule_decides_about_its_own_request_once_and_the_events_name_it(settled):
    named = {event.get("fault") for event in settled.events}
    for case, fault in zip(CASES, settled.faults, strict=True):
        shown = await settled.striker.show(fault)
        assert (shown["seen"], shown["struck"]) == (1, 1), case.row.name
        assert fault in named or case.recalls, case.row.name


async def test_a_request_that_no_rule_is_about_is_paid(settled):
    for client in CLIENTS:
        assert told(settled.first[-1][client]) == told(settled.last[-1][client]) == PLAIN
