"""What a failed test leaves behind: its calls, its clock, and its world as a file to reopen."""

import json
import re
from pathlib import Path
from shlex import quote

import pytest

from sandbox.client import SandboxError
from sandbox.client.answers import JournalEntry, plain
from sandbox.pytest_plugin.bank import TestBank

SNAPSHOT = "failure"
SHOWN_CALLS = 10
FOLDER = "bank-sandbox-report"
SECTION = "bank sandbox"


def keep(item: pytest.Item, report: pytest.TestReport, bank: object) -> None:
    """Write the world of a failed test into its folder and say in the report how to reopen it."""
    if not isinstance(bank, TestBank):
        return  # something of the test's own that has this name
    try:
        text = _written(_folder(item), bank)
    except (SandboxError, OSError) as error:
        text = f"The test's world could not be kept: {error}"
    report.sections.append((SECTION, text))


def _folder(item: pytest.Item) -> Path:
    """Return the test's folder in the report directory."""
    chosen = item.config.getoption("--bank-sandbox-report")
    if chosen:
        base = item.config.invocation_params.dir / Path(chosen)
    else:
        # pytest keeps the temporary directories of its last three runs.
        base = item.config._tmp_path_factory.getbasetemp() / FOLDER  # type: ignore[attr-defined]
    return base / re.sub(r"[^\w.-]+", "-", item.nodeid)[-150:].strip("-")


def _written(folder: Path, bank: TestBank) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    world_file = folder / "world.db"
    bank.snapshot(SNAPSHOT)
    world_file.write_bytes(bank.world.snapshots.download(SNAPSHOT))
    clock = bank.clock.get()
    calls = bank.journal.list()
    _write(folder / "clock.json", plain(clock))
    _write(folder / "journal.json", plain(calls))
    return "\n".join(
        [
            f"World {bank.world.name}, clock {clock.mode}, now {clock.now.isoformat()}",
            *_excerpt(calls),
            f"Calls and clock: {folder}",
            f"Reopen the world: bank-sandbox serve --world-file {quote(str(world_file))}",
        ]
    )


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _excerpt(calls: list[JournalEntry]) -> list[str]:
    """Return the last calls, one a line, and how many there were before."""
    before = len(calls) - SHOWN_CALLS
    first = [f"… {before} calls before"] if before > 0 else []
    return first + [_line(call) for call in calls[-SHOWN_CALLS:]]


def _line(call: JournalEntry) -> str:
    why = "".join(f" {each}" for each in (call.error_code, call.reason) if each)
    return f"{call.at:%H:%M:%S} {call.status} {call.method} {call.path}{why}"
