"""Field encryption: the published vectors, what does not open and why, which fields are found."""

from base64 import b64decode, b64encode
from typing import Any

import pytest

from sandbox.domain.corporate.encryption import (
    AES_256_GCM,
    DEEPEST,
    MESSAGES,
    MOST_PROBLEMS,
    AesGcm,
    Failure,
    FormerKey,
    Keyring,
    NotOpened,
    Opener,
    Scheme,
    SealedFields,
    fields_in,
    sealed_body,
)
from tests.vectors import KEY, VECTORS, Vector

OTHER_KEY = bytes(range(1, 33))
NAMES = frozenset({"account_number", "beneficiary_name"})
FIELDS = SealedFields(names=NAMES)
NONCE = bytes(12)


def sealed(text: str, field: str = "account_number", key: bytes = KEY) -> str:
    return AesGcm(key).seal(field, text, NONCE)


def failure_of(value: Any, field: str = "account_number", key: bytes = KEY) -> Failure:
    with pytest.raises(NotOpened) as caught:
        AesGcm(key).open(field, value)
    return caught.value.failure


@pytest.mark.requirement("W-39")
@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: each.field)
def test_the_published_vectors_come_out_and_open_again(vector: Vector) -> None:
    cipher = AES_256_GCM.cipher(KEY)
    assert cipher.seal(vector.field, vector.text, bytes.fromhex(vector.nonce)) == vector.sealed
    assert cipher.open(vector.field, vector.sealed) == vector.text


def test_the_form_is_nonce_then_ciphertext_then_tag() -> None:
    for vector in VECTORS:
        packed = b64decode(vector.sealed)
        assert packed[:12].hex() == vector.nonce
        assert len(packed) == 12 + len(vector.text.encode()) + 16


@pytest.mark.parametrize(
    ("value", "failure"),
    [
        ("", Failure.NOT_SEALED),
        ("1234567", Failure.NOT_SEALED),
        ("ｶｸｳ ﾀﾛｳ", Failure.NOT_SEALED),
        ("\ud800", Failure.NOT_SEALED),
        (b64encode(bytes(27)).decode(), Failure.NOT_SEALED),
        (b64encode(bytes(28)).decode(), Failure.WRONG_KEY),
        (VECTORS[0].sealed.rstrip("="), Failure.NOT_SEALED),
        (VECTORS[0].sealed + "\n", Failure.NOT_SEALED),
        (VECTORS[1].sealed.replace("+", "-"), Failure.NOT_SEALED),
    ],
)
def test_what_is_no_sealed_text_is_told_from_what_does_not_open(
    value: str, failure: Failure
) -> None:
    assert failure_of(value, "beneficiary_name") is failure


def test_a_text_sealed_for_one_field_opens_for_no_other() -> None:
    text = sealed("1234567", "account_number")
    assert failure_of(text, "beneficiary_name") is Failure.WRONG_KEY
    assert failure_of(text, "account_number", OTHER_KEY) is Failure.WRONG_KEY


def test_no_bit_of_a_sealed_text_can_be_changed() -> None:
    packed = b64decode(VECTORS[0].sealed)
    for place in range(len(packed)):
        changed = bytearray(packed)
        changed[place] ^= 1
        assert failure_of(b64encode(bytes(changed)).decode()) is Failure.WRONG_KEY, place


def test_what_holds_no_utf8_is_told_apart() -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    kana = "カナ".encode("shift_jis")
    packed = NONCE + AESGCM(KEY).encrypt(NONCE, kana, b"account_number")
    assert failure_of(b64encode(packed).decode()) is Failure.NOT_TEXT


def opener(*former: FormerKey, now: int = 1000) -> Opener:
    return Opener(FIELDS, Keyring(present=KEY, former=former), now)


@pytest.mark.requirement("W-39")
@pytest.mark.parametrize(("now", "opens"), [(0, True), (999, True), (1000, False), (1001, False)])
def test_a_changed_key_opens_until_its_grace_is_over(now: int, opens: bool) -> None:
    opening = opener(FormerKey(key=OTHER_KEY, readable_until=1000), now=now)
    text = sealed("1234567", key=OTHER_KEY)
    if opens:
        assert opening.open("account_number", text) == "1234567"
    else:
        with pytest.raises(NotOpened) as caught:
            opening.open("account_number", text)
        assert caught.value.failure is Failure.KEY_CHANGED


def test_of_several_changed_keys_each_has_its_own_time() -> None:
    keys = [bytes([number]) * 32 for number in range(3)]
    former = [FormerKey(key=key, readable_until=999 + place) for place, key in enumerate(keys)]
    opening = opener(*former, now=1000)
    found = opening.body([{"account_number": sealed("7654321", key=key)} for key in keys])
    assert [each["account_number"] == "7654321" for each in found] == [False, False, True]
    assert {each["message"] for each in opening.problems} == {MESSAGES[Failure.KEY_CHANGED]}


@pytest.mark.parametrize("value", [1234567, None, True, ["x"], {"account_number": "x"}, "1234567"])
def test_a_clear_value_is_not_taken_for_a_sealed_one(value: Any) -> None:
    opening = opener()
    assert opening.body({"account_number": value}) == {"account_number": value}
    assert [each["code"] for each in opening.problems] == ["decrypt_failed"]
    assert opening.problems[0]["message"] == MESSAGES[Failure.NOT_SEALED]


def test_each_field_that_does_not_open_is_named_by_its_path_and_not_by_its_value() -> None:
    opening = opener()
    good = sealed("ｶｸｳ", "beneficiary_name")
    body = {
        "client_id": "10000001",
        "fixed_request_data": {
            "transactions": [
                {"account_number": sealed("1234567"), "beneficiary_name": "secret"},
                {"account_number": sealed("1", key=OTHER_KEY), "beneficiary_name": good},
            ]
        },
    }
    found = opening.body(body)
    assert [each["field"] for each in opening.problems] == [
        "fixed_request_data.transactions.0.beneficiary_name",
        "fixed_request_data.transactions.1.account_number",
    ]
    assert "secret" not in str(opening.problems)
    items = found["fixed_request_data"]["transactions"]
    assert (items[0]["account_number"], items[1]["beneficiary_name"]) == ("1234567", "ｶｸｳ")
    assert body["fixed_request_data"]["transactions"][0]["account_number"] != "1234567"  # type: ignore[index]


@pytest.mark.parametrize("number", [MOST_PROBLEMS - 1, MOST_PROBLEMS, MOST_PROBLEMS + 1])
def test_there_is_an_end_to_the_problems_that_are_told(number: int) -> None:
    opening = opener()
    opening.body([{"account_number": "clear"}] * number)
    assert len(opening.problems) == min(number, MOST_PROBLEMS)


def test_json_that_nests_deeper_than_any_schema_is_left_as_it_is() -> None:
    deep: Any = {"account_number": "clear"}
    for _ in range(900):
        deep = {"x": deep}
    opening = opener()
    assert opening.body(deep) == deep
    assert opening.problems == []
    assert list(fields_in(deep, NAMES)) == []


@pytest.mark.parametrize(("levels", "found"), [(DEEPEST - 1, 1), (DEEPEST, 0)])
def test_counting_and_opening_go_equally_deep(levels: int, found: int) -> None:
    body: Any = {"account_number": "clear"}
    for _ in range(levels):
        body = [body]
    opening = opener()
    opening.body(body)
    assert len(opening.problems) == len(list(fields_in(body, NAMES))) == found


def test_only_the_fields_are_sealed_and_everywhere() -> None:
    body = {
        "account_number": "1234567",
        "account_id": "0010112345670",
        "count": 1,
        "accounts": [{"account_number": "7654321", "balance": 5, "note": None}],
    }
    told: list[tuple[str, str]] = []

    def seal(field: str, text: str) -> str:
        told.append((field, text))
        return "sealed"

    assert sealed_body(body, NAMES, seal) == {
        "account_number": "sealed",
        "account_id": "0010112345670",
        "count": 1,
        "accounts": [{"account_number": "sealed", "balance": 5, "note": None}],
    }
    assert told == [("account_number", "1234567"), ("account_number", "7654321")]
    assert body["account_number"] == "1234567"
    assert sorted(fields_in(body, NAMES)) == ["account_number"] * 2


class Backwards:
    """Another bank's scheme, which would be a poor one."""

    def __init__(self, key: bytes) -> None:
        self.mark = key.hex()

    def seal(self, field: str, text: str, nonce: bytes) -> str:
        return f"{self.mark}:{field}:{text[::-1]}"

    def open(self, field: str, sealed: str) -> str:
        mark, _, text = sealed.rpartition(f":{field}:")
        if mark != self.mark:
            raise NotOpened(Failure.WRONG_KEY)
        return text[::-1]


def test_another_scheme_can_take_its_place() -> None:
    scheme = Scheme(name="backwards", key_bytes=1, nonce_bytes=0, cipher=Backwards)
    fields = SealedFields(scheme=scheme, names=NAMES)
    cipher = scheme.cipher(b"\1")
    body = {"account_number": "1234567", "other": "1234567"}
    gone = sealed_body(body, NAMES, lambda field, text: cipher.seal(field, text, b""))
    assert gone == {"account_number": "01:account_number:7654321", "other": "1234567"}
    former = FormerKey(key=b"\1", readable_until=5)
    for ring in (Keyring(present=b"\1"), Keyring(present=b"\2", former=(former,))):
        assert Opener(fields, ring, 4).body(gone) == body
