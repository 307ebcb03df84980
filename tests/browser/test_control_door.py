"""No web page that a tester happens to visit can read or drive the control door."""

from urllib.parse import urlsplit

import pytest

TRY = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        return {type: answer.type, status: answer.status, text: await answer.text()};
    } catch (error) {
        return {type: "failed", status: 0, text: String(error)};
    }
}"""
ADVANCE = '{"by":"91d"}'
JSON = {"Content-Type": "application/json"}
WRITES = {
    "text/plain": {"method": "POST", "body": ADVANCE},
    "no-cors": {"method": "POST", "body": ADVANCE, "mode": "no-cors"},
    "json": {"method": "POST", "body": ADVANCE, "headers": JSON},
    "form": {
        "method": "POST",
        "body": "by=91d",
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    },
    "delete": {"method": "DELETE"},
    "credentials": {"method": "POST", "body": ADVANCE, "credentials": "include"},
}


async def clock_of(person) -> str:
    async with person.running.http.get(f"{person.running.control}/clock") as answer:
        return (await answer.json())["now"]


@pytest.mark.parametrize("kind", list(WRITES))
async def test_a_page_of_another_origin_cannot_write(person, kind):
    before = await clock_of(person)
    await person.page.goto(person.provider.site("/hostile"))
    url = f"{person.running.control}/clock/advance"
    answer = await person.page.evaluate(TRY, [url, WRITES[kind]])
    assert (answer["status"], answer["text"] == "" or answer["type"] == "failed") == (0, True)
    assert await clock_of(person) == before


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
async def test_a_page_of_another_origin_cannot_read(person, mode):
    await person.page.goto(person.provider.site("/hostile"))
    url = person.running.control
    answer = await person.page.evaluate(TRY, [url, {"mode": mode}])
    assert "sandbox-aggregator-secret" not in answer["text"]
    assert answer["status"] == 0


@pytest.mark.parametrize("encoding", ["text/plain", "application/x-www-form-urlencoded"])
async def test_a_plain_form_of_another_origin_cannot_write(person, encoding):
    before = await clock_of(person)
    action = f"{person.running.control}/clock/advance"
    person.provider.pages["/hostile"] = (
        f'<!DOCTYPE html><form method="post" action="{action}" enctype="{encoding}">'
        """<input type="hidden" name='{"by":"91d","x":"' value='"}'><button>go</button></form>"""
    )
    await person.page.goto(person.provider.site("/hostile"))
    async with person.page.expect_navigation() as navigation:
        await person.page.click("button")
    answer = await navigation.value
    assert answer.status == 403
    assert await clock_of(person) == before


async def test_a_name_rebound_to_this_machine_opens_nothing(person):
    """The page's own origin is the control door by another name, so nothing is cross-origin."""
    before = await clock_of(person)
    port = urlsplit(person.running.sandbox.control_url).port
    there = f"http://rebound.example:{port}/api/v1/worlds/default"
    answer = await person.page.goto(there)
    assert answer.status == 403
    assert "sandbox-aggregator-secret" not in await answer.text()
    write = {"method": "POST", "body": ADVANCE, "headers": JSON}
    found = await person.page.evaluate(TRY, [f"{there}/clock/advance", write])
    assert found["status"] == 403
    assert await clock_of(person) == before


async def test_the_doors_own_address_works_in_a_browser(person):
    """What the fences let through: a person who types the address, and the door's own pages."""
    answer = await person.page.goto(f"{person.running.control}/clock")
    assert answer.status == 200
    write = {"method": "POST", "body": '{"by":"1m"}', "headers": JSON}
    found = await person.page.evaluate(TRY, [f"{person.running.control}/clock/advance", write])
    assert found["status"] == 200
