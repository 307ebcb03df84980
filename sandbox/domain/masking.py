"""Taking secrets out of what is kept of a call (T-16, O-29), before it is kept.

Two nets. By name: the fields that carry secrets, in queries, forms, JSON, pages and redirects.
By shape: everything that a world hands out begins with the world's tag, or is a JWT, or where a
bank's wire leaves no room for that, 32 hex digits; so a code or token is found wherever a client
has put it. What cannot be read with certainty is masked whole.
"""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

MASK = "***"

# Parameters of OAuth and OpenID Connect, and the fields of the banks' own pages.
SECRET_FIELDS = frozenset(
    {
        "access_token",
        "assertion",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "csrf",
        "encryption_key",
        "id_token",
        "id_token_hint",
        "passwd",
        "password",
        "pin",
        "refresh_token",
        "second_factor",
        "secret",
        "token",
    }
)
# Names that nobody has thought of yet: registration_access_token, new_password, …
SECRET_ENDINGS = ("_assertion", "_password", "_password_again", "_pin", "_secret", "_token")
# In JSON a "code" is a bank's code for something: a branch, a refusal. No answer holds the other.
NO_JSON_SECRETS = frozenset({"code"})

# Strings are taken whole, one after the other: what stands inside one is never read as a key.
# Nothing is read twice: whoever calls chooses the text, and the loop stands still meanwhile.
_JSON_STRING = re.compile(
    r'"(?P<name>(?:[^"\\]++|\\.)*+)(?:"|\\?\Z)'
    r'(?:\s*+:\s*+(?P<value>"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[{\[]|[^\s,\]}]+))?',
    re.DOTALL,
)
_JWT_BEGINS = b"eyJ"  # {" in base64url
# What only begins like one is taken as well, and put back: each of its letters is read once.
_JWT = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}+(?P<rest>(?:(?:\.|%2[Ee])[A-Za-z0-9_-]*+)*+)")
HEX_DIGITS = 32  # of a token of a bank whose wire leaves room for no more
_HEX_TOKEN = re.compile(rf"(?<![0-9A-Za-z])[0-9a-f]{{{HEX_DIGITS}}}(?![0-9A-Za-z])")
_INPUT = re.compile(r"<(?:input|textarea|button)\b[^>]*>?", re.IGNORECASE)
_TEXTAREA = re.compile(r"(?P<tag><textarea\b[^>]*>?)(?P<text>[^<]*)", re.IGNORECASE)
_INPUT_NAME = re.compile(r"""\bname\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
_INPUT_VALUE = re.compile(r"""(\bvalue\s*=\s*)("[^"]*"?|'[^']*'?|[^\s"'>]+)""", re.IGNORECASE)


def is_secret(name: str) -> bool:
    """True for a field whose value is nobody's business. Case does not matter."""
    return _remembered(name) if len(name) <= _USUAL_LENGTH else _is_secret(name)


def _is_secret(name: str) -> bool:
    plain = name.strip().lower().replace("-", "_")
    return plain in SECRET_FIELDS or plain.endswith(SECRET_ENDINGS)


_USUAL_LENGTH = 64  # longer names are not worth the memory
_remembered = lru_cache(maxsize=1024)(_is_secret)  # calls bear the same few names


def mask_pairs(text: str) -> str:
    """Mask a query or a form body: ``code=abc&state=x`` becomes ``code=***&state=x``."""
    return "&".join(_mask_pair(pair) for pair in text.split("&"))


def _mask_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return f"{name}={MASK}" if equals and value and is_secret(unquote_plus(name)) else pair


def mask_address(address: str) -> str:
    """Mask query and fragment of an address, whole or a path alone."""
    if "?" not in address and "#" not in address:
        return address
    rest, hash_sign, fragment = address.partition("#")
    path, question, query = rest.partition("?")
    query = mask_pairs(query) if query else query
    return f"{path}{question}{query}{hash_sign}{mask_pairs(fragment)}"


def mask_json(text: str) -> str:
    """Mask the values of secret keys at every depth, also in JSON that was cut off.

    Where the value is an object or an array, nothing that follows is kept.
    """
    kept, rest = [], 0
    for found in _JSON_STRING.finditer(text):
        value = found["value"]
        if value is None or value == "null" or not _is_secret_key(found["name"]):
            continue
        kept += [text[rest : found.start("value")], f'"{MASK}"']
        if value in ("{", "["):
            return "".join(kept)
        rest = found.end()
    return "".join([*kept, text[rest:]])


def _is_secret_key(key: str) -> bool:
    """Tell of a key as it is written, which may be in escapes."""
    try:
        name = str(json.loads(f'"{key}"', strict=False)) if "\\" in key else key
    except ValueError:
        return True  # no key that an honest program writes
    return is_secret(name) and name.lower() not in NO_JSON_SECRETS


def mask_page(html: str) -> str:
    """Mask what the secret fields of a page's forms hold. A field that was cut off goes."""
    last = html.rfind("<")
    if last > html.rfind(">"):
        html = html[:last]
    return _TEXTAREA.sub(_mask_textarea, _INPUT.sub(_mask_input, html))


def _mask_textarea(found: re.Match[str]) -> str:
    name = _INPUT_NAME.search(found["tag"])
    holds_secret = name is not None and is_secret(name[1]) and found["text"]
    return found["tag"] + MASK if holds_secret else found[0]


def _mask_input(found: re.Match[str]) -> str:
    name = _INPUT_NAME.search(found[0])
    if name is None or not is_secret(name[1]):
        return found[0]
    return _INPUT_VALUE.sub(rf'\g<1>"{MASK}"', found[0])


MASKS: dict[str, Callable[[str], str]] = {
    "application/json": mask_json,
    "application/problem+json": mask_json,
    "application/x-www-form-urlencoded": mask_pairs,
    "text/html": mask_page,
}


def mask_body(content_type: str | None, body: bytes) -> str:
    """Mask a body, or its beginning, by what its content type says that it is."""
    mask = MASKS.get(_kind(content_type))
    if mask is None:
        return MASK if body else ""
    return mask(body.decode("utf-8", "replace"))


@lru_cache(maxsize=64)
def _kind(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def storable(value: Any) -> Any:
    """Return a text without lone surrogates, which bytes in headers and paths leave behind."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def mask_hex_tokens(text: str) -> str:
    """Mask what may be a token of a bank whose tokens are 32 hex digits (``has_hex_tokens``)."""
    return _HEX_TOKEN.sub(MASK, text)


class HandedOut:
    """Finds by its shape what a world handed out. ``tag``: how all of that begins.

    A JWT begins with its header, and whose it is does not matter: it is masked anyway.
    """

    def __init__(self, tag: str) -> None:
        plain = tag.encode()
        spelled = plain.replace(b"-", b"%2D").replace(b"_", b"%5F")  # as some clients write paths
        self._beginnings = {
            beginning: re.compile(re.escape(beginning) + rb"[A-Za-z0-9_%-]+")
            for beginning in (plain, spelled)
        }

    def mask(self, text: bytes) -> bytes:
        """Mask every code and token in ``text``, wherever it stands."""
        for beginning, pattern in self._beginnings.items():
            if beginning in text:
                text = pattern.sub(MASK.encode(), text)
        return _JWT.sub(_mask_jwt, text) if _JWT_BEGINS in text else text


def _mask_jwt(found: re.Match[bytes]) -> bytes:
    return MASK.encode() if found["rest"] else found[0]
