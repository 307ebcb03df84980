"""That everybody can use the pages: by keyboard, by ear, on a small screen, with weak eyes."""

from itertools import pairwise

import pytest

from tests.browser.places import PLACES, TROUBLES

LANGUAGES = [{"locale": "ja-JP"}, {"locale": "en-US"}]
walked = pytest.mark.parametrize("place", PLACES)
in_both = pytest.mark.parametrize("context_options", LANGUAGES, ids=["ja", "en"])

# Each text that shows, with its contrast (WCAG 2.2, 1.4.3) to what is painted behind it.
CONTRASTS = """() => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], [R, G, B]) =>
    [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
  const ground = element => {
    if (!element) return [255, 255, 255];
    return over(numbers(getComputedStyle(element).backgroundColor), ground(element.parentElement));
  };
  const light = rgb => rgb
    .map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement, text = node.textContent.trim();
    if (!text || !element.checkVisibility()) continue;
    const behind = ground(element);
    const ink = over(numbers(getComputedStyle(element).color), behind);
    const [dark, bright] = [light(ink), light(behind)].sort((a, b) => a - b);
    found.push([text, (bright + 0.05) / (dark + 0.05)]);
  }
  for (const element of document.querySelectorAll('input:not([type=hidden])')) {
    const behind = ground(element), ink = numbers(getComputedStyle(element).color);
    const [dark, bright] = [light(ink), light(behind)].sort((a, b) => a - b);
    found.push([element.id, (bright + 0.05) / (dark + 0.05)]);
  }
  return found;
}"""

CONTROLS = "a[href], button, input:not([type=hidden]), select, summary"


@walked
@in_both
async def test_each_text_stands_out_from_its_ground(person, place):
    await PLACES[place](person)
    contrasts = await person.page.evaluate(CONTRASTS)
    assert len(contrasts) > 10
    assert [(text, ratio) for text, ratio in contrasts if ratio < 4.5] == []


async def test_the_measure_of_contrast_sees_a_weak_one(person):
    await person.begin()
    sheet = "document.styleSheets[0].insertRule('.hint { color: #9a9a9a !important }', 0)"
    await person.page.evaluate(sheet)
    contrasts = await person.page.evaluate(CONTRASTS)
    assert [text for text, ratio in contrasts if text == "数字3桁" and 2.5 < ratio < 3]


@walked
async def test_a_page_has_a_language_a_title_one_heading_and_its_landmarks(person, place):
    await PLACES[place](person)
    page = person.page
    assert await page.locator("html").get_attribute("lang") == "ja"
    assert await page.get_by_role("heading", level=1).count() == 1
    for landmark in ("main", "banner", "contentinfo"):
        assert await page.get_by_role(landmark).count() == 1
    heading = (await person.heading()).strip()
    assert heading
    assert heading in await page.title()
    levels = await page.eval_on_selector_all("h1, h2, h3", "all => all.map(e => +e.tagName[1])")
    # An aside may come before; no level is left out on the way down.
    assert all(below <= above + 1 for above, below in pairwise(levels))
    ids = await page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
    assert len(ids) == len(set(ids))


@walked
@in_both
async def test_every_field_has_a_label_and_what_it_points_at_exists(person, place):
    await PLACES[place](person)
    unnamed = await person.page.eval_on_selector_all(
        "input:not([type=hidden]), select",
        "all => all.filter(e => !e.labels[0]?.textContent.trim()).map(e => e.id)",
    )
    assert unnamed == []
    silent = await person.page.eval_on_selector_all(
        "a[href], button, summary",
        "all => all.filter(e => !e.textContent.trim()).map(e => e.outerHTML)",
    )
    assert silent == []
    dangling = await person.page.evaluate(
        "[...document.querySelectorAll('[aria-describedby], [aria-labelledby]')].flatMap(e =>"
        " `${e.getAttribute('aria-describedby') ?? ''} ${e.getAttribute('aria-labelledby') ?? ''}`"
        ".split(' ').filter(id => id && !document.getElementById(id)))"
    )
    assert dangling == []
    unnamed_groups = await person.page.eval_on_selector_all(
        "fieldset", "all => all.filter(e => !e.querySelector('legend')?.textContent.trim()).length"
    )
    assert unnamed_groups == 0


@pytest.mark.parametrize("place", TROUBLES)
async def test_trouble_is_announced_once_and_at_once(person, place):
    await PLACES[place](person)
    alert = person.page.get_by_role("alert")
    assert await alert.count() == 1
    assert (await alert.inner_text()).strip()


@pytest.mark.parametrize("place", TROUBLES)
@pytest.mark.parametrize("context_options", [{"viewport": {"width": 390, "height": 740}}])
async def test_trouble_is_seen_on_a_phone_without_scrolling(person, place):
    await PLACES[place](person)
    box = await person.page.get_by_role("alert").bounding_box()
    bar = person.page.locator(".tester")
    bottom = (await bar.bounding_box())["y"] if await bar.count() else 740
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= bottom


@pytest.mark.parametrize("place", ["wrong_pin", "nothing_chosen"])
async def test_a_form_in_trouble_says_so_in_its_title_and_at_its_fields(person, place):
    await PLACES[place](person)
    assert (await person.page.title()).startswith("エラー：")
    wrong = person.page.locator("[aria-invalid=true]")
    assert await wrong.count() >= 2
    for field in await wrong.all():
        assert "form-error" in (await field.get_attribute("aria-describedby")).split()


@pytest.mark.parametrize("place", sorted(PLACES.keys() - set(TROUBLES)))
async def test_where_all_is_well_nothing_is_announced(person, place):
    await PLACES[place](person)
    assert await person.page.get_by_role("alert").count() == 0


@walked
async def test_tab_goes_through_every_control_in_the_order_of_reading(person, place):
    await PLACES[place](person)
    page = person.page
    count = await page.eval_on_selector_all(
        CONTROLS,
        "all => all.filter(e => e.checkVisibility()).map((e, n) => { e.dataset.n = n }).length",
    )
    stops = []
    for _ in range(count):
        await page.keyboard.press("Tab")
        stop = page.locator(":focus")
        stops.append(int(await stop.get_attribute("data-n")))
        # The focus shows: on the control, or on the row that holds it.
        assert await stop.evaluate(
            "e => [e, e.closest('.choice')].some(x => x && "
            "getComputedStyle(x).outlineStyle !== 'none' && "
            "parseFloat(getComputedStyle(x).outlineWidth) >= 2)"
        )
        box = await stop.bounding_box()
        assert box["y"] + box["height"] > 0
    assert stops == sorted(stops)
    assert len(set(stops)) == len(stops)


@pytest.mark.parametrize(
    ("place", "order"),
    [
        ("sign_in_page", ["branch_code", "account_number", "pin", "sign_in", "deny"]),
        ("corporate_sign_in", ["contractor_id", "user_id", "password", "sign_in", "deny"]),
        ("consent", ["function-1", "function-2", "account-1", "account-2", "allow", "deny"]),
    ],
)
async def test_the_form_is_reached_in_the_order_in_which_it_is_filled(person, place, order):
    await PLACES[place](person)
    first = await person.page.evaluate_handle(
        "document.querySelector('form input:not([type=hidden])')"
    )
    await first.as_element().focus()
    seen = []
    for _ in order:
        seen.append(await person.page.locator(":focus").evaluate("e => e.id || e.value"))
        await person.page.keyboard.press("Tab")
    assert seen == order


async def test_the_first_tab_offers_to_skip_to_the_content(person):
    await person.begin()
    await person.page.keyboard.press("Tab")
    skip = person.page.locator(":focus")
    assert await skip.inner_text() == "本文へ進む"
    assert (await skip.bounding_box())["y"] >= 0
    await person.page.keyboard.press("Enter")
    assert await person.page.evaluate("document.activeElement.id") == "main"


@walked
@in_both
async def test_no_page_needs_scrolling_sideways(person, place):
    await PLACES[place](person)
    for width in (320, 360, 390, 768, 960, 1280):
        await person.page.set_viewport_size({"width": width, "height": 740})
        assert await person.page.evaluate("document.documentElement.scrollWidth") == width
        # Nor is anything cut off by a box that hides what is too wide for it.
        cut = await person.page.eval_on_selector_all(
            "main *, header *, footer *, .tester *",
            "all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 0.5"
            " && e.checkVisibility()).map(e => e.outerHTML)",
        )
        assert cut == []


@pytest.mark.parametrize("place", ["sign_in_page", "consent", "refusal", "bar_of_sign_in"])
@pytest.mark.parametrize(
    "context_options", [{"viewport": {"width": 360, "height": 740}, "has_touch": True}]
)
async def test_on_a_phone_everything_to_press_is_large_enough(person, place):
    await PLACES[place](person)
    targets = "button, .tabs a, .switch, .choice, .field input, .tester summary, .tester select"
    for target in await person.page.locator(targets).filter(visible=True).all():
        assert (await target.bounding_box())["height"] >= 44


async def test_what_has_the_focus_is_not_hidden_by_the_testers_bar(person):
    await PLACES["consent"](person)
    page = person.page
    await page.set_viewport_size({"width": 390, "height": 500})
    bar = await page.locator(".tester").bounding_box()
    for control in await page.locator("main").locator(CONTROLS).all():
        await control.focus()
        box = await control.bounding_box()
        assert box["y"] + box["height"] <= bar["y"], await control.evaluate("e => e.outerHTML")


@pytest.mark.parametrize("place", ["sign_in_page", "consent", "bar_of_consent", "reason"])
async def test_a_page_bears_text_of_twice_the_size(person, place):
    await PLACES[place](person)
    await person.page.set_viewport_size({"width": 640, "height": 740})
    await person.page.evaluate("document.styleSheets[0].insertRule('html { font-size: 200% }', 0)")
    assert await person.page.evaluate("document.documentElement.scrollWidth") == 640
