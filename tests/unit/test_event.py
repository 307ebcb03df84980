"""Addresses that events may go to, how they are signed, and the bytes that are sent."""

import base64
import hashlib
import hmac
import json

import pytest

from sandbox.domain.event import (
    URL_MAX,
    AddressRefused,
    Event,
    EventType,
    check_address,
    signature_of,
)

SOUND = [
    "https://app.example/hooks/bank",
    "https://app.example:8443/?q=1",
    "https://10.1.2.3/hook",
    "https://[2001:db8::1]/hook",
    "http://127.0.0.1:8000/events",
    "http://localhost/events",
    "http://[::1]:9/",
    "http://app:8000/hooks",  # a neighbour in the same compose file
    "http://my-app/",
    "https://a.example/" + "x" * (URL_MAX - 18),
]
REFUSED = {
    "http elsewhere": ("http://app.example/", "https, or http on loopback"),
    "http on another loopback": ("http://127.0.0.2/", "https, or http on loopback"),
    "http to a number": ("http://2852039166/latest", "nobody's"),
    "http beyond": ("http://[2001:db8::1]/", "https, or http on loopback"),
    "another scheme": ("ftp://127.0.0.1/", "https, or http on loopback"),
    "a file": ("file:///etc/passwd", "with a host"),
    "credentials": ("https://me:secret@app.example/", "no credentials"),
    "an empty user": ("https://@app.example/", "no credentials"),
    "a fragment": ("https://app.example/#", "no fragment"),
    "no host": ("https:///hook", "with a host"),
    "relative": ("/hook", "with a host"),
    "no port": ("https://app.example:0/", "with a host"),
    "a port beyond": ("https://app.example:70000/", "Port out of range"),
    "a broken host": ("https://[::1/", "Invalid IPv6"),
    "a blank": ("https://app.example/a b", "printable"),
    "a line end": ("https://app.example/\n", "printable"),
    "no ASCII": ("https://例.example/", "printable"),
    "nothing": ("", "printable"),
    "too long": ("https://a.example/" + "x" * (URL_MAX - 17), "printable"),
    "the metadata of a cloud machine": ("https://169.254.169.254/latest", "nobody's"),
    "the same, of IPv6": ("https://[fe80::1]/", "nobody's"),
    "the same, within IPv6": ("https://[::ffff:169.254.169.254]/", "nobody's"),
    "the same, as one number": ("https://2852039166/latest", "nobody's"),
    "the same, in hexadecimal": ("https://0xa9fea9fe/latest", "nobody's"),
    "the same, in parts": ("https://169.254.43518/", "nobody's"),
    "no address at all": ("https://0.0.0.0/", "nobody's"),
    "everybody": ("https://224.0.0.1/", "nobody's"),
}
EVENT = Event(
    event_id="e1",
    type=EventType.NOTICE_PUBLISHED,
    bank="tomato",
    client_id=None,
    occurred_at=1_794_790_800_000,
    data={"title": {"ja": "お知らせ"}},
)


@pytest.mark.parametrize("url", SOUND)
def test_an_address_of_a_server_is_taken(url):
    check_address(url)


@pytest.mark.parametrize("name", REFUSED)
def test_any_other_address_is_refused_and_it_is_said_why(name):
    url, why = REFUSED[name]
    with pytest.raises(AddressRefused, match="notification_url: ") as refusal:
        check_address(url)
    assert why in str(refusal.value)


def test_the_signature_covers_the_time_stamp_and_the_body():
    """By hand: the base 64 of HMAC-SHA256 over the time stamp, a dot and the body."""
    made = hmac.new(b"secret", b'1794790800.{"a":1}', hashlib.sha256).digest()
    expected = f"t=1794790800,v1={base64.b64encode(made).decode()}"
    assert signature_of("secret", 1_794_790_800, b'{"a":1}') == expected
    others = {
        signature_of("Secret", 1_794_790_800, b'{"a":1}'),
        signature_of("secret", 1_794_790_801, b'{"a":1}'),
        signature_of("secret", 1_794_790_800, b'{"a":2}'),
    }
    assert len(others - {expected}) == 3


def test_a_known_signature_stays_what_it_is():
    """Nobody's receiver breaks by a change here: RFC 4231's key and words in our frame."""
    signed = signature_of("Jefe", 0, b"what do ya want for nothing?")
    expected = base64.b64encode(
        hmac.new(b"Jefe", b"0.what do ya want for nothing?", hashlib.sha256).digest()
    ).decode()
    assert signed == f"t=0,v1={expected}"


def test_the_body_is_the_envelope_and_always_the_same_bytes():
    body = EVENT.body("default")
    assert body == EVENT.body("default")
    assert "お知らせ".encode() in body
    assert json.loads(body) == EVENT.envelope("default")
    assert list(EVENT.envelope("default")) == [
        "id",
        "version",
        "type",
        "world",
        "bank",
        "occurred_at",
        "data",
    ]
    assert EVENT.envelope("other")["world"] == "other"


def test_who_alone_is_told_is_no_part_of_the_envelope():
    assert "client_id" not in EVENT.envelope("default")
