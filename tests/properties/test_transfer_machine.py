"""Transfers beside an auditor who knows the rules, but nothing of how the books are kept.

Whatever users, bank and clock do, and wherever the process dies: no yen is lost, each request is
debited at most once, and each account holds what its requests and items say.
"""

import asyncio
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sandbox.domain.errors import AccountRestricted, IllegalTransition
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import DAY, jst_date
from sandbox.domain.transfer.approval import NotDesignatedApprover
from sandbox.domain.transfer.finding import DraftRefused
from sandbox.domain.transfer.request import TransactionNotFound, TransferRequest
from sandbox.domain.transfer.status import (
    APPROVED,
    AWAITING,
    TRANSITIONS,
    Event,
    Status,
)
from sandbox.domain.transfer.window import Kind
from sandbox.services.clock import ClockService
from sandbox.services.transfers import settling
from sandbox.services.transfers.desk import make_transfers
from sandbox.storage import accounts, ledger, transfers
from tests.properties.pace import machine
from tests.properties.transfer_auditor import Auditor, Fees, arrived_at
from tests.properties.transfer_draws import (
    ANSWERS,
    APPROVERS,
    FEE,
    ITEMS,
    KINDS,
    PLACE,
    REASONS,
    RETREATS,
    SCRIPTED,
    STATES,
    STEPS,
    item_of,
)
from tests.transfers.world import (
    BANK,
    BANK_CODE,
    CHECKER,
    FUNDED,
    MAKER,
    NAME,
    OPENING_YEN,
    SECOND,
    Died,
    Small,
    draft,
    dying,
    template,
    worlds_in,
)

REFUSED = (IllegalTransition, NotDesignatedApprover)


class TransferMachine(RuleBasedStateMachine):
    policy = BankPolicy()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.directory = Path(tempfile.mkdtemp())
        (self.directory / f"{NAME}.db").write_bytes(template())
        self.moved = Counter()  # by account: what the test itself paid in or took out
        self.references: list[tuple[Kind, str]] = []
        self.auditor = Auditor(beneficiary_pays=self.policy.beneficiary_pays)
        self.is_linked = True
        self.open()

    def open(self) -> None:
        self.worlds = worlds_in(self.directory, self.policy)
        world = self.run(self.worlds.open(NAME))
        self.small = Small(self.worlds, world, make_transfers(world, BANK, BANK_CODE))

    def run(self, work):
        return self.runner.run(work)

    def teardown(self) -> None:
        self.run(self.worlds.close())
        self.runner.close()
        shutil.rmtree(self.directory)

    @initialize(many=st.lists(st.tuples(ITEMS, KINDS, st.integers(0, 8)), min_size=2, max_size=4))
    def begin(self, many):
        for items, kind, days in many:
            self.go_all_the_way(items, kind, days)

    # What users do

    @rule(items=ITEMS, kind=KINDS, days=st.integers(0, 12))
    def register(self, items, kind, days):
        self._register(items, kind, days, replaces=None)

    @rule(items=ITEMS, days=st.integers(0, 12), place=PLACE)
    def register_again(self, items, days, place):
        request = self._some(place)
        if request is not None:
            self._register(items, request.kind, days, replaces=request)

    @rule(place=PLACE, caller=APPROVERS)
    def approve(self, place, caller):
        request = self._some(place)
        if request is None:
            return
        is_open = request.status in AWAITING and self.small.now < request.cut_off_at
        twice = caller.user_code in request.approved_by
        if is_open and not twice:
            outcome = self.run(self.small.approve(request, caller))
            before, after = request.status, outcome.request.status
            assert after in {status for (b, _), status in TRANSITIONS.items() if b is before}
        else:
            with pytest.raises(REFUSED):
                self.run(self.small.approve(request, caller))

    @rule(items=ITEMS, kind=KINDS, days=st.integers(1, 8))
    def go_all_the_way(self, items, kind, days):
        """Register and approve: chance alone rarely brings a request as far as that."""
        before = len(self.references)
        self._register(items, kind, days, replaces=None)
        if len(self.references) > before:
            for caller in (CHECKER, SECOND):
                if self._some(before).status in AWAITING:
                    self.approve(before, caller)

    @rule(place=PLACE, act=RETREATS)
    def retreat(self, place, act):
        request = self._some(place)
        if request is None:
            return
        if act == "cancel":
            if request.status not in AWAITING:
                self._cancel(request)
            return
        event = Event(act.rstrip("_"))
        caller = CHECKER if event is Event.RETURN else MAKER
        after = TRANSITIONS.get((request.status, event))
        is_late = event is not Event.DELETE and self.small.now >= request.cut_off_at
        work = getattr(self.small.transfers.retreat, act)
        if after is None or is_late:
            with pytest.raises(IllegalTransition):
                self.run(work(caller, request.kind, request.reference))
        else:
            changed = self.run(work(caller, request.kind, request.reference))
            assert changed.status is after

    @rule(place=PLACE, item_id=st.integers(1, 3))
    def recall(self, place, item_id):
        self._try(lambda s, r: s.ask_recall(MAKER, r.kind, r.reference, str(item_id)), place)

    # What the bank does

    @rule(place=PLACE, item_id=st.integers(1, 3))
    def report_unable(self, place, item_id):
        self._try(lambda s, r: s.report_unable(r.reference, str(item_id), "name_differs"), place)

    @rule(place=PLACE, item_id=st.integers(1, 3), agreed=st.booleans())
    def answer_recall(self, place, item_id, agreed):
        self._try(lambda s, r: s.answer_recall(r.reference, str(item_id), agreed=agreed), place)

    @rule(days=st.integers(-3, 40), other=FEE, own=FEE, contract=st.integers(1, 5_000))
    def change_fees(self, days, other, own, contract):
        day = jst_date(self.small.now + days * DAY)
        self.run(self.auditor.change_fees(self.small, Fees(day, other, own, contract)))

    @rule(days=st.integers(-3, 40), percent=st.integers(0, 25))
    def change_tax(self, days, percent):
        day = jst_date(self.small.now + days * DAY)
        self.run(self.auditor.change_tax(self.small, day, percent))

    @rule(days=st.integers(2, 5))
    def let_fees_outgrow_an_item(self, days):
        """Ordered while it can bear its fee; when it is paid it no longer may (先方負担)."""
        self.change_fees(0, 100, 0, 2_000)
        self.go_all_the_way([("other", 300), ("own", 300), ("other", 900)], Kind.BULK, days)
        self.change_fees(0, 500, 400, 2_000)
        self.let_time_pass(11 * DAY)

    @rule(payee=st.sampled_from(list(SCRIPTED)), reason=REASONS, answer=ANSWERS)
    def script(self, payee, reason, answer):
        """Say what becomes of payments to an account from now on."""
        act = self.small.transfers.afterwards.script
        self.run(act(*SCRIPTED[payee], unable_reason=reason, recall_answer=answer))

    @precondition(lambda self: self.is_linked and len(self.references) > 5)
    @rule()
    def unlink_the_child(self):
        self.run(self.small.run_sql("DELETE FROM contract_link"))
        self.is_linked = False

    @rule(account=st.sampled_from([1, 5]), state=STATES)
    def set_state(self, account, state):
        async def change():
            async with self.small.world.database.transaction() as db:
                await accounts.set_state(db, account, state)

        self.run(change())

    @rule(account=st.sampled_from([1, 5]), share=st.integers(-2, 4))
    def move_money(self, account, share):
        """Take out up to all that is there, or pay in as much as the account began with."""
        yen = self.run(self.small.balance(account)) * share // 4 if share > 0 else -OPENING_YEN
        if yen:
            self.run(self.small.post(account, -yen))
            self.moved[account] -= yen

    # Time, and the end of the process

    @rule(step=STEPS)
    def let_time_pass(self, step):
        self.run(ClockService(self.small.world).advance(lambda now: now + step))

    @rule(step=STEPS, writes=st.integers(0, 12))
    def die_on_the_way(self, step, writes):
        """The files are as the process left them, its log unfinished."""
        with dying(self.small.world, after=writes):
            try:
                self.run(ClockService(self.small.world).advance(lambda now: now + step))
            except Died:
                self._kill()
                return
        self._kill()

    @rule(place=PLACE, item_id=st.integers(1, 3))
    def restart_between(self, place, item_id):
        """What was asked before the restart is known after it."""
        self.recall(place, item_id)
        self.run(self.worlds.close())
        self.open()

    # What always holds

    @invariant()
    def the_books_add_up(self):
        database = self.small.world.database
        assert self.run(ledger.list_unbalanced(database)) == []
        assert self.run(ledger.list_astray(database)) == []

    @invariant()
    def the_remitter_has_paid_what_was_settled_less_what_came_back(self):
        self.run(self.auditor.audit(self.small))
        debited = sum(self.auditor.settled.values())
        (fees,) = self._row(
            "SELECT COALESCE(SUM(l.amount_yen), 0) FROM line l JOIN posting p "
            "ON p.posting_id = l.posting_id WHERE p.kind = 'contract_fee' AND l.account = 1"
        )
        back = self._items("i.status IN ('refunded', 'recalled')")
        to_itself = self._items(arrived_at("001", "1000001"))
        expected = OPENING_YEN + self.moved[1] - debited + back + to_itself + fees
        assert self.run(self.small.balance(1)) == expected

    @invariant()
    def the_beneficiary_has_what_arrived(self):
        arrived = self._items(arrived_at("002", "2000001"))
        assert self.run(self.small.balance(5)) == OPENING_YEN + self.moved[5] + arrived

    @invariant()
    def what_is_under_way_is_where_it_should_be(self):
        own = f"i.bank_code = '{BANK_CODE}'"
        waiting = self._items(f"{own} AND i.status = 'waiting'")
        assert self.run(self.small.gl("transfer_clearing")) == waiting
        away = self._items(f"NOT {own} AND i.status NOT IN ('refunded', 'recalled')")
        assert self.run(self.small.gl("interbank")) == away

    @invariant()
    def a_child_pays_nothing_while_its_parent_does(self):
        if self.is_linked:
            assert self.run(self.small.balance(4)) == OPENING_YEN

    @invariant()
    def nothing_is_left_half_settled(self):
        (unpaid,) = self._row(
            "SELECT COUNT(*) FROM transfer_item i JOIN transfer_request r ON r.request = i.request "
            "WHERE r.status = 'settled' AND i.paid_yen IS NULL"
        )
        assert unpaid == 0

    @invariant()
    def nobody_but_the_test_makes_money(self):
        (balances,) = self._row("SELECT SUM(balance_yen) FROM account")
        (bank,) = self._row("SELECT SUM(amount_yen) FROM contra WHERE gl_code <> 'cash'")
        assert balances + (bank or 0) == OPENING_YEN * len(FUNDED) + sum(self.moved.values())

    @invariant()
    def every_history_goes_by_the_table(self):
        for number in range(1, len(self.references) + 1):
            status = None
            for act in self.run(transfers.list_acts(self.small.world.database, number)):
                status = TRANSITIONS[status, Event(act.event)]
                assert status is act.status

    # Helpers

    def _cancel(self, request):
        if request.status in APPROVED and self.small.now < request.cut_off_at:
            outcome = self.run(self.small.approve(request, cancel_type="approval_cancel"))
            assert outcome.request.status is Status.APPROVAL_CANCELLED
        else:
            with pytest.raises(IllegalTransition):
                self.run(self.small.approve(request, cancel_type="approval_cancel"))

    def _register(self, items, kind, days, *, replaces: TransferRequest | None) -> None:
        day = self.small.world.calendar.add_business_days(jst_date(self.small.now), days)
        made = [item_of(n, payee, yen) for n, (payee, yen) in enumerate(items, start=1)]
        pattern = "double_approval" if days % 3 == 0 else ""
        what = draft(*made, kind=kind, on=f"{day:%m-%d}", approval_pattern_type=pattern)
        reference = "" if replaces is None else replaces.reference
        before = None if replaces is None else replaces.status
        try:
            outcome = self.run(self.small.register(what, replaces=reference))
        except (DraftRefused, AccountRestricted):
            return
        except IllegalTransition:
            assert (before, Event.REGISTER) not in TRANSITIONS
            return
        assert (before, Event.REGISTER) in TRANSITIONS
        self.auditor.registered(outcome.request.reference, what)
        if replaces is None:
            self.references.append((kind, outcome.request.reference))

    def _some(self, place: int) -> TransferRequest | None:
        """Return one of the requests as it stands."""
        if not self.references:
            return None
        kind, reference = self.references[place % len(self.references)]
        inquiry = self.small.transfers.inquiry
        return self.run(inquiry.detail(MAKER, kind, reference)).request

    def _try(self, act, place: int) -> None:
        """Do something that may be refused, since the auditor keeps no book of items."""
        request = self._some(place)
        if request is None:
            return
        try:
            self.run(act(self.small.transfers.afterwards, request))
        except (IllegalTransition, TransactionNotFound):
            return

    def _kill(self) -> None:
        """Go on with a copy of the files as they are; what the old process knew is lost."""
        after = Path(tempfile.mkdtemp())
        for name in (f"{NAME}.db", f"{NAME}.db-wal"):
            if (self.directory / name).exists():
                shutil.copy(self.directory / name, after / name)
        self.run(self.worlds.close())
        shutil.rmtree(self.directory)
        self.directory = after
        self.open()

    def _row(self, sql: str):
        return self.run(self.small.world.database.fetchrow(sql))

    def _items(self, where: str) -> int:
        """Return the yen paid by the items of settled requests that fit."""
        (yen,) = self._row(
            "SELECT COALESCE(SUM(i.paid_yen), 0) FROM transfer_item i "
            "JOIN transfer_request r ON r.request = i.request "
            f"WHERE r.status = 'settled' AND {where}"
        )
        return yen


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """A handful of items is many chunks here."""
    monkeypatch.setattr(settling, "CHUNK", 2)
    monkeypatch.setattr("sandbox.services.transfers.afterwards.CHUNK", 2)


class BeneficiaryPaysMachine(TransferMachine):
    """先方負担: the fee comes off the amount, and may eat it up."""

    policy = BankPolicy(beneficiary_pays=True)


@pytest.mark.requirement("W-18", "W-21", "W-22", "W-59")
@pytest.mark.parametrize("kind", [TransferMachine, BeneficiaryPaysMachine])
def test_no_yen_is_lost_whatever_happens(kind):
    run_state_machine_as_test(kind, settings=machine(12))
