"""Field encryption (項目暗号化, W-39): some texts of a JSON travel sealed, the rest stays readable.

How one text is sealed is a ``Scheme``, so that another bank's can take its place. Which fields
are sealed, which keys open them, and what is said of one that does not open, is alike for all.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from sandbox.domain.time import Instant

DEEPEST = 8  # no schema nests further; a stranger's JSON may
MOST_PROBLEMS = 100


class Failure(StrEnum):
    """Why a field of a request does not open."""

    NOT_SEALED = "not_sealed"
    WRONG_KEY = "wrong_key"
    KEY_CHANGED = "key_changed"
    NOT_TEXT = "not_text"


MESSAGES: Mapping[Failure, str] = MappingProxyType(
    {
        Failure.NOT_SEALED: "暗号化された値ではありません / not encrypted: base 64 of nonce, "
        "ciphertext and tag is expected",
        Failure.WRONG_KEY: "ご契約の暗号鍵では復号できません / no key of this client opens it: "
        "made with another key, for another field, or changed on the way",
        Failure.KEY_CHANGED: "変更前の暗号鍵で暗号化されています / encrypted with a key that has "
        "been changed since",
        Failure.NOT_TEXT: "復号した値がUTF-8ではありません / it opens, but holds no UTF-8",
    }
)


class NotOpened(Exception):
    """A sealed text did not open; ``failure`` says why, and nothing of what is in it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


class Cipher(Protocol):
    """What one key seals and opens."""

    def seal(self, field: str, text: str, nonce: bytes) -> str:
        """Return ``text`` sealed for ``field``. A nonce is used once in the life of a key."""
        ...

    def open(self, field: str, sealed: str) -> str:
        """Return what was sealed for ``field``; raises ``NotOpened``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One way of sealing a text. ``cipher``: of a key of ``key_bytes`` bytes."""

    name: str
    key_bytes: int
    nonce_bytes: int
    cipher: Callable[[bytes], Cipher]


NONCE_BYTES, TAG_BYTES = 12, 16


class AesGcm:
    """base64(nonce 12 ‖ AES-256-GCM ciphertext ‖ tag 16), the field's name as associated data."""

    def __init__(self, key: bytes) -> None:
        # Only where encryption is on: the import costs more than many calls.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._aead = AESGCM(key)

    def seal(self, field: str, text: str, nonce: bytes) -> str:
        sealed = self._aead.encrypt(nonce, text.encode(), field.encode())
        return b64encode(nonce + sealed).decode()

    def open(self, field: str, sealed: str) -> str:
        from cryptography.exceptions import InvalidTag

        try:
            packed = b64decode(sealed, validate=True)
        except ValueError:
            raise NotOpened(Failure.NOT_SEALED) from None
        if len(packed) < NONCE_BYTES + TAG_BYTES:
            raise NotOpened(Failure.NOT_SEALED)
        nonce, body = packed[:NONCE_BYTES], packed[NONCE_BYTES:]
        try:
            return self._aead.decrypt(nonce, body, field.encode()).decode()
        except InvalidTag:
            raise NotOpened(Failure.WRONG_KEY) from None
        except UnicodeDecodeError:
            raise NotOpened(Failure.NOT_TEXT) from None


AES_256_GCM = Scheme(name="A256GCM", key_bytes=32, nonce_bytes=NONCE_BYTES, cipher=AesGcm)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFields:
    """Which fields a bank seals, and how."""

    scheme: Scheme = AES_256_GCM
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerKey:
    """A key that was changed: until ``readable_until`` it still opens requests."""

    key: bytes
    readable_until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """A client's keys. ``present`` alone seals; ``former``: newest first."""

    present: bytes
    former: tuple[FormerKey, ...] = ()


class Opener:
    """Opens the fields of one request with the keys that are readable at ``now``."""

    def __init__(self, sealed: SealedFields, ring: Keyring, now: Instant) -> None:
        make = sealed.scheme.cipher
        live = [each.key for each in ring.former if now < each.readable_until]
        gone = [each.key for each in ring.former if now >= each.readable_until]
        self._fields = sealed.names
        self._live = [make(key) for key in (ring.present, *live)]
        self._gone = [make(key) for key in gone]
        self.problems: list[dict[str, str]] = []

    def body(self, value: Any, path: str = "", depth: int = DEEPEST) -> Any:
        """Return a copy of a JSON value with its fields open; what does not is in ``problems``."""
        if depth and isinstance(value, dict):
            return {
                name: self._field(name, each, path + name)
                if name in self._fields
                else self.body(each, f"{path}{name}.", depth - 1)
                for name, each in value.items()
            }
        if depth and isinstance(value, list):
            return [
                self.body(each, f"{path}{place}.", depth - 1) for place, each in enumerate(value)
            ]
        return value

    def _field(self, name: str, value: Any, path: str) -> Any:
        try:
            return self.open(name, value)
        except NotOpened as error:
            if len(self.problems) < MOST_PROBLEMS:
                message = MESSAGES[error.failure]
                self.problems.append({"field": path, "code": "decrypt_failed", "message": message})
            return value

    def open(self, field: str, value: Any) -> str:
        """Return what was sealed for ``field``; raises ``NotOpened``, also for a clear value."""
        if not isinstance(value, str):
            raise NotOpened(Failure.NOT_SEALED)
        for cipher in self._live:
            try:
                return cipher.open(field, value)
            except NotOpened as error:
                if error.failure is not Failure.WRONG_KEY:
                    raise
        raise NotOpened(self._why(field, value))

    def _why(self, field: str, value: str) -> Failure:
        for cipher in self._gone:
            try:
                cipher.open(field, value)
            except NotOpened as error:
                if error.failure is Failure.WRONG_KEY:
                    continue
            return Failure.KEY_CHANGED
        return Failure.WRONG_KEY


def sealed_body(value: Any, fields: frozenset[str], seal: Callable[[str, str], str]) -> Any:
    """Return a copy of a JSON value whose ``fields``, at every depth, went through ``seal``."""
    if isinstance(value, dict):
        return {
            name: seal(name, each)
            if name in fields and isinstance(each, str)
            else sealed_body(each, fields, seal)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [sealed_body(each, fields, seal) for each in value]
    return value


def fields_in(value: Any, fields: frozenset[str], depth: int = DEEPEST) -> Iterator[str]:
    """Yield the name of each field of a JSON value that is to be sealed or opened."""
    if depth and isinstance(value, dict):
        for name, each in value.items():
            if name in fields:
                yield name
            else:
                yield from fields_in(each, fields, depth - 1)
    elif depth and isinstance(value, list):
        for each in value:
            yield from fields_in(each, fields, depth - 1)
