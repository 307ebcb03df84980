"""A large transfer request holds nobody else up (DESIGN §5: the loop is everybody's).

Measured in CPU of the loop's thread, and against what the same machine needs for the bare reading
of that request: a busy machine slows both.
"""

import asyncio
import gc
import json
import time
from dataclasses import dataclass, field

import orjson
import pytest

from sandbox.domain.time import MINUTE
from sandbox.domain.transfer.window import Kind
from sandbox.services.clock import ClockService
from sandbox.storage import transfer_items
from sandbox.web.web21 import request_reading
from tests.direct import Direct
from tests.ordering import ALL_CHECKS, APPROVAL, Orders, item, request_data
from tests.support import bearer

ITEMS = 4_000
ROUNDS = 2  # of which the quieter counts


@dataclass
class Watch:
    """Wakes up as often as it may. ``held_s``: CPU that the loop's thread had in between."""

    held_s: dict[str, float] = field(default_factory=dict)
    act: str = "idle"

    async def run(self) -> None:
        seen = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            self.held_s[self.act] = max(self.held_s.get(self.act, 0.0), now - seen)
            seen = now


@pytest.fixture
def no_collector():
    """The collector walks all that the tests have made; a server's does not (cli/collector)."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def large_body(direct: Direct) -> bytes:
    own = {"beneficiary_bank_code": "0009", "beneficiary_branch_code": "003"}
    items = [
        item(n, transfer_amount=100, **(own | {"account_number": "1000101"} if n % 2 else {}))
        for n in range(1, ITEMS + 1)
    ]
    body = {
        "client_id": direct.client_id,
        "contractor_id": direct.contractor_id,
        "warning_check_type": ALL_CHECKS,
        "warning_data_fixed_flag": True,
        "fixed_request_data": request_data(*items),
    }
    return json.dumps(body).encode()


def bare_s(body: bytes) -> float:
    """Return the CPU of reading a request and making its rows, and nothing else."""
    taken = []
    for _ in range(3):
        begun = time.thread_time()
        draft = request_reading.draft(orjson.loads(body), Kind.BULK)
        assert len(transfer_items.rows_of(draft.items)) == ITEMS
        taken.append(time.thread_time() - begun)
    return min(taken)


async def send(direct: Direct, path: str, body: bytes, token: str) -> bytes:
    """POST bytes that are ready, and leave the answer as it is: the test must not hold it up."""
    headers = {**bearer(token), "Content-Type": "application/json"}
    async with direct.running.http.post(
        f"{direct.base}{path}", data=body, headers=headers
    ) as answer:
        text = await answer.read()
        assert answer.status == 200, text[:500]
        return text


async def one_life(direct: Direct, body: bytes) -> dict[str, float]:
    """Register, approve and settle the request; return how long each held the loop up at most."""
    maker = await Orders.of(direct)
    checker = await Orders.of(direct, "shoji_checker2", APPROVAL)
    watch = Watch()
    watching = asyncio.create_task(watch.run())
    watch.act = "register"
    made = orjson.loads(await send(direct, "/bulk_transfers", body, maker.token))
    identity = {"client_id": direct.client_id, "contractor_id": direct.contractor_id}
    path = f"/bulk_transfers/{made['transaction_id']}/submissions"
    watch.act = "approve"
    await send(direct, path, json.dumps(identity).encode(), checker.token)
    watch.act = "idle"
    await direct.running.advance("10m")  # it is reserved
    watch.act = "show"
    shown = await maker.detail(made["transaction_id"])
    assert (shown["transaction_status"], shown["total_count"]) == ("31", ITEMS)
    watching.cancel()
    return watch.held_s


async def settled_life(direct: Direct) -> float:
    """Settle what is reserved, by the clock alone: its control act takes a snapshot before."""
    await direct.running.advance("7d21h30m")  # to 24 November, 07:50 or so
    watch = Watch(act="settle")
    watching = asyncio.create_task(watch.run())
    await ClockService(direct.bank.world).advance(lambda now: now + 20 * MINUTE)
    watching.cancel()
    status = "SELECT COUNT(*) FROM transfer_request WHERE status = 'settled'"
    assert await direct.bank.world.database.fetchrow(status) == (ROUNDS,)
    return watch.held_s["settle"]


async def test_no_act_on_a_large_request_holds_the_loop_up_for_long(running, no_collector):
    direct = Direct(running)
    body = large_body(direct)
    bare = bare_s(body)
    lives = [await one_life(direct, body) for _ in range(ROUNDS)]
    held = {name: min(life[name] for life in lives) for name in ("register", "approve")}
    held["settle"] = await settled_life(direct)
    assert max(held.values()) < bare, (held, bare)
