"""Field encryption takes every text there and back, and no JSON brings it down."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.domain.corporate.encryption import (
    AesGcm,
    Keyring,
    NotOpened,
    Opener,
    fields_in,
    sealed_body,
)
from sandbox.web.web21.sealed import FIELDS

KEY, OTHER = bytes(32), bytes(31) + b"\1"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
NAMES = st.sampled_from(sorted(FIELDS.names))
KEYS = NAMES | st.sampled_from(["transactions", "comment", ""])
VALUES = st.none() | st.booleans() | st.integers() | TEXTS
BODIES = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)
FEW = settings(max_examples=60, deadline=None)


@FEW
@given(field=NAMES, text=TEXTS, nonce=st.binary(min_size=12, max_size=12))
def test_every_text_comes_back_and_only_under_its_key_and_name(field, text, nonce):
    sealed = AesGcm(KEY).seal(field, text, nonce)
    assert sealed.isascii()
    assert AesGcm(KEY).open(field, sealed) == text
    for key, name in ((OTHER, field), (KEY, f"{field}_")):
        with pytest.raises(NotOpened):
            AesGcm(key).open(name, sealed)


@FEW
@given(body=BODIES)
def test_any_json_is_opened_or_its_fields_are_named(body):
    opener = Opener(FIELDS, Keyring(present=KEY), 0)
    assert opener.body(body) == body  # nothing in it was sealed
    assert len(opener.problems) == len(list(fields_in(body, FIELDS.names)))


@FEW
@given(body=BODIES)
def test_what_is_sealed_opens_to_what_it_was(body):
    cipher, numbers = AesGcm(KEY), iter(range(10**6))

    def seal(field, text):
        return cipher.seal(field, text, next(numbers).to_bytes(12, "big"))

    sealed = sealed_body(body, FIELDS.names, seal)
    opener = Opener(FIELDS, Keyring(present=KEY), 0)
    opened = opener.body(sealed)
    assert opened == body or opener.problems
    assert len(opener.problems) <= len(list(fields_in(body, FIELDS.names)))
