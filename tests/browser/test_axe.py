"""Every page as axe-core sees it (WCAG 2.2 A and AA, and its best practices)."""

import pytest
from axe_playwright_python.async_playwright import Axe

from sandbox.services.faults import Wanted
from tests.browser.places import PLACES

LANGUAGES = [{"locale": "ja-JP"}, {"locale": "en-US"}]
WIDTHS = {"desktop": 1280, "phone": 360}
GRAVE = {"serious", "critical"}
RESET = {"kind": "reset"}


async def complaints(page) -> list[str]:
    """Return what axe-core finds grave on a page: rule, and where."""
    found = (await Axe().run(page)).response["violations"]
    return [
        f"{violation['id']}: {node['html']}"
        for violation in found
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("context_options", LANGUAGES, ids=["ja", "en"])
async def test_axe_finds_nothing_grave(person, place):
    await PLACES[place](person)
    for width in WIDTHS.values():
        await person.page.set_viewport_size({"width": width, "height": 740})
        assert await complaints(person.page) == []


async def test_axe_would_see_it(person):
    await person.begin()
    await person.page.eval_on_selector("label[for=pin]", "label => label.remove()")
    await person.page.evaluate("document.documentElement.removeAttribute('lang')")
    rules = {each.partition(":")[0] for each in await complaints(person.page)}
    assert {"label", "html-has-lang"} <= rules


@pytest.mark.parametrize("context_options", LANGUAGES, ids=["ja", "en"])
async def test_axe_finds_nothing_grave_in_the_banner_of_fault_rules(person, running):
    wanted = Wanted(match={"client_id": "nobody"}, effect=RESET, stage="before", times=None)
    await running.sandbox.world.faults.add("f1", wanted)
    await person.begin()
    assert await person.page.locator(".fault-banner").count() == 1
    for width in WIDTHS.values():
        await person.page.set_viewport_size({"width": width, "height": 740})
        assert await complaints(person.page) == []
