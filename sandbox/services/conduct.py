"""The conduct report (振る舞いレポート): what the journal says of the clients that called."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from sandbox.domain.api_class import ApiClass
from sandbox.domain.availability import Asked
from sandbox.domain.conduct.call import Call, in_order
from sandbox.domain.conduct.facts import (
    Api,
    BookLine,
    Declared,
    Facts,
    Filed,
    LiveGrant,
    Operation,
    Total,
)
from sandbox.domain.conduct.traits import LEAK
from sandbox.domain.conduct.verdict import Report, judge
from sandbox.domain.oauth.security import rules_of
from sandbox.domain.time import DAY, jst_day
from sandbox.domain.transfer.status import Status
from sandbox.services.act_notes import ACT
from sandbox.services.journal import Filters
from sandbox.services.world import World
from sandbox.storage import accounts, clients, inspection, transfers

MOST_ROWS = 100_000  # of grants, of requests, of lines of one account
# A line may be booked long before or after its value date, and a year is asked for at most.
_EARLIEST, _LATEST = -(100 * 365 * DAY), 300 * 365 * DAY


class ConductService:
    """``apis``: the tables of the banks, by bank and operation."""

    def __init__(self, world: World, apis: Mapping[Operation, Api]) -> None:
        self._world = world
        self._apis = apis

    async def report(self, filters: Filters, declared: Declared) -> Report:
        """Return what the checks say of the calls that pass ``filters``.

        Args:
            declared: what a scenario says of the app under test.
        """
        client_id = filters.equal.get("client_id")
        # A closed bank notes no client: whose such a call is, only its token tells.
        equal = {name: value for name, value in filters.equal.items() if name != "client_id"}
        calls = [
            Call.of(entry)
            async for page in self._world.journal.pages(replace(filters, equal=equal), limit=1_000)
            for entry in page
            if not (entry["operation"] or "").startswith(ACT)
        ]
        own = [call for call in in_order(calls) if client_id in (None, call.client_id)]
        facts = await self._facts(own, filters, declared)
        facts = replace(facts, leaked=await self._leaked())
        return await asyncio.to_thread(judge, own, facts)

    async def _leaked(self) -> frozenset[str]:
        """Return the marks of all tokens that have leaked, whichever calls are judged."""
        pages = self._world.journal.pages(Filters(equal={"operation": LEAK}))
        return frozenset([entry["traits"]["leaked"] async for page in pages for entry in page])

    async def _facts(self, calls: list[Call], filters: Filters, declared: Declared) -> Facts:
        policies = self._world.policies
        return Facts(
            apis=self._apis,
            is_closed=self._is_closed,
            key_lifetime_ms={name: each.idempotency_lifetime_ms for name, each in policies.items()},
            pkce_required=await self._pkce_required(),
            grants=await self._live_grants(filters),
            filed=await self._filed(calls, filters, declared),
            lines=await self._lines(declared.totals),
            declared=declared,
        )

    def _is_closed(self, call: Call) -> bool:
        """Tell whether the bank had said that it would be closed for a call just then."""
        rules = self._world.availability.rules.get(call.bank)
        if rules is None:
            return False
        api = self._apis.get((call.bank, call.operation or ""))
        api_class = ApiClass.OAUTH if api is None else api.api_class
        if rules.closed_until(api_class, call.at, self._world.calendar) is not None:
            return True
        asked = Asked(api_class, call.operation or "", client_id=call.client_id)
        return any(
            stop.announced_at is not None
            and stop.announced_at <= call.at
            and stop.holds_at(call.at)
            and stop.scope.covers(asked)
            for stop in rules.stops
        )

    async def _pkce_required(self) -> frozenset[str]:
        found: set[str] = set()
        for bank, policy in self._world.policies.items():
            for client in await clients.list_of_bank(self._world.database, bank):
                if rules_of(client, policy).pkce == "required":
                    found.add(client.client_id)
        return frozenset(found)

    async def _live_grants(self, filters: Filters) -> tuple[LiveGrant, ...]:
        now, named = self._world.now(), filters.equal
        rows = await inspection.list_grants(
            self._world.database,
            client_id=named.get("client_id"),
            persona=filters.persona,
            after="",
            limit=MOST_ROWS,
        )
        return tuple(
            LiveGrant(
                grant_id=row["grant_id"],
                bank=row["bank"],
                client_id=row["client_id"],
                user=row["persona"] or row["contractor_id"],
            )
            for row in rows
            if now < row["expires_at"] and (row["ended_at"] is None or now < row["ended_at"])
            if named.get("bank") in (None, row["bank"])
        )

    async def _filed(
        self, calls: list[Call], filters: Filters, declared: Declared
    ) -> tuple[Filed, ...]:
        """Return the transfer requests that came while these calls were made."""
        if declared.transfers is None and not declared.shown_as_paid:
            return ()
        found = await transfers.list_all(
            self._world.database,
            bank=filters.equal.get("bank"),
            contractor_id=filters.equal.get("contractor_id"),
            kind=None,
            status=None,
            after=0,
            limit=MOST_ROWS,
        )
        first = min((call.at for call in calls), default=0)
        return tuple(
            Filed(
                transaction_id=request.transaction_id,
                registered_at=request.registered_at,
                is_paid=request.status is Status.SETTLED,
            )
            for request in found
            if request.transaction_id is not None and request.registered_at >= first
        )

    async def _lines(self, totals: tuple[Total, ...]) -> dict[str, tuple[BookLine, ...]]:
        found: dict[str, tuple[BookLine, ...]] = {}
        for account_id in {total.account_id for total in totals}:
            account = await accounts.find_by_account_id(self._world.database, account_id)
            if account is not None:
                lines = await accounts.list_lines(
                    self._world.database,
                    account.account,
                    start=_EARLIEST,
                    end=_LATEST,
                    limit=MOST_ROWS,
                )
                found[account_id] = tuple(
                    BookLine(jst_day(line.booked_at), line.value_on, line.amount_yen)
                    for line in lines
                )
        return found
