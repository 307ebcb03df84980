"""The marker that ties tests to the terms of use."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.requirements_plugin import KNOWN, citations, report, unknown_ids


@dataclass
class Test:
    """What the plugin reads of a collected test; each entry of ``marks`` is one marker's ids."""

    __test__ = False
    nodeid: str
    marks: tuple[tuple[object, ...], ...]

    def iter_markers(self, name: str) -> Iterator[pytest.Mark]:
        assert name == "requirement"
        for ids in self.marks:
            yield getattr(pytest.mark, name)(*ids).mark


@pytest.mark.parametrize("requirement_id", ["T-1", "T-40", "W-1", "W-70", "O-1", "O-35"])
def test_ids_within_the_lists_are_known(requirement_id: str) -> None:
    assert unknown_ids([Test("a::b", ((requirement_id,),))]) == []


@pytest.mark.parametrize(
    "unknown", ["T-41", "T-0", "T-01", "W-71", "O-36", "X-1", "t-1", "T-1 ", "", 12, None]
)
def test_any_other_id_is_refused(unknown: object) -> None:
    assert unknown_ids([Test("a::b", (("T-1", unknown),))]) == [
        f"a::b names the unknown requirement {unknown!r}"
    ]


def test_a_marker_without_an_id_is_refused() -> None:
    assert unknown_ids([Test("a::b", ((),))]) == ["a::b names the unknown requirement None"]


def test_one_test_may_show_several() -> None:
    assert set(citations([Test("a::b", (("T-1", "T-2"), ("O-3",)))])) == {"T-1", "T-2", "O-3"}


def test_a_parametrized_test_counts_once() -> None:
    cited = citations([Test("a::b[1]", (("T-1",),)), Test("a::b[2]", (("T-1",),))])
    assert cited == {"T-1": {"a::b"}}


def test_report_lists_tests_by_id_and_names_what_is_missing() -> None:
    lines = report({"T-10": {"b", "a"}, "T-2": {"c"}, "W-1": {"a"}})
    assert lines[:4] == ["T-2   c", "T-10  a", "      b", "W-1   a"]
    assert lines[4] == "T: 2 of 40 cited"
    assert lines[5].startswith("T not cited: T-1 T-3 ")
    assert lines[6] == "W: 1 of 70 cited"
    assert lines[7].startswith("W not cited: W-2 W-3 ")
    assert lines[8] == "O: 0 of 35 cited"


def test_report_says_when_nothing_is_missing() -> None:
    lines = report({i: {"a"} for i in KNOWN})
    assert [line for line in lines if "not cited" in line] == [
        f"{letter} not cited: none" for letter in "TWO"
    ]
