"""The schemas of the wire: sound as shipped, compiled when they are needed."""

import json

import jsonschema
import pytest

from sandbox.domain.errors import InvalidParameter
from sandbox.resources import data_root
from sandbox.web.schema import IS_NONE, LONGEST, MOST_NAMED, SchemaStore

FOLDERS = ("tomato", "web21", "control")
STORE = SchemaStore(data_root() / "schemas", FOLDERS)
ODD_BODIES = (None, [], "x", {}, {"what": []}, {"clock": {"mode": 1}})


@pytest.fixture
def own(tmp_path):
    """Return a store over files of the test's own, and a way to write them."""
    (tmp_path / "bank").mkdir()

    def write(name, schema):
        text = schema if isinstance(schema, str) else json.dumps(schema)
        (tmp_path / "bank" / f"{name}.json").write_text(text)

    write("amount", {"type": "object", "properties": {"yen": {"type": "integer"}}})
    return SchemaStore(tmp_path, ("bank",)), write


@pytest.mark.parametrize("name", sorted(STORE.names))
def test_every_schema_is_one_and_compiles(name):
    jsonschema.Draft202012Validator.check_schema(STORE.text(name))
    slow = jsonschema.Draft202012Validator(STORE.text(name))
    for body in ODD_BODIES:
        assert (STORE.problems(name, body) == []) == slow.is_valid(body), body


def test_the_names_are_the_files():
    folder = data_root() / "schemas"
    assert STORE.names == {
        f"{part}/{file.name.removesuffix('.json')}"
        for part in FOLDERS
        for file in folder.joinpath(part).iterdir()
    }


def test_a_schema_is_read_and_compiled_with_its_first_body(own):
    store, write = own
    write("amount", {"type": "object", "required": ["yen"]})
    with pytest.raises(InvalidParameter):
        store.check_request("bank/amount", {})
    write("amount", "no longer JSON")
    store.check_request("bank/amount", {"yen": 1})
    assert store.text("bank/amount")["required"] == ["yen"]


@pytest.mark.parametrize("schema", ["{", {"type": "nonsense"}], ids=["no JSON", "no schema"])
def test_a_broken_schema_finds_no_body_sound(tmp_path, schema):
    (tmp_path / "bank").mkdir()
    text = schema if isinstance(schema, str) else json.dumps(schema)
    (tmp_path / "bank" / "broken.json").write_text(text)
    store = SchemaStore(tmp_path, ("bank",))
    for _ in range(2):
        with pytest.raises(ValueError, match=r"nonsense|unexpected|EOF|JSON"):
            store.check_request("bank/broken", {})


def test_what_has_no_file_is_no_schema(own):
    store, write = own
    write("late", {})
    for name in ("bank/late", "amount", "bank/amount.json"):
        with pytest.raises(KeyError):
            store.check_request(name, {})
    assert store.names == {"bank/amount"}


def test_a_value_that_must_not_be_told_is_hidden(own):
    store, _ = own
    (open_,) = store.problems("bank/amount", {"yen": "s3cret"})
    (hidden,) = store.problems("bank/amount", {"yen": "s3cret"}, hides_values=True)
    assert "s3cret" in open_["problem"]
    assert "s3cret" not in hidden["problem"]
    assert (open_["field"], hidden["field"]) == ("yen", "yen")


KINDS = [
    {"properties": {"kind": {"const": "slow"}, "ms": {"type": "integer"}}, "required": ["ms"]},
    {"properties": {"kind": {"const": "status"}}, "required": ["kind"]},
]
ONE = "One of: slow, status."


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("statsu", '"statsu" is none of them. Did you mean `status`?'),
        ("x", f'"x" is none of them. {ONE}'),
        (5, ONE),
    ],
)
def test_what_is_no_alternative_is_told_which_there_are(own, kind, problem):
    store, write = own
    write("amount", {"properties": {"effect": {"oneOf": KINDS}}})
    found = store.problems("bank/amount", {"effect": {"kind": kind}})
    assert found == [{"field": "effect.kind", "problem": problem}]
    (hidden,) = store.problems("bank/amount", {"effect": {"kind": kind}}, hides_values=True)
    assert hidden == {"field": "effect.kind", "problem": ONE}


@pytest.mark.parametrize(("hides_values", "told"), [(False, '"x"'), (True, "the value")])
def test_a_value_that_is_no_choice_is_told_all_there_are(own, hides_values, told):
    store, write = own
    write("amount", {"properties": {"what": {"enum": ["a", "b", "c", 4, None]}}})
    found = store.problems("bank/amount", {"what": "x"}, hides_values=hides_values)
    choices = 'is not one of "a", "b", "c", 4, null'
    assert found == [{"field": "what", "problem": f"{told} {choices}"}]


def test_of_very_many_choices_and_a_very_long_value_the_beginning_is_told(own):
    store, write = own
    write("amount", {"enum": list(range(1_000))})
    (found,) = store.problems("bank/amount", "x" * 5_000)
    assert found["problem"].startswith('"' + "x" * 199 + " is not one of 0, 1, 2")
    assert len(found["problem"]) == LONGEST + len(IS_NONE) + MOST_NAMED


def test_an_alternative_that_is_meant_is_told_what_it_misses(own):
    store, write = own
    write("amount", {"oneOf": KINDS})
    (found,) = store.problems("bank/amount", {"kind": "slow"})
    assert found == {"field": "ms", "problem": '"ms" is a required property'}


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ({"required": ["tax"]}, "give bands and yen, or tax"),
        ({"maxProperties": 0}, "any of the schemas"),
    ],
)
def test_where_one_of_several_fields_is_due_all_of_them_are_named(own, other, problem):
    store, write = own
    write("amount", {"anyOf": [{"required": ["bands", "yen"]}, other]})
    (found,) = store.problems("bank/amount", {"day": 1})
    assert found["field"] == ""
    assert problem in found["problem"]
