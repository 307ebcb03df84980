"""Texts for a terminal or a log, whoever wrote them: they are read there, and command nothing.

An escape sequence in a client id could set the title of a tester's terminal, or its clipboard; a
line break in a path could forge a line of the log.
"""

# C0, DEL and C1; what ends a line elsewhere; what turns the direction of the text that follows.
_CODES = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F))
_ESCAPES = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    for code in (*_CODES, *range(0x2066, 0x206A))
}
_BUT_LINES = {code: text for code, text in _ESCAPES.items() if chr(code) not in "\n\t"}
_IN_JSON = {code: f"\\u{code:04x}" for code in _BUT_LINES}


def one_line(text: str) -> str:
    """Return ``text`` with every control character spelled out, line breaks too."""
    return text.translate(_ESCAPES)


def printable(text: str) -> str:
    """Return ``text`` with its control characters spelled out, but for line breaks and tabs."""
    return text.translate(_BUT_LINES)


def printable_json(text: str) -> str:
    """Return JSON with its control characters as JSON spells them: it says the same."""
    return text.translate(_IN_JSON)
