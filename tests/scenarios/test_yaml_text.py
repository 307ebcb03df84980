"""YAML as a scenario has it: what it says, on which line, and what it may not say."""

import time
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sandbox.scenarios.library import names, text_of
from sandbox.scenarios.mistakes import ScenarioInvalid
from sandbox.scenarios.yaml_text import DEEPEST, MOST_NODES, parse


def refused(text: str) -> tuple[int, str, str]:
    with pytest.raises(ScenarioInvalid) as caught:
        parse(text)
    (found,) = caught.value.mistakes
    return found.line, found.problem, found.remedy


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("a: -7", {"a": -7}),
        ("a: 0", {"a": 0}),
        ("a: 0o17", {"a": 15}),
        ("a: 0x1F", {"a": 31}),
        ("a: 1.5e3", {"a": 1500.0}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: true", {"a": True}),
        ("a: no", {"a": "no"}),  # YAML 1.2: these four are texts
        ("a: on", {"a": "on"}),
        ("a: 08:00", {"a": "08:00"}),
        ("a: 2026-11-16T10:00:00+09:00", {"a": "2026-11-16T10:00:00+09:00"}),
        ("a: ~\nb: null\nc:", {"a": None, "b": None, "c": None}),
        ("a: '1'\nb: \"true\"", {"a": "1", "b": "true"}),
        ("a: !!str 123", {"a": "123"}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("1: x\ntrue: y", {"1": "x", "true": "y"}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: &x 5\nb: *x", {"a": 5, "b": 5}),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}),
        ("a: &x {q: 2}\nb: {q: 3, <<: *x}", {"a": {"q": 2}, "b": {"q": 3}}),
        (
            "a: &x {p: 1}\nb: &y {p: 2, q: 3}\nc: {<<: [*x, *y]}",
            {"a": {"p": 1}, "b": {"p": 2, "q": 3}, "c": {"p": 1, "q": 3}},
        ),
        ("\ufeffa: 1", {"a": 1}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ('{"a": [1, "b", null, false]}', {"a": [1, "b", None, False]}),
        ("", None),
        ("# nothing", None),
    ],
)
def test_what_a_text_says(text, value):
    assert parse(text).value == value


@pytest.mark.parametrize("name", names())
def test_it_reads_what_comes_along_as_others_do(name):
    loaded = YAML(typ="safe", pure=True)
    loaded.constructor.add_constructor(
        "tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node)
    )
    assert parse(text_of(name)).value == loaded.load(text_of(name))


LEAF = st.none() | st.booleans() | st.integers(-999, 999)
# What begins with ": " the writer leaves without quotes, so that nobody can read it.
TEXT_LEAF = st.text("abc 漢字:#-'\"{}[]&*!", max_size=9).filter(lambda text: text[:2] != ": ")
LEAF |= TEXT_LEAF
KEY = st.text("ab", min_size=1)
TREE = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(KEY, TREE, min_size=1))
def test_what_was_written_by_a_program_is_read_as_it_was(value):
    written = StringIO()
    YAML(typ="safe", pure=True).dump(value, written)
    assert parse(written.getvalue()).value == value


TEXT = """\
a:
  - one
  - {x: 1,
     y: [2,
         3]}
b: &b
  c: 4
d:
  <<: *b
  e: 5
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("a",), 1),
        (("a", 0), 2),
        (("a", 1), 3),
        (("a", 1, "y"), 4),
        (("a", 1, "y", 1), 5),
        (("a", 1, "nothing"), 3),
        (("a", 7), 1),
        (("b", "c"), 7),
        (("d", "c"), 9),
        (("d", "e"), 10),
        (("nothing", "at", "all"), 1),
    ],
)
def test_each_thing_has_its_line(path, line):
    assert parse(TEXT).line_of(path) == line


@pytest.mark.parametrize(
    ("text", "line", "problem", "remedy"),
    [
        ("a: 1\na: 2", 2, "`a` is there twice", "Keep one"),
        ("a:\n  b: 1\n  b: 2", 3, "`b` is there twice", "Keep one"),
        ("a: {b: 1, b: 2}", 1, "`b` is there twice", "Keep one"),
        ("a:\n\t- b", 2, "cannot start any token", "Indent with spaces."),
        ("a: b: c", 1, "mapping values are not allowed", "quote texts with a colon"),
        ("a: [1\nb: 2", 2, "expected", "indentation"),
        ("a: *x", 1, "nothing above is named &x", "Name an anchor that stands above."),
        ("a: &x 1\nb: &x 2", 2, "the anchor &x is there twice", "another name"),
        ("a: &x [&x 1]", 1, "the anchor &x is there twice", "another name"),
        ("a: &x [1,\n *x]", 2, "*x stands within what it names", "Write it out."),
        ("a: &x [1]\n*x : 2", 2, "a key has to be a text", "Write it out."),
        ("? [a]\n: 1", 1, "a key has to be a text", "name: value"),
        ('"": 1', 1, "a key has to be a text", "name: value"),
        ("a: !!python/object:os.system x", 1, "mean nothing here", "Take it away."),
        ("a: !!binary aGVsbG8=", 1, "mean nothing here", "Take it away."),
        ("a: !mine {b: 1}", 1, "mean nothing here", "Take it away."),
        ("a: .nan", 1, "no number that JSON has", "Quote it"),
        ("a: -.inf", 1, "no number that JSON has", "Quote it"),
        ("a: 0009", 1, "0009 would lose its zeros as a number", 'Write "0009".'),
        ("a: 1\n--- \nb: 2", 2, "a second document begins", "one scenario a file"),
        ("a: 1\nb: \x00", 2, "U+0000", "Take it away."),
        ("a: 1\nb: <<\nc: {<<: 5}", 3, "<< takes a mapping", "*anchor"),
        ("a: 'b", 1, "found unexpected end of stream", "indentation"),
    ],
)
def test_what_no_scenario_may_say(text, line, problem, remedy):
    found = refused(text)
    assert (found[0], problem in found[1], remedy in found[2]) == (line, True, True), found


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_it_goes_so_deep_and_no_deeper(opening):
    closing = {"[": "]", "{a: ": "}", "- ": ""}[opening]
    text = f"{opening * DEEPEST}1{closing * DEEPEST}"
    assert parse(text).value
    assert refused(f"{opening}{text}{closing}")[1] == "nested too deeply"


def test_depth_is_refused_before_it_costs_anything():
    begun = time.process_time()
    assert refused("[" * 200_000)[1] == "nested too deeply"
    assert refused("- " * 100_000)[1] == "nested too deeply"
    assert time.process_time() - begun < 30  # it would be hours


def test_aliases_count_as_what_they_stand_for():
    """Nine lists of ten of the one above: a text of ten lines, and a thousand million values."""
    bomb = "a0: &a0 [" + "1," * 9 + "1]\n"
    for level in range(1, 9):
        inner = ", ".join([f"*a{level - 1}"] * 10)
        bomb += f"a{level}: &a{level} [{inner}]\n"
    line, problem, _ = refused(bomb)
    assert (line, problem) == (5, f"more than {MOST_NODES} values, aliases counted")
    assert len(parse("a: [" + "1," * (MOST_NODES - 10) + "1]").value["a"]) == MOST_NODES - 9
