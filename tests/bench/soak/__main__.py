"""``python -m tests.bench.soak``: mixed load for an hour, and nothing may be lost or grow.

Both banks are read, consented to, refreshed, revoked and paid from, while a tester passes days,
makes worlds and takes one back. Then all that was acknowledged is looked for: on the running
server, after it was killed and started again, and in its file. Bounded to a share of one core,
and to this machine. Exit code 1: something was lost, or grew.
"""

import argparse
import asyncio
import itertools
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tests.bench import table
from tests.bench.soak import verify, watched
from tests.bench.soak.acts import Acts
from tests.bench.soak.door import Door, Pace
from tests.bench.soak.health import Growth, Sample, growths, sample
from tests.bench.soak.operator import Operator
from tests.bench.soak.record import Record
from tests.process import AS_JSON, Server, environment
from tests.support import NOW

NAME = "soak: made by python -m tests.bench.soak --write"
WORKERS = 8
LEAST_ACTS = 240  # however slow the machine: each comes some five times
SETTINGS = {
    "SANDBOX_TOMATO_RATE_LIMIT_PER_MINUTE": "0",
    "SANDBOX_WEB21_RATE_LIMIT_PER_MINUTE": "0",
    "SANDBOX_TOMATO_ONE_GRANT_PER_PROVIDER": "0",  # so that there are many at once
}


@dataclass(frozen=True, slots=True)
class Options:
    minutes: float = 60.0
    share: float = 0.4
    percent: float = 5.0
    days: int = 120  # that pass, however long the run: past the life of a grant, and of a request

    @property
    def seconds(self) -> float:
        return self.minutes * 60

    @property
    def warm_s(self) -> float:
        return self.seconds / 6

    @property
    def sampled_s(self) -> float:
        return min(10.0, self.seconds / 40)


@dataclass(slots=True)
class Run:
    options: Options
    record: Record = field(default_factory=Record)
    samples: list[Sample] = field(default_factory=list)
    calls: int = 0
    checked: int = 0
    said: str = ""

    def grown(self) -> list[Growth]:
        return growths(self.samples, warm_s=self.options.warm_s, percent=self.options.percent)

    @property
    def is_fine(self) -> bool:
        return not self.record.complained and not self.said and all(g.is_fine for g in self.grown())


@contextmanager
def watching(directory: Path) -> Iterator[Server]:
    """Run the server on ``directory``; what it says on standard error goes into a file there."""
    settings = {**SETTINGS, watched.NOTE: str(directory / "tasks")}
    flags = (*AS_JSON, "--clock", f"offset:{NOW}", "--data", str(directory / "data"))
    with (directory / "stderr").open("a") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.soak.watched", "serve", *flags],
            env=environment(**settings),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    with process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said, (directory / "stderr").read_text(encoding="utf-8")
            yield Server(process, [said])
        finally:
            process.kill()


@asynccontextmanager
async def calling(server: Server) -> AsyncIterator[Door]:
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        yield Door(http, server)


async def load(run: Run, door: Door, note: Path, progress: Progress) -> None:
    """Work until the time is up; nothing is cut off in the middle."""
    options, pace = run.options, Pace(door.server.process.pid, run.options.share)
    acts, operator = Acts(door, run.record), Operator(door, run.record)
    await operator.prepare()
    plan, begun = acts.plan(), time.perf_counter()

    def passed() -> float:
        return time.perf_counter() - begun

    done = itertools.count()

    async def work() -> None:
        while next(done) < LEAST_ACTS or passed() < options.seconds:
            await pace.turn()
            await next(plan)()

    async def let_days_pass() -> None:
        step = options.seconds / options.days
        for number in range(options.days):
            await asyncio.sleep(max(0.0, (number + 0.5) * step - passed()))
            await operator.pass_day()

    async def test() -> None:
        while passed() < options.seconds:
            for act in (operator.rewind, operator.strike, operator.come_and_go, operator.look):
                await asyncio.sleep(min(2.0, options.seconds / 60))
                await act()

    async def watch() -> None:
        task = progress.add_task("soak", total=options.seconds)
        while passed() < options.seconds:
            await asyncio.sleep(min(1.0, options.sampled_s))
            pace.adjust()
            if passed() >= len(run.samples) * options.sampled_s:
                pid = door.server.process.pid
                run.samples.append(await asyncio.to_thread(sample, pid, note, passed()))
            progress.update(task, completed=passed(), description=line(run, door, pace))

    async with asyncio.TaskGroup() as group:
        for job in (let_days_pass, test, watch, *[work] * WORKERS):
            group.create_task(job())


def line(run: Run, door: Door, pace: Pace) -> str:
    last = run.samples[-1] if run.samples else None
    memory = "" if last is None else f" · {last.rss_mib:.0f} MiB · {last.handles} handles"
    wrong = f" · {run.record.complained} wrong" if run.record.complained else ""
    return f"{door.calls:,} calls · {pace.used:.0%} of a core{memory}{wrong}"


async def soak(run: Run, directory: Path, progress: Progress) -> None:
    """Load, look, kill, start, look again, stop, and read the file."""
    with watching(directory) as server:
        async with calling(server) as door:
            await load(run, door, directory / "tasks", progress)
            run.checked = await verify.check_server(door, run.record)
            run.calls = door.calls
        await asyncio.to_thread(server.kill)
    with watching(directory) as server:
        async with calling(server) as door:
            await verify.check_server(door, run.record)
        server.send(signal.SIGTERM)
        if (code := (await asyncio.to_thread(server.ended))[0]) != 0:
            run.record.complain(f"it ended with {code}")
    for path in sorted((directory / "data").glob("*.db")):
        verify.check_books(path, run.record)
    verify.check_rows(directory / "data" / "default.db", run.record)
    run.said = (directory / "stderr").read_text(encoding="utf-8")


def report(run: Run) -> str:
    acts = ", ".join(f"{name} {count:,}" for name, count in sorted(run.record.acts.items()))
    record = run.record
    lines = [
        f"{run.options.minutes:g} minutes, {run.calls:,} calls: {acts}",
        f"{run.checked:,} grants, transfers, worlds looked for, twice: {record.complained} wrong",
        *(f"  {what}" for what in record.complaints),
        *(str(grown) for grown in run.grown()),
        f"MiB over the time: {course(run.samples)}",
    ]
    lines += [f"the server said:\n{run.said[:4000]}"] if run.said else []
    return "\n".join([*lines, "passed" if run.is_fine else "FAILED"])


def course(samples: list[Sample]) -> str:
    """Return the memory of some twenty moments, from the first sample on."""
    return " ".join(f"{one.rss_mib:.0f}" for one in samples[:: max(1, len(samples) // 20)])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the load (60)")
    parser.add_argument("--share", type=float, default=0.4, help="of one core, at most (0.4)")
    parser.add_argument(
        "--growth", type=float, default=5.0, help="percent of memory after the first sixth (5)"
    )
    parser.add_argument("--write", action="store_true", help="keep it in docs/benchmarks.md")
    given = parser.parse_args(arguments)
    run = Run(Options(given.minutes, given.share, given.growth))
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with (
        tempfile.TemporaryDirectory(prefix="bank-sandbox-soak-") as name,
        Progress(*columns, console=Console(file=sys.stderr)) as progress,
    ):
        asyncio.run(soak(run, Path(name), progress))
    sys.stdout.write(report(run) + "\n")
    if given.write:
        table.write(NAME, f"Measured {table.machine()}.\n\n```text\n{report(run)}\n```")
    return 0 if run.is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
