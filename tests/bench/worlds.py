"""What worlds cost over the control door: making, keeping, going back; and many of them alive."""

import json
import time
import urllib.request
from functools import cache
from statistics import median
from typing import Any

from tests.process import Server, serving

Figures = tuple[float, float, float]
ALIVE = 200
OPEN = 32  # the default of SANDBOX_MOST_OPEN_WORLDS
FROZEN = {"mode": "frozen", "at": "2026-11-16T10:00:00+09:00"}


@cache
def figures(rounds: int) -> dict[str, Figures]:
    """Return milliseconds of wall time for each act, and resident MB with ``ALIVE`` worlds."""
    with serving(clock=None, SANDBOX_MOST_WORLDS=str(ALIVE + 10)) as server:
        base = f"{server.control_url}/api/v1/worlds"
        post_json(base, {"name": "warm", "clock": FROZEN})  # the template is made once
        taken: dict[str, list[float]] = {"new world": [], "snapshot": [], "restore": []}
        snapshots = f"{base}/default/snapshots"  # of one world, as a suite of tests has it
        for number in range(rounds * 4):
            timed(taken["new world"], base, {"name": f"n{number}", "clock": FROZEN})
            timed(taken["snapshot"], snapshots, {"name": f"s{number}"})
            timed(taken["restore"], f"{snapshots}/s{number}/restore", {})
        for number in range(rounds * 4, ALIVE - 2):
            post_json(base, {"name": f"n{number}", "clock": FROZEN})
        found = {name: (median(ms), min(ms), max(ms)) for name, ms in taken.items()}
        rss = resident_mb(server)
        return {**found, "alive": (rss, rss, rss)}


def timed(into: list[float], url: str, body: dict[str, Any]) -> None:
    begun = time.perf_counter()
    post_json(url, body)
    into.append((time.perf_counter() - begun) * 1000)


def resident_mb(server: Server) -> float:
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmRSS"].split()[0]) * 1024 / 1e6


def post_json(url: str, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
