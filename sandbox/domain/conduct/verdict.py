"""What all checks together say of a journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sandbox.domain.conduct.call import Call, in_order
from sandbox.domain.conduct.checks import CHECKS
from sandbox.domain.conduct.facts import Facts
from sandbox.domain.conduct.finding import Check, Finding, Level

TLS_DRILL = "tls_drill"  # what C-24 needs: a trait of calls, and of handshakes that were refused


class Verdict(StrEnum):
    FOUND = "found"
    CLEAN = "clean"
    NOT_ASKED = "not_asked"  # what the check needs was not there


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One check and what came of it."""

    check: Check
    verdict: Verdict
    findings: tuple[Finding, ...]

    def level_of(self, finding: Finding) -> Level:
        return finding.level or self.check.level

    def count(self, level: Level) -> int:
        return sum(self.level_of(each) is level for each in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``calls`` as they began. ``others``: ids of those that no client is judged by."""

    calls: tuple[Call, ...]
    checked: tuple[Checked, ...]
    others: frozenset[int] = frozenset()

    def count(self, level: Level) -> int:
        return sum(each.count(level) for each in self.checked)

    @property
    def is_failed(self) -> bool:
        """True with any finding of level E."""
        return self.count(Level.ERROR) > 0


def judge(calls: Sequence[Call], facts: Facts) -> Report:
    """Return what every check says of ``calls``, whatever their order."""
    ordered = in_order(calls)
    others = frozenset(call.id for call in ordered if call.token in facts.leaked)
    asked = [call for call in ordered if not (call.is_handshake or call.id in others)]
    return Report(
        calls=tuple(ordered),
        others=others,
        checked=tuple(
            _checked(check, ordered if check.needs == TLS_DRILL else asked, facts)
            for check in CHECKS
        ),
    )


def _checked(check: Check, calls: Sequence[Call], facts: Facts) -> Checked:
    if not _can_judge(check, calls, facts):
        return Checked(check=check, verdict=Verdict.NOT_ASKED, findings=())
    findings = tuple(check.find(calls, facts))
    verdict = Verdict.FOUND if findings else Verdict.CLEAN
    return Checked(check=check, verdict=verdict, findings=findings)


def _can_judge(check: Check, calls: Sequence[Call], facts: Facts) -> bool:
    if check.needs == TLS_DRILL:
        return any(check.needs in call.traits for call in calls)
    if not check.needs:
        return True
    said = getattr(facts.declared, check.needs)
    return said is not None and said != () and said != frozenset()
