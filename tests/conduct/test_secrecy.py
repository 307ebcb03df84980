"""Secrets out of addresses, approval tokens where they belong, certificates checked."""

import pytest

from tests.conduct.building import Story, found, ids

# C-11


@pytest.mark.requirement("W-41")
@pytest.mark.parametrize(
    ("leaks", "words"),
    [
        (["query"], ["the query string"]),
        (["path"], ["the path"]),
        (["referer"], ["the Referer header"]),
        (["query", "referer"], ["the query string", "the Referer header"]),
        ([], []),
    ],
)
def test_a_secret_in_an_address_is_found_by_its_place(leaks, words):
    story = Story()
    story.call(0, leaks=leaks)
    told = [each.what.en for each in found("C-11", story)]
    assert len(told) == len(words)
    assert all(word in text for word, text in zip(words, told, strict=True))


@pytest.mark.requirement("W-41")
@pytest.mark.parametrize("name", ["token", "refresh", "code", "new_token", "new_refresh"])
def test_hex_digits_in_an_address_are_a_secret_where_they_are_a_known_token(name):
    story = Story()
    story.call(0, **{name: "m1"})
    story.call(1, shown=["m1"])
    story.call(2, shown=["m2"])
    assert ids("C-11", story) == [(2,)]


def test_the_same_carelessness_is_told_once():
    story = Story()
    for second in range(5):
        story.call(second, leaks=["query"])
    story.call(6, "list_transfers", leaks=["query"])
    assert ids("C-11", story) == [(1, 2, 3, 4, 5), (6,)]


# C-21

APPROVES = {"scope": "web21.appr", "token": "t1"}


@pytest.mark.requirement("W-14")
@pytest.mark.parametrize("operation", ["list_accounts", "register_transfer", "list_transfers"])
@pytest.mark.parametrize("status", [200, 403])
def test_an_approval_token_elsewhere_is_found(operation, status):
    story = Story()
    story.call(0, operation, status=status, **APPROVES)
    assert ids("C-21", story) == [(1,)]


@pytest.mark.requirement("W-14")
def test_an_approval_token_at_an_approval_is_right():
    story = Story()
    story.call(0, "submit_transfer", method="POST", path="/transfers/1/submissions", **APPROVES)
    story.call(1, "userinfo", **APPROVES)
    story.call(2, "list_accounts", scope="web21.ref")
    story.call(3, "list_accounts")
    assert found("C-21", story) == []


def approval(story, **more):
    body = '{"transaction_id":"000000000000007"}'
    path = "/transfers/000000000000007/submissions"
    story.register(0, user="taro", response_body=body)
    said = {"method": "POST", "path": path, "user": "taro", "scope": "web21.appr", **more}
    story.call(1, "submit_transfer", **said)


def test_an_approval_by_the_requester_is_found():
    story = Story()
    approval(story)
    assert ids("C-21", story) == [(1, 2)]


@pytest.mark.parametrize(
    "other",
    [{"user": "hanako"}, {"status": 403}, {"path": "/transfers/000000000000008/submissions"}],
    ids=str,
)
def test_an_approval_by_somebody_else_or_of_something_else_is_not(other):
    story = Story()
    approval(story, **other)
    assert found("C-21", story) == []


# C-24


def test_a_call_over_a_drill_s_listener_is_found():
    story = Story()
    story.call(0)
    story.call(1, tls_drill="expired")
    story.call(2, tls_drill="wrong_host")
    assert ids("C-24", story) == [(2,), (3,)]


def test_a_handshake_that_the_client_refused_is_no_call():
    story = Story()
    story.call(0, "tls_handshake", tls_drill="expired", status=None)
    assert ids("C-24", story) == []
