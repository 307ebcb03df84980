"""The one-byte characters of the files: JIS X 0201, with the code points that CP932 gives them.

A byte outside the set is half of a double-byte character, or of another encoding. It is kept as a
private character of Unicode, so that every record stays one character a byte and the report can
name the byte.
"""

import codecs

_FOREIGN = 0xF700
_HALF_WIDTH = 0xFF61 - 0xA1


def _character(byte: int) -> str:
    if 0xA1 <= byte <= 0xDF:
        return chr(byte + _HALF_WIDTH)
    return chr(byte) if byte < 0x80 else chr(_FOREIGN + byte)


_TABLE = "".join(map(_character, range(256)))
FOREIGN_CHARACTERS = frozenset(c for c in _TABLE if _FOREIGN <= ord(c) < _FOREIGN + 0x100)


def decode(data: bytes) -> str:
    """Return ``data`` as text of the same length; no byte is refused here."""
    return codecs.charmap_decode(data, "strict", _TABLE)[0]


def encode(text: str) -> bytes:
    """Return ``text``, which holds one-byte characters only, as bytes.

    Raises:
        UnicodeEncodeError: it does not.
    """
    return codecs.charmap_encode(text, "strict", codecs.charmap_build(_TABLE))[0]


def readable(text: str) -> str:
    """Return ``text`` with every character that cannot be shown written as ``\\xNN``."""
    return "".join(map(_readable, text))


def _readable(character: str) -> str:
    code = ord(character)
    if character in FOREIGN_CHARACTERS:
        return f"\\x{code - _FOREIGN:02X}"
    return character if character.isprintable() else f"\\x{code:02X}"


def spelled(character: str) -> str:
    """Return how a report writes a character: itself in brackets, or its byte."""
    code = ord(character)
    if character in FOREIGN_CHARACTERS:
        return f"0x{code - _FOREIGN:02X}"
    return f"「{character}」" if character.isprintable() else f"0x{code:02X}"
