"""The load of the soak: what is called, how often, and what must be answered."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count, cycle
from typing import Any

from tests.bench.soak.consents import Consents
from tests.bench.soak.door import Answer, Door
from tests.bench.soak.record import DAY, MINUTE, Grant, Order, Record
from tests.bench.soak.roles import CHECKER, MAKER, READER, ROLES, WATCHER, Role
from tests.direct import MAIN_ACCOUNT, SHOJI
from tests.ordering import NO_CHECKS, item, request_data
from tests.support import bearer

TOKYO = timedelta(hours=9)
DAYS_AHEAD = range(6, 12)  # one of them is a business day, and none is past its cut-off tomorrow
ASIDE = 12  # of so many requests, one waits until it lapses


class Acts:
    """One method for each act; none returns anything, and what is wrong is complained of."""

    def __init__(self, door: Door, record: Record) -> None:
        self.door = door
        self.record = record
        self.consents = Consents(door, record)
        self.awaiting: deque[tuple[Order, float]] = deque()
        self.closed: set[date] = set()
        self._numbers, self._pages = count(1), count()

    def plan(self) -> Iterator[Callable[[], Awaitable[None]]]:
        """Return the acts in their order, again and again: mixed, and the same in every run."""
        often = {
            self.read_account: 12,
            self.read_statement: 8,
            self.read_corporate: 8,
            self.open_page: 4,
            self.exchange: 3,
            self.refresh: 5,
            self.revoke: 1,
            self.reuse: 1,
            self.introspect: 2,
            self.register: 4,
            self.approve: 2,
            self.withdraw: 1,
        }
        # Spread evenly: an act that comes n times stands at the odd multiples of 1/2n.
        places = [((2 * k + 1) / (2 * n), act) for act, n in often.items() for k in range(n)]
        return cycle([act for _, act in sorted(places, key=lambda place: place[0])])

    async def _with(self, role: Role, act: Callable[[Grant], Awaitable[Answer]]) -> Answer | None:
        """Call with a token that works; a refusal is in order only once it may have lapsed."""
        grant = await self.consents.take(role)
        if grant is None:
            return None
        answer = await act(grant)
        if answer.status == 401 and grant.alive("access", answer.at) is True:
            self.record.complain(f"{role.name} with a live token: {answer}")
        self.consents.put_back(grant)
        return None if answer.status == 401 else answer

    async def _read(self, role: Role, path: str, **query: str) -> Any:
        url = f"{self.consents.base(role)}{path}"

        async def get(grant: Grant) -> Answer:
            return await self.door.call("GET", url, bearer(grant.access), params=query)

        answer = await self._with(role, get)
        if answer is not None and answer.status != 200:
            self.record.complain(f"GET {path}: {answer}")
        self.record.acts["reads"] += 1
        return None if answer is None or answer.status != 200 else answer.body

    # Reading

    async def read_account(self) -> None:
        listed = await self._read(READER, "/accounts")
        if listed and not listed["accounts"]:
            self.record.complain("nobody's accounts")

    async def read_statement(self) -> None:
        """The accounts, a balance and the lines of the last days, with one token."""
        grant = await self.consents.take(READER)
        if grant is None:
            return
        base, headers = f"{self.consents.base(READER)}/accounts", bearer(grant.access)
        listed = await self.door.call("GET", base, headers)
        if listed.status == 200:
            one = f"{base}/{listed.body['accounts'][0]['account_id']}"
            since = (self.today() - timedelta(days=3)).isoformat()
            await self.door.call("GET", one, headers)
            await self.door.call("GET", f"{one}/transactions", headers, params={"date_from": since})
        elif grant.alive("access", listed.at) is True:
            self.record.complain(f"reader with a live token: {listed}")
        self.consents.put_back(grant)
        self.record.acts["reads"] += 3

    async def read_corporate(self) -> None:
        number = next(self._numbers)
        who = {"client_id": WATCHER.client_id, "contractor_id": SHOJI}
        today = self.today().isoformat()
        if number % 3 == 0:
            path = f"/accounts/{MAIN_ACCOUNT}/transactions"
            await self._read(WATCHER, path, date_from=today, date_to=today, **who)
        elif number % 3 == 1:
            await self._read(WATCHER, "/accounts", **who)
        else:
            path, days = "/bulk_transfers/list", {"date_from": today, "date_to": today}
            await self._read(MAKER, path, **days, **who)

    async def open_page(self) -> None:
        """A page of either door, in a browser that was never there."""
        control, role = self.door.control_url, READER
        wish = f"response_type=code&client_id={role.client_id}&state=s&scope=accounts"
        back = "redirect_uri=http://localhost:8000/callback"
        pages = (
            f"{self.consents.base(role)}/oauth/auth?{wish}&{back}",
            f"{control}/worlds/default",
            f"{control}/",
            f"{self.door.data_url}/tomato/openapi.json",
            f"{control}/metrics",
        )
        url = pages[next(self._pages) % len(pages)]
        low = self.door.now
        answer = await self.door.visit(url)
        # A day that passes between the redirect to the page and the page ends the sign-in.
        if answer.status != 200 and self.door.now - low < MINUTE:
            self.record.complain(f"{url}: {answer}")
        self.record.acts["pages"] += 1

    # Grants

    async def exchange(self) -> None:
        role = tuple(ROLES.values())[next(self._numbers) % len(ROLES)]
        grant = await self.consents.consent(role)
        if grant is not None:
            self.consents.put_back(grant)

    async def _held(self) -> Grant | None:
        """Take some grant out of use, as it is: one of a role that has more than it needs."""
        idle = max(self.consents.idle.values(), key=len)
        return idle.popleft() if len(idle) > 2 else None

    async def refresh(self) -> None:
        held = await self._held()
        renewed = None if held is None else await self.consents.refresh(held)
        if renewed is not None:
            self.consents.put_back(renewed)

    async def revoke(self) -> None:
        held = await self._held()
        if held is not None:
            await self.consents.end(held)

    async def reuse(self) -> None:
        held = await self._held()
        if held is not None:
            await self.consents.steal(held)

    async def introspect(self) -> None:
        held = await self._held()
        if held is not None:
            await self.consents.check(held)
            self.consents.put_back(held)

    # Transfers

    def today(self) -> date:
        return (datetime.fromtimestamp(self.door.now, UTC) + TOKYO).date()

    def _pay_day(self) -> date:
        days = [self.today() + timedelta(days=ahead) for ahead in DAYS_AHEAD]
        return next(day for day in days if day.weekday() < 5 and day not in self.closed)

    async def _order(self, role: Role, path: str, **body: Any) -> Answer | None:
        url = f"{self.consents.base(role)}/bulk_transfers{path}"
        named = {"client_id": role.client_id, "contractor_id": SHOJI, **body}

        async def send(grant: Grant) -> Answer:
            return await self.door.call("POST", url, bearer(grant.access), json=named)

        return await self._with(role, send)

    async def register(self) -> None:
        number, day = next(self._numbers), self._pay_day()
        items = [item(n, transfer_amount=1_000 + number % 997) for n in range(1, 2 + number % 3)]
        answer = await self._order(
            MAKER,
            "",
            warning_check_type=NO_CHECKS,
            fixed_request_data=request_data(*items, effort_date=f"{day:%m-%d}"),
        )
        if answer is None:
            return
        if answer.status != 200:
            self.closed.add(day)  # a holiday, as we hope: if it is all days, there is no next one
            return
        total = sum(one["transfer_amount"] for one in items)
        order = Order(answer.body["transaction_id"], total, len(items))
        self.record.orders.append(order)
        self.record.acts["registrations"] += 1
        if number % ASIDE:
            self.awaiting.append((order, self.door.now))

    async def approve(self) -> None:
        """Approve the oldest that waits; send every seventh back."""
        if not self.awaiting:
            return
        order, since = self.awaiting.popleft()
        is_return = next(self._numbers) % 7 == 0
        path = f"/{order.transaction_id}/{'return' if is_return else 'submissions'}"
        stage = "returned" if is_return else "approved"
        self._became(order, since, stage, await self._order(CHECKER, path))

    async def withdraw(self) -> None:
        if len(self.awaiting) > 1:
            order, since = self.awaiting.pop()
            path = f"/{order.transaction_id}/withdrawal"
            self._became(order, since, "withdrawn", await self._order(MAKER, path))

    def _became(self, order: Order, since: float, stage: str, answer: Answer | None) -> None:
        if answer is None:
            self.awaiting.append((order, since))  # no token this time
        elif answer.status == 200:
            order.stage = stage
            self.record.acts[stage] += 1
        elif answer.at.high < since + DAY:  # else its cut-off may have passed
            self.record.complain(f"{stage} of {order}: {answer}")
