"""What a contractor's life is drawn from: the kind of life, its size, and the names in it.

The names are drawn when the world is seeded and kept with the contractor, so that days lived
later need no vocabulary and meet the same employer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class LifeKind(StrEnum):
    RESTING = "resting"  # nothing but interest
    SALARY = "salary"  # 給与生活者
    SAVING = "saving"  # 貯蓄の積立
    SOLE_PROPRIETOR = "sole_proprietor"  # 個人事業主
    TRADING = "trading"  # 法人の普通預金
    CHEQUES = "cheques"  # 法人の当座預金
    COLLECTING = "collecting"  # trading, and collecting checks: value dates other than the day
    RESTLESS = "restless"  # a salary life with every oddity that a statement can show
    BUSY = "busy"  # 100,000 lines, written when they are first asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One account's life."""

    key: str  # the account id: every draw hangs on it
    kind: LifeKind
    opening_yen: int
    monthly_yen: int
    payer: str  # half-width kana, as all names here
    people: tuple[str, ...]
    firms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A contractor's lives by account id, and the story that testers read."""

    ja: str
    en: str
    lives: Mapping[str, Life]

    def document(self) -> dict[str, Any]:
        """Return the JSON object that ``parse_story`` reads back."""
        life = next(iter(self.lives.values()))
        return {
            "ja": self.ja,
            "en": self.en,
            "payer": life.payer,
            "people": life.people,
            "firms": life.firms,
            "lives": {
                key: {
                    "kind": life.kind,
                    "opening_yen": life.opening_yen,
                    "monthly_yen": life.monthly_yen,
                }
                for key, life in self.lives.items()
            },
        }


def parse_story(document: Mapping[str, Any]) -> Story:
    """Return the story of ``contractor.story``; an empty object is a life without movements."""
    names = {
        "payer": document.get("payer", ""),
        "people": tuple(document.get("people", ())),
        "firms": tuple(document.get("firms", ())),
    }
    lives = {
        key: Life(
            key=key,
            kind=LifeKind(life["kind"]),
            opening_yen=life["opening_yen"],
            monthly_yen=life["monthly_yen"],
            **names,
        )
        for key, life in document.get("lives", {}).items()
    }
    return Story(ja=document.get("ja", ""), en=document.get("en", ""), lives=lives)
