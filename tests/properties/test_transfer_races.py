"""One transfer request under many hands at once (W-12, W-59): exactly one act counts.

Each seed is one interleaving: who comes when, and at which statements the database lets others go
first. Whoever was told yes must stand in the history, nobody else may, and in the end the money
has moved once.
"""

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import date, time
from pathlib import Path

import pytest

from sandbox.domain.errors import IllegalTransition
from sandbox.domain.time import MINUTE, at, jst_date
from sandbox.domain.transfer.approval import NotDesignatedApprover
from sandbox.domain.transfer.request import Outcome, TransferRequest
from sandbox.domain.transfer.status import TRANSITIONS, Event, Status
from sandbox.domain.transfer.window import Kind
from sandbox.services.clock import ClockService
from sandbox.services.transfers.approval import CANCEL
from sandbox.storage.sqlite import OnLoop, Writer
from tests.properties.pace import FACTOR
from tests.transfers.world import (
    CHECKER,
    LIMITED,
    MAKER,
    OPENING_YEN,
    SECOND,
    Small,
    draft,
    own_item,
    small_world,
)

INTERLEAVINGS = 1_000 * FACTOR
RUN = 10 * MINUTE  # from one acceptance run to the next
DOUBLE = {"approval_pattern_type": "double_approval"}
Act = Callable[[Small, TransferRequest], Awaitable[object]]


async def approve(small, request):
    return await small.approve(request, CHECKER)


async def approve_second(small, request):
    return await small.approve(request, SECOND)


async def approve_limited(small, request):
    return await small.approve(request, LIMITED)


async def cancel(small, request):
    return await small.approve(request, CHECKER, cancel_type=CANCEL)


async def cancel_second(small, request):
    return await small.approve(request, SECOND, cancel_type=CANCEL)


async def pull_back(small, request):
    return await small.transfers.retreat.pull_back(MAKER, request.kind, request.reference)


async def return_(small, request):
    return await small.transfers.retreat.return_(SECOND, request.kind, request.reference)


async def delete(small, request):
    return await small.transfers.retreat.delete(MAKER, request.kind, request.reference)


async def send_again(small, request):
    """Send other contents in under the same id: 2 yen instead of 1."""
    return await small.register(on_day(request.designated_on, 2), replaces=request.reference)


async def acceptance_run(small, _request):
    await ClockService(small.world).advance(lambda now: now - now % RUN + RUN)


async def cut_off(small, request):
    await ClockService(small.world).advance(lambda now: max(now, request.cut_off_at))


# What the clock does is refused to nobody: it shows in the history alone.
CLOCK = {
    acceptance_run: {Event.RESERVE, Event.SETTLE},
    cut_off: {Event.PASS_CUT_OFF},
}
EVENTS = {
    approve: {Event.APPROVE, Event.APPROVE_FIRST},
    approve_second: {Event.APPROVE, Event.APPROVE_FIRST},
    approve_limited: {Event.APPROVE, Event.APPROVE_FIRST},
    cancel: {Event.CANCEL_APPROVAL},
    cancel_second: {Event.CANCEL_APPROVAL},
    pull_back: {Event.PULL_BACK},
    return_: {Event.RETURN},
    delete: {Event.DELETE},
    send_again: {Event.REGISTER, Event.REGISTER_DOUBLE},
    **CLOCK,
}


@dataclass(frozen=True, kw_only=True)
class Race:
    """``before``: what has happened to the request already. ``ends``: in what it may end.

    ``together``: how many acts count in all; ``is_saved``: it has warnings nobody accepted.
    """

    acts: tuple[Act, ...]
    ends: set[str]
    before: tuple[Act, ...] = ()
    together: set[int] = field(default_factory=lambda: {1})
    kind: Kind = Kind.BULK
    days: int = 4  # business days from today to the designated day
    how: dict[str, str] = field(default_factory=dict)
    is_saved: bool = False


RACES = {
    "two approve": Race(acts=(approve, approve_second), ends={"accepted"}),
    "one approves twice": Race(acts=(approve, approve), ends={"accepted"}),
    "one gives both signatures": Race(
        acts=(approve, approve), ends={"awaiting_final_approval"}, how=DOUBLE
    ),
    "both signatures at once": Race(
        acts=(approve, approve_second), ends={"accepted"}, how=DOUBLE, together={2}
    ),
    "two give the last signature": Race(
        before=(approve,), acts=(approve_second, approve_limited), ends={"accepted"}, how=DOUBLE
    ),
    "approval and pull-back": Race(acts=(approve, pull_back), ends={"accepted", "pulled_back"}),
    "last signature and pull-back": Race(
        before=(approve,),
        acts=(approve_second, pull_back),
        ends={"accepted", "pulled_back"},
        how=DOUBLE,
    ),
    "approval and return": Race(acts=(approve, return_), ends={"accepted", "returned"}),
    "return and pull-back": Race(acts=(return_, pull_back), ends={"returned", "pulled_back"}),
    "approval and cut-off": Race(
        acts=(approve, cut_off),
        ends={"accepted", "reserved", "expired"},
        together={1, 2},  # approved, and then reserved on the way to the cut-off
    ),
    "pull-back and cut-off": Race(acts=(pull_back, cut_off), ends={"pulled_back", "expired"}),
    "two cancel": Race(
        before=(approve,), acts=(cancel, cancel_second), ends={"approval_cancelled"}
    ),
    "cancel and acceptance run": Race(
        before=(approve,),
        acts=(cancel, acceptance_run),
        ends={"approval_cancelled"},
        together={1, 2},  # reserved, and then taken back
    ),
    "cancel and settlement": Race(
        before=(approve,),
        acts=(cancel, acceptance_run),
        ends={"approval_cancelled", "settled"},
        kind=Kind.TRANSFER,
        days=0,
    ),
    "cancel and cut-off": Race(
        before=(approve, acceptance_run),
        acts=(cancel, cut_off),
        ends={"approval_cancelled", "reserved"},
        together={0, 1},
    ),
    "two send it again": Race(
        acts=(send_again, send_again), ends={"awaiting_approval"}, is_saved=True
    ),
    "sent again and deleted": Race(
        before=(pull_back,), acts=(send_again, delete), ends={"awaiting_approval", "deleted"}
    ),
}
HESITATION = 0.2
ASKED = "0100000000"  # whether two items are alike


def on_day(day: date, yen: int, **how):
    return draft(own_item(1, yen), on=f"{day:%m-%d}", **how)


async def begin(small: Small, race: Race) -> TransferRequest:
    """Register the request that the race is about, and bring it to the start."""
    await into_the_morning(small)
    day = small.world.calendar.add_business_days(jst_date(small.now), race.days)
    what = on_day(day, 1, kind=race.kind, **race.how)
    if race.is_saved:  # two equal items are worth a look
        what = replace(what, items=(own_item(1, 1), own_item(2, 1)))
    request = (await small.register(what, check=ASKED)).request
    assert (request.status == "saved") is race.is_saved
    for act in race.before:
        await act(small, request)
    return await soon_cut_off(small, request) if cut_off in race.acts else request


async def into_the_morning(small: Small) -> None:
    """Go on to the next business day once this one is nearly over."""
    today = jst_date(small.now)
    if small.now >= at(today, time(14, 30)):
        following = small.world.calendar.add_business_days(today, 1)
        await ClockService(small.world).advance(lambda _now: at(following, time(10)))


async def soon_cut_off(small: Small, request: TransferRequest) -> TransferRequest:
    """Let the cut-off be in a minute: a day for each interleaving would be years."""
    cut_off_at = small.now + MINUTE
    number = f"{request.request:012}"
    await small.run_sql(
        "UPDATE transfer_request SET cut_off_at = $1 WHERE request = $2",
        cut_off_at,
        request.request,
    )
    await small.run_sql(
        "UPDATE agenda SET due_at = $1 WHERE kind = 'transfer_cut_off' AND subject = $2",
        cut_off_at,
        number,
    )
    return (await small.detail(request)).request


async def run(small: Small, race: Race, dice: random.Random) -> Status:
    """Let everybody act at once and check that answers, history and status agree."""
    request = await begin(small, race)
    prior = len((await small.detail(request)).acts)
    acts = [*race.acts, *dice.choices(race.acts, k=dice.randrange(3))]
    outcomes = await asyncio.gather(*(_one(act, small, request, dice) for act in acts))
    detail = await small.detail(request)
    happened = [Event(act.event) for act in detail.acts[prior:]]
    told = [act for act, is_told in zip(acts, outcomes, strict=True) if is_told]
    assert len(happened) in race.together, happened
    assert detail.request.status in race.ends, detail.request.status
    _check_told(told, happened)
    _check_history(detail)
    return detail.request.status


async def _one(act: Act, small: Small, request: TransferRequest, dice: random.Random) -> bool:
    for _ in range(dice.randrange(4)):
        await asyncio.sleep(0)
    if dice.random() < 0.2:
        await asyncio.sleep(dice.random() / 2_000)
    try:
        outcome = await act(small, request)
    except (IllegalTransition, NotDesignatedApprover):
        return False
    assert not isinstance(outcome, Outcome) or outcome.result == "fixed"
    return act not in CLOCK


def _check_told(told: list[Act], happened: list[Event]) -> None:
    """As many yeses as acts in the history, and each for an act that is there."""
    by_clock = set().union(*CLOCK.values())
    by_users = [event for event in happened if event not in by_clock]
    assert len(told) == len(by_users)
    for act in told:
        assert EVENTS[act] & set(by_users), act


def _check_history(detail) -> None:
    status = None
    for act in detail.acts:
        status = TRANSITIONS[status, Event(act.event)]
        assert status is act.status
    assert status is detail.request.status
    signed = [act.user_code for act in detail.acts if act.event.startswith("approve")]
    if detail.request.approved_by:
        assert sorted(detail.request.approved_by) == sorted(signed)
        assert len(set(signed)) == len(signed)


async def settle_all(small: Small) -> None:
    """Let what was approved be paid, and hold the money to the requests."""
    day = small.world.calendar.add_business_days(jst_date(small.now), 6)
    await small.advance_to(day, 18)
    row = await small.world.database.fetchrow(
        "SELECT COUNT(*), COALESCE(SUM(total_yen), 0) FROM transfer_request "
        "WHERE status = 'settled'"
    )
    left = await small.world.database.fetchrow(
        "SELECT COUNT(*) FROM transfer_request WHERE status IN ('accepted', 'reserved')"
    )
    debits = await small.world.database.fetchrow(
        "SELECT COUNT(*) FROM posting WHERE kind = 'transfer_debit'"
    )
    assert (left[0], debits[0]) == (0, row[0])
    contract_fees = await small.gl("fee_income") + await small.gl("consumption_tax")
    assert await small.balance(1) == OPENING_YEN - row[1] - contract_fees
    assert await small.balance(5) == OPENING_YEN + row[1]


@pytest.fixture
def hesitation(monkeypatch):
    """Let each statement take a while, now and then, as those of a database elsewhere do."""
    dice = random.Random(0)

    def hesitating(statement):
        async def run(*args):
            if dice.random() < HESITATION:
                await asyncio.sleep(0)
            return await statement(*args)

        return run

    for holder, name in ((OnLoop, "fetch"), (OnLoop, "fetchrow"), (Writer, "execute")):
        monkeypatch.setattr(holder, name, hesitating(getattr(holder, name)))
    return dice


@pytest.mark.requirement("W-12", "W-59")
@pytest.mark.parametrize("name", RACES)
def test_exactly_one_wins_and_no_yen_is_harmed(name, hesitation):
    race = RACES[name]

    async def interleavings() -> Counter[Status]:
        async with AsyncExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            small = await stack.enter_async_context(small_world(directory))
            ended: Counter[Status] = Counter()
            for seed in range(INTERLEAVINGS):
                hesitation.seed(f"{name} {seed}")
                try:
                    ended[await run(small, race, hesitation)] += 1
                except AssertionError as error:
                    raise AssertionError(f"{name}, seed {seed}: {error}") from error
            await settle_all(small)
            return ended

    ended = asyncio.run(interleavings())
    assert {status.value for status in ended} == race.ends  # each way was gone
