"""DPoP (RFC 9449): the rules of a proof, without its signature."""

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from sandbox.domain.oauth.signed import is_name, moment_of
from sandbox.domain.time import SECOND, Instant

TYPE = "dpop+jwt"
WINDOW_MS = 60 * SECOND  # on either side of the bank's clock
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518 §6
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenCall:
    """The call that a proof has to be made for. ``urls``: the addresses it may have been sent to.

    ``access_token`` None: at the authorization server, where there is none yet. ``nonces`` empty:
    none is asked for.
    """

    method: str
    urls: tuple[str, ...]
    access_token: str | None = None
    nonces: Collection[str] = ()


def header_refusal(header: Mapping[str, Any]) -> str | None:
    """Return why a proof's header will not do, or None (RFC 9449 §4.3, 4 to 7)."""
    if str(header.get("typ")).lower() != TYPE:
        return f"typ must be {TYPE}"
    jwk = header.get("jwk")
    if not isinstance(jwk, dict):
        return "jwk is required"
    if jwk.get("kty") == "oct" or PRIVATE_MEMBERS & jwk.keys():
        return "jwk must be a public key and nothing more"
    return None


def claims_refusal(claims: Mapping[str, Any], call: ProvenCall, now: Instant) -> str | None:
    """Return why a proof, whose signature holds, is not one for ``call``; None where it is.

    The nonce is not asked for here: its refusal is another one.
    """
    if not is_name(claims.get("jti")):
        return "jti is required"
    if claims.get("htm") != call.method:
        return f"htm must be {call.method}"
    htu = claims.get("htu")
    if not isinstance(htu, str) or normalized(htu) not in map(normalized, call.urls):
        return f"htu must be {call.urls[0]}"
    made_at = moment_of(claims.get("iat"))
    if made_at is None or abs(made_at - now) > WINDOW_MS:
        return f"iat must be within {WINDOW_MS // SECOND} s of the bank's clock, {now // SECOND}"
    if call.access_token is not None and not _is_hash(claims.get("ath"), call.access_token):
        return "ath must be the hash of the access token"
    return None


def knows_nonce(claims: Mapping[str, Any], call: ProvenCall) -> bool:
    """Tell whether a proof carries one of the call's nonces, where it has to."""
    nonce = claims.get("nonce")
    return not call.nonces or (isinstance(nonce, str) and nonce in call.nonces)


def normalized(url: str) -> str | None:
    """Return an address as RFC 3986 §6.2 normalizes it, without query and fragment.

    None: it is no address of the web, or names a user, which no request carries.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown}{_normal_path(parts.path)}"


def _normal_path(path: str) -> str:
    """Return a path with its dots resolved, and each character written in one way only."""
    segments: list[str] = []
    for written in path.split("/")[1:]:
        segment = unquote(written, errors="surrogateescape")
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(quote(segment, safe="", errors="surrogateescape"))
    return "/" + "/".join(segments)


def _is_hash(claim: object, access_token: str) -> bool:
    digest = hashlib.sha256(access_token.encode("utf-8", "surrogateescape")).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return isinstance(claim, str) and compare_digest(claim.encode("utf-8", "replace"), expected)
