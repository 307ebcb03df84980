"""Who lives in a world: the personas of the fixtures, and a generated population around them."""

from functools import cache
from hashlib import sha256

import orjson

from sandbox.chance import draw
from sandbox.domain.account import AccountType
from sandbox.domain.life.story import Life, LifeKind, Story
from sandbox.domain.persona import (
    CardLogin,
    Persona,
    PersonaAccount,
    ReadyClient,
    TermsVersion,
    UserLogin,
    parse_clients,
    parse_personas,
    parse_terms,
)
from sandbox.resources import data_root
from sandbox.services.vocabulary import Vocabulary

_CORPORATE_EVERY = 4  # one in four is a firm
_PEOPLE_KNOWN, _FIRMS_KNOWN = 4, 12
# Account numbers from here on are the generated ones; the personas' are below.
_FIRST_GENERATED = 3_000
MOST_GENERATED = 9_999 - _FIRST_GENERATED


_FOLDERS = ("personas", "clients", "terms")


@cache
def fixtures_digest() -> str:
    """Return what tells one state of the fixtures that a world begins with from another."""
    digest = sha256()
    for folder in _FOLDERS:
        files = data_root().joinpath("fixtures", folder).iterdir()
        for file in sorted(files, key=lambda file: file.name):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _document(folder: str, bank: str) -> dict[str, object]:
    file = data_root().joinpath("fixtures", folder, f"{bank}.json")
    document: dict[str, object] = orjson.loads(file.read_bytes())
    return document


@cache
def load_personas(bank: str) -> tuple[Persona, ...]:
    """Return the named contractors, in the order of ``fixtures/personas/<bank>.json``."""
    return parse_personas(_document("personas", bank))


@cache
def load_people(bank: str) -> tuple[Persona, ...]:
    """Return everyone of the named personas who signs in: of a firm, each of its users."""
    return tuple(person for persona in load_personas(bank) for person in persona.people())


@cache
def load_clients(bank: str) -> tuple[ReadyClient, ...]:
    """Return the ready providers of ``fixtures/clients/<bank>.json``, secrets included."""
    return parse_clients(_document("clients", bank))


@cache
def load_terms(bank: str) -> tuple[TermsVersion, ...]:
    return parse_terms(_document("terms", bank))


def story_of(seed: int, persona: Persona, vocabulary: Vocabulary) -> Story:
    """Return the persona's lives, with the names they will meet drawn from the vocabulary."""
    known = draw(seed, "contractor", persona.contractor_id, "known people")
    dice = draw(seed, "contractor", persona.contractor_id, "known firms")
    payer = vocabulary.firm(draw(seed, "contractor", persona.contractor_id, "employer")).kana
    people = tuple(vocabulary.person(known).kana for _ in range(_PEOPLE_KNOWN))
    firms = tuple(vocabulary.firm(dice).kana for _ in range(_FIRMS_KNOWN))
    lives = {
        account.account_id: Life(
            key=account.account_id,
            kind=account.life,
            opening_yen=account.opening_yen,
            monthly_yen=account.monthly_yen,
            payer=payer,
            people=people,
            firms=firms,
        )
        for account in persona.accounts
    }
    return Story(ja=persona.story_ja, en=persona.story_en, lives=lives)


def generated(seed: int, bank: str, index: int, vocabulary: Vocabulary) -> Persona:
    """Return the ``index``-th generated contractor, whatever the size of the whole."""
    if not 0 <= index < MOST_GENERATED:
        raise ValueError(f"the population ends at {MOST_GENERATED}, {index} is beyond")
    if index % _CORPORATE_EVERY == _CORPORATE_EVERY - 1:
        return _firm(seed, bank, index, vocabulary)
    return _individual(seed, bank, index, vocabulary)


def _individual(seed: int, bank: str, index: int, vocabulary: Vocabulary) -> Persona:
    dice = draw(seed, "individual", index, "size")
    name = vocabulary.person(draw(seed, "individual", index, "name"))
    monthly_yen = 200_000 + int(dice.random() * 40) * 10_000
    opening_yen = monthly_yen + int(dice.random() * 300) * 1_234
    account = _account(seed, bank, index, LifeKind.SALARY, opening_yen, monthly_yen)
    pin = int(draw(seed, "individual", index, "pin").random() * 10_000)
    login = CardLogin(
        branch_code=account.branch_code,
        account_number=account.account_number,
        pin=f"{pin:04d}",
    )
    return Persona(
        contractor_id=f"generated-{index:04d}",
        key=None,
        kind="individual",
        name=name.name,
        name_kana=name.kana,
        address=vocabulary.address(draw(seed, "individual", index, "address")),
        story_ja="",
        story_en="",
        login=login,
        credential_state="live",
        accounts=(account,),
    )


def _firm(seed: int, bank: str, index: int, vocabulary: Vocabulary) -> Persona:
    dice = draw(seed, "firm", index, "size")
    name = vocabulary.firm(draw(seed, "firm", index, "name"))
    monthly_yen = 2_000_000 + int(dice.random() * 100) * 250_000
    opening_yen = monthly_yen // 2 + int(dice.random() * 1_000) * 4_321
    password = f"{draw(seed, 'firm', index, 'password').getrandbits(40):010x}"
    return Persona(
        contractor_id=f"generated-{index:04d}",
        key=None,
        kind="corporate",
        name=name.name,
        name_kana=name.kana,
        address=vocabulary.address(draw(seed, "firm", index, "address")),
        story_ja="",
        story_en="",
        login=UserLogin(
            contractor_id=f"0566{index + _FIRST_GENERATED:06d}", user_id="user01", password=password
        ),
        credential_state="live",
        accounts=(_account(seed, bank, index, LifeKind.TRADING, opening_yen, monthly_yen),),
    )


def _account(
    seed: int, bank: str, index: int, life: LifeKind, opening_yen: int, monthly_yen: int
) -> PersonaAccount:
    dice = draw(seed, "generated account", index)
    branches = _branches(bank)
    code, name = branches[int(dice.random() * len(branches))]
    return PersonaAccount(
        branch_code=code,
        branch_name=name,
        account_type=AccountType.ORDINARY,
        account_number=f"{_FIRST_GENERATED + index:04d}{int(dice.random() * 1000):03d}",
        life=life,
        opening_yen=opening_yen,
        monthly_yen=monthly_yen,
    )


@cache
def _branches(bank: str) -> tuple[tuple[str, str], ...]:
    """Return the branches that the personas' accounts are at: the bank has no others."""
    accounts = (account for persona in load_personas(bank) for account in persona.accounts)
    return tuple(sorted({(account.branch_code, account.branch_name) for account in accounts}))
