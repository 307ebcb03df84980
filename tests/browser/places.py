"""Every page that the bank's customers and its testers can come to, and the way there."""

from tests.browser.support import Person
from tests.opening import ask, set_calendar, stop


async def sign_in_page(person: Person) -> None:
    await person.begin()


async def corporate_sign_in(person: Person) -> None:
    await person.begin()
    await person.page.goto(f"{person.page.url}?kind=corporate")


async def wrong_pin(person: Person) -> None:
    await person.begin()
    await person.sign_in("taro", pin="0000")


async def consent(person: Person) -> None:
    await person.reach_consent("hanako")


async def long_name(person: Person) -> None:
    await person.reach_consent("longname")


async def odd_name(person: Person) -> None:
    await corporate_sign_in(person)
    await person.sign_in("oddname")


async def nothing_chosen(person: Person) -> None:
    await person.reach_consent("shoji")
    for box in await person.page.get_by_role("checkbox").all():
        await box.press("Space")
    await person.press("allow")


async def refusal(person: Person) -> None:
    await person.begin()
    await person.sign_in("lapsed")


async def lock(person: Person) -> None:
    await person.begin()
    for _ in range(5):
        await person.sign_in("taro", pin="0000")


async def error(person: Person) -> None:
    await person.begin("nobody")


async def long_error(person: Person) -> None:
    await person.begin(redirect_uri=f"https://elsewhere.example/{'callback' * 27}")


async def expired(person: Person) -> None:
    await person.begin()
    await person.running.advance("10m")
    await person.page.reload()


async def open_bar(person: Person) -> None:
    # Not by a click: the next Tab would go on from there, and not from the top of the page.
    await person.page.eval_on_selector(".tester details", "details => { details.open = true }")


async def bar_of_sign_in(person: Person) -> None:
    await person.begin()
    await open_bar(person)


async def bar_of_consent(person: Person) -> None:
    await person.reach_consent("hanako")
    await open_bar(person)


async def reasons(person: Person) -> None:
    await person.page.goto(f"{person.running.url}/reasons")


async def reason(person: Person) -> None:
    await person.page.goto(f"{person.running.url}/reasons/refresh_reused")


async def notices(person: Person) -> None:
    running = person.running
    await stop(running, from_="2026-11-20T01:00", for_="4h", announce={})
    terms = {"version": "第2版", "effective_on": "2026-12-01"}
    await ask(running, "POST", "/bank/tomato/terms", terms)
    await person.page.goto(f"{running.url}/tomato/notices")


async def closed(person: Person) -> None:
    await person.begin()
    await set_calendar(person.running, hours={"every": ["11:00-19:00"]})
    await person.page.reload()


async def stopped(person: Person) -> None:
    await stop(person.running, for_="4h", style="html")
    await person.begin()


async def ended(person: Person) -> None:
    await stop(person.running, kind="end")
    await person.begin()


PLACES = {
    way.__name__: way
    for way in (
        sign_in_page,
        corporate_sign_in,
        wrong_pin,
        consent,
        long_name,
        odd_name,
        nothing_chosen,
        refusal,
        lock,
        error,
        long_error,
        expired,
        bar_of_sign_in,
        bar_of_consent,
        reasons,
        reason,
        notices,
        closed,
        stopped,
        ended,
    )
}
# Where something went wrong, and the page has to say so at once.
TROUBLES = (
    "wrong_pin",
    "nothing_chosen",
    "refusal",
    "lock",
    "error",
    "long_error",
    "expired",
    "closed",
    "stopped",
    "ended",
)
