"""How the work of sealing and opening is done: off the loop where it is long, each nonce fresh."""

import threading

import pytest

from sandbox.domain.corporate.encryption import AES_256_GCM, Keyring, Scheme, SealedFields
from sandbox.domain.errors import InvalidParameter
from sandbox.domain.policy import BankPolicy
from sandbox.services.field_encryption import THREAD_FIELDS, FieldEncryption

KEY = bytes(range(32))
RING = Keyring(present=KEY)


class Watched:
    """AES-GCM, which notes the threads that it works in and the nonces that it is handed."""

    def __init__(self, key):
        self.cipher = AES_256_GCM.cipher(key)
        self.threads = set()
        self.nonces = []

    def seal(self, field, text, nonce):
        self.threads.add(threading.get_ident())
        self.nonces.append(nonce)
        return self.cipher.seal(field, text, nonce)

    def open(self, field, sealed):
        self.threads.add(threading.get_ident())
        return self.cipher.open(field, sealed)


@pytest.fixture
def watched():
    return Watched(KEY)


@pytest.fixture
def encryption(running, watched):
    scheme = Scheme(name="watched", key_bytes=32, nonce_bytes=12, cipher=lambda _key: watched)
    fields = SealedFields(scheme=scheme, names=frozenset({"account_number", "beneficiary_name"}))
    return FieldEncryption(running.sandbox.world, BankPolicy(), fields)


def items(number):
    return {
        "transactions": [{"account_number": f"{n:07}", "transfer_amount": n} for n in range(number)]
    }


@pytest.mark.parametrize(
    ("number", "is_aside"),
    [(0, None), (1, False), (THREAD_FIELDS - 1, False), (THREAD_FIELDS, True), (20_000, True)],
)
async def test_from_so_many_fields_on_the_loop_is_left_free(encryption, watched, number, is_aside):
    here = threading.get_ident()
    body = items(number)
    sealed = await encryption.seal(RING, body)
    aside = {thread != here for thread in watched.threads}
    assert aside == (set() if is_aside is None else {is_aside})
    watched.threads.clear()
    assert await encryption.open(RING, sealed) == body
    assert {thread != here for thread in watched.threads} == aside


async def test_every_field_of_every_answer_has_a_nonce_of_its_own(encryption, watched):
    for _ in range(10):
        await encryption.seal(RING, items(300))
    assert len(watched.nonces) == 3000
    assert len(set(watched.nonces)) == 3000
    assert {len(nonce) for nonce in watched.nonces} == {12}


async def test_in_a_long_body_each_wrong_field_is_named(encryption):
    sealed = await encryption.seal(RING, items(1000))
    for place in (0, 499, 999):
        sealed["transactions"][place]["account_number"] = "0000000"
    with pytest.raises(InvalidParameter) as caught:
        await encryption.open(RING, sealed)
    named = [each["field"] for each in caught.value.details]
    assert named == [f"transactions.{place}.account_number" for place in (0, 499, 999)]
