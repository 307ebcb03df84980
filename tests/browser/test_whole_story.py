"""A corporation from its first administrator to a settled transfer: pages, API, books."""

import pytest

from sandbox.client import AsyncSandbox
from tests.browser.desks import press, sign_in
from tests.browser.test_desk_story import (
    KIGYOU,
    PASSWORD,
    have_client_issued,
    name_security_administrator,
    next_thing,
    register,
)
from tests.desk import logins
from tests.direct import BASE, MAIN_ACCOUNT, Direct
from tests.ordering import APPROVAL, UPDATE, Orders, item
from tests.support import REDIRECT_URI, answer_of, basic

PAYER, PAYEE = "0010110005010", MAIN_ACCOUNT
OWN_YEN, OTHER_YEN, FEE_YEN = 120_000, 30_000, 330
DAY = "2026-11-24"  # the Tuesday after 勤労感謝の日


async def give_rights(person):
    await sign_in(person, "kigyou_security")
    assert "サービス利用権限と各権限を付けて" in await next_thing(person)
    for user, rights in (("keiri01", ("reference", "update")), ("buchou01", ("approval",))):
        await person.page.goto(f"{person.running.url}{BASE}/desk/users/{user}")
        for box in ("service-right", *(f"right-{right}" for right in rights)):
            await person.page.click(f"label[for={box}]")
        await press(person, "button.primary")
        assert "利用権限を保存しました" in await person.text()


async def consent(person, client_id, persona, scope):
    """Go through the ordinary OAuth pages and exchange the code: return the tokens."""
    query = f"response_type=code&client_id={client_id}&redirect_uri={REDIRECT_URI}&state=s-1"
    await person.page.goto(f"{person.running.url}{BASE}/oauth/auth?{query}&scope={scope}")
    assert await person.is_at("sign_in")
    for name, value in logins()[persona].items():
        await person.page.fill(f"#{name}", value)
    await person.press("sign_in")
    assert await person.is_at("consent")
    await person.press("allow")
    await person.page.wait_for_url("**/callback?**")
    code = answer_of(person.page.url)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    address, headers = f"{person.running.url}{BASE}/oauth/token", basic(client_id, PASSWORD)
    async with person.running.http.post(address, data=form, headers=headers) as answer:
        tokens = await answer.json()
        assert (answer.status, tokens["scope"]) == (200, scope)
    return tokens["access_token"]


async def books(person):
    """Return the balance of every account, and its lines from the day of payment on."""
    async with AsyncSandbox(person.running.sandbox.control_url) as sandbox:
        return {each.account_id: each.balance_yen for each in await sandbox.world().accounts.list()}


def server_of(person, client_id, token):
    """Return what the contractor's own server sends with a token."""
    direct = Direct(person.running)
    direct.contractor_id, direct.client_id = KIGYOU, client_id
    return Orders(direct, token)


async def lines_of(orders, account_id):
    status, body, _ = await orders.direct.get(
        f"/accounts/{account_id}/transactions", orders.token, date_from="2026-11-16"
    )
    assert status == 200, body
    return body["transactions"]


def moved(lines, at_first):
    """Return what the lines add up to: of a statement, less what was there at first."""
    return sum(
        line.get("deposit_amount", 0) - line.get("withdrawal_amount", 0)
        for line in lines[at_first:]
    )


async def pay(maker, checker):
    """Register a transfer to two accounts and have it approved; return its id."""
    answer = await maker.register(
        item(
            1,
            beneficiary_bank_code="0009",
            account_number="1000001",
            beneficiary_name="ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ",
            transfer_amount=OWN_YEN,
        ),
        item(2, transfer_amount=OTHER_YEN),
        remitter_name="ｶｸｳｷｷﾞﾖｳ(ｶ",
        remitting_account_number="1000501",
        effort_date=DAY[5:],
    )
    assert answer["transaction_status_name"] == "承認待ち"
    reference = answer["transaction_id"]
    status, approved = await checker.act(reference, "submissions")
    assert (status, approved["transaction_status_name"]) == (200, "受付済み")
    return reference


@pytest.mark.requirement("W-11", "W-12", "W-13", "W-34", "W-35", "W-37", "W-38", "W-40", "W-43")
async def test_a_transfer_from_the_first_administrator_to_the_settled_books(person):
    await name_security_administrator(person)
    await give_rights(person)
    client_id, _ = await have_client_issued(person)
    await register(person)

    token = await consent(person, client_id, "kigyou_maker", UPDATE)
    maker = server_of(person, client_id, token)
    checker = server_of(
        person, client_id, await consent(person, client_id, "kigyou_checker", APPROVAL)
    )
    payee = Direct(person.running)
    reader = Orders(payee, (await payee.log_in("shoji_viewer"))["access_token"])
    before = await books(person)
    lines_before = len(await lines_of(maker, PAYER)), len(await lines_of(reader, PAYEE))

    reference = await pay(maker, checker)

    await person.running.advance("9d")
    maker.token = await consent(person, client_id, "kigyou_maker", UPDATE)
    reader.token = (await payee.log_in("shoji_viewer"))["access_token"]
    shown = await maker.detail(reference)
    assert shown["transaction_status_name"] == "処理済み"
    after = await books(person)

    paid = await lines_of(maker, PAYER)
    debits = {
        line["withdrawal_amount"]
        for line in paid
        if line["transaction_date"] == DAY and "withdrawal_amount" in line
    }
    assert {OWN_YEN + OTHER_YEN, FEE_YEN} <= debits
    assert after[PAYER] - before[PAYER] == moved(paid, lines_before[0])

    got = await lines_of(reader, PAYEE)
    (credit,) = [
        line
        for line in got
        if line.get("deposit_amount") == OWN_YEN and line["transaction_date"] == DAY
    ]
    assert credit["abstract"] == "ｶｸｳｷｷﾞﾖｳ(ｶ"
    assert after[PAYEE] - before[PAYEE] == moved(got, lines_before[1])
    assert person.complaints == []
