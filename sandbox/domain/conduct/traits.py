"""What a journal entry keeps of secrets, so that a client's conduct can be judged without them.

A mark is a short hash: the same secret gives the same mark in one world, and no mark leads
back to its secret. Taken while an entry is written, from what is masked right after.
"""

import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote_plus

from sandbox.domain.fault import FaultRule
from sandbox.domain.masking import is_secret

Traits = dict[str, Any]
MARK_DIGITS = 16
SCHEMES = ("bearer", "dpop")
# Requests and answers of OAuth that may bring codes, tokens and states.
OAUTH = frozenset({"authorize", "par", "token", "revoke", "sign_in", "consent", "deny"})
HANDSHAKE = "tls_handshake"  # the operation of a connection over which nothing was asked
LEAK = "act.leak"  # a token gets into the hands of somebody who must not have it
_PAGES = frozenset({"interaction", "sign_in_page", "consent_page", "sign_in", "consent", "deny"})
# OpenID Core §3.1.2.1, RFC 9126: these belong into an authorization request's address.
_RIGHT_IN_ADDRESS = frozenset({"id_token_hint", "request", "request_uri"})
_MARKED = frozenset({"code", "refresh_token", "code_verifier", "state"})
_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])")
# A JWT with all that follows it: each letter is read once, whatever a caller sends.
_JWT = re.compile(r"eyJ[\w-]{8,}+(?P<rest>(?:\.[\w-]++)*+\.?)")
_OF_EFFECT = ("kind", "answer", "skew_ms", "how")


class Noted(Protocol):
    """An entry as the call left it, secrets and all."""

    operation: str | None
    path: str
    authorization: str | None
    referer: str | None
    idempotency_key: str | None
    retry_after: str | None
    tls_drill: str | None
    rule: FaultRule | None
    location: str | None
    request_body: bytes | None
    response_body: bytes | None


class Marker:
    """Takes the traits of one world's calls. ``tag``: how its codes and tokens begin."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._begun = tag.encode()
        self._known: dict[str, str | None] = {}  # one token comes with many calls

    def mark(self, secret: str | bytes) -> str:
        """Return what stands for ``secret``, the same in all of this world."""
        data = secret.encode("utf-8", "replace") if isinstance(secret, str) else secret
        return sha256(self._begun + data).hexdigest()[:MARK_DIGITS]

    def traits(self, call: Noted, *, scope: str | None = None, is_hex: bool = False) -> Traits:
        """Return what there is to tell of ``call``; absent names say that there is nothing.

        Args:
            scope: of the grant whose token was used.
            is_hex: the bank's tokens are 32 hex digits.
        """
        found: Traits = {}
        if call.authorization is not None and (token := self._token(call.authorization)):
            found["token"] = token
        if scope is not None:
            found["scope"] = scope
        if call.request_body is not None:
            found["body"] = self.mark(call.request_body)
        if call.idempotency_key is not None:
            found["key"] = self.mark(call.idempotency_key)
        if call.retry_after is not None:
            found["retry_after"] = call.retry_after
        if call.tls_drill is not None:
            found["tls_drill"] = call.tls_drill
        if call.rule is not None:
            found["effect"] = effect_of(call.rule)
        if call.operation in OAUTH:
            found |= self._oauth(call)
        elif call.operation == LEAK:
            found["leaked"] = self.mark(str(_json(call.response_body).get("access_token")))
        path = call.path
        if is_hex:  # whether it is a token is not to be seen; whether it is a known one, is
            shown = _HEX.findall(path) + _HEX.findall(call.referer or "")
            if shown:
                found["shown"] = [self.mark(each) for each in shown]
        if "?" in path or call.referer is not None or self._is_token(path):
            leaks = list(self._leaks(call))
            if leaks:
                found["leaks"] = leaks
        return found

    def forget(self) -> None:
        """Keep no token in memory for longer than the calls that came with it."""
        self._known.clear()

    def _token(self, header: str) -> str | None:
        """Return the mark of the access token in an ``Authorization`` header."""
        known = self._known.get(header, "")
        if known == "":
            scheme, _, token = header.partition(" ")
            token = token.strip() if scheme.lower() in SCHEMES else ""
            known = self._known[header] = self.mark(token) if token else None
        return known

    def _oauth(self, call: Noted) -> Traits:
        sent = marked_fields(query_of(call.path)) | marked_fields(_text(call.request_body))
        back = marked_fields(query_of(call.location or ""))
        secrets = {
            "code": back.get("code") or sent.get("code"),
            "refresh": sent.get("refresh_token"),
            "verifier": sent.get("code_verifier"),
            "state": sent.get("state"),
            "returned_state": back.get("state"),
        }
        if call.operation == "token":
            answer = _json(call.response_body)
            secrets["new_token"] = answer.get("access_token")
            secrets["new_refresh"] = answer.get("refresh_token")
        found = {
            name: self.mark(value)
            for name, value in secrets.items()
            if isinstance(value, str) and value
        }
        return found | ({"state_length": len(sent["state"])} if "state" in sent else {})

    def _leaks(self, call: Noted) -> Iterator[str]:
        """Yield where a secret stood that no address may hold (RFC 6749 §2.3.1, RFC 6750 §2.3)."""
        address, question, query = call.path.partition("?")
        if question and self._has_secret(query):
            yield "query"
        if call.operation not in _PAGES and self._is_token(address):
            yield "path"
        if call.referer is not None:
            fragment = call.referer.partition("#")[2]
            if self._has_secret(query_of(call.referer)) or self._has_secret(fragment):
                yield "referer"

    def _has_secret(self, query: str) -> bool:
        return any(
            (is_secret(name) or self._is_token(value)) and name not in _RIGHT_IN_ADDRESS
            for name, value in parse_qsl(query)
        )

    def _is_token(self, text: str) -> bool:
        return self._tag in text or any(
            found["rest"].count(".") > 1 for found in _JWT.finditer(text)
        )


def query_of(address: str) -> str:
    """Return the query of an address, of any text at all: clients send what they like."""
    return address.partition("#")[0].partition("?")[2]


def marked_fields(text: str) -> dict[str, str]:
    """Return the fields of a query or a form that marks are made of, the last of each name.

    It is asked of every call of OAuth's: what no mark is made of is not decoded.
    """
    found = {}
    for field in text.split("&"):
        name, _, value = field.partition("=")
        if "%" in name or "+" in name:
            name = unquote_plus(name)
        if value and name in _MARKED:
            found[name] = unquote_plus(value) if "%" in value or "+" in value else value
    return found


def effect_of(rule: FaultRule) -> Traits:
    """Return what a rule does, as far as a report tells of it."""
    effect: Mapping[str, Any] = rule.effect
    told: Traits = {name: effect[name] for name in _OF_EFFECT if name in effect}
    if "changes" in effect:
        told["ops"] = sorted({change["op"] for change in effect["changes"]})
    return {**told, "stage": rule.stage}


def _text(body: bytes | None) -> str:
    return (body or b"").decode("utf-8", "replace")


def _json(body: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(body or b"")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
