"""``python -m tests.bench.peers``: bank-sandbox beside what one would pick instead.

The peers are fetched once, at pinned versions, into a folder outside the project. Each is measured
in turns with the bank under the same load: CPU and time of a call, time and CPU until it answers,
memory after the load. They do not do the same: what each leaves out is said beside it.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import Progress

from tests.bench import calls, parts, table
from tests.bench.load import Load, has_wrk, ratio
from tests.bench.peers import loads
from tests.bench.peers.install import Installed, default_folder, install, versions
from tests.bench.peers.running import Started, free_port, started
from tests.process import COMMAND

NAME = "peers: made by python -m tests.bench.peers --write"
HEAD = "| what | bank-sandbox | peer | peer ÷ bank-sandbox | spread |\n|---|---|---|---|---|"
OWN = "bank-sandbox"


@dataclass(frozen=True, slots=True)
class Peer:
    """``path``: where it answers once it is ready. ``says``: what it does less, and more."""

    name: str
    path: str
    says: str
    load: Callable[[calls.Servers, Started], tuple[Load, Load]] | None = None
    arguments: tuple[str, ...] = ()
    call: str = ""


PEERS = (
    Peer(
        "oauth2-mock-server",
        "/jwks",
        "Less: no people, clients or pages, any client secret passes, nothing is stored. More: it "
        "signs an access token and an ID token (RS256) for each code, where the bank issues opaque "
        "ones.",
        loads.mock_server,
        call="code + PKCE → token",
    ),
    Peer(
        "oidc-provider",
        "/.well-known/openid-configuration",
        "Less: no bank, no money, no faults; codes and tokens live in the memory of the process. "
        "More: a certified OpenID provider for production, with far more of OpenID.",
        loads.oidc_provider,
        loads.OIDC_ARGUMENTS,
        call="code + PKCE → token",
    ),
    Peer(
        "@stoplight/prism-cli",
        "/accounts",
        "On the bank's own OpenAPI document, its log off. Less: no state and no OAuth, the answer "
        "is the document's example. More: it serves any document, and checks requests against it.",
        loads.prism,
        call="balance read",
    ),
    Peer(
        "moto",
        "/moto-api/",
        "Its calls are another industry's (a cloud's APIs), so its start alone is measured. More: "
        "hundreds of services, each loaded with its first call.",
    ),
)


@dataclass(frozen=True, slots=True)
class Options:
    rounds: int
    seconds: int


Line = tuple[str, float, float, list[float], str]  # what, own, peer, ratios, unit


def compared(what: str, own: list[float], peer: list[float], unit: str) -> Line:
    ratios = sorted(theirs / ours for ours, theirs in zip(own, peer, strict=True))
    return what, median(own), median(peer), ratios, unit


def shown(line: Line) -> str:
    what, own, peer, ratios, unit = line
    figures = " | ".join(f"{table.written(figure)} {unit}".rstrip() for figure in (own, peer))
    low, high = table.written(ratios[0]), table.written(ratios[-1])
    return f"| {what} | {figures} | **{table.written(median(ratios))}** | {low} – {high} |"


@contextmanager
def running(peer: Peer, at: Installed, directory: Path) -> Iterator[Started]:
    arguments = list(peer.arguments)
    if peer.name == "@stoplight/prism-cli":
        arguments = [str(directory / loads.DOCUMENT)]
    port = free_port()
    with started(at.command(peer.name, port, *arguments), port, peer.path, directory) as found:
        yield found


@contextmanager
def own_start(directory: Path) -> Iterator[Started]:
    """The bank as a user starts it, its template world made before."""
    port = free_port()
    command = [COMMAND, "serve", "--port", str(port), "--control-port", "0"]
    env = {"SANDBOX_CACHE": str(directory / "cache"), **parts.with_byte_code(directory)}
    with started(command, port, "/healthz", directory, **env) as found:
        yield found


def starts(peer: Peer, at: Installed, directory: Path, rounds: int) -> list[Line]:
    own: list[Started] = []
    theirs: list[Started] = []
    for number in range(rounds + 1):
        with own_start(directory) as ours, running(peer, at, directory) as other:
            if number:  # the first one fills the disk's cache
                own.append(ours)
                theirs.append(other)
    return [
        compared(
            "start to first answer", [s.wall_ms for s in own], [s.wall_ms for s in theirs], "ms"
        ),
        compared("CPU of that", [s.cpu_ms for s in own], [s.cpu_ms for s in theirs], "ms"),
    ]


def called(
    peer: Peer, at: Installed, servers: calls.Servers, directory: Path, options: Options
) -> list[Line]:
    """Return what a call costs at both, and the memory that they then hold."""
    if peer.load is None:
        return []
    with running(peer, at, directory) as other:
        own, theirs = peer.load(servers, other)
        found = ratio(theirs, own, rounds=options.rounds, seconds=options.seconds)
        lines: list[Line] = [
            (
                f"CPU of a call: {peer.call}",
                found.base_us,
                found.own_us,
                [found.low, found.value, found.high],
                "µs",
            )
        ]
        if own.bodies is None and has_wrk():
            rates = [(own.rate(options.seconds), theirs.rate(options.seconds))]
            rates += [
                (own.rate(options.seconds), theirs.rate(options.seconds))
                for _ in range(options.rounds - 1)
            ]
            ours, others = map(list, zip(*rates, strict=True))
            lines.append(compared("calls a second (wrk)", ours, others, ""))
        bank = Started(servers.bank_pid, "", 0, 0).memory_mb
        return [*lines, compared("memory after that", [bank], [other.memory_mb], "MB")]


def measured(options: Options, folder: Path, progress: Progress) -> str:
    """Return a heading, a table and a word on each peer."""
    task = progress.add_task("fetching the peers", total=2 * len(PEERS))
    at, pinned, texts = install(folder), versions(), []
    with tempfile.TemporaryDirectory(prefix="bank-sandbox-peers-run-") as name:
        directory = Path(name)
        with calls.servers(directory / "served") as servers:
            loads.keep_document(servers, directory)
            for peer in PEERS:
                progress.update(task, description=f"{peer.name}: start")
                lines = starts(peer, at, directory, options.rounds)
                progress.update(task, advance=1, description=f"{peer.name}: calls")
                lines += called(peer, at, servers, directory, options)
                progress.advance(task)
                rows = "\n".join(map(shown, lines))
                title = f"### {peer.name} {pinned[peer.name]}"
                texts.append(f"{title}\n\n{peer.says}\n\n{HEAD}\n{rows}")
    return "\n\n".join(texts)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each figure (5)")
    parser.add_argument("--seconds", type=int, default=2, help="seconds of load a round (2)")
    parser.add_argument("--folder", type=Path, default=default_folder(), help="keeps the peers")
    parser.add_argument("--write", action="store_true", help="keep it in docs/benchmarks.md")
    given = parser.parse_args(arguments)
    options = Options(given.rounds, given.seconds)
    before = table.load_before()
    with Progress(console=Console(file=sys.stderr), transient=True) as progress:
        tables = measured(options, given.folder, progress)
    made = f"Measured {table.machine(loads.node_version(), before)}; {options.rounds} rounds."
    text = f"{made}\n\n{tables}"
    print(text)
    if given.write:
        table.write(NAME, text)


if __name__ == "__main__":
    main()
