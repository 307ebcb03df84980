"""The conduct report in a browser: it stands by itself, styled, readable on a phone."""

import pytest

from tests.browser.test_axe import complaints
from tests.conduct.careless import revoke, strike

WIDER_THAN_SCREEN = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
COLOUR = "getComputedStyle(document.querySelector('.verdict')).color"


async def behave_badly(running):
    token = (await running.log_in("taro"))["access_token"]
    await strike(running, "status", {"times": 1}, status=503, retry_after_s=60)
    for _ in range(2):
        await running.get("/accounts", token)
    await revoke(running)
    for _ in range(3):
        await running.get(f"/accounts/1?access_token={token}", token)
        await running.get("/accounts", token)


@pytest.mark.parametrize("width", [1280, 360])
async def test_the_report_reads_well_at_any_width(running, person, width):
    await behave_badly(running)
    page, problems = person.page, []
    page.on("console", lambda message: problems.append(message.text))
    page.on("request", lambda request: problems.append(request.url))
    await page.set_viewport_size({"width": width, "height": 800})
    address = f"{running.control}/conduct?format=html"
    await page.goto(address)
    assert problems == [address]  # nothing is loaded, and nothing is blocked
    assert await page.evaluate(COLOUR) == "rgb(166, 27, 27)"  # its own style got through
    assert not await page.evaluate(WIDER_THAN_SCREEN)
    assert await complaints(page) == []
    assert await page.locator("article.E").count() >= 3
    assert await page.locator("svg g").count() >= 8
    first, last = page.locator("svg g").first, page.locator("svg g").last
    assert (await first.bounding_box())["x"] < (await last.bounding_box())["x"]


async def test_each_call_of_the_picture_says_what_it_was(running, person):
    await behave_badly(running)
    await person.page.goto(f"{running.control}/conduct?format=html")
    titles = await person.page.locator("svg g title").all_text_contents()
    assert any("GET /tomato/parasol/v1/banks/0566/accounts 503" in title for title in titles)
    assert await person.page.locator("svg .band.fault title").all_text_contents() == ["status"]
    marks = await person.page.locator("svg .mark").all_text_contents()
    assert {"C-5", "C-8", "C-11"} <= set(marks)
