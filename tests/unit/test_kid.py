"""Which key a JWT names, read from whatever a stranger sends."""

import json
from base64 import urlsafe_b64encode

import pytest

from sandbox.domain.secrets import kid_of


def token(header, tail=".e30.sig"):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return urlsafe_b64encode(text).rstrip(b"=").decode() + tail


def test_the_key_id_of_the_header_is_found():
    assert kid_of(token({"alg": "ES256", "kid": "tag.key"})) == "tag.key"
    assert kid_of(token({"kid": "tag.key"}, "")) == "tag.key"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "eyJ",
        "eyJ.",
        "eyJ*",
        "eyJé",
        "eyJ\udcff",
        "eyJ\x00",
        token({"alg": "ES256"}),
        token({"kid": None}),
        token({"kid": 1}),
        token({"kid": ["x"]}),
        token([{"kid": "x"}]),
        token(b'{"kid":"x"'),
        token(b'{"kid":"\xff"}'),
        token(b'{"a":' + b"[" * 370),
        token({"kid": "x" * 500}),
        "e30.e30.x",
        "Q3TbSa7qopaque",
    ],
)
def test_what_names_none_names_none(text):
    assert kid_of(text) == ""


def test_the_edge_of_its_length():
    longest = token({"kid": "x" * 373}, "")
    assert len(longest) == 512
    assert kid_of(longest) == "x" * 373
    assert kid_of(token({"kid": "x" * 374}, "")) == ""
