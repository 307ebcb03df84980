"""What a caller may send, as a terminal and a log show it."""

import json
import unicodedata

import pytest

from sandbox.domain.printable import one_line, printable, printable_json

TITLE = "\x1b]0;owned\x07"


@pytest.mark.parametrize("show", [one_line, printable, printable_json])
def test_nothing_that_commands_a_terminal_is_left(show):
    every = "".join(map(chr, range(0x3000)))
    kinds = {unicodedata.category(each) for each in show(every) if each not in "\n\t"}
    assert kinds.isdisjoint({"Cc", "Zl", "Zp"})
    assert not any(0x202A <= ord(each) <= 0x202E for each in show(every))
    assert show("\u2066a\u2069") == "\\u2066a\\u2069"


def test_line_breaks_stay_where_lines_are_meant():
    assert printable(f"a\n\tb\r{TITLE}") == "a\n\tb\\x0d\\x1b]0;owned\\x07"
    assert one_line("a\n\tb\u2028c") == "a\\x0a\\x09b\\u2028c"


@pytest.mark.parametrize("text", ["", "架空 太郎 ｶ) –", "a\\x1b", "é \u0301 👩‍👧", "[bold]"])
def test_whatever_is_meant_to_be_read_stays(text):
    assert one_line(text) == printable(text) == printable_json(text) == text


def test_json_says_the_same():
    value = {TITLE: ["\x9b31m", "\x7f", "\u202e\u2067", "\n\t\r", "架空"]}
    shown = printable_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(shown) == value
    assert "\x9b" not in shown
