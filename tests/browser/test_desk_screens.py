"""Every page of the contractor's: a picture of it, and what axe-core finds grave in it."""

import os
from pathlib import Path

import pytest

from tests.browser.desks import PLACES
from tests.browser.test_axe import complaints
from tests.browser.test_screens import is_blank, size_and_rows

LANGUAGES = {"ja": "ja-JP", "en": "en-US"}
WIDTHS = {"desktop": 1280, "phone": 390}
LOOKED_AT = {("ja", "desktop"), ("en", "phone")}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    found = Path(os.environ.get("SCREENS_DIR") or tmp_path / "screens")
    found.mkdir(parents=True, exist_ok=True)
    return found


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("language", "context_options"),
    [(short, {"locale": locale}) for short, locale in LANGUAGES.items()],
    ids=LANGUAGES,
)
async def test_each_page_has_its_picture_and_nothing_grave(person, place, language, directory):
    await PLACES[place](person)
    assert await person.page.locator("html").get_attribute("lang") == language
    for device, width in WIDTHS.items():
        await person.page.set_viewport_size({"width": width, "height": 800})
        path = directory / f"{place}-{language}-{device}.png"
        await person.page.screenshot(path=path, full_page=True)
        seen_width, _, rows = size_and_rows(path.read_bytes())
        assert seen_width == width  # nothing makes the page itself scroll sideways
        assert not is_blank(rows)
        if (language, device) in LOOKED_AT:  # axe takes longer than the picture
            assert await complaints(person.page) == []


@pytest.mark.parametrize(
    "place", ["desk_request_warned", "desk_wrong_password", "desk_user_confirm"]
)
@pytest.mark.parametrize("context_options", [{"viewport": {"width": 390, "height": 740}}])
async def test_what_is_wrong_is_seen_on_a_phone_without_scrolling(person, place):
    await PLACES[place](person)
    box = await person.page.get_by_role("alert").bounding_box()
    assert box["y"] + box["height"] <= 740


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_the_key_that_is_shown_once_is_shown_whole(person, width):
    await PLACES["desk_issued"](person)
    await person.page.set_viewport_size({"width": width, "height": 740})
    key = person.page.locator("#encryption-key")
    assert len(await key.input_value()) == 44
    assert await key.evaluate(
        "e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight"
    )
