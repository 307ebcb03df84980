"""The auditor of transfers: what each request costs and what each month costs, reckoned apart.

It knows what was sent in, the fees and taxes that the bank was told, and which requests have been
settled; of the bank's own tables it reads only what was booked.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from sandbox.domain.time import jst_date
from sandbox.domain.transfer.draft import Draft
from sandbox.domain.transfer.fee import FeeBand, FeeSchedule, TaxRate
from tests.transfers.world import BANK_CODE, Small

CONTRACTS = 2  # shoji and logi
FIRST_DAY = date(1970, 1, 1)
FIRST_MONTH = date(2026, 12, 1)  # November's fee day was before the world began
# Items whose money has gone to where it was to go, and stayed there
ARRIVED = ("paid", "recall_in_process", "recall_failed")


def arrived_at(branch: str, number: str) -> str:
    """Return the condition of items that have arrived at an account of the bank itself."""
    statuses = ", ".join(f"'{status}'" for status in ARRIVED)
    return (
        f"i.bank_code = '{BANK_CODE}' AND i.branch_code = '{branch}' "
        f"AND i.account_number = '{number}' AND i.status IN ({statuses})"
    )


@dataclass(frozen=True)
class Fees:
    """What the bank charges from a day on. Yen; contract: a month, without tax."""

    on: date
    other_yen: int
    own_yen: int
    contract_yen: int


@dataclass
class Auditor:
    """``sent``: the items of each request as (is the own bank's, yen); ``settled``: its debit."""

    beneficiary_pays: bool
    sent: dict[str, list[tuple[bool, int]]] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)
    schedules: dict[date, Fees] = field(
        default_factory=lambda: {FIRST_DAY: Fees(FIRST_DAY, 330, 0, 2_000)}
    )
    taxes: dict[date, int] = field(default_factory=lambda: {FIRST_DAY: 10})
    contract_postings: dict[int, tuple[int, int]] = field(default_factory=dict)

    async def change_fees(self, small: Small, fees: Fees) -> None:
        """Tell the bank and the auditor the same."""
        self.schedules[fees.on] = fees
        band = FeeBand(from_yen=1, own_bank_yen=fees.own_yen, other_bank_yen=fees.other_yen)
        schedule = FeeSchedule(effective_on=fees.on, bands=(band,), contract_yen=fees.contract_yen)
        await small.transfers.charges.set_schedule(schedule)

    async def change_tax(self, small: Small, day: date, percent: int) -> None:
        self.taxes[day] = percent
        await small.transfers.charges.set_tax_rate(TaxRate(effective_on=day, percent=percent))

    def registered(self, reference: str, what: Draft) -> None:
        assert reference not in self.settled
        self.sent[reference] = [
            (item.beneficiary_bank_code == BANK_CODE, item.transfer_amount) for item in what.items
        ]

    def fees_on(self, day: date) -> Fees:
        return self.schedules[max(on for on in self.schedules if on <= day)]

    def cost(self, reference: str, day: date) -> tuple[int, int]:
        """Return (yen to debit, fees in it or taken off) of a request of that day."""
        fees = self.fees_on(day)
        charged = [
            (fees.own_yen if is_own else fees.other_yen, yen)
            for is_own, yen in self.sent[reference]
        ]
        if self.beneficiary_pays:  # what the fee would eat up is not charged: it comes back whole
            fees_yen = sum(fee for fee, yen in charged if yen > fee)
            return sum(yen for _, yen in charged), fees_yen
        fees_yen = sum(fee for fee, _ in charged)
        return sum(yen for _, yen in charged) + fees_yen, fees_yen

    async def audit(self, small: Small) -> None:
        await self._see_settled(small)
        await self._check_debits(small)
        await self._check_once(small, "transfer_refund", "refunded")
        await self._check_once(small, "transfer_recall", "recalled")
        await self._check_contract_fees(small)

    async def _see_settled(self, small: Small) -> None:
        """Reckon what has been settled since the last look by the fees of now."""
        rows = await small.world.database.fetch(
            "SELECT transaction_no, designated_on, total_yen, fees_yen, beneficiary_pays "
            "FROM transfer_request WHERE status = 'settled'"
        )
        found = {f"{row[0]:015}": row for row in rows}
        for reference in found.keys() - self.settled.keys():
            _, on, total_yen, fees_yen, beneficiary_pays = found[reference]
            assert bool(beneficiary_pays) is self.beneficiary_pays
            debit_yen, expected_fees = self.cost(reference, date.fromisoformat(on))
            assert fees_yen == expected_fees
            assert total_yen == sum(yen for _, yen in self.sent[reference])
            self.settled[reference] = debit_yen
        assert found.keys() == self.settled.keys()

    async def _check_debits(self, small: Small) -> None:
        """Each settled request is one debit, of exactly its items and fees."""
        rows = await small.world.database.fetch(
            "SELECT SUM(l.amount_yen) FROM line l JOIN posting p ON p.posting_id = l.posting_id "
            "WHERE p.kind = 'transfer_debit' AND l.account = 1 GROUP BY p.posting_id"
        )
        assert Counter(-row[0] for row in rows) == Counter(self.settled.values())

    async def _check_once(self, small: Small, kind: str, status: str) -> None:
        """As many lines and yen came back as there are items that did: none twice."""
        came = await small.world.database.fetchrow(
            "SELECT COUNT(*), COALESCE(SUM(l.amount_yen), 0) FROM line l "
            "JOIN posting p ON p.posting_id = l.posting_id "
            "WHERE p.kind = $1 AND l.account = 1 AND l.amount_yen > 0",
            kind,
        )
        items = await small.world.database.fetchrow(
            "SELECT COUNT(*), COALESCE(SUM(paid_yen), 0) FROM transfer_item WHERE status = $1",
            status,
        )
        assert came == items

    async def _check_contract_fees(self, small: Small) -> None:
        """Each contract pays each month once, or still has to: by a fee and a tax of its time."""
        database = small.world.database
        rows = await database.fetch(
            "SELECT p.posting_id, "
            "SUM(CASE l.content WHEN '契約料' THEN -l.amount_yen ELSE 0 END), "
            "SUM(CASE l.content WHEN '消費税' THEN -l.amount_yen ELSE 0 END) "
            "FROM line l JOIN posting p ON p.posting_id = l.posting_id "
            "WHERE p.kind = 'contract_fee' GROUP BY p.posting_id"
        )
        days = await self._fee_days_passed(small)
        possible = {self.contract_fee(day) for day in days}
        for posting, fee_yen, tax_yen in rows:
            if posting not in self.contract_postings:
                assert (fee_yen, tax_yen) in possible
                self.contract_postings[posting] = (fee_yen, tax_yen)
        assert self.contract_postings == {row[0]: (row[1], row[2]) for row in rows}
        (waiting,) = await database.fetchrow(
            "SELECT COUNT(*) FROM agenda WHERE kind = 'contract_fee'"
        )
        assert len(rows) + waiting == CONTRACTS * len(days)

    def contract_fee(self, day: date) -> tuple[int, int]:
        """Return (fee, tax) of a month by its fee day."""
        fee_yen = self.fees_on(day).contract_yen
        percent = self.taxes[max(on for on in self.taxes if on <= day)]
        return fee_yen, fee_yen * percent // 100

    async def _fee_days_passed(self, small: Small) -> list[date]:
        """Return the fee days from December 2026 on that the bank has begun to work off."""
        (next_at,) = await small.world.database.fetchrow(
            "SELECT due_at FROM agenda WHERE kind = 'fee_day'"
        )
        days, calendar = [], small.world.calendar
        month = FIRST_MONTH
        while True:
            day = month.replace(day=10)
            while not calendar.is_business_day(day):
                day += timedelta(days=1)
            if day >= jst_date(next_at):
                return days
            days.append(day)
            month = (month + timedelta(days=31)).replace(day=1)
