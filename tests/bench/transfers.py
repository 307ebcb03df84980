"""A bulk transfer of 20,000 items, from its registration to its settlement, over HTTP.

How long each act takes; how long another caller of the same server waits at most meanwhile, which
is how long the loop was held up; and how much more memory the server holds at its highest.
"""

import http.client
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from tests.direct import BANK, BASE, CLIENTS, SHOJI, credentials
from tests.ordering import ALL_CHECKS, item, request_data
from tests.process import Server, serving
from tests.support import REDIRECT_URI, bearer

Figures = tuple[float, float, float]
ITEMS = 20_000
CLIENT_ID = CLIENTS[SHOJI]
IDENTITY = {"client_id": CLIENT_ID, "contractor_id": SHOJI}
ACTS = ("register", "approve", "settle")
ENVIRONMENT = {"SANDBOX_WEB21_RATE_LIMIT_PER_MINUTE": "0"}
PAUSE_S = 0.001


@dataclass
class Bystander:
    """Somebody else who calls all the time. ``longest_s``: the longest answer so far."""

    url: str
    longest_s: float = 0.0
    is_over: bool = False

    def run(self) -> None:
        at = urlsplit(self.url)
        connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)
        while not self.is_over:
            begun = time.perf_counter()
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            self.longest_s = max(self.longest_s, time.perf_counter() - begun)
            time.sleep(PAUSE_S)
        connection.close()


@contextmanager
def bystander(url: str) -> Iterator[Bystander]:
    found = Bystander(url)
    thread = threading.Thread(target=found.run)
    thread.start()
    try:
        yield found
    finally:
        found.is_over = True
        thread.join()


@cache
def figures(rounds: int) -> dict[str, Figures]:
    """Return seconds of each act, ``"<act> held"`` in ms, and ``memory`` in MB above idle."""
    taken: dict[str, list[float]] = {}
    for _ in range(rounds):
        with serving(**ENVIRONMENT) as server:
            for name, figure in one_life(server).items():
                taken.setdefault(name, []).append(figure)
    return {name: (median(found), min(found), max(found)) for name, found in taken.items()}


def one_life(server: Server) -> dict[str, float]:
    """Send one large request all its way through and return what it took."""
    tokens = {persona: access_token(server, persona, scope) for persona, scope in HOLDERS.items()}
    base, found = f"{server.data_url}{BASE}/bulk_transfers", {}
    sent = large_request(ITEMS)
    idle_mb = high_water_mb(server)
    with bystander(server.data_url) as other:

        def timed(act: str, url: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
            other.longest_s, begun = 0.0, time.perf_counter()
            answer = post(url, body, headers)
            found[act] = time.perf_counter() - begun
            found[f"{act} held"] = other.longest_s * 1000
            return answer

        made = timed("register", base, sent, bearer(tokens["shoji_maker"]))
        approval = f"{base}/{made['transaction_id']}/submissions"
        approver = bearer(tokens["shoji_checker2"])
        approved = timed("approve", approval, json.dumps(IDENTITY).encode(), approver)
        assert approved["transaction_status"] == "30", approved["transaction_status"]
        clock = f"{server.control}/clock/advance"
        post(clock, b'{"by": "7d21h50m"}', {})  # to 24 November, 07:50
        timed("settle", clock, b'{"by": "20m"}', {})
    found["memory"] = high_water_mb(server) - idle_mb
    shown = f"{server.control}/transfers/{made['transaction_id']}?limit=1"
    assert get(shown)["transfer"]["status"] == "settled"
    return found


HOLDERS = {"shoji_maker": "web21.upd", "shoji_checker2": "web21.appr"}


def large_request(count: int) -> bytes:
    """Return the body of a registration; every other item goes to an account of the bank."""
    own = {"beneficiary_bank_code": "0009", "beneficiary_branch_code": "003"}
    own["account_number"] = "1000101"
    items = [
        item(n, transfer_amount=100, **(own if n % 2 else {"account_number": f"{n:07}"}))
        for n in range(1, count + 1)
    ]
    body = {
        **IDENTITY,
        "warning_check_type": ALL_CHECKS,
        "warning_data_fixed_flag": True,
        "fixed_request_data": request_data(*items),
    }
    return json.dumps(body).encode()


def access_token(server: Server, persona: str, scope: str) -> str:
    wish = {"bank": BANK, "client_id": CLIENT_ID, "persona": persona, "scope": scope}
    code = post(f"{server.control}/authorize", json.dumps(wish).encode(), {})["code"]
    form = f"grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}"
    headers = {**credentials(CLIENT_ID), "Content-Type": "application/x-www-form-urlencoded"}
    tokens = post(f"{server.data_url}{BASE}/oauth/token", form.encode(), headers)
    return str(tokens["access_token"])


def post(url: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    named = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, body, named)
    with urllib.request.urlopen(request, timeout=300) as answer:
        return dict(json.load(answer))


def get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return dict(json.load(answer))


def high_water_mb(server: Server) -> float:
    """Return the most that the process has held in memory at once, so far."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmHWM"].split()[0]) * 1024 / 1e6
