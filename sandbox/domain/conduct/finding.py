"""What a check finds, and what it is called."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from sandbox.domain.conduct.call import Call
from sandbox.domain.conduct.facts import Facts


class Level(StrEnum):
    ERROR = "E"  # fails a run
    WARNING = "W"  # is shown


@dataclass(frozen=True, slots=True)
class Words:
    """The same in Japanese and in English."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``calls``: ids in the journal, oldest first. ``level`` None: the check's own."""

    what: Words
    calls: tuple[int, ...] = ()
    level: Level | None = None


Find: TypeAlias = Callable[[Sequence[Call], Facts], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule of conduct (C-1…C-25).

    ``needs``: what it says nothing without: a field of ``Declared``, or ``tls_drill``, clients that
    came to a listener whose certificate they must refuse, whether they did or not.
    """

    id: str
    level: Level
    title: Words
    remedy: Words
    find: Find
    needs: str = ""


class Groups:
    """Calls that show the same carelessness: one finding for all of a kind."""

    def __init__(self) -> None:
        self._groups: defaultdict[Hashable, dict[int, Call]] = defaultdict(dict)

    def add(self, key: Hashable, *calls: Call) -> None:
        self._groups[key].update((call.id, call) for call in calls)

    def findings(
        self, say: Callable[[list[Call]], Words], level: Level | None = None
    ) -> Iterator[Finding]:
        """Yield a finding for each group, in the order in which they began."""
        for calls in self._groups.values():
            yield Finding(what=say(list(calls.values())), calls=tuple(sorted(calls)), level=level)


def place(call: Call) -> str:
    """Return what a call asked for, as a report writes it."""
    return f"{call.method} {call.target}"
