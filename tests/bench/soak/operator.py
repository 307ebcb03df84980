"""What a tester does beside the load: time, money, worlds that come and go, snapshots, faults."""

from itertools import count
from typing import Any

from sandbox.domain.moment import parse_instant
from tests.bench.soak.door import Answer, Door
from tests.bench.soak.record import Record
from tests.bench.soak.roles import READER
from tests.direct import MAIN_ACCOUNT

SIDE = "rewound"  # the world that is taken back again and again
KEPT_WORLDS = 4
KEPT_SNAPSHOTS = 20
DEPOSIT_YEN = 50_000_000
ABSTRACT = "ﾀｲｷﾕｳｼｹﾝ"
OUTAGE = {"match": {"bank": "tomato"}, "effect": {"kind": "status", "status": 503}}
MINT = {"bank": READER.bank, "client_id": READER.client_id, "persona": "taro", "scope": "accounts"}


class Operator:
    """One person at the control door, who does one thing at a time."""

    def __init__(self, door: Door, record: Record) -> None:
        self.door = door
        self.record = record
        self._numbers = count(1)

    async def prepare(self) -> None:
        clock = await self._ask("GET", "/default/clock")
        self.door.now = seconds_of(clock["now"])
        await self._ask("POST", "", name=SIDE, clock={"mode": "frozen", "at": clock["now"]})
        self.record.worlds.add(SIDE)
        for number in range(KEPT_WORLDS):
            name = f"kept{number}"
            if await self._ask("POST", "", name=name, seed=number + 1):
                self.record.worlds.add(name)
        await self.deposit()

    async def _ask(self, method: str, path: str, **body: Any) -> Any:
        """Call and return the body; anything but success is a complaint, and None."""
        answer = await self.door.control(method, path, **body)
        if answer.status in (200, 201):
            return answer.body
        self.record.complain(f"{method} {path}: {answer}")
        return None

    async def _accounts(self, world: str, token: str) -> Answer:
        url = f"{self.door.data_url}/w/{world}{READER.base}/accounts"
        return await self.door.aside("GET", url, token)

    async def _expect(self, world: str, token: str, status: int, when: str) -> None:
        answer = await self._accounts(world, token)
        if answer.status != status:
            self.record.complain(f"{when}: {status} expected, {answer}")

    async def _mint(self, world: str) -> str:
        minted = await self._ask("POST", f"/{world}/tokens", **MINT)
        return str(minted["access_token"]) if minted else ""

    async def pass_day(self) -> None:
        """Let a day pass at once; what falls due in it is done."""
        advanced = await self._ask("POST", "/default/clock/advance", by="1d")
        if advanced:
            self.door.now = max(self.door.now, seconds_of(advanced["now"]))
            self.record.acts["days"] += 1
            await self.deposit()

    async def deposit(self) -> None:
        """Pay in enough for the transfers of some days."""
        path = f"/default/bank/web21/accounts/{MAIN_ACCOUNT}"
        if await self._ask("POST", path, act="post", amount_yen=DEPOSIT_YEN, abstract=ABSTRACT):
            self.record.deposits_yen.append(DEPOSIT_YEN)

    async def rewind(self) -> None:
        """What came before a snapshot is there after going back, what came later is not."""
        number = next(self._numbers)
        before = await self._mint(SIDE)
        name = f"s{number % KEPT_SNAPSHOTS}"
        if number > KEPT_SNAPSHOTS:
            await self._ask("DELETE", f"/{SIDE}/snapshots/{name}")
        await self._ask("POST", f"/{SIDE}/snapshots", name=name)
        later = await self._mint(SIDE)
        await self._expect(SIDE, later, 200, "before going back")
        await self._ask("POST", f"/{SIDE}/snapshots/{name}/restore")
        await self._expect(SIDE, before, 200, "after going back, of before")
        await self._expect(SIDE, later, 401, "after going back, of later")
        self.record.acts["restores"] += 1

    async def come_and_go(self) -> None:
        """A world is made, used and taken away."""
        number = next(self._numbers)
        name = f"passing{number}"
        if not await self._ask("POST", "", name=name, seed=number % 3 + 1):
            return
        self.record.acts["worlds"] += 1
        token = await self._mint(name)
        await self._expect(name, token, 200, "in a new world")
        await self._ask("DELETE", f"/{name}")
        answer = await self._accounts(name, token)
        if answer.status not in (401, 404):
            self.record.complain(f"a deleted world still answers: {answer}")

    async def strike(self) -> None:
        """A fault strikes from the next call on, and no longer than it is there."""
        token = await self._mint(SIDE)
        fault = await self._ask("POST", f"/{SIDE}/faults", **OUTAGE)
        await self._expect(SIDE, token, 503, "with a fault")
        if fault:
            await self._ask("DELETE", f"/{SIDE}/faults/{fault['id']}")
        await self._expect(SIDE, token, 200, "without it again")
        self.record.acts["faults"] += 1

    async def look(self) -> None:
        """Read what a tester reads: journal, contents, transfers, snapshots, conduct."""
        for path in (
            "/default/journal?limit=200",
            "/default/tokens?limit=100",
            "/default/grants?limit=100",
            "/default/transfers?limit=100",
            "/default/snapshots",
            "/default/conduct",
            "",
        ):
            await self._ask("GET", path)
        self.record.acts["looks"] += 1


def seconds_of(moment: str) -> float:
    return parse_instant(moment) / 1000
