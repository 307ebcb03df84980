"""Names and texts in half-width kana: what passes, what is converted, what is refused."""

import re
from functools import cache

from sandbox.domain.kana import STRAY_MARK, ChangeKind, TextClass, convert, wire_characters

_CONVERTIBLE = frozenset({ChangeKind.WIDTH, ChangeKind.SMALL_KANA, ChangeKind.LONG_VOWEL})
# Full-width kana with its long-vowel mark, and small half-width kana. Everything else that is not
# in the set was meant as something else.
_KANA = re.compile("[ぁ-ゖァ-ヺーｧ-ｯ]")


@cache
def _plain(text_class: TextClass) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(''.join(sorted(wire_characters(text_class))))}]*")


def is_plain(text: str, text_class: TextClass) -> bool:
    """Tell whether a text may stand in such a field as it is."""
    return _plain(text_class).fullmatch(text) is not None and STRAY_MARK.search(text) is None


def narrowed(text: str, text_class: TextClass) -> str | None:
    """Return a text as its field takes it; None where it holds more than other kana (§5.3)."""
    if is_plain(text, text_class):
        return text
    kana = convert(text, text_class)
    for change in kana.changes:
        is_kana = all(map(_KANA.fullmatch, change.before))
        if change.kind not in _CONVERTIBLE or not is_kana:
            return None
    return kana.text
