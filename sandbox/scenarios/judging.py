"""What the conduct report says on the way: a scenario's steps declare things that hold just then.

A transfer that the app shows as paid too early is paid by the end of the run, so the last report
cannot find it any more: it is told what was found when it was asked.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sandbox.domain.conduct.checks import OF_DECLARED
from sandbox.scenarios.bank import Json
from sandbox.scenarios.model import Scenario

MOST_FINDINGS, MOST_CALLS, LONGEST = 100, 20, 2_000  # of a check, that the report takes


def expected_of(scenario: Scenario) -> frozenset[str]:
    """Return the checks that must find something: in the end, or when a step asks."""
    steps = (step.what for step in scenario.timeline if step.action == "expect")
    asked = (what.get("conduct", {}).get("findings", ()) for what in steps)
    return scenario.findings.union(*asked)


class Judged:
    """Findings that steps have met: of checks that need a declaration, or that were expected."""

    def __init__(self) -> None:
        self._found: dict[str, dict[tuple[str, str], Json]] = {}

    def note(self, report: Json, expected: Collection[str] = ()) -> None:
        """Keep what a report says of checks that were asked by a declaration, or ``expected``."""
        for check in report["checks"]:
            is_asked = check["id"] in OF_DECLARED and check["verdict"] != "not_asked"
            if is_asked or check["id"] in expected:
                self._found.setdefault(check["id"], {})
        for finding in report["findings"]:
            if finding["id"] in self._found:
                what = finding["what"]
                self._found[finding["id"]][what["ja"], what["en"]] = finding

    def told(self) -> list[dict[str, Any]]:
        """Return all of it as the last report is to hear it."""
        return [
            {"id": name, "findings": [_told(each) for each in [*found.values()][:MOST_FINDINGS]]}
            for name, found in self._found.items()
        ]


def _told(finding: Json) -> dict[str, Any]:
    what: Mapping[str, str] = finding["what"]
    return {
        "what": {language: text[:LONGEST] for language, text in what.items()},
        "calls": [call["id"] for call in finding["calls"][:MOST_CALLS]],
    }


def conduct_problems(report: Json) -> list[str]:
    """Return what the last report says that it should not, and what it fails to say."""
    bad = {
        each["id"] for each in report["findings"] if each["level"] == "E" and "wanted" not in each
    }
    return [f"conduct: {each} found something" for each in sorted(bad)] + [
        f"conduct: {each} should have found something" for each in sorted(report["missing"])
    ]
