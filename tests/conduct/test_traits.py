"""What an entry keeps of secrets: marks that tell them apart, and none of them."""

import json
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.domain.conduct.traits import Marker, effect_of, marked_fields
from tests.conduct.building import rule
from tests.growth import LINEAR_AT_MOST, growth

TAG = "Ab3_-xYz"
TOKEN = TAG + "t" * 43
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"
NOTHING = {
    "operation": "list_accounts",
    "path": "/accounts",
    "authorization": None,
    "referer": None,
    "idempotency_key": None,
    "retry_after": None,
    "tls_drill": None,
    "rule": None,
    "location": None,
    "request_body": None,
    "response_body": None,
}


def traits(*, is_hex=False, scope=None, **changes):
    call = SimpleNamespace(**{**NOTHING, **changes})
    return Marker(TAG).traits(call, scope=scope, is_hex=is_hex)


def test_a_call_without_secrets_has_no_traits():
    assert traits() == {}


def test_the_same_token_has_the_same_mark_in_one_world_alone():
    first = traits(authorization=f"Bearer {TOKEN}")
    assert first == traits(authorization=f"dpop  {TOKEN} ") == {"token": Marker(TAG).mark(TOKEN)}
    assert first != traits(authorization=f"Bearer {TOKEN}x")
    assert Marker("another1").mark(TOKEN) != first["token"]


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer ", "", "Digest x"])
def test_what_is_no_access_token_leaves_no_mark(header):
    assert traits(authorization=header) == {}


def test_headers_that_matter_are_kept():
    found = traits(
        idempotency_key="k", retry_after="5", tls_drill="expired", scope="a b", request_body=b"{}"
    )
    assert (found["retry_after"], found["tls_drill"], found["scope"]) == ("5", "expired", "a b")
    assert set(found) == {"key", "retry_after", "tls_drill", "scope", "body"}


def oauth(operation, **changes):
    return traits(operation=operation, **changes)


def test_a_token_request_is_known_by_its_secrets():
    mark = Marker(TAG).mark
    answer = json.dumps({"access_token": "new", "refresh_token": "next"}).encode()
    found = oauth(
        "token",
        path="/oauth/token",
        request_body=b"grant_type=refresh_token&refresh_token=old&code_verifier=v",
        response_body=answer,
    )
    assert found["refresh"] == mark("old")
    assert (found["verifier"], found["new_token"], found["new_refresh"]) == (
        mark("v"),
        mark("new"),
        mark("next"),
    )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"access_token":1}', None])
def test_an_answer_that_is_none_gives_no_token(body):
    assert "new_token" not in oauth("token", response_body=body, request_body=b"a=b")


def test_the_state_goes_out_and_comes_back():
    sent = oauth("authorize", path="/auth?state=tab-1&client_id=x")
    back = oauth("consent", location="https://app/cb?code=c&state=tab-1")
    assert sent["state"] == back["returned_state"]
    assert sent["state_length"] == 5
    assert back["code"] == oauth("token", request_body=b"code=c")["code"]


@pytest.mark.parametrize(
    ("path", "leaks"),
    [
        (f"/accounts?access_token={TOKEN}", ["query"]),
        ("/accounts?client_secret=x", ["query"]),
        (f"/accounts?anything={TOKEN}", ["query"]),
        (f"/accounts?anything={JWT}", ["query"]),
        (f"/accounts/{TOKEN}", ["path"]),
        (f"/accounts/{JWT}", ["path"]),
        (f"/accounts/{TOKEN}?pin=1", ["query", "path"]),
        ("/accounts?password=", None),
        ("/accounts?date_from=2026-11-10&trace=eyJ", None),
        ("/accounts/0010112345670", None),
        ("//[?x", None),
    ],
)
def test_what_stands_in_an_address_is_seen(path, leaks):
    assert traits(path=path).get("leaks") == leaks


@pytest.mark.parametrize(
    "path", [f"/auth?id_token_hint={JWT}", f"/auth?request={JWT}", f"/auth?request_uri=urn:{TOKEN}"]
)
def test_what_the_specifications_put_into_an_address_is_right_there(path):
    assert "leaks" not in oauth("authorize", path=path)


def test_a_page_s_own_address_is_the_bank_s_matter():
    assert "leaks" not in oauth("consent_page", path=f"/auth/{TOKEN}")


@pytest.mark.parametrize(
    ("referer", "is_leak"),
    [
        (f"https://app/cb?code={TOKEN}", True),
        ("https://app/cb?code=x", True),
        ("https://app/#access_token=x", True),
        ("https://app/cb?state=x", False),
        ("http://[", False),
        ("https://app/", False),
    ],
)
def test_a_referer_is_looked_at_and_not_kept(referer, is_leak):
    assert traits(referer=referer) == ({"leaks": ["referer"]} if is_leak else {})


def test_hex_digits_are_marked_where_tokens_look_like_that():
    digits = "0af7651916cd43dd8448eb211c80319c"
    path, mark = f"/x?trace={digits}", Marker(TAG).mark(digits)
    assert traits(path=path) == {}
    assert traits(path=path, is_hex=True) == {"shown": [mark]}
    assert traits(authorization=f"Bearer {digits}", is_hex=True) == {"token": mark}
    assert traits(path=path.upper(), is_hex=True) == {}


def test_an_effect_is_told_in_short():
    changes = [{"pointer": "/a", "op": "add", "to": 1}, {"pointer": "/b", "op": "drop"}]
    told = effect_of(rule("schema_drift", "reply", changes=changes))
    assert told == {"kind": "schema_drift", "stage": "reply", "ops": ["add", "drop"]}
    page = effect_of(rule("maintenance_page", "before", template="x" * 10_000))
    assert page == {"kind": "maintenance_page", "stage": "before"}
    assert traits(rule=rule("clock_skew", "reply", skew_ms=5))["effect"]["skew_ms"] == 5


@given(
    path=st.text(),
    referer=st.text(),
    header=st.text(),
    body=st.binary(),
    operation=st.sampled_from(["token", "authorize", "list_accounts", None]),
)
def test_nothing_that_a_client_sends_breaks_it(path, referer, header, body, operation):
    found = traits(
        is_hex=True,
        operation=operation,
        path=path,
        referer=referer,
        authorization=f"Bearer {header}",
        idempotency_key=header,
        location=path,
        request_body=body,
        response_body=body,
    )
    json.dumps(found)


def test_a_leak_is_known_by_the_mark_of_its_token():
    body = json.dumps({"access_token": TOKEN, "scope": "accounts"}).encode()
    assert oauth("act.leak", response_body=body)["leaked"] == Marker(TAG).mark(TOKEN)
    assert traits(authorization=f"Bearer {TOKEN}")["token"] == Marker(TAG).mark(TOKEN)


@pytest.mark.parametrize(
    ("word", "is_token"),
    [
        (JWT, True),
        (JWT[:-5], False),
        ("eyJ" * 50 + ".b.", True),
        ("eyJ" * 50 + "..b.", False),
        ("eyJ" * 50 + f"..b.{JWT}", True),
        ("eyJshort.b.c", False),
    ],
)
def test_a_jwt_in_an_address_is_known_by_its_dots(word, is_token):
    assert ("leaks" in traits(path=f"/x/{word}")) is is_token


@pytest.mark.parametrize("piece", ["eyJ", "eyJ.", "eyJaaaaaaaa.", "a.", "0f"])
def test_no_address_makes_the_search_for_leaks_slow(piece):
    middle = "eyJ" * 300 + "." + "eyJ" * 300
    for path in ("/eyJ{}", "/?x={}", f"/{middle}{{}}"):
        assert growth(lambda text, at=path: traits(path=at.format(text)), piece) < LINEAR_AT_MOST


FIELD = st.tuples(
    st.sampled_from(
        ["code", "c%6Fde", "state", "code_verifier", "refresh_token", "scope", "", "%"]
    ),
    st.sampled_from(["", "=", "=="]),
    st.text(alphabet="a=%+2é3;#\udcff", max_size=5),
)


@given(st.lists(FIELD, max_size=5).map(lambda fields: "&".join(map("".join, fields))))
def test_fields_are_read_as_the_library_reads_them(text):
    marked = ("code", "refresh_token", "code_verifier", "state")
    expected = {name: value for name, value in parse_qsl(text) if name in marked}
    assert marked_fields(text) == expected
