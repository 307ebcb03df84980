"""A contractor's own end of field encryption, written from the page that publishes it."""

from base64 import b64decode, b64encode
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.direct import Direct
from tests.support import Running

FIELDS = {
    "account_number",
    "beneficiary_name",
    "beneficiary_name_kana",
    "contact_name",
    "abstract",
    "remitter_name",
}


class Key:
    """``nonces``: of everything opened so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._aead = AESGCM(b64decode(text))
        self._numbers = count(1)
        self.nonces: list[bytes] = []

    def open(self, field: str, sealed: str) -> str:
        packed = b64decode(sealed, validate=True)
        self.nonces.append(packed[:12])
        return self._aead.decrypt(packed[:12], packed[12:], field.encode()).decode()

    def seal(self, field: str, text: str) -> str:
        nonce = next(self._numbers).to_bytes(12, "big")
        return b64encode(nonce + self._aead.encrypt(nonce, text.encode(), field.encode())).decode()

    def opened(self, body: Any) -> Any:
        return _each(body, self.open)

    def sealed(self, body: Any) -> Any:
        return _each(body, self.seal)


def _each(body: Any, change: Any) -> Any:
    if isinstance(body, dict):
        return {
            name: change(name, value) if name in FIELDS else _each(value, change)
            for name, value in body.items()
        }
    return [_each(each, change) for each in body] if isinstance(body, list) else body


def texts_in(body: Any) -> set[str]:
    """Return what the fields of a clear body say."""
    found: set[str] = set()

    def note(_field: str, text: str) -> str:
        found.add(text)
        return text

    _each(body, note)
    return found


async def act(
    running: Running, contractor_id: str, bank: str = "web21", **body: Any
) -> tuple[int, dict[str, Any]]:
    """POST an act on a contract to the control door."""
    url = f"{running.control}/bank/{bank}/contracts/{contractor_id}"
    async with running.http.post(url, json=body) as answer:
        return answer.status, await answer.json()


async def switched_on(direct: Direct) -> Key:
    """Switch encryption on for a client that has no key yet."""
    status, told = await act(
        direct.running, direct.contractor_id, act="set_encryption", enabled=True
    )
    assert (status, set(told)) == (200, {"encryption_key"})
    return Key(told["encryption_key"])


async def rotated(direct: Direct) -> Key:
    status, told = await act(direct.running, direct.contractor_id, act="rotate_key")
    assert (status, set(told)) == (200, {"encryption_key"})
    return Key(told["encryption_key"])
