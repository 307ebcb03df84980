"""A match that nothing can be is found when its rule is made; what may come yet is waited for."""

import pytest

from sandbox.domain.effect import STAGES
from sandbox.domain.fault import AMOUNT_KEYS, MATCH_KEYS
from sandbox.domain.fault_match import KnownCall, in_vain

CALLS = (
    KnownCall("moon", "token", "oauth"),
    KnownCall("moon", "show_balance", "reference", "balances"),
    KnownCall("sun", "token", "oauth"),
    KnownCall("sun", "pay", "update"),
)


def vain(stage="before", calls=CALLS, **match):
    if "class_" in match:
        match["class"] = match.pop("class_")
    found = in_vain(match, stage, calls)
    return None if found is None else (found.key, str(found))


# What is known to be wrong


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"bank": "mon"}, ("bank", "there is no bank 'mon'. Did you mean `moon`?")),
        (
            {"operation": "tokn"},
            ("operation", "there is no operation 'tokn'. Did you mean `token`?"),
        ),
        (
            {"operation": "token*"},  # paths alone have wildcards
            ("operation", "there is no operation 'token*'. Did you mean `token`?"),
        ),
        (
            {"operation": "zzzz", "bank": "sun"},
            ("operation", "sun has no operation 'zzzz'. One of: pay, token."),
        ),
        (
            {"operation": "pay", "bank": "moon"},
            ("operation", "moon has no operation 'pay'. It is of sun."),
        ),
        (
            {"operation": "pay", "class_": "oauth"},
            ("class", "pay is not of the class 'oauth'. It is of update."),
        ),
        (
            {"operation": "pay", "function": "balances"},
            ("function", "pay is not of the function 'balances'. It has no function."),
        ),
        (
            {"function": "balance"},
            ("function", "there is no function 'balance'. Did you mean `balances`?"),
        ),
        (
            {"function": "balances", "bank": "sun"},
            ("function", "sun has no function 'balances'. Take it away."),
        ),
        ({"method": "Post"}, ("method", "no call has the method 'Post'. Write POST.")),
        (
            {"address": "localhost"},
            ("address", "'localhost' is no IP address. Write one such as 127.0.0.1."),
        ),
        ({"address": "0:0::1"}, ("address", "no call comes from '0:0::1'. Write ::1.")),
        (
            {"amount_from_yen": 2, "amount_to_yen": 1},
            ("amount_from_yen", "no amount is from 2 to 1. Swap them."),
        ),
    ],
)
def test_what_nothing_can_be_is_named_with_what_to_write(match, expected):
    assert vain(**match) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/accounts",
        "/Moon/accounts",
        "/moonlight/accounts",
        "moon/accounts",
        "http://127.0.0.1:8080/moon/accounts",
        "/stars*",
        "/w",
        "/w/default",
        "/w/default/stars/accounts",
        "/w/default/stars/*",
        "accounts/*",
    ],
)
def test_a_path_that_no_bank_has(path):
    key, text = vain(path=path)
    assert key == "path"
    assert text.endswith("Begin with /moon/ or /sun/ or *.")


def test_a_path_of_another_bank_than_the_rule_names():
    assert vain(bank="sun", path="/moon/*") is not None
    assert vain(bank="moon", path="/moon/*") is None


# What may be


@pytest.mark.parametrize(
    "path",
    [
        "*",
        "*/accounts",
        "/*/accounts",
        "?moon/accounts",
        "/[ms]*",
        "/m*",
        "/moon",
        "/moon/",
        "/moon/no/such/place",
        "/sun*",
        "/w/*",
        "/w*",
        "/w/default/moon/accounts",
        "/w/ci-*/moon/*",
        "/w/default/*",
        "/w/default/m*",
    ],
)
def test_a_path_that_a_call_may_have(path):
    assert vain(path=path) is None


@pytest.mark.parametrize(
    "match",
    [
        {},
        {"bank": "moon", "operation": "token", "class_": "oauth"},
        {"operation": "show_balance", "function": "balances", "class_": "reference"},
        {"client_id": "nobody-yet"},
        {"contractor_id": "nobody", "user": "x", "grant_id": "x", "token": "x", "account_id": "x"},
        {"grant_type": "a-typo", "scope": "another"},  # whatever a client sends is matched
        {"method": "POST"},
        {"method": "PROPFIND"},
        {"address": "127.0.0.1"},
        {"address": "::1"},
        {"amount_from_yen": 1, "amount_to_yen": 1},
    ],
)
def test_what_may_come_yet_is_waited_for(match):
    assert vain(**match) is None


def test_without_the_banks_calls_their_names_are_not_looked_at():
    assert vain(calls=(), bank="x", operation="x", function="x", path="x") is None
    assert vain(calls=(), method="get") is not None


# Stages


@pytest.mark.parametrize("stage", [each for each in STAGES if each not in ("result", "delivery")])
@pytest.mark.parametrize(("key", "value"), [("kind", "bulk"), ("event", "ping")])
def test_a_call_has_no_kind_and_no_event(stage, key, value):
    found = vain(stage, **{key: value})
    assert found is not None
    assert found[0] == key


@pytest.mark.parametrize(
    ("stage", "keys"),
    [
        (
            "result",
            {
                "bank",
                "contractor_id",
                "kind",
                "account_id",
                "branch_code",
                "beneficiary_bank",
                "day_type",
                "hour_phase",
                *AMOUNT_KEYS,
            },
        ),
        (
            "delivery",
            {
                "bank",
                "client_id",
                "contractor_id",
                "grant_id",
                "event",
                "day_type",
                "hour_phase",
            },
        ),
    ],
)
def test_what_is_no_call_has_facts_of_its_own(stage, keys):
    """As docs/faults.md and docs/events.md list them."""
    values = {"bank": "moon", **dict.fromkeys(AMOUNT_KEYS, 1)}
    every = (*MATCH_KEYS, *AMOUNT_KEYS)
    assert {key for key in every if in_vain({key: values.get(key, "x")}, stage, CALLS) is None} == (
        keys
    )
    assert vain(stage, operation="token")[0] == "operation"
