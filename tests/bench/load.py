"""Load on a server in a process of its own, and the CPU that the server spends on it.

CPU, not latency: on a busy machine the one stays what it is, the other does not.
"""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

CONNECTIONS = 8
CLIENT_REQUESTS = 2_000  # per round, where there is no wrk
_DONE = re.compile(r"(\d+) requests in ")
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_FAILED = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ratio:
    """``value`` is the median over the rounds, between ``low`` and ``high``."""

    value: float
    low: float
    high: float
    base_us: float
    own_us: float


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU that the living threads of a process have had, to the ns."""
    total_ns = 0
    for task in Path("/proc", str(pid), "task").iterdir():
        with suppress(FileNotFoundError):  # it has ended since
            total_ns += int((task / "schedstat").read_text().split()[0])
    return total_ns / 1e9


def spent_s(pid: int) -> float:
    """Return the seconds of CPU of a process, those of ended threads included, to 10 ms."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One kind of request: with wrk, or by our own client where each request differs."""

    pid: int
    url: str
    headers: Mapping[str, str]
    status: int = 200
    bodies: Callable[[], Sequence[str]] | None = None
    example: str = ""  # of a body, for a handler that reads none
    content_type: str = "application/x-www-form-urlencoded"
    connections: int = CONNECTIONS
    proofs: Callable[[int], Sequence[str]] | None = None  # a DPoP header for each request

    def cpu_us(self, seconds: int) -> float:
        """Return the server's microseconds of CPU per request, over one round."""
        # Made before the clock starts: it may take calls of its own.
        differ = self.bodies is not None or self.proofs is not None
        requests = self._requests() if differ or not has_wrk() else None
        before = cpu_s(self.pid)
        count = self._by_wrk(seconds) if requests is None else self._by_client(requests)
        used = cpu_s(self.pid) - before
        assert used > 0, f"{self.pid} used no CPU: is it the server, or what started it?"
        return used / count * 1e6

    def rate(self, seconds: int) -> float:
        """Return how many requests a second wrk gets through; there must be a wrk."""
        found = _RATE.search(self._wrk(seconds))
        assert found is not None
        return float(found[1])

    def _requests(self) -> list[bytes]:
        bodies = [""] * CLIENT_REQUESTS if self.bodies is None else self.bodies()
        proofs = [None] * len(bodies) if self.proofs is None else self.proofs(len(bodies))
        return [self._request(body, proof) for body, proof in zip(bodies, proofs, strict=True)]

    def _wrk(self, seconds: int) -> str:
        headers = [part for pair in self.headers.items() for part in ("-H", ": ".join(pair))]
        command = ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", *headers, self.url]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def _by_wrk(self, seconds: int) -> int:
        said = self._wrk(seconds)
        done, failed = _DONE.search(said), _FAILED.search(said)
        assert done is not None, said
        count = int(done[1])
        refused = 0 if failed is None else int(failed[1])
        assert refused == (0 if self.status < 400 else count), said
        return count

    def _by_client(self, requests: list[bytes]) -> int:
        asyncio.run(self._drive(requests))
        return len(requests)

    def _request(self, body: str, proof: str | None) -> bytes:
        at, method = urlsplit(self.url), "POST" if body else "GET"
        path = f"{at.path}?{at.query}" if at.query else at.path
        lines = [f"{method} {path or '/'} HTTP/1.1", f"Host: {at.netloc}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [] if proof is None else [f"DPoP: {proof}"]
        if body:
            lines += [f"Content-Type: {self.content_type}", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", body]).encode()

    async def _drive(self, requests: list[bytes]) -> None:
        shares = [requests[number :: self.connections] for number in range(self.connections)]
        await asyncio.gather(*(self._connection(share) for share in shares))

    async def _connection(self, requests: list[bytes]) -> None:
        at = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        try:
            for request in requests:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                assert length is not None, head
                body = await reader.readexactly(int(length[1]))
                assert head.split(None, 2)[1] == str(self.status).encode(), (head, body)
        finally:
            writer.close()
            await writer.wait_closed()


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


def ratio(own: Load, base: Load, *, rounds: int, seconds: int) -> Ratio:
    """Measure both in turns, so that what else the machine does meets both."""
    pairs = []
    for number in range(rounds + 1):
        pair = base.cpu_us(seconds), own.cpu_us(seconds)
        if number:  # the first round only warms up
            pairs.append(pair)
    ratios = sorted(of_own / of_base for of_base, of_own in pairs)
    return Ratio(
        value=median(ratios),
        low=ratios[0],
        high=ratios[-1],
        base_us=median(pair[0] for pair in pairs),
        own_us=median(pair[1] for pair in pairs),
    )
