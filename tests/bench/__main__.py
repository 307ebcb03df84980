"""``python -m tests.bench``: the ratios to hold, as a Markdown table on standard output.

Each HTTP figure is CPU per request over that of a bare aiohttp handler, measured in turns in the
same run. Nothing here passes or fails: a busy machine must not turn a build red.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from tests.bench import calls, parts, transfers, worlds

Figures = tuple[float, float, float]  # median, lowest, highest


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    aim: str
    figures: Figures
    unit: str
    remark: str = ""

    def __str__(self) -> str:
        middle, low, high = (f"{figure:.{0 if figure >= 100 else 2}f}" for figure in self.figures)
        shown = f"{middle} {self.unit}".rstrip()
        return f"| {self.what} | {self.aim} | **{shown}** | {low} – {high} | {self.remark} |"


@dataclass(frozen=True, slots=True)
class Options:
    rounds: int
    seconds: int
    is_full: bool


Step = tuple[str, Callable[[], Row]]


def starting(options: Options, directory: Path) -> Iterator[Step]:
    for name, is_cold in (("cold", True), ("warm", False)):
        what = f"ready after start, {name}"
        yield (
            what,
            lambda what=what, is_cold=is_cold: Row(
                what,
                "≤ 800 ms",
                parts.ready_ms(directory, options.rounds, is_cold=is_cold),
                "ms",
                "wall time",
            ),
        )
    what = "`--help`"
    yield what, lambda: Row(what, "≤ 200 ms", parts.help_cpu_ms(options.rounds), "ms", "CPU")


def calling(options: Options, at: calls.Servers) -> Iterator[Step]:
    for what, aim, prepare in (
        ("authenticated balance read ÷ bare handler", "≤ 1.6", calls.balance),
        ("page of 100 statement lines ÷ bare handler", "≤ 5", calls.page),
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


def of_call(what: str, aim: str, found: calls.Ratio) -> Row:
    remark = f"{found.own_us:.0f} µs ÷ {found.base_us:.0f} µs"
    return Row(what, aim, (found.value, found.low, found.high), "", remark)


def storing(options: Options, template: Path, directory: Path) -> Iterator[Step]:
    rounds = options.rounds
    large = "10" if options.is_full else "1"
    what = f"page of 100 at {large} million lines ÷ at 10 thousand"
    yield (
        what,
        lambda: Row(
            what,
            "≤ 1.3",
            parts.page_growth(template, directory, rounds, is_full=options.is_full),
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
        ("alive", f"resident memory with {worlds.ALIVE} worlds alive", "≤ 250 MiB", "MiB"),
    ):
        remark = "wall time" if unit == "ms" else f"{worlds.OPEN} of them held open"
        yield (
            what,
            lambda what=what, aim=aim, unit=unit, name=name, remark=remark: Row(
                what, aim, worlds.figures(options.rounds)[name], unit, remark
            ),
        )


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
    yield what, lambda: Row(what, "", transfers.figures(rounds)["memory"], "MiB")


def measured(steps: list[Step], progress: Progress) -> list[Row]:
    task = progress.add_task("", total=len(steps))
    rows = []
    for what, measure in steps:
        progress.update(task, description=what)
        rows.append(measure())
        progress.advance(task)
    return rows


def run(options: Options, progress: Progress) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bank-sandbox-bench-") as name:
        directory = Path(name)
        served = directory / "served"
        rows = measured(list(starting(options, directory)), progress)
        with calls.servers(served) as at:
            rows += measured(list(calling(options, at)), progress)
            rows += measured(list(journalling(options, at, directory / "silent")), progress)
        template = directory / "data" / "default.db"  # of the last warm start, and closed
        rows += measured(list(storing(options, template, directory)), progress)
        rows += measured(list(living(options)), progress)
        return rows + measured(list(transferring(options)), progress)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each figure (5)")
    parser.add_argument("--seconds", type=int, default=2, help="seconds of load a round (2)")
    parser.add_argument("--full", action="store_true", help="pages at 10 million lines")
    given = parser.parse_args()
    options = Options(given.rounds, given.seconds, given.full)
    with Progress(console=Console(file=sys.stderr), transient=True) as progress:
        rows = run(options, progress)
    print("| what | aim | median | spread | remark |\n|---|---|---|---|---|")
    print("\n".join(map(str, rows)))


if __name__ == "__main__":
    main()
