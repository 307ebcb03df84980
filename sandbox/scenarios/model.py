"""What a scenario is, once its file has been read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]
BANK = "tomato"  # where a step names none
# What a step may do; each is the step's one key beside ``at`` and ``say``.
ACTIONS = ("link", "callback", "app", "fault", "unfault", "act", "forge", "rogue", "expect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What people read, in both languages."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the timeline. ``at_ms``: world time after the start; ``line`` of the file."""

    at_ms: int
    line: int
    action: str
    what: Json
    say: Text | None = None

    @property
    def title(self) -> str:
        """Return a few words that tell this step from others."""
        return self._plain if self.say is None else self.say.ja

    @property
    def words(self) -> Text:
        """Return the same in both languages."""
        return Text(ja=self._plain, en=self._plain) if self.say is None else self.say

    @property
    def _plain(self) -> str:
        match self.action:
            case "link":
                return f"{self.what['persona']}: {self.what['path']}"
            case "callback":
                return f"callback {', '.join(self.what.get('change', ()))}".strip()
            case "app":
                return f"{self.what.get('method', 'POST')} {self.what['path']}"
            case "act":
                return f"{self.what.get('method', 'POST')} {self.what['path']}"
            case "fault":
                return str(self.what["rule"]["effect"]["kind"])
            case "forge":
                return f"{self.what['kind']}: {self.what['path']}"
            case "rogue":
                return f"rogue: {self.what['path']}"
            case "unfault":
                return str(self.what["name"])
        return ", ".join(self.what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """``clock``: where the world's time begins, and stands but for the timeline.

    ``settings``: of the banks, as the environment has them. ``findings``: ids of the conduct checks
    that must find something. ``allowed``: those that may.
    """

    name: str
    title: Text
    story: Text
    seed: int
    clock: str
    personas: tuple[str, ...] | None
    settings: Mapping[str, str] = field(default_factory=dict)
    timeline: tuple[Step, ...]
    findings: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """How a step went. ``problem`` None: as it should."""

    step: Step
    at: str  # world time
    problem: str | None = None

    @property
    def is_ok(self) -> bool:
        return self.problem is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a run went. ``findings``: of the conduct report, as the control API tells them."""

    scenario: Scenario
    steps: tuple[StepOutcome, ...]
    findings: tuple[Json, ...] = ()
    problems: tuple[str, ...] = ()  # of the run as a whole
    notes: tuple[str, ...] = ()  # what fails nobody: settings that differ, rules that never struck
    reports: Mapping[str, bytes] = field(default_factory=dict)  # file name → contents

    @property
    def has_passed(self) -> bool:
        return not self.problems and all(step.is_ok for step in self.steps)
