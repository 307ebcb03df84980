"""Pictures of the pages, to be looked at: ``SCREENS_DIR=out/screens pytest tests/browser``."""

import os
import struct
import zlib
from pathlib import Path

import pytest

from tests.browser.places import PLACES

LANGUAGES = {"ja": "ja-JP", "en": "en-US"}
WIDTHS = {"desktop": 1280, "phone": 390}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the pictures go: kept only if somebody named a place for them."""
    found = Path(os.environ.get("SCREENS_DIR") or tmp_path / "screens")
    found.mkdir(parents=True, exist_ok=True)
    return found


def size_and_rows(png: bytes) -> tuple[int, int, list[bytes]]:
    """Return (width, height, rows of pixels as they are filtered) of a PNG."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    packed, at = b"", 8
    width, height = struct.unpack(">II", png[16:24])
    while at < len(png):
        length = struct.unpack(">I", png[at : at + 4])[0]
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += length + 12
    pixels = zlib.decompress(packed)
    stride = len(pixels) // height
    return width, height, [pixels[n : n + stride] for n in range(0, len(pixels), stride)]


def is_blank(rows: list[bytes]) -> bool:
    return len(set(rows)) < 50


def test_a_blank_picture_is_known_as_blank():
    rows = b"\0" + b"\xff" * 30
    head = struct.pack(">IIBBBBB", 10, 100, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows * 100)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    width, height, found = size_and_rows(png)
    assert (width, height, is_blank(found)) == (10, 100, True)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("language", "context_options"),
    [(short, {"locale": locale}) for short, locale in LANGUAGES.items()],
    ids=LANGUAGES,
)
async def test_each_page_has_its_picture(person, place, language, directory):
    await PLACES[place](person)
    assert await person.page.locator("html").get_attribute("lang") == language
    for device, width in WIDTHS.items():
        await person.page.set_viewport_size({"width": width, "height": 800})
        path = directory / f"{place}-{language}-{device}.png"
        await person.page.screenshot(path=path, full_page=True)
        seen_width, height, rows = size_and_rows(path.read_bytes())
        assert (seen_width, height >= 700) == (width, True)
        assert not is_blank(rows)
