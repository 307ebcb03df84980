"""Names that a world's people, firms and counterparties are put together from.

Faker makes pools once per seed; rows draw from the pools. A Faker call costs as much as fifty
draws, and its import more than everything else here, so it stays away until a world is seeded.
"""

from dataclasses import dataclass
from functools import lru_cache

from sandbox.chance import Draw, draw
from sandbox.domain.kana import TextClass, corporate_name, to_half_width_kana

_POOL = 48
_ADDRESSES = 64
_TRADES = (
    ("商事", "ショウジ"),
    ("建設", "ケンセツ"),
    ("工業", "コウギョウ"),
    ("食品", "ショクヒン"),
    ("運輸", "ウンユ"),
    ("印刷", "インサツ"),
    ("電設", "デンセツ"),
    ("製作所", "セイサクショ"),
    ("薬品", "ヤクヒン"),
    ("物産", "ブッサン"),
)
_FORMS = ("株式会社{}", "{}株式会社", "{}株式会社", "有限会社{}", "合同会社{}")
_PROVIDERS = ["faker.providers.person", "faker.providers.address"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    name: str
    kana: str  # half-width


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Pools of last names, first names and addresses, and the names they combine to."""

    last_names: tuple[Name, ...]
    first_names: tuple[Name, ...]
    addresses: tuple[str, ...]
    firms: tuple[Name, ...]

    def person(self, dice: Draw) -> Name:
        last, first = _one(dice, self.last_names), _one(dice, self.first_names)
        return Name(name=f"{last.name} {first.name}", kana=f"{last.kana} {first.kana}")

    def firm(self, dice: Draw) -> Name:
        return _one(dice, self.firms)

    def address(self, dice: Draw) -> str:
        return self.addresses[int(dice.random() * len(self.addresses))]


def _one(dice: Draw, pool: tuple[Name, ...]) -> Name:
    return pool[int(dice.random() * len(pool))]


@lru_cache(maxsize=16)
def vocabulary_of(seed: int) -> Vocabulary:
    """Return the pools of one world. The same seed and the same Faker give the same pools."""
    from faker import Faker  # 0.2 s: not before a world is seeded

    faker = Faker("ja_JP", providers=_PROVIDERS)
    faker.seed_instance(draw(seed, "vocabulary").getrandbits(64))
    last = [faker.last_name_pair() for _ in range(_POOL)]
    first = [faker.first_name_pair() for _ in range(_POOL)]
    return Vocabulary(
        last_names=tuple(_name(kanji, kana) for kanji, kana, _ in last),
        first_names=tuple(_name(kanji, kana) for kanji, kana, _ in first),
        addresses=tuple(faker.address() for _ in range(_ADDRESSES)),
        firms=_firms(draw(seed, "vocabulary", "firms"), [(pair[0], pair[1]) for pair in last]),
    )


def _name(kanji: str, kana: str) -> Name:
    return Name(name=kanji, kana=to_half_width_kana(kana, TextClass.PARTY_NAME))


def _firms(dice: Draw, last_names: list[tuple[str, str]]) -> tuple[Name, ...]:
    firms = []
    for kanji, kana in last_names:
        trade, trade_kana = _TRADES[int(dice.random() * len(_TRADES))]
        form = _FORMS[int(dice.random() * len(_FORMS))]
        name, reading = form.format(kanji + trade), form.format(kana + trade_kana)
        firms.append(Name(name=name, kana=corporate_name(reading).text))
    return tuple(firms)
