"""How the bank keeps the secrets it hands out: cash-card PINs, passwords, client secrets."""

import json
from base64 import urlsafe_b64decode
from hashlib import sha256
from hmac import compare_digest

JWT_BEGINS = "eyJ"  # {" in base64url
_HEADER_MAX = 512


def secret_hash(login: str, secret: str) -> bytes:
    """Return what is stored in place of ``secret``. ``login`` is its owner, or a client's id.

    Plain SHA-256 bound to the owner: the sandbox's secrets are published with its personas, and
    a slow hash would cost each token request more than the rest of it together.
    """
    return sha256(f"{login}\x1f{secret}".encode("utf-8", "surrogateescape")).digest()


def secret_matches(stored: bytes | None, login: str, secret: str) -> bool:
    """Compare in constant time. Where nothing is stored, nothing matches."""
    return compare_digest(stored or b"", secret_hash(login, secret))


def token_hash(token: str) -> bytes:
    """Return what is stored in place of a code, token or cookie, which are random by themselves.

    Headers bring bytes that are no UTF-8 as surrogate escapes: those match nothing, and do no harm.
    """
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


def kid_of(token: str) -> str:
    """Return which key a JWT says that it is signed with; nothing where it says none.

    It proves nothing, and reads whatever a stranger sends.
    """
    header = token.partition(".")[0]
    if not header.startswith(JWT_BEGINS) or len(header) > _HEADER_MAX:
        return ""
    try:
        said = json.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except ValueError:
        return ""
    kid = said.get("kid") if isinstance(said, dict) else None
    return kid if isinstance(kid, str) else ""
