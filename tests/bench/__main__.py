"""``python -m tests.bench``: the ratios to hold, as Markdown tables on standard output.

Each HTTP figure is CPU per request over that of a bare aiohttp handler, measured in turns in the
same run. Nothing here passes or fails: a busy machine must not turn a build red. ``--write`` keeps
them in docs/benchmarks.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench import calls, load, orders, parts, table, transfers, worlds
from tests.bench.table import Row

CROWDS = (1, 10, 50, 200)
NAME = "bench: made by python -m tests.bench --write"


@dataclass(frozen=True, slots=True)
class Options:
    rounds: int
    seconds: int
    is_quick: bool
    image_mb: float | None = None


Step = tuple[str, Callable[[], Row]]


def starting(options: Options, directory: Path) -> Iterator[Step]:
    for name, is_cold in (("cold", True), ("warm", False)):
        what = f"ready after start, {name}"
        yield what, lambda what=what, is_cold=is_cold: of_start(what, options, directory, is_cold)
    what = "`--help`"
    yield (
        what,
        lambda: Row(what, "≤ 200 ms", parts.help_cpu_ms(directory, options.rounds), "ms", "CPU"),
    )
    image, mb = "image, compressed", options.image_mb
    size = None if mb is None else (mb, mb, mb)
    remark = "[the image](docker.md) is measured where it is built" if mb is None else "given"
    yield image, lambda: Row(image, "≤ 60 MB", size, "MB", remark)


def of_start(what: str, options: Options, directory: Path, is_cold: bool) -> Row:
    taken, cpu_ms = parts.ready_ms(directory, options.rounds, is_cold=is_cold)
    return Row(what, "≤ 800 ms", taken, "ms", f"wall time; {cpu_ms:.0f} ms of CPU")


def calling(options: Options, at: calls.Servers) -> Iterator[Step]:
    for what, aim, prepare in (
        ("authenticated balance read ÷ bare handler", "≤ 1.6", calls.balance),
        ("page of 100 statement lines ÷ bare handler", "≤ 5", calls.page),
        ("transfer request ÷ bare handler", "≤ 6", orders.register),
        ("code + PKCE → token ÷ bare handler", "≤ 3.5", calls.exchange),
        ("unauthorized call ÷ bare handler", "≤ 1.3", calls.unauthorized),
        ("code → signed token (JWT, ES256) ÷ bare handler", "", calls.signed_exchange),
        ("code → token with a DPoP proof ÷ bare handler", "", calls.dpop_exchange),
        ("balance read with a DPoP proof ÷ bare handler", "", calls.dpop_balance),
    ):
        yield (
            what,
            lambda what=what, aim=aim, prepare=prepare: of_call(
                what, aim, prepare(at)(options.rounds, options.seconds)
            ),
        )


def journalling(options: Options, at: calls.Servers, directory: Path) -> Iterator[Step]:
    what = "balance read with the journal ÷ without"
    rounds, seconds = options.rounds, options.seconds
    yield what, lambda: of_call(what, "≤ 1.1", calls.journal(at, directory, rounds, seconds))


def crowding(options: Options, at: calls.Servers) -> Iterator[Step]:
    """The same call from more and more connections, and how many a second there are of it."""
    rounds, seconds = options.rounds, options.seconds
    for crowd in CROWDS:
        what = f"balance read ÷ bare handler, {crowd} connection{'s' * (crowd > 1)}"
        yield (
            what,
            lambda what=what, crowd=crowd: of_call(
                what, "", calls.balance(at, crowd)(rounds, seconds)
            ),
        )
    what = "balance reads a second"
    yield what, lambda: of_rate(what, at, options)


def of_call(what: str, aim: str, found: load.Ratio) -> Row:
    remark = f"{found.own_us:.0f} µs ÷ {found.base_us:.0f} µs"
    added = f"{found.own_us - found.base_us:+.0f} µs"
    return Row(what, aim, (found.value, found.low, found.high), "", remark, added)


def of_rate(what: str, at: calls.Servers, options: Options) -> Row:
    """Measure with wrk, which has a core of its own where there are two."""
    if not load.has_wrk():
        return Row(what, "", None, "", "needs wrk, which is not installed")
    own = calls.balance_read(at)
    base, own_rates, base_rates = at.bare(own), [], []
    for _ in range(options.rounds):
        base_rates.append(base.rate(options.seconds))
        own_rates.append(own.rate(options.seconds))
    remark = f"wall time; the bare handler {table.written(parts.spread(base_rates)[0])}"
    return Row(what, "", parts.spread(own_rates), "", remark)


def storing(options: Options, template: Path, directory: Path) -> Iterator[Step]:
    rounds = options.rounds
    counts = parts.COUNTS[: 3 if options.is_quick else 4]
    for count, called in list(zip(counts, parts.CALLED, strict=False))[1:]:
        what = f"page of 100 at {called} lines ÷ at 10 thousand"
        yield (
            what,
            lambda what=what, count=count: Row(
                what,
                "≤ 1.3",
                parts.page_growth(template, directory, rounds, counts)[count],
                "",
                "CPU, storage alone",
            ),
        )
    seeding = "seeding lines ÷ plain `executemany`"
    yield (
        seeding,
        lambda: Row(
            seeding, "≥ 0.5", parts.seeding_speed(template, directory, rounds), "", "speed, CPU"
        ),
    )
    copying = "copy of a world"
    yield (
        copying,
        lambda: Row(
            copying, "≤ 10 ms", parts.copy_ms(template, directory, rounds), "ms", "wall time"
        ),
    )


def living(options: Options) -> Iterator[Step]:
    """What worlds cost. One server measures all four, with the first of them."""
    for name, what, aim, unit in (
        ("new world", "new world, over HTTP", "≤ 10 ms", "ms"),
        ("snapshot", "snapshot of the default world, over HTTP", "≤ 10 ms", "ms"),
        ("restore", "restore of the default world, over HTTP", "≤ 10 ms", "ms"),
        ("alive", f"resident memory with {worlds.ALIVE} worlds alive", "≤ 250 MB", "MB"),
    ):
        yield (
            what,
            lambda what=what, aim=aim, unit=unit, name=name: of_world(
                what, aim, unit, name, worlds.figures(options.rounds)
            ),
        )


def of_world(what: str, aim: str, unit: str, name: str, found: worlds.Found) -> Row:
    remark = f"{worlds.OPEN} of them held open"
    if unit == "ms":
        remark = f"wall time; {table.written(found[f'{name} cpu'][0])} ms of CPU"
    return Row(what, aim, found[name], unit, remark)


def transferring(options: Options) -> Iterator[Step]:
    """A transfer request as large as they come. One life of it measures all."""
    rounds, items = max(1, options.rounds // 2), f"{transfers.ITEMS:,} items"
    for act in transfers.ACTS:
        for name, what, unit in (
            (act, f"{act} a transfer of {items}", "s"),
            (f"{act} held", f"longest wait of another caller while they {act}", "ms"),
        ):
            yield (
                what,
                lambda what=what, unit=unit, name=name: Row(
                    what, "", transfers.figures(rounds)[name], unit, "wall time"
                ),
            )
    what = f"most memory above idle, {items}"
    yield what, lambda: Row(what, "", transfers.figures(rounds)["memory"], "MB")


def measured(steps: Iterator[Step], progress: Progress) -> list[Row]:
    found = list(steps)
    task = progress.add_task("", total=len(found))
    rows = []
    for what, measure in found:
        progress.update(task, description=what)
        rows.append(measure())
        progress.console.print(str(rows[-1]), markup=False, highlight=False, soft_wrap=True)
        progress.advance(task)
    progress.remove_task(task)
    return rows


def run(options: Options, progress: Progress) -> dict[str, list[Row]]:
    """Return the rows by the title of their table."""
    with tempfile.TemporaryDirectory(prefix="bank-sandbox-bench-") as name:
        directory = Path(name)
        sections = {"Start": measured(starting(options, directory), progress)}
        with calls.servers(directory / "served") as at:
            called = measured(calling(options, at), progress)
            called += measured(journalling(options, at, directory / "silent"), progress)
            sections["Calls"] = called
            sections["Many at once"] = measured(crowding(options, at), progress)
        template = directory / "data" / "default.db"  # of the last warm start, and closed
        sections["Sizes"] = measured(storing(options, template, directory), progress)
        sections["Worlds"] = measured(living(options), progress)
        sections["Large transfers"] = measured(transferring(options), progress)
        return sections


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each figure (5)")
    parser.add_argument("--seconds", type=int, default=2, help="seconds of load a round (2)")
    parser.add_argument("--quick", action="store_true", help="no pages at 10 million lines")
    parser.add_argument("--image-mb", type=float, help="size of the image, where it was built")
    parser.add_argument("--write", action="store_true", help="keep it in docs/benchmarks.md")
    given = parser.parse_args(arguments)
    options = Options(given.rounds, given.seconds, given.quick, given.image_mb)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    before = table.load_before()
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        sections = run(options, progress)
    wrk = "wrk" if load.has_wrk() else "no wrk"
    made = f"Measured {table.machine(wrk, before)}; {options.rounds} rounds of {options.seconds} s."
    text = f"{made}\n\n{table.tables(sections)}"
    print(text)
    if given.write:
        table.write(NAME, text)


if __name__ == "__main__":
    main()
