"""The ready-made personas, providers and terms: their files keep to their schemas."""

import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import import_key

from sandbox.domain.account import AccountType
from sandbox.domain.client import SECRET_METHODS, ClientOptions
from sandbox.domain.kana import TextClass, is_wire_kana
from sandbox.domain.oauth.registration import Registrar, client_of, metadata_of
from sandbox.domain.persona import CardLogin, UserLogin
from sandbox.resources import data_root
from sandbox.services.oauth.jose import sign, verify
from sandbox.services.oauth.registration import check_keys
from sandbox.services.population import load_clients, load_people, load_personas, load_terms
from sandbox.services.ready_keys import ORDER, private_number, shown_keys
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


@pytest.mark.parametrize("bank", ["tomato", "web21"])
@pytest.mark.parametrize("kind", KINDS)
def test_fixture_keeps_to_its_schema(kind: str, bank: str) -> None:
    document = read("fixtures", kind, f"{bank}.json")
    assert document["bank"] == bank
    assert objections(kind, document) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("login", {"contractor_id": "0009000001", "user_id": "x", "password": "password-1"}),
        ("kind", "individual"),
        ("contractor_id", "A001"),
        ("contract_number", "1"),
        ("users", []),
        ("contract", None),
        ("children", ["web21_logi", "web21_logi"]),
        ("users.0.second_factor", "12345"),
        ("users.0.rights", ["reference", "reference"]),
        ("users.0.role", "owner"),
        ("users.0.user_code", "z1"),
        ("contract.status", "open"),
        ("contract.services", []),
        ("contract.services", ["all"]),
        ("contract.purpose", ""),
        ("contract.plan", "gold"),
        ("contract.client_id", "1"),
        ("contract.approval", {}),
    ],
)
def test_schema_objects_to_a_plant_in_a_firm(field: str, value: object) -> None:
    document = read("fixtures", "personas", "web21.json")
    *path, name = field.split(".")
    place = document["personas"][0]
    for step in path:
        place = place[int(step)] if step.isdecimal() else place[step]
    place[name] = value
    assert objections("personas", document) > 0


@pytest.mark.parametrize("field", ["contractor_id", "contract_number", "users"])
def test_schema_objects_to_a_firm_that_lacks_something(field: str) -> None:
    document = read("fixtures", "personas", "web21.json")
    del document["personas"][0][field]
    assert objections("personas", document) > 0


def test_an_issued_client_has_no_password_and_needs_no_web_server() -> None:
    document = read("fixtures", "clients", "web21.json")
    (issued,) = [client for client in document["clients"] if client["status"] == "issued"]
    assert (issued["redirect_uris"], "client_secret" in issued) == ([], False)
    issued["client_secret"] = "10000004-password"
    assert objections("clients", document) > 0
    del issued["client_secret"]
    issued["status"] = "active"
    assert objections("clients", document) > 0


@pytest.mark.parametrize("person", load_people("web21"), ids=lambda person: person.key)
def test_a_user_of_a_firm_is_fit_for_page_and_wire(person: Any) -> None:
    assert person.user is not None
    assert person.story_en.isascii()
    assert set(person.login.fields()) == {
        "contractor_id",
        "user_id",
        "password",
        "second_factor",
    }
    assert is_wire_kana(person.name_kana, TextClass.PARTY_NAME)
    assert all(len(account.account_id) == 13 for account in person.accounts)


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
        "private_key_jwt",
        "tls_client_auth",
        "none",
    }
    assert {client.security_profile for client in clients} == {"bank", "bcp", "fapi2"}
    assert {client.auto_manual_mode for client in clients} == {"auto", "manual"}
    assert {client.status for client in clients} == {"active", "blocked"}
    assert {client.pkce for client in clients} >= {"optional", "required"}
    assert all(
        (client.client_secret is not None) == (client.auth_method in SECRET_METHODS)
        for client in clients
    )
    options = [client.options for client in clients]
    assert any(each.token_format == "jwt" for each in options)
    assert any(each.may_introspect for each in options)
    assert any(each.dpop_bound for each in options)
    assert any(each.certificate_bound for each in options)
    assert any({"openid", "profile", "email"} <= set(client.scopes) for client in clients)


def test_the_ready_clients_are_in_their_order() -> None:
    first = ["aggregator", "accounting", "native", "manual", "blocked"]
    ids = [client.client_id for client in load_clients("tomato")]
    assert ids[:5] == [f"sandbox-{name}" for name in first]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("ready", load_clients("tomato"), ids=lambda ready: ready.client_id)
def test_a_ready_client_could_have_been_registered(ready: Any) -> None:
    client = ready.registered("tomato")
    check_keys(client)
    registrar = Registrar(bank="tomato", scopes=frozenset(client.scopes))
    again = client_of(metadata_of(client), registrar, client.client_id)
    expected = replace(client, secret_hash=None, status="active")
    jwks = expected.options.jwks and json.loads(expected.options.jwks)
    assert (again.options.jwks and json.loads(again.options.jwks)) == jwks
    assert again == expected


WITH_KEYS = [ready for ready in load_clients("tomato") if ready.options.jwks]


@pytest.mark.parametrize("ready", WITH_KEYS, ids=lambda ready: ready.client_id)
def test_the_private_half_of_a_ready_key_fits_the_public_one(ready: Any) -> None:
    (public,) = json.loads(ready.options.jwks)["keys"]
    shown = shown_keys(ready.registered("tomato"))
    assert shown is not None
    (whole,) = shown["keys"]
    assert {name: value for name, value in whole.items() if name != "d"} == public
    point = ec.derive_private_key(private_number(ready.client_id), ec.SECP256R1()).public_key()
    drawn = import_key({**whole})
    assert drawn.as_dict(private=False)["x"] == public["x"]
    numbers = point.public_numbers()
    assert (numbers.x, numbers.y) == (number(public["x"]), number(public["y"]))
    assert 0 < private_number(ready.client_id) < ORDER
    token = sign({"iss": "x"}, whole, alg="ES256")
    assert verify(token, ready.options.jwks, ["ES256"]).claims == {"iss": "x"}


def number(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(text + "=="))


def test_only_keys_that_are_made_so_are_shown_whole() -> None:
    (ready,) = (each for each in WITH_KEYS if each.client_id == "sandbox-fapi")
    client = ready.registered("tomato")
    other = replace(client, client_id="another")
    assert "d" not in (shown_keys(other) or {})["keys"][0]
    assert shown_keys(replace(client, options=ClientOptions())) is None


def test_no_fixture_holds_a_private_key() -> None:
    for file in ROOT.joinpath("fixtures").rglob("*"):
        if file.is_file():
            text = file.read_bytes().decode("utf-8", "replace")
            assert '"d":' not in text
            assert "PRIVATE KEY" not in text
            assert "BEGIN CERTIFICATE" not in text


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
