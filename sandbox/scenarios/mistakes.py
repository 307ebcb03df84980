"""What is wrong with a scenario's file: where, and what to write instead."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """``line`` counts from 1; ``remedy``: what to write instead."""

    line: int
    place: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"line {self.line}: {place}{self.problem}. {self.remedy}"


class ScenarioInvalid(Exception):
    """Every mistake of a file, in its order."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda each: each.line))
        super().__init__("\n".join(map(str, self.mistakes)))
