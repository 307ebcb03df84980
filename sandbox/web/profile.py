"""A bank profile: what makes one bank's API its own on the wire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from sandbox.domain.client import Client
from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.encryption import SealedFields
from sandbox.domain.errors import BankError
from sandbox.domain.oauth.personal import subject_of
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import Instant
from sandbox.services.bank_facts import BankFacts
from sandbox.services.oauth.issuing import TokenPair
from sandbox.web.call import Sealing
from sandbox.web.pages import BankFace

if TYPE_CHECKING:
    from aiohttp import web

    from sandbox.web.endpoint import Endpoint
    from sandbox.web.front import Front


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a bank says no: status, stable code, message for people.

    ``by_code``: rows of their own for some of the error's own codes.
    """

    status: int
    code: str
    message: str
    by_code: Mapping[str, "Refusal"] = field(default_factory=dict)

    def of(self, error: BankError) -> "Refusal":
        """Return the row of this very error."""
        return self.by_code.get(getattr(error, "code", ""), self)


# The routes of a bank's own pages below one of its bases.
PageRoutes: TypeAlias = Callable[["Front", "Profile", str], "list[web.RouteDef]"]
TokenAnswer: TypeAlias = Callable[[TokenPair, Client, Instant], dict[str, Any]]


def token_answer(pair: TokenPair) -> dict[str, Any]:
    """Return what every bank says of new tokens (RFC 6749 §5.1)."""
    answer = {
        "access_token": pair.access_token,
        "token_type": pair.token_type,
        "expires_in": pair.expires_in,
        "refresh_token": pair.refresh_token,
        "scope": pair.scope,
    }
    return answer if pair.id_token is None else {**answer, "id_token": pair.id_token}


def _provider_token_answer(pair: TokenPair, client: Client, _now: Instant) -> dict[str, Any]:
    return {
        **token_answer(pair),
        "refresh_token_expires_in": pair.refresh_token_expires_in,
        "auto_manual_mode": client.auto_manual_mode,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """``bases`` are the path prefixes below the bank's own; the first is the one advertised."""

    name: str
    face: BankFace
    bank_code: str
    bases: tuple[str, ...]
    scopes: frozenset[str]
    policy: BankPolicy
    endpoints: tuple["Endpoint", ...]
    refusals: Mapping[type[BankError], Refusal]
    http_refusals: Mapping[int, Refusal]  # 404, 405, 413, 500…: no use case said it
    error_body: Callable[[Refusal, list[dict[str, str]]], dict[str, Any]]

    subject: Callable[[str, str], str] = subject_of  # bank code, contractor id → sub
    keys_path: str = "/oauth/jwks"
    userinfo_path: str = "/oauth/userinfo"
    services: Mapping[str, Service] = field(default_factory=dict)  # see ``BankFacts``
    has_hex_tokens: bool = False
    has_second_factor: bool = False  # at sign-in, behind the password
    population: int = 40
    token_answer: TokenAnswer = _provider_token_answer
    sealing: Sealing | None = None
    pages: PageRoutes | None = None  # of its own, beside those of OAuth

    @property
    def facts(self) -> BankFacts:
        return BankFacts(
            bank_code=self.bank_code,
            scopes=self.scopes,
            base=self.bases[0],
            subject=partial(self.subject, self.bank_code),
            services=self.services,
            has_hex_tokens=self.has_hex_tokens,
            sealed=SealedFields() if self.sealing is None else self.sealing.fields,
            population=self.population,
        )

    @property
    def base(self) -> str:
        return f"/{self.name}{self.bases[0]}"
