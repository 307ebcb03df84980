"""The control door's pages in a browser: what people see, by axe-core and on a phone."""

import pytest

from tests.browser.test_axe import WIDTHS, complaints

PAGES = ("/", "/worlds/default", "/docs", "/worlds/nobody")
FAULT = {"effect": {"kind": "status", "status": 503}, "match": {"bank": "tomato"}}
STOP = {"bank": "tomato", "kind": "outage", "for": "30m"}


async def filled(person) -> None:
    """Let there be something to see."""
    await person.running.log_in()
    await person.running.get("/accounts", "no-such-token")
    for path, body in (("/faults", FAULT), ("/maintenance", STOP)):
        async with person.running.http.post(person.running.control + path, json=body) as answer:
            assert answer.status == 200


async def go(person, path: str):
    return await person.page.goto(person.running.sandbox.control_url + path)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("context_options", [{"locale": "ja-JP"}, {"locale": "en-US"}])
async def test_axe_finds_nothing_grave_and_nothing_runs_over(person, path):
    await filled(person)
    await go(person, path)
    for element in await person.page.locator("details").all():
        await element.evaluate("each => each.open = true")
    for width in WIDTHS.values():
        await person.page.set_viewport_size({"width": width, "height": 740})
        assert await complaints(person.page) == []
        over = "document.documentElement.scrollWidth - innerWidth"
        assert await person.page.evaluate(over) <= 0


async def test_the_style_that_stands_in_the_page_is_let_in(person):
    await go(person, "/")
    color = "getComputedStyle(document.querySelector('.masthead')).backgroundColor"
    assert await person.page.evaluate(color) == "rgb(35, 38, 46)"


async def test_a_person_finds_the_way_and_keeps_the_language(person):
    await filled(person)
    await go(person, "/")
    await person.page.click("a[hreflang=en]")
    await person.page.click("a:text-is('default')")
    assert await person.page.inner_text(".banner.fault h2") == "Fault rules in force: 1"
    assert await person.page.inner_text(".banner.stop h2") == "Stopped now: 1"
    await person.page.click("nav a:text-is('API reference')")
    assert await person.page.get_attribute("html", "lang") == "en"
    assert await person.page.context.cookies() == []


async def test_a_page_that_refreshes_shows_what_has_come_since(person):
    await go(person, "/worlds/default?refresh=5")
    assert await person.page.locator(".banner").count() == 0
    await filled(person)
    await person.page.wait_for_selector(".banner.fault", timeout=15_000)


async def test_no_other_site_can_frame_the_page_or_send_somebody_there(person):
    url = f"{person.running.sandbox.control_url}/worlds/default"
    person.provider.pages["/hostile"] = (
        f'<!DOCTYPE html><a href="{url}">go</a><iframe src="{url}"></iframe>'
    )
    await person.page.goto(person.provider.site("/hostile"))
    texts = [await each.content() for each in person.page.frames]
    assert not any("sandbox-aggregator" in text for text in texts)
    await person.page.click("a")
    await person.page.wait_for_url(f"{url}**")
    assert "cross-origin" in await person.page.content()
    assert "sandbox-aggregator" not in await person.page.content()
    await person.page.click("main a")
    assert "sandbox-aggregator" in await person.page.content()


async def test_what_stands_in_a_card_stays_in_it(person):
    await filled(person)
    await go(person, "/worlds/default")
    for width in (320, 390, 700, 1280):
        await person.page.set_viewport_size({"width": width, "height": 740})
        outside = await person.page.eval_on_selector_all(
            ".facts dd",
            "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)",
        )
        assert outside == [], width
