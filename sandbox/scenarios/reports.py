"""What a run leaves behind: a verdict for programs, for CI, and the conduct report for people."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from sandbox.scenarios.model import StepOutcome, Verdict

LONGEST, LONGEST_PROBLEM = 2_000, 400  # characters that the page takes
# What XML 1.0 has no way to write.
_CONTROLS = {code: None for code in range(32) if chr(code) not in "\t\n\r"}


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict with every step and finding."""
    scenario = verdict.scenario
    return {
        "scenario": scenario.name,
        "title": {"ja": scenario.title.ja, "en": scenario.title.en},
        "seed": scenario.seed,
        "passed": verdict.has_passed,
        "problems": list(verdict.problems),
        "notes": list(verdict.notes),
        "steps": [_step(outcome) for outcome in verdict.steps],
        "findings": list(verdict.findings),
    }


def _step(outcome: StepOutcome) -> dict[str, Any]:
    step = outcome.step
    found = {"at": outcome.at, "line": step.line, "action": step.action, "title": step.title}
    return {**found, "passed": outcome.is_ok, "problem": outcome.problem}


def for_page(verdict: Verdict) -> dict[str, Any]:
    """Return what the page of the conduct report shows of a run, in both languages."""
    scenario = verdict.scenario
    return {
        "name": scenario.name,
        "title": {"ja": scenario.title.ja[:LONGEST], "en": scenario.title.en[:LONGEST]},
        "story": {"ja": scenario.story.ja[:LONGEST], "en": scenario.story.en[:LONGEST]},
        "passed": verdict.has_passed,
        "problems": [problem[:LONGEST_PROBLEM] for problem in verdict.problems],
        "notes": [note[:LONGEST_PROBLEM] for note in verdict.notes],
        "steps": [_step_for_page(outcome) for outcome in verdict.steps],
    }


def _step_for_page(outcome: StepOutcome) -> dict[str, Any]:
    words, problem = outcome.step.words, outcome.problem
    return {
        "at": outcome.at,
        "line": outcome.step.line,
        "action": outcome.step.action,
        "title": {"ja": words.ja[:LONGEST], "en": words.en[:LONGEST]},
        "passed": outcome.is_ok,
        "problem": None if problem is None else problem[:LONGEST_PROBLEM],
    }


def as_junit(verdict: Verdict) -> bytes:
    """Return JUnit XML: a test case for each step, and one for the conduct."""
    failures = sum(not outcome.is_ok for outcome in verdict.steps) + bool(verdict.problems)
    suite = ElementTree.Element(
        "testsuite",
        name=verdict.scenario.name,
        tests=str(len(verdict.steps) + 1),
        failures=str(failures),
        errors="0",
    )
    for outcome in verdict.steps:
        name = f"line {outcome.step.line}: {outcome.step.title}"
        _case(suite, name, outcome.problem)
    _case(suite, "conduct", "\n".join(verdict.problems) or None)
    if verdict.notes:
        ElementTree.SubElement(suite, "system-out").text = _xml("\n".join(verdict.notes))
    text: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return text


def _case(suite: ElementTree.Element, name: str, problem: str | None) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", name=_xml(name), classname=suite.get("name", "")
    )
    if problem is not None:
        ElementTree.SubElement(case, "failure", message=_xml(problem))


def _xml(text: str) -> str:
    return text.translate(_CONTROLS)


def contents_of(verdict: Verdict) -> dict[str, bytes]:
    """Return every report of a run, by the name of its file."""
    return {
        "run.json": json.dumps(as_json(verdict), ensure_ascii=False, indent=2).encode() + b"\n",
        "run.xml": as_junit(verdict),
        **verdict.reports,
    }


def write(verdict: Verdict, folder: Path) -> list[Path]:
    """Write every report of a run into ``folder`` and return the files.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = contents_of(verdict)
    for name, content in contents.items():
        folder.joinpath(name).write_bytes(content)
    return [folder / name for name in contents]
