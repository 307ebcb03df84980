"""What all checks together say of a journal."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
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


class Wanted(StrEnum):
    """What a scenario says of a check: nothing that it finds fails the run."""

    EXPECTED = "expected"  # it has to find something
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One check and what came of it. ``wanted`` None: no scenario says anything of it."""

    check: Check
    verdict: Verdict
    findings: tuple[Finding, ...]
    wanted: Wanted | None = None

    @property
    def is_missing(self) -> bool:
        """True where it was expected to find something, and did not."""
        return self.wanted is Wanted.EXPECTED and not self.findings

    @property
    def errors(self) -> int:
        """Return how many findings of level E nobody expected."""
        return 0 if self.wanted else self.count(Level.ERROR)

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
    def errors(self) -> int:
        """Return how many findings of level E nobody expected."""
        return sum(each.errors for each in self.checked)

    @property
    def missing(self) -> tuple[str, ...]:
        """Return which checks were expected to find something, and did not."""
        return tuple(each.check.id for each in self.checked if each.is_missing)

    @property
    def is_failed(self) -> bool:
        """True with a finding of level E that nobody expected, or without one that somebody did."""
        return self.errors > 0 or bool(self.missing)


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


def wanted_of(
    report: Report,
    *,
    judged: Mapping[str, Sequence[Finding]],
    expected: Collection[str],
    allowed: Collection[str],
) -> Report:
    """Return a report as a scenario reads it.

    Args:
        judged: what checks found while it ran, where they find nothing any more: what is declared
            holds for its moment alone (a transfer shown as paid too early is paid by the end).
    """

    def seen(checked: Checked) -> Checked:
        name = checked.check.id
        wanted = Wanted.ALLOWED if name in allowed else None
        wanted = Wanted.EXPECTED if name in expected else wanted
        if name not in judged or checked.findings:
            return replace(checked, wanted=wanted)
        findings = tuple(judged[name])
        verdict = Verdict.FOUND if findings else Verdict.CLEAN
        return replace(checked, findings=findings, verdict=verdict, wanted=wanted)

    return replace(report, checked=tuple(map(seen, report.checked)))


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
