"""docs/requirements.md is of now, and what it is made from is read right."""

import ast
from pathlib import Path

import pytest

from tests.requirements_plugin import KNOWN
from tests.requirements_source import citations, cited_in, page, texts

ROOT = Path(__file__).parents[2]
MARK = "@pytest.mark.requirement"


def test_the_page_is_the_tests_of_now():
    document = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    assert page(ROOT) == document, "run scripts/requirements-page --write"


def test_every_requirement_has_its_line_and_none_has_two():
    listed = texts(ROOT)
    assert set(listed) == KNOWN
    assert len(set(listed.values())) == len(listed)
    assert all(text.endswith(".") and len(text) <= 110 for text in listed.values())


def test_no_test_names_what_is_no_requirement():
    assert set(citations(ROOT)) <= KNOWN


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f'{MARK}("T-1", "W-2")\ndef test_a(): f()', [("test_a", {"T-1", "W-2"})]),
        (f'{MARK}("T-1")\n{MARK}("W-2")\nasync def test_a(): f()', [("test_a", {"T-1", "W-2"})]),
        (f'{MARK}("T-1")\ndef helper(): f()', []),
        ("def test_a(): f()", []),
        (
            'pytestmark = pytest.mark.requirement("T-1")\ndef test_a(): f()',
            [("test_a", {"T-1"})],
        ),
        (
            'def test_a(): f()\npytestmark = [pytest.mark.requirement("T-1")]',
            [("test_a", {"T-1"})],
        ),
        (f'{MARK}("T-1")\nclass TestA:\n    def test_a(self): f()', [("test_a", {"T-1"})]),
        (
            '@pytest.mark.parametrize("a", [pytest.param(1, marks=pytest.mark.requirement("O-1"))])'
            "\ndef test_a(a): f()",
            [("test_a", {"O-1"})],
        ),
    ],
)
def test_markers_are_read_wherever_they_stand(source, expected):
    assert list(cited_in(ast.parse(source))) == expected


def test_what_no_test_shows_is_said_so(tmp_path):
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "requirements.toml").write_text('[T]\n1 = "One."\n2 = "Two."\n', encoding="utf-8")
    (tests / "test_a.py").write_text(f'{MARK}("T-2")\ndef test_a(): f()\n', encoding="utf-8")
    text = page(tmp_path)
    assert "1 of 2 are shown by a test." in text
    assert "### T-1\n\nOne.\n\n- no test yet\n" in text
    assert "### T-2\n\nTwo.\n\n- [tests/test_a.py](../tests/test_a.py): `test_a`\n" in text
