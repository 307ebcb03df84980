"""What OpenID Connect says of a contractor (Core §5.1): to whom, and in which words.

Name, kana and address are the contractor's own. Phone and e-mail are nobody's: drawn from the
world's seed, at an example domain and in a range that is given to no one.
"""

import json
import re
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Collection
from hashlib import sha256, sha512
from typing import Any, TypeAlias

from sandbox.domain.oauth.openid import CLAIMS_OF_SCOPE
from sandbox.domain.time import Instant

Claims: TypeAlias = dict[str, Any]

# What ``personal_claims`` and the tokens tell, and nothing that they do not.
CLAIMS = (
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash"),
    *("name", "family_name", "given_name", "preferred_username", "zoneinfo", "locale"),
    *("email", "email_verified", "address", "phone_number", "phone_number_verified"),
)
# One factor each: the PIN of a cash card, the password of a user id (RFC 8176).
ACR = "urn:bank-sandbox:acr:single-factor"
_AMR = {"card": "pin", "user": "pwd"}
_ADDRESS = re.compile(
    r"(?P<region>..[都道府県]|...県)(?P<locality>.+?(?:市.+?区|[市区町村]))(?P<street_address>.*)"
)


def subject_of(bank_code: str, contractor_id: str) -> str:
    """Return what clients know a contractor by: the same at all of them, and no id of the bank."""
    digest = sha256(f"subject:{bank_code}:{contractor_id}".encode()).hexdigest()
    return f"{bank_code}-{digest[:16]}"


def asked_claims(detail: str, place: str) -> frozenset[str]:
    """Return which claims a request asked for by name, in ``id_token`` or ``userinfo``."""
    return frozenset(json.loads(detail).get("claims", {}).get(place, ()))


def released(claims: Claims, scope: Collection[str], asked: Collection[str]) -> Claims:
    """Return what a client gets: the claims of the granted ``scope``, and those ``asked`` for.

    A language tag (``name#ja-Kana-JP``) goes with its scope. Asked for alone it would not be on
    the consent page, and so is not told.
    """
    granted = {name for each in scope for name in CLAIMS_OF_SCOPE.get(each, ())}
    named = frozenset(asked) & {name for names in CLAIMS_OF_SCOPE.values() for name in names}
    return {
        name: value
        for name, value in claims.items()
        if name.partition("#")[0] in granted or name in named
    }


def personal_claims(
    *, kind: str, name: str, name_kana: str, address: str, login: str, email: str, phone: str
) -> Claims:
    """Return all claims of a contractor. ``name_kana`` is half-width, as the bank keeps it."""
    kana = unicodedata.normalize("NFKC", name_kana)
    claims: Claims = {
        "name": name,
        "name#ja-Kana-JP": kana,
        "zoneinfo": "Asia/Tokyo",
        "locale": "ja-JP",
        "email": email,
        "email_verified": True,
        "address": address_claim(address),
        "phone_number": phone,
        "phone_number_verified": True,
    }
    if kind == "individual":
        claims |= _parts("", name) | _parts("#ja-Kana-JP", kana)
    else:  # a firm's user has a name to sign in with; a card's number is none to be told
        claims["preferred_username"] = login.rpartition(":")[2]
    return claims


def _parts(tag: str, name: str) -> Claims:
    family, space, given = name.partition(" ")
    return {f"family_name{tag}": family, f"given_name{tag}": given} if space else {}


def address_claim(address: str) -> Claims:
    """Return an address as Core §5.1.1 structures it; what cannot be taken apart stays whole."""
    found = _ADDRESS.fullmatch(address)
    parts = {"street_address": address} if found is None else found.groupdict()
    return {"formatted": address, **{n: v for n, v in parts.items() if v}, "country": "JP"}


def authentication(login: str, at: Instant) -> Claims:
    """Return when and how the person signed in."""
    return {"auth_time": at // 1000, "acr": ACR, "amr": [_AMR[login.partition(":")[0]]]}


def left_half_hash(alg: str, token: str) -> str:
    """Return ``at_hash``: the left half of the hash that ``alg`` signs with (Core §3.1.3.6).

    Ed25519 has no other than SHA-512 inside.
    """
    digest = (sha512 if alg.startswith("Ed") else sha256)(token.encode("ascii")).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
