"""Every link of every document leads somewhere: to a file, a place on it, or a host named here."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
AT_THE_ROOT = ("README.md", "README.ja.md", "CONTRIBUTING.md", "CHANGELOG.md", "DECISIONS.md")
PAGES = [*(ROOT / name for name in AT_THE_ROOT), *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r"^```.*?^```[^\n]*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```.*?^```[^\n]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)|<(https?://[^>\s]+)>")
# Hosts that documents lead to. Nobody is asked whether they are there.
HOSTS = {"keepachangelog.com", "semver.org", "github.com", "gitlab.com"}
OUR_OWN = {"127.0.0.1", "localhost"}


def links(text: str) -> list[tuple[bool, str, str]]:
    """Return of each link outside of code whether it is a picture, its text, and its target."""
    plain = CODE.sub(lambda code: re.sub(r"[\[\]<>]", "-", code.group()), text)
    return [
        (image == "!", words, target or address)
        for image, words, target, address in LINK.findall(plain)
    ]


def places(text: str) -> set[str]:
    """Return the places on a page: its headings, as repositories and the site name them."""
    found = re.findall(r"^#{1,6} (.+)$", FENCE.sub("", text), re.MULTILINE)
    shown = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", each) for each in found)
    return {re.sub(r"[^\w\- ]", "", each.strip().lower()).replace(" ", "-") for each in shown}


def wrong(page: Path, target: str) -> str | None:
    """Return what is wrong with a link of ``page``."""
    if target.startswith("http"):
        return wrong_address(target)
    path, _, place = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.is_relative_to(ROOT) or not file.exists():
        return "there is no such file"
    if place and place not in places(file.read_text(encoding="utf-8")):
        return f"there is no #{place} in {file.name}"
    return None


def wrong_address(address: str) -> str | None:
    parts = urlsplit(address)
    if parts.hostname in OUR_OWN:
        return None
    if parts.scheme != "https":
        return "another host is reached by https"
    return None if parts.hostname in HOSTS else f"{parts.hostname} is not in HOSTS"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    found = [(target, wrong(page, target)) for _, _, target in links(text)]
    assert [(target, problem) for target, problem in found if problem] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pictures_say_what_they_show(page):
    for is_picture, words, target in links(page.read_text(encoding="utf-8")):
        assert not is_picture or len(words) > 15, target


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("docs/control.md", None),
        ("docs/control.md#time", None),
        ("docs/control.md#pages-操作盤", None),
        ("docs/control.md#clocks", "there is no #clocks in control.md"),
        ("docs/nothing.md", "there is no such file"),
        ("../somewhere", "there is no such file"),
        ("http://127.0.0.1:8080/tomato", None),
        ("http://semver.org/", "another host is reached by https"),
        ("https://elsewhere.example/", "elsewhere.example is not in HOSTS"),
    ],
)
def test_what_is_wrong_with_a_link(target, problem):
    assert wrong(ROOT / "README.md", target) == problem


def test_links_are_seen_where_they_are_some():
    text = "[a `b`](c.md) `[d](e.md)` ![f](g.png)\n```\n[h](i.md)\n```\n<https://j.example/k>"
    assert links(text) == [
        (False, "a `b`", "c.md"),
        (True, "f", "g.png"),
        (False, "", "https://j.example/k"),
    ]
