"""An essential ``acr`` in the ``claims`` request (OpenID Connect Core §5.5.1.1)."""

import json

import pytest

from sandbox.domain.oauth.openid import NotUnderstood, essential_acrs
from sandbox.domain.oauth.personal import ACR
from tests.browsing import browsing
from tests.openid import OPENID, ask, claims_of, log_in
from tests.support import answer_of, basic

GOLD = "urn:example:gold"
MET = {
    "the bank's own": {"essential": True, "value": ACR},
    "the bank's own among others": {"essential": True, "values": [GOLD, ACR]},
    "any at all": {"essential": True},
    "another, which would be nice": {"value": GOLD},
    "others, which would be nice": {"essential": False, "values": [GOLD]},
    "nothing said": None,
}
UNMET = {
    "another": {"essential": True, "value": GOLD},
    "others": {"essential": True, "values": [GOLD, ACR.upper()]},
    "none at all": {"essential": True, "values": []},
    "values before a value": {"essential": True, "values": [GOLD], "value": ACR},
}
ODD = {
    "a number": {"essential": True, "value": 1},
    "a text for a list": {"essential": True, "values": ACR},
    "a list in a list": {"essential": True, "values": [[ACR]]},
    "null": {"essential": True, "values": None},
}


@pytest.fixture
async def browser(running):
    async with browsing(running) as found:
        yield found


def asking(wish, place="id_token"):
    return json.dumps({place: {"acr": wish}})


@pytest.mark.parametrize("wish", MET.values(), ids=MET)
async def test_what_the_log_in_is_goes_on_and_is_told(running, browser, wish):
    code = (await log_in(browser, claims=asking(wish)))["code"]
    claims, _ = await claims_of(running, code)
    assert claims["acr"] == ACR


@pytest.mark.parametrize("wish", UNMET.values(), ids=UNMET)
async def test_what_no_log_in_can_be_is_refused_before_anybody_logs_in(browser, wish):
    asked = {"client_id": OPENID, "scope": "openid", "nonce": "n", "claims": asking(wish)}
    page = await browser.begin(**asked)
    answer = answer_of(page.location)
    assert (page.status, answer["error"]) == (302, "unmet_authentication_requirements")
    assert ACR in answer["error_description"]
    assert answer["state"] == "tab-1"


@pytest.mark.parametrize("wish", ODD.values(), ids=ODD)
async def test_values_that_are_no_texts_are_no_request(browser, wish):
    assert await ask(browser, claims=asking(wish)) == "invalid_request"


async def test_it_counts_for_the_id_token_alone_and_with_openid_alone(running, browser):
    essential = UNMET["another"]
    assert await ask(browser, claims=asking(essential, "userinfo")) == "sign_in"
    assert await ask(browser, scope="accounts", claims=asking(essential)) == "sign_in"


async def test_somebody_who_is_logged_in_already_does_not_change_that(browser):
    await log_in(browser)
    claims = asking(UNMET["another"])
    assert await ask(browser, prompt="none") == "code"
    assert await ask(browser, prompt="none", claims=claims) == "unmet_authentication_requirements"


async def test_a_push_is_refused_as_well(running):
    form = {"client_id": OPENID, "response_type": "code", "scope": "openid", "nonce": "n"}
    form |= {"redirect_uri": "http://localhost:8000/callback", "state": "s"}
    form |= {"claims": asking(UNMET["another"])}
    url = f"{running.base}/oauth/par"
    async with running.http.post(url, data=form, headers=basic(OPENID)) as answer:
        said = await answer.json()
    assert (answer.status, said["error"]) == (400, "unmet_authentication_requirements")


def test_essential_values_are_read_as_they_are():
    assert essential_acrs("{}") is None
    assert essential_acrs(asking(UNMET["none at all"])) == frozenset()
    assert essential_acrs(asking(MET["the bank's own among others"])) == {GOLD, ACR}
    with pytest.raises(NotUnderstood):
        essential_acrs(asking(ODD["null"]))
