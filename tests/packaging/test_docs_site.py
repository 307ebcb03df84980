"""The documents build into a site without a warning, and it takes nothing from other hosts."""

import json
import os
import re
import runpy
import struct
import subprocess
import sys
import tarfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
PICTURE_BYTES = 150_000
HOOKS = runpy.run_path(str(ROOT / "scripts" / "docs_site.py"))

# Under `pytest --dist loadgroup` one worker takes them all, and builds one site.
pytestmark = pytest.mark.xdist_group("site")


def build(to, *more):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(to), *more]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    code, output = build(folder)
    assert code == 0, output
    return folder


class Fetched(HTMLParser):
    """What a browser fetches by itself to show a page, and the pictures without a description."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.mute = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in {"script", "img", "iframe", "source"} and given.get("src"):
            self.addresses.append(given["src"])
        if tag == "link" and given.get("rel") not in {"canonical", "prev", "next"}:
            self.addresses.append(given["href"])
        if tag == "img" and not given.get("alt"):
            self.mute.append(given.get("src"))


def fetched(site):
    return {path: Fetched(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def test_no_page_takes_anything_from_another_host(site):
    pages = fetched(site)
    assert len(pages) > 30
    for path, found in pages.items():
        assert found.addresses, path
        assert [each for each in found.addresses if re.match(r"(\w+:)?//", each)] == [], path


def test_no_style_sheet_takes_anything_from_another_host(site):
    sheets = list(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"url\(['\"]?(https?:)?//|@import", text), sheet


def test_a_page_that_did_would_be_seen():
    text = '<link rel="stylesheet" href="//fonts.example/a"><img src="a.png"><a href="//b.example">'
    found = Fetched(text)
    assert (found.addresses, found.mute) == (["//fonts.example/a", "a.png"], ["a.png"])


def test_the_site_can_be_searched_in_both_languages(site):
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    (search,) = [each["search"] for each in config["plugins"]]
    assert search["lang"] == ["en", "ja"]
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    assert index["config"]["lang"] == ["en", "ja"]
    assert any("振る舞いレポート" in each["title"] + each["text"] for each in index["docs"])
    assert list(site.rglob("lunr.ja.min.js"))


def test_files_of_the_root_are_pages_and_linked_as_such(site):
    for name in HOOKS["PAGES"]:
        assert (site / HOOKS["INSTEAD"][name]).with_suffix(".html").exists()
    page = (site / "sandbox-to-production.html").read_text(encoding="utf-8")
    assert 'href="project/CHANGELOG.html"' in page


def test_files_without_a_page_are_named_and_not_linked(site):
    page = (site / "requirements.html").read_text(encoding="utf-8")
    assert "tests/api/test_terms_requirements.py" in page
    assert 'href="../tests' not in page


def test_every_code_block_is_shown_as_one(site):
    for path in site.rglob("*.html"):
        assert "```" not in path.read_text(encoding="utf-8"), path


def test_a_code_block_keeps_its_language_alone():
    assert HOOKS["plain"]("```yaml workflow\na: b\n```\n```sh\n") == "```yaml\na: b\n```\n```sh\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[a](nowhere.md)", "a link 'nowhere.md', but the target is not found"),
        ("[a](other.md#nowhere)", "does not contain an anchor '#nowhere'"),
        ("[a](#nowhere)", "no such anchor"),
        ("[a](/index.md)", "absolute link"),
        ("[a](../docs/nowhere.md)", "nowhere.md"),
    ],
)
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path, line, said):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text(f"# Title\n\n{line}\n", encoding="utf-8")
    (docs / "other.md").write_text("# Other\n", encoding="utf-8")
    validation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nvalidation:")[2]
    rules = validation.partition("\nnav:")[0]
    config = tmp_path / "mkdocs.yml"
    config.write_text(f"site_name: x\nvalidation:{rules}\n", encoding="utf-8")
    code, output = build(tmp_path / "site", "--config-file", str(config))
    assert code == 1, output
    assert said in output


PICTURES = sorted(IMAGES.iterdir())


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_small_and_shown(picture):
    assert picture.stat().st_size <= PICTURE_BYTES
    pages = (path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))
    assert any(f"images/{picture.name}" in page for page in pages)


def test_pictures_and_what_is_made_are_left_out_of_the_source_package(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (package,) = tmp_path.iterdir()
    with tarfile.open(package) as archive:
        documents = {name.partition("/docs/")[2] for name in archive.getnames() if "/docs/" in name}
    assert "faults.md" in documents
    assert {name for name in documents if name.startswith(("images/", "reference/"))} == set()


TAKING = runpy.run_path(str(ROOT / "scripts" / "docs-pictures"))


def test_every_picture_can_be_taken_or_drawn_again():
    taken = TAKING["PICTURES"]
    drawn = {"doors.svg", "floors.svg"}  # by scripts/architecture-page
    assert {path.name for path in PICTURES} == {f"{name}.png" for name in taken} | drawn


def size_of(picture):
    """Return width and height, as the head of a PNG file has them."""
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    return struct.unpack(">II", head[16:])


def test_a_picture_is_taken_as_the_script_says(tmp_path, monkeypatch):
    monkeypatch.setitem(TAKING["take"].__globals__, "IMAGES", tmp_path)
    monkeypatch.setattr(sys, "argv", ["docs-pictures", "sign-in"])
    TAKING["main"]()
    (taken,) = tmp_path.iterdir()
    assert size_of(taken) == size_of(IMAGES / taken.name)


def test_a_picture_that_is_none_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["docs-pictures", "sunset"])
    with pytest.raises(SystemExit, match="no such picture: sunset; there are sign-in, consent"):
        TAKING["main"]()


@pytest.mark.parametrize(
    ("text", "folders", "shown"),
    [
        ("[a](faults.md)", ("docs", ""), "[a](faults.md)"),
        ("[a](faults.md#effects)", ("docs", ""), "[a](faults.md#effects)"),
        ("[a](../CHANGELOG.md)", ("docs", ""), "[a](project/CHANGELOG.md)"),
        ("[a](../../README.md)", ("docs/guides", "guides"), "[a](../index.md)"),
        ("[a `b`](docs/faults.md)", ("", "project"), "[a `b`](../faults.md)"),
        ("[a](CHANGELOG.md#x)", ("", "project"), "[a](CHANGELOG.md#x)"),
        ("[a.py](../tests/support.py)", ("docs", ""), "a.py"),
        ("[a](../nowhere.md)", ("docs", ""), "[a](../nowhere.md)"),
        ("![a](images/doors.svg)", ("docs", ""), "![a](images/doors.svg)"),
        ("`[a](../CHANGELOG.md)`", ("docs", ""), "`[a](../CHANGELOG.md)`"),
        ("```md\n[a](../LICENSE)\n```", ("docs", ""), "```md\n[a](../LICENSE)\n```"),
        ("[a](https://semver.org/)", ("docs", ""), "[a](https://semver.org/)"),
    ],
)
def test_links_are_those_of_the_site(text, folders, shown):
    assert HOOKS["relinked"](text, *folders) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("残高を\n照会します。\nMore", "残高を照会します。\nMore"),
        ("読み、\n`code` と\n書く", "読み、\n`code` と書く"),
        ("word\nword", "word\nword"),
        ("一\n\n二", "一\n\n二"),
        ("```\n一\n二\n```", "```\n一\n二\n```"),
    ],
)
def test_a_japanese_sentence_has_no_gap_where_its_line_ends(text, shown):
    assert HOOKS["unwrapped"](text) == shown
