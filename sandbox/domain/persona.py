"""Ready-made contractors (persona), providers and terms, as the files in ``fixtures/`` give them.

The files are checked against ``schemas/fixtures/`` by the tests, so parsing trusts their shape.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, TypeAlias

from sandbox.domain.account import AccountState, AccountType
from sandbox.domain.client import Client, ClientOptions
from sandbox.domain.corporate.firm import Firm, FirmUser, parse_firm
from sandbox.domain.life.story import LifeKind
from sandbox.domain.secrets import secret_hash

Document: TypeAlias = Mapping[str, Any]

# 科目コード inside an account id; the wire names only the first two.
TYPE_CODES = {
    AccountType.ORDINARY: "01",
    AccountType.CURRENT: "02",
    AccountType.SAVINGS: "04",
    AccountType.TIME: "05",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLogin:
    """個人: branch, account number and the PIN of the cash card."""

    branch_code: str
    account_number: str
    pin: str

    @property
    def login(self) -> str:
        return f"card:{self.branch_code}:{self.account_number}"

    @property
    def secret(self) -> str:
        return self.pin

    def fields(self) -> dict[str, str]:
        """Return what a tester types into the sign-in page."""
        return {
            "branch_code": self.branch_code,
            "account_number": self.account_number,
            "pin": self.pin,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLogin:
    """法人: a user id of the internet-banking contract."""

    contractor_id: str
    user_id: str
    password: str
    second_factor: str | None = None  # None: the bank asks for none

    @property
    def login(self) -> str:
        return f"user:{self.contractor_id}:{self.user_id}"

    @property
    def secret(self) -> str:
        return self.password

    def fields(self) -> dict[str, str]:
        """Return what a tester types into the sign-in page."""
        typed = {
            "contractor_id": self.contractor_id,
            "user_id": self.user_id,
            "password": self.password,
        }
        if self.second_factor is not None:
            typed["second_factor"] = self.second_factor
        return typed


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaAccount:
    branch_code: str
    branch_name: str
    account_type: AccountType
    account_number: str
    life: LifeKind
    opening_yen: int = 0  # what the statement opens with; 0: no opening line
    monthly_yen: int = 0  # income (個人) or turnover (法人) that all other amounts follow
    overdraft_limit_yen: int = 0
    state: AccountState = AccountState.OPEN
    history: str = "posted"
    id_length: int = 32  # or 13

    @property
    def account_id(self) -> str:
        """Return the digits that stand for this account on the wire."""
        core = f"{self.branch_code}{TYPE_CODES[self.account_type]}{self.account_number}"
        return f"{core}0" if self.id_length == 13 else f"{core}0001".zfill(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A contractor before the world begins. ``key`` is None for the generated population."""

    contractor_id: str
    key: str | None
    kind: str  # individual, corporate
    name: str
    name_kana: str  # half-width
    address: str
    story_ja: str
    story_en: str
    login: CardLogin | UserLogin
    credential_state: str  # live, lapsed, lost
    accounts: tuple[PersonaAccount, ...]
    firm: Firm | None = None  # a corporate contract with several users
    user: FirmUser | None = None  # the one of them that this is
    address_kana: str = ""  # half-width; empty: the bank tells it to nobody

    @property
    def person_name(self) -> str:
        """The name of whoever signs in; for a contractor without users, the contractor's."""
        return self.name if self.user is None else self.user.name

    def lives_in(self, chosen: frozenset[str] | None) -> bool:
        """Tell whether a world with these personas (None: with all) holds this one.

        A firm comes whole, whichever of its users was chosen.
        """
        if chosen is None:
            return True
        users = () if self.firm is None else self.firm.users
        return self.key in chosen or any(user.key in chosen for user in users)

    def people(self) -> "tuple[Persona, ...]":
        """Return everyone who signs in: the contractor, or each user of the firm."""
        if self.firm is None:
            return (self,)
        return tuple(self._as(self.firm, user) for user in self.firm.users)

    def _as(self, firm: Firm, user: FirmUser) -> "Persona":
        return replace(
            self,
            key=user.key,
            story_ja=user.story_ja,
            story_en=user.story_en,
            login=_login_of(firm, user),
            user=user,
        )


def _login_of(firm: Firm, user: FirmUser) -> UserLogin:
    return UserLogin(
        contractor_id=firm.number,
        user_id=user.user_id,
        password=user.password,
        second_factor=user.second_factor,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyClient:
    """A provider that every new world knows. ``client_secret`` is None for a public client."""

    client_id: str
    client_secret: str | None
    auth_method: str
    security_profile: str
    provider_name: str
    registration_no: str
    terms_url: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    functions: tuple[str, ...]
    contractor_kinds: tuple[str, ...]
    pkce: str
    auto_manual_mode: str
    status: str
    options: ClientOptions

    @classmethod
    def of(cls, client: Client, secret: str | None) -> "ReadyClient":
        """Return a registered client as one that every new world knows."""
        names = {each.name for each in fields(cls)} - {"client_secret"}
        return cls(client_secret=secret, **{name: getattr(client, name) for name in names})

    def registered(self, bank: str) -> Client:
        """Return the client as ``bank`` keeps it: its secret as a hash."""
        secret = self.client_secret
        return Client(
            bank=bank,
            secret_hash=None if secret is None else secret_hash(self.client_id, secret),
            client_id=self.client_id,
            auth_method=self.auth_method,
            security_profile=self.security_profile,
            provider_name=self.provider_name,
            registration_no=self.registration_no,
            terms_url=self.terms_url,
            redirect_uris=self.redirect_uris,
            scopes=self.scopes,
            functions=self.functions,
            contractor_kinds=self.contractor_kinds,
            pkce=self.pkce,
            auto_manual_mode=self.auto_manual_mode,
            status=self.status,
            options=self.options,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsVersion:
    version: str
    effective_on: date


def parse_personas(document: Document) -> tuple[Persona, ...]:
    id_length = document.get("account_id_length", 32)
    return tuple(_persona(entry, id_length) for entry in document["personas"])


def _persona(entry: Document, id_length: int) -> Persona:
    firm = parse_firm(entry) if "users" in entry else None
    login = _login(entry["login"]) if firm is None else _login_of(firm, firm.users[0])
    return Persona(
        contractor_id=entry.get("contractor_id", f"persona-{entry['persona']}"),
        key=entry["persona"],
        kind=entry["kind"],
        name=entry["name"],
        name_kana=entry["name_kana"],
        address=entry["address"],
        story_ja=entry["story"]["ja"],
        story_en=entry["story"]["en"],
        login=login,
        credential_state=entry.get("credential_state", "live"),
        accounts=tuple(_account(account, id_length) for account in entry["accounts"]),
        firm=firm,
        address_kana=entry.get("address_kana", ""),
    )


def _login(fields: Document) -> CardLogin | UserLogin:
    return CardLogin(**fields) if "pin" in fields else UserLogin(**fields)


def _account(entry: Document, id_length: int) -> PersonaAccount:
    return PersonaAccount(
        id_length=id_length,
        branch_code=entry["branch_code"],
        branch_name=entry["branch_name"],
        account_type=AccountType(entry["account_type"]),
        account_number=entry["account_number"],
        overdraft_limit_yen=entry.get("overdraft_limit_yen", 0),
        state=AccountState(entry.get("state", "open")),
        history=entry.get("history", "posted"),
        life=LifeKind(entry["life"]["kind"]),
        opening_yen=entry["life"].get("opening_yen", 0),
        monthly_yen=entry["life"].get("monthly_yen", 0),
    )


def parse_clients(document: Document) -> tuple[ReadyClient, ...]:
    return tuple(_client(entry) for entry in document["clients"])


def _client(entry: Document) -> ReadyClient:
    return ReadyClient(
        client_id=entry["client_id"],
        client_secret=entry.get("client_secret"),
        auth_method=entry["auth_method"],
        security_profile=entry["security_profile"],
        provider_name=entry["provider_name"],
        registration_no=entry["registration_no"],
        terms_url=entry["terms_url"],
        redirect_uris=tuple(entry["redirect_uris"]),
        scopes=tuple(entry["scopes"]),
        functions=tuple(entry["functions"]),
        contractor_kinds=tuple(entry["contractor_kinds"]),
        pkce=entry["pkce"],
        auto_manual_mode=entry["auto_manual_mode"],
        status=entry["status"],
        options=_options(entry.get("options", {})),
    )


def _options(entry: Document) -> ClientOptions:
    if "jwks" in entry:
        entry = {**entry, "jwks": json.dumps(entry["jwks"], separators=(",", ":"))}
    return ClientOptions.of(entry)


def parse_terms(document: Document) -> tuple[TermsVersion, ...]:
    return tuple(
        TermsVersion(
            version=entry["version"], effective_on=date.fromisoformat(entry["effective_on"])
        )
        for entry in document["terms"]
    )
