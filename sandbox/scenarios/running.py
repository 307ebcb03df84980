"""Playing a scenario: world time goes from step to step, and nothing happens in between but what
falls due at the bank."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from sandbox.client import ProblemError, UnknownName
from sandbox.scenarios.app import App, AppUnreachable, found_at, mismatch, misplaced
from sandbox.scenarios.bank import Bank, Json
from sandbox.scenarios.checks import Ground, app_answer, balances_of, expect, report_of
from sandbox.scenarios.forging import forge
from sandbox.scenarios.judging import Judged, conduct_problems, expected_of
from sandbox.scenarios.linking import Links
from sandbox.scenarios.model import Scenario, Step, StepOutcome, Verdict
from sandbox.scenarios.reports import for_page
from sandbox.scenarios.rogue import Rogue

Told: TypeAlias = Callable[[StepOutcome], Awaitable[None]]
REPORTS = {"conduct.html": "html", "conduct.xml": "junit"}


async def tell_nobody(_outcome: StepOutcome) -> None:
    """Take an outcome and tell nobody of it."""


class Run:
    """One run of a scenario. The world is new: its clock stands at the scenario's beginning.

    ``notes``: what is to be said beside the verdict, such as settings that are not the scenario's.
    """

    def __init__(
        self,
        scenario: Scenario,
        bank: Bank,
        app: App,
        *,
        tell: Told = tell_nobody,
        notes: Iterable[str] = (),
    ) -> None:
        self._scenario = scenario
        self._bank = bank
        self._tested = app
        self._tell = tell
        self._links = Links(bank, app)
        self._rules: dict[str, str] = {}
        self._notes = list(notes)
        self._kept: dict[str, str] = {}  # what acts have answered, by the names of the scenario
        self._judged = Judged()
        self._now_ms = 0
        self._opening: Mapping[str, int] = {}
        self._actions: Mapping[str, Callable[[Json], Awaitable[str | None]]] = {
            "link": self._links.link,
            "callback": self._links.callback,
            "app": self._call,
            "fault": self._fault,
            "unfault": self._unfault,
            "act": self._act,
            "forge": partial(forge, bank),
            "rogue": Rogue(bank).call,
            "expect": self._expect,
        }

    async def play(self) -> Verdict:
        """Take every step, whatever comes of the one before, and judge the whole.

        Raises:
            Unreachable: the sandbox does not answer any more.
        """
        self._opening = await balances_of(self._bank)
        outcomes: list[StepOutcome] = []
        for step in self._scenario.timeline:
            outcome = await self._take(step)
            outcomes.append(outcome)
            await self._tell(outcome)
        for name in list(self._rules):
            await self._note_unstruck(name)
        said = {
            "expect": sorted(expected_of(self._scenario)),
            "allow": sorted(self._scenario.allowed),
            "judged": self._judged.told(),
        }
        report = await report_of(self._bank, said)
        verdict = Verdict(
            scenario=self._scenario,
            steps=tuple(outcomes),
            findings=tuple(report["findings"]),
            problems=tuple(conduct_problems(report)),
            notes=tuple(self._notes),
        )
        body = {**said, "run": for_page(verdict)}
        reports = {
            name: await self._bank.raw("conduct", body, format=kind)
            for name, kind in REPORTS.items()
        }
        return replace(verdict, reports=reports)

    async def _take(self, step: Step) -> StepOutcome:
        if step.at_ms > self._now_ms:
            await self._bank.world.clock.advance(f"{step.at_ms - self._now_ms}ms")
            self._now_ms = step.at_ms
        at = (await self._bank.world.clock.get()).now.isoformat()
        try:
            problem = await self._actions[step.action](filled(step.what, self._kept))
        except (ProblemError, UnknownName, AppUnreachable) as error:
            problem = str(error)
        return StepOutcome(step=step, at=at, problem=problem)

    # The actions, by the names of their steps

    async def _call(self, what: Json) -> str | None:
        answers = await gather(
            *(app_answer(self._tested, what) for _ in range(what.get("at_once", 1)))
        )
        return next((wrong for each in answers if (wrong := mismatch(each, what))), None)

    async def _fault(self, what: Json) -> str | None:
        rule = await self._bank.call("POST", "faults", {"ttl": "0s", **what["rule"]})
        self._rules[what["name"]] = rule["id"]
        return None

    async def _note_unstruck(self, name: str) -> None:
        """Note a rule that was there for nothing: it matches, perhaps, what nobody asks for."""
        rule = await self._bank.call("GET", f"faults/{self._rules[name]}")
        if not rule["struck"]:
            self._notes.append(f"the rule {name} has not struck once")

    async def _unfault(self, what: Json) -> str | None:
        await self._note_unstruck(what["name"])
        await self._bank.call("DELETE", f"faults/{self._rules.pop(what['name'])}")
        return None

    async def _act(self, what: Json) -> str | None:
        method = what.get("method", "POST")
        answer = await self._bank.call(method, what["path"], what.get("json"))
        for name, place in what.get("keep", {}).items():
            found = found_at(answer, place)
            if found is None:
                return f"there is no {place} in the answer, to keep as {name}"
            self._kept[name] = str(found)
        return misplaced(answer, what.get("answer", {}), "the answer")

    async def _expect(self, what: Json) -> str | None:
        ground = Ground(self._bank, self._tested, self._opening, self._links.codes, self._judged)
        return await expect(ground, what)


def filled(value: Any, kept: Mapping[str, str]) -> Any:
    """Return a step with what was kept in place of each ``{name}``."""
    if isinstance(value, str):
        for name, found in kept.items():
            value = value.replace(f"{{{name}}}", found)
    elif isinstance(value, Mapping):
        return {name: filled(each, kept) for name, each in value.items()}
    elif isinstance(value, list):
        return [filled(each, kept) for each in value]
    return value
