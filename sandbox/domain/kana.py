"""Half-width kana (半角カナ) as abstracts, holder names and bank files carry them.

One character is one byte on the wire: JIS X 0201. No class of field takes small kana, the
long-vowel mark, lower case or full-width characters; a voicing mark is a character of its own and
follows only a kana that can take it. Which symbols pass depends on the field.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

import jaconv

LARGE_KANA = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ"
VOICED, SEMI_VOICED = "ﾞ", "ﾟ"
WO = "ｦ"
TAKES_MARK: dict[str, frozenset[str]] = {
    VOICED: frozenset("ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ"),
    SEMI_VOICED: frozenset("ﾊﾋﾌﾍﾎ"),
}
# A mark after something that cannot take it; it starts with the mark, so that searching is fast.
_TAKEN_MARKS = "|".join(f"[{''.join(sorted(TAKES_MARK[mark]))}]{mark}" for mark in TAKES_MARK)
STRAY_MARK = re.compile(f"[{VOICED}{SEMI_VOICED}](?<!{_TAKEN_MARKS})")
_DIGITS_AND_SPACE = "0123456789 "
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class TextClass(StrEnum):
    """What a field may hold (文字種)."""

    BANK_NAME = "bank_name"  # 銀行名・支店名
    PARTY_NAME = "party_name"  # 受取人名・依頼人名・口座名義
    PAYROLL_NAME = "payroll_name"  # 給与・賞与振込の氏名
    EDI = "edi"  # EDI情報
    ABSTRACT = "abstract"  # 摘要


_EDI_CHARACTERS = _LETTERS + WO + r"\｢｣()-/."
_BEYOND_KANA: dict[TextClass, str] = {
    TextClass.BANK_NAME: _LETTERS + "-",
    TextClass.PARTY_NAME: _LETTERS + "()-.",
    TextClass.PAYROLL_NAME: "",
    TextClass.EDI: _EDI_CHARACTERS,
    TextClass.ABSTRACT: _EDI_CHARACTERS,
}
_NAMES = frozenset({TextClass.BANK_NAME, TextClass.PARTY_NAME, TextClass.PAYROLL_NAME})


class ChangeKind(StrEnum):
    """What happened to a character. All but ``WIDTH`` and ``CASE`` may matter to a matcher."""

    WIDTH = "width"
    CASE = "case"
    SMALL_KANA = "small_kana"
    LONG_VOWEL = "long_vowel"
    VARIANT = "variant"  # the class lacks it and has something close
    LEGAL_FORM = "legal_form"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    kind: ChangeKind
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kana:
    """A text fit for the wire, and what it took to make it so, in the order of the text."""

    text: str
    changes: tuple[Change, ...]

    @property
    def dropped(self) -> str:
        """Return the characters that have no counterpart on the wire, such as kanji."""
        return "".join(c.before for c in self.changes if c.kind is ChangeKind.DROPPED)


_SMALL_HALF = str.maketrans("ｧｨｩｪｫｯｬｭｮ", "ｱｲｳｴｵﾂﾔﾕﾖ")
_SMALL_FULL = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_LONG_VOWELS = frozenset("ーｰ")
# Looked up after narrowing.
_VARIANTS: dict[str, str] = {
    **dict.fromkeys("‐‑‒–—―─−〜~", "-"),
    **dict.fromkeys("､,\t\n", " "),
    **dict.fromkeys("･｡", "."),
    **dict.fromkeys("゛\u3099", VOICED),
    **dict.fromkeys("゜\u309a", SEMI_VOICED),
    **dict(zip("ヰヱヷヸヹヺ[]¥￥", "ｲｴﾜｲｴｦ()\\\\", strict=True)),
}


@cache
def wire_characters(text_class: TextClass, *, wo_in_names: bool = False) -> frozenset[str]:
    """Return what a field of the class may hold, voicing marks included.

    ``wo_in_names``: a later edition of the standard admits ｦ in names; banks still publish the
    narrow rule, so it is off unless a profile says otherwise.
    """
    wo = WO if wo_in_names and text_class in _NAMES else ""
    kana = LARGE_KANA + VOICED + SEMI_VOICED + wo
    return frozenset(_DIGITS_AND_SPACE + kana + _BEYOND_KANA[text_class])


def is_wire_kana(
    text: str, text_class: TextClass = TextClass.ABSTRACT, *, wo_in_names: bool = False
) -> bool:
    """Say whether ``text`` may stand in such a field as it is; the empty text may."""
    return wire_characters(text_class, wo_in_names=wo_in_names).issuperset(text) and all(
        _can_follow(mark, before) for before, mark in zip(" " + text, text, strict=False)
    )


def _can_follow(character: str, before: str) -> bool:
    return character not in TAKES_MARK or before in TAKES_MARK[character]


def to_half_width_kana(text: str, text_class: TextClass = TextClass.ABSTRACT) -> str:
    """Return ``text`` as a field of the class takes it; see ``convert`` for what got lost."""
    return convert(text, text_class).text


def convert(
    text: str, text_class: TextClass = TextClass.ABSTRACT, *, wo_in_names: bool = False
) -> Kana:
    """Return ``text`` made fit for a field of the class, with a list of what was changed.

    The result always passes ``is_wire_kana``. Kanji and other characters without a counterpart
    are dropped, and so is a voicing mark after a kana that cannot take it.
    """
    allowed = wire_characters(text_class, wo_in_names=wo_in_names)
    written = ""
    changes: list[Change] = []
    for character in unicodedata.normalize("NFC", text):
        after, kind = _narrow(character)
        if after == WO and WO not in allowed:
            after, kind = "ｵ", ChangeKind.VARIANT
        if not (allowed.issuperset(after) and _can_follow(after[:1], written[-1:])):
            after, kind = "", ChangeKind.DROPPED
        written += after
        if after != character:
            changes.append(Change(kind=kind, before=character, after=after))
    return Kana(text=written, changes=tuple(changes))


@lru_cache(maxsize=4096)
def _narrow(character: str) -> tuple[str, ChangeKind]:
    """Return one character in half width, and the most telling thing that was done to it."""
    if character in _LONG_VOWELS:
        return "-", ChangeKind.LONG_VOWEL
    full = str(jaconv.hira2kata(character))
    large = full.translate(_SMALL_FULL).translate(_SMALL_HALF)
    half = str(jaconv.z2h(large, kana=True, ascii=True, digit=True))
    if half in _VARIANTS:
        return _VARIANTS[half], ChangeKind.VARIANT
    if large != full:
        return half, ChangeKind.SMALL_KANA
    upper = half.upper() if half.isascii() else half
    return upper, ChangeKind.WIDTH if half == upper else ChangeKind.CASE


def truncate(text: str, length: int) -> str:
    """Return at most ``length`` characters (bytes on the wire) of half-width ``text``.

    A kana whose voicing mark would be cut off goes with it: ｶ is another name than ｶﾞ.
    """
    if length < 0:
        raise ValueError(f"a text cannot be {length} characters long")
    if text[length : length + 1] in TAKES_MARK:
        return text[: max(length - 1, 0)]
    return text[:length]


# 法人略語: the kana of the name stays, the legal form shrinks to its published abbreviation.
LEGAL_FORMS: dict[str, str] = {
    "株式会社": "ｶ",
    "有限会社": "ﾕ",
    "合名会社": "ﾒ",
    "合資会社": "ｼ",
    "合同会社": "ﾄﾞ",
    "相互会社": "ｿ",
    "医療法人": "ｲ",
    "医療法人社団": "ｲ",
    "医療法人財団": "ｲ",
    "社会医療法人": "ｲ",
    "財団法人": "ｻﾞｲ",
    "一般財団法人": "ｻﾞｲ",
    "公益財団法人": "ｻﾞｲ",
    "社団法人": "ｼﾔ",
    "一般社団法人": "ｼﾔ",
    "公益社団法人": "ｼﾔ",
    "宗教法人": "ｼﾕｳ",
    "学校法人": "ｶﾞｸ",
    "社会福祉法人": "ﾌｸ",
    "更生保護法人": "ﾎｺﾞ",
    "特定非営利活動法人": "ﾄｸﾋ",
    "独立行政法人": "ﾄﾞｸ",
    "地方独立行政法人": "ﾁﾄﾞｸ",
    "国立大学法人": "ﾀﾞｲ",
    "公立大学法人": "ﾀﾞｲ",
    "弁護士法人": "ﾍﾞﾝ",
    "行政書士法人": "ｷﾞﾖ",
    "司法書士法人": "ｼﾎｳ",
    "税理士法人": "ｾﾞｲ",
    "社会保険労務士法人": "ﾛｳﾑ",
    "農事組合法人": "ﾉｳ",
    "管理組合法人": "ｶﾝﾘ",
}
_SIGNS = {"㈱": "株式会社", "(株)": "株式会社", "（株）": "株式会社"} | {
    "㈲": "有限会社",
    "(有)": "有限会社",
    "（有）": "有限会社",
}
_LONGEST_FIRST = sorted([*LEGAL_FORMS, *_SIGNS], key=len, reverse=True)
_LEGAL_FORM = re.compile(r"\s*(" + "|".join(map(re.escape, _LONGEST_FIRST)) + r")\s*")


def corporate_name(name: str, *, wo_in_names: bool = False) -> Kana:
    """Return a firm's name in kana, such as サンプルショウジ株式会社, as a party name: ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ.

    The first legal form, in kanji or as a sign, becomes its abbreviation: ``ｶ)`` before the
    name, ``(ｶ`` behind it, ``(ｶ)`` inside it.
    """
    text_class = TextClass.PARTY_NAME
    found = _LEGAL_FORM.search(name.strip())
    if found is None:
        return convert(name, text_class, wo_in_names=wo_in_names)
    head, tail = found.string[: found.start()], found.string[found.end() :]
    before = convert(head, text_class, wo_in_names=wo_in_names)
    after = convert(tail, text_class, wo_in_names=wo_in_names)
    form = LEGAL_FORMS[_SIGNS.get(found[1], found[1])]
    mark = ("(" if head else "") + form + (")" if tail or not head else "")
    change = Change(kind=ChangeKind.LEGAL_FORM, before=found[1], after=mark)
    return Kana(
        text=before.text + mark + after.text, changes=(*before.changes, change, *after.changes)
    )
