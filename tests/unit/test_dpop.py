"""The address that a DPoP proof is for (RFC 9449 §4.3, RFC 3986 §6.2): what means the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.domain.oauth.dpop import normalized

URL = "https://bank.example/tomato/oauth/token"
SAME = [
    "HTTPS://bank.example/tomato/oauth/token",
    "https://BANK.Example/tomato/oauth/token",
    "https://bank.example:443/tomato/oauth/token",
    "https://bank.example/tomato/oauth/token?",
    "https://bank.example/tomato/oauth/token?code=x",
    "https://bank.example/tomato/oauth/token#part",
    "https://bank.example/tomato/./oauth/token",
    "https://bank.example/other/../tomato/oauth/token",
    "https://bank.example/../tomato/oauth/token",
    "https://bank.example/%74omato/oauth/token",
    "https://bank.example/x/%2e%2E/tomato/oauth/token",
]
OTHER = [
    "http://bank.example/tomato/oauth/token",
    "https://bank.example:444/tomato/oauth/token",
    "https://bank.example:80/tomato/oauth/token",
    "https://bank.example./tomato/oauth/token",
    "https://bank.example/Tomato/oauth/token",
    "https://bank.example/tomato/oauth/token/",
    "https://bank.example/tomato//oauth/token",
    "https://bank.example/tomato%2Foauth/token",
    "https://bank.example/tomato/oauth/token%20",
    "https://bank.example/",
]
NONE = [
    "",
    "/tomato/oauth/token",
    "//bank.example/tomato/oauth/token",
    "bank.example/tomato/oauth/token",
    "ftp://bank.example/tomato/oauth/token",
    "https:///tomato/oauth/token",
    "https://user@bank.example/tomato/oauth/token",
    "https://@bank.example/tomato/oauth/token",
    "https://bank.example:port/tomato/oauth/token",
    "https://bank.example:65536/tomato/oauth/token",
    "https://[::/tomato/oauth/token",
]


@pytest.mark.requirement("O-17")
@pytest.mark.parametrize("url", SAME)
def test_what_means_the_same_address_is_the_same(url):
    assert normalized(url) == URL


@pytest.mark.requirement("O-17")
@pytest.mark.parametrize("url", OTHER)
def test_what_means_another_address_is_another(url):
    assert normalized(url) not in (None, URL)


@pytest.mark.requirement("O-17")
@pytest.mark.parametrize("url", NONE)
def test_what_no_request_carries_is_no_address(url):
    assert normalized(url) is None


def test_ports_and_hosts_are_written_in_their_shortest_way():
    assert normalized("http://[::1]:80") == "http://[::1]/"
    assert normalized("http://[::1]:8080/x") == "http://[::1]:8080/x"
    assert normalized("http://127.0.0.1:/x") == "http://127.0.0.1/x"


@given(st.text() | st.text().map(lambda text: f"https://bank.example/{text}"))
def test_any_text_has_one_normal_form_or_none(text):
    found = normalized(text)
    assert found is None or normalized(found) == found
