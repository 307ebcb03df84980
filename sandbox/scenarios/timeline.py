"""What no schema says of a timeline: one action a step, times that go forward, names that exist."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sandbox.bank_settings import BANKS
from sandbox.domain.duration import parse_duration
from sandbox.domain.effect_rules import rule_problem, stages_of
from sandbox.domain.fault_match import KnownCall, in_vain
from sandbox.domain.meant import meant
from sandbox.scenarios.against_schema import Path, mistakes_against, place, shown
from sandbox.scenarios.known import CHECK_IDS, ROWS, TICKED, Resource, fields_of, people_of
from sandbox.scenarios.mistakes import Mistake
from sandbox.scenarios.model import ACTIONS, BANK, Json
from sandbox.scenarios.yaml_text import Document

KEPT = re.compile(r"\{([a-z][a-z_]*)\}")


class Timeline:
    """One reading of a file's steps.

    ``resources`` empty: what acts call is not looked at. ``calls`` empty: nor is what rules match.
    """

    def __init__(
        self,
        document: Document,
        resources: Sequence[Resource],
        calls: Sequence[KnownCall] = (),
    ) -> None:
        self._document = document
        self._resources = resources
        self._calls = calls
        self._chosen: Sequence[str] | None = document.value.get("personas")
        self._rules: set[str] = set()  # in force
        self._gone: set[str] = set()
        self._kept: set[str] = set()
        self._actions: Mapping[str, Callable[[Path, Any], Iterator[Mistake]]] = {
            "link": self._person,
            "fault": self._fault,
            "unfault": self._unfault,
            "act": self._act,
            "forge": self._person,
            "rogue": self._person,
            "expect": self._expect,
        }

    def mistakes(self) -> Iterator[Mistake]:
        last_ms = 0
        for number, step in enumerate(self._document.value["timeline"]):
            path: Path = ("timeline", number)
            actions = [name for name in ACTIONS if name in step]
            if len(actions) != 1:
                remedy = f"Write one of: {', '.join(ACTIONS)}."
                yield self._mistake(path, "a step does exactly one thing", remedy)
                continue
            last_ms, mistake = self._time(path, step, last_ms)
            if mistake is not None:
                yield mistake
            action = actions[0]
            yield from self._placeholders((*path, action), step[action])
            if action in self._actions:
                yield from self._actions[action]((*path, action), step[action])

    def _mistake(self, path: Path, problem: str, remedy: str) -> Mistake:
        return Mistake(self._document.line_of(path), place(path), problem, remedy)

    def _one_of(self, path: Path, what: str, value: str, known: Sequence[str]) -> Iterator[Mistake]:
        if value not in known and not KEPT.search(value):
            yield self._mistake(path, f"there is no {what} {shown(value)}", meant(value, known))

    def _time(self, step_at: Path, step: Json, last_ms: int) -> tuple[int, Mistake | None]:
        """Return when a step is, and what is wrong with that."""
        if "at" not in step:
            return last_ms, None
        path = (*step_at, "at")
        try:
            at_ms = parse_duration(step["at"])
        except ValueError as error:
            remedy = "Write a length such as 90s, 10m or 2d."
            return last_ms, self._mistake(path, str(error).partition(":")[0], remedy)
        if at_ms < last_ms:
            problem = f"{step['at']} is before the step above"
            remedy = "Put the steps in the order of their times."
            return last_ms, self._mistake(path, problem, remedy)
        return at_ms, None

    def _placeholders(self, path: Path, what: Json) -> Iterator[Mistake]:
        """Look for names in a path that no act has kept before. Bodies may hold any braces."""
        for name in KEPT.findall(str(what.get("path", ""))):
            if name not in self._kept:
                remedy = meant(name, sorted(self._kept)) if self._kept else "Keep it in an act."
                yield self._mistake((*path, "path"), f"nothing is kept as {{{name}}}", remedy)

    # The actions

    def _person(self, path: Path, what: Json) -> Iterator[Mistake]:
        bank = what.get("bank", BANK)
        if wrong := [*self._one_of((*path, "bank"), "bank", bank, BANKS)]:
            yield from wrong
            return
        if "persona" in what:
            people = people_of(bank, self._chosen)
            where = (*path, "persona")
            yield from self._one_of(where, f"persona at {bank},", what["persona"], people)
        for number, name in enumerate(what.get("functions", ())):
            if bank in TICKED:
                where = (*path, "functions", number)
                yield from self._one_of(where, "function", name, TICKED[bank])

    def _fault(self, path: Path, what: Json) -> Iterator[Mistake]:
        name = what["name"]
        if name in self._rules:
            remedy = "Give it another name, or take the first one away before."
            yield self._mistake((*path, "name"), f"a rule {name!r} is in force already", remedy)
        self._rules.add(name)
        self._gone.discard(name)
        rule = what["rule"]
        if found := rule_problem(rule):
            remedy = "See docs/faults.md, and try it with `bank-sandbox faults add`."
            yield self._mistake((*path, "rule", found[0]), found[1], remedy)
            return
        stage = rule.get("stage", stages_of(rule["effect"])[0])
        match = {key: what for key, what in rule.get("match", {}).items() if not _is_kept(what)}
        if vain := in_vain(match, stage, self._calls):
            yield self._mistake((*path, "rule", "match", vain.key), vain.problem, vain.remedy)

    def _unfault(self, path: Path, what: Json) -> Iterator[Mistake]:
        name = what["name"]
        if name in self._rules:
            self._rules.discard(name)
            self._gone.add(name)
        elif name in self._gone:
            yield self._mistake(path, f"the rule {name!r} is gone already", "Take it away.")
        else:
            remedy = meant(name, sorted(self._rules))
            yield self._mistake(path, f"no rule {name!r} was added before", remedy)

    def _act(self, path: Path, what: Json) -> Iterator[Mistake]:
        self._kept |= what.get("keep", {}).keys()
        if not self._resources:
            return
        method, asked = what.get("method", "POST"), what["path"]
        here = [each for each in self._resources if each.is_at(asked)]
        mine = [each for each in here if each.method == method]
        if not here:
            known = sorted({each.path for each in self._resources if each.method == method})
            close = meant(asked.partition("?")[0], known)
            remedy = close if close.startswith("Did") else "See docs/control.md."
            yield self._mistake((*path, "path"), f"the bank has no {shown(asked)}", remedy)
        elif not mine:
            remedy = f"It takes {', '.join(sorted({each.method for each in here}))}."
            where = (*path, "method") if "method" in what else path
            yield self._mistake(where, f"{shown(asked)} takes no {method}", remedy)
        else:
            yield from self._call(path, what, mine[0])

    def _call(self, path: Path, what: Json, resource: Resource) -> Iterator[Mistake]:
        bank = resource.bank_of(what["path"])
        if bank is not None:
            yield from self._one_of((*path, "path"), "bank", bank, BANKS)
        if resource.body is not None:
            body = what.get("json", {})
            yield from mistakes_against(resource.body, self._document, body, (*path, "json"))

    def _expect(self, path: Path, what: Json) -> Iterator[Mistake]:
        for rows in ROWS:
            for name in what.get(rows, {}).get("where", {}):
                where = (*path, rows, "where", name)
                yield from self._one_of(where, f"field of {rows},", name, fields_of(rows))
        conduct = what.get("conduct", {})
        for kind in ("findings", "none"):
            for number, check in enumerate(conduct.get(kind, ())):
                where = (*path, "conduct", kind, number)
                yield from self._one_of(where, "check", check, CHECK_IDS)


def _is_kept(value: object) -> bool:
    """Tell whether a value is filled in by what an act has kept: nobody knows it yet."""
    return KEPT.search(str(value)) is not None
