"""A server that is killed while it writes, and what it knows when it comes back."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import count

import aiohttp
import pytest
import requests

from sandbox.domain.moment import parse_instant
from sandbox.domain.time import DAY
from sandbox.services import agenda
from sandbox.services.clock import ClockService
from tests.process import Server, serving
from tests.support import AGGREGATOR, NOW, REDIRECT_URI, basic, bearer, run_sandbox

UNDER_LOAD = ("taro", "hanako", "shoji")
UNTOUCHED = "soleprop"  # consents before the load, and nothing happens to the grant since
# Long enough that no token dies of age while the load moves the clock.
AGELESS = {
    "SANDBOX_TOMATO_CODE_LIFETIME": "80d",
    "SANDBOX_TOMATO_ACCESS_TOKEN_LIFETIME": "80d",
    "SANDBOX_TOMATO_RATE_LIMIT_PER_MINUTE": "0",
}
ANSWERS_BEFORE_THE_KILL = 120
REFRESHES = 3
ADVANCE = "2h"  # movements of the day fall due with nearly every step


@dataclass
class Said:
    """What the server has acknowledged, by word of its answers."""

    answers: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    now: str = NOW
    # access token → how it may be answered after the kill (None: it opens the door)
    allowed: dict[str, set[str | None]] = field(default_factory=dict)

    async def during(self, act, tokens=(), becoming=""):
        """While the answer to ``act`` is out, ``tokens`` may have become so; then they have."""
        for one in tokens:
            self.allowed[one].add(becoming)
        answer = await act
        for one in tokens:
            self.allowed[one] = {becoming}
        self.answers += 1
        if self.answers >= ANSWERS_BEFORE_THE_KILL:
            self.enough.set()
        return answer


async def post(http, url, **how):
    async with http.post(url, **how) as answer:
        body = await answer.json(content_type=None)
        assert answer.status == 200, body
        return body


@dataclass
class Provider:
    """One provider at work for one contractor."""

    http: aiohttp.ClientSession
    server: Server
    said: Said
    persona: str
    family: list[str] = field(default_factory=list)  # the access tokens of the last grant

    async def work(self):
        while True:
            await self.log_in()
            for _ in range(REFRESHES):
                await self.refresh()

    async def log_in(self):
        wish = {"bank": "tomato", "client_id": AGGREGATOR, "scope": "accounts"}
        consent = post(
            self.http, f"{self.server.control}/authorize", json=wish | {"persona": self.persona}
        )
        code = (await self.said.during(consent, self.family, "superseded"))["code"]
        self.family = []
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        self._keep(await self.said.during(self._token(form)))

    async def refresh(self):
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        replaced = self.family[-1:]
        self._keep(await self.said.during(self._token(form), replaced, "access_expired"))

    async def _token(self, form):
        url = f"{self.server.base}/oauth/token"
        return await post(self.http, url, data=form, headers=basic(AGGREGATOR))

    def _keep(self, pair):
        self.said.allowed[pair["access_token"]] = {None}
        self.family.append(pair["access_token"])
        self.refresh_token = pair["refresh_token"]


async def let_time_pass(http, server, said):
    while True:
        advance = post(http, f"{server.control}/clock/advance", json={"by": ADVANCE})
        said.now = (await said.during(advance))["now"]


async def load_until_killed(server):
    """Write from all sides at once, kill the server in the middle, return what it had said."""
    said = Said()
    async with aiohttp.ClientSession() as http:
        await Provider(http, server, said, UNTOUCHED).log_in()
        acts = [Provider(http, server, said, persona).work() for persona in UNDER_LOAD]
        acts.append(let_time_pass(http, server, said))
        workers = [asyncio.create_task(act) for act in acts]
        enough = asyncio.create_task(said.enough.wait())
        done, _ = await asyncio.wait([enough, *workers], return_when=asyncio.FIRST_COMPLETED)
        assert done == {enough}
        await asyncio.to_thread(server.kill)
        ends = await asyncio.gather(*workers, return_exceptions=True)
        assert [end for end in ends if not isinstance(end, aiohttp.ClientError)] == []
    return said


def answer_to(server, access_token):
    answer = requests.get(f"{server.base}/accounts", headers=bearer(access_token), timeout=10)
    assert answer.status_code in (200, 401)
    return None if answer.status_code == 200 else answer.headers["X-Sandbox-Reason"]


def check_books(path):
    """The file alone, without the server: whole, and adding up to the last yen."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as sql:
        assert sql.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert sql.execute("PRAGMA foreign_key_check").fetchall() == []
        unbalanced = (
            "SELECT posting_id FROM (SELECT posting_id, amount_yen FROM line "
            "UNION ALL SELECT posting_id, amount_yen FROM contra) "
            "GROUP BY posting_id HAVING SUM(amount_yen) <> 0"
        )
        assert sql.execute(unbalanced).fetchall() == []
        astray = (
            "SELECT a.account FROM account a LEFT JOIN line l ON l.account = a.account "
            "GROUP BY a.account HAVING a.balance_yen <> COALESCE(SUM(l.amount_yen), 0)"
        )
        assert sql.execute(astray).fetchall() == []
        ahead = "SELECT MAX(booked_at) FROM line, world WHERE booked_at > clock_at"
        assert sql.execute(ahead).fetchone() == (None,)


@pytest.mark.requirement("O-34")
def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path):
    with serving("--data", str(tmp_path), **AGELESS) as before:
        said = asyncio.run(load_until_killed(before))
    with serving("--data", str(tmp_path), **AGELESS) as after:
        answers = {one: answer_to(after, one) for one in said.allowed}
        found = [(answers[one], allowed) for one, allowed in said.allowed.items()]
        assert [pair for pair in found if pair[0] not in pair[1]] == []
        assert list(answers.values()).count(None) >= 1
        now = requests.get(f"{after.control}/clock", timeout=10).json()["now"]
        assert parse_instant(now) >= parse_instant(said.now)
    check_books(tmp_path / "default.db")


async def killed_while_restoring(server, after_s):
    """Keep a world, let time and a log-in pass, go back, and be killed meanwhile."""
    said = Said()
    async with aiohttp.ClientSession() as http:
        await Provider(http, server, said, UNTOUCHED).log_in()
        await post(http, f"{server.control}/snapshots", json={"name": "kept"})
        await Provider(http, server, said, "taro").log_in()
        later = (await post(http, f"{server.control}/clock/advance", json={"by": ADVANCE}))["now"]
        going_back = asyncio.create_task(
            post(http, f"{server.control}/snapshots/kept/restore", json={})
        )
        await asyncio.sleep(after_s)
        await asyncio.to_thread(server.kill)
        with suppress(aiohttp.ClientError):
            await going_back
    return list(said.allowed), later


@pytest.mark.parametrize("after_ms", [0, 2, 4, 6, 8])
def test_a_kill_during_a_restore_leaves_the_present_or_the_past(tmp_path, after_ms):
    with serving("--data", str(tmp_path), **AGELESS) as before:
        tokens, later = asyncio.run(killed_while_restoring(before, after_ms / 1000))
    with serving("--data", str(tmp_path), **AGELESS) as after:
        answers = [answer_to(after, token) for token in tokens]
        now = requests.get(f"{after.control}/clock", timeout=10).json()["now"]
        assert (answers, now) in (([None, None], later), ([None, "unknown"], NOW))
    check_books(tmp_path / "default.db")


async def test_a_way_through_time_that_is_cut_off_leaves_no_books_ahead_of_the_clock(
    tmp_path, template, monkeypatch
):
    """The third closing run on the way fails, as a full disk would make it."""
    runs = count(1)

    async def fail_at_the_third(world, db, item):
        if next(runs) == 3:
            raise OSError("no space left on device")
        return await agenda.run_closing(world, db, item)

    monkeypatch.setitem(agenda.ACTS, agenda.CLOSING, fail_at_the_third)
    async with run_sandbox(tmp_path, template=template) as running:
        with pytest.raises(OSError, match="no space"):
            await ClockService(running.sandbox.world).advance(lambda now: now + 10 * DAY)
    check_books(tmp_path / "default.db")
    async with (
        run_sandbox(tmp_path) as again,
        again.http.get(f"{again.control}/clock") as answer,
    ):
        # Up to the last movement before the midnight that could not be closed.
        assert (await answer.json())["now"].startswith("2026-11-18T")
