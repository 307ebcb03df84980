"""Contractors (契約者), and how they prove who they are (本人確認)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Contractor:
    contractor_id: str
    bank: str
    kind: str  # individual, corporate
    name: str
    name_kana: str
    persona: str | None
    contract_state: str  # active, suspended, ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A cash card (個人) or a user id of internet banking (法人)."""

    credential_id: int
    login: str
    contractor_id: str
    secret_hash: bytes
    state: str  # live, lapsed, lost
    second_factor_hash: bytes | None = None  # None: the bank asks for none


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What a person typed on the log-in page."""

    kind: str
    login: str
    secret: str
    second_factor: str = ""


def card_login(branch_code: str, account_number: str) -> str:
    return f"card:{branch_code}:{account_number}"


def user_login(contractor_id: str, user_id: str) -> str:
    return f"user:{contractor_id}:{user_id}"
