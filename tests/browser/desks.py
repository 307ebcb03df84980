"""The contractor's pages in a browser: every page that somebody can come to, and the way there."""

from dataclasses import replace

from sandbox.domain.transfer.window import Kind
from sandbox.services.transfers.approval import Submission
from tests.browser.support import Person
from tests.desk import DESK, FIRST, MAKER, Orders, item, logins
from tests.direct import Direct

BAR = ".tester summary"
LONG_COMMENT = "支払先の口座が変わったそうです。請求書をお確かめのうえ送り直してください。"


async def go(person: Person, path: str) -> None:
    await person.page.goto(f"{person.running.url}{DESK}{path}")


async def press(person: Person, selector: str) -> None:
    """Press a button or link and wait for the page that it leads to."""
    async with person.page.expect_navigation():
        await person.page.click(selector)


async def sign_in(person: Person, persona: str, **changes: str) -> None:
    """Sign in as a persona; somebody who is signed in already signs out first."""
    await go(person, "/sign-in")
    if await person.page.locator(".desk-who").count():
        await press(person, ".desk-who button")
    for name, value in (logins()[persona] | changes).items():
        await person.page.fill(f"#{name}", value)
    await press(person, "button.primary")


async def identify(person: Person, persona: str) -> None:
    """Go to the client's page through the second identity check."""
    await go(person, "/client")
    login = logins()[persona]
    for name in ("password", "second_factor"):
        await person.page.fill(f"#{name}", login[name])
    await press(person, "button.primary")


async def desk_sign_in(person: Person) -> None:
    await go(person, "")


async def desk_sign_in_bar(person: Person) -> None:
    await go(person, "/sign-in")
    await person.page.click(BAR)


async def desk_identity_bar(person: Person) -> None:
    await desk_identity(person)
    await person.page.click(BAR)


async def desk_wrong_password(person: Person) -> None:
    await sign_in(person, "shoji_maker", password="wrong")


async def desk_locked(person: Person) -> None:
    for _ in range(5):
        await sign_in(person, "shoji_maker", password="wrong")


async def desk_start_first_stage(person: Person) -> None:
    await sign_in(person, "kigyou_admin")


async def desk_start_ready(person: Person) -> None:
    await Orders(person.running).register()
    await sign_in(person, "shoji_checker2")


async def desk_start_no_contract(person: Person) -> None:
    await sign_in(person, "hyakka_maker")


async def desk_contract(person: Person) -> None:
    await sign_in(person, "shoji_maker")
    await go(person, "/contract")


async def desk_contract_refused(person: Person) -> None:
    await sign_in(person, "insatsu_admin")
    await go(person, "/contract")


async def desk_users_for_admin(person: Person) -> None:
    await sign_in(person, "shoji_admin")
    await go(person, "/users")


async def desk_users_for_security(person: Person) -> None:
    await sign_in(person, "shoji_security")
    await go(person, "/users")


async def desk_user(person: Person) -> None:
    await sign_in(person, "shoji_security")
    await go(person, "/users/buchou01")


async def desk_user_confirm(person: Person) -> None:
    await desk_user(person)
    await person.page.click("label[for=service-right]")  # the whole row is the label's
    await press(person, "button.primary")


async def desk_identity(person: Person) -> None:
    await sign_in(person, "unyu_maker")
    await go(person, "/client")


async def desk_client_to_issue(person: Person) -> None:
    await sign_in(person, "unyu_maker")
    await identify(person, "unyu_maker")


async def desk_issued(person: Person) -> None:
    await desk_client_to_issue(person)
    await press(person, "button.primary")


async def desk_client_to_register(person: Person) -> None:
    await sign_in(person, "denki_maker")
    await identify(person, "denki_maker")


async def desk_client_errors(person: Person) -> None:
    await desk_client_to_register(person)
    await person.page.fill("#client_password", "short")
    await person.page.fill("#client_password_again", "short")
    await person.page.fill("#web-server-1", "http://elsewhere.example/callback")
    await press(person, "button.primary")


async def desk_client_ready(person: Person) -> None:
    await sign_in(person, "shoji_maker")
    await identify(person, "shoji_maker")


async def desk_consents(person: Person) -> None:
    await grant(person)
    await sign_in(person, "shoji_security")
    await go(person, "/consents")
    await person.page.locator("summary").first.click()


async def grant(person: Person) -> None:
    direct = Direct(person.running)
    await direct.log_in("shoji_maker", "web21.ref web21.upd")
    await direct.log_in("shoji_checker", "web21.appr")


async def desk_consents_none(person: Person) -> None:
    await sign_in(person, "shoji_viewer")
    await go(person, "/consents")


async def desk_requests(person: Person) -> None:
    orders = Orders(person.running)
    await orders.register(item(1), item(2), transaction_notes="10月分 仕入先への支払")
    await orders.register(item(1, 20_000_000))
    await orders.register(kind=Kind.PAYROLL, on="11-30")
    await sign_in(person, "shoji_checker")
    await go(person, "/requests")


async def desk_requests_none(person: Person) -> None:
    await sign_in(person, "shoji_maker")
    await go(person, "/requests?list=editable")


async def desk_request_to_approve(person: Person) -> None:
    orders = Orders(person.running)
    found = await orders.register(*(item(number) for number in range(1, 13)))
    await sign_in(person, "shoji_checker")
    await go(person, f"/requests/{found}")


async def desk_request_warned(person: Person) -> None:
    orders = Orders(person.running)
    await orders.register(item(1))
    found = await orders.register(item(1), item(2, 10_000, account_number="7000001"))
    await orders.register(item(1), item(2, 10_000, account_number="7000001"))
    await sign_in(person, "shoji_checker2")
    await go(person, f"/requests/{found}")
    await press(person, "button[value=approve]")


async def desk_request_returned(person: Person) -> None:
    orders = Orders(person.running)
    found = await orders.register(first_approver_code="Z101")
    retreat = orders.transfers.retreat
    await retreat.return_(FIRST, Kind.BULK, found, LONG_COMMENT)
    await sign_in(person, "shoji_maker")
    await go(person, f"/requests/{found}")


async def desk_request_failed(person: Person) -> None:
    orders = Orders(person.running)
    found = await orders.register(item(1, 2_000_000))
    limited = replace(FIRST, limit_per_item_yen=1_000_000)
    await orders.transfers.approval.submit(limited, Kind.BULK, found, Submission())
    await sign_in(person, "shoji_checker")
    await go(person, f"/requests/{found}")


async def desk_request_settled(person: Person) -> None:
    orders = Orders(person.running)
    found = await orders.settled(item(1), item(2))
    await orders.transfers.afterwards.ask_recall(MAKER, Kind.BULK, found, "2")
    await sign_in(person, "shoji_maker")
    await go(person, f"/requests/{found}")


async def desk_forbidden(person: Person) -> None:
    await sign_in(person, "shoji_viewer")
    await go(person, "/users")


PLACES = {
    way.__name__: way
    for way in (
        desk_sign_in,
        desk_sign_in_bar,
        desk_wrong_password,
        desk_locked,
        desk_start_first_stage,
        desk_start_ready,
        desk_start_no_contract,
        desk_contract,
        desk_contract_refused,
        desk_users_for_admin,
        desk_users_for_security,
        desk_user,
        desk_user_confirm,
        desk_identity,
        desk_identity_bar,
        desk_client_to_issue,
        desk_issued,
        desk_client_to_register,
        desk_client_errors,
        desk_client_ready,
        desk_consents,
        desk_consents_none,
        desk_requests,
        desk_requests_none,
        desk_request_to_approve,
        desk_request_warned,
        desk_request_returned,
        desk_request_failed,
        desk_request_settled,
        desk_forbidden,
    )
}
