"""YAML as JSON knows data (YAML 1.2, core schema), with the line of each thing.

Read event by event, so that what a short text can make endless is refused on the way: depth, and
aliases of aliases. Instants stay texts: whoever needs one parses it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

from sandbox.scenarios.mistakes import Mistake, ScenarioInvalid

DEEPEST = 50  # levels
MOST_NODES = 100_000  # aliases counted as what they stand for
NUMBERS = {
    "int": re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    "float": re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"),
}
NO_NUMBER = re.compile(r"[-+]?\.inf|[-+]?\.Inf|[-+]?\.INF|\.nan|\.NaN|\.NAN")
ZEROS = re.compile(r"[-+]?0[0-9]+")
WORDS = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
TEXT_TAG = "tag:yaml.org,2002:str"
MERGE = "<<"


@dataclass(frozen=True, slots=True)
class Document:
    """``lines``: by the identity of a mapping or list, the line of each of its keys."""

    value: Any
    lines: dict[int, dict[Any, int]]

    def line_of(self, path: Sequence[str | int]) -> int:
        """Return the line, from 1, on which the deepest part of ``path`` that is there begins."""
        line, here = 1, self.value
        for part in path:
            places = self.lines.get(id(here), {})
            if part not in places:
                break
            line, here = abs(places[part]), here[part]
        return line


@dataclass(slots=True)
class _Open:
    """A mapping or list under way. ``size``: how many nodes it has so far."""

    value: Any
    line: int
    anchor: str | None
    lines: dict[Any, int] = field(default_factory=dict)
    key: str | None = None
    key_line: int = 0
    size: int = 1


def parse(text: str) -> Document:
    """Return what a text of YAML says.

    Raises:
        ScenarioInvalid: it says nothing that JSON could, or not in one document.
    """
    reader = _Reader()
    try:
        for event in YAML(typ="rt").parse(text.removeprefix("\ufeff")):
            reader.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or "this is no YAML")
        _refuse(1 if mark is None else mark.line + 1, problem, _remedy_of(problem))
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = f"U+{error.character:04X}" if isinstance(error.character, int) else "this"
        _refuse(line, f"{found} is a character that no YAML may hold", "Take it away.")
    return Document(reader.root, reader.lines)


def _remedy_of(problem: str) -> str:
    if "\\t" in problem or "tab" in problem:
        return "Indent with spaces."
    if "alias" in problem:
        return "Name an anchor (&) that stands above."
    return "Mind the indentation, and quote texts with a colon."


def _refuse(line: int, problem: str, remedy: str) -> NoReturn:
    raise ScenarioInvalid([Mistake(line, "", problem, remedy)]) from None


class _Reader:
    """Builds the document of a stream of events."""

    def __init__(self) -> None:
        self.root: Any = None
        self.lines: dict[int, dict[Any, int]] = {}
        self._documents = 0
        self._open: list[_Open] = []
        self._anchored: dict[str, tuple[Any, int]] = {}  # the value, and how many nodes it has

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                _refuse(line, "a second document begins", "Write one scenario a file.")
        elif isinstance(event, AliasEvent):
            self._alias(event.anchor, line)
        elif isinstance(event, ScalarEvent):
            self._name(event, line)
            self._scalar(event, line)
        elif isinstance(event, CollectionStartEvent):
            self._begin(event, line)
        elif isinstance(event, CollectionEndEvent):
            self._end()

    def _name(self, event: NodeEvent, line: int) -> None:
        """Look at the anchor and the tag of a node."""
        anchor = getattr(event, "anchor", None)
        if anchor is not None and (anchor in self._anchored or self._is_open(anchor)):
            _refuse(line, f"the anchor &{anchor} is there twice", "Give one another name.")
        tag = _tag_of(event)
        if tag not in ("", "!", TEXT_TAG):
            _refuse(line, f"tags such as {tag} mean nothing here", "Take it away.")

    def _is_open(self, anchor: str) -> bool:
        return any(each.anchor == anchor for each in self._open)

    def _begin(self, event: Any, line: int) -> None:
        self._name(event, line)
        if len(self._open) >= DEEPEST:
            _refuse(line, "nested too deeply", "Make it flatter.")
        if self._wants_key:
            _refuse(line, "a key has to be a text", "Write `name: value`.")
        value: Any = {} if isinstance(event, MappingStartEvent) else []
        self._open.append(_Open(value, line, event.anchor))

    def _end(self) -> None:
        done = self._open.pop()
        self.lines[id(done.value)] = done.lines
        if done.anchor is not None:
            self._anchored[done.anchor] = done.value, done.size
        self._put(done.value, done.line, done.size)

    def _alias(self, anchor: str, line: int) -> None:
        if self._is_open(anchor):
            _refuse(line, f"*{anchor} stands within what it names", "Write it out.")
        if anchor not in self._anchored:
            _refuse(line, f"nothing above is named &{anchor}", "Name an anchor that stands above.")
        if self._wants_key:
            _refuse(line, "a key has to be a text", "Write it out.")
        value, size = self._anchored[anchor]
        self._put(value, line, size)

    def _scalar(self, event: ScalarEvent, line: int) -> None:
        if self._wants_key:
            self._key(event.value, line)
            return
        is_plain = event.style is None and _tag_of(event) == ""
        value = _plain(event.value, line) if is_plain else event.value
        if event.anchor is not None:
            self._anchored[event.anchor] = value, 1
        self._put(value, line, 1)

    @property
    def _wants_key(self) -> bool:
        return (
            bool(self._open) and isinstance(self._open[-1].value, dict) and not self._open[-1].key
        )

    def _key(self, name: str, line: int) -> None:
        here = self._open[-1]
        if not name:
            _refuse(line, "a key has to be a text", "Write `name: value`.")
        if name in here.value and here.lines[name] > 0:
            _refuse(line, f"`{name}` is there twice", "Keep one of the two.")
        here.key, here.key_line = name, line

    def _put(self, value: Any, line: int, size: int) -> None:
        if not self._open:
            self.root = value
            return
        here = self._open[-1]
        here.size += size
        if here.size > MOST_NODES:
            _refuse(line, f"more than {MOST_NODES} values, aliases counted", "Make it shorter.")
        if isinstance(here.value, list):
            here.lines[len(here.value)] = line
            here.value.append(value)
        elif here.key == MERGE:
            self._merge(here, value, line)
        else:
            here.lines[here.key] = here.key_line
            here.value[here.key] = value
        here.key = None

    def _merge(self, here: _Open, value: Any, line: int) -> None:
        """Take over what the mapping itself does not say: what it says may come before or after."""
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, dict):
                _refuse(line, "<< takes a mapping", "Name one: `<<: *anchor`.")
            for name, inner in each.items():
                if name not in here.value:
                    here.value[name] = inner
                    here.lines[name] = -line  # may be said again: the mapping's own word counts


def _tag_of(event: Any) -> str:
    """Return the tag that is written before a node; empty: there is none."""
    return "" if event.ctag is None else str(event.ctag).replace("None", "")


def _plain(text: str, line: int) -> Any:
    """Return what an unquoted scalar is (YAML 1.2.2 §10.3.2)."""
    if text in WORDS:
        return WORDS[text]
    if ZEROS.fullmatch(text):
        _refuse(line, f"{text} would lose its zeros as a number", f'Write "{text}".')
    if NO_NUMBER.fullmatch(text):
        _refuse(line, f"{text} is no number that JSON has", "Quote it if it is a text.")
    if NUMBERS["int"].fullmatch(text):
        return int(text, 0)
    return float(text) if NUMBERS["float"].fullmatch(text) else text
