"""The ready-made personas, providers and terms: their files keep to their schemas."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from sandbox.domain.account import AccountType
from sandbox.domain.kana import TextClass, is_wire_kana
from sandbox.domain.persona import CardLogin, UserLogin
from sandbox.resources import data_root
from sandbox.services.population import load_clients, load_personas, load_terms
from sandbox.services.vocabulary import vocabulary_of

KINDS = ("personas", "clients", "terms")
ROOT = Path(str(data_root()))
ASKED_FOR = {
    "taro",
    "hanako",
    "shoji",
    "empty",
    "heavy",
    "oddname",
    "longname",
    "frozen",
    "lapsed",
    "soleprop",
    "restless",
}


def read(*parts: str) -> Any:
    return json.loads(ROOT.joinpath(*parts).read_text(encoding="utf-8"))


def schema(kind: str) -> Any:
    return read("schemas", "fixtures", f"{kind}.json")


def objections(kind: str, document: object) -> int:
    """Return how much jsonschema objects to; jsonschema-rs must agree that it does."""
    validator = jsonschema.Draft202012Validator(schema(kind))
    found = len(list(validator.iter_errors(document)))
    assert jsonschema_rs.Draft202012Validator(schema(kind)).is_valid(document) == (found == 0)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_schema_is_a_schema(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_every_property_is_described(kind: str) -> None:
    def walk(node: Any) -> None:
        for name, member in node.get("properties", {}).items():
            assert "$ref" in member or {"title", "description"} <= set(member), name
            walk(member)
        if isinstance(node.get("items"), dict):
            walk(node["items"])

    document = schema(kind)
    for node in (document, *document.get("$defs", {}).values()):
        assert {"title", "description"} <= set(node)
        walk(node)


@pytest.mark.parametrize("kind", KINDS)
def test_fixture_keeps_to_its_schema(kind: str) -> None:
    assert objections(kind, read("fixtures", kind, "tomato.json")) == 0


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("personas", "name", ""),
        ("personas", "name", "あ" * 49),
        ("personas", "name_kana", "カクウ"),
        ("personas", "name_kana", "ｶｸｳ ｼｮｳｼﾞ"),
        ("personas", "kind", "firm"),
        ("personas", "kind", "corporate"),  # with the log-in of an individual
        ("personas", "accounts", []),
        ("personas", "credential_state", "stolen"),
        ("personas", "nickname", "太郎"),
        ("clients", "redirect_uris", []),
        ("clients", "redirect_uris", ["http://localhost/a"] * 2),
        ("clients", "auth_method", "none"),  # with a secret
        ("clients", "client_secret", None),
        ("clients", "pkce", "maybe"),
        ("clients", "functions", ["transfers"]),
        ("clients", "terms_url", "http://aggregator.example/terms"),
        ("terms", "effective_on", "1 June 2018"),
        ("terms", "version", 1),
    ],
)
def test_schema_objects_to_a_plant(kind: str, field: str, value: object) -> None:
    document = read("fixtures", kind, "tomato.json")
    document[kind][0][field] = value
    assert objections(kind, document) > 0


def test_every_persona_asked_for_is_there() -> None:
    assert {persona.key for persona in load_personas("tomato")} == ASKED_FOR


@pytest.mark.parametrize("persona", load_personas("tomato"), ids=lambda persona: persona.key)
class TestPersona:
    def test_kana_is_fit_for_the_wire(self, persona: Any) -> None:
        assert is_wire_kana(persona.name_kana, TextClass.PARTY_NAME)

    def test_story_is_told_twice(self, persona: Any) -> None:
        assert len(persona.story_ja) > 10
        assert persona.story_en.isascii()

    def test_log_in_fits_its_kind(self, persona: Any) -> None:
        if persona.kind == "individual":
            first = persona.accounts[0]
            assert isinstance(persona.login, CardLogin)
            assert persona.login.branch_code == first.branch_code
            assert persona.login.account_number == first.account_number
            assert set(persona.login.fields()) == {"branch_code", "account_number", "pin"}
        else:
            assert isinstance(persona.login, UserLogin)
            assert set(persona.login.fields()) == {"contractor_id", "user_id", "password"}

    def test_numbers_leave_room_for_the_generated(self, persona: Any) -> None:
        assert all(int(account.account_number) < 3_000_000 for account in persona.accounts)

    def test_one_account_at_least_is_offered(self, persona: Any) -> None:
        offered = {AccountType.ORDINARY, AccountType.CURRENT}
        assert any(account.account_type in offered for account in persona.accounts)


def test_hanako_holds_four_accounts_of_three_types() -> None:
    (hanako,) = [persona for persona in load_personas("tomato") if persona.key == "hanako"]
    types = [account.account_type.value for account in hanako.accounts]
    assert sorted(types) == ["ordinary", "ordinary", "savings", "time"]
    assert len({a.branch_code for a in hanako.accounts if a.account_type == "ordinary"}) == 2


def test_names_of_the_longest_length_are_there() -> None:
    names = {persona.key: persona for persona in load_personas("tomato")}
    assert len(names["longname"].name) == len(names["longname"].name_kana) == 48
    assert len(names["oddname"].name_kana) == 48


def test_account_ids_do_not_collide() -> None:
    ids = [a.account_id for persona in load_personas("tomato") for a in persona.accounts]
    assert len(ids) == len(set(ids))


def test_the_ready_clients_cover_the_ways_to_be_one() -> None:
    clients = load_clients("tomato")
    assert {client.auth_method for client in clients} == {
        "client_secret_basic",
        "client_secret_post",
        "none",
    }
    assert {client.auto_manual_mode for client in clients} == {"auto", "manual"}
    assert {client.status for client in clients} == {"active", "blocked"}
    assert {client.pkce for client in clients} >= {"optional", "required"}
    assert all(
        (client.client_secret is None) == (client.auth_method == "none") for client in clients
    )


def test_the_terms_are_in_force_long_before_any_world() -> None:
    (terms,) = load_terms("tomato")
    assert terms.version == "1"
    assert terms.effective_on.year < 2020


def test_vocabulary_is_fit_for_the_wire_and_repeats() -> None:
    vocabulary = vocabulary_of(7)
    for name in (*vocabulary.last_names, *vocabulary.first_names, *vocabulary.firms):
        assert is_wire_kana(name.kana, TextClass.PARTY_NAME), name
        assert 1 <= len(name.kana) <= 23
    assert all(len(address) <= 100 for address in vocabulary.addresses)
    vocabulary_of.cache_clear()
    assert vocabulary_of(7) == vocabulary
    assert vocabulary_of(8) != vocabulary
