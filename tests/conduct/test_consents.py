"""Asking for consent: scopes, state, PKCE, redirect URIs, and what is left behind."""

from dataclasses import replace

import pytest

from sandbox.domain.conduct.facts import LiveGrant
from tests.conduct.building import APP, FACTS, Story, found, ids, levels

PKCE = "&code_challenge=abc&code_challenge_method=S256"
GOOD = {"state": "m1", "state_length": 22}

# C-9


@pytest.mark.requirement("W-31")
def test_a_scope_that_is_never_used_is_found():
    story = Story()
    story.authorize(0, "scope=web21.ref+web21.upd")
    story.call(1, "list_accounts")
    (finding,) = found("C-9", story)
    assert finding.calls == (1,)
    assert "web21.upd" in finding.what.en


@pytest.mark.requirement("W-31")
def test_scopes_that_are_used_are_not():
    story = Story()
    story.authorize(0, "scope=web21.ref+web21.upd")
    story.call(1, "list_accounts")
    story.call(2, "list_transfers")
    assert found("C-9", story) == []


def test_a_call_that_was_refused_shows_the_need_all_the_same():
    story = Story()
    story.authorize(0, "scope=web21.ref")
    story.call(1, "list_accounts", status=401)
    assert found("C-9", story) == []


def test_what_a_consent_without_a_browser_granted_shows_at_the_token():
    story = Story()
    story.exchange(0, scope="web21.ref web21.upd")
    story.call(1, "list_accounts")
    assert [each.what.en for each in found("C-9", story)] == [
        f"{APP} asked for web21.upd and never used it."
    ]


@pytest.mark.parametrize("scope", ["openid profile email", "unheard-of", ""])
def test_what_opens_no_api_is_not_asked_about(scope):
    story = Story()
    story.authorize(0, f"scope={scope.replace(' ', '+')}")
    assert found("C-9", story) == []


def test_each_client_uses_its_own():
    story = Story()
    story.authorize(0, "scope=web21.ref")
    story.call(1, "list_accounts", client_id="other")
    assert ids("C-9", story) == [(1,)]


# C-12


def test_a_request_without_state_is_found():
    story = Story()
    story.authorize(0)
    story.authorize(1, **GOOD)
    story.call(2, "par", method="POST", request_body="client_id=app", status=201)
    assert ids("C-12", story) == [(1, 3)]


@pytest.mark.parametrize("hidden", ["request_uri=urn:x", "request=***"])
def test_parameters_that_cannot_be_seen_are_not_missed(hidden):
    story = Story()
    story.authorize(0, hidden)
    assert all(found(each, story) == [] for each in ("C-12", "C-13", "C-14"))


@pytest.mark.parametrize(("back", "count"), [("m1", 0), ("m2", 1), (None, 1)])
def test_a_token_request_after_an_altered_state_is_found(back, count):
    story = Story()
    story.authorize(0, **GOOD)
    story.consent(1, state=back)
    story.exchange(2)
    assert ids("C-12", story) == [(2, 3)] * count


def test_who_stops_at_an_altered_state_is_right():
    story = Story()
    story.authorize(0, **GOOD)
    story.consent(1, state="m2")
    assert found("C-12", story) == []


def test_a_consent_without_a_browser_has_no_state_to_check():
    story = Story()
    story.consent(1, state=None)
    story.exchange(2)
    assert found("C-12", story) == []


# C-13


@pytest.mark.parametrize(("length", "count"), [(1, 1), (15, 1), (16, 0), (43, 0)])
def test_a_short_state_is_weak(length, count):
    story = Story()
    story.authorize(0, state="m1", state_length=length)
    assert len(found("C-13", story)) == count


def test_a_state_that_has_come_back_is_spent():
    story = Story()
    story.authorize(0, **GOOD)
    story.consent(1, state="m1")
    story.authorize(2, **GOOD)
    (finding,) = found("C-13", story)
    assert finding.calls == (2, 3)


def test_a_page_that_is_loaded_anew_reuses_nothing():
    story = Story()
    story.authorize(0, **GOOD)
    story.authorize(1, **GOOD)
    story.consent(2, state="m1")
    assert found("C-13", story) == []


def test_two_clients_may_draw_the_same_state():
    story = Story()
    story.authorize(0, **GOOD)
    story.consent(1, state="m1")
    story.authorize(2, client_id="other", **GOOD)
    assert found("C-13", story) == []


# C-14


@pytest.mark.parametrize(("required", "level"), [((), "W"), ((APP,), "E"), (("other",), "W")])
def test_missing_pkce_is_as_bad_as_the_bank_takes_it(required, level):
    story = Story()
    story.authorize(0, **GOOD)
    facts = replace(FACTS, pkce_required=frozenset(required))
    assert levels("C-14", story, facts) == [level]


def test_a_challenge_is_what_is_wanted():
    story = Story()
    story.authorize(0, PKCE[1:], **GOOD)
    assert found("C-14", story) == []


def test_an_empty_challenge_is_none():
    story = Story()
    story.authorize(0, "code_challenge=", **GOOD)
    assert levels("C-14", story) == ["W"]


def test_a_verifier_is_for_one_code():
    story = Story()
    story.exchange(0, code="c1", verifier="v1")
    story.exchange(1, code="c1", verifier="v1")
    assert found("C-14", story) == []
    story.exchange(2, code="c2", verifier="v1")
    assert (ids("C-14", story), levels("C-14", story)) == ([(1, 3)], ["E"])


# C-15

CALLBACK = "https%3A%2F%2Fapp.example%2Fcb"


@pytest.mark.parametrize(
    ("said", "location", "count"),
    [
        (CALLBACK, "https://app.example/cb?code=***&state=s&iss=i", 0),
        (f"{CALLBACK}%2F", "https://app.example/cb?code=***", 1),
        (f"{CALLBACK}%3Fa%3D1", "https://app.example/cb?a=1&code=***", 0),
        (CALLBACK, "https://app.example/cb?a=1&code=***", 1),
    ],
)
def test_the_redirect_uri_is_the_same_in_both_requests(said, location, count):
    story = Story()
    story.consent(0, location=location)
    story.exchange(1, form=f"&redirect_uri={said}")
    assert ids("C-15", story) == [(1, 2)] * count


def test_no_redirect_uri_is_another_matter():
    story = Story()
    story.consent(0)
    story.exchange(1)
    story.exchange(2, code="unknown", form="&redirect_uri=https%3A%2F%2Felsewhere")
    assert found("C-15", story) == []


# C-25


def grants(count, user="taro", **more):
    return tuple(
        LiveGrant(grant_id=f"g{n}", bank="web21", client_id=more.get("client", APP), user=user)
        for n in range(count)
    )


@pytest.mark.parametrize(("number", "count"), [(3, 0), (4, 1)])
def test_more_than_three_live_grants_of_one_user_are_too_many(number, count):
    assert len(found("C-25", Story(), replace(FACTS, grants=grants(number)))) == count


def test_grants_of_several_users_and_clients_are_counted_apart():
    live = grants(3) + grants(3, user="hanako") + grants(3, client="other")
    assert found("C-25", Story(), replace(FACTS, grants=live)) == []


@pytest.mark.parametrize(("second", "count"), [(60, 1), (600, 1), (601, 0)])
def test_a_consent_whose_code_nobody_wanted_is_left_behind(second, count):
    story = Story()
    story.consent(0, "c1", user="taro")
    story.consent(second, "c2", user="taro")
    story.exchange(second + 1, "c2")
    assert ids("C-25", story) == [(1, 2)] * count


@pytest.mark.parametrize("other", [{"user": "hanako"}, {"client_id": "other"}])
def test_consents_of_others_are_no_retry(other):
    story = Story()
    story.consent(0, "c1", user="taro")
    story.consent(1, "c2", **{"user": "taro", **other})
    assert found("C-25", story) == []


def test_a_code_that_was_exchanged_left_nothing_behind():
    story = Story()
    story.consent(0, "c1", user="taro")
    story.exchange(1, "c1")
    story.consent(2, "c2", user="taro")
    assert found("C-25", story) == []
