"""What OpenID Connect adds to an authorization request (Core §3.1.2.1, §5.4, §5.5)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.domain.time import Instant

OPENID = "openid"
# The claims that a scope stands for. They are known to every bank's issuer, beside its own scopes.
CLAIMS_OF_SCOPE: Mapping[str, tuple[str, ...]] = {
    "profile": (
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}
_PERSONAL = frozenset(name for names in CLAIMS_OF_SCOPE.values() for name in names)
IDENTITY_SCOPES = frozenset({OPENID, *CLAIMS_OF_SCOPE})
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
ASKS_FOR_LOGIN = frozenset({"login", "select_account"})  # whoever logs in chooses who they are
LANGUAGES = ("ja", "en")
CLAIMS_MAX = 4096
_MAX_AGE = re.compile(r"[0-9]{1,9}")
_CARD = re.compile(r"(?:card:)?([0-9]{3})[:-]([0-9]{7})")
_USER = re.compile(r"(?:user:)?([A-Za-z0-9._-]{1,32})[:/]([A-Za-z0-9._-]{1,64})")
_USER_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class NotUnderstood(ValueError):
    """A parameter does not say what it should. The text is ASCII."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInAlready:
    """A log-in that a browser still has: which credential it proved, and when."""

    credential_id: int
    authenticated_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveGrant:
    """What of a grant tells whether it covers a request."""

    grant_id: str
    scope: str
    detail: str


class Wanted(Protocol):
    """A request, as far as a grant may cover it."""

    @property
    def scope(self) -> str: ...
    @property
    def detail(self) -> str: ...


def covers(grant: LiveGrant, request: Wanted) -> bool:
    """Tell whether a person who gave ``grant`` has allowed all that ``request`` asks for."""
    asked, given = _claims_asked(request.detail), _claims_asked(grant.detail)
    return set(request.scope.split()) <= set(grant.scope.split()) and asked <= given


def _claims_asked(detail: str) -> set[tuple[str, str]]:
    """Return (place, claim) of what is asked for of a person; ``sub`` and the like are no part."""
    asked = json.loads(detail).get("claims", {})
    return {
        (place, name) for place, wanted in asked.items() for name in wanted if name in _PERSONAL
    }


def prompts_of(text: str) -> frozenset[str]:
    """Return the values of ``prompt``.

    Raises:
        NotUnderstood: an unknown one, or ``none`` beside another.
    """
    prompts = frozenset(text.split(" ")) if text else frozenset()
    if not prompts <= PROMPTS:
        raise NotUnderstood("prompt must be none, login, consent or select_account")
    if "none" in prompts and len(prompts) > 1:
        raise NotUnderstood("prompt none stands alone")
    return prompts


def seconds_of(text: str) -> int:
    """Return ``max_age`` in seconds.

    Raises:
        NotUnderstood: no whole number of at most nine digits.
    """
    if not _MAX_AGE.fullmatch(text):
        raise NotUnderstood("max_age must be a number of seconds")
    return int(text)


def claims_of(text: str) -> dict[str, dict[str, Any]]:
    """Return which claims are asked for, by where they shall be told: ``userinfo``, ``id_token``.

    Unknown members are ignored (Core §5.5), unknown claims by whoever tells them.

    Raises:
        NotUnderstood: too long, no JSON object, or a member that is none.
    """
    if len(text) > CLAIMS_MAX:
        raise NotUnderstood(f"claims is longer than {CLAIMS_MAX} characters")
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        raise NotUnderstood("claims must be JSON") from None
    if not isinstance(asked, dict):
        raise NotUnderstood("claims must be a JSON object")
    found = {place: asked.get(place) or {} for place in ("userinfo", "id_token")}
    for place, wanted in found.items():
        if not isinstance(wanted, dict) or not all(_is_wish(wish) for wish in wanted.values()):
            raise NotUnderstood(f"claims: {place} must name claims with null or an object each")
    return {place: wanted for place, wanted in found.items() if wanted}


def essential_acrs(text: str) -> frozenset[str] | None:
    """Return which classes of log-in the client cannot do without; None: it is content with any.

    Core §5.5.1.1: an essential ``acr`` of the ID token with ``value`` or ``values``.

    Raises:
        NotUnderstood: as ``claims_of``, and for values that are no texts.
    """
    wish = claims_of(text).get("id_token", {}).get("acr") or {}
    if wish.get("essential") is not True or not {"value", "values"} & wish.keys():
        return None
    values = wish["values"] if "values" in wish else [wish["value"]]
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise NotUnderstood("claims: the values of acr must be texts")
    return frozenset(values)


def _is_wish(wish: object) -> bool:
    return wish is None or isinstance(wish, dict)


def identity_shown(scope: str, detail: str) -> tuple[str, ...]:
    """Return what of a person a request asks for, in the words of the scopes (O-26).

    A single claim that is asked for counts as the scope that it belongs to.
    """
    scopes = set(scope.split())
    if OPENID not in scopes:
        return ()
    names = {name for _, name in _claims_asked(detail)}
    parts = (part for part, of in CLAIMS_OF_SCOPE.items() if part in scopes or names & set(of))
    return (OPENID, *parts)


def language_of_locales(ui_locales: str) -> str | None:
    """Return the first language of ``ui_locales`` that the pages speak (RFC 5646 tags)."""
    for tag in ui_locales.split(" "):
        primary = tag.partition("-")[0].lower()
        if primary in LANGUAGES:
            return primary
    return None


def fields_of_hint(login_hint: str) -> dict[str, str]:
    """Return the visible sign-in fields that ``login_hint`` fills in; never a secret one.

    A card is ``001-1234567``, a user ``0566000001/tanaka`` or a user id alone.
    """
    if card := _CARD.fullmatch(login_hint):
        return {"kind": "individual", "branch_code": card[1], "account_number": card[2]}
    if user := _USER.fullmatch(login_hint):
        return {"kind": "corporate", "contractor_id": user[1], "user_id": user[2]}
    if _USER_ID.fullmatch(login_hint):
        return {"kind": "corporate", "user_id": login_hint}
    return {}
